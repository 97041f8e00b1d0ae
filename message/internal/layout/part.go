package layout

import (
	"iter"
	"strconv"
	"strings"

	"github.com/posline/posline/message/internal/wire"
	"github.com/posline/posline/spec"
)

// Fields are the data elements of the message that a value stands in. A layout may depend on them.
type Fields interface {
	MessageType() []byte
	Field(number int) Part
	Decoded(n *Node) []byte // the content of a data element that is there, in the form that its parts are found in
}

// Part is a value on the wire with its definition: a data element, a header part or a part of one. The zero Part is an
// absent value. It is small enough to travel in registers.
type Part struct {
	Node  *Node
	Entry []byte // length prefix, content, and what follows it, a part's behind its tag; nil if absent
	place uint64 // Units, Head and Skip in 32, 16 and 16 bits: with two words more a Value would not fit in registers
}

// MakePart makes a Part of what stands at a span of buf.
func MakePart(n *Node, buf []byte, s wire.Span) Part {
	return Part{Node: n, Entry: buf[s.Start:s.End], place: uint64(s.Content-s.Start)<<32 | uint64(s.Units)}
}

// Set makes p what stands at a span of buf.
func (p *Part) Set(n *Node, buf []byte, s *wire.Span) {
	p.Node, p.Entry, p.place = n, buf[s.Start:s.End], uint64(s.Content-s.Start)<<32|uint64(s.Units)
}

// SetFixed makes p a plain value of fixed length, given its content.
func (p *Part) SetFixed(n *Node, content []byte) {
	p.Node, p.Entry, p.place = n, content, uint64(n.Max)
}

// Type makes a Part of the digits of a message type.
func Type(digits []byte) Part {
	return Part{Node: MessageType, Entry: digits, place: uint64(len(digits))}
}

// Units is the length in digits, characters or bytes.
func (p *Part) Units() int { return int(uint32(p.place)) }

// Head is where the content starts in Entry.
func (p *Part) Head() int { return int(uint16(p.place >> 32)) }

// Skip is the size of the tag in front of Entry.
func (p *Part) Skip() int { return int(p.place >> 48) }

// Present tells whether the value is there.
func (p *Part) Present() bool { return p.Entry != nil }

// Wire is the value as it stands on the wire, with its length prefix.
func (p *Part) Wire() []byte { return p.Entry[p.Skip():] }

// Prefix is the length prefix.
func (p *Part) Prefix() []byte { return p.Entry[p.Skip():p.Head()] }

// Content is the value alone, as it stands on the wire.
func (p *Part) Content() []byte { return p.Entry[p.Head() : p.Head()+p.Node.WireSize(p.Units())] }

// Inside returns the bytes that the parts are found in.
func (p *Part) Inside(fields Fields) []byte {
	switch {
	case !p.Node.Decodes():
		return p.Content()
	case p.Node.Derived >= 0:
		return fields.Decoded(p.Node)
	default:
		return p.Node.AppendValue(nil, p.Content(), p.Units())
	}
}

// Key returns the last element of the value's path: "35", "9F26".
func (p *Part) Key() string {
	if p.Node == nil {
		return ""
	}
	if p.Node.tags == nil || p.Entry == nil {
		return p.Node.Key
	}
	var buf [64]byte // tags are shorter
	return string(p.AppendKey(buf[:0]))
}

// HasKey tells whether key is the value's Key, without making it.
func (p *Part) HasKey(key string) bool {
	var buf [64]byte
	return string(p.AppendKey(buf[:0])) == key
}

// AppendKey appends the Key.
func (p *Part) AppendKey(dst []byte) []byte {
	switch {
	case p.Node == nil:
		return dst
	case p.Node.tags == nil || p.Entry == nil:
		return append(dst, p.Node.Key...)
	case p.Node.tags.lengthFirst:
		return p.Node.tags.appendKey(dst, p.Entry[p.Head()-p.Node.tags.tagSize:p.Head()])
	default:
		return p.Node.tags.appendKey(dst, p.Entry[:p.Skip()])
	}
}

// Append appends the value: the characters of text and digits, the bytes of b.
func (p *Part) Append(dst []byte) []byte {
	switch {
	case p.Entry == nil:
		return dst
	case p.Node.Plain && !p.Node.Packed:
		return append(dst, p.Entry[p.Head():]...)
	}
	return p.Node.AppendValue(dst, p.Content(), p.Units())
}

