package wire_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/payshield/internal/wire"
)

func TestFieldsComeBack(t *testing.T) {
	for _, ebcdic := range []bool{false, true} {
		w := wire.NewWriter([]byte("head"), ebcdic)
		w.Text("Az 9", "%&#*;")
		w.Hex([]byte{0x0F, 0xA9})
		w.Decimal(7, 3)
		w.HexNumber(0xBEEF, 4)
		w.Raw([]byte{0, 0xFF})
		w.Text("until;")
		w.Control(wire.Trailer)
		require.True(t, w.Valid())
		require.Equal(t, "head", string(w.Bytes()[:4]))
		if ebcdic {
			require.Equal(t, []byte{0xC1, 0xA9, 0x40, 0xF9}, w.Bytes()[4:8])
		}

		r := wire.NewReader(w.Bytes()[4:], ebcdic)
		require.Equal(t, byte('A'), r.Next())
		require.Equal(t, "Az 9%&#*;", r.Text(9))
		require.Equal(t, []byte{0x0F, 0xA9}, r.HexBytes(2))
		require.Equal(t, 7, r.Decimal(3))
		require.Equal(t, 0xBEEF, r.HexNumber(4))
		require.Equal(t, []byte{0, 0xFF}, r.Raw(2))
		require.False(t, r.Take('x'))
		require.Equal(t, "until", r.Until(';', 5))
		require.Equal(t, byte(wire.Trailer), r.NextRaw())
		require.Len(t, r.Raw(1), 1)
		require.True(t, r.Valid())
		require.Zero(t, r.Left())
		require.Zero(t, r.Next())
		require.Zero(t, r.NextRaw())
		require.False(t, r.Take(0))
	}
}

func TestFaultsStay(t *testing.T) {
	for name, read := range map[string]func(*wire.Reader){
		"too much":            func(r *wire.Reader) { r.Raw(9) },
		"less than nothing":   func(r *wire.Reader) { r.Raw(-1) },
		"letters":             func(r *wire.Reader) { r.Digits(1) },
		"lower case":          func(r *wire.Reader) { r.Text(1); r.Hex(2) },
		"lower case bytes":    func(r *wire.Reader) { r.Text(1); r.HexBytes(1) },
		"bytes of too much":   func(r *wire.Reader) { r.HexBytes(5) },
		"bytes far away":      func(r *wire.Reader) { r.HexBytes(math.MaxInt) },
		"bytes of less":       func(r *wire.Reader) { r.HexBytes(-1) },
		"control":             func(r *wire.Reader) { r.Text(8) },
		"mark too far":        func(r *wire.Reader) { r.Until(';', 3) },
		"no mark":             func(r *wire.Reader) { r.Until('!', 99) },
		"control before mark": func(r *wire.Reader) { r.Until('Z', 99) },
		"number":              func(r *wire.Reader) { r.Decimal(2) },
	} {
		r := wire.NewReader([]byte("Aa1F;\x00\x7fZ"), false)
		read(r)
		require.False(t, r.Valid(), name)
		require.Zero(t, r.Left(), name)
		require.Empty(t, r.Text(0), name)
		require.Nil(t, r.Raw(0), name)
		require.False(t, r.Valid(), name)
	}
	r := wire.NewReader([]byte("Aa1F;\x00\x7fZ"), true)
	r.Text(1)
	require.False(t, r.Valid(), "ASCII is not EBCDIC")
}

func TestWhatCannotBeWritten(t *testing.T) {
	for name, write := range map[string]func(*wire.Writer){
		"control":       func(w *wire.Writer) { w.Text("\x1f") },
		"delete":        func(w *wire.Writer) { w.Text("\x7f") },
		"number":        func(w *wire.Writer) { w.Decimal(100, 2) },
		"below zero":    func(w *wire.Writer) { w.Decimal(-1, 2) },
		"hexadecimally": func(w *wire.Writer) { w.HexNumber(256, 2) },
	} {
		w := wire.NewWriter(nil, false)
		write(w)
		require.False(t, w.Valid(), name)
	}
	w := wire.NewWriter(nil, true)
	w.Text("[")
	require.False(t, w.Valid(), "not in every code page")
	w = wire.NewWriter(nil, false)
	w.Decimal(99, 2)
	w.HexNumber(255, 2)
	require.True(t, w.Valid())
	require.Equal(t, "99FF", string(w.Bytes()))
}

