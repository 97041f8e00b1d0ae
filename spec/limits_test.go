package spec

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// inField2 is a spec whose field 2 has a layout.
func inField2(format string, l Layout) Config {
	return base(Field{Number: 2, Format: format, Layout: &l})
}

func part(number int, format string) Field { return Field{Number: number, Format: format} }

// nested returns a field with so many layouts inside one another.
func nested(depth int) Field {
	f := Field{Number: 2, Format: "b 8"}
	for range depth {
		inner := f
		inner.Number = 1
		f = Field{Number: 2, Format: "b 8", Layout: &Layout{Kind: Positional, Fields: []Field{inner}}}
	}
	return f
}

// unknownDepth is a spec of so many layouts inside one another, each for the unknown entries of the one around it.
func unknownDepth(depth int) Config {
	f := Field{Format: "b..99"}
	for range depth {
		inner := f
		f = Field{Format: "b..99", Layout: &Layout{Kind: BERTLV, Unknown: &inner}}
	}
	f.Number = 2
	return base(f)
}

// wide is a spec of so many fields in all, the message's own one included.
func wide(fields int) Config {
	l := &Layout{Kind: Tagged, Tag: TagFormat{Encoding: ASCII, Digits: 4}}
	for i := range fields - 1 {
		l.Fields = append(l.Fields, Field{Tag: string([]byte{'0' + byte(i/1000), '0' + byte(i/100%10), '0' + byte(i/10%10), '0' + byte(i%10)}), Format: "b..9"})
	}
	return base(Field{Number: 2, Format: "b...999", Layout: l})
}

func swaps(s Swap) Config {
	return Config{Name: "x", Fields: []Field{part(2, "n 2")}, Responses: []Derivation{{From: "02x0", To: "0210", SwapHeader: []Swap{s}}}}
}

func echoes(n int) Config {
	return Config{Name: "x", Fields: []Field{part(2, "n 2")}, Reversals: []Derivation{{From: "0200", To: "0400", Echo: []int{n}}}}
}

func bitmaps(b Bitmap, highest int) Config {
	return Config{Name: "x", Bitmap: b, Fields: []Field{part(highest, "n 2")}}
}

func ignoring(f Field, number int) Config {
	return Config{Name: "x", Fields: []Field{f}, Ignored: []int{number}}
}

func prefixed(format string, p Prefix) Config {
	return base(Field{Number: 2, Format: format, Prefix: p})
}

