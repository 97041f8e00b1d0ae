package structs

import (
	"reflect"
	"time"

	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/layout"
)

// Source is a message that a struct is set from.
type Source interface {
	layout.Fields
	Bound(number int) layout.Part // a data element, the message type included
	Size() int                    // of the message, in bytes, or more
}

// Manner is how structs are read into.
type Manner struct {
	Trim bool // padding is taken off text, also without the option
	Over bool // what is absent leaves the struct as it is
}

// reading is what reading into a struct depends on, besides the value.
type reading struct {
	fields layout.Fields
	ref    time.Time // for times without a year or a zone
	Manner

	size int    // of the message
	slab []byte // new memory that strings and bytes are cut from; what has been handed out is never written to again
}

// keep returns a copy of a value, cut from the slab.
func (r *reading) keep(value []byte) []byte {
	if len(value) == 0 {
		return []byte{}
	}
	if cap(r.slab)-len(r.slab) < len(value) {
		r.slab = make([]byte, 0, max(len(value), 2*r.size)) // a packed digit takes half a byte on the wire
	}
	from := len(r.slab)
	r.slab = append(r.slab, value...)
	return r.slab[from:len(r.slab):len(r.slab)]
}

// Unmarshal sets the fields of a struct, given by a pointer, from m.
func (p *Plans) Unmarshal(c *layout.Compiled, m Source, v any, ref time.Time, how Manner) *fault.Fault {
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Pointer || rv.IsNil() || rv.Type().Elem().Kind() != reflect.Struct {
		return fault.Of(fault.Type, "", fault.Detail("a message is unmarshalled into a struct, given by a pointer"))
	}
	rv = rv.Elem()
	plan, err := p.of(rv.Type(), c)
	if err != nil {
		return err
	}
	r := reading{fields: m, ref: ref, Manner: how, size: m.Size()}
	for i := range plan.bindings {
		b := &plan.bindings[i]
		if err := b.load(rv, m.Bound(b.number), &r); err != nil {
			return b.blame(err)
		}
	}
	return nil
}

// load sets a Go field of rv.
func (b *binding) load(rv reflect.Value, v layout.Part, r *reading) *fault.Fault {
	field, ok := b.value(rv, v.Present())
	switch {
	case !ok, r.Over && !v.Present():
		return nil
	case !v.Present():
		field.SetZero()
		return nil
	case b.repeats == records:
		return b.loadRecords(field, v, r)
	}
	return b.set(field, v, r)
}

// set sets one Go value to what v holds.
func (h *holder) set(rv reflect.Value, v layout.Part, r *reading) *fault.Fault {
	rv = h.made(rv)
	if h.parts != nil {
		return h.parts.load(rv, v, r)
	}
	return setLeaf(v, h, rv, r)
}

// load sets the fields of a struct from the parts of v.
func (p *plan) load(rv reflect.Value, v layout.Part, r *reading) *fault.Fault {
	l := v.Layout(r.fields)
	if l == nil || l.Repeats() {
		return fault.Of(fault.Type, v.Node.Path, fault.Detail("the field has no parts in this message"))
	}
	var seen bindingSet
	inside := v.Inside(r.fields)
	for w := l.Walk(inside); ; {
		e, ok, err := w.Next()
		if err != nil {
			return err
		}
		if !ok {
			p.clear(rv, seen, r)
			return nil
		}
		if err := p.take(rv, l.Part(e, inside), &seen, r); err != nil {
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
func (p *plan) take(rv reflect.Value, part layout.Part, seen *bindingSet, r *reading) *fault.Fault {
	var key [64]byte // a peer may send any number of tags that nobody lists: their keys are not made
	i, bound := p.byKey[string(part.AppendKey(key[:0]))]
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
		if err := b.set(r.grown(list), part, r); err != nil {
			return b.blame(err)
		}
	case first:
		if err := b.load(rv, part, r); err != nil {
			return b.blame(err)
		}
	}
	return nil
}

// clear makes the fields zero whose parts were not there, unless they are to stay.
func (p *plan) clear(rv reflect.Value, seen bindingSet, r *reading) {
	if r.Over {
		return
	}
	for i := range p.bindings {
		if field, ok := p.bindings[i].value(rv, false); ok && seen.add(i) {
			field.SetZero()
		}
	}
}

// grown returns a new last element of a slice. It may hold what an earlier use of the memory left, which is cleared or
// written over later; not where what is absent stays as it is.
func (r *reading) grown(list reflect.Value) reflect.Value {
	size := list.Len()
	list.Grow(1)
	list.SetLen(size + 1)
	last := list.Index(size)
	if r.Over {
		last.SetZero()
	}
	return last
}

// loadRecords fills a slice of structs from the records of v.
func (b *binding) loadRecords(list reflect.Value, v layout.Part, r *reading) *fault.Fault {
	l := v.Layout(r.fields)
	if l == nil || !l.Repeats() {
		return fault.Of(fault.Type, v.Node.Path, fault.Detail("the field has no records in this message"))
	}
	if list.IsNil() {
		list.Set(reflect.MakeSlice(list.Type(), 0, 0))
	}
	list.SetLen(0)
	var seen bindingSet
	var record reflect.Value
	inside := v.Inside(r.fields)
	for w := l.Walk(inside); ; {
		e, ok, err := w.Next()
		if err != nil {
			return err
		}
		if (!ok || e.Record > list.Len()) && list.Len() > 0 {
			b.parts.clear(record, seen, r)
			seen = bindingSet{}
		}
		if !ok {
			return nil
		}
		if e.Record > list.Len() {
			record = b.made(r.grown(list))
		}
		if err := b.parts.take(record, l.Part(e, inside), &seen, r); err != nil {
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
