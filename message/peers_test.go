package message

import (
	"bytes"
	"encoding/hex"
	"runtime"
	"strings"
	"testing"

	"github.com/posline/posline/spec"
	"github.com/stretchr/testify/require"
)

// What crashes, exhausts memory or is silently changed in the libraries people use today, and what happens here.

// one compiles a spec with one data element, number 2, and a one-byte bitmap of its own.
func one(t testing.TB, family spec.Encoding, f spec.Field) *Codec {
	f.Number = 2
	s, err := spec.New(spec.Config{Name: "one field", Encoding: family, Bitmap: spec.Bitmap{Bytes: 1}, Fields: []spec.Field{f}})
	require.NoError(t, err)
	return MustCompile(s)
}

var nestedBER = &spec.Layout{Kind: spec.BERTLV, Fields: []spec.Field{{Tag: "72", Format: "b..99", Layout: &spec.Layout{Kind: spec.BERTLV}}}}

// Each body, behind message type and bitmap, is refused with the kind; nothing panics and nothing large is allocated.
func TestCrashesOfPeersAreErrors(t *testing.T) {
	ebcdicLength := spec.Prefix{Encoding: spec.EBCDIC1047}
	for _, c := range []struct {
		name, body string
		field      spec.Field
		kind       Kind
	}{
		{"negative EBCDIC length of a composite", "60F0F5", spec.Field{Format: "b...999", Prefix: ebcdicLength, Layout: nestedBER}, ErrLength},
		{"EBCDIC length with a plus", "4EF0F5", spec.Field{Format: "ans...999", Encoding: spec.EBCDIC1047, Prefix: ebcdicLength}, ErrLength},
		{"BER length of eight bytes", "000B72" + "88FFFFFFFFFFFFFFFF" + "00", spec.Field{Format: "b...999", Layout: nestedBER}, ErrLength},
		{"BER length that overflows", "000B72" + "887FFFFFFFFFFFFFFF" + "00", spec.Field{Format: "b...999", Layout: nestedBER}, ErrLength},
		{"BER length beyond the data", "000672" + "847FFFFFFF", spec.Field{Format: "b...999", Layout: nestedBER}, ErrTooLong},
		{"BER indefinite length", "00027280", spec.Field{Format: "b...999", Layout: nestedBER}, ErrLength},
		{"BCD with a huge BER length", "847FFFFFFF", spec.Field{Format: "n...999", Prefix: spec.Prefix{Encoding: spec.BER}}, ErrTooLong},
		{"left-aligned BCD with a huge BER length", "84FFFFFFFF", spec.Field{Format: "n...999", Align: spec.Left, Prefix: spec.Prefix{Encoding: spec.BER}}, ErrTooLong},
		{"hexadecimal with a huge BER length", "84FFFFFFFF", spec.Field{Format: "b...999", Encoding: spec.HexASCII, Prefix: spec.Prefix{Encoding: spec.BER}}, ErrTooLong},
		{"length beyond the data", "0500AA", spec.Field{Format: "b...999"}, ErrTruncated},
		{"length above the maximum", "0010", spec.Field{Format: "b...9"}, ErrTooLong},
		{"length with a nibble above 9", "0A", spec.Field{Format: "n..19"}, ErrLength},
		{"odd length digits not zero", "9012", spec.Field{Format: "ans...999"}, ErrLength},
		{"signed ASCII length", "2B35", spec.Field{Format: "ans..99", Prefix: spec.Prefix{Encoding: spec.ASCII}}, ErrLength},
		{"minus zero", "2D30", spec.Field{Format: "ans..99", Prefix: spec.Prefix{Encoding: spec.ASCII}}, ErrLength},
		{"blank in a length", "2035", spec.Field{Format: "ans..99", Prefix: spec.Prefix{Encoding: spec.ASCII}}, ErrLength},
		{"inclusive length below itself", "0000", spec.Field{Format: "b...99", Prefix: spec.Prefix{Encoding: spec.Binary, Digits: 2, Inclusive: true}}, ErrLength},
		{"filler nibble", "9123", spec.Field{Format: "n 3"}, ErrFiller},
		{"F filler", "03123F", spec.Field{Format: "n..9"}, ErrFiller},
		{"letter in BCD", "A1B2C3", spec.Field{Format: "n 6"}, ErrDigit},
		{"minus in digits", "30302D313233", spec.Field{Format: "n 6", Encoding: spec.ASCII}, ErrDigit},
		{"bytes left over", "12345600", spec.Field{Format: "n 6"}, ErrTrailing},
		{"bytes left over in a composite", "0004" + "01020304", spec.Field{Format: "b...9", Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Format: "b 24"}}}}, ErrTrailing},
		{"tag cut short", "0001" + "9F", spec.Field{Format: "b...9", Layout: nestedBER}, ErrTag},
		{"unknown tag", "0006" + "5A5A" + "30303141", spec.Field{Format: "b...99", Layout: &spec.Layout{Kind: spec.Tagged, Encoding: spec.ASCII, Tag: spec.TagFormat{Digits: 2}, Fields: []spec.Field{{Tag: "A1", Format: "ans...9"}}}}, ErrUnknown},
		{"control character in text", "0141", spec.Field{Format: "ans 2"}, ErrCharacter},
		{"no terminator", "4142", spec.Field{Format: "ans..9", Terminator: "|"}, ErrTruncated},
	} {
		t.Run(c.name, func(t *testing.T) {
			wire, err := hex.DecodeString("0200" + "40" + c.body)
			require.NoError(t, err)
			m := one(t, spec.BCD, c.field).New()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err = m.Unpack(wire)
			runtime.ReadMemStats(&after)
			require.ErrorIs(t, err, c.kind)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
			var fault *Error
			require.ErrorAs(t, err, &fault)
			require.LessOrEqual(t, fault.Offset, len(wire))
		})
	}
}

