package connection

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// body298 is the example of the framing tables: 298 bytes, 0x012A. Its first bytes are a header that describes
// itself for those framings that want one.
func body298(first ...byte) []byte {
	body := bytes.Repeat([]byte{0x41}, 298)
	copy(body, first)
	return body
}

func TestPresetsWriteTheDocumentedBytes(t *testing.T) {
	base1 := append([]byte{22, 1}, make([]byte, 20)...)
	for name, want := range map[string]struct {
		head, tail string
		first      []byte
	}{
		"binary2":           {head: "012A"},
		"binary2-inclusive": {head: "012C"},
		"binary2-le":        {head: "2A01"},
		"binary3":           {head: "00012A"},
		"binary4":           {head: "0000012A"},
		"binary4-inclusive": {head: "0000012E"},
		"binary4-le":        {head: "2A010000"},
		"bcd2":              {head: "0298"},
		"ascii3":            {head: "323938"},
		"ascii4":            {head: "30323938"},
		"ascii4-inclusive":  {head: "30333032"},
		"ascii5":            {head: "3030323938"},
		"ascii6":            {head: "303030323938"},
		"hex4":              {head: "30313261"},
		"ebcdic4":           {head: "F0F2F9F8"},
		"nac":               {head: "012A"},
		"nac-inclusive":     {head: "012C"},
		"ncc":               {head: "0298"},
		"china-pos":         {head: "012A"},
		"cups":              {head: "30323938", first: []byte{46, 0x82}},
		"cs":                {head: "012A0000"},
		"gicc":              {head: "0000012A"},
		"cmf":               {head: "00012A"},
		"vmlh":              {head: "012A0000"},
		"vap":               {head: "012A0000", first: base1},
		"base24-tcp":        {head: "012B", tail: "03"},
		"iso-literal":       {head: "012A"},
		"powercard":         {head: "49534F30323839"},
		"tpkt":              {head: "0300013102F080"},
		"rbp":               {head: "D04A012A0000"},
		"stx":               {head: "02", tail: "0303"}, // an even number of 41 cancels out: the LRC is the ETX
		"stx-ack":           {head: "02", tail: "0303"},
		"stx-bcd2":          {head: "020298", tail: "0399"},
		"stx-bcd2-ack":      {head: "020298", tail: "0399"},
		"base24":            {tail: "03"},
		"xml":               {tail: hex.EncodeToString([]byte("</isomsg>"))},
		"whole-read":        {},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := FramingByName(name)
			require.NoError(t, err)
			body := body298(want.first...)
			wire, err := f.AppendFrame([]byte("kept"), body[:10], body[10:])
			require.NoError(t, err)
			head, _ := hex.DecodeString(want.head)
			tail, _ := hex.DecodeString(want.tail)
			require.Equal(t, "kept"+string(head)+string(body)+string(tail), string(wire))

			cut, err := f.Next(wire[4:])
			require.NoError(t, err)
			require.Equal(t, len(wire)-4, cut.Size)
			if name != "xml" {
				require.Equal(t, body, cut.Frame)
			}
			require.Equal(t, len(cut.Frame), cap(cut.Frame), "a frame must not grow into what follows it")
		})
	}
}

func TestFramingByName(t *testing.T) {
	require.Len(t, FramingNames(), len(Presets()))
	_, err := FramingByName("binary5")
	require.ErrorContains(t, err, "binary2-inclusive")
}