func TestCodes(t *testing.T) {
	requests := "NC NO B2 A0 A6 A8 BU KA HC FA GC FE CA CC G0 CI CK DC EC DG CU DA EA DE CW CY M6 M8 KQ FW BK MA"
	for code := range strings.FieldsSeq(requests) {
		require.True(t, wire.IsRequest(code), code)
		require.False(t, wire.IsReply(code), code)
		require.True(t, wire.IsReply(wire.ReplyTo(code)), code)
		require.False(t, wire.IsRequest(wire.ReplyTo(code)), code)
	}
	require.Equal(t, "CB", wire.ReplyTo("CA"))
	require.Equal(t, "A1", wire.ReplyTo("A0"))
	require.True(t, wire.IsReply(wire.Unknown))
	for _, code := range []string{"", "C", "CAA", "ca", "C ", "\x00A", "A\xff"} {
		require.False(t, wire.IsRequest(code) || wire.IsReply(code), code)
	}
}

// Every form of a key is read whole, and no part of it.
func TestKeys(t *testing.T) {
	hex := func(n int) string { return strings.Repeat("9", n) }
	for _, text := range []string{
		hex(16), hex(32), "Z" + hex(16), "U" + hex(32), "X" + hex(32), "T" + hex(48), "Y" + hex(48), "K001", "UK999", "TK000",
		"S00072P0TB00N00FF" + hex(56), "RB0016P0TB00E0000",
	} {
		require.True(t, wire.IsKey(text), text)
		require.False(t, wire.IsKey(text+"0"), text)
		require.False(t, wire.IsKey(text[:len(text)-1]), text)
		require.False(t, wire.IsKey(" "+text), text)
	}
	for _, text := range []string{"", "Q" + hex(32), "U" + hex(31) + "G", "U" + strings.Repeat("a", 32), "K0A1", "S0", "S00015P0TB00N00F", "S0001x" + hex(20),
		"S00016P0TB00N00\x00F", "S09999"} {
		require.False(t, wire.IsKey(text), text)
	}
	r := wire.NewReader([]byte(hex(33)), false)
	require.Len(t, r.Key(true), 32)
	require.Equal(t, 1, r.Left())
	r = wire.NewReader([]byte(hex(33)), false)
	require.Len(t, r.Key(false), 16)
}

func TestNibble(t *testing.T) {
	for i, c := range []byte("0123456789ABCDEF") {
		require.Equal(t, byte(i), wire.Nibble(c))
	}
	for i, c := range []byte("abcdef") {
		require.Equal(t, byte(10+i), wire.Nibble(c))
	}
}

// The places of characters in the code pages, by their rows.
func TestEBCDIC(t *testing.T) {
	want := map[byte]byte{' ': 0x40, '%': 0x6C, '&': 0x50, '#': 0x7B, '*': 0x5C, ';': 0x5E, ':': 0x7A, ',': 0x6B, '.': 0x4B, '/': 0x61, '-': 0x60,
		'_': 0x6D, '+': 0x4E, '(': 0x4D, ')': 0x5D, '<': 0x4C, '>': 0x6E, '=': 0x7E, '?': 0x6F, '\'': 0x7D, '"': 0x7F, '@': 0x7C}
	for _, row := range []struct {
		first, last, at byte
	}{{'0', '9', 0xF0}, {'A', 'I', 0xC1}, {'J', 'R', 0xD1}, {'S', 'Z', 0xE2}, {'a', 'i', 0x81}, {'j', 'r', 0x91}, {'s', 'z', 0xA2}} {
		for c := row.first; c <= row.last; c++ {
			want[c] = row.at + c - row.first
		}
	}
	for c := range 256 {
		w := wire.NewWriter(nil, true)
		w.Text(string([]byte{byte(c)}))
		at, known := want[byte(c)]
		require.Equal(t, known, w.Valid(), "%q", c)
		if known {
			require.Equal(t, []byte{at}, w.Bytes(), "%q", c)
			require.Equal(t, string([]byte{byte(c)}), wire.NewReader([]byte{at}, true).Text(1))
		}
	}
}

func TestDigits(t *testing.T) {
	for c := range 256 {
		text := string([]byte{byte(c)})
		for legal, read := range map[string]func(*wire.Reader){
			"0123456789":       func(r *wire.Reader) { r.Digits(1) },
			"0123456789ABCDEF": func(r *wire.Reader) { r.Hex(1) },
		} {
			r := wire.NewReader([]byte(text), false)
			read(r)
			require.Equal(t, strings.Contains(legal, text), r.Valid(), "%q", c)
		}
	}
}
