package dump

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// readAll is what a text holds in one form, and why it ended.
func readAll(text string, form Form) (string, error) {
	streams, _, err := read(NewReader(strings.NewReader(text), form))
	all := ""
	for _, bytes := range streams {
		all += bytes
	}
	return all, err
}

// Every escape of C is its byte; a backslash at the end of a line goes on with the next one.
func TestEscapes(t *testing.T) {
	got, err := readAll(`"\x41\n\r\t\\\'\"\a\b\f\v\0\1\12\377\1018"`+"\n", Escaped)
	require.NoError(t, err)
	require.Equal(t, "A\n\r\t\\'\"\a\b\f\v\x00\x01\n\xFFA8", got)
	got, err = readAll("\"\\x41\\\nB\"", Escaped)
	require.NoError(t, err)
	require.Equal(t, "AB", got)
	got, err = readAll("'\\x41' and '\\x42'", Escaped)
	require.NoError(t, err)
	require.Equal(t, "AB", got, "what stands between strings is none of them")
	for text, column := range map[string]int{`"\x41\400"`: 6, `"\x41\777"`: 6, `"\x41\x4"`: 6, `"\x41\8"`: 6, `\x41\x4`: 5} {
		_, err = readAll(text, Escaped)
		var fault *Error
		require.ErrorAs(t, err, &fault, text)
		require.Equal(t, column, fault.Column, text)
	}
	for text, want := range map[string]bool{`\x4`: false, `\x4g0`: false, `a\x41b`: true, `\101`: true, `\18`: false, `\10`: false, `C:\path\x41`: true, `\\`: false, "": false, `\q\003`: true, `\383`: false} {
		require.Equal(t, want, isEscaped(text), text)
	}
}

// Elements are numbers of a byte in every usual way, and nothing else.
func TestElements(t *testing.T) {
	for _, c := range []struct{ list, want, rest string }{
		{"1, 2,3;4\t5\n6", "\x01\x02\x03\x04\x05\x06", ""},
		{"0x1 0X1f 0XFF -1 -128 127 255", "\x01\x1f\xff\xff\x80\x7f\xff", ""},
		{"'0', 'A', '~'", "0A~", ""},
		{`'\n'`, "", `'\n'`},
		{"'ab'", "", "'ab'"},
		{"1, 256", "\x01", "256"},
		{"1, -129", "\x01", "-129"},
		{"1, 0x100", "\x01", "0x100"},
		{"1, 0x", "\x01", "0x"},
		{"1, 0x001", "\x01", "0x001"},
		{"1, 007", "\x01", "007"},
		{"1, 0", "\x01\x00", ""},
		{"1, 2z", "\x01", "z"},
		{"1, 2Z", "\x01", "Z"},
		{"1, 2_", "\x01\x02", "_"},
		{"1 ...", "\x01", "..."},
		{"(byte)1, (byte) 2, (unsigned char)3, (uint8_t)  4", "\x01\x02\x03\x04", ""},
		{"(byte", "", "(byte"},
		{"()1", "", "()1"},
		{"(a+b)1", "", "(a+b)1"},
		{"(a much longer conversion)1", "", "(a much longer conversion)1"},
		{"Buffer 30 ff 00", "\x30\xff\x00", ""},
		{"Buffer 30 f", "\x30", "f"},
		{"30, 0a, ff", "\x30\x0a\xff", ""},
		{"30 31 00", "\x30\x31\x00", ""},
		{"30 31", "\x1e\x1f", ""},
		{"30 311 0a", "\x1e", "311 0a"},
		{"30\t0a\r\n00", "\x30\x0a\x00", ""},
		{"90 91", "\x5a\x5b", ""},
		{"a1 11", "\xa1\x11", ""},
		{"1 '0", "\x01", "'0"},
		{"(byte)  ", "", "(byte)  "},
		{"1, 2g", "\x01", "g"},
		{"1, 2a", "\x01", "2a"},
	} {
		in := newElements([]byte(c.list))
		var got []byte
		for in.next() {
			got = append(got, in.value)
		}
		require.Equal(t, c.want, string(got), c.list)
		require.Equal(t, c.rest, strings.TrimLeft(string(in.text[in.at:]), " "), c.list)
	}
}