// Each value survives building, packing, unpacking and packing again.
func TestCorruptionsOfPeersDoNotHappen(t *testing.T) {
	binary5 := spec.Prefix{Encoding: spec.Binary, Digits: 5}
	for _, c := range []struct {
		name, value, wire string
		field             spec.Field
	}{
		{"empty variable field", "", "00", spec.Field{Format: "ans..9"}},
		{"five-byte binary length", "AABBCCDDEE", "0000000005AABBCCDDEE", spec.Field{Format: "b...99", Prefix: binary5}},
		{"leading zeros of a variable number", "000123", "06000123", spec.Field{Format: "n..9"}},
		{"all zeros", "000000", "000000", spec.Field{Format: "n 6"}},
		{"a short variable text is not padded", "ab", "026162", spec.Field{Format: "ans..10"}},
		{"zero bytes of binary data", "01020000", "01020000", spec.Field{Format: "b 32"}},
		{"trailing blanks", "AB  ", "41422020", spec.Field{Format: "ans 4"}},
		{"track without expiry", "4761739001010119D", "174761739001010119D0", spec.Field{Format: "z..37"}},
		{"empty track", "", "00", spec.Field{Format: "z..37"}},
		{"odd track of Visa's form", "4761739001010119D2812201", "244761739001010119D2812201", spec.Field{Format: "z..37"}},
		{"EBCDIC hexadecimal A to F", "89ABCDEF", "F8F9C1C2C3C4C5C6", spec.Field{Format: "b 32", Encoding: spec.HexEBCDIC}},
		{"EBCDIC brackets", "[]|^!", "ADBD4F5F5A", spec.Field{Format: "ans 5", Encoding: spec.EBCDIC1047}},
	} {
		t.Run(c.name, func(t *testing.T) {
			codec := one(t, spec.BCD, c.field)
			m := codec.New()
			require.NoError(t, m.SetMTI("0200"))
			require.NoError(t, m.Set(2, c.value))
			wire := packed(t, m)
			require.Equal(t, "020040"+c.wire, strings.ToUpper(hex.EncodeToString(wire)))
			back := codec.New()
			require.NoError(t, back.Unpack(wire))
			require.True(t, back.Has(2))
			require.Equal(t, c.value, back.Field(2).Text())
			require.Equal(t, wire, packed(t, back))
		})
	}
}

func TestTagsKeepOrderRepeatsAndEmptyValues(t *testing.T) {
	codec := one(t, spec.BCD, spec.Field{Format: "b...99", Layout: &spec.Layout{Kind: spec.BERTLV}})
	wire, _ := hex.DecodeString("0200400020" + "9F0200" + "9A03240101" + "7201AA" + "00" + "8A820002" + "3030" + "7201BB" + "DF8101")
	wire = append(wire, 0)
	m := codec.New()
	wire[4] = 0x25 // 25 bytes of data objects, packed
	require.NoError(t, m.Unpack(wire))
	require.Equal(t, wire, packed(t, m))
	var keys []string
	for key := range m.Field(2).Parts() {
		keys = append(keys, key)
	}
	require.Equal(t, []string{"9F02", "9A", "72", "8A", "72", "DF8101"}, keys)
	require.Equal(t, "BB", m.Get("2.72[2]").Text())
	require.True(t, m.Get("2.9F02").Present())
	require.NoError(t, m.SetPath("2.72[2]", "CC"))
	again := packed(t, m)
	require.Equal(t, bytes.Replace(wire, []byte{0x72, 1, 0xBB}, []byte{0x72, 1, 0xCC}, 1), again, "padding and long lengths stay")
}

