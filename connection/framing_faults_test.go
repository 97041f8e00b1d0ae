package connection

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFaultsInFull: what a FramingError says besides its kind, and that nothing beyond the header is shown.
func TestFaultsInFull(t *testing.T) {
	const a = "AAAA"
	for _, c := range []struct {
		framing Framing
		wire    string
		want    FramingError
	}{
		{named(t, "gicc"), "\x00\x01\x00\x04" + a, FramingError{Kind: ErrFramePrefix, Length: -1, Head: []byte{0, 1, 0, 4}}},
		{named(t, "hex4"), "00g4" + a, FramingError{Kind: ErrLengthDigits, Length: -1, Head: []byte("00g4")}},
		{named(t, "binary2"), "\x70\x00" + a, FramingError{Kind: ErrFrameTooLong, Length: 0x7000, Limit: 9999, Head: []byte{0x70, 0}}},
		{named(t, "nac"), "\x00\x03" + a, FramingError{Kind: ErrFrameTooShort, Length: 3, Limit: 5, Head: []byte{0, 3}}},
		{named(t, "cs"), "\x00\x04\x00\x01" + a, FramingError{Kind: ErrFrameReserved, Length: 4, Head: []byte{0, 4, 0, 1}}},
		{named(t, "base24-tcp"), "\x00\x05" + a + "\x04Z", FramingError{Kind: ErrFrameTrailer, Length: 5, Head: []byte{0, 5}}},
		{named(t, "base24-tcp"), "\x00\x01\x04ZZ", FramingError{Kind: ErrFrameTrailer, Length: 1, Head: []byte{0, 1}}},
		{named(t, "cups"), "0047\x2F" + strings.Repeat("A", 45) + "B", FramingError{}},
		{MustNewFraming(Descriptor{Width: 2, Zero: ZeroError}), "\x00\x00" + a, FramingError{Kind: ErrFrameEmpty, Length: 0, Head: []byte{0, 0}}},

		{named(t, "rbp"), "\xD1", FramingError{Kind: ErrFramePrefix, Length: -1, Head: []byte{0xD1}}},
		{named(t, "rbp"), "\xD0\x4B\x00\x01", FramingError{Kind: ErrFramePrefix, Length: -1, Head: []byte{0xD0, 0x4B}}},
		{named(t, "rbp"), "GET /", FramingError{Kind: ErrFramePrefix, Length: -1, Head: []byte("GE"), Guess: "the peer speaks HTTP"}},
		{named(t, "rbp"), "\xD0\x4A\x00\x04\x02\x00" + a, FramingError{Kind: ErrFrameReserved, Length: 4, Head: []byte{0xD0, 0x4A, 0, 4, 2, 0}}},
		{RBPFraming{Max: 4}, "\xD0\x4A\x00\x05\x00\x00", FramingError{Kind: ErrFrameTooLong, Length: 5, Limit: 4, Head: []byte{0xD0, 0x4A, 0, 5, 0, 0}}},
		{RBPFraming{Max: 4}, "\xD0\x4A\x00\x03\x01\x00AAA\xD0\x4A\x00\x02\x00\x00", FramingError{Kind: ErrFrameTooLong, Length: 5, Limit: 4, Head: []byte{0xD0, 0x4A, 0, 3, 1, 0}}},

		{named(t, "stx"), "A" + a, FramingError{Kind: ErrFramePrefix, Length: -1, Head: []byte("A")}},
		{named(t, "stx"), "GET /", FramingError{Kind: ErrFramePrefix, Length: -1, Head: []byte("G"), Guess: "the peer speaks HTTP"}},
		{named(t, "stx-ack"), "\x15\x02", FramingError{Kind: ErrFrameRefused, Length: -1}},
		{named(t, "stx-bcd2"), "\x02\x0A\x00" + a, FramingError{Kind: ErrLengthDigits, Length: -1, Head: []byte{2, 0x0A, 0}}},
		{STXFraming{Counted: true, Max: 4}, "\x02\x00\x05" + a, FramingError{Kind: ErrFrameTooLong, Length: 5, Limit: 4, Head: []byte{2, 0, 5}}},
		{named(t, "stx-bcd2"), "\x02\x00\x03AAAA\x00", FramingError{Kind: ErrFrameTrailer, Length: 3, Head: []byte{2, 0, 3}}},
		{named(t, "stx-bcd2"), "\x02\x00\x03AAA\x03\x00", FramingError{Kind: ErrFrameChecksum, Length: 3, Head: []byte{2, 0, 3}}},
		{named(t, "stx"), "\x02AAA\x03\x00", FramingError{Kind: ErrFrameChecksum, Length: 3, Head: []byte{2}}},
		{STXFraming{Max: 4}, "\x02AAAAA\x03", FramingError{Kind: ErrFrameTooLong, Length: -1, Limit: 4, Head: []byte{2}}},
		{STXFraming{Max: 4}, "\x02AAAAA", FramingError{Kind: ErrFrameTooLong, Length: -1, Limit: 4, Head: []byte{2}}},
		{STXFraming{Max: 4}, "\x02AAAA\x03\x03", FramingError{}},
		{STXFraming{Max: 4}, "\x02AAAA", FramingError{}},

		{TerminatedFraming{}, "A", FramingError{Kind: ErrFrameContent, Length: -1}},
		{TerminatedFraming{End: []byte("!!"), Max: 4}, "AAAAA!!", FramingError{Kind: ErrFrameTooLong, Length: -1, Limit: 4}},
		{TerminatedFraming{End: []byte("!!"), Max: 4}, "AAAAA!", FramingError{Kind: ErrFrameTooLong, Length: -1, Limit: 4}},
		{TerminatedFraming{End: []byte("!!"), Max: 4}, "AAAA!", FramingError{}},
		{TerminatedFraming{End: []byte("!!"), Max: 4}, "AAAA!!", FramingError{}},
		{TerminatedFraming{End: []byte("!!"), Max: 4, Keep: true}, "AA!!", FramingError{}},
		{TerminatedFraming{End: []byte("!!"), Max: 4, Keep: true}, "AA!", FramingError{}},
		{TerminatedFraming{End: []byte("!!"), Max: 4, Keep: true}, "AAAA", FramingError{Kind: ErrFrameTooLong, Length: -1, Limit: 4}},
		{TerminatedFraming{End: []byte("!!"), Max: 4, Keep: true}, "AAA!!", FramingError{Kind: ErrFrameTooLong, Length: -1, Limit: 4}},

		{DelimitedFraming{Length: func([]byte) (int, error) { return 0, errors.New("x") }}, "GET /", FramingError{Kind: ErrFrameContent, Length: -1, Guess: "the peer speaks HTTP"}},
		{DelimitedFraming{Length: func([]byte) (int, error) { return 5, nil }, Max: 4}, "A", FramingError{Kind: ErrFrameTooLong, Length: 5, Limit: 4}},
		{DelimitedFraming{Length: func([]byte) (int, error) { return -7, nil }, Max: 4}, "A", FramingError{Kind: ErrFrameTooLong, Length: -1, Limit: 4}},
		{DelimitedFraming{Length: func([]byte) (int, error) { return 4, nil }, Max: 4}, "AAAA", FramingError{}},
		{WholeReadFraming{Max: 4}, "AAAAA", FramingError{Kind: ErrFrameTooLong, Length: 5, Limit: 4}},
		{WholeReadFraming{Max: 4}, "AAAA", FramingError{}},
		{WholeReadFraming{}, "", FramingError{}},
	} {
		_, err := c.framing.Next([]byte(c.wire))
		if c.want.Kind == nil {
			require.NoError(t, err, "%T %q", c.framing, c.wire)
			continue
		}
		require.Equal(t, &c.want, err, "%T %q", c.framing, c.wire)
	}
}