// Each pair is the last value that is allowed and the first that is not, with what is said about it.
func TestLimits(t *testing.T) {
	text := func(c Config) Config { c.Encoding = ASCII; return c }
	for _, c := range []struct {
		name       string
		good, bad  Config
		path, says string
	}{
		{"field number, one bitmap", bitmaps(Bitmap{Max: 1}, 64), bitmaps(Bitmap{Max: 1}, 65), "65", "the bitmaps announce 1 to 64"},
		{"field number, two bitmaps", bitmaps(Bitmap{}, 128), bitmaps(Bitmap{Max: 2}, 129), "129", "the bitmaps announce 1 to 128"},
		{"field number, three bitmaps", bitmaps(Bitmap{}, 192), bitmaps(Bitmap{Max: 3}, 193), "193", "the bitmaps announce 1 to 192"},
		{"field number, short bitmap", bitmaps(Bitmap{Bytes: 2}, 16), bitmaps(Bitmap{Bytes: 2, Max: 1}, 17), "17", "the bitmaps announce 1 to 16"},
		{"lowest field number", bitmaps(Bitmap{}, 2), bitmaps(Bitmap{}, 1), "1", "the first bit announces the next bitmap"},
		{"field 1 of a plain bitmap", bitmaps(Bitmap{Plain: true}, 1), bitmaps(Bitmap{Plain: true}, 65), "65", "the bitmaps announce 1 to 64"},
		{"field 1 without a bitmap", bitmaps(Bitmap{Absent: true}, 1), bitmaps(Bitmap{Absent: true}, -1), "-1", "the bitmaps announce 1 to"},
		{"bitmap bytes, fewest", bitmaps(Bitmap{Bytes: 1}, 8), bitmaps(Bitmap{Bytes: -1}, 8), "bitmap", "a bitmap of -1 bytes"},
		{"bitmap bytes, most", bitmaps(Bitmap{Bytes: 8}, 8), bitmaps(Bitmap{Bytes: 9}, 8), "bitmap", "a bitmap of 9 bytes"},
		{"bitmaps, fewest", bitmaps(Bitmap{Max: 1}, 8), bitmaps(Bitmap{Max: -1}, 8), "bitmap", "-1 bitmaps"},
		{"bitmaps, most", bitmaps(Bitmap{Max: 3}, 8), bitmaps(Bitmap{Max: 4}, 8), "bitmap", "4 bitmaps"},
		{"continued bitmap", bitmaps(Bitmap{Max: 2, Bytes: 8}, 8), bitmaps(Bitmap{Max: 2, Bytes: 7}, 8), "bitmap", "only bitmaps of eight bytes are continued"},
		{"absent bitmap, plain", bitmaps(Bitmap{Absent: true}, 8), bitmaps(Bitmap{Absent: true, Plain: true}, 8), "bitmap", "a bitmap that is absent has no form"},
		{"absent bitmap, bytes", bitmaps(Bitmap{Absent: true, Bytes: 8}, 8), bitmaps(Bitmap{Absent: true, Bytes: 4}, 8), "bitmap", "a bitmap that is absent has no form"},
		{"absent bitmap, third", bitmaps(Bitmap{Absent: true}, 190), bitmaps(Bitmap{Absent: true, TertiaryField: 65}, 190), "bitmap", "a bitmap that is absent has no form"},
		{"third bitmap, lowest", bitmaps(Bitmap{Max: 3, TertiaryField: 65}, 130), bitmaps(Bitmap{Max: 3, TertiaryField: 64}, 130), "bitmap", "cannot be in field 64"},
		{"third bitmap, highest", bitmaps(Bitmap{Max: 3, TertiaryField: 128}, 130), bitmaps(Bitmap{Max: 3, TertiaryField: 129}, 130), "bitmap", "cannot be in field 129"},
		{"third bitmap in a field that is defined", bitmaps(Bitmap{Max: 3, TertiaryField: 66}, 65), bitmaps(Bitmap{Max: 3, TertiaryField: 65}, 65), "bitmap", "cannot be in field 65"},
		{"first bit of a second bitmap that announces no third", bitmaps(Bitmap{Max: 2}, 65), bitmaps(Bitmap{Max: 3}, 65), "65", "the first bit announces the next bitmap"},
		{"first bit of a third bitmap", bitmaps(Bitmap{Max: 3}, 129), ignoring(part(129, "n 2"), 129), "129", "is no number that could be ignored"},
		{"65 of plain bitmaps", bitmaps(Bitmap{Max: 3, Plain: true}, 65), bitmaps(Bitmap{Max: 3}, 65), "65", "the first bit announces the next bitmap"},
		{"65 without bitmaps", bitmaps(Bitmap{Max: 3, Absent: true}, 65), bitmaps(Bitmap{Max: 3}, 65), "65", "the first bit announces the next bitmap"},
		{"bit 1 inside a field", inField2("b...99", Layout{Kind: Bitmapped, Bitmap: Bitmap{Plain: true}, Fields: []Field{part(1, "n 2")}}),
			inField2("b...99", Layout{Kind: Bitmapped, Fields: []Field{part(1, "n 2")}}), "2.1", "the first bit announces the next bitmap"},
		{"ignored number, lowest", ignoring(part(2, "n 2"), 1), ignoring(part(2, "n 2"), 0), "0", "is no number that could be ignored"},
		{"ignored number, highest", ignoring(part(2, "n 2"), 192), ignoring(part(2, "n 2"), 193), "193", "is no number that could be ignored"},
		{"echo, lowest", echoes(2), echoes(1), "reversals.1", "echo of field 1"},
		{"echo, highest", echoes(192), echoes(193), "reversals.1", "echo of field 193"},
		{"swap, first offset", swaps(Swap{0, 3, 1}), swaps(Swap{-1, 3, 1}), "responses.1", "swap of header bytes out of range"},
		{"swap, second offset", swaps(Swap{3, 0, 1}), swaps(Swap{3, -1, 1}), "responses.1", "swap of header bytes out of range"},
		{"swap, least bytes", swaps(Swap{1, 3, 1}), swaps(Swap{1, 3, 0}), "responses.1", "swap of header bytes out of range"},
		{"swap, highest first", swaps(Swap{32767, 0, 1}), swaps(Swap{32768, 0, 1}), "responses.1", "swap of header bytes out of range"},
		{"swap, highest second", swaps(Swap{0, 32767, 1}), swaps(Swap{0, 32768, 1}), "responses.1", "swap of header bytes out of range"},
		{"swap, most bytes", swaps(Swap{0, 1, 32767}), swaps(Swap{0, 1, 32768}), "responses.1", "swap of header bytes out of range"},
		{"depth", base(nested(8)), base(nested(9)), "2.1.1.1.1.1.1.1.1", "layouts nest deeper than 8"},
		{"depth of unknown entries", unknownDepth(8), unknownDepth(9), "2.*.*.*.*.*.*.*.*", "layouts nest deeper than 8"},
		{"fields in all", wide(8192), wide(8193), "2.8191", "more than 8192 fields in all"},
		{"filler", base(Field{Number: 2, Format: "n 3", Filler: 15}), base(Field{Number: 2, Format: "n 3", Filler: 16}), "2", "filler 16 is no nibble"},
		{"filler under a length in bytes", base(Field{Number: 2, Format: "n..9", Filler: 10, Prefix: Prefix{Unit: Bytes}}),
			base(Field{Number: 2, Format: "n..9", Filler: 9, Prefix: Prefix{Unit: Bytes}}), "2", "a length in bytes needs a filler that is no digit"},
		{"shortest", base(Field{Number: 2, Format: "n..9", Min: 9}), base(Field{Number: 2, Format: "n..9", Min: 10}), "2", "minimum 10 is out of range"},
		{"shortest, negative", base(Field{Number: 2, Format: "n..9", Min: 0}), base(Field{Number: 2, Format: "n..9", Min: -1}), "2", "minimum -1 is out of range"},
		{"padding", base(Field{Number: 2, Format: "n..9", Pad: Pad{To: 9}}), base(Field{Number: 2, Format: "n..9", Pad: Pad{To: 10}}), "2", "padding to 10 is out of range"},
		{"padding, negative", base(Field{Number: 2, Format: "n..9", Pad: Pad{To: 1}}), base(Field{Number: 2, Format: "n..9", Pad: Pad{To: -1}}), "2", "padding to -1 is out of range"},
		{"padding a fixed value", base(Field{Number: 2, Format: "n 9", ToEnd: true, Pad: Pad{To: 4}}), base(Field{Number: 2, Format: "n 9", Pad: Pad{To: 4}}), "2", "padding to 4 is out of range"},
		{"room for a fixed value", base(Field{Number: 2, Format: "n..9", Reserve: true}), base(Field{Number: 2, Format: "n 9", Reserve: true}), "2", "only a variable field reserves room"},
		{"room for what runs to the end", base(Field{Number: 2, Format: "n..9", ToEnd: true}), base(Field{Number: 2, Format: "n..9", ToEnd: true, Reserve: true}), "2", "has two ways to end"},
		{"room for what is terminated", base(Field{Number: 2, Format: "ans..9", Terminator: "|"}), base(Field{Number: 2, Format: "ans..9", Terminator: "|", Reserve: true}), "2", "has two ways to end"},
		{"separator", base(Field{Number: 2, Format: "z..37", Separator: "="}), base(Field{Number: 2, Format: "z..37", Separator: "=="}), "2", "the separator is one character"},
		{"side of digits", base(Field{Number: 2, Format: "n 3", Align: Left}), base(Field{Number: 2, Format: "n 3", Align: Neither}), "2", "digits stand left or right"},
		{"decimal prefix", prefixed("n..99", Prefix{}), prefixed("n..100", Prefix{}), "2", "100 does not fit a length prefix that ends at 99"},
		{"binary prefix", prefixed("b...255", Prefix{Encoding: Binary, Digits: 1}), prefixed("b...256", Prefix{Encoding: Binary, Digits: 1}), "2", "256 does not fit a length prefix that ends at 255"},
		{"hexadecimal prefix", prefixed("b...255", Prefix{Encoding: HexASCII, Digits: 1}), prefixed("b...256", Prefix{Encoding: HexEBCDIC, Digits: 1}), "2", "256 does not fit a length prefix that ends at 255"},
		{"two binary bytes", prefixed("b.....65535", Prefix{Encoding: Binary, Digits: 2}), prefixed("b.....65536", Prefix{Encoding: Binary, Digits: 2}), "2", "65536 does not fit a length prefix that ends at 65535"},
		{"BER length", prefixed("b......999999", Prefix{Encoding: BER}), prefixed("b..999", Prefix{Encoding: Raw}), "2", "a length is not written in raw"},
		{"inclusive prefix, BCD", prefixed("ans..98", Prefix{Inclusive: true}), prefixed("ans..99", Prefix{Inclusive: true}), "2", "100 does not fit a length prefix that ends at 99"},
		{"inclusive prefix, BCD of an odd width", prefixed("ans...997", Prefix{Inclusive: true}), prefixed("ans...998", Prefix{Inclusive: true}), "2", "1000 does not fit a length prefix that ends at 999"},
		{"inclusive prefix, ASCII", text(prefixed("ans..97", Prefix{Inclusive: true})), text(prefixed("ans..98", Prefix{Inclusive: true})), "2", "100 does not fit a length prefix that ends at 99"},
		{"inclusive prefix, hexadecimal", prefixed("ans...253", Prefix{Encoding: HexASCII, Digits: 1, Inclusive: true}),
			prefixed("ans...254", Prefix{Encoding: HexASCII, Digits: 1, Inclusive: true}), "2", "256 does not fit a length prefix that ends at 255"},
		{"inclusive prefix, four hexadecimal digits", prefixed("ans.....65531", Prefix{Encoding: HexASCII, Digits: 2, Inclusive: true}),
			prefixed("ans.....65532", Prefix{Encoding: HexASCII, Digits: 2, Inclusive: true}), "2", "65536 does not fit a length prefix that ends at 65535"},
		{"prefix that counts nibbles of text", prefixed("ans..49", Prefix{Unit: Nibbles}), prefixed("ans..50", Prefix{Unit: Nibbles}), "2", "100 does not fit a length prefix that ends at 99"},
		{"prefix that counts nibbles of digits", prefixed("n..99", Prefix{Unit: Nibbles}), prefixed("n...100", Prefix{Digits: 2, Unit: Nibbles}), "2", "100 does not fit a length prefix that ends at 99"},
		{"prefix digits, fewest", prefixed("n..9", Prefix{Digits: 1}), prefixed("n..9", Prefix{Digits: -1}), "2", "a length prefix of -1 digits"},
		{"prefix digits, most", prefixed("n..9", Prefix{Digits: 8}), prefixed("n..9", Prefix{Digits: 9}), "2", "a length prefix of 9 digits"},
		{"case size", base(Field{Number: 2, Format: "b 8", Cases: []Case{{Size: 0}}}), base(Field{Number: 2, Format: "b 8", Cases: []Case{{Size: -1}}}), "2(case 1)", "size -1"},
		{"case, message type", base(Field{Number: 2, Format: "b 8", Cases: []Case{{MTI: "08xx"}}}), base(Field{Number: 2, Format: "b 8", Cases: []Case{{}, {MTI: "08x"}}}), "2(case 2)", `message type "08x"`},
		{"case, values without a path", base(part(3, "n 2"), Field{Number: 2, Format: "b 8", Cases: []Case{{Path: "3", Values: []string{"1"}}}}),
			base(part(3, "n 2"), Field{Number: 2, Format: "b 8", Cases: []Case{{Values: []string{"1"}}}}), "2(case 1)", "a path goes with values"},
		{"presence", base(Field{Number: 2, Format: "n 2", Presence: []Presence{{MTI: "02xx", Is: Forbidden}}}),
			base(Field{Number: 2, Format: "n 2", Presence: []Presence{{MTI: "02xx", Is: Forbidden + 1}}}), "2", `presence by message type "02xx"`},
		{"definition by message type", base(Field{Number: 2, Format: "n 2", ByMTI: []Framing{{MTI: "0200", Field: Field{Format: "n 4"}}}}),
			base(Field{Number: 2, Format: "n 2", ByMTI: []Framing{{MTI: "200", Field: Field{Format: "n 4"}}}}), "2", `definition for message type "200"`},
		{"definition within a definition", base(Field{Number: 2, Format: "n 2", ByMTI: []Framing{{MTI: "0200", Field: Field{Format: "n 4"}}}}),
			base(Field{Number: 2, Format: "n 2", ByMTI: []Framing{{MTI: "0200", Field: Field{Format: "n 4", ByMTI: []Framing{{MTI: "0200", Field: Field{Format: "n 4"}}}}}}}), "2", `definition for message type "0200"`},
		{"definition of a part", inField2("b 8", Layout{Kind: Positional, Fields: []Field{part(1, "b 8")}}),
			inField2("b 8", Layout{Kind: Positional, Fields: []Field{{Number: 1, Format: "b 8", ByMTI: []Framing{{MTI: "0200", Field: Field{Format: "b 8"}}}}}}), "2.1", `definition for message type "0200"`},
		{"positional from 0", inField2("b 16", Layout{Kind: Positional, Fields: []Field{part(0, "b 8"), part(1, "b 8")}}),
			inField2("b 16", Layout{Kind: Positional, Fields: []Field{part(-1, "b 8"), part(1, "b 8")}}), "2.-1", "subfields count from 1"},
		{"positional in order", inField2("b 16", Layout{Kind: Positional, Fields: []Field{part(1, "b 8"), part(5, "b 8")}}),
			inField2("b 16", Layout{Kind: Positional, Fields: []Field{part(1, "b 8"), part(1, "b 8")}}), "2.1", "positional subfields are numbered in ascending order"},
		{"record", inField2("b..16", Layout{Kind: Repeated, Fields: []Field{part(1, "b 8"), part(2, "b 8")}}),
			inField2("b..16", Layout{Kind: Repeated, Fields: []Field{part(1, "b 8"), part(3, "b 8")}}), "2.3", "the subfields of a record are numbered 1, 2, 3 in order"},
		{"subfield behind bitmaps, highest", inField2("b..99", Layout{Kind: Bitmapped, Fields: []Field{part(192, "b 8")}}),
			inField2("b..99", Layout{Kind: Bitmapped, Fields: []Field{part(193, "b 8")}}), "2.193", "is beyond the bitmap"},
		{"subfield twice", inField2("b..99", Layout{Kind: Bitmapped, Fields: []Field{part(3, "b 8"), part(2, "b 8")}}),
			inField2("b..99", Layout{Kind: Bitmapped, Fields: []Field{part(2, "b 8"), part(3, "b 8"), part(2, "b 8")}}), "2.2", "is defined twice"},
		{"tag twice", inField2("b..99", Layout{Kind: BERTLV, Fields: []Field{{Tag: "9A", Format: "b..9"}, {Tag: "9C", Format: "b..9"}}}),
			inField2("b..99", Layout{Kind: BERTLV, Fields: []Field{{Tag: "9A", Format: "b..9"}, {Tag: "9A", Format: "b..9"}}}), "2.9A", "is defined twice"},
		{"name of an entry", inField2("b..99", Layout{Kind: BERTLV, Fields: []Field{{Tag: "9A", Format: "b..9"}}}),
			inField2("b..99", Layout{Kind: BERTLV, Fields: []Field{part(1, "b..9")}}), "2.1", "a ber-tlv layout names its fields by tag"},
		{"name of a part", inField2("b 8", Layout{Kind: Positional, Fields: []Field{part(1, "b 8")}}),
			inField2("b 8", Layout{Kind: Positional, Fields: []Field{{Tag: "9A", Format: "b 8"}}}), "2.9A", "a positional layout names its fields by number"},
		{"part of digits", inField2("n 4", Layout{Kind: Positional, Fields: []Field{{Number: 1, Format: "n 4", Encoding: ASCII}}}),
			inField2("n 4", Layout{Kind: Positional, Fields: []Field{{Number: 1, Format: "n 4", Encoding: EBCDIC037}}}), "2.1", "a part of a BCD value is digits"},
		{"short end", inField2("b..9", Layout{Kind: Positional, Short: true, Fields: []Field{part(1, "b 8")}}),
			inField2("b..9", Layout{Kind: Repeated, Short: true, Fields: []Field{part(1, "b 8")}}), "2", "may end inside a part"},
		{"layout without fields", inField2("b..9", Layout{Kind: BERTLV}), inField2("b..9", Layout{Kind: Repeated}), "2", "layout without fields"},
		{"only unknown entries", inField2("b..9", Layout{Kind: Tagged, Tag: TagFormat{Encoding: ASCII, Digits: 2}, Unknown: &Field{Format: "b..9"}}),
			inField2("b..9", Layout{Kind: Tagged, Tag: TagFormat{Encoding: ASCII, Digits: 2}}), "2", "layout without fields"},
		{"tag width, least", inField2("b..9", Layout{Kind: Tagged, Tag: TagFormat{Encoding: ASCII, Digits: 1}, Fields: []Field{{Tag: "A", Format: "b..9"}}}),
			inField2("b..9", Layout{Kind: Tagged, Tag: TagFormat{Encoding: ASCII, Digits: -1}, Fields: []Field{{Tag: "A", Format: "b..9"}}}), "2", "tags of -1 digits in ascii"},
		{"tag width, most", inField2("b..9", Layout{Kind: Tagged, Tag: TagFormat{Encoding: BCD, Digits: 8}, Fields: []Field{{Tag: "12345678", Format: "b..9"}}}),
			inField2("b..9", Layout{Kind: Tagged, Tag: TagFormat{Encoding: BCD, Digits: 9}, Fields: []Field{{Tag: "123456789", Format: "b..9"}}}), "2", "tags of 9 digits in bcd"},
		{"tag encoding", inField2("b..9", Layout{Kind: Tagged, Tag: TagFormat{Encoding: Raw, Digits: 2}, Fields: []Field{{Tag: "DF01", Format: "b..9"}}}),
			inField2("b..9", Layout{Kind: Tagged, Tag: TagFormat{Encoding: HexASCII, Digits: 4}, Fields: []Field{{Tag: "DF01", Format: "b..9"}}}), "2", "tags of 4 digits in hex-ascii"},
		{"raw tags are hexadecimal", inField2("b..9", Layout{Kind: Tagged, Tag: TagFormat{Encoding: Raw, Digits: 1}, Fields: []Field{{Tag: "DF", Format: "b..9"}}}),
			inField2("b..9", Layout{Kind: Tagged, Tag: TagFormat{Encoding: Raw, Digits: 1}, Fields: []Field{{Tag: "D", Format: "b..9"}}}), "2.D", "a tag here is 2 characters"},
		{"length first", inField2("b..9", Layout{Kind: Tagged, LengthFirst: true, Tag: TagFormat{Encoding: ASCII, Digits: 2}, Unknown: &Field{Format: "b..9"}}),
			inField2("b..9", Layout{Kind: Tagged, LengthFirst: true, Tag: TagFormat{Encoding: ASCII, Digits: 2}, Fields: []Field{{Tag: "A1", Format: "b..9"}}}), "2", "with the length first every entry has the same prefix"},
		{"bitmap of a layout", inField2("b..9", Layout{Kind: Bitmapped, Bitmap: Bitmap{Bytes: 1}, Fields: []Field{part(2, "b 8")}}),
			inField2("b..9", Layout{Kind: Bitmapped, Bitmap: Bitmap{Encoding: ASCII}, Fields: []Field{part(2, "b 8")}}), "2", "a bitmap is not written in ascii"},
		{"family of a layout", inField2("b..9", Layout{Kind: BERTLV, Encoding: EBCDIC037}), inField2("b..9", Layout{Kind: BERTLV, Encoding: Binary}), "2", "binary is no family of messages"},
		{"parts of a signed number", base(Field{Number: 2, Format: "n 4", Encoding: ZonedEBCDIC}),
			base(Field{Number: 2, Format: "n 4", Encoding: ZonedEBCDIC, Layout: &Layout{Kind: Positional, Fields: []Field{part(1, "n 4")}}}), "2", "a signed number has no parts"},
		{"data element without a tag", base(part(2, "n 2")), base(Field{Number: 2, Tag: "9A", Format: "n 2"}), "2", "a data element has no tag"},
		{"message type", base(part(0, "n 4"), part(2, "n 2")), base(part(0, "n 5"), part(2, "n 2")), "0", "the message type is n 4"},
		{"message type of digits", base(part(0, "n 4"), part(2, "n 2")), base(Field{Number: 0, Format: "an 4"}, part(2, "n 2")), "0", "the message type is n 4"},
		{"message type of one length", base(part(0, "n 4"), part(2, "n 2")), base(part(0, "n..4"), part(2, "n 2")), "0", "the message type is n 4"},
		{"message type without parts", base(part(0, "n 4"), part(2, "n 2")),
			base(Field{Number: 0, Format: "n 4", Layout: &Layout{Kind: Positional, Fields: []Field{part(1, "n 4")}}}, part(2, "n 2")), "0", "the message type is n 4"},
		{"message type without cases", base(part(0, "n 4"), part(2, "n 2")), base(Field{Number: 0, Format: "n 4", Cases: []Case{{}}}, part(2, "n 2")), "0", "the message type is n 4"},
		{"message type, one definition", base(part(0, "n 4"), part(2, "n 2")),
			base(Field{Number: 0, Format: "n 4", ByMTI: []Framing{{MTI: "0200", Field: part(0, "n 4")}}}, part(2, "n 2")), "0", "the message type is n 4"},
		{"header", Config{Name: "x", Header: []Field{part(1, "b 40")}, Fields: []Field{part(2, "n 2")}},
			Config{Name: "x", Header: []Field{part(1, "b 40"), part(2, "n")}, Fields: []Field{part(2, "n 2")}}, "header.2", "has no length"},
		{"unknown entries", inField2("b..9", Layout{Kind: BERTLV, Unknown: &Field{Format: "b..9"}}), inField2("b..9", Layout{Kind: BERTLV, Unknown: &Field{Format: "b"}}), "2.*", "has no length"},
		{"lead", inField2("b..9", Layout{Kind: BERTLV, Lead: &Field{Format: "b 8"}}), inField2("b..9", Layout{Kind: BERTLV, Lead: &Field{Format: "b 7"}}), "2.*", "7 bits are not a number of bytes"},
		{"layout of a case", base(Field{Number: 2, Format: "b..9", Cases: []Case{{Size: 1}, {Layout: &Layout{Kind: BERTLV}}}}),
			base(Field{Number: 2, Format: "b..9", Cases: []Case{{Size: 1}, {Layout: &Layout{Kind: Repeated}}}}), "2(case 2)", "layout without fields"},
		{"definition for a message type is checked", base(Field{Number: 2, Format: "n 2", ByMTI: []Framing{{MTI: "0200", Field: part(0, "n 4")}}}),
			base(Field{Number: 2, Format: "n 2", ByMTI: []Framing{{MTI: "0200", Field: part(0, "n")}}}), "2(0200)", "has no length"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := New(c.good)
			require.NoError(t, err)
			_, err = New(c.bad)
			require.ErrorContains(t, err, c.path+": ")
			require.ErrorContains(t, err, c.says)
		})
	}
}

