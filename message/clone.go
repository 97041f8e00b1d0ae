package message

import (
	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/layout"
	"github.com/posline/posline/message/internal/wire"
)

// Clone returns a copy of the message in new memory: what it packs to, its error, all of it. A message without a codec
// has none.
func (m *Message) Clone() *Message {
	if m.codec == nil {
		return new(Message)
	}
	out := m.codec.New()
	out.copyFrom(m)
	return out
}

// CopyFrom makes m a copy of another message of the same codec and reuses the memory of m. The error is ErrType, and m
// as it was, for a message of another codec.
func (m *Message) CopyFrom(from *Message) error {
	switch {
	case m.codec == nil:
		return errNoCodec
	case from.codec != m.codec:
		return errorOf(fault.Of(fault.Type, "", fault.Detail("a message is copied from one of the same codec")))
	case from != m:
		m.copyFrom(from)
	}
	return nil
}

func (m *Message) copyFrom(from *Message) {
	m.Reset()
	m.image, m.arena, m.derived = append(m.image, from.image...), append(m.arena, from.arena...), append(m.derived, from.derived...)
	m.header = append(m.header, from.header...)
	copy(m.spans, from.spans)
	copy(m.slots, from.slots)
	m.dead, m.touched, m.built, m.mti, m.hasMTI = from.dead, from.touched, from.built, from.mti, from.hasMTI
	m.bitmapAt, m.bitmapTo, m.bitmaps = from.bitmapAt, from.bitmapTo, from.bitmaps
	m.present, m.edited, m.sound, m.shape = from.present, from.edited, from.sound, from.shape
	m.err, m.broken = from.err, from.broken
}

// CopyFields sets data elements to those of another message; those that are absent there stay as they are here. Between
// messages of one codec a field is copied just as it stands on the wire, between others, and message types that write it in
// different ways, its value is set: binary data is hexadecimal where it becomes text. A number that
// neither spec has is ErrUnknown, and nothing is copied. The first error of a value is kept, as that of Set is, and ends the
// copying; what was copied before stays.
func (m *Message) CopyFields(from *Message, numbers ...int) error {
	if m.codec == nil || from.codec == nil {
		return errNoCodec
	}
	for _, number := range numbers { // before any is copied
		if number != 0 && from.node(number) == nil && m.node(number) == nil {
			if err := m.undefined(number); err != nil {
				return m.fail(err)
			}
		}
	}
	for _, number := range numbers {
		p := from.part(number)
		if from == m || !p.Present() {
			continue
		}
		if err := m.copyValue(number, p, from.codec == m.codec); err != nil {
			return m.fail(err)
		}
	}
	return nil
}

// copyValue sets a data element to a value of another message.
func (m *Message) copyValue(number int, p layout.Part, sameCodec bool) *fault.Fault {
	n := m.node(number)
	switch {
	case number == 0:
		return m.setMTI(p.Wire())
	case n == nil:
		return m.undefined(number)
	case sameCodec:
		return m.copyField(number, p)
	}
	return m.setValue(n, number, p)
}

// setValue sets a data element to a value that is defined elsewhere: to the hexadecimal of binary data where this one is
// text, and the other way round.
func (m *Message) setValue(n *layout.Node, number int, p layout.Part) *fault.Fault {
	if (n.Content == wire.Any) == (p.Node.Content == wire.Any) {
		return m.set(n, number, p.Append(nil))
	}
	value, err := n.AppendFromText(nil, p.AppendText(nil))
	if err != nil {
		return err
	}
	return m.set(n, number, value)
}

// Lookup is Get with an error for a path that no message of the spec can have: ErrUnknown for a field or a part that the
// spec does not list, ErrType for a part of a field that has none, ErrTag for a malformed tag. A part that could be
// there and is not is a Value that is not Present; to find that out takes memory.
func (m *Message) Lookup(path string) (Value, error) {
	if m.codec == nil {
		return Value{}, errNoCodec
	}
	v := m.Get(path)
	if v.Present() {
		return v, nil
	}
	if number, ok := layout.Number(path); ok && m.node(number) != nil {
		return v, nil // without the memory that the rest takes
	}
	if err := m.layout.Allows(path); err != nil {
		return Value{}, errorOf(err)
	}
	return v, nil
}