func named(t *testing.T, name string) Framing {
	f, err := FramingByName(name)
	require.NoError(t, err)
	return f
}

// TestEveryCut: a frame is asked for until its last byte is there, and then found without what follows.
func TestEveryCut(t *testing.T) {
	for _, p := range Presets() {
		if p.Name == "whole-read" {
			continue
		}
		content := append([]byte{46, 1}, strings.Repeat("5", 60)...)
		if p.Name == "vap" {
			content[0] = 22
		}
		wire, err := p.Framing.AppendFrame(nil, content[:46], content[46:])
		require.NoError(t, err, p.Name)
		follows := append(wire, wire...)
		for n := range follows {
			cut, err := p.Framing.Next(follows[:n:n])
			require.NoError(t, err, "%s after %d bytes", p.Name, n)
			if n < len(wire) {
				require.Equal(t, Cut{}, cut, "%s after %d bytes", p.Name, n)
				continue
			}
			require.Equal(t, len(wire), cut.Size, "%s after %d bytes", p.Name, n)
			require.Contains(t, string(cut.Frame), string(content), p.Name)
		}
	}
}

// TestWhatPresetsAnswer: good frames get an ACK, and empty ones an echo, where the protocol has it so, and nothing elsewhere.
func TestWhatPresetsAnswer(t *testing.T) {
	acks := map[string]bool{"stx-ack": true, "stx-bcd2-ack": true}
	echoes := map[string]bool{"gicc": true, "cmf": true, "vap": true, "base24-tcp": true}
	for _, p := range Presets() {
		content := append([]byte{22, 1}, strings.Repeat("5", 60)...)
		if p.Name == "cups" {
			content[0] = 46
		}
		wire, err := p.Framing.AppendFrame(nil, nil, content)
		require.NoError(t, err, p.Name)
		cut, err := p.Framing.Next(wire)
		require.NoError(t, err, p.Name)
		require.Equal(t, acks[p.Name], string(cut.Reply) == "\x06", p.Name)
		require.Equal(t, acks[p.Name], len(cut.Reply) > 0, p.Name)
		f, ok := p.Framing.(*LengthFraming)
		if !ok || f.d.Adjust < 0 {
			continue // it has no empty frames
		}
		empty, err := f.AppendFrame(nil, nil, nil)
		require.NoError(t, err, p.Name)
		cut, err = f.Next(empty)
		require.NoError(t, err, p.Name)
		require.Nil(t, cut.Frame, p.Name)
		require.Equal(t, len(empty), cut.Size, p.Name)
		if echoes[p.Name] {
			require.Equal(t, empty, cut.Reply, p.Name)
		} else {
			require.Empty(t, cut.Reply, p.Name)
		}
	}
}

