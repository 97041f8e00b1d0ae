package message

import (
	"reflect"
	"time"

	"github.com/posline/posline/spec"
)

// Unmarshal sets the fields of a struct, given by a pointer, from the message; see Marshal for what a struct may hold.
// It is UnmarshalAt with the present time in UTC: times without a year or a zone are read as times near to now, in
// UTC.
func Unmarshal(m *Message, v any) error { return UnmarshalAt(m, v, time.Now().UTC()) }

// UnmarshalAt is Unmarshal with a reference for the time.Time fields, see Value.Time: they get ref's zone, and the
// year nearest to it.
//
// Every field of the struct that Marshal would look at is set: a field that is absent in the message, or a part that
// is absent in its field, makes it zero, so that nothing is left of what the struct held before. Pointers are nil for
// what is absent, and an embedded pointer is made when one of its fields is present. Values are what is on the wire:
// padding of text is not stripped, and numbers lose their leading zeros only in numeric Go types. Of equal tags, a
// slice gets all, another type the first.
//
// The strings and bytes are copies. Memory that the struct has is reused: what a pointer or a slice in it refers to is
// overwritten.
//
// The error is an *Error, whose cause is a *StructError that names the Go field: ErrType for a value that is no number
// or that has no parts in this message, ErrTooLong for a number that the Go type cannot hold, ErrValue for what the Go
// type refuses. The struct is then set in part. A message with an error of its own gives that error.
func UnmarshalAt(m *Message, v any, ref time.Time) error {
	if m == nil || m.codec == nil {
		return errNoCodec
	}
	if m.err != nil {
		return m.err
	}
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Pointer || rv.IsNil() || rv.Type().Elem().Kind() != reflect.Struct {
		return fault(ErrType, "", -1, detail("a message is unmarshalled into a struct, given by a pointer"))
	}
	rv = rv.Elem()
	p, err := m.codec.planFor(rv.Type())
	if err != nil {
		return err
	}
	for i := range p.bindings {
		b := &p.bindings[i]
		if err := b.load(rv, m.bound(b.number), ref); err != nil {
			return b.blame(err)
		}
	}
	return nil
}

// bound returns a data element, the message type included.
func (m *Message) bound(number int) Value {
	if number == 0 && m.hasMTI {
		return Value{message: m, node: messageType, wire: m.mti[:], units: len(m.mti)}
	}
	return m.Field(number)
}

// load sets a Go field of rv.
func (b *binding) load(rv reflect.Value, v Value, ref time.Time) *Error {
	field, ok := b.value(rv, v.Present())
	switch {
	case !ok:
		return nil
	case !v.Present():
		field.SetZero()
		return nil
	case b.repeats == records:
		return b.loadRecords(field, v, ref)
	}
	return b.set(field, v, ref)
}

// set sets one Go value to what v holds.
func (h *holder) set(rv reflect.Value, v Value, ref time.Time) *Error {
	rv = h.made(rv)
	if h.parts != nil {
		return h.parts.load(rv, v, ref)
	}
	return v.setLeaf(h, rv, ref)
}

// load sets the fields of a struct from the parts of v.
func (p *plan) load(rv reflect.Value, v Value, ref time.Time) *Error {
	l := v.layout()
	if l == nil || l.kind == spec.Repeated {
		return fault(ErrType, v.node.path, -1, detail("the field has no parts in this message"))
	}
	var seen bindingSet
	inside := v.inside()
	for w := l.walk(inside); ; {
		e, ok, err := w.next()
		if err != nil {
			return err
		}
		if !ok {
			p.clear(rv, seen)
			return nil
		}
		if err := p.take(rv, v.part(e, inside), &seen, ref); err != nil {
			return err
		}
	}
}

// bindingSet is which of at most maxParts bindings of a plan have been loaded.
type bindingSet [maxParts / 64]uint64

const maxParts = 256

// add tells whether binding i is new to the set.
func (s *bindingSet) add(i int) bool {
	isNew := s[i/64]>>(i%64)&1 == 0
	s[i/64] |= 1 << (i % 64)
	return isNew
}

// take sets the Go field that a part belongs to.
func (p *plan) take(rv reflect.Value, part Value, seen *bindingSet, ref time.Time) *Error {
	i, bound := p.byKey[part.Key()]
	if !bound {
		return nil
	}
	b := &p.bindings[i]
	first := seen.add(i)
	switch {
	case b.repeats == tags:
		list, _ := b.value(rv, true)
		if first {
			list.SetLen(0)
		}
		if err := b.set(grown(list), part, ref); err != nil {
			return b.blame(err)
		}
	case first:
		if err := b.load(rv, part, ref); err != nil {
			return b.blame(err)
		}
	}
	return nil
}

// clear makes the fields zero whose parts were not there.
func (p *plan) clear(rv reflect.Value, seen bindingSet) {
	for i := range p.bindings {
		if field, ok := p.bindings[i].value(rv, false); ok && seen.add(i) {
			field.SetZero()
		}
	}
}

// grown returns a new last element of a slice, which may hold what an earlier use of the memory left.
func grown(list reflect.Value) reflect.Value {
	size := list.Len()
	list.Grow(1)
	list.SetLen(size + 1)
	return list.Index(size)
}

// loadRecords fills a slice of structs from the records of v.
func (b *binding) loadRecords(list reflect.Value, v Value, ref time.Time) *Error {
	l := v.layout()
	if l == nil || l.kind != spec.Repeated {
		return fault(ErrType, v.node.path, -1, detail("the field has no records in this message"))
	}
	if list.IsNil() {
		list.Set(reflect.MakeSlice(list.Type(), 0, 0))
	}
	list.SetLen(0)
	var seen bindingSet
	var record reflect.Value
	inside := v.inside()
	for w := l.walk(inside); ; {
		e, ok, err := w.next()
		if err != nil {
			return err
		}
		if (!ok || e.record > list.Len()) && list.Len() > 0 {
			b.parts.clear(record, seen)
			seen = bindingSet{}
		}
		if !ok {
			return nil
		}
		if e.record > list.Len() {
			record = b.made(grown(list))
		}
		if err := b.parts.take(record, v.part(e, inside), &seen, ref); err != nil {
			return err
		}
	}
}

// made returns the Go value itself or what a pointer points to, made when there is none.
func (h *holder) made(rv reflect.Value) reflect.Value {
	if !h.pointer {
		return rv
	}
	if rv.IsNil() {
		rv.Set(reflect.New(h.goType))
	}
	return rv.Elem()
}