// AppendText appends the value as text: the characters of text and digits, b in upper-case hexadecimal.
func (p *Part) AppendText(dst []byte) []byte {
	if p.Entry == nil {
		return dst
	}
	switch p.Node.Text {
	case wire.TextAsIs:
		return append(dst, p.Entry[p.Head():]...)
	case wire.TextDigits:
		return p.Node.AppendDigits(dst, p.Entry[p.Head():], p.Units())
	}
	switch {
	case p.Node.Content != wire.Any:
		return p.Node.AppendValue(dst, p.Content(), p.Units())
	case p.Node.Check == wire.CheckNothing && p.Node.Page == nil:
		return wire.AppendUpperHex(dst, p.Content())
	default:
		from := len(dst)
		return wire.Hexed(p.Append(dst), from)
	}
}

// Layout is the layout that holds for the value; nil for a value without parts.
func (p *Part) Layout(fields Fields) *Layout {
	if p.Node == nil || p.Entry == nil {
		return nil
	}
	for i := range p.Node.Cases {
		c := &p.Node.Cases[i]
		if (c.Size == 0 || c.Size == len(p.Inside(fields))) && c.Holds(fields) {
			return c.Layout
		}
	}
	return p.Node.Layout
}

// Holds tells whether the conditions of a case hold, but for that on the size.
func (c *Case) Holds(fields Fields) bool {
	if !c.mti.Matches(fields.MessageType()) {
		return false
	}
	if c.Path == nil {
		return true
	}
	number, _ := strconv.Atoi(c.Path[0])
	other := fields.Field(number)
	for _, key := range c.Path[1:] {
		other = other.Find(fields, key)
	}
	var buf [64]byte
	got := other.AppendText(buf[:0])
	for _, want := range c.values {
		if string(got) == want {
			return true
		}
	}
	return false
}

// LayoutUnsized is the layout that an absent value gets, before its size is known.
func (n *Node) LayoutUnsized(fields Fields) *Layout {
	for i := range n.Cases {
		if n.Cases[i].Holds(fields) {
			return n.Cases[i].Layout
		}
	}
	return n.Layout
}

// Entries yields the parts of the value with their place in Inside, in wire order; nothing for a value without parts. It
// stops at a part that is malformed, which a value that was checked does not have.
func (p Part) Entries(fields Fields) iter.Seq2[Entry, Part] {
	return func(yield func(Entry, Part) bool) {
		l := p.Layout(fields)
		if l == nil {
			return
		}
		inside := p.Inside(fields)
		for w := l.Walk(inside); ; {
			e, ok, err := w.Next()
			if !ok || err != nil || !yield(e, l.Part(e, inside)) {
				return
			}
		}
	}
}

// Part makes a Part of an entry found in inside.
func (l *Layout) Part(e Entry, inside []byte) Part {
	skip := uint64(int(e.Span.Start) - e.Start) // a tag comes along, in front
	return Part{Node: e.Node, Entry: inside[e.Start:e.Span.End],
		place: skip<<48 | uint64(int(e.Span.Content)-e.Start)<<32 | uint64(e.Span.Units)}
}

// Find returns the part with the given key, which may end in an index: "72[2]", or "3[2]" for field 3 of the second
// record of a repeated layout.
func (p Part) Find(fields Fields, key string) Part {
	key, index := SplitIndex(key)
	if strings.ToUpper(key) != key { // seldom: the layout need not be looked for
		key = p.Layout(fields).Name(key)
	}
	for e, part := range p.Entries(fields) {
		if !part.HasKey(key) || e.Record > 0 && e.Record != max(index, 1) {
			continue
		}
		if e.Record > 0 || index <= 1 {
			return part
		}
		index--
	}
	return Part{}
}

// Numbered returns subfield number of a positional or bitmapped layout.
func (p Part) Numbered(fields Fields, number int) Part {
	for e, part := range p.Entries(fields) {
		if e.Node.Number == number && e.Tag == e.End && e.Record <= 1 {
			return part
		}
	}
	return Part{}
}

// Tagged returns the first data object with a BER tag.
func (p *Part) Tagged(fields Fields, tag uint32) Part {
	l := p.Layout(fields)
	if l == nil {
		return Part{}
	}
	inside := p.Inside(fields)
	for w := l.Walk(inside); ; {
		e, ok, err := w.Next()
		if !ok || err != nil {
			return Part{}
		}
		if size := e.End - e.Tag; size > 0 && size <= 4 && bigEndian(inside[e.Tag:e.End]) == tag {
			return l.Part(e, inside)
		}
	}
}

func bigEndian(b []byte) (x uint32) {
	for _, c := range b {
		x = x<<8 | uint32(c)
	}
	return x
}

// Repeats tells whether the value's layout is one of records.
func (l *Layout) Repeats() bool { return l.Kind == spec.Repeated }
