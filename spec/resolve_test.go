package spec

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// resolved returns field 2 of a spec with its defaults.
func resolved(t *testing.T, family Encoding, f Field) Field {
	t.Helper()
	f.Number = 2
	s, err := New(Config{Name: "x", Encoding: family, Fields: []Field{f}})
	require.NoError(t, err)
	return s.Resolved().Fields[1]
}

// How a family of messages writes each content, and its lengths.
func TestEncodingByFamily(t *testing.T) {
	for _, c := range []struct {
		family                                 Encoding
		n, z, h, b, text, signed, prefix, bits Encoding
	}{
		{EncodingDefault, ASCII, ASCII, ASCII, HexASCII, ASCII, ASCII, ASCII, HexASCII},
		{ASCII, ASCII, ASCII, ASCII, HexASCII, ASCII, ASCII, ASCII, HexASCII},
		{BCD, BCD, BCD, BCD, Raw, ASCII, BCD, BCD, Raw},
		{Raw, BCD, BCD, BCD, Raw, ASCII, BCD, Binary, Raw},
		{EBCDIC1047, EBCDIC1047, EBCDIC1047, EBCDIC1047, Raw, EBCDIC1047, EBCDIC1047, EBCDIC1047, Raw},
	} {
		for format, want := range map[string]Encoding{"n 4": c.n, "z 4": c.z, "h 4": c.h, "b 8": c.b, "ans 4": c.text, "an 4": c.text, "a 4": c.text, "ns 4": c.text, "x+n 4": c.signed} {
			require.Equal(t, want, resolved(t, c.family, Field{Format: format}).Encoding, "%s %s", c.family, format)
		}
		require.Equal(t, c.prefix, resolved(t, c.family, Field{Format: "n..4"}).Prefix.Encoding, c.family)
		s := MustNew(Config{Name: "x", Encoding: c.family, Fields: []Field{{Number: 2, Format: "n 2"}}})
		require.Equal(t, c.bits, s.Resolved().Bitmap.Encoding, c.family)
	}
}

// A length prefix has as many decimal digits as the format has dots, or half as many bytes.
func TestPrefixDefaults(t *testing.T) {
	for _, c := range []struct {
		name   string
		format string
		given  Prefix
		want   Prefix
	}{
		{"digits", "n..19", Prefix{}, Prefix{Encoding: BCD, Digits: 2, Unit: UnitDefault}},
		{"three", "n...190", Prefix{}, Prefix{Encoding: BCD, Digits: 3}},
		{"given digits", "n..9", Prefix{Digits: 4}, Prefix{Encoding: BCD, Digits: 4}},
		{"bytes", "b..19", Prefix{Encoding: Binary}, Prefix{Encoding: Binary, Digits: 1}},
		{"bytes of three digits", "b...255", Prefix{Encoding: Binary}, Prefix{Encoding: Binary, Digits: 2}},
		{"hexadecimal", "b...255", Prefix{Encoding: HexASCII}, Prefix{Encoding: HexASCII, Digits: 2}},
		{"hexadecimal in EBCDIC", "b....255", Prefix{Encoding: HexEBCDIC}, Prefix{Encoding: HexEBCDIC, Digits: 2}},
		{"unit", "n..9", Prefix{Unit: Nibbles}, Prefix{Encoding: BCD, Digits: 2, Unit: Nibbles}},
		{"inclusive", "n..9", Prefix{Inclusive: true}, Prefix{Encoding: BCD, Digits: 2, Inclusive: true}},
	} {
		require.Equal(t, c.want, resolved(t, BCD, Field{Format: c.format, Prefix: c.given}).Prefix, c.name)
	}

	s := MustNew(Config{Name: "x", Prefix: Prefix{Encoding: BCD, Digits: 4, Unit: Bytes, Inclusive: true}, Fields: []Field{
		{Number: 2, Format: "ans..9"}, {Number: 3, Format: "ans..9", Prefix: Prefix{Encoding: ASCII, Unit: Nibbles}}}})
	fields := s.Resolved().Fields
	require.Equal(t, Prefix{Encoding: BCD, Digits: 2, Unit: Bytes, Inclusive: true}, fields[1].Prefix, "the spec's, but as many digits as there are dots")
	require.Equal(t, Prefix{Encoding: ASCII, Digits: 2, Unit: Nibbles, Inclusive: true}, fields[2].Prefix, "the field's own")
}