// TestSendingRefuses in full, and leaves dst as it was.
func TestSendingRefuses(t *testing.T) {
	long := func(size int64) *FramingError { return &FramingError{Kind: ErrFrameTooLong, Length: size, Limit: 4} }
	content := func(size int64) *FramingError { return &FramingError{Kind: ErrFrameContent, Length: size} }
	end := []byte("!!")
	for _, c := range []struct {
		framing      Framing
		header, body string
		want         *FramingError
	}{
		{MustNewFraming(Descriptor{Width: 2, Max: 4}), "AAA", "AA", long(5)},
		{MustNewFraming(Descriptor{Width: 2, Min: 3, Max: 4}), "A", "A", &FramingError{Kind: ErrFrameTooShort, Length: 2, Limit: 3}},
		{STXFraming{Max: 4}, "AAA", "AA", long(5)},
		{STXFraming{Max: 4}, "A\x03A", "A", content(4)},
		{STXFraming{Max: 4}, "A", "\x03AA", content(4)},
		{STXFraming{Max: 4, Counted: true}, "A", "\x03AA", nil},
		{RBPFraming{Max: 4}, "AAA", "AA", long(5)},
		{RBPFraming{Max: 1}, "", "AA", &FramingError{Kind: ErrFrameTooLong, Length: 2, Limit: 1}},
		{RBPFraming{Max: 1 << 20}, "", strings.Repeat("A", 1<<16), &FramingError{Kind: ErrFrameTooLong, Length: 1 << 16, Limit: 0xFFFF}},
		{TerminatedFraming{End: end, Max: 4}, "AAA", "AA", long(5)},
		{TerminatedFraming{End: end, Max: 4}, "A!", "!A", content(4)},
		{TerminatedFraming{End: end, Max: 4}, "AA", "!!", content(4)},
		{TerminatedFraming{End: end, Max: 4, Keep: true}, "!!", "!!", content(4)},
		{TerminatedFraming{Max: 4}, "", "A", content(1)},
		{DelimitedFraming{Max: 4}, "AAA", "AA", long(5)},
		{WholeReadFraming{Max: 4}, "AAA", "AA", long(5)},
	} {
		got, err := c.framing.AppendFrame([]byte("kept"), []byte(c.header), []byte(c.body))
		if c.want == nil {
			require.NoError(t, err)
			continue
		}
		require.Equal(t, c.want, err, "%T %q %q", c.framing, c.header, c.body)
		require.Equal(t, "kept", string(got))
	}
	for wire, f := range map[string]TerminatedFraming{
		"AAAA!!": {End: end, Max: 4}, // the terminator is not counted
		"AA!!":   {End: end, Max: 4, Keep: true},
	} {
		got, err := f.AppendFrame(nil, []byte("AA"), []byte(wire[2:4]))
		require.NoError(t, err)
		require.Equal(t, wire, string(got))
	}
	got, err := TerminatedFraming{End: end, Keep: true}.AppendFrame(nil, nil, []byte("AA"))
	require.NoError(t, err)
	require.Equal(t, "AA!!", string(got), "it is added where it is missing")
}

