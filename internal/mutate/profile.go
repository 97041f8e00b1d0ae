package main

import (
	"fmt"
	"slices"
	"strings"
)

// point is a place in a file as coverage profiles write it.
type point struct{ line, column int }

func (p point) before(q point) bool {
	return p.line < q.line || p.line == q.line && p.column < q.column
}

// block is a run of statements that coverage counts as one.
type block struct{ start, end point }

func (b block) holds(p point) bool { return !p.before(b.start) && p.before(b.end) }

// parseProfile reads a profile of go test -coverprofile: all its blocks by file, and those that ran.
func parseProfile(profile []byte) (all, ran map[string][]block) {
	all, ran = make(map[string][]block), make(map[string][]block)
	for line := range strings.Lines(string(profile)) {
		file, numbers, ok := strings.Cut(line, ".go:")
		if !ok {
			continue
		}
		file += ".go"
		var b block
		var statements, count int
		if _, err := fmt.Sscanf(numbers, "%d.%d,%d.%d %d %d", &b.start.line, &b.start.column, &b.end.line, &b.end.column,
			&statements, &count); err != nil {
			continue
		}
		all[file] = append(all[file], b)
		if count > 0 {
			ran[file] = append(ran[file], b)
		}
	}
	return all, ran
}

// innermost returns the smallest block around p: that of a function literal, not that of the statement it stands in.
func innermost(blocks []block, p point) (block, bool) {
	around := slices.DeleteFunc(slices.Clone(blocks), func(b block) bool { return !b.holds(p) })
	if len(around) == 0 {
		return block{}, false
	}
	return slices.MaxFunc(around, func(a, b block) int {
		switch {
		case a.start.before(b.start):
			return -1
		case b.start.before(a.start):
			return 1
		}
		return 0
	}), true
}