// The side on which digits stand, and the side and character that fill up short values.
func TestAlignAndPadDefaults(t *testing.T) {
	for _, c := range []struct {
		name  string
		field Field
		align Side
		pad   Pad
	}{
		{"fixed digits", Field{Format: "n 3"}, Right, Pad{Side: Left, Char: "0"}},
		{"fixed hexadecimal", Field{Format: "h 3"}, Right, Pad{Side: Left, Char: "0"}},
		{"fixed text", Field{Format: "ans 3"}, Right, Pad{Side: Right, Char: " "}},
		{"fixed binary", Field{Format: "b 24"}, Right, Pad{Side: Neither, Char: "\x00"}},
		{"fixed track", Field{Format: "z 3"}, Right, Pad{Side: Neither, Char: " "}},
		{"variable digits", Field{Format: "n..3"}, Left, Pad{Side: Neither, Char: "0"}},
		{"variable text", Field{Format: "ans..3"}, Left, Pad{Side: Neither, Char: " "}},
		{"variable digits filled up", Field{Format: "n..3", Pad: Pad{To: 2}}, Left, Pad{Side: Left, Char: "0", To: 2}},
		{"variable text filled up", Field{Format: "ans..3", Pad: Pad{To: 2}}, Left, Pad{Side: Right, Char: " ", To: 2}},
		{"reserved digits", Field{Format: "n..3", Reserve: true}, Left, Pad{Side: Right, Char: " "}},
		{"reserved text", Field{Format: "ans..3", Reserve: true}, Left, Pad{Side: Right, Char: " "}},
		{"reserved binary", Field{Format: "b..3", Reserve: true}, Left, Pad{Side: Right, Char: "\x00"}},
		{"as given", Field{Format: "n 3", Align: Left, Pad: Pad{Side: Right, Char: "F"}}, Left, Pad{Side: Right, Char: "F"}},
	} {
		got := resolved(t, BCD, c.field)
		require.Equal(t, c.align, got.Align, c.name)
		require.Equal(t, c.pad, got.Pad, c.name)
	}
}

// A value of fixed length has no shorter form, unless something else tells where it ends.
func TestShortestValue(t *testing.T) {
	for _, c := range []struct {
		field Field
		want  int
	}{
		{Field{Format: "n 6"}, 6},
		{Field{Format: "b 64"}, 8},
		{Field{Format: "ans 6", Min: 2}, 2},
		{Field{Format: "n..6"}, 0},
		{Field{Format: "ans 6", ToEnd: true}, 0},
		{Field{Format: "ans 6", Terminator: "|"}, 0},
	} {
		require.Equal(t, c.want, resolved(t, BCD, c.field).Min, c.field.Format)
	}
	f := resolved(t, BCD, Field{Format: "x+n 6"})
	require.Equal(t, "CD", f.Signs)
	require.Equal(t, "D", f.Separator)
	f = resolved(t, BCD, Field{Format: "x+n 6", Signs: "+-", Separator: "="})
	require.Equal(t, "+-", f.Signs)
	require.Equal(t, "=", f.Separator)
}

// There are as many bitmaps as the field numbers need, one if they are plain.
func TestBitmapDefaults(t *testing.T) {
	for _, c := range []struct {
		highest int
		given   Bitmap
		want    Bitmap
	}{
		{2, Bitmap{}, Bitmap{Encoding: HexASCII, Bytes: 8, Max: 1}},
		{64, Bitmap{}, Bitmap{Encoding: HexASCII, Bytes: 8, Max: 1}},
		{65, Bitmap{}, Bitmap{Encoding: HexASCII, Bytes: 8, Max: 2}},
		{128, Bitmap{}, Bitmap{Encoding: HexASCII, Bytes: 8, Max: 2}},
		{129, Bitmap{}, Bitmap{Encoding: HexASCII, Bytes: 8, Max: 3}},
		{2, Bitmap{Max: 3, Encoding: Raw}, Bitmap{Encoding: Raw, Bytes: 8, Max: 3}},
		{16, Bitmap{Bytes: 2}, Bitmap{Encoding: HexASCII, Bytes: 2, Max: 1}},
		{1, Bitmap{Plain: true}, Bitmap{Encoding: HexASCII, Bytes: 8, Max: 1, Plain: true}},
		{100, Bitmap{Plain: true, Max: 2}, Bitmap{Encoding: HexASCII, Bytes: 8, Max: 2, Plain: true}},
	} {
		s, err := New(Config{Name: "x", Bitmap: c.given, Fields: []Field{{Number: c.highest, Format: "n 2"}}})
		require.NoError(t, err, c.highest)
		require.Equal(t, c.want, s.Resolved().Bitmap, c.highest)
	}
}

