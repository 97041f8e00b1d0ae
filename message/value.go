package message

import (
	"iter"
	"strconv"
	"strings"

	"github.com/posline/posline/spec"
)

// Value is a field or a part of one, as it stands in a message. It is small, reads without changing anything, and is
// valid until the message changes. The zero Value is an absent field; every method works on it.
type Value struct {
	message *Message
	node    *node
	tags    *layout // of an entry with an undeclared tag: what its tag bytes mean
	tag     []byte
	wire    []byte // length prefix, content, and what follows it
	head    int    // size of the prefix
	units   int    // length in digits, characters or bytes
	top     bool   // a data element or header part of the message itself
}

// Field returns a data element. An absent one, or one the spec does not have, is a Value that is not Present.
func (m *Message) Field(number int) Value {
	n := m.node(number)
	if n == nil || !m.Has(number) {
		return Value{message: m, node: n}
	}
	s := m.spans[number]
	return Value{message: m, node: n, wire: m.buffer(number)[s.start:s.end], head: int(s.content - s.start), units: int(s.units), top: true}
}

// HeaderPart returns part i of the header, counted from 1.
func (m *Message) HeaderPart(i int) Value {
	pos := 0
	for k, n := range m.codec.header {
		s, err := n.parse(m.header, pos)
		if err != nil {
			return Value{message: m}
		}
		if k+1 == i {
			return Value{message: m, node: n, wire: m.header[s.start:s.end], head: int(s.content - s.start), units: int(s.units)}
		}
		pos = int(s.end)
	}
	return Value{message: m}
}

// Get returns a field or a part of one by its path: "2", "60.3", "55.9F26", "header.1", "59.A2.02". The second of
// several equal tags is "55.72[2]".
func (m *Message) Get(path string) Value {
	key, rest, nested := strings.Cut(path, ".")
	var v Value
	if key == "header" && nested {
		key, rest, nested = strings.Cut(rest, ".")
		i, _ := strconv.Atoi(key)
		v = m.HeaderPart(i)
	} else if number, err := strconv.Atoi(key); err == nil {
		v = m.Field(number)
	}
	if nested {
		return v.Get(rest)
	}
	return v
}

// Get returns a part of the value by its path.
func (v Value) Get(path string) Value {
	for path != "" {
		var key string
		key, path, _ = strings.Cut(path, ".")
		v = v.find(key)
	}
	return v
}

// find returns the part with the given key, which may end in an index: "72[2]", or "3[2]" for field 3 of the second
// record of a repeated layout.
func (v Value) find(key string) Value {
	key, index := splitIndex(key)
	for e, part := range v.entries() {
		if part.Key() != key || e.record > 0 && e.record != max(index, 1) {
			continue
		}
		if e.record > 0 || index <= 1 {
			return part
		}
		index--
	}
	return Value{message: v.message}
}

// splitIndex splits "72[2]" into "72" and 2; a key without an index has 1.
func splitIndex(key string) (string, int) {
	name, index, ok := strings.Cut(key, "[")
	if !ok {
		return key, 1
	}
	n, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
	if err != nil || n < 1 {
		return key, 1
	}
	return name, n
}

// Sub returns subfield number of a positional or bitmapped layout.
func (v Value) Sub(number int) Value {
	for e, part := range v.entries() {
		if e.node.number == number && e.tag == e.end && e.record <= 1 {
			return part
		}
	}
	return Value{message: v.message}
}

// Tag returns the first data object with a BER tag: Tag(0x9F26). It does not allocate.
func (v Value) Tag(tag uint32) Value {
	for e, part := range v.entries() {
		if size := e.end - e.tag; size > 0 && size <= 4 && beUint(v.inside()[e.tag:e.end]) == tag {
			return part
		}
	}
	return Value{message: v.message}
}

func beUint(b []byte) (x uint32) {
	for _, c := range b {
		x = x<<8 | uint32(c)
	}
	return x
}

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

// entries yields the parts with their place in v.inside().
func (v Value) entries() iter.Seq2[entry, Value] {
	return func(yield func(entry, Value) bool) {
		l := v.layout()
		if l == nil {
			return
		}
		inside := v.inside()
		for w := l.walk(inside); ; {
			e, ok, err := w.next()
			if !ok || err != nil || !yield(e, v.part(e, inside)) {
				return
			}
		}
	}
}

// part makes a Value of an entry found in inside.
func (v Value) part(e entry, inside []byte) Value {
	p := Value{message: v.message, node: e.node, units: int(e.span.units)}
	p.wire = inside[e.span.start:e.span.end]
	p.head = int(e.span.content - e.span.start)
	if e.tag < e.end && e.node.key == "*" {
		p.tags, p.tag = v.layout(), inside[e.tag:e.end]
	}
	return p
}

// layout is the layout that holds for the value in its message; nil for a value without parts.
func (v Value) layout() *layout {
	if v.node == nil || v.wire == nil {
		return nil
	}
	for i := range v.node.cases {
		if c := &v.node.cases[i]; v.fits(c) {
			return c.layout
		}
	}
	return v.node.layout
}