func TestNextRefuses(t *testing.T) {
	for _, c := range []struct {
		framing, wire string
		kind          error
	}{
		{"ascii4", "-001", ErrLengthDigits},
		{"ascii4", "+012", ErrLengthDigits},
		{"ascii4", " 012", ErrLengthDigits},
		{"ebcdic4", "0012", ErrLengthDigits},
		{"hex4", "01g0", ErrLengthDigits},
		{"bcd2", "\x0A\x00", ErrLengthDigits},
		{"bcd2", "\x00\xA0", ErrLengthDigits},
		{"binary4", "\x40\x00\x00\x00", ErrFrameTooLong},
		{"binary4", "\xFF\xFF\xFF\xFF", ErrFrameTooLong},
		{"binary4-inclusive", "\x00\x00\x00\x03", ErrFrameTooShort},
		{"binary2-inclusive", "\x00\x01", ErrFrameTooShort},
		{"binary2", "0008", ErrFrameTooLong},
		{"nac", "\x00\x04", ErrFrameTooShort},
		{"gicc", "\x00\x01", ErrFramePrefix},
		{"tpkt", "\x02", ErrFramePrefix},
		{"cs", "\x00\x01\x00\x01", ErrFrameReserved},
		{"tpkt", "\x03\x00\x00\x08\x02\xF0\x00", ErrFrameReserved},
		{"base24-tcp", "\x00\x02A\x04", ErrFrameTrailer},
		{"cups", "0046\x2D" + strings.Repeat("A", 45), ErrFrameHeader},
		{"cups", "0046\x2F" + strings.Repeat("A", 45), ErrFrameHeader},
		{"vap", "\x00\x16\x00\x00\x16\x80" + strings.Repeat("A", 20), ErrFrameHeader},
		{"rbp", "\xD0\x4B", ErrFramePrefix},
		{"rbp", "\xD0\x4A\x00\x01\x02\x00", ErrFrameReserved},
		{"stx", "A", ErrFramePrefix},
		{"stx", "\x02A\x03\x00", ErrFrameChecksum},
		{"stx", "\x02" + strings.Repeat("A", DefaultMaxFrame+1), ErrFrameTooLong},
		{"stx-ack", "\x15", ErrFrameRefused},
		{"stx-bcd2", "\x02\x00\x0A", ErrLengthDigits},
		{"stx-bcd2", "\x02\x00\x01A\x04\x00", ErrFrameTrailer},
		{"base24", strings.Repeat("A", 4097), ErrFrameTooLong},
		{"whole-read", strings.Repeat("A", DefaultMaxFrame+1), ErrFrameTooLong},
	} {
		f, err := FramingByName(c.framing)
		require.NoError(t, err)
		_, err = f.Next([]byte(c.wire))
		require.ErrorIs(t, err, c.kind, "%s %q", c.framing, c.wire[:min(8, len(c.wire))])
		var fault *FramingError
		require.ErrorAs(t, err, &fault)
		require.LessOrEqual(t, len(fault.Head), maxHead)
	}
}

// TestErrorsShowNoContent feeds a card number behind every header and looks for it in the error.
func TestErrorsShowNoContent(t *testing.T) {
	const pan = "6222020200012345678"
	for _, p := range Presets() {
		for _, header := range []string{"", "\x00\x20", "0032", "\xFF\xFF", "\x02", "ISO0032", "\x03\x00\x00\x20", "\xD0\x4A\x00\x20\x07\x07", "0000"} {
			_, err := p.Framing.Next([]byte(header + "\x00\x00" + pan + strings.Repeat("\x7F", 40)))
			if err != nil {
				require.NotContains(t, err.Error(), pan[2:8], "%s", p.Name)
				require.NotContains(t, err.Error(), strings.ToUpper(hex.EncodeToString([]byte(pan[4:10]))), "%s", p.Name)
			}
		}
	}
}

func TestGuess(t *testing.T) {
	message := strings.Repeat("A", 32)
	for _, c := range []struct{ framing, wire, want string }{
		{"binary2", "0032" + message, "ascii4"},
		{"binary2", "\xF0\xF0\xF3\xF2" + message, "ebcdic4"},
		{"binary2", "\x00\x22" + message, "counts itself"},
		{"binary2-inclusive", "\x00\x20" + message, "plain length"},
		{"ascii4", "\x00\x20" + message, "binary2"},
		{"binary2", "\x20\x00" + message, "binary2-le"},
		{"binary2", "\x16\x03\x01\x02\x00", "TLS"},
		{"binary2", "GET / HTTP/1.1\r\n", "HTTP"},
		{"ascii4", "ISO025000050" + message, "ISO"},
		{"ascii4", "\x60\x00\x03\x00\x00" + message, "TPDU"},
	} {
		f, err := FramingByName(c.framing)
		require.NoError(t, err)
		require.Contains(t, f.(Guesser).Guess([]byte(c.wire)), c.want, "%s %q", c.framing, c.wire[:4])
	}
}

