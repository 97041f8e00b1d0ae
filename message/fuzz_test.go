package message

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/posline/posline/spec"
	"github.com/stretchr/testify/require"
)

// fuzzed are the specs that have a target of their own: each shipped one, and one that has everything.
func fuzzUnpack(f *testing.F, codec *Codec, seeds [][]byte) {
	for _, seed := range seeds {
		f.Add(seed)
		f.Add(seed[:len(seed)/2])
	}
	f.Fuzz(func(t *testing.T, wire []byte) { checkUnpack(t, codec, wire) })
}

// checkUnpack holds what is promised for every input.
func checkUnpack(t *testing.T, codec *Codec, wire []byte) {
	m := codec.New()
	err := m.Unpack(wire)
	for range m.Numbers() { // what was read before a fault stays readable
		_ = values(m)
		break
	}
	if err != nil {
		var fault *Error
		require.ErrorAs(t, err, &fault)
		require.LessOrEqual(t, fault.Offset, len(wire))
		require.GreaterOrEqual(t, fault.Offset, 0)
		_, packErr := m.Pack()
		require.Error(t, packErr)
		return
	}
	require.Equal(t, wire, packed(t, m))
	m.touched = true
	require.Equal(t, wire, packed(t, m))
	before := values(m)
	for number := range m.Numbers() {
		if m.node(number) == nil {
			continue // carries the third bitmap
		}
		was := slices.Clone(m.Field(number).Wire())
		start := m.spans[number].Start
		fresh := codec.New()
		require.NoError(t, fresh.Unpack(wire))
		require.NoError(t, fresh.Set(number, m.Field(number).Text()), "field %d", number)
		again := packed(t, fresh)
		after := fresh.Field(number).Wire()
		require.Equal(t, slices.Concat(wire[:start], after, wire[int(start)+len(was):]), again, "field %d", number)
	}
	require.Equal(t, before, values(m), "reading changes nothing")
}

func wiresOf(frames []frame, spec string) (wires [][]byte) {
	for _, f := range frames {
		if f.spec == spec {
			wires = append(wires, f.wire)
		}
	}
	return wires
}

func FuzzUnpackASCII(f *testing.F) {
	fuzzUnpack(f, codecFor(f, "iso8583-1987-ascii"), wiresOf(isoFrames(f), "iso8583-1987-ascii"))
}

func FuzzUnpackBinary(f *testing.F) {
	fuzzUnpack(f, codecFor(f, "iso8583-1987-binary"), wiresOf(isoFrames(f), "iso8583-1987-binary"))
}

func FuzzUnpackUnionPay(f *testing.F) {
	fuzzUnpack(f, codecFor(f, "unionpay-pos"), wiresOf(unionPayFrames(f), "unionpay-pos"))
}

func FuzzUnpackEBCDIC(f *testing.F) {
	fuzzUnpack(f, codecFor(f, "iso8583-1987-ebcdic"), [][]byte{packed(f, cardMessages(f)["iso8583-1987-ebcdic"])})
}

func FuzzUnpack1993(f *testing.F) {
	ascii, binary := codecFor(f, "iso8583-1993-ascii"), codecFor(f, "iso8583-1993-binary")
	messages := cardMessages(f)
	f.Add(packed(f, messages["iso8583-1993-ascii"]))
	f.Add(packed(f, messages["iso8583-1993-binary"]))
	f.Fuzz(func(t *testing.T, wire []byte) {
		checkUnpack(t, ascii, wire)
		checkUnpack(t, binary, wire)
	})
}

func FuzzUnpack2003(f *testing.F) {
	third := []byte{0x21, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0xA0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 1, 0x12, 0, 1, 0xAA, 0, 1, 0xCC}
	fuzzUnpack(f, codecFor(f, "iso8583-2003-binary"), [][]byte{packed(f, cardMessages(f)["iso8583-2003-binary"]), third})
}

func FuzzUnpackWithoutBitmap(f *testing.F) {
	fuzzUnpack(f, MustCompile(bitmapless), [][]byte{{8, 0}, {8, 0, 0x12, 4, 0x12, 0x34}, {8, 0, 0x12, 0, 'A', 'B', 'C'}})
}

