package structs

import (
	"reflect"
	"slices"

	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/layout"
	"github.com/posline/posline/message/internal/wire"
	"github.com/posline/posline/spec"
)

// composer makes the inside of a field from a struct and from the parts that the field has already.
type composer struct {
	fields layout.Fields
	layout *layout.Layout
	plan   *plan
	old    layout.Part // absent for a new field

	inside  []byte         // of old
	entries []layout.Found // of old
	pieces  []piece
	cut     *fault.Fault // the last part is text that may be meant to end there
	whole   []string     // tags that are set as a slice
}

// piece is a part that the struct sets.
type piece struct {
	node  *layout.Node
	key   string
	tag   []byte
	coded []byte // length and content
	cut   bool   // text that is padded, but would do as it is in the last place
	rank  int    // place among the fields of the spec
}

// collect encodes what the struct sets and looks up what is there.
func (c *composer) collect(rv reflect.Value) (err *fault.Fault) {
	if c.old.Present() {
		c.inside = c.old.Inside(c.fields)
		if c.entries, err = c.layout.Collect(c.inside); err != nil {
			return err
		}
	}
	for i := range c.plan.bindings {
		b := &c.plan.bindings[i]
		if field, ok := b.held(rv); ok {
			if err := c.add(b, field); err != nil {
				return b.blame(err)
			}
		}
	}
	return nil
}

// add encodes a Go field, every element of a slice.
func (c *composer) add(b *binding, field reflect.Value) *fault.Fault {
	n, tag, err := c.layout.PartOf(b.key)
	if err != nil {
		return err
	}
	if b.repeats != tags {
		return c.encode(piece{node: n, key: b.key, tag: tag}, b, field, 1)
	}
	c.whole = append(c.whole, b.key)
	for i := range field.Len() {
		if err := c.encode(piece{node: n, key: b.key, tag: tag}, b, b.solid(field.Index(i)), i+1); err != nil {
			return err
		}
	}
	return nil
}

func (c *composer) encode(p piece, b *binding, field reflect.Value, occurrence int) (err *fault.Fault) {
	if p.coded, p.cut, err = c.wireOf(p.node, b, field, c.present(p.key, occurrence)); err != nil {
		return err
	}
	if p.rank = slices.Index(c.layout.Fields, p.node); p.rank < 0 {
		p.rank = len(c.layout.Fields)
	}
	if p.node == c.layout.Lead {
		p.rank = -1
	}
	c.pieces = append(c.pieces, p)
	return nil
}

// present returns the part that is there already.
func (c *composer) present(key string, occurrence int) layout.Part {
	for _, e := range c.entries {
		if e.Key == key {
			if occurrence--; occurrence == 0 {
				return c.layout.Part(e.Entry, c.inside)
			}
		}
	}
	return layout.Part{}
}

// wireOf encodes a part. One that does not change keeps its form. cut tells that text was padded which would do as it is
// in the last place.
func (c *composer) wireOf(n *layout.Node, b *binding, field reflect.Value, old layout.Part) (coded []byte, cut bool, err *fault.Fault) {
	if b.parts != nil {
		inside, err := b.insideOf(c.fields, n, field, old)
		switch {
		case err != nil:
		case !n.Decodes():
			coded, err = n.AppendInside(nil, inside, old)
		case keeps(n, old, inside):
			coded = old.Wire()
		default:
			coded, err = n.AppendWire(nil, inside)
		}
		return coded, false, err
	}
	var buf [256]byte
	value, err := appendLeaf(buf[:0], n, &b.holder, field)
	if err != nil {
		return nil, false, err
	}
	if keeps(n, old, value) {
		return old.Wire(), false, nil
	}
	coded, err = n.AppendWire(nil, value)
	return coded, n.Cuts(value) && b.isText(field), err
}

// keeps tells whether a value is that of old.
func keeps(n *layout.Node, old layout.Part, value []byte) bool {
	return old.Present() && old.Node.Is(n) && string(old.Append(nil)) == string(value)
}

