package dump

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// charset is how the characters of an input are written, where that is not plain UTF-8.
type charset struct {
	mark  int // bytes of the mark at its start
	order binary.ByteOrder
}

// charsetOf tells text that Windows has written from bytes: by the mark at its start, or by characters of ASCII in two
// bytes each. What is behind a mark must be text.
func charsetOf(head []byte) (c charset, ok bool) {
	switch {
	case bytes.HasPrefix(head, []byte("\xEF\xBB\xBF")):
		c = charset{mark: 3}
	case bytes.HasPrefix(head, []byte("\xFF\xFE")):
		c = charset{2, binary.LittleEndian}
	case bytes.HasPrefix(head, []byte("\xFE\xFF")):
		c = charset{2, binary.BigEndian}
	case len(head) >= 2 && head[0] != 0 && head[1] == 0:
		c = charset{0, binary.LittleEndian}
	case len(head) >= 2 && head[0] == 0 && head[1] != 0:
		c = charset{0, binary.BigEndian}
	default:
		return charset{}, false
	}
	text := c.text(head)
	ascii := 0
	for _, b := range text {
		if b < utf8.RuneSelf {
			ascii++
		}
	}
	units := (len(head) - c.mark) / 2
	if c.order == nil {
		units = len(text)
	}
	return c, ascii > 0 && readable(text) && (ascii == units || c.mark > 0 && 2*ascii >= units)
}

// text is the start of an input as UTF-8.
func (c charset) text(head []byte) []byte {
	head = head[c.mark:]
	if c.order == nil {
		return head
	}
	var text []byte
	for ; len(head) >= 2; head = head[2:] {
		text = utf8.AppendRune(text, rune(c.order.Uint16(head)))
	}
	return text
}

// reader reads an input as UTF-8.
func (c charset) reader(src *bufio.Reader) *bufio.Reader {
	src.Discard(c.mark) // which is there
	if c.order == nil {
		return src
	}
	return bufio.NewReaderSize(&wideReader{src: src, order: c.order}, headSize)
}

// cutOff stands for a character of which half is there: it is no digit and nothing between them, and has no more bytes.
const cutOff = '?'

// wideReader reads UTF-16.
type wideReader struct {
	src   *bufio.Reader
	order binary.ByteOrder
	rest  []byte
	text  [4]byte
}

// Read implements io.Reader.
func (r *wideReader) Read(b []byte) (n int, err error) {
	for n < len(b) {
		if len(r.rest) > 0 {
			copied := copy(b[n:], r.rest)
			n, r.rest = n+copied, r.rest[copied:]
			continue
		}
		if n > 0 && r.src.Buffered() < 2 {
			return n, nil
		}
		var unit [2]byte
		_, err := io.ReadFull(r.src, unit[:])
		c := rune(r.order.Uint16(unit[:]))
		switch {
		case err == io.ErrUnexpectedEOF:
			c = cutOff // the end comes next
		case err != nil:
			return n, err
		case utf16.IsSurrogate(c):
			c = utf8.RuneError // digits are none
		}
		r.rest = utf8.AppendRune(r.text[:0], c)
	}
	return n, nil
}