func TestAppendFrameRefuses(t *testing.T) {
	for _, c := range []struct {
		framing string
		size    int
		kind    error
	}{
		{"ascii2", 100, ErrFrameTooLong},
		{"ascii3", 1000, ErrFrameTooLong},
		{"bcd2", 10000, ErrFrameTooLong}, // jPOS wraps to 0000
		{"hex4", 65536, ErrFrameTooLong},
		{"ascii4-inclusive", 9996, ErrFrameTooLong},
		{"vap", 2049, ErrFrameTooLong},
		{"nac", 4, ErrFrameTooShort},
		{"cups", 46, ErrFrameHeader},
	} {
		f, err := FramingByName(c.framing)
		require.NoError(t, err)
		dst := []byte("kept")
		got, err := f.AppendFrame(dst, nil, make([]byte, c.size))
		require.ErrorIs(t, err, c.kind, c.framing)
		require.Equal(t, dst, got)
	}
	_, err := TerminatedFraming{End: []byte{3}}.AppendFrame(nil, []byte("a\x03"), nil)
	require.ErrorIs(t, err, ErrFrameContent)
	_, err = STXFraming{}.AppendFrame(nil, nil, []byte("a\x03"))
	require.ErrorIs(t, err, ErrFrameContent)
}

func TestKeepAlives(t *testing.T) {
	for _, c := range []struct {
		framing, wire, reply string
	}{
		{"binary2", "\x00\x00", ""},
		{"binary2-inclusive", "\x00\x00", ""},
		{"binary2-inclusive", "\x00\x02", ""},
		{"ascii4", "0000", ""},
		{"cmf", "\x00\x00\x00", "\x00\x00\x00"},
		{"base24-tcp", "\x00\x00", "\x00\x00"},
		{"base24-tcp", "\x00\x01\x03", "\x00\x01\x03"},
		{"vap", "\x00\x00\x00\x00", "\x00\x00\x00\x00"},
		{"stx-ack", "\x06", ""},
	} {
		f, err := FramingByName(c.framing)
		require.NoError(t, err)
		cut, err := f.Next([]byte(c.wire + "rest"))
		require.NoError(t, err)
		require.Nil(t, cut.Frame)
		require.Equal(t, len(c.wire), cut.Size, c.framing)
		require.Equal(t, c.reply, string(cut.Reply))
	}
	f := MustNewFraming(Descriptor{Width: 2})
	deliver, err := f.WithZero(ZeroDeliver)
	require.NoError(t, err)
	cut, err := deliver.Next([]byte{0, 0})
	require.NoError(t, err)
	require.NotNil(t, cut.Frame)
	refuse, err := f.WithZero(ZeroError)
	require.NoError(t, err)
	_, err = refuse.Next([]byte{0, 0})
	require.ErrorIs(t, err, ErrFrameEmpty)
	_, err = refuse.AppendFrame(nil, nil, nil)
	require.ErrorIs(t, err, ErrFrameEmpty)
	wire, err := f.AppendFrame(nil, nil, nil)
	require.NoError(t, err)
	require.Equal(t, []byte{0, 0}, wire)
}

func TestSTXAcknowledges(t *testing.T) {
	f := STXFraming{Counted: true, Ack: true}
	wire, err := f.AppendFrame(nil, nil, []byte("a\x03b"))
	require.NoError(t, err)
	cut, err := f.Next(wire)
	require.NoError(t, err)
	require.Equal(t, "a\x03b", string(cut.Frame))
	require.Equal(t, []byte{ack}, cut.Reply)
	wire[len(wire)-1] ^= 1
	cut, err = f.Next(wire)
	require.NoError(t, err)
	require.Nil(t, cut.Frame)
	require.Equal(t, []byte{nak}, cut.Reply)
	require.Equal(t, len(wire), cut.Size)
}

func TestRBPFragments(t *testing.T) {
	wire := []byte("\xD0\x4A\x00\x03\x01\x00abc\xD0\x4A\x00\x02\x00\x00de\xD0")
	for n := range len(wire) - 1 {
		cut, err := RBPFraming{}.Next(wire[:n])
		require.NoError(t, err)
		require.Zero(t, cut.Size)
	}
	cut, err := RBPFraming{}.Next(wire)
	require.NoError(t, err)
	require.Equal(t, "abcde", string(cut.Frame))
	require.Equal(t, len(wire)-1, cut.Size)

	empty := bytes.Repeat([]byte("\xD0\x4A\x00\x00\x01\x00"), rbpMaxFragments+1)
	_, err = RBPFraming{}.Next(empty)
	require.ErrorIs(t, err, ErrFrameTooLong, "fragments without end")
}