func (v Value) fits(c *choice) bool {
	if !c.mti.matches(v.message.typeDigits()) || c.size != 0 && c.size != len(v.inside()) {
		return false
	}
	if c.path == nil {
		return true
	}
	number, _ := strconv.Atoi(c.path[0])
	other := v.message.Field(number)
	for _, key := range c.path[1:] {
		other = other.find(key)
	}
	var text [64]byte
	got := other.AppendText(text[:0])
	for _, want := range c.values {
		if string(got) == want {
			return true
		}
	}
	return false
}

// inside returns the bytes that the parts are found in.
func (v Value) inside() []byte {
	if !v.node.decodes() {
		return v.content()
	}
	if v.top && v.node.derived >= 0 {
		p := v.message.slots[v.node.derived]
		return v.message.derived[p.from:p.to]
	}
	return v.node.appendValue(nil, v.content(), v.units)
}

// content is the value as it stands on the wire.
func (v Value) content() []byte { return v.wire[v.head : v.head+v.node.wireSize(v.units)] }

// Present tells whether the field is there.
func (v Value) Present() bool { return v.wire != nil }

// Key returns the last element of the field's path: "35", "9F26".
func (v Value) Key() string {
	switch {
	case v.tags != nil:
		return v.tags.keyText(v.tag)
	case v.node == nil:
		return ""
	default:
		return v.node.key
	}
}

// Name returns the field's name in the spec.
func (v Value) Name() string {
	if v.node == nil {
		return ""
	}
	return v.node.name
}

// Attribute returns what the value is made of and how long it may be, what ISO 8583 calls its attribute; the zero Format
// when the spec has no such field.
func (v Value) Attribute() spec.Format {
	if v.node == nil {
		return spec.Format{}
	}
	f, _ := spec.ParseFormat(v.node.field.Format)
	return f
}

// Len returns the length of the value in digits, characters or bytes.
func (v Value) Len() int { return v.units }

// Wire returns the field as it stands on the wire, with its length prefix. The bytes belong to the message.
func (v Value) Wire() []byte { return v.wire[:len(v.wire):len(v.wire)] }

// AppendBytes appends the value: the characters of text and digits, the bytes of b.
func (v Value) AppendBytes(dst []byte) []byte {
	if v.wire == nil {
		return dst
	}
	return v.node.appendValue(dst, v.content(), v.units)
}

// Bytes returns the value in new memory, see AppendBytes; nil when the field is absent.
func (v Value) Bytes() []byte { return v.AppendBytes(nil) }

// AppendText appends the value in the clear, as text: the characters of text and digits, b in upper-case hexadecimal.
func (v Value) AppendText(dst []byte) []byte {
	if v.wire == nil {
		return dst
	}
	if v.node.content != spec.ContentB {
		return v.node.appendValue(dst, v.content(), v.units)
	}
	if v.node.check == checkNothing && v.node.page == nil {
		return appendUpperHex(dst, v.content())
	}
	return appendUpperHex(dst, v.Bytes())
}

func appendUpperHex(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, hexChar(c>>4, spec.HexASCII), hexChar(c&15, spec.HexASCII))
	}
	return dst
}

// Text returns the value in the clear, as text, exactly as it is on the wire: nothing is trimmed or normalised. It is
// "" when the field is absent. Use String where card data must not appear.
func (v Value) Text() string { return string(v.AppendText(nil)) }

// Trimmed returns the text without the blanks around it.
func (v Value) Trimmed() string { return strings.Trim(v.Text(), " ") }

// Equal tells whether the value is text, without allocating and in the clear.
func (v Value) Equal(text string) bool {
	var buf [128]byte
	return v.wire != nil && string(v.AppendText(buf[:0])) == text
}

// Int64 returns the value as a number; the sign of x+n counts, D and - being negative. The error is an *Error of kind
// ErrMissing for an absent field, ErrType for content that is no number and ErrTooLong for one beyond int64.
func (v Value) Int64() (int64, error) {
	if v.wire == nil {
		return 0, v.error(ErrMissing)
	}
	var buf [64]byte
	text := v.node.appendValue(buf[:0], v.content(), v.units)
	negative := false
	if len(text) > 0 && (v.node.sign || text[0] == '-') {
		negative, text = text[0] == 'D' || text[0] == '-', text[1:]
	}
	var x uint64
	for _, c := range text {
		if c-'0' > 9 {
			return 0, v.error(ErrType)
		}
		if x > (1<<63-1)/10 {
			return 0, v.error(ErrTooLong)
		}
		x = x*10 + uint64(c-'0')
	}
	switch {
	case len(text) == 0:
		return 0, v.error(ErrType)
	case x > 1<<63-1:
		return 0, v.error(ErrTooLong)
	case negative:
		return -int64(x), nil
	default:
		return int64(x), nil
	}
}

func (v Value) error(kind Kind) *Error {
	path := v.Key()
	if v.node != nil {
		path = v.node.path
	}
	return fault(kind, path, -1, nil)
}
