package wire

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message/internal/fault"
)

// someForm is a form of any kind, its members drawn at random and fitting together as package spec makes them.
func someForm(rng *rand.Rand) *Form {
	f := &Form{Path: "x", Notation: "n", Separator: 'D', PadChar: '0', Signs: "CD", Max: 1 + rng.IntN(20)}
	f.Coding = []Coding{ASCII, EBCDIC, BCD, Raw, HexASCII, HexEBCDIC, Zoned}[rng.IntN(7)]
	switch f.Coding {
	case Raw:
		f.Content = Any
	case BCD:
		f.Content = []Class{Digit, Track, Hex}[rng.IntN(3)]
	case Zoned:
		f.Content = Digit
	default:
		f.Content = []Class{Digit, Letter | Digit, Letter | Digit | Special, Track, Any}[rng.IntN(5)]
	}
	if f.Content == Any && f.Coding != Raw && f.Coding != HexASCII && f.Coding != HexEBCDIC {
		f.Content = Digit
	}
	f.Classes = f.Content
	if f.Content&(Letter|Special) != 0 {
		f.Classes |= Blank
	}
	if f.Content == Any {
		f.PadChar = 0
	}
	if f.Coding == EBCDIC {
		f.Page = Page1047
	}
	f.Left, f.AnyFiller, f.Filler = rng.IntN(2) == 0, rng.IntN(2) == 0, byte(rng.IntN(2)*15)
	f.PadSide = []Side{Neither, Left, Right}[rng.IntN(3)]
	if f.Ending = Ending(rng.IntN(3)); f.Coding == Zoned {
		f.Ending = EndFixed
	}
	if f.Ending == EndFixed {
		f.Min = f.Max
	} else {
		f.Min = rng.IntN(f.Max)
	}
	if f.Ending == EndPrefix {
		f.Prefix = NewPrefix([]Coding{ASCII, EBCDIC, BCD, Binary, HexASCII, BER}[rng.IntN(6)], 2, OwnUnit, rng.IntN(4) == 0)
		f.Reserve = rng.IntN(5) == 0 && f.Coding != BCD
	}
	f.Signed = f.Coding != Zoned && f.Coding != Raw && f.Coding != BCD && f.Content == Digit && rng.IntN(3) == 0
	f.Complete()
	return f
}

// someValue is a value that the form takes without padding.
func someValue(rng *rand.Rand, f *Form) []byte {
	n := f.Min + rng.IntN(f.Max-f.Min+1)
	if f.Ending == EndRest && f.Coding == BCD {
		n += n % 2 * (1 - 2*(n/f.Max)) // whole bytes: what ends with its surroundings has no odd digit
	}
	var out []byte
	if f.Signed {
		out = append(out, f.Signs[rng.IntN(2)])
	}
	for len(out) < n+len(f.Signs[:btoi(f.Signed)]) {
		if c := byte(rng.IntN(256)); f.Classes.Has(c) && (f.Coding != BCD || c != '=' && (c < ':' || c > '?') && c < 'a') {
			out = append(out, c)
		}
	}
	return out
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// What a form writes it finds again, to the byte, and reads as it was; every byte that is cut off is missed.
func TestFormsThereAndBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 12))
	for round := range 6_000 {
		f := someForm(rng)
		value := someValue(rng, f)
		what := fmt.Sprintf("round %d: %+v value %q", round, *f, value)
		units := len(value) - btoi(f.Signed)
		if units < f.Min || units > f.Max {
			continue
		}
		coded, err := f.AppendWire([]byte("ahead"), value)
		require.Nil(t, err, what)
		require.Equal(t, "ahead", string(coded[:5]))
		s, err := f.Parse(coded, 5)
		require.Nil(t, err, what)
		require.EqualValues(t, 5, s.Start)
		require.EqualValues(t, len(coded), s.End, what)
		require.EqualValues(t, units, s.Units, what)
		require.Equal(t, units, f.UnitsSet(value), what)
		content := coded[s.Content : int(s.Content)+f.WireSize(units)]
		require.Equal(t, string(value), string(f.AppendValue(nil, content, units)), what)
		require.True(t, f.Valid(content, units), what)
		if plain := f.Plain && f.Takes(value); plain {
			quick := f.Prefix.AppendQuick(nil, units)
			if f.Ending != EndPrefix {
				quick = nil
			}
			if f.Packed {
				quick = f.AppendPackedPlain(quick, value)
			} else {
				quick = append(quick, value...)
			}
			require.Equal(t, coded[5:], quick, what)
		}
		for cut := 5; cut < len(coded); cut++ {
			if short, err := f.Parse(coded[:cut], 5); err == nil {
				require.Less(t, int(short.End), len(coded), what)
				require.Equal(t, EndRest, f.Ending, what)
			} else {
				require.Equal(t, "x", err.Path, what)
				require.GreaterOrEqual(t, err.Offset, 5, what)
			}
		}
	}
}