// TestRBPLimits: as many fragments and bytes as are allowed, and one more.
func TestRBPLimits(t *testing.T) {
	fragment := func(text string, more byte) string {
		return "\xD0\x4A\x00" + string(rune(len(text))) + string(rune(more)) + "\x00" + text
	}
	wire := strings.Repeat(fragment("A", 1), rbpMaxFragments-1) + fragment("B", 0)
	cut, err := RBPFraming{Max: rbpMaxFragments}.Next([]byte(wire))
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("A", rbpMaxFragments-1)+"B", string(cut.Frame))
	require.Equal(t, len(wire), cut.Size)
	_, err = RBPFraming{}.Next([]byte(fragment("A", 1) + wire))
	require.ErrorIs(t, err, ErrFrameTooLong)
	require.Equal(t, 64, rbpMaxFragments)

	cut, err = RBPFraming{Max: 1}.Next([]byte(fragment("A", 0)))
	require.NoError(t, err)
	require.Equal(t, "A", string(cut.Frame))
	_, err = RBPFraming{Max: 1}.Next([]byte(fragment("AA", 0)))
	require.ErrorIs(t, err, ErrFrameTooLong)
	cut, err = RBPFraming{}.Next([]byte(fragment("", 0) + "\xD0"))
	require.NoError(t, err)
	require.Equal(t, Cut{Size: 6}, cut, "nothing to deliver")
	cut, err = RBPFraming{}.Next([]byte(fragment("", 1) + fragment("A", 0)))
	require.NoError(t, err)
	require.Equal(t, "A", string(cut.Frame))
	cut, err = RBPFraming{}.Next([]byte(fragment("AB", 0) + "CD"))
	require.NoError(t, err)
	require.Equal(t, 2, cap(cut.Frame), "whoever appends to the frame must not overwrite the next")
	require.Equal(t, 9999, RBPFraming{}.max())
}

// TestLengthsThatFit: the largest number that each encoding writes, and one more.
func TestLengthsThatFit(t *testing.T) {
	for _, c := range []struct {
		encoding LengthEncoding
		width    int
		largest  int64
	}{
		{BigEndian, 1, 255}, {BigEndian, 2, 65535}, {BigEndian, 3, 1<<24 - 1}, {BigEndian, 4, 1<<32 - 1},
		{LittleEndian, 1, 255}, {LittleEndian, 4, 1<<32 - 1}, {BCD, 1, 99}, {BCD, 4, 99_999_999},
		{ASCII, 1, 9}, {ASCII, 8, 99_999_999}, {ASCIIHex, 1, 15}, {ASCIIHex, 8, 1<<32 - 1}, {EBCDIC, 2, 99}, {EBCDIC, 8, 99_999_999},
	} {
		largest, ok := largest(c.encoding, c.width)
		require.True(t, ok)
		require.Equal(t, c.largest, largest, "%v %d", c.encoding, c.width)
		field := appendLength([]byte("x"), c.encoding, c.width, uint64(largest))
		require.Len(t, field, 1+c.width)
		back, ok := parseLength(field[1:], c.encoding)
		require.True(t, ok)
		require.Equal(t, uint64(largest), back, "%v %d", c.encoding, c.width)
		half := appendLength(nil, c.encoding, c.width, uint64(largest/2))
		back, ok = parseLength(half, c.encoding)
		require.True(t, ok)
		require.Equal(t, uint64(largest/2), back, "%v %d", c.encoding, c.width)
	}
	for encoding, width := range map[LengthEncoding]int{BigEndian: 5, LittleEndian: 5, BCD: 5, ASCII: 9, ASCIIHex: 9, EBCDIC: 9, 6: 1} {
		_, ok := largest(encoding, width)
		require.False(t, ok)
		_, ok = largest(encoding, 0)
		require.False(t, ok)
	}
	require.Equal(t, []string{"big-endian", "little-endian", "BCD", "ASCII", "ASCII hex", "EBCDIC", "LengthEncoding(6)"},
		[]string{BigEndian.String(), LittleEndian.String(), BCD.String(), ASCII.String(), ASCIIHex.String(), EBCDIC.String(), LengthEncoding(6).String()})
}

// TestDigits: every byte in every place of a length is either its digit or refused.
func TestDigits(t *testing.T) {
	for b := range 256 {
		c := byte(b)
		for encoding, digits := range map[LengthEncoding]string{
			ASCII: "0123456789", EBCDIC: "\xF0\xF1\xF2\xF3\xF4\xF5\xF6\xF7\xF8\xF9",
		} {
			v, ok := parseLength([]byte{digits[1], c}, encoding)
			i := strings.IndexByte(digits, c)
			require.Equal(t, i >= 0, ok, "%v %02X", encoding, c)
			if ok {
				require.Equal(t, uint64(10+i), v)
			}
		}
		v, ok := parseLength([]byte{'1', c}, ASCIIHex)
		i := strings.IndexByte("0123456789abcdef0123456789ABCDEF", c)
		if strings.IndexByte("ABCDEF", c) >= 0 {
			i = 10 + int(c-'A')
		}
		require.Equal(t, i >= 0, ok, "hex %02X", c)
		if ok {
			require.Equal(t, uint64(16+i), v)
		}
		v, ok = parseLength([]byte{0x01, c}, BCD)
		require.Equal(t, c>>4 <= 9 && c&15 <= 9, ok, "BCD %02X", c)
		if ok {
			require.Equal(t, uint64(100)+uint64(c>>4)*10+uint64(c&15), v)
		}
	}
}