// The fields of a layout take their encoding from the field around them, chip data from its own rules.
func TestInsideDefaults(t *testing.T) {
	inner := Field{Number: 1, Format: "n..9"}
	for _, c := range []struct {
		name             string
		family           Encoding
		field            Field
		encoding, prefix Encoding
	}{
		{"digits are seen as text", BCD, Field{Format: "n..9", Layout: &Layout{Kind: Positional, Fields: []Field{inner}}}, ASCII, ASCII},
		{"text", EBCDIC1047, Field{Format: "ans..9", Encoding: ASCII, Layout: &Layout{Kind: Positional, Fields: []Field{inner}}}, ASCII, ASCII},
		{"text in the spec's own", EBCDIC1047, Field{Format: "ans..9", Layout: &Layout{Kind: Positional, Fields: []Field{inner}}}, EBCDIC1047, EBCDIC1047},
		{"bytes are the spec's", BCD, Field{Format: "b..9", Layout: &Layout{Kind: Positional, Fields: []Field{inner}}}, BCD, BCD},
		{"bytes of an ASCII spec", ASCII, Field{Format: "b..9", Layout: &Layout{Kind: Positional, Fields: []Field{inner}}}, ASCII, ASCII},
		{"chip data", ASCII, Field{Format: "b..9", Layout: &Layout{Kind: BERTLV, Fields: []Field{{Tag: "9A", Format: "n..9"}}}}, BCD, BER},
		{"given", BCD, Field{Format: "b..9", Layout: &Layout{Kind: Positional, Encoding: Raw, Fields: []Field{inner}}}, BCD, Binary},
		{"chip data, given", BCD, Field{Format: "b..9", Layout: &Layout{Kind: BERTLV, Encoding: ASCII, Fields: []Field{{Tag: "9A", Format: "n..9"}}}}, ASCII, BER},
	} {
		got := resolved(t, c.family, c.field).Layout.Fields[0]
		require.Equal(t, c.encoding, got.Encoding, c.name)
		require.Equal(t, c.prefix, got.Prefix.Encoding, c.name)
	}

	special := resolved(t, BCD, Field{Format: "ans..99", Layout: &Layout{Kind: Tagged, Tag: TagFormat{Digits: 2}, Unknown: &Field{Format: "n..9"}, Lead: &Field{Format: "n 1"}}}).Layout
	require.Equal(t, ASCII, special.Encoding)
	require.Equal(t, ASCII, special.Tag.Encoding)
	require.Equal(t, ASCII, special.Unknown.Encoding)
	require.Equal(t, ASCII, special.Lead.Encoding)
	require.Equal(t, Raw, resolved(t, BCD, Field{Format: "b..99", Layout: &Layout{Kind: Tagged, Tag: TagFormat{Encoding: Raw, Digits: 1}, Unknown: &Field{Format: "n..9"}}}).Layout.Tag.Encoding)
	bits := resolved(t, BCD, Field{Format: "b..99", Layout: &Layout{Kind: Bitmapped, Fields: []Field{{Number: 65, Format: "n 2"}}}}).Layout.Bitmap
	require.Equal(t, Bitmap{Encoding: Raw, Bytes: 8, Max: 2}, bits)
	require.Zero(t, resolved(t, BCD, Field{Format: "b..99", Layout: &Layout{Kind: BERTLV}}).Layout.Bitmap, "no bitmap where the layout has none")
	require.Zero(t, resolved(t, BCD, Field{Format: "b..99", Layout: &Layout{Kind: BERTLV}}).Layout.Tag)
	byCase := resolved(t, BCD, Field{Format: "n..9", Cases: []Case{{Size: 1}, {Layout: &Layout{Kind: Positional, Fields: []Field{inner}}}}})
	require.Equal(t, ASCII, byCase.Cases[1].Layout.Fields[0].Encoding)
}

// The definitions for single message types keep what identifies the field, and its name and mask where they have none.
func TestDefinitionsByMessageType(t *testing.T) {
	f := resolved(t, BCD, Field{Name: "Private", Format: "n..9", Mask: MaskHidden, ByMTI: []Framing{
		{MTI: "02xx", Field: Field{Format: "ans..9"}},
		{MTI: "04xx", Field: Field{Number: 7, Format: "b 8", Name: "Other", Mask: MaskNone}},
	}})
	require.Equal(t, []any{2, "Private", MaskHidden, ASCII}, []any{f.ByMTI[0].Field.Number, f.ByMTI[0].Field.Name, f.ByMTI[0].Field.Mask, f.ByMTI[0].Field.Encoding})
	require.Equal(t, []any{2, "Other", MaskNone, Raw}, []any{f.ByMTI[1].Field.Number, f.ByMTI[1].Field.Name, f.ByMTI[1].Field.Mask, f.ByMTI[1].Field.Encoding})
}

// Fields come in ascending order, the message type first; it is n 4 in the spec's encoding where none is given.
func TestResolvedOrder(t *testing.T) {
	s := MustNew(Config{Name: "x", Encoding: BCD, Header: []Field{{Number: 1, Format: "n 4"}}, Fields: []Field{{Number: 9, Format: "n 2"}, {Number: 3, Format: "n 2"}}})
	c := s.Resolved()
	require.Equal(t, []int{0, 3, 9}, []int{c.Fields[0].Number, c.Fields[1].Number, c.Fields[2].Number})
	require.Equal(t, "n 4", c.Fields[0].Format)
	require.Equal(t, BCD, c.Fields[0].Encoding)
	require.Equal(t, BCD, c.Header[0].Encoding)
	own := MustNew(Config{Name: "x", Encoding: BCD, Fields: []Field{{Number: 3, Format: "n 2"}, {Number: 0, Format: "n 4", Encoding: ASCII}}}).Resolved()
	require.Len(t, own.Fields, 2)
	require.Equal(t, ASCII, own.Fields[0].Encoding)
}