func FuzzUnpackEdits(f *testing.F) {
	fuzzUnpack(f, MustCompile(editSpec), [][]byte{{2, 0, 0, 0, 0, 0, 0, 1, 0, 0x10, 0, 4, 8, 0, 1, 'Z'}})
}

func FuzzUnpackKitchenSink(f *testing.F) {
	codec := MustCompile(kitchenSink)
	var seeds [][]byte
	for _, mti := range []string{"0200", "0400", "0800"} {
		m := codec.New()
		require.NoError(f, m.SetHeader([]byte{3, 0xAA, 0xBB}))
		require.NoError(f, m.SetMTI(mti))
		for path, text := range kitchenValues {
			require.NoError(f, m.SetPath(path, text), path)
		}
		require.NoError(f, m.Set(61, map[bool]string{true: "12345", false: "ABCDEF"}[mti == "0800"]))
		require.NoError(f, m.SetPath("62.1", "123"))
		require.NoError(f, m.SetPath("62.16", "AABB"))
		seeds = append(seeds, packed(f, m))
		checkUnpackSeed(f, codec, seeds[len(seeds)-1])
	}
	fuzzUnpack(f, codec, seeds)
}

// checkUnpackSeed makes sure that a seed is a whole message, not one that is refused at its first byte.
func checkUnpackSeed(f *testing.F, codec *Codec, wire []byte) {
	require.NoError(f, codec.New().Unpack(wire))
}

var kitchenValues = map[string]string{
	"2": "62260000001", "3": "123", "4": "-12", "5": "D1234567", "6": "AABBCC", "7": "seven", "8": "eight", "9": "0102FF03",
	"10": "12345", "11": "eleven", "12": "00FF", "13": "1234=99", "14": "AA", "48.01": "one", "48.77": "other",
	"54": "AB0212CD011", "55.9F02": "000000001999", "55.72": "860100", "60": "22" + "05" + "12345" + "99",
	"63": "ABC", "70": "301", "130": "999",
}

// kitchenSink uses everything the spec language has.
var kitchenSink = spec.MustNew(spec.Config{
	Name:     "kitchen sink",
	Encoding: spec.BCD,
	Bitmap:   spec.Bitmap{TertiaryField: 65, Max: 3},
	Header:   []spec.Field{{Number: 1, Name: "Counted", Format: "b..254", Prefix: spec.Prefix{Encoding: spec.Binary, Digits: 1, Inclusive: true}}},
	Fields: []spec.Field{
		{Number: 2, Format: "n..19", AnyFiller: true},
		{Number: 3, Format: "n..20", Encoding: spec.BCD, Prefix: spec.Prefix{Encoding: spec.EBCDIC1047, Unit: spec.Bytes}, Filler: 15},
		{Number: 4, Format: "n 6", Encoding: spec.ZonedEBCDIC},
		{Number: 5, Format: "x+n 7", Signs: "CD"},
		{Number: 6, Format: "b..40", Prefix: spec.Prefix{Unit: spec.Nibbles}},
		{Number: 7, Format: "ans..20", Reserve: true},
		{Number: 8, Format: "ans..20", Terminator: "|"},
		{Number: 9, Format: "b..20", Terminator: "FF00"},
		{Number: 10, Format: "n..9", Prefix: spec.Prefix{Unit: spec.Nibbles}},
		{Number: 11, Format: "ans..30", Encoding: spec.EBCDIC037, Prefix: spec.Prefix{Encoding: spec.HexEBCDIC, Digits: 1}},
		{Number: 12, Format: "b..30", Encoding: spec.HexEBCDIC, Prefix: spec.Prefix{Encoding: spec.HexASCII, Digits: 2}},
		{Number: 13, Format: "z..37", Separator: "="},
		{Number: 14, Format: "b...999", Prefix: spec.Prefix{Encoding: spec.BER}},
		{Number: 48, Format: "b...999", Layout: &spec.Layout{Kind: spec.Tagged, LengthFirst: true, CountsTag: true, Encoding: spec.EBCDIC500,
			Tag: spec.TagFormat{Digits: 2}, Lead: &spec.Field{Format: "ans 1", StartsWith: "AB"}, Unknown: &spec.Field{Format: "ans...99"},
			Fields: []spec.Field{{Tag: "01", Format: "ans...20"}}}},
		{Number: 54, Format: "ans...120", Encoding: spec.EBCDIC1047, Layout: &spec.Layout{Kind: spec.Repeated,
			Fields: []spec.Field{{Number: 1, Format: "ans 2"}, {Number: 2, Format: "n..4"}}}},
		{Number: 55, Format: "b...999", Encoding: spec.HexASCII, Layout: &spec.Layout{Kind: spec.BERTLV,
			Fields: []spec.Field{{Tag: "72", Format: "b..99", Layout: &spec.Layout{Kind: spec.BERTLV}}, {Tag: "9F02", Format: "n 12"}}}},
		{Number: 60, Format: "n...30", AnyFiller: true, Layout: &spec.Layout{Kind: spec.Positional, Fill: true,
			Fields: []spec.Field{{Number: 1, Format: "n 2"}, {Number: 2, Format: "n..5"}, {Number: 3, Format: "n..20", ToEnd: true}}}},
		{Number: 61, Format: "b...99", ByMTI: []spec.Framing{{MTI: "08xx", Field: spec.Field{Format: "n 5"}}}},
		{Number: 62, Format: "b...999", Cases: []spec.Case{
			{Path: "60.1", Values: []string{"22"}, Layout: &spec.Layout{Kind: spec.Bitmapped, Bitmap: spec.Bitmap{Bytes: 2, Plain: true},
				Fields: []spec.Field{{Number: 1, Format: "n 3"}, {Number: 16, Format: "b..9"}}}},
			{MTI: "04xx", Size: 4, Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Format: "b 32"}}}}}},
		{Number: 63, Format: "h..9", Align: spec.Right},
		{Number: 70, Format: "n 3"},
		{Number: 130, Format: "n 3"},
	},
})

