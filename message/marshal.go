package message

import (
	"bytes"
	"reflect"
)

// Marshal sets fields of the message from a struct, or a pointer to one:
//
//	type Sale struct {
//		MTI    string    `iso8583:"0"`
//		PAN    string    `iso8583:"2"`
//		Amount int64     `iso8583:"4"` // minor units
//		Sent   time.Time `iso8583:"7"`
//		F11    int       // the number is in the name
//		Chip   *Chip     `iso8583:"55"`
//	}
//
//	type Chip struct {
//		Cryptogram [8]byte `iso8583:"9F26"`
//		Amount     string  `iso8583:"9F02"`
//	}
//
// The tag is the number of the field or the key of the part; the tag index means the same and goes first. Without a
// tag, a name of F and a number or a tag of the spec counts (F11, F9F26), and other fields of the struct are left
// alone, as are those tagged "-". Embedded structs count as if their fields stood in the struct itself. A field with
// parts takes a struct, or a slice of structs when its parts are records that repeat; a tag that may be repeated takes
// a slice.
//
// A value is a string (hexadecimal for b), a []byte or [N]byte (the characters, or the bytes of b), an int or uint of
// any size, a bool (1 and 0 in a field of one character), a time.Time (by the field's notation, as the clock of its
// location shows it), a type with MarshalText and UnmarshalText, one of moov-io/iso8583's String, Numeric, Binary, Hex
// and Track types, or a pointer to any of these.
//
// Zero values are skipped and leave the message as it is, unless the tag has the option keepzero. A pointer that is
// not nil is never skipped. A part that is zero and stands before one that is set, in a layout without tags, is written
// as zero. Parts that the struct does not set stay as they are, and so does the form of those that do not change; new
// tagged parts go behind the others in the spec's order. All fields of a record are written.
//
// The error is an *Error, whose cause is a *StructError that names the Go field. It is also kept, so that a message
// that was set in part never packs. A type that cannot be marshalled, because of a field the spec does not have or a
// Go type that cannot hold it, is an error whatever its values are. The work on the type is done once.
func Marshal(m *Message, v any) error {
	if m == nil || m.codec == nil {
		return errNoCodec
	}
	rv := reflect.ValueOf(v)
	if rv.Kind() == reflect.Struct {
		addressable := reflect.New(rv.Type())
		addressable.Elem().Set(rv)
		rv = addressable
	}
	if rv.Kind() != reflect.Pointer || rv.IsNil() || rv.Type().Elem().Kind() != reflect.Struct {
		return m.fail(fault(ErrType, "", -1, detail("a message is marshalled from a struct")))
	}
	p, err := m.codec.planFor(rv.Type().Elem())
	if err != nil {
		return m.fail(err)
	}
	before := m.err
	for i := range p.bindings {
		b := &p.bindings[i]
		field, ok := b.held(rv.Elem())
		if !ok {
			continue
		}
		if err := m.marshalField(b, field); err != nil {
			m.err = before // the setter kept the error without the name of the Go field
			return m.fail(b.blame(err))
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

func (m *Message) marshalField(b *binding, field reflect.Value) *Error {
	var buf [256]byte
	if b.number == 0 {
		value, err := messageType.appendLeaf(buf[:0], &b.holder, field)
		if err != nil {
			return err
		}
		if b.form != asString {
			value = append([]byte("0000")[:max(0, 4-len(value))], value...) // numbers have lost their zeros
		}
		return asError(m.SetMTI(string(value)))
	}
	n := m.node(b.number)
	if b.parts == nil {
		value, err := n.appendLeaf(buf[:0], &b.holder, field)
		if err != nil {
			return err
		}
		return asError(m.set(n, b.number, value))
	}
	return m.marshalInside(b, n, field)
}

// asError is the *Error that a setter returns.
func asError(err error) *Error {
	if err == nil {
		return nil
	}
	return err.(*Error)
}

func (m *Message) marshalInside(b *binding, n *node, field reflect.Value) *Error {
	old := m.Field(b.number)
	inside, err := m.insideOf(n, b, field, old)
	switch {
	case err != nil:
		return err
	case old.Present() && bytes.Equal(inside, old.inside()):
		return nil
	case n.decodes():
		return asError(m.set(n, b.number, inside))
	}
	wire, err := n.appendInside(nil, inside, old)
	if err != nil {
		return err
	}
	return asError(m.setWire(b.number, n, wire))
}

// insideOf returns the inside of a field with parts: of its layout, or of the first that holds in this message and
// has the size that comes out.
func (m *Message) insideOf(n *node, b *binding, field reflect.Value, old Value) ([]byte, *Error) {
	if l := old.layout(); l != nil {
		return m.compose(n, l, b, field, old)
	}
	var first *Error
	for i := range n.cases {
		c := n.cases[i]
		size := c.size
		c.size = 0
		if c.layout == nil || !(Value{message: m, node: n}).fits(&c) {
			continue
		}
		inside, err := m.compose(n, c.layout, b, field, Value{})
		if size == 0 || err == nil && len(inside) == size {
			return inside, err
		}
		if err == nil {
			err = fault(ErrLength, n.path, -1, lengths{"bytes of the parts, of the layout:", len(inside), size})
		}
		if first == nil {
			first = err
		}
	}
	if n.layout != nil {
		return m.compose(n, n.layout, b, field, Value{})
	}
	if first == nil {
		first = fault(ErrType, n.path, -1, detail("the field has no parts in this message"))
	}
	return nil, first
}

// compose returns the parts of a layout in field n.
func (m *Message) compose(n *node, l *layout, b *binding, field reflect.Value, old Value) ([]byte, *Error) {
	c := composer{message: m, layout: l, plan: b.parts, old: old}
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
	return n.filled(l, inside)
}