func (c *composer) assemble(rv reflect.Value) ([]byte, *fault.Fault) {
	switch c.layout.Kind {
	case spec.Positional:
		return c.positional(rv)
	case spec.Bitmapped:
		return c.bitmapped(rv)
	case spec.Repeated:
		return nil, fault.Of(fault.Type, c.layout.Path, fault.Detail("records need a slice"))
	default:
		return c.tagged()
	}
}

// piece returns what the struct sets of a part.
func (c *composer) piece(n *layout.Node) (piece, bool) {
	i := slices.IndexFunc(c.pieces, func(p piece) bool { return p.node == n })
	if i < 0 {
		return piece{}, false
	}
	return c.pieces[i], true
}

// positional puts parts one after the other. Those that are missing before the last one are written from zero values
// of the struct or, where the layout fills gaps, as empty.
func (c *composer) positional(rv reflect.Value) ([]byte, *fault.Fault) {
	out, err := c.lead(rv)
	if err != nil {
		return nil, err
	}
	var last []layout.Found
	for _, n := range c.layout.Fields {
		coded := []byte(nil)
		cut := false
		if p, ok := c.piece(n); ok {
			coded, cut = p.coded, p.cut
		} else if e, ok := c.entry(n); ok {
			coded = c.inside[e.Span.Start:e.Span.End]
		} else if filler, ok, err := c.zero(n, rv); err != nil {
			return nil, err
		} else if ok {
			coded = filler
		} else {
			continue
		}
		var err *fault.Fault
		if out, err = c.layout.AppendPositional(out, last, n, coded); err != nil {
			return nil, err
		}
		last = []layout.Found{{Entry: layout.Entry{Node: n.Laid(len(coded))}}}
		if c.cut = nil; cut {
			c.cut = c.plan.bindings[c.plan.byKey[n.Key]].blame(n.Uncertain())
		}
	}
	return out, nil
}

// entry returns the part that is there already.
func (c *composer) entry(n *layout.Node) (layout.Found, bool) {
	i := slices.IndexFunc(c.entries, func(e layout.Found) bool { return e.Node.Is(n) })
	if i < 0 {
		return layout.Found{}, false
	}
	return c.entries[i], true
}

// followed tells whether a part behind n is there or is set.
func (c *composer) followed(n *layout.Node) bool {
	for _, p := range c.pieces {
		if p.node.Number > n.Number {
			return true
		}
	}
	return len(c.entries) > 0 && c.entries[len(c.entries)-1].Node.Number > n.Number
}

// zero encodes the zero value of the Go field that a part is bound to; ok is false when there is none, when it is a
// nil pointer, or when the part may be left out.
func (c *composer) zero(n *layout.Node, rv reflect.Value) (coded []byte, ok bool, err *fault.Fault) {
	i, bound := c.plan.byKey[n.Key]
	if !bound || n.Field.StartsWith != "" || !c.followed(n) {
		return nil, false, nil
	}
	b := &c.plan.bindings[i]
	field, ok := b.value(rv, false)
	if !ok || b.pointer {
		return nil, false, nil
	}
	if coded, _, err = c.wireOf(n, b, field, layout.Part{}); err != nil {
		return nil, false, b.blame(err)
	}
	return coded, true, nil
}

// lead writes the part that goes before the others, nil where there is none.
func (c *composer) lead(rv reflect.Value) ([]byte, *fault.Fault) {
	n := c.layout.Lead
	if n == nil {
		return nil, nil
	}
	if p, ok := c.piece(n); ok {
		return slices.Clone(p.coded), nil
	}
	if e, ok := c.entry(n); ok {
		return slices.Clone(c.inside[:e.Span.End]), nil
	}
	coded, ok, err := c.zero(n, rv)
	if err != nil || ok {
		return coded, err
	}
	if c.followed(n) {
		return nil, c.layout.Led(nil, n)
	}
	return nil, nil
}