// A spec of too many fields is told so once, not for each field beyond.
func TestTooManyFieldsIsToldOnce(t *testing.T) {
	_, err := New(wide(8300))
	require.Equal(t, 1, strings.Count(err.Error(), "fields in all"))

	c := wide(maxFields)
	c.Fields = append(c.Fields, part(3, "no format"))
	_, err = New(c)
	require.ErrorContains(t, err, "3: more than 8192 fields in all")
	require.NotContains(t, err.Error(), "format", "what is beyond is not looked at")
}

// What the zero value of a field takes from its spec does not hide a value that no enum has.
func TestEveryEnumIsChecked(t *testing.T) {
	for name, f := range map[string]Field{
		"encoding":        {Encoding: Binary + 1},
		"prefix encoding": {Prefix: Prefix{Encoding: 99}},
		"charset":         {Charset: CharsetASCII7 + 1},
		"unit":            {Prefix: Prefix{Unit: Nibbles + 1}},
		"align":           {Align: Neither + 1},
		"pad side":        {Pad: Pad{Side: Neither + 1}},
		"mask":            {Mask: MaskHidden + 1},
	} {
		f.Number, f.Format = 2, "n..9"
		_, err := New(base(f))
		require.ErrorContains(t, err, "2: an option has a value that does not exist", name)
	}
}