// Every byte that a form does not take makes a fault that says where, and none that it takes does; what passes reads.
func TestFormsCheckEveryByte(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 12))
	for round := range 1500 {
		f := someForm(rng)
		value := someValue(rng, f)
		units := len(value) - btoi(f.Signed)
		if units < max(1, f.Min) || units > f.Max {
			continue
		}
		coded, err := f.AppendWire(nil, value)
		require.Nil(t, err)
		s, err := f.Parse(coded, 0)
		require.Nil(t, err)
		content := coded[s.Content : int(s.Content)+f.WireSize(units)]
		at := rng.IntN(len(content))
		for c := range 256 {
			content[at] = byte(c)
			good := reference(f, content, units)
			require.Equal(t, good, f.Valid(content, units), "round %d: %+v % X", round, *f, content)
			if !good {
				bad := f.Explain(content, 100, units)
				require.Equal(t, "x", bad.Path)
				require.True(t, firstBad(f, content, units) == bad.Offset-100, "round %d: %+v % X: at %d", round, *f, content, bad.Offset-100)
				_, err := f.Parse(coded, 0)
				require.NotNil(t, err)
				require.Contains(t, []fault.Kind{fault.Digit, fault.Character, fault.Filler}, err.Kind)
			}
		}
	}
}

func reference(f *Form, content []byte, units int) bool { return firstBad(f, content, units) < 0 }

// firstBad is the offset of the first byte that a form does not take, byte by byte and nibble by nibble.
func firstBad(f *Form, content []byte, units int) int {
	at := 0
	if f.Signed {
		if sign := f.Latin1(content[0]); bytes.IndexByte([]byte(f.Signs), sign) < 0 {
			return 0
		}
		at = 1
	}
	for i := at; i < len(content); i++ {
		c := content[i]
		switch f.Coding {
		case Raw:
		case ASCII:
			if !f.Classes.Has(c) {
				return i
			}
		case EBCDIC:
			if !f.Classes.Has(f.Page.ToLatin1[c]) {
				return i
			}
		case Zoned:
			if zone := c >> 4; c&15 > 9 || zone != 0xF && (zone != 0xD || i < len(content)-1) {
				return i
			}
		case BCD:
			for half, nibble := range []byte{c >> 4, c & 15} {
				edge := units%2 == 1 && (f.Left && i == len(content)-1 && half == 1 || !f.Left && i == 0 && half == 0)
				if edge && nibble != f.Filler && !f.AnyFiller || !edge && nibble > 9 && f.Content == Digit {
					return i
				}
			}
		default:
			if f.Content == Any {
				if HexDigit(c, f.Coding) > 15 {
					return i
				}
				continue
			}
			if (i-at)%2 == 0 {
				high, low := HexDigit(c, f.Coding), HexDigit(content[i+1], f.Coding)
				if high > 15 || low > 15 || !f.Classes.Has(high<<4|low) {
					return i
				}
			}
		}
	}
	return -1
}

