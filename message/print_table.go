package message

import (
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/posline/posline/message/internal/layout"
	"github.com/posline/posline/message/internal/wire"
	"github.com/posline/posline/message/internal/words"
)

// Describe writes the message as a table for people, masked: see TextForm.AppendDescription.
func (m Message) Describe(w io.Writer) error {
	d := described{message: m}
	_, err := w.Write(TextForm{}.appendDescription(nil, &d.message, d.memory[:0]))
	return err
}

// described is a message that is described, with memory for what its parts are decoded to.
type described struct {
	message Message
	memory  [64]byte
}

// AppendDescription appends the message as a table: for header, message type, bitmaps, data elements and their parts
// the offset and size in bytes, the number, the name, the value and what codes mean. Parts of packed values have no
// offset of their own. What a failed Unpack decoded is there too, and the error behind it. It allocates where dst has no
// room for the table, and for tables of more than 144 rows or 4 kB of texts.
func (f TextForm) AppendDescription(dst []byte, m *Message) []byte {
	return f.appendDescription(dst, m, dst[len(dst):])
}

// appendDescription is given memory for what parts are decoded to. It may be where the table will stand, which is written
// when that is no longer needed.
func (f TextForm) appendDescription(dst []byte, m *Message, memory []byte) []byte {
	var rows [144]row
	var texts [4096]byte
	d := describer{form: f, message: m, memory: memory}
	t := table{rows: rows[:0], texts: texts[:0]}
	end := 0
	m.eachPlace(func(p place) {
		t = d.place(t, p)
		end = p.at + p.size
	})
	clear(memory[:min(len(d.memory), cap(memory))])
	name := "message without a spec"
	if m.codec != nil {
		name = m.codec.spec.Name()
	}
	size := end
	if !m.touched {
		size = len(m.image)
	}
	columns := t.columns()
	dst = slices.Grow(dst, len(name)+len(", 1000000 bytes\n")+t.size(columns))
	dst = strconv.AppendInt(append(append(dst, name...), ", "...), int64(size), 10)
	dst = append(dst, " bytes\n"...)
	dst = t.append(dst, columns)
	if m.err != nil {
		dst = fmt.Appendf(dst, "error: %v\n", m.err)
	}
	if end < size {
		dst = fmt.Appendf(dst, "%d bytes from offset %d on are not decoded\n", size-end, end)
	}
	return dst
}

// describer fills a table. It gets the table and returns it, so that the table of most messages needs no memory but the
// stack's.
type describer struct {
	form    TextForm
	message *Message
	memory  []byte // what parts are decoded to; only ever appended to
}

func (d *describer) place(t table, p place) table {
	t.texts = append(t.texts, p.key...)
	r := row{offset: int32(p.at), size: int32(p.size), number: uint32(len(t.texts))}
	switch {
	case p.bitmap:
		r.name = "Bitmap"
		t.texts = d.appendBitmap(t.texts, p)
		r.value = uint32(len(t.texts))
		t.texts = d.appendAnnounced(t.texts, p)
	case p.key == "0":
		r.name = "Message type"
		t.texts = append(t.texts, d.message.mti[:]...)
		r.value = uint32(len(t.texts))
		t.texts = words.AppendMessageType(t.texts, d.message.mti)
	default:
		return d.value(t, r, p.at, p.value, nil)
	}
	return t.row(r)
}

// appendBitmap appends a bitmap in hexadecimal.
func (d *describer) appendBitmap(dst []byte, p place) []byte {
	form := &d.message.layout.Bitmap
	var buf [frontSize]byte
	coded := d.message.frontBitmaps(buf[:0])
	if p.key != "1" {
		coded = d.message.tertiaryWire(buf[:0])
	}
	if form.Coding == wire.Raw {
		return wire.AppendUpperHex(dst, coded)
	}
	for _, c := range coded {
		dst = append(dst, wire.HexChar(wire.HexDigit(c, form.Coding), wire.HexASCII))
	}
	return dst
}

// appendAnnounced lists the fields that the first bitmaps announce.
func (d *describer) appendAnnounced(dst []byte, p place) []byte {
	if p.key != "1" {
		return dst
	}
	var memory [48]byte
	var words [3]uint64 // others than the message has: Unpack may have read fewer fields, and a third bitmap announces more
	d.message.layout.Bitmap.Read(d.message.frontBitmaps(memory[:0]), 0, &words)
	dst = append(dst, "fields"...)
	for number := range wire.Bits(&words) {
		dst = strconv.AppendInt(append(dst, ' '), int64(number), 10)
	}
	return dst
}

// value adds the row of a value, whose number is the last of the texts, and those of its parts. at is the offset of the
// value's first byte, -1 if it has none in the message, and lines are what TextForm.Words says of it.
func (d *describer) value(t table, r row, at int, v Value, lines []string) table {
	number := [2]uint32{t.last(), r.number}
	r.name = v.Name()
	l := v.layout()
	if l == nil {
		t.texts = d.form.appendLeaf(t.texts, v)
		return d.meant(t, r, v, lines)
	}
	t = d.meant(t, r, v, lines)
	var meanings [][]string
	if d.form.Words != nil {
		meanings = d.form.Words.PartMeanings(string(t.texts[number[0]:number[1]]), v)
	}
	inside := d.inside(v)
	for w := l.Walk(inside); ; {
		e, ok, err := w.Next()
		if !ok || err != nil {
			return t
		}
		part := Value{v.message, l.Part(e, inside)}
		sub, start := row{offset: -1}, -1
		if at >= 0 && !v.part.Node.Decodes() {
			start = at + len(v.part.Prefix()) + int(e.Span.Start)
			sub.offset, sub.size = int32(at+len(v.part.Prefix())+e.Start), int32(e.Span.End)-int32(e.Start)
		}
		lines = nil
		if len(meanings) > 0 {
			lines, meanings = meanings[0], meanings[1:]
		}
		t.texts = appendSubnumber(t.texts, number, &e, &part.part)
		sub.number = uint32(len(t.texts))
		t = d.value(t, sub, start, part, lines)
	}
}

// inside returns the bytes that the parts of a value are found in.
func (d *describer) inside(v Value) []byte {
	n := v.part.Node
	if !n.Decodes() || n.Derived >= 0 {
		return v.part.Inside(v.siblings())
	}
	from := len(d.memory)
	d.memory = n.AppendValue(d.memory, v.part.Content(), v.part.Units())
	return d.memory[from:]
}

// appendSubnumber appends the number of a part of the value whose number stands where within dst.
func appendSubnumber(dst []byte, where [2]uint32, e *layout.Entry, part *layout.Part) []byte {
	dst = part.AppendKey(append(append(dst, dst[where[0]:where[1]]...), '.'))
	if e.Record > 0 {
		dst = append(strconv.AppendInt(append(dst, '['), int64(e.Record), 10), ']')
	}
	return dst
}

// meant adds the row of a value, which is the last of the texts, with its meaning: the lines given for it, or else the
// package's own.
func (d *describer) meant(t table, r row, v Value, lines []string) table {
	r.value = uint32(len(t.texts))
	if len(lines) == 0 {
		t.texts = appendMeaning(t.texts, d.message, v)
		return t.row(r)
	}
	t.texts = onOneLine(append(t.texts, lines[0]...), len(t.texts))
	t = t.row(r)
	for _, line := range lines[1:] {
		empty := uint32(len(t.texts))
		t.texts = onOneLine(append(t.texts, line...), len(t.texts))
		t = t.row(row{offset: -1, number: empty, value: empty})
	}
	return t
}
