package message

import (
	"fmt"
	"io"
	"log/slog"
	"strconv"

	"github.com/posline/posline/message/internal/jsontree"
	"github.com/posline/posline/message/internal/wire"
)

// The methods that packages which print look for have value receivers, so that a dereferenced Message prints like a
// pointer to one. A receiver of that kind is a copy, which takes memory: AppendMasked has none.

// String returns the message on one line, masked: "0200 2=622202******1234 3=000000". See Value.AppendMasked.
func (m Message) String() string { return string(m.AppendMasked(nil)) }

// AppendMasked appends the message on one line, masked, as String returns it.
func (m *Message) AppendMasked(dst []byte) []byte { return TextForm{}.AppendMessage(dst, m) }

// AppendMessage appends the message on one line: masked or, with CardDataInClear, in the clear.
func (f TextForm) AppendMessage(dst []byte, m *Message) []byte {
	from := len(dst)
	for i := range m.headerParts() {
		dst = append(strconv.AppendInt(append(dst, "header."...), int64(i), 10), '=')
		dst = append(f.AppendValue(dst, m.HeaderPart(i)), ' ')
	}
	dst = append(dst, m.typeDigits()...)
	for number := range m.elements() {
		if len(dst) > from {
			dst = append(dst, ' ')
		}
		dst = append(strconv.AppendInt(dst, int64(number), 10), '=')
		dst = f.AppendValue(dst, m.Field(number))
	}
	return dst
}

// headerParts yields the numbers of the header's parts, nothing for a message without header.
func (m *Message) headerParts() func(yield func(int) bool) {
	return func(yield func(int) bool) {
		if m.codec == nil || len(m.header) == 0 {
			return
		}
		for i := range m.layout.Header {
			if !yield(i + 1) {
				return
			}
		}
	}
}

// elements yields the numbers of the data elements that are there and have a value of their own, which a bitmap has
// not.
func (m *Message) elements() func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for number := range wire.Bits(&m.present) {
			if number != m.layout.Bitmap.Tertiary && !yield(number) {
				return
			}
		}
	}
}

// GoString returns the message for %#v, masked.
func (m Message) GoString() string { return "message.Message(" + m.String() + ")" }

// Format implements fmt.Formatter: every verb prints the masked text, %q quoted.
func (m Message) Format(s fmt.State, verb rune) { printMasked(s, verb, m) }

// LogValue implements slog.LogValuer: a group of the masked fields by number.
func (m Message) LogValue() slog.Value {
	var attrs []slog.Attr
	if m.hasMTI {
		attrs = append(attrs, slog.String("0", m.MTI()))
	}
	if m.codec != nil {
		for number := range m.elements() {
			attrs = append(attrs, slog.String(strconv.Itoa(number), m.Field(number).String()))
		}
	}
	return slog.GroupValue(attrs...)
}

// GoString returns the value for %#v, masked.
func (v Value) GoString() string { return "message.Value(" + v.String() + ")" }

// Format implements fmt.Formatter: every verb prints the masked text, %q quoted.
func (v Value) Format(s fmt.State, verb rune) { printMasked(s, verb, v) }

// LogValue implements slog.LogValuer: the masked text.
func (v Value) LogValue() slog.Value { return slog.StringValue(v.String()) }

// MarshalJSON implements json.Marshaler: the masked text as a string.
func (v Value) MarshalJSON() ([]byte, error) { return jsontree.AppendQuoted(nil, v.String()), nil }

func printMasked(s fmt.State, verb rune, x interface {
	String() string
	GoString() string
}) {
	switch {
	case verb == 'q':
		io.WriteString(s, strconv.Quote(x.String()))
	case verb == 'v' && s.Flag('#'):
		io.WriteString(s, x.GoString())
	default:
		io.WriteString(s, x.String())
	}
}