func TestSplit(t *testing.T) {
	reject := append([]byte{26, 0x81}, make([]byte, 24)...)
	original := append([]byte{22, 1}, make([]byte, 20)...)
	frame := append(append(reject, original...), "0100"...)
	f, err := FramingByName("vap")
	require.NoError(t, err)
	header, message, err := f.(Splitter).Split(frame)
	require.NoError(t, err)
	require.Len(t, header, 48)
	require.Equal(t, "0100", string(message))
}

func TestNewFramingRefuses(t *testing.T) {
	for _, d := range []Descriptor{
		{},
		{Width: 5},
		{Width: 9, Encoding: ASCII},
		{Width: 2, Encoding: 99},
		{Width: 2, Max: 65536},
		{Width: 2, Adjust: 2, Max: 65534},
		{Width: 2, Min: -1},
		{Width: 2, Min: 11, Max: 10},
		{Width: 2, Zero: 9},
		{Width: 2, Header: HeaderRule{Chained: true}},
		{Width: 4, Max: maxWireFrame + 1},
	} {
		_, err := NewFraming(d)
		require.Error(t, err, "%+v", d)
	}
	require.Panics(t, func() { MustNewFraming(Descriptor{}) })
}

func TestFramingAllocatesNothing(t *testing.T) {
	body, buf := body298(), make([]byte, 0, 512)
	for _, name := range []string{"binary2", "ascii4", "bcd2", "hex4", "nac", "base24-tcp", "rbp", "stx-bcd2", "base24"} {
		f, err := FramingByName(name)
		require.NoError(t, err)
		require.Zero(t, testing.AllocsPerRun(100, func() {
			wire, err := f.AppendFrame(buf, nil, body)
			if err != nil {
				panic(err)
			}
			if cut, err := f.Next(wire); err != nil || cut.Size != len(wire) {
				panic("lost frame")
			}
		}), name)
	}
}

// FuzzNext feeds any bytes to every preset. What Next finds lies inside the buffer and the limits, was not to be found
// in fewer bytes, and comes back when it is sent again.
func FuzzNext(f *testing.F) {
	for i, p := range presets() {
		wire, err := p.Framing.AppendFrame(nil, nil, append([]byte{46, 1}, bytes.Repeat([]byte{'5'}, 60)...))
		if err == nil {
			f.Add(uint8(i), wire)
		}
		f.Add(uint8(i), []byte("\x00\x00\x00\x00"))
		f.Add(uint8(i), []byte("-001"))
		f.Add(uint8(i), []byte("\xD0\x4A\x00\x03\x01\x00abc\xD0\x4A\x00\x02\x00\x00de"))
	}
	f.Fuzz(func(t *testing.T, preset uint8, data []byte) {
		p := presets()[int(preset)%len(presets())]
		cut, err := p.Framing.Next(data)
		if err != nil {
			var fault *FramingError
			require.True(t, errors.As(err, &fault), "%s: %T", p.Name, err)
			require.Zero(t, cut.Size)
			return
		}
		require.LessOrEqual(t, cut.Size, len(data))
		if cut.Size == 0 {
			return
		}
		require.LessOrEqual(t, len(cut.Frame), 1<<16)
		if p.Name != "whole-read" {
			short, err := p.Framing.Next(data[:cut.Size-1])
			require.NoError(t, err, "%s", p.Name)
			require.Zero(t, short.Size, "%s", p.Name)
		}
		if len(cut.Frame) == 0 {
			return
		}
		wire, err := p.Framing.AppendFrame(nil, cut.Frame[:len(cut.Frame)/2], cut.Frame[len(cut.Frame)/2:])
		require.NoError(t, err, "%s", p.Name)
		again, err := p.Framing.Next(wire)
		require.NoError(t, err)
		require.Equal(t, len(wire), again.Size)
		require.Equal(t, string(cut.Frame), string(again.Frame))
	})
}
