package message

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// printers are the ways to print a message into the caller's memory.
var printers = map[string]func(dst []byte, m *Message) []byte{
	"AppendMasked":      func(dst []byte, m *Message) []byte { return m.AppendMasked(dst) },
	"AppendMessage":     func(dst []byte, m *Message) []byte { return TextForm{}.AppendMessage(dst, m) },
	"in the clear":      func(dst []byte, m *Message) []byte { return TextForm{CardDataInClear: true}.AppendMessage(dst, m) },
	"AppendDescription": func(dst []byte, m *Message) []byte { return TextForm{}.AppendDescription(dst, m) },
}

// Whatever a message holds, its description takes two allocations, of a copy of the message and of the text, and printing
// into memory of the caller none.
func TestPrintingAllocations(t *testing.T) {
	if underRace {
		t.Skip("counted without the race detector")
	}
	buf := make([]byte, 0, 1<<15)
	for _, f := range append(unionPayFrames(t), isoFrames(t)...) {
		m := unpacked(t, f)
		edited := unpacked(t, f)
		require.NoError(t, edited.Set(11, "123456"))
		for state, m := range map[string]*Message{"unpacked": m, "edited": edited} {
			require.LessOrEqual(t, testing.AllocsPerRun(5, func() { m.Describe(io.Discard) }), 2.0, "%s, %s", f.name, state)
			for name, print := range printers {
				require.Zero(t, testing.AllocsPerRun(5, func() { buf = print(buf[:0], m) }), "%s of %s, %s", name, f.name, state)
			}
		}
	}
}

// The caller's memory gets the same text whether it has to grow or not, and nothing in the clear stays behind it.
func TestPrintingIntoMemoryOfTheCaller(t *testing.T) {
	for _, f := range append(unionPayFrames(t), isoFrames(t)...) {
		m := unpacked(t, f)
		requireCleanPrints(t, f.name, m, m.Field(2).Text())
	}
}

// The parts of a packed value are found in what it decodes to, which takes the caller's memory for a while.
func TestPrintingOfPartsOfPackedValues(t *testing.T) {
	m := MustCompile(spec.MustNew(spec.Config{Name: "packed header", Header: []spec.Field{
		{Number: 1, Name: "card", Format: "n 20", Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{
			{Number: 1, Format: "n 16", Mask: spec.MaskPAN}, {Number: 2, Format: "n 4"}}}, Encoding: spec.BCD},
	}, Fields: []spec.Field{{Number: 11, Format: "n 6"}}})).New()
	require.NoError(t, m.SetHeader([]byte{0x47, 0x61, 0x73, 0x90, 0x01, 0x01, 0x01, 0x19, 0x12, 0x34}))
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.Set(11, "000001"))
	require.Equal(t, "header.1={1:476173******0119 2:1234} 0200 11=000001", m.String())
	requireCleanPrints(t, "packed header", m, "4761739001010119")
	if !underRace {
		buf := make([]byte, 0, 1<<12)
		for name, print := range printers {
			require.Zero(t, testing.AllocsPerRun(20, func() { buf = print(buf[:0], m) }), name)
		}
	}
}

// requireCleanPrints requires that no printer leaves a card number in memory of the caller but where it is to be in the clear.
func requireCleanPrints(t *testing.T, what string, m *Message, pan string) {
	t.Helper()
	for name, print := range printers {
		want := "before " + string(print(nil, m))
		room := append(make([]byte, 0, 1<<15), "before "...)
		got := print(room, m)
		require.Equal(t, want, string(got), "%s of %s", name, what)
		requireGone(t, got, pan, name)
		for _, spare := range []int{0, 10, 40} {
			tight := append(make([]byte, 0, len("before ")+spare), "before "...)
			require.Equal(t, want, string(print(tight, m)), "%s of %s with %d bytes", name, what, spare)
			requireGone(t, tight, pan, name)
		}
	}
}

func requireGone(t *testing.T, memory []byte, pan, printer string) {
	t.Helper()
	if len(pan) >= 13 && printer != "in the clear" && bytes.Contains(memory[:cap(memory)], []byte(pan)) {
		t.Errorf("%s left a card number behind", printer)
	}
}

// Text that no character set maps is hidden, and its hexadecimal form does not stay behind what is printed.
func TestHiddenTextLeavesNothingBehind(t *testing.T) {
	m := specOf(spec.Field{Number: 48, Format: "ans..99", Charset: spec.CharsetGBK}).New()
	require.NoError(t, m.SetBytes(48, bytes.Repeat([]byte{0xD6, 0xD0}, 20)))
	got := m.Field(48).AppendMasked(make([]byte, 0, 256))
	require.Equal(t, "<40 characters>", string(got))
	require.Empty(t, bytes.Trim(got[len(got):cap(got)], "\x00"))
}

// Text is put into UTF-8 and made printable where it stands, behind what is there.
func TestTextIsConvertedWhereItStands(t *testing.T) {
	require.Equal(t, "x aéÿbÄ", string(fromLatin1([]byte("x a\xe9\xffb\xc4"), 2)))
	require.Equal(t, "\xe9é", string(fromLatin1(append(make([]byte, 0, 9), "\xe9\xe9"...), 1)))
	for text, want := range map[string]string{
		"plain":              "plain",
		"中\n文\x1b[31m":       "中?文?[31m",
		"a\u202eb\u200bc\t中": "a?b?c?中",
		"\xffa\xe4\xb8":      "?a??",
		"\ufffd":             "\ufffd",
	} {
		room := append(make([]byte, 0, 64), "\x01"+text...)
		got := onOneLine(room, 1)
		require.Equal(t, "\x01"+want, string(got))
		require.Empty(t, bytes.Trim(got[len(got):cap(got)], "\x00"), "nothing of %q is left behind it", text)
	}
}