// FuzzSpecFile reads hostile spec files: whatever loads can be compiled and used without harm.
func FuzzSpecFile(f *testing.F) {
	f.Add(`{"name":"x","encoding":"bcd","fields":[{"number":2,"format":"n..19"}]}`, []byte{2, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 0x10})
	for _, s := range []*spec.Spec{kitchenSink, spec.UnionPayPOS(), spec.ISO8583v1987ASCII()} {
		text, err := s.MarshalJSON()
		require.NoError(f, err)
		f.Add(string(text), []byte{1, 2, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 0x10})
	}
	f.Fuzz(func(t *testing.T, text string, wire []byte) {
		s, err := spec.Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		codec, err := Compile(s)
		require.NoError(t, err)
		checkUnpack(t, codec, wire)
		m := codec.New()
		require.NoError(t, m.SetMTI("0200"))
		for _, field := range s.Resolved().Fields {
			for _, value := range []string{"", "1", "12345678", "AB"} {
				if m.Set(field.Number, value) == nil {
					break
				}
				m.err = nil
			}
		}
		if packed, err := m.Pack(); err == nil {
			require.NoError(t, codec.New().Unpack(packed), "what packs unpacks")
		}
	})
}

// FuzzSetPath edits parts of real messages: whatever is refused changes nothing, whatever is taken reads back.
func FuzzSetPath(f *testing.F) {
	frames := unionPayFrames(f)
	f.Add(uint8(0), "60.1", "22")
	f.Add(uint8(11), "55.9F26", "0102030405060708")
	f.Add(uint8(17), "59.A2.02", "X")
	f.Add(uint8(11), "55.9F8101", "AA")
	f.Fuzz(func(t *testing.T, which uint8, path, text string) {
		m := unpacked(t, frames[int(which)%len(frames)])
		before := packed(t, m)
		if err := m.SetPath(path, text); err != nil {
			m.err = nil
			require.True(t, bytes.Equal(before, packed(t, m)))
			return
		}
		wire, err := m.Pack()
		if err != nil {
			return // the part fits, but no longer the case that gave it its layout
		}
		back := m.codec.New()
		require.NoError(t, back.Unpack(wire))
		require.Equal(t, values(m), values(back))
	})
}