// Lists are found among the other brackets of a program; those of a size or a call are none.
func TestLists(t *testing.T) {
	eight := "1,2,3,4,5,6,7,8"
	for text, want := range map[string][]string{
		"byte[12] b = {" + eight + "};":      {eight},
		"{" + eight + "} [" + eight + ",9]":  {eight, eight + ",9"},
		"f(" + eight + ")":                   {eight},
		"<" + eight + ">":                    {eight},
		"{1,2,3} [1,2]":                      {"1,2,3"},
		"[" + eight:                          {eight},
		"[]byte{0x1}":                        {"0x1"},
		"{" + eight + "]":                    nil,
		"no list":                            nil,
		"{(byte)1,(byte)2}":                  {"(byte)1,(byte)2"},
		"{x, y}":                             {"x, y"},
		"[]":                                 nil,
		"{" + eight + "} // [" + eight + "]": {eight},
		"{" + eight + " /* , 9 */} /* [" + eight + "]": {eight + "          "},
	} {
		code := uncommented([]byte(text))
		var got []string
		for _, one := range lists(code) {
			got = append(got, string(code[one.from:one.to]))
		}
		require.Equal(t, want, got, text)
	}
	require.True(t, isArray([]byte("{"+eight+"}")))
	require.True(t, isArray([]byte("{0x1}")))
	require.True(t, isArray([]byte("<Buffer 30>")))
	require.False(t, isArray([]byte("{1,2,3,4,5,6,7}")))
	for text, want := range map[string]bool{"1 2": true, "10 20": false, "100 200": true, "-10 20": true, "0x1, 0x2": true, "0x10, 0x20": false, "1": false, "1 x": false, "1, 0x1f // y": true, "00 1f 1": false} {
		require.Equal(t, want, isBareList([]byte(text)), text)
	}
	got, err := readAll("{"+eight+"}\n{9, 8, 7, 6, 5, 4, 3, 2}", Array)
	require.NoError(t, err)
	require.Equal(t, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x08\x07\x06\x05\x04\x03\x02", got)
	_, starts, err := read(NewReader(strings.NewReader("{"+eight+"}\n{9, 8, 7, 6, 5, 4, 3, 2}"), Array))
	require.NoError(t, err)
	require.Equal(t, 2, starts, "each list begins something")
}

// UTF-16 is told by its mark, or by ASCII alone; what is behind a mark and no text are bytes.
func TestCharsets(t *testing.T) {
	for _, c := range []struct {
		head string
		mark int
		ok   bool
	}{
		{"\xEF\xBB\xBF0", 3, true},
		{"\xEF\xBB\xBF", 0, false},
		{"\xEF\xBB\xBF\x00", 0, false},
		{"\xFF\xFE0\x00", 2, true},
		{"\xFE\xFF\x000", 2, true},
		{"\xFF\xFE\x00\x00", 0, false},
		{"\xFF\xFE0\x00\x2D\x4E", 2, true},
		{"\xFF\xFE0\x00\x2D\x4E\x2D\x4E", 0, false},
		{"0\x00", 0, true},
		{"\x000", 0, true},
		{"0\x001\x00\x2D\x4E", 0, false},
		{"0\x00\x80\x00", 0, false},
		{"0", 0, false},
		{"\x00\x00", 0, false},
		{"\x02\x00\x70\x00", 0, false},
		{"01", 0, false},
	} {
		got, ok := charsetOf([]byte(c.head))
		require.Equal(t, c.ok, ok, "%q", c.head)
		if ok {
			require.Equal(t, c.mark, got.mark, "%q", c.head)
		}
	}
	got, err := readAll("\xFF\xFE0\x008\x00\x00\xD8", Hex)
	require.Empty(t, got)
	require.ErrorContains(t, err, "line 1, column 3: not a hexadecimal digit", "half of a pair is no digit")
	_, err = readAll("\xFF\xFE0\x008", Hex)
	require.ErrorContains(t, err, "line 1, column 2: not a hexadecimal digit", "nor is half a character")
}

// A message in characters begins with its type and bitmap, behind a header of digits or ISO at most.
func TestBeginsMessage(t *testing.T) {
	bitmap := "F0C0000000C0000A"
	for text, want := range map[string]bool{
		"0800" + bitmap: true, "2875" + bitmap: true, "0100" + bitmap: true, "1214" + bitmap: true,
		"3800" + bitmap: false, "0000" + bitmap: false, "0900" + bitmap: false, "0880" + bitmap: false, "0806" + bitmap: false,
		"/800" + bitmap: false, "0/00" + bitmap: false, "08/0" + bitmap: false, "080/" + bitmap: false,
		"0800" + bitmap[:15] + "x": false, "0800" + bitmap[:3]: true, "0800": false, "08": false, "": false,
		"ISO0250000700800" + bitmap: true, "00900800" + bitmap: true, "60000300000800" + bitmap: true,
		"99999999999999" + "0800" + bitmap: true, "999999999999999" + "0800" + bitmap: false,
		":0800" + bitmap: false, "x0800" + bitmap: false, "9x0800" + bitmap: false,
	} {
		require.Equal(t, want, beginsMessage(text), text)
	}
}

// The steps between the offsets of a listing are alike, but for the last.
func TestIsListed(t *testing.T) {
	for text, want := range map[string]bool{
		"0000 x\n0010 x\n0020 x\n": true, "0000 x\n0010 x\n0018 x\n": true, "0000 x\n0010 x\n": true, "0000 x\n0100 x\n": true, "0000\r\n0010\r\n": true,
		"0000 x\n0001 x\n0002 x\n": true, "0000 x\n0010 x\n0010 x\n": false, "0000 x\n0010 x\n0021 x\n": false, "0001 x\n0010 x\n": false, "0000 x\n": false, "": false,
		"0000 x\n0000 x\n": false, "0000 x\n9999 x\n": false, "0000 x\ny\n0010 x\n": false, "0000 x\n00000020 x\n00000040 x\n00000100 x": true,
	} {
		require.Equal(t, want, isListed(text), "%q", text)
	}
}

// Where the runs of a log begin and end.
func TestRuns(t *testing.T) {
	digits := "08002020000000c00000"
	pairs := "08 00 20 20 00 00 00 c0 00 00"
	colons := strings.ReplaceAll(pairs, " ", ":")
	for line, want := range map[string][]string{
		digits: {digits}, digits[:19]: nil, "a" + digits + "z": nil, "0x" + digits: {digits}, "recv:" + digits: {digits}, "recv: " + digits: {digits}, "recv:\"" + digits + "\"": {digits},
		"x=" + digits + ";": {digits}, "[" + digits + "]": {digits}, "(" + digits + ")": {digits}, "{" + digits + "}": {digits}, "<" + digits + ">": {digits}, "`" + digits + "`": {digits}, "|" + digits + "|": {digits}, "'" + digits + "',": {digits}, "x\t" + digits: {digits},
		pairs: {pairs}, pairs[:26]: nil, "12:00:01 " + pairs: {pairs}, pairs + " x": {pairs}, pairs + "  xx": {pairs}, pairs + " 0": {pairs}, pairs + " 0800": {pairs}, "01 x " + pairs: {pairs},
		colons: {colons}, "<" + colons + ">": {colons}, colons + ":": {colons}, strings.Replace(colons, ":", "-", 1): nil, strings.ReplaceAll(pairs, " ", "-"): {strings.ReplaceAll(pairs, " ", "-")},
		"550e8400-e29b-41d4-a716-446655440000": nil, digits + " " + digits: {digits, digits}, "recv:" + digits + ":": {digits},
	} {
		var got []string
		for _, run := range runsOf([]byte(line), 0) {
			got = append(got, line[run.from:run.to])
		}
		require.Equal(t, want, got, line)
	}
	require.Len(t, runsOf([]byte("x 08"), 3), 1, "where those before began a few are enough")
	require.Empty(t, runsOf([]byte("x 08"), 2))
	for before, want := range map[string]bool{"12:00 0000: ": true, "12:00 0010 ": true, "0000: ": true, "x 000: ": false, "x 0000g ": false, "x ": false, "": false} {
		require.Equal(t, want, behindOffset([]byte(before)), before)
	}
}

// Both alphabets, with fill characters and without; the fault has its column.
func TestBase64(t *testing.T) {
	for text, want := range map[string]string{"CAA=": "\x08\x00", "CAA": "\x08\x00", "CA==": "\x08", "CA": "\x08", "+/8=": "\xFB\xFF", "-_8": "\xFB\xFF", "  CAAg \n CAA= ": "\x08\x00\x20\x08\x00", "CAAg": "\x08\x00\x20"} {
		got, err := readAll(text, Base64)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for text, column := range map[string]int{"CA!g": 3, "  CA!g": 5, "CAAg\nC": 1, "CA===": 3} {
		_, err := readAll(text, Base64)
		var fault *Error
		require.ErrorAs(t, err, &fault, text)
		require.Equal(t, column, fault.Column, text)
		require.Equal(t, noBase64, fault.Says)
	}
	require.True(t, isBase64("CAAgIAAAAAAAAA=="))
	require.False(t, isBase64("CAAgIAAAAAAA"), "too short for a message")
	require.False(t, isBase64("080020200000000000001234"), "a message in digits")
}

// A line may be long, and is bounded.
func TestLongLine(t *testing.T) {
	got, err := readAll(strings.Repeat("30", headSize)+"\n31", Hex)
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("0", headSize)+"1", got)
	r := NewReader(io.MultiReader(strings.NewReader("30\n"), &endless{}), Hex)
	_, err = r.Next()
	require.NoError(t, err)
	_, err = r.Next()
	require.EqualError(t, err, "line 2: longer than 67108864 bytes")
	_, err = NewReader(&endless{}, Array).Next()
	require.EqualError(t, err, "an input of this form may have 67108864 bytes")
}

// endless is digits without end.
type endless struct{}

func (*endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = '0'
	}
	return len(b), nil
}

