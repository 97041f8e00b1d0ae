package structs

import (
	"slices"
	"strconv"
	"strings"

	"github.com/posline/posline/message/internal/layout"
	"github.com/posline/posline/message/internal/wire"
)

// scope is where the keys of a struct are looked up: among the data elements, or in the layouts that a field may have.
type scope struct {
	compiled *layout.Compiled
	layouts  []*layout.Layout
	path     string // with its dot
}

// find returns a key as it stands in paths and every definition it may mean.
func (s *scope) find(key string) (string, []*layout.Node) {
	if s.compiled != nil {
		return s.compiled.Definitions(key)
	}
	canonical := key
	var nodes []*layout.Node
	for _, l := range s.layouts {
		if k, n := l.Definition(key); n != nil && (len(nodes) == 0 || k == canonical) {
			canonical, nodes = k, append(nodes, n)
		}
	}
	return canonical, nodes
}

// ignores tells whether a key is a number that the spec ignores.
func (s *scope) ignores(key string) bool {
	number, err := strconv.Atoi(key)
	return s.compiled != nil && err == nil && s.compiled.Ignores(number)
}

// keyInName returns the key in the name of a Go field without a tag: F2, F9F02. Names that only start with F, such as
// Fee, are not bound.
func (s *scope) keyInName(name string) (string, bool) {
	key, ok := strings.CutPrefix(name, "F")
	if !ok || key == "" {
		return "", false
	}
	if wire.AllDigits([]byte(key)) {
		return key, true
	}
	if s.compiled != nil {
		return "", false
	}
	if slices.ContainsFunc(s.layouts, func(l *layout.Layout) bool { return l.Lists(key) }) {
		return key, true
	}
	return key, strings.ContainsAny(key, "0123456789") && strings.Trim(key, "0123456789ABCDEF") == ""
}

// tagged tells whether the parts have tags, which may be repeated.
func (s *scope) tagged() bool {
	return slices.ContainsFunc(s.layouts, (*layout.Layout).HasTags)
}

// turn orders the data elements so that each is set after those it is written by: the message type first, fields
// whose parts depend on other fields last.
func (s *scope) turn(b *binding) int {
	switch {
	case s.compiled == nil:
		return 0
	case b.number == 0:
		return 0
	case b.parts == nil:
		return 1
	}
	_, nodes := s.compiled.Definitions(b.key)
	for _, n := range nodes {
		if slices.ContainsFunc(n.Cases, func(c layout.Case) bool { return c.Path != nil }) {
			return 3
		}
	}
	return 2
}

// innerLayouts returns the layouts that fields may have, the repeated ones or the others.
func innerLayouts(nodes []*layout.Node, repeated bool) []*layout.Layout {
	var out []*layout.Layout
	for _, n := range nodes {
		for _, l := range n.Layouts() {
			if l.Repeats() == repeated {
				out = append(out, l)
			}
		}
	}
	return out
}
