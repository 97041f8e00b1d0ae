//go:build amd64 || arm64

package moovspec_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/padding"
	"github.com/moov-io/iso8583/prefix"
)

// value returns a value that moov writes and reads back, as it stands in moov's field.
func (g generator) value(e *element) []byte {
	s := e.moov.Spec()
	switch e.moov.(type) {
	case *field.Track1:
		return []byte("B" + g.digits(8+g.IntN(4)) + "^A/B^2812" + g.digits(3) + g.digits(1+g.IntN(5)))
	case *field.Track2:
		return []byte(g.digits(8+g.IntN(8)) + pick(g, "=", "D") + "2812" + g.digits(3) + g.digits(1+g.IntN(5)))
	case *field.Track3:
		return []byte(g.digits(2+8+g.IntN(8)) + "=" + g.digits(1+g.IntN(5)))
	}
	longest, shortest := s.Length, 1 // BerTLV writes no length for nothing
	if longest == 0 {
		longest = 150
	}
	if s.Pref != prefix.BerTLV && !e.rest {
		shortest = 0
	}
	size := shortest + g.IntN(longest-shortest+1)
	if fixed := strings.HasSuffix(s.Pref.Inspect(), ".Fixed") && !e.rest; fixed && (s.Pad == nil || s.Pad == padding.None) {
		size = longest
	}
	if _, ok := e.moov.(*field.Numeric); ok {
		return []byte(pick(g, "1", "7", "9") + g.digits(min(max(1, size), 18)-1))
	}
	return g.content(s, e.hex, size)
}

func (g generator) content(s *field.Spec, hex bool, size int) []byte {
	switch {
	case hex:
		return []byte(fmt.Sprintf("%X", g.octets(size, 256)))
	case s.Enc == encoding.BCD || s.Enc == encoding.LBCD:
		return []byte(g.digits(size))
	case s.Enc == encoding.ASCII:
		return g.octets(size, 128)
	case s.Enc == encoding.EBCDIC1047: // the rest of the page has other lengths, and another line feed
		b := g.octets(size, 0x7F-0x20)
		for i := range b {
			b[i] += 0x20
		}
		return b
	default:
		return g.octets(size, 256)
	}
}

func (g generator) octets(size, below int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(g.IntN(below))
	}
	return b
}

func (g generator) digits(size int) string {
	b := g.octets(size, 10)
	for i := range b {
		b[i] += '0'
	}
	return string(b)
}

// unpadded is what moov makes of a value that is read.
func unpadded(e *element, value []byte) string {
	s := e.moov.Spec()
	if e.hex {
		value = fmt.Appendf(nil, "%X", value)
	}
	if s.Enc == encoding.EBCDIC1047 {
		value = asUTF8(value)
	}
	if s.Pad != nil {
		value = s.Pad.Unpad(bytes.Clone(value))
	}
	if _, ok := e.moov.(*field.Numeric); ok {
		n, err := strconv.ParseInt(string(value), 10, 64)
		if len(value) > 0 && err != nil {
			return "no number"
		}
		return strconv.FormatInt(n, 10)
	}
	return string(value)
}

// asUTF8 is what moov makes of characters of page 1047: UTF-8, with the line feed at 25 as IBM's older tables have it.
func asUTF8(value []byte) []byte {
	var out []rune
	for _, c := range value {
		switch c {
		case '\n':
			c = 0x85
		case 0x85:
			c = '\n'
		}
		out = append(out, rune(c))
	}
	return []byte(string(out))
}