// Where the first row is repeated, the offsets are octal as od writes them, or hexadecimal as others do.
func TestRepeatedFirst(t *testing.T) {
	for text, want := range map[string]int{
		"0000000   48   48\n*\n0000020\n": 16, "0000000 30 30\n*\n0000020\n": 16, "0000000 060 060\n*\n0000020\n": 16, "0000000 030060\n*\n0000020\n": 16, "0000000" + strings.Repeat("   0", 16) + "\n*\n0000040\n": 32,
		"0000000 3030\n*\n0000020\n": 32, "00000000  30 30  |00|\n*\n00000020\n": 32, "0000000    3030    3030\n*\n0000020\n": 32, "0000000 30 30\n*\n0000090\n": 144,
		"00000000  30\n*\n00100000\n": maxRepeat,
	} {
		got, err := readAll(text, Auto)
		require.NoError(t, err, text)
		require.Equal(t, strings.Repeat("0", want), got, text)
	}
}

// A listing that ends with a fault of reading says so.
func TestListingBreaks(t *testing.T) {
	broken := errors.New("broken")
	for _, text := range []string{"", "0000   41 42\n", "0000   41 42\n0002   43\n", listed(packet4)} {
		r := NewReader(io.MultiReader(strings.NewReader(text), &failing{broken}), Listing)
		var err error
		for err == nil {
			_, err = r.Next()
		}
		require.ErrorIs(t, err, broken, text)
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

// How rows of each notation are read, and which rows are none.
func TestNotations(t *testing.T) {
	for _, c := range []struct {
		n    notation
		row  string
		want string
		ok   bool
	}{
		{turned, "00000000: 33303230 3130", "\x30\x32\x30\x33", true},
		{turned, "00000000: 33303230     3130  0203 01", "\x30\x32\x30\x33\x30\x31", true},
		{turned, "00000000: 3330 3230  0302", "\x30\x33\x30\x32", true},
		{turned, "00000000: 3330 32zz", "\x30\x33", true},
		{turned, "00000000: zz", "", false},
		{turned, "00000000  3330 3230", "", false},
		{bits, "00000000: 00110000 00110001 11111111  01.", "01\xFF", true},
		{bits, "00000000: 00110000 0011000 ", "0", true},
		{bits, "00000000: 00110000 00110002", "0", true},
		{bits, "00000000: 001100001", "", false},
		{bits, "00000000: 2", "", false},
		{bits, "00000000  00110000", "", false},
		{spaced, "0000000    3130    3332", "0123", true},
		{spaced, "0000000    3130    3332        ", "0123", true},
		{spaced, "0000000  030460  031462", "0123", true},
		{spaced, "0000000 3130 3332", "", false},
		{spaced, "0000000    3130  031462", "", false},
		{spaced, "0000000    313z", "", false},
		{spaced, "0000000  938060", "", false},
		{decimals, "0000000  48  49 255   0", "01\xFF\x00", true},
		{decimals, "0000000   48   49 -128  127", "01\x80\x7F", true},
		{decimals, "0000000  48  49 256", "", false},
		{decimals, "0000000 -129", "", false},
		{decimals, "0000000   48   49 -129", "", false},
		{decimals, "0000000  48  09", "", false},
		{decimals, "0000000  48 49", "", false},
		{decimals, "00000  48  49", "", false},
		{decimals, "0000000 48 49", "", false},
		{decimals, "0000000  48  4x", "", false},
		{decimals2, "0000000 12592 13106", "0123", true},
		{decimals2, "0000000  12592     -1", "01\xFF\xFF", true},
		{decimals2, "0000000   12592   00051", "013\x00", true},
		{decimals2, "0000000 65536", "", false},
		{decimals2, "0000000  -32769", "", false},
		{decimals4, "0000000  858927408", "0123", true},
		{decimals4, "0000000  4294967295", "\xFF\xFF\xFF\xFF", true},
		{decimals4, "0000000 4294967295", "\xFF\xFF\xFF\xFF", true},
		{decimals4, "0000000 4294967296", "", false},
		{characters, "0000000   0  \\0  \\n      \\\\   \" 377", "0\x00\n \\\"\xFF         ", true},
		{characters, `0000000   0  \0  \n  \\   " 377   1   2   3   4   5   6   7   8   9   a`, "0\x00\n\\\"\xFF123456789a", true},
		{characters, "0000000  nul", "", false},
		{characters, "0000000 360 361", "\xF0\xF1" + strings.Repeat(" ", 14), true},
		{characters, "0000000   0 400", "", false},
		{usual, "00000000: 30313", "", false},
		{usual, "00000000: 30  31", "0", true},
		{usual, "00000000: " + strings.Repeat("30", 32), strings.Repeat("0", 32), true},
		{usual, "00000000: " + strings.Repeat("30", 33), "", false},
		{usual, "0000000 3130303030303030", "00000001", true},
		{usual, "0000000 400", "", false},
		{usual, "0000000 377 001", "\xFF\x01", true},
		{usual, "0000000 30 31-32", "01", true},
		{characters, "0000000 400", "", false},
		{characters, "0000000 x001", "", false},
		{characters, `0000000  \q`, "", false},
		{characters, "0000000   0   1  2", "", false},
		{characters, "0000000 12 4", "", false},
	} {
		r, ok := c.n.parse(c.row)
		require.Equal(t, c.ok, ok, "%d %q", c.n, c.row)
		if ok {
			require.Equal(t, strings.ReplaceAll(c.want, `\\`, `\`), string(r.bytes), "%d %q", c.n, c.row)
		}
	}
	for n := usual; n <= characters; n++ {
		r, ok := n.parse("0000010")
		require.True(t, ok, "the offset at the end")
		require.Empty(t, r.bytes)
		_, ok = n.parse("no row")
		require.False(t, ok)
	}
}

// A notation is found by the offsets, by the characters behind the rows, or both.
func TestNotationOf(t *testing.T) {
	bitsRow := "00000000: 00110000 00110001 00110010 00110011 00110100 00110101  012345\n"
	for _, c := range []struct {
		text string
		want notation
	}{
		{"00000000: 33323130  0123\n", turned},
		{"00000000: 33323130  3210\n", usual},
		{"00000000: 30313233  0123\n", usual},
		{"00000000: 33323130\n", usual},
		{"00000000: 33323130  0123\n00000004: zz\n", turned},
		{"00000000: 33323130  0123\n00000004: 37363534  4567\n", turned},
		{"00000000: 33323130  0123\n00000004: 37363534  7654\n", usual},
		{bitsRow, bits},
		{bitsRow + "00000006: 00110110                                               6\n", bits},
		{"00000000: 00110000 00110001\n00000002: 00110000 00110001\n", bits},
		{"00000000: 00110000 00110001\n00000008: 00110000 00110001\n", usual},
		{"0000000    3130    3332\n0000004\n", spaced},
		{"0000000    3130    3332\n0000003\n", spaced},
		{"0000000    3130    3332\n0000002\n", usual},
		{"0000000    3130    3332\n0000005\n", usual},
		{"0000000  48  49\n0000002\n", decimals},
		{"0000000  48  49\n0000003\n", usual},
		{"0000000  48  49\n*\n0000020  50\n0000021\n", decimals},
		{"0000000  48  49\n0000002  50  51\n0000004\n", decimals},
		{"0000000  48  49\n0000002  50  51\n0000005\n", usual},
		{"0000000   48   48\n*\n0000020\n", decimals},
		{"0000000 30 31  >01<\n*\n0000004  30\n0000005\n", usual},
		{"0000000   0   1\n0000002\n", characters},
		{"0000000   0   1\n0000021\n", usual},
		{"0000001   0   1\n0000003\n", usual},
		{"text\n0000000   0   1\n0000002\n", characters},
		{"0000000   0   1\n0000002 nul\n0000003\n", usual},
		{"0000000 nul   1\n0000002\n", usual},
		{"0000000   0   1\nnul\n0000002\n", usual},
		{"0000000  48  49\n0000002\n\n0000000  50\n0000001\n", decimals},
		{"0000000 30 31  >01<\n0000002\n", usual},
		{"0000000 3130  >01<\n0000002\n", usual},
	} {
		require.Equal(t, c.want, notationOf(c.text), "%q", c.text)
	}
	for _, c := range []struct {
		bytes, chars string
		agree, there bool
	}{
		{"01\x00\xFF ", "  01.. ", true, true}, {"01", "|01|", true, true}, {"01", ">01<", true, true}, {"|0|", "|0|", true, true}, {"01", ">01|", false, false}, {"01", "10", false, true},
		{"0\x00", "00", false, true}, {"0~", "0.", false, true}, {"0\x7F", "0.", true, true}, {"0 ", "0.", true, true}, {"01", "0", false, false}, {"", "", false, false}, {"0\x1F", "0.", true, true},
	} {
		agree, there := row{bytes: []byte(c.bytes), chars: c.chars}.agrees()
		require.Equal(t, []bool{c.agree, c.there}, []bool{agree, there}, "%q %q", c.bytes, c.chars)
	}
	long := strings.Repeat("0000000  48  49\n", headSize/16) + "0000000  48"
	require.Len(t, headLines(long), 64)
	require.Len(t, headLines(strings.Repeat("x", headSize-1)+"\nlast"), 1, "what may be half a line is left out")
	require.Equal(t, []string{"a", "b"}, headLines("a\r\nb"))
}

// Two digits in wide columns may be decimal, and one row of a listing may be hexadecimal.
func TestEitherForm(t *testing.T) {
	for text, want := range map[string][]Form{
		"  48  50\n  49  51\n": {Hex, Array}, "   48   50\r\n": {Hex, Array}, "  4A  50\n": {Hex, Text}, " 48 50\n": {Hex, Text}, "  48  50\n49  51\n": {Hex, Text}, "  48  50\n  49 51\n": {Hex, Text},
		"  48  50\n\n  49  51": {Hex, Array}, "0000 4142": {Hex, Text}, "0000 4142\n0002 4344\n": {Listing}, "0000 4142\n0004 4344\n": {Hex, Text},
		"0800 2020\n0810 2020\n0820 2020\n": {Hex, Text},
		"0 8 0 0":                           {Array}, "a b c": {Hex}, "0800 x 2020": {Hex},
	} {
		require.Equal(t, want, detected(t, text), "%q", text)
	}
}

// A segment without data is no part, and a row without its payload is a fault.
func TestNothingCarried(t *testing.T) {
	ack := "45000028" + packet4[8:80]
	streams, starts, err := read(NewReader(strings.NewReader(listed(ack, packet4)), Auto))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"127.0.0.1:8082 to 127.0.0.1:49152": "ABCDE"}, streams)
	require.Equal(t, 1, starts)
	ack6 := packet6[:8] + "0014" + packet6[12:120]
	streams, _, err = read(NewReader(strings.NewReader(listed(ack6, packet6)), Auto))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"[::1]:8082 to [::2]:49152": "ABCDE"}, streams)
	for _, text := range []string{"000   41", "00000000000000000   41", "0000x 41", "0000:x"} {
		_, ok := parseRow(text)
		require.False(t, ok, text)
	}
	for _, text := range []string{"0000   41", "0000000000000000   41", "0x0000:  41", "\t0000\t41", "0000"} {
		_, ok := parseRow(text)
		require.True(t, ok, text)
	}
	got, err := readAll("\"0\"\t\"4142\"\n\"0\"\t\"\"\n", Fields)
	require.NoError(t, err)
	require.Equal(t, "AB", got)
	_, err = readAll("tcp.stream\ttcp.srcport\ttcp.payload\n0\t1\n", Fields)
	require.ErrorContains(t, err, "line 2, column 1: no payload beside a stream")
	_, err = readAll("00000000  30\n*\n0010000f\n", Listing)
	require.ErrorContains(t, err, "an offset that does not follow")
}

// Rows of characters may have none but bytes in octal, if others have some.
func TestCharactersInOctal(t *testing.T) {
	const octal = " 361 366 365 360 361 366 365 360 361 366 365 360 361 366 365 360"
	const chars = " 361   a 365 360 361 366 365 360 361 366 365 360  \\n 366 365 360"
	require.Equal(t, usual, notationOf("0000000"+octal+"\n0000020"+octal+"\n0000040\n"), "all of it may as well be bytes in octal")
	for i := range 3 {
		rows := []string{octal, octal, octal}
		rows[i] = chars
		text := fmt.Sprintf("0000000%s\n0000020%s\n0000040%s\n0000060\n", rows[0], rows[1], rows[2])
		got, err := readAll(text, Auto)
		require.NoError(t, err)
		want := strings.Repeat("\xF1\xF6\xF5\xF0", 12)
		want = want[:16*i+1] + "a" + want[16*i+2:16*i+12] + "\n" + want[16*i+13:]
		require.Equal(t, want, string(got))
	}
}
