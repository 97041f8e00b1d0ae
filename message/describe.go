package message

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
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
	d := description{form: f, message: m}
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
}

type row struct {
	offset, size, number, name, value, meaning string

	words []string // what TextForm.Words says
}

func (d *description) place(p place) {
	r := row{offset: strconv.Itoa(p.at), size: strconv.Itoa(p.size), number: p.key}
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
		r.value = string(d.form.appendLeaf(nil, v))
		d.meant(r, v)
		return
	}
	d.meant(r, v)
	var words [][]string
	if d.form.Words != nil {
		words = d.form.Words.PartMeanings(r.number, v)
	}
	for e, part := range v.entries() {
		sub := row{number: r.number + "." + part.Key()}
		if e.record > 0 {
			sub.number += "[" + strconv.Itoa(e.record) + "]"
		}
		start := -1
		if at >= 0 && !v.node.decodes() {
			start = at + v.head + int(e.span.start)
			sub.offset = strconv.Itoa(at + v.head + e.start)
			sub.size = strconv.Itoa(int(e.span.end) - e.start)
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
		d.rows = append(d.rows, row{meaning: onOneLine(line)})
	}
}

// The widest that a column is made for the sake of the ones behind it.
const (
	widestName  = 44
	widestValue = 40
)

func (d *description) append(dst []byte) []byte {
	head := row{offset: "offset", size: "size", number: "field", name: "name", value: "value", meaning: "meaning"}
	number, name, value := 0, 0, 0
	rows := append([]row{head}, d.rows...)
	for _, r := range rows {
		number = max(number, len(r.number))
		name = max(name, min(widestName, width(r.name)))
		value = max(value, min(widestValue, width(r.value)))
	}
	for _, r := range rows {
		line := fmt.Appendf(nil, "%6s %5s  ", r.offset, r.size)
		line = appendCell(line, r.number, number)
		line = appendCell(line, r.name, name)
		line = appendCell(line, r.value, value)
		line = append(line, r.meaning...)
		dst = append(append(dst, bytes.TrimRight(line, " ")...), '\n')
	}
	return dst
}

func appendCell(dst []byte, text string, columns int) []byte {
	dst = append(dst, text...)
	return append(dst, strings.Repeat(" ", max(0, columns-width(text))+2)...)
}

// width is the number of columns text takes on a terminal, where Chinese, Japanese and Korean characters take two.
func width(text string) int {
	n := utf8.RuneCountInString(text)
	for _, r := range text {
		if r >= 0x1100 && (r <= 0x115F || r >= 0x2E80 && r <= 0xA4CF || r >= 0xAC00 && r <= 0xD7A3 || r >= 0xF900 && r <= 0xFAFF || r >= 0xFE30 && r <= 0xFE6F || r >= 0xFF00 && r <= 0xFF60) {
			n++
		}
	}
	return n
}
