package message

import (
	"reflect"
	"slices"

	"github.com/posline/posline/spec"
)

// composer makes the inside of a field from a struct and from the parts that the field has already.
type composer struct {
	message *Message
	layout  *layout
	plan    *plan
	old     Value // absent for a new field

	inside  []byte  // of old
	entries []found // of old
	pieces  []piece
	whole   []string // tags that are set as a slice
}

// piece is a part that the struct sets.
type piece struct {
	node *node
	key  string
	tag  []byte
	wire []byte // length and content
	rank int    // place among the fields of the spec
}

// collect encodes what the struct sets and looks up what is there.
func (c *composer) collect(rv reflect.Value) (err *Error) {
	if c.old.Present() {
		c.inside = c.old.inside()
		if c.entries, err = c.layout.collect(c.inside); err != nil {
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
func (c *composer) add(b *binding, field reflect.Value) *Error {
	n, tag, err := c.layout.partOf(b.key)
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

// partOf is define, for the lead part too.
func (l *layout) partOf(key string) (*node, []byte, *Error) {
	if l.lead != nil && key == "0" {
		return l.lead, nil, nil
	}
	return l.define(key)
}

func (c *composer) encode(p piece, b *binding, field reflect.Value, occurrence int) (err *Error) {
	if p.wire, err = c.wireOf(p.node, b, field, c.present(p.key, occurrence)); err != nil {
		return err
	}
	if p.rank = slices.Index(c.layout.fields, p.node); p.rank < 0 {
		p.rank = len(c.layout.fields)
	}
	if p.node == c.layout.lead {
		p.rank = -1
	}
	c.pieces = append(c.pieces, p)
	return nil
}

// present returns the part that is there already.
func (c *composer) present(key string, occurrence int) Value {
	for _, e := range c.entries {
		if e.key == key {
			if occurrence--; occurrence == 0 {
				return c.old.part(e.entry, c.inside)
			}
		}
	}
	return Value{message: c.message}
}

// wireOf encodes a part. One that does not change keeps its form.
func (c *composer) wireOf(n *node, b *binding, field reflect.Value, old Value) ([]byte, *Error) {
	if b.parts != nil {
		inside, err := c.message.insideOf(n, b, field, old)
		if err != nil {
			return nil, err
		}
		if n.decodes() {
			return n.keeping(old, inside)
		}
		return n.appendInside(nil, inside, old)
	}
	var buf [256]byte
	value, err := n.appendLeaf(buf[:0], &b.holder, field)
	if err != nil {
		return nil, err
	}
	return n.keeping(old, value)
}

// keeping encodes a value, unless it is that of old.
func (n *node) keeping(old Value, value []byte) ([]byte, *Error) {
	if old.Present() && old.node == n && string(old.Bytes()) == string(value) {
		return old.wire, nil
	}
	return n.appendWire(nil, value)
}

func (c *composer) assemble(rv reflect.Value) ([]byte, *Error) {
	switch c.layout.kind {
	case spec.Positional:
		return c.positional(rv)
	case spec.Bitmapped:
		return c.bitmapped(rv)
	case spec.Repeated:
		return nil, fault(ErrType, c.layout.path, -1, detail("records need a slice"))
	default:
		return c.tagged()
	}
}

// piece returns what the struct sets of a part.
func (c *composer) piece(n *node) (piece, bool) {
	i := slices.IndexFunc(c.pieces, func(p piece) bool { return p.node == n })
	if i < 0 {
		return piece{}, false
	}
	return c.pieces[i], true
}

// positional puts parts one after the other. Those that are missing before the last one are written from zero values
// of the struct or, where the layout fills gaps, as empty.
func (c *composer) positional(rv reflect.Value) ([]byte, *Error) {
	out, err := c.lead(rv)
	if err != nil {
		return nil, err
	}
	var last []found
	for _, n := range c.layout.fields {
		wire := []byte(nil)
		if p, ok := c.piece(n); ok {
			wire = p.wire
		} else if e, ok := c.entry(n); ok {
			wire = c.inside[e.span.start:e.span.end]
		} else if filler, ok, err := c.zero(n, rv); err != nil {
			return nil, err
		} else if ok {
			wire = filler
		} else {
			continue
		}
		var err *Error
		if out, err = c.layout.append(out, last, n, wire); err != nil {
			return nil, err
		}
		last = []found{{entry: entry{node: n}}}
	}
	return out, nil
}

// entry returns the part that is there already.
func (c *composer) entry(n *node) (found, bool) {
	i := slices.IndexFunc(c.entries, func(e found) bool { return e.node == n })
	if i < 0 {
		return found{}, false
	}
	return c.entries[i], true
}

// followed tells whether a part behind n is there or is set.
func (c *composer) followed(n *node) bool {
	for _, p := range c.pieces {
		if p.node.number > n.number {
			return true
		}
	}
	return len(c.entries) > 0 && c.entries[len(c.entries)-1].node.number > n.number
}

// zero encodes the zero value of the Go field that a part is bound to; ok is false when there is none, when it is a
// nil pointer, or when the part may be left out.
func (c *composer) zero(n *node, rv reflect.Value) (wire []byte, ok bool, err *Error) {
	i, bound := c.plan.byKey[n.key]
	if !bound || n.field.StartsWith != "" || !c.followed(n) {
		return nil, false, nil
	}
	b := &c.plan.bindings[i]
	field, ok := b.value(rv, false)
	if !ok || b.pointer {
		return nil, false, nil
	}
	if wire, err = c.wireOf(n, b, field, Value{message: c.message}); err != nil {
		return nil, false, b.blame(err)
	}
	return wire, true, nil
}

// lead writes the part that goes before the others, nil where there is none.
func (c *composer) lead(rv reflect.Value) ([]byte, *Error) {
	n := c.layout.lead
	if n == nil {
		return nil, nil
	}
	if p, ok := c.piece(n); ok {
		return slices.Clone(p.wire), nil
	}
	if e, ok := c.entry(n); ok {
		return slices.Clone(c.inside[:e.span.end]), nil
	}
	wire, ok, err := c.zero(n, rv)
	if err != nil || ok {
		return wire, err
	}
	if c.followed(n) {
		return nil, c.layout.led(nil, n)
	}
	return nil, nil
}

// bitmapped writes a bitmap and the parts in the order of their bits.
func (c *composer) bitmapped(rv reflect.Value) ([]byte, *Error) {
	lead, err := c.lead(rv)
	if err != nil {
		return nil, err
	}
	var words [3]uint64
	count := 1
	if front := c.layout.leadSize(c.entries); len(c.inside) > front {
		if _, count, err = c.layout.bitmap.read(c.inside, front, &words); err != nil {
			return nil, err
		}
	}
	for _, p := range c.pieces {
		if p.node != c.layout.lead {
			w, bit := bitOf(p.node.number)
			words[w] |= bit
		}
	}
	out := c.layout.bitmap.append(lead, &words, max(count, c.layout.bitmap.needed(&words)))
	for number := range fieldBits(&words) {
		for _, n := range c.layout.fields {
			if n.number != number {
				continue
			}
			if p, ok := c.piece(n); ok {
				out = append(out, p.wire...)
			} else if e, ok := c.entry(n); ok {
				out = append(out, c.inside[e.span.start:e.span.end]...)
			}
		}
	}
	return out, nil
}

// tagged replaces entries where they stand and puts new ones behind them in the spec's order. Repeated tags that the
// struct sets as a slice are replaced as a whole.
func (c *composer) tagged() ([]byte, *Error) {
	var out []byte
	var err *Error
	at := 0
	for _, e := range c.entries {
		out = append(out, c.inside[at:e.start]...)
		at = int(e.span.end)
		i := slices.IndexFunc(c.pieces, func(p piece) bool { return p.key == e.key })
		switch {
		case i >= 0:
			if out, err = c.appendPiece(out, c.pieces[i]); err != nil {
				return nil, err
			}
			c.pieces = slices.Delete(c.pieces, i, i+1)
		case !slices.Contains(c.whole, e.key):
			out = append(out, c.inside[e.start:e.span.end]...)
		}
	}
	out = append(out, c.inside[at:]...)
	slices.SortStableFunc(c.pieces, func(a, b piece) int { return a.rank - b.rank })
	for _, p := range c.pieces {
		if p.rank < 0 { // the lead part goes before everything
			out = append(slices.Clone(p.wire), out...)
			continue
		}
		if out, err = c.appendPiece(out, p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *composer) appendPiece(dst []byte, p piece) ([]byte, *Error) {
	if p.node == c.layout.lead {
		return append(dst, p.wire...), nil
	}
	return c.layout.appendEntry(dst, p.node, p.tag, p.wire)
}

// records encodes a slice of structs, each as a record with all its fields.
func (c *composer) records(b *binding, field reflect.Value) ([]byte, *Error) {
	var out []byte
	for i := range field.Len() {
		record := b.solid(field.Index(i))
		for _, n := range c.layout.fields {
			at, bound := c.plan.byKey[n.key]
			if !bound {
				return nil, fault(ErrMissing, n.path, -1, detail("a record is written whole"))
			}
			part := &c.plan.bindings[at]
			value, ok := part.value(record, false)
			if !ok {
				return nil, part.blame(fault(ErrMissing, n.path, -1, detail("a record is written whole")))
			}
			wire, err := c.wireOf(n, part, part.solid(value), Value{message: c.message})
			if err != nil {
				return nil, part.blame(err)
			}
			out = append(out, wire...)
		}
	}
	return out, nil
}
