package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// equivalentsFile lists, in a package's folder, the mutants that change nothing a caller can see. An entry is the
// function and the operator, the line before and after, as the report prints them, and the reason:
//
//	Conn.next boundary
//	- if n > 0 {
//	+ if n >= 0 {
//	n is never zero here: the caller returns before.
//
// Entries are separated by blank lines; a line that starts with # is a remark. What an entry says holds for every such
// line of the function.
const equivalentsFile = "testdata/equivalent-mutants.txt"

var errUnusedEquivalent = errors.New("an equivalent mutant that is listed is no mutant of the source")

// equivalent is one entry.
type equivalent struct {
	file          string
	line          int
	place         string // function and operator
	before, after string
	reason        string
	used          bool
}

func (e *equivalent) matches(m *mutant) bool {
	return e.place == m.function+" "+m.operator && e.before == m.before() && e.after == m.after()
}

// readEquivalents reads a package's file; a package without one has none.
func readEquivalents(p *sourcePackage) ([]*equivalent, error) {
	file := filepath.Join(p.dir, equivalentsFile)
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parseEquivalents(file, string(b))
}

func parseEquivalents(file, text string) ([]*equivalent, error) {
	var all []*equivalent
	var entry []string
	lines := append(strings.Split(text, "\n"), "")
	for i, line := range lines {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "#"):
		case line != "":
			entry = append(entry, line)
		case len(entry) > 0:
			if len(entry) < 4 || !strings.HasPrefix(entry[1], "- ") || !strings.HasPrefix(entry[2], "+") {
				return nil, fmt.Errorf(`%s:%d: want "FUNCTION OPERATOR", "- before", "+ after" and a reason`, file, i+1-len(entry))
			}
			all = append(all, &equivalent{file: file, line: i + 1 - len(entry), place: entry[0], before: entry[1][2:],
				after: strings.TrimSpace(entry[2][1:]), reason: strings.Join(entry[3:], " ")})
			entry = nil
		}
	}
	return all, nil
}

// excuse returns the mutants that no entry lists, and marks the entries that list one.
func excuse(mutants []*mutant, entries []*equivalent) []*mutant {
	return slices.DeleteFunc(mutants, func(m *mutant) bool {
		listed := false
		for _, e := range entries {
			if e.matches(m) {
				e.used, listed = true, true
			}
		}
		return listed
	})
}
