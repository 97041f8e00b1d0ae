// Package structs binds the fields of Go structs to those of messages: the plan of a struct type, made once, and writing
// and reading by it.
package structs

import (
	"bytes"
	"reflect"

	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/layout"
)

// Target is a message that is set from a struct.
type Target interface {
	layout.Fields
	Node(number int) *layout.Node // nil for a field that the spec lacks
	SetMessageType(digits []byte) *fault.Fault
	Set(n *layout.Node, number int, value []byte) *fault.Fault
	SetWire(n *layout.Node, number int, coded []byte) *fault.Fault
}

// Writer is the memory that marshalling works in. It is kept with the message, so that the next time needs no more.
type Writer struct {
	value  []byte // of a field or part without parts
	inside []byte // of a field with parts
	coded  []byte // of a field with parts
}

// Wipe overwrites the memory.
func (w *Writer) Wipe() {
	for _, b := range [][]byte{w.value, w.inside, w.coded} {
		clear(b[:cap(b)])
	}
}

// Marshal sets fields of m from a struct, or a pointer to one.
func (w *Writer) Marshal(plans *Plans, c *layout.Compiled, m Target, v any) *fault.Fault {
	rv := reflect.ValueOf(v)
	if rv.Kind() == reflect.Struct {
		addressable := reflect.New(rv.Type())
		addressable.Elem().Set(rv)
		rv = addressable
	}
	if rv.Kind() != reflect.Pointer || rv.IsNil() || rv.Type().Elem().Kind() != reflect.Struct {
		return fault.Of(fault.Type, "", fault.Detail("a message is marshalled from a struct"))
	}
	rv = rv.Elem()
	plan, err := plans.of(rv.Type(), c)
	if err != nil {
		return err
	}
	for i := range plan.bindings {
		b := &plan.bindings[i]
		if field, ok := b.held(rv); ok {
			if err := w.marshal(m, b, field); err != nil {
				return b.blame(err)
			}
		}
	}
	return nil
}

// held returns what is to be written of a Go field; ok is false when that is nothing.
func (b *binding) held(rv reflect.Value) (field reflect.Value, ok bool) {
	field, ok = b.value(rv, false)
	if !ok || !b.keepZero && field.IsZero() {
		return field, false
	}
	return b.solid(field), true
}

// solid returns what a pointer points to, a zero value for nil.
func (h *holder) solid(rv reflect.Value) reflect.Value {
	if rv.Kind() != reflect.Pointer {
		return rv
	}
	if rv.IsNil() {
		return reflect.New(h.goType).Elem()
	}
	return rv.Elem()
}

func (w *Writer) marshal(m Target, b *binding, field reflect.Value) (err *fault.Fault) {
	if b.number == 0 {
		if w.value, err = appendLeaf(w.value[:0], layout.MessageType, &b.holder, field); err != nil {
			return err
		}
		digits := w.value
		if b.form != asString && len(digits) < 4 { // numbers have lost their zeros
			digits = append([]byte("0000")[:4-len(digits)], digits...)
		}
		return m.SetMessageType(digits)
	}
	n := m.Node(b.number)
	if b.parts != nil {
		return w.marshalInside(m, b, n, field)
	}
	if w.value, err = appendLeaf(w.value[:0], n, &b.holder, field); err != nil {
		return err
	}
	return m.Set(n, b.number, w.value)
}

func (w *Writer) marshalInside(m Target, b *binding, n *layout.Node, field reflect.Value) (err *fault.Fault) {
	old := m.Field(b.number)
	inside, done, err := w.fresh(m, b, n, field, &old)
	if !done && err == nil {
		inside, err = b.insideOf(m, n, field, old)
	}
	switch {
	case err != nil:
		return err
	case old.Present() && bytes.Equal(inside, old.Inside(m)):
		return nil
	case n.Decodes():
		return m.Set(n, b.number, inside)
	}
	if w.coded, err = n.AppendInside(w.coded[:0], inside, old); err != nil {
		return err
	}
	return m.SetWire(n, b.number, w.coded)
}

// fresh writes the parts of a field that is not there yet, where they have tags and none has parts of its own: one
// behind the other, as the plan has them. done is false for all others.
func (w *Writer) fresh(m Target, b *binding, n *layout.Node, field reflect.Value, old *layout.Part) (inside []byte, done bool, err *fault.Fault) {
	if old.Present() || b.repeats != once || n.Decodes() {
		return nil, false, nil
	}
	laid := b.parts.laidFor(n.LayoutUnsized(m))
	if laid == nil {
		return nil, false, nil
	}
	w.inside = w.inside[:0]
	for i := range laid.entries {
		e := &laid.entries[i]
		part := &b.parts.bindings[e.binding]
		value, ok := part.held(field)
		if !ok {
			continue
		}
		w.value, err = appendLeaf(w.value[:0], e.node, &part.holder, value)
		if err == nil {
			w.inside = append(w.inside, e.tag...)
			w.inside, err = e.node.AppendWire(w.inside, w.value)
		}
		if err != nil {
			return nil, true, part.blame(err)
		}
	}
	return w.inside, true, nil
}

// insideOf returns the inside of a field with parts: of its layout, or of the first that holds in this message and
// has the size that comes out.
func (b *binding) insideOf(m layout.Fields, n *layout.Node, field reflect.Value, old layout.Part) ([]byte, *fault.Fault) {
	if l := old.Layout(m); l != nil {
		return b.compose(m, n, l, field, old)
	}
	var first *fault.Fault
	for i := range n.Cases {
		c := &n.Cases[i]
		if c.Layout == nil || !c.Holds(m) {
			continue
		}
		inside, err := b.compose(m, n, c.Layout, field, layout.Part{})
		if c.Size == 0 || err == nil && len(inside) == c.Size {
			return inside, err
		}
		if err == nil {
			err = fault.Of(fault.Length, n.Path, fault.Lengths{What: "bytes of the parts, of the layout:", Got: len(inside), Want: c.Size})
		}
		if first == nil {
			first = err
		}
	}
	if n.Layout != nil {
		return b.compose(m, n, n.Layout, field, layout.Part{})
	}
	if first == nil {
		first = fault.Of(fault.Type, n.Path, fault.Detail("the field has no parts in this message"))
	}
	return nil, first
}

// compose returns the parts of a layout in field n.
func (b *binding) compose(m layout.Fields, n *layout.Node, l *layout.Layout, field reflect.Value, old layout.Part) ([]byte, *fault.Fault) {
	c := composer{fields: m, layout: l, plan: b.parts, old: old}
	if b.repeats == records {
		return c.records(b, field)
	}
	if err := c.collect(field); err != nil {
		return nil, err
	}
	inside, err := c.assemble(field)
	if err != nil {
		return nil, err
	}
	if c.cut != nil {
		return nil, c.cut
	}
	return n.Filled(l, inside)
}
