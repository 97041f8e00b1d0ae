package structs

import (
	"cmp"
	"slices"

	"github.com/posline/posline/message/internal/layout"
)

// laid is how the parts of a plan are written one behind the other in a layout with tags: in the spec's order, those
// that it does not list behind the others.
type laid struct {
	layout  *layout.Layout
	entries []laidEntry
}

type laidEntry struct {
	binding int
	node    *layout.Node
	tag     []byte
	rank    int
}

// lay works out laid for the layouts that the plan may be for. A layout that lacks a part of the plan, and a plan with
// parts that have parts or are repeated, have none.
func (p *plan) lay(layouts []*layout.Layout) {
	for _, l := range layouts {
		if !l.TagsLead() {
			continue
		}
		if one, ok := p.layIn(l); ok {
			p.laid = append(p.laid, one)
		}
	}
}

func (p *plan) layIn(l *layout.Layout) (out laid, ok bool) {
	out.layout = l
	for i := range p.bindings {
		b := &p.bindings[i]
		n, tag, err := l.PartOf(b.key)
		if err != nil || b.parts != nil || b.repeats != once {
			return laid{}, false
		}
		rank := slices.Index(l.Fields, n)
		if rank < 0 {
			rank = len(l.Fields)
		}
		out.entries = append(out.entries, laidEntry{binding: i, node: n, tag: tag, rank: rank})
	}
	slices.SortStableFunc(out.entries, func(a, b laidEntry) int { return cmp.Compare(a.rank, b.rank) })
	return out, true
}

// laidFor is how the plan is written in a layout, nil where it takes more than that.
func (p *plan) laidFor(l *layout.Layout) *laid {
	for i := range p.laid {
		if p.laid[i].layout == l {
			return &p.laid[i]
		}
	}
	return nil
}