// bitmapped writes a bitmap and the parts in the order of their bits.
func (c *composer) bitmapped(rv reflect.Value) ([]byte, *fault.Fault) {
	lead, err := c.lead(rv)
	if err != nil {
		return nil, err
	}
	var words [3]uint64
	count := 1
	if front := c.layout.LeadSize(c.entries); len(c.inside) > front {
		if _, count, err = c.layout.Bitmap.Read(c.inside, front, &words); err != nil {
			return nil, err
		}
	}
	for _, p := range c.pieces {
		if p.node != c.layout.Lead {
			w, bit := wire.BitOf(p.node.Number)
			words[w] |= bit
		}
	}
	out := c.layout.Bitmap.Append(lead, &words, max(count, c.layout.Bitmap.Needed(&words)))
	for number := range wire.Bits(&words) {
		for _, n := range c.layout.Fields {
			if n.Number != number {
				continue
			}
			if p, ok := c.piece(n); ok {
				out = append(out, p.coded...)
			} else if e, ok := c.entry(n); ok {
				out = append(out, c.inside[e.Span.Start:e.Span.End]...)
			}
		}
	}
	return out, nil
}

// tagged replaces entries where they stand and puts new ones behind them in the spec's order, or in their places. Repeated tags that the
// struct sets as a slice are replaced as a whole.
func (c *composer) tagged() ([]byte, *fault.Fault) {
	var out []byte
	var err *fault.Fault
	at := 0
	for _, e := range c.entries {
		out = append(out, c.inside[at:e.Start]...)
		at = int(e.Span.End)
		i := slices.IndexFunc(c.pieces, func(p piece) bool { return p.key == e.Key })
		switch {
		case i >= 0:
			if out, err = c.appendPiece(out, c.pieces[i]); err != nil {
				return nil, err
			}
			c.pieces = slices.Delete(c.pieces, i, i+1)
		case !slices.Contains(c.whole, e.Key):
			out = append(out, c.inside[e.Start:e.Span.End]...)
		}
	}
	out = append(out, c.inside[at:]...)
	slices.SortStableFunc(c.pieces, func(a, b piece) int { return a.rank - b.rank })
	for _, p := range c.pieces {
		if p.rank < 0 { // the lead part goes before everything
			out = append(slices.Clone(p.coded), out...)
			continue
		}
		if out, err = c.appendNew(out, p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// appendNew adds a part that was not there: behind the others, or in its place among them.
func (c *composer) appendNew(out []byte, p piece) ([]byte, *fault.Fault) {
	if len(c.entries) == 0 || !c.layout.Ordered {
		return c.appendPiece(out, p)
	}
	entries, err := c.layout.Collect(out)
	if err != nil {
		return nil, err
	}
	return c.layout.Added(out, entries, p.node, p.tag, p.coded)
}

func (c *composer) appendPiece(dst []byte, p piece) ([]byte, *fault.Fault) {
	if p.node == c.layout.Lead {
		return append(dst, p.coded...), nil
	}
	return c.layout.AppendEntry(dst, p.node, p.tag, p.coded)
}

// records encodes a slice of structs, each as a record with all its fields.
func (c *composer) records(b *binding, field reflect.Value) ([]byte, *fault.Fault) {
	var out []byte
	for i := range field.Len() {
		record := b.solid(field.Index(i))
		for _, n := range c.layout.Fields {
			at, bound := c.plan.byKey[n.Key]
			if !bound {
				return nil, fault.Of(fault.Missing, n.Path, fault.Detail("a record is written whole"))
			}
			part := &c.plan.bindings[at]
			value, ok := part.value(record, false)
			if !ok {
				return nil, part.blame(fault.Of(fault.Missing, n.Path, fault.Detail("a record is written whole")))
			}
			coded, _, err := c.wireOf(n, part, part.solid(value), layout.Part{})
			if err != nil {
				return nil, part.blame(err)
			}
			out = append(out, coded...)
		}
	}
	return out, nil
}