// Values that do not fit are refused with what is wrong, and nothing is appended.
func TestFormsRefuseValues(t *testing.T) {
	fixed := &Form{Path: "x", Notation: "n", Content: Digit, Classes: Digit, Coding: ASCII, Min: 4, Max: 4, PadSide: Left, PadChar: '0'}
	text := &Form{Path: "x", Notation: "an", Content: Letter | Digit, Classes: Letter | Digit | Blank, Coding: ASCII, Min: 2, Max: 5, Ending: EndPrefix, Prefix: NewPrefix(ASCII, 1, OwnUnit, false)}
	signed := &Form{Path: "x", Notation: "n", Content: Digit, Classes: Digit, Coding: ASCII, Min: 3, Max: 3, Signed: true, Signs: "CD", PadSide: Left, PadChar: '0'}
	marked := &Form{Path: "x", Notation: "ans", Content: Letter | Digit | Special, Classes: Letter | Digit | Special | Blank, Coding: ASCII, Max: 9, Ending: EndMark, Mark: "#"}
	long := &Form{Path: "x", Notation: "n", Content: Digit, Classes: Digit, Coding: ASCII, Max: 200, Ending: EndPrefix, Prefix: NewPrefix(ASCII, 2, OwnUnit, false)}
	for _, f := range []*Form{fixed, text, signed, marked, long} {
		f.Complete()
	}
	for _, c := range []struct {
		form  *Form
		value string
		kind  fault.Kind // 0 for one that is taken
		wire  string
	}{
		{fixed, "1234", 0, "1234"}, {fixed, "7", 0, "0007"}, {fixed, "", 0, "0000"}, {fixed, "12345", fault.TooLong, ""}, {fixed, "12a4", fault.Digit, ""}, {fixed, "-1", fault.Digit, ""},
		{text, "ab", 0, "2ab"}, {text, "abcde", 0, "5abcde"}, {text, "a", fault.TooShort, ""}, {text, "abcdef", fault.TooLong, ""}, {text, "a#", fault.Character, ""},
		{signed, "C123", 0, "C123"}, {signed, "D1", 0, "D001"}, {signed, "123", fault.Character, ""}, {signed, "", fault.Character, ""}, {signed, "C1234", fault.TooLong, ""}, {signed, "Cx", fault.Digit, ""},
		{marked, "abc", 0, "abc#"}, {marked, "", 0, "#"}, {marked, "a#c", fault.Character, ""}, {marked, "abcdefghij", fault.TooLong, ""},
		{long, string(bytes.Repeat([]byte("1"), 99)), 0, "99" + string(bytes.Repeat([]byte("1"), 99))}, {long, string(bytes.Repeat([]byte("1"), 100)), fault.TooLong, ""},
	} {
		out, err := c.form.AppendWire([]byte("x"), []byte(c.value))
		if c.kind == 0 {
			require.Nil(t, err, "%q", c.value)
			require.Equal(t, "x"+c.wire, string(out))
			continue
		}
		require.NotNil(t, err, "%q", c.value)
		require.Equal(t, c.kind, err.Kind, "%q", c.value)
		require.Equal(t, "x", string(out))
		require.Equal(t, -1, err.Offset)
		require.Equal(t, "x", err.Path)
	}
}