func TestMisuseIsAnError(t *testing.T) {
	codec := codecFor(t, "iso8583-1987-ascii")
	m := codec.New()
	_, err := m.Pack()
	require.ErrorIs(t, err, ErrMissing, "no message type")
	require.ErrorIs(t, m.SetMTI("08X0"), ErrDigit)
	m = codec.New()
	require.ErrorIs(t, m.Set(65+64, "1"), ErrUnknown)

	positional := one(t, spec.BCD, spec.Field{Format: "ans..9", Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{
		{Number: 1, Format: "ans 2"}, {Number: 2, Format: "ans 2"}, {Number: 3, Format: "ans 2"}}}}).New()
	require.NoError(t, positional.SetMTI("0200"))
	require.NoError(t, positional.SetPath("2.1", "AA"))
	require.ErrorIs(t, positional.SetPath("2.3", "CC"), ErrMissing, "a gap would shift the part")

	var none Message
	require.Error(t, none.UnmarshalBinary([]byte("0800")))
	_, err = none.Pack()
	require.Error(t, err)
}

func TestNothingIsAliased(t *testing.T) {
	codec := codecFor(t, "iso8583-1987-binary")
	_, built := build(t, codec.Spec())
	wire := packed(t, built)
	m := codec.New()
	require.NoError(t, m.Unpack(wire))
	before := values(m)
	clear(wire)
	require.Equal(t, before, values(m))
	value := []byte("123456")
	require.NoError(t, m.SetBytes(32, value[:3]))
	require.Equal(t, "123456", string(value), "the caller's memory behind the value")
	clear(value)
	require.Equal(t, "123", m.Field(32).Text())
}

func TestBitmaps(t *testing.T) {
	ascii, binary := codecFor(t, "iso8583-1987-ascii"), codecFor(t, "iso8583-1987-binary")
	for name, c := range map[string]struct {
		codec *Codec
		wire  string
		kind  error
	}{
		"primary only":               {ascii, "0800" + "0020000000000000" + "000001", nil},
		"secondary":                  {ascii, "0800" + "82200000000000000400000000000000" + "1123063015" + "000001" + "301", nil},
		"lower case":                 {ascii, "0800" + "002000000000000a" + "000001" + "003abc" + "003def", nil},
		"empty secondary":            {ascii, "0800" + "80200000000000000000000000000000" + "000001", nil},
		"no element at all":          {ascii, "0800" + "0000000000000000", nil},
		"not hexadecimal":            {ascii, "0800" + "00200000000000G0" + "000001", ErrBitmap},
		"cut short":                  {ascii, "0800" + "00200000000000", ErrTruncated},
		"announced secondary absent": {binary, "\x08\x00\x80\x20\x00\x00\x00\x00\x00\x00\x00", ErrTruncated},
	} {
		t.Run(name, func(t *testing.T) {
			m := c.codec.New()
			err := m.Unpack([]byte(c.wire))
			if c.kind != nil {
				require.ErrorIs(t, err, c.kind)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.wire, string(packed(t, m)))
			m.touched = true
			require.Equal(t, c.wire, string(packed(t, m)))
		})
	}
	union := codecFor(t, "unionpay-pos+no-header").New()
	require.ErrorIs(t, union.Unpack([]byte{2, 0, 0x80, 0, 0, 0, 0, 0, 0, 0}), ErrBitmap)
}

// A secondary bitmap comes with the first field that needs it and goes with the last.
func TestSecondaryBitmapComesAndGoes(t *testing.T) {
	m := codecFor(t, "iso8583-1987-ascii").New()
	require.NoError(t, m.SetMTI("0800"))
	require.NoError(t, m.Set(11, "1"))
	short := packed(t, m)
	require.NoError(t, m.Set(70, "301"))
	require.Equal(t, "0800"+"80200000000000000400000000000000"+"000001"+"301", string(packed(t, m)))
	m.Unset(70)
	require.Equal(t, short, packed(t, m))
}

// The third bitmap in a data element stands between fields of the arena wherever these were set.
func TestTertiaryBitmapAmongEdits(t *testing.T) {
	codec := MustCompile(kitchenSink)
	var want []byte
	for _, order := range [][]int{{2, 70, 130}, {130, 70, 2}, {70, 130, 2}, {130, 2, 70}} {
		m := codec.New()
		require.NoError(t, m.SetMTI("0200"))
		require.NoError(t, m.SetHeader([]byte{1}))
		for _, number := range order {
			require.NoError(t, m.Set(number, map[int]string{2: "6222", 70: "301", 130: "999"}[number]))
		}
		wire := packed(t, m)
		require.NoError(t, codec.New().Unpack(wire))
		if want == nil {
			want = wire
		}
		require.Equal(t, want, wire, "%v", order)
	}
}