// Which contents an encoding writes.
func TestWhatAnEncodingWrites(t *testing.T) {
	all := []string{"n 4", "z 4", "h 4", "b 8", "a 4", "ans 4", "x+n 4"}
	for e, want := range map[Encoding][]string{
		ASCII:           {"n 4", "z 4", "h 4", "a 4", "ans 4", "x+n 4"},
		EBCDIC037:       all,
		EBCDIC500:       all,
		EBCDIC1047:      all,
		EBCDICDataStage: all,
		BCD:             {"n 4", "z 4", "h 4", "x+n 4"},
		Raw:             {"b 8"},
		HexASCII:        {"n 4", "z 4", "h 4", "b 8", "a 4", "ans 4"},
		HexEBCDIC:       {"n 4", "z 4", "h 4", "b 8", "a 4", "ans 4"},
		ZonedEBCDIC:     {"n 4"},
		BER:             nil,
		Binary:          nil,
	} {
		var got []string
		for _, format := range all {
			if _, err := New(base(Field{Number: 2, Format: format, Encoding: e})); err == nil {
				got = append(got, format)
			} else {
				require.ErrorContains(t, err, "is not written in "+e.String())
			}
		}
		require.Equal(t, want, got, e)
	}
	for _, format := range []string{"n..4", "n 0"} {
		_, err := New(base(Field{Number: 2, Format: format, Encoding: ZonedEBCDIC}))
		require.ErrorContains(t, err, "n is not written in zoned-ebcdic", format)
	}
}

// BER tags of one to four bytes in upper-case hexadecimal (ISO/IEC 8825-1, 8.1.2).
func TestBERTags(t *testing.T) {
	for tag, want := range map[string]bool{
		"9A": true, "5F2A": true, "9F8101": true, "9F818101": true, "00": true, "1E": true, "DF7F": true, "DF00": true,
		"": false, "9": false, "9F": false, "1F": false, "9A01": false, "9F81": false, "9F0101": false, "9F810101": false, "9F81810101": false, "9F818181": false,
		"9a": false, "5f2a": false, "9G": false, "+9": false, "9A0": false,
	} {
		require.Equal(t, want, isBERTag(tag), tag)
	}
}