// What cannot be parsed tells what is wrong and where.
func TestFormsRefuseBytes(t *testing.T) {
	text := &Form{Path: "x", Content: Digit, Classes: Digit, Coding: ASCII, Min: 2, Max: 5, Ending: EndPrefix, Prefix: NewPrefix(ASCII, 2, OwnUnit, false)}
	marked := &Form{Path: "x", Content: Digit, Classes: Digit, Coding: ASCII, Min: 1, Max: 4, Ending: EndMark, Mark: "##"}
	reserved := &Form{Path: "x", Content: Letter | Digit | Special, Classes: Letter | Digit | Special | Blank, Coding: ASCII, Max: 4, Ending: EndPrefix, Prefix: NewPrefix(ASCII, 1, OwnUnit, false), Reserve: true, PadChar: ' '}
	inBytes := &Form{Path: "x", Content: Digit, Classes: Digit, Coding: BCD, Max: 9, Ending: EndPrefix, Prefix: NewPrefix(Binary, 1, Bytes, false), Filler: 15}
	inNibbles := &Form{Path: "x", Content: Letter, Classes: Letter, Coding: ASCII, Max: 9, Ending: EndPrefix, Prefix: NewPrefix(Binary, 1, Nibbles, false)}
	hexBytes := &Form{Path: "x", Content: Any, Classes: Any, Coding: HexASCII, Max: 9, Ending: EndPrefix, Prefix: NewPrefix(Binary, 1, Bytes, false)}
	signed := &Form{Path: "x", Content: Digit, Classes: Digit, Coding: ASCII, Max: 9, Ending: EndPrefix, Prefix: NewPrefix(ASCII, 1, OwnUnit, false), Signed: true, Signs: "CD"}
	rest := &Form{Path: "x", Content: Digit, Classes: Digit, Coding: ASCII, Min: 2, Max: 4, Ending: EndRest}
	for _, f := range []*Form{text, marked, reserved, inBytes, inNibbles, hexBytes, signed, rest} {
		f.Complete()
	}
	for _, c := range []struct {
		form   *Form
		bytes  string
		kind   fault.Kind // 0 for bytes that parse
		offset int
		units  int
		end    int
	}{
		{text, "0212", 0, 0, 2, 4}, {text, "0512345", 0, 0, 5, 7}, {text, "0112", fault.TooShort, 0, 0, 0}, {text, "06123456", fault.TooLong, 0, 0, 0}, {text, "0x12", fault.Length, 0, 0, 0},
		{text, "021", fault.Truncated, 0, 0, 0}, {text, "0", fault.Truncated, 0, 0, 0}, {text, "021x", fault.Digit, 3, 0, 0},
		{marked, "12##", 0, 0, 2, 4}, {marked, "1234##", 0, 0, 4, 6}, {marked, "1##5", 0, 0, 1, 3}, {marked, "##", fault.TooShort, 0, 0, 0}, {marked, "12345##", fault.Truncated, 0, 0, 0}, {marked, "12#", fault.Truncated, 0, 0, 0}, {marked, "1x##", fault.Digit, 1, 0, 0},
		{reserved, "2abcd", 0, 0, 2, 5}, {reserved, "4abcd", 0, 0, 4, 5}, {reserved, "2abc", fault.Truncated, 0, 0, 0},
		{inBytes, "\x02\x12\x34", 0, 0, 4, 3}, {inBytes, "\x02\xF1\x34", 0, 0, 3, 3}, {inBytes, "\x00", 0, 0, 0, 1}, {inBytes, "\x02\x12", fault.Truncated, 0, 0, 0}, {inBytes, "\x05\x12\x34\x56\x78\x90", fault.TooLong, 0, 0, 0},
		{inNibbles, "\x04ab", 0, 0, 2, 3}, {inNibbles, "\x03ab", fault.Length, 1, 0, 0},
		{hexBytes, "\x04ABCD", 0, 0, 2, 5}, {hexBytes, "\x03ABC", fault.Length, 1, 0, 0},
		{signed, "3C12", 0, 0, 2, 4}, {signed, "1C", 0, 0, 0, 2}, {signed, "0", fault.Length, 1, 0, 0}, {signed, "3X12", fault.Character, 1, 0, 0},
		{rest, "12", 0, 0, 2, 2}, {rest, "1234", 0, 0, 4, 4}, {rest, "12345", 0, 0, 4, 4}, {rest, "1", fault.TooShort, 0, 0, 0},
	} {
		s, err := c.form.Parse([]byte(c.bytes), 0)
		if c.kind == 0 {
			require.Nil(t, err, "%q", c.bytes)
			require.EqualValues(t, c.units, s.Units, "%q", c.bytes)
			require.EqualValues(t, c.end, s.End, "%q", c.bytes)
			continue
		}
		require.NotNil(t, err, "%q", c.bytes)
		require.Equal(t, c.kind, err.Kind, "%q", c.bytes)
		require.Equal(t, c.offset, err.Offset, "%q", c.bytes)
		require.Equal(t, "x", err.Path)
	}
}

func TestOversize(t *testing.T) {
	for size, want := range map[int]bool{0: false, 1: false, 1<<30 - 1: false, 1 << 30: false, 1<<30 + 1: true} {
		require.Equal(t, want, Oversize(size), size)
	}
}
