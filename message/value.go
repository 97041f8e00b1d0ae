package message

import (
	"iter"
	"strings"

	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/layout"
	"github.com/posline/posline/message/internal/wire"
	"github.com/posline/posline/spec"
)

// Value is a field or a part of one, as it stands in a message. It is small, reads without changing anything, and is
// valid until the message changes. The zero Value is an absent field; every method works on it.
type Value struct {
	message *Message
	part    layout.Part
}

// Field returns a data element; 0 is the message type. An absent one, or one the spec does not have, is a Value that is not Present.
func (m *Message) Field(number int) (v Value) {
	v.message = m
	m.locate(number, &v.part)
	return v
}

// HeaderPart returns part i of the header, counted from 1.
func (m *Message) HeaderPart(i int) Value {
	if m.codec == nil {
		return Value{message: m}
	}
	pos := 0
	for k, n := range m.layout.Header {
		s, err := n.Parse(m.header, pos)
		if err != nil {
			return Value{message: m}
		}
		if k+1 == i {
			return Value{m, layout.MakePart(n, m.header, s)}
		}
		pos = int(s.End)
	}
	return Value{message: m}
}

// Get returns a field or a part of one by its path: "2", "60.3", "55.9F26", "header.1", "59.A2.02"; "0" is the message
// type. The second of several equal tags is "55.72[2]". Numbers have no leading zeros; hexadecimal tags may be in lower
// case.
func (m *Message) Get(path string) Value {
	key, rest, nested := strings.Cut(path, ".")
	v := Value{message: m}
	if key == headerKey && nested {
		key, rest, nested = strings.Cut(rest, ".")
		i, _ := layout.Number(key)
		v = m.HeaderPart(i)
	} else if number, ok := layout.Number(key); ok && number == 0 && m.hasMTI {
		v.part = layout.Type(m.mti[:])
	} else if ok {
		v = m.Field(number)
	}
	if nested {
		return v.below(rest)
	}
	return v
}

// Get returns a part of the value by its path.
func (v Value) Get(path string) Value {
	if path == "" {
		return v
	}
	return v.below(path)
}

// below returns the part at a path of at least one key, which may be empty and then names nothing.
func (v Value) below(path string) Value {
	for nested := true; nested; {
		var key string
		key, path, nested = strings.Cut(path, ".")
		v.part = v.part.Find(v.siblings(), key)
	}
	return v
}

// siblings is the message as layouts see it.
func (v Value) siblings() *siblings { return (*siblings)(v.message) }

// Sub returns subfield number of a positional or bitmapped layout.
func (v Value) Sub(number int) Value { return Value{v.message, v.part.Numbered(v.siblings(), number)} }

// Tag returns the first data object with a BER tag: Tag(0x9F26). It does not allocate.
func (v Value) Tag(tag uint32) Value { return Value{v.message, v.part.Tagged(v.siblings(), tag)} }

// Parts yields the parts of the value with their keys, in wire order; nothing for a value without parts. It stops at
// a part that is malformed, which an unpacked message does not have.
func (v Value) Parts() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for _, part := range v.entries() {
			if !yield(part.Key(), part) {
				return
			}
		}
	}
}

// HasParts tells whether the value has a layout in this message.
func (v Value) HasParts() bool { return v.layout() != nil }

// layout is the layout that holds for the value in its message; nil for a value without parts.
func (v Value) layout() *layout.Layout { return v.part.Layout(v.siblings()) }

// entries yields the parts with their place in the inside of the value.
func (v Value) entries() iter.Seq2[layout.Entry, Value] {
	return func(yield func(layout.Entry, Value) bool) {
		for e, part := range v.part.Entries(v.siblings()) {
			if !yield(e, Value{v.message, part}) {
				return
			}
		}
	}
}

// Present tells whether the field is there.
func (v Value) Present() bool { return v.part.Entry != nil }

// Key returns the last element of the field's path: "35", "9F26".
func (v Value) Key() string { return v.part.Key() }

// Name returns the field's name in the spec.
func (v Value) Name() string {
	if v.part.Node == nil {
		return ""
	}
	return v.part.Node.Name
}

// Attribute returns what the value is made of and how long it may be, what ISO 8583 calls its attribute; the zero Format
// when the spec has no such field.
func (v Value) Attribute() spec.Format {
	if v.part.Node == nil {
		return spec.Format{}
	}
	f, _ := spec.ParseFormat(v.part.Node.Field.Format)
	return f
}

// Len returns the length of the value in digits, characters or bytes.
func (v Value) Len() int { return v.part.Units() }

// Wire returns the field as it stands on the wire, with its length prefix. The bytes belong to the message.
func (v Value) Wire() []byte {
	wire := v.part.Entry[v.part.Skip():]
	return wire[:len(wire):len(wire)]
}

// AppendBytes appends the value: the characters of text and digits, the bytes of b.
func (v Value) AppendBytes(dst []byte) []byte { return v.part.Append(dst) }

// Bytes returns the value in new memory, see AppendBytes; nil when the field is absent.
func (v Value) Bytes() []byte { return v.part.Append(nil) }

// AppendText appends the value in the clear, as text: the characters of text and digits, b in upper-case hexadecimal.
//
//go:noinline
func (v Value) AppendText(dst []byte) []byte { // in registers: inlined, v is copied first
	if n := v.part.Node; n != nil { // most values, and nothing of an absent one
		switch n.Text {
		case wire.TextAsIs:
			return append(dst, v.part.Entry[v.part.Head():]...)
		case wire.TextDigits:
			return n.AppendDigits(dst, v.part.Entry[v.part.Head():], v.part.Units())
		}
	}
	return v.part.AppendText(dst)
}

// Text returns the value in the clear, as text, exactly as it is on the wire: nothing is trimmed or normalised. It is
// "" when the field is absent. Use String where card data must not appear.
func (v Value) Text() string { return string(v.part.AppendText(nil)) }

// Trimmed returns the text without the blanks around it.
func (v Value) Trimmed() string { return strings.Trim(v.Text(), " ") }

// Equal tells whether the value is text, in the clear. It does not allocate for values of up to 1,024 characters.
func (v Value) Equal(text string) bool {
	switch {
	case !v.Present():
		return false
	case v.part.Node.Text == wire.TextAsIs:
		return string(v.part.Entry[v.part.Head():]) == text
	}
	var buf [1024]byte
	return string(v.part.AppendText(buf[:0])) == text
}

// Int64 returns the value as a number; the sign of x+n counts, D and - being negative. Blanks around the digits of text
// are padding. The error is an *Error of kind ErrMissing for an absent field, ErrType for content that is no number
// and ErrTooLong for one beyond int64.
func (v Value) Int64() (int64, error) {
	if !v.Present() {
		return 0, asError(v.fault(fault.Missing))
	}
	x, err := v.part.Node.Int64(v.part.Content(), v.part.Units())
	if err != nil {
		return 0, errorOf(err)
	}
	return x, nil
}

func (v Value) fault(kind fault.Kind) *fault.Fault {
	path := v.Key()
	if v.part.Node != nil {
		path = v.part.Node.Path
	}
	return fault.Of(kind, path, nil)
}
