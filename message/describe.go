package message

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/posline/posline/spec"
)

// Describe writes the message as a table for people, masked: see TextForm.AppendDescription.
func (m Message) Describe(w io.Writer) error {
	_, err := w.Write(TextForm{}.AppendDescription(nil, &m))
	return err
}

// AppendDescription appends the message as a table: for header, message type, bitmaps, data elements and their parts
// the offset and size in bytes, the number, the name, the value and what codes mean. Parts of packed values have no
// offset of their own. What a failed Unpack decoded is there too, and the error behind it.
func (f TextForm) AppendDescription(dst []byte, m *Message) []byte {
	d := description{form: f, message: m, rows: make([]row, 0, 32)}
	end := 0
	for p := range m.places() {
		d.place(p)
		end = p.at + p.size
	}
	name := "message without a spec"
	if m.codec != nil {
		name = m.codec.spec.Name()
	}
	size := end
	if !m.touched {
		size = len(m.image)
	}
	dst = fmt.Appendf(dst, "%s, %d bytes\n", name, size)
	dst = d.append(dst)
	if m.err != nil {
		dst = fmt.Appendf(dst, "error: %v\n", m.err)
	}
	if end < size {
		dst = fmt.Appendf(dst, "%d bytes from offset %d on are not decoded\n", size-end, end)
	}
	return dst
}

// description collects the rows of the table.
type description struct {
	form    TextForm
	message *Message
	rows    []row
	scratch []byte
}

// row is a line of the table. offset is -1 where there is none.
type row struct {
	offset, size                 int
	number, name, value, meaning string

	words []string // what TextForm.Words says
}

func (d *description) place(p place) {
	r := row{offset: p.at, size: p.size, number: p.key}
	switch {
	case p.bitmap:
		r.name, r.value = "Bitmap", d.bitmap(p)
		r.meaning = d.announced(p)
	case p.key == "0":
		r.name, r.value, r.meaning = "Message type", d.message.MTI(), typeMeaning(d.message.MTI())
	default:
		d.value(r, p.at, p.value)
		return
	}
	d.rows = append(d.rows, r)
}

// bitmap is a bitmap in hexadecimal.
func (d *description) bitmap(p place) string {
	form := &d.message.codec.bitmap
	wire := append([]byte(nil), d.message.frontBitmaps()...)
	if p.key != "1" {
		wire = append(wire[:0], d.message.tertiaryWire()...)
	}
	if form.coding == spec.Raw {
		return string(appendUpperHex(nil, wire))
	}
	for i, c := range wire {
		wire[i] = hexChar(hexDigit(c, form.coding), spec.HexASCII)
	}
	return string(wire)
}

// announced lists the fields that the first bitmaps announce.
func (d *description) announced(p place) string {
	if p.key != "1" {
		return ""
	}
	words := d.message.present
	if !d.message.touched { // Unpack may have read fewer fields than the bitmaps announce
		d.message.codec.bitmap.read(d.message.frontBitmaps(), 0, &words)
	}
	list := []byte("fields")
	for number := range fieldBits(&words) {
		list = strconv.AppendInt(append(list, ' '), int64(number), 10)
	}
	return string(list)
}

// value adds the row of a value and those of its parts. at is the offset of the value's first byte, -1 if it has none
// in the message.
func (d *description) value(r row, at int, v Value) {
	r.name = v.Name()
	if !v.HasParts() {
		d.scratch = d.form.appendLeaf(d.scratch[:0], v)
		r.value = string(d.scratch)
		d.meant(r, v)
		return
	}
	d.meant(r, v)
	var words [][]string
	if d.form.Words != nil {
		words = d.form.Words.PartMeanings(r.number, v)
	}
	for e, part := range v.entries() {
		sub := row{offset: -1, number: r.number + "." + part.Key()}
		if e.record > 0 {
			sub.number += "[" + strconv.Itoa(e.record) + "]"
		}
		start := -1
		if at >= 0 && !v.node.decodes() {
			start = at + v.head + int(e.span.start)
			sub.offset, sub.size = at+v.head+e.start, int(e.span.end)-e.start
		}
		if len(words) > 0 {
			sub.words, words = words[0], words[1:]
		}
		d.value(sub, start, part)
	}
}

// meant adds the row of a value with its meaning: the words given for it, or else the package's own.
func (d *description) meant(r row, v Value) {
	if len(r.words) == 0 {
		r.meaning = meaning(d.message, v)
		d.rows = append(d.rows, r)
		return
	}
	r.meaning = onOneLine(r.words[0])
	d.rows = append(d.rows, r)
	for _, line := range r.words[1:] {
		d.rows = append(d.rows, row{offset: -1, meaning: onOneLine(line)})
	}
}

// The widest that a column is made for the sake of the ones behind it.
const (
	widestName  = 44
	widestValue = 40
)

func (d *description) append(dst []byte) []byte {
	number, name, value := len("field"), len("name"), len("value")
	for i := range d.rows {
		r := &d.rows[i]
		number = max(number, len(r.number))
		name = max(name, min(widestName, width(r.name)))
		value = max(value, min(widestValue, width(r.value)))
	}
	dst = append(dst, "offset  size  "...)
	dst = appendCell(dst, "field", number)
	dst = appendCell(dst, "name", name)
	dst = appendCell(dst, "value", value)
	dst = append(dst, "meaning\n"...)
	for i := range d.rows {
		r := &d.rows[i]
		if r.offset < 0 {
			dst = appendBlanks(dst, 14)
		} else {
			dst = appendNumber(dst, r.offset, 6)
			dst = append(appendNumber(dst, r.size, 6), "  "...)
		}
		dst = appendCell(dst, r.number, number)
		dst = appendCell(dst, r.name, name)
		dst = appendCell(dst, r.value, value)
		dst = append(dst, r.meaning...)
		dst = append(bytes.TrimRight(dst, " "), '\n')
	}
	return dst
}

// appendCell appends text and the blanks that fill its column, two of them behind it.
func appendCell(dst []byte, text string, columns int) []byte {
	return appendBlanks(append(dst, text...), max(columns-width(text), 0)+2)
}

// appendNumber appends a number that ends a column.
func appendNumber(dst []byte, number, columns int) []byte {
	var digits [20]byte
	text := strconv.AppendInt(digits[:0], int64(number), 10)
	return append(appendBlanks(dst, columns-len(text)), text...)
}

func appendBlanks(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, ' ')
	}
	return dst
}

// width is the number of columns text takes on a terminal, where Chinese, Japanese and Korean characters take two.
func width(text string) int {
	if allPrintable(bytesOf(text)) {
		return len(text)
	}
	n := utf8.RuneCountInString(text)
	for _, r := range text {
		if r >= 0x1100 && (r <= 0x115F || r >= 0x2E80 && r <= 0xA4CF || r >= 0xAC00 && r <= 0xD7A3 || r >= 0xF900 && r <= 0xFAFF || r >= 0xFE30 && r <= 0xFE6F || r >= 0xFF00 && r <= 0xFF60) {
			n++
		}
	}
	return n
}
