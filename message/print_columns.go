package message

import (
	"strconv"
	"unicode/utf8"

	"github.com/posline/posline/message/internal/wire"
)

// table is a table in the making: what stands in its cells, and from where to where.
type table struct {
	rows  []row
	texts []byte // number, value and meaning of every row, one behind the other
}

// row is a line of a table. Offset is -1 where there is none.
type row struct {
	offset, size           int32
	name                   string
	number, value, meaning uint32 // where each ends in the texts
	nameWidth, valueWidth  int32  // in columns of a terminal
}

// last is where the texts of the next row start.
func (t *table) last() uint32 {
	if len(t.rows) == 0 {
		return 0
	}
	return t.rows[len(t.rows)-1].meaning
}

// row adds a row, whose meaning is what the texts end with.
func (t table) row(r row) table {
	r.meaning = uint32(len(t.texts))
	r.nameWidth = int32(width(wire.BytesOf(r.name)))
	r.valueWidth = int32(width(t.texts[r.number:r.value]))
	t.rows = append(t.rows, r)
	return t
}

// The widest that a column is made for the sake of the ones behind it.
const (
	widestName  = 44
	widestValue = 40
)

// places is the width of the columns for offset and size, which stand in front.
const places = len("offset  size  ")

// columns are the widths of the other columns.
type columns struct{ number, name, value int }

// columns returns the widths that the rows need.
func (t *table) columns() columns {
	c := columns{len("field"), len("name"), len("value")}
	from := uint32(0)
	for i := range t.rows {
		r := &t.rows[i]
		c.number = max(c.number, int(r.number-from))
		c.name = max(c.name, min(widestName, int(r.nameWidth)))
		c.value = max(c.value, min(widestValue, int(r.valueWidth)))
		from = r.meaning
	}
	return c
}

// size is how many bytes the table takes at most.
func (t *table) size(c columns) int {
	line := places + c.number + c.name + c.value + len("  ")*3 + len("\n")
	n := (len(t.rows)+1)*line + len("meaning")
	for i := range t.rows {
		r := &t.rows[i]
		value, meaning := int(r.value-r.number), int(r.meaning-r.value)
		n += max(0, len(r.name)-min(int(r.nameWidth), c.name)) + max(0, value-min(int(r.valueWidth), c.value)) + meaning
	}
	return n
}

func (t *table) append(dst []byte, c columns) []byte {
	dst = append(dst, "offset  size  "...)
	dst = appendGap(append(dst, "field"...), c.number-len("field"))
	dst = appendGap(append(dst, "name"...), c.name-len("name"))
	dst = appendGap(append(dst, "value"...), c.value-len("value"))
	dst = append(dst, "meaning\n"...)
	from := uint32(0)
	for i := range t.rows {
		r := &t.rows[i]
		if r.offset < 0 {
			dst = appendBlanks(dst, places)
		} else {
			dst = appendNumber(dst, int(r.offset), 6)
			dst = append(appendNumber(dst, int(r.size), 6), "  "...)
		}
		dst = appendGap(append(dst, t.texts[from:r.number]...), c.number-int(r.number-from))
		dst = appendGap(append(dst, r.name...), c.name-int(r.nameWidth))
		dst = append(dst, t.texts[r.number:r.value]...)
		if r.meaning > r.value {
			dst = append(appendGap(dst, c.value-int(r.valueWidth)), t.texts[r.value:r.meaning]...)
		}
		for dst[len(dst)-1] == ' ' {
			dst = dst[:len(dst)-1]
		}
		dst = append(dst, '\n')
		from = r.meaning
	}
	return dst
}

// appendNumber appends a number that ends a column.
func appendNumber(dst []byte, number, columns int) []byte {
	from := len(dst)
	dst = appendBlanks(dst, columns)
	left := number
	for i := len(dst) - 1; i >= from; i-- {
		dst[i] = '0' + byte(left%10)
		if left /= 10; left == 0 {
			return dst
		}
	}
	return strconv.AppendInt(dst[:from], int64(number), 10) // wider than the column
}

// appendGap appends the blanks that fill a column and the two behind it.
func appendGap(dst []byte, left int) []byte { return appendBlanks(dst, max(left, 0)+2) }

func appendBlanks(dst []byte, n int) []byte {
	const blanks = "                                                                "
	for ; n > len(blanks); n -= len(blanks) {
		dst = append(dst, blanks...)
	}
	return append(dst, blanks[:n]...)
}

// width is the number of columns text takes on a terminal, where Chinese, Japanese and Korean characters take two.
func width(text []byte) int {
	if wire.AllPrintable(text) {
		return len(text)
	}
	n := 0
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		text = text[size:]
		n++
		if r >= 0x1100 && (r <= 0x115F || r >= 0x2E80 && r <= 0xA4CF || r >= 0xAC00 && r <= 0xD7A3 || r >= 0xF900 && r <= 0xFAFF || r >= 0xFE30 && r <= 0xFE6F || r >= 0xFF00 && r <= 0xFF60) {
			n++
		}
	}
	return n
}
