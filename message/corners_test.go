package message

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

var twoDigitTags = spec.TagFormat{Encoding: spec.ASCII, Digits: 2}

// The memory that UnpackAliasing was given is not written to when the message is used again.
func TestAliasedMemoryIsTheCallers(t *testing.T) {
	m := specOf(spec.Field{Number: 2, Format: "n..19"}).New()
	first, second := []byte("02004000000000000000"+"0242"), []byte("08004000000000000000"+"0299")
	kept := bytes.Clone(first)
	require.NoError(t, m.UnpackAliasing(first))
	require.NoError(t, m.Unpack(second))
	require.Equal(t, kept, first)
	require.NoError(t, m.UnpackAliasing(first))
	m.Reset()
	require.NoError(t, m.Unpack(second))
	require.Equal(t, kept, first)
}

// A second bitmap without a bit in it goes with its own last field, not with that of the first.
func TestEmptySecondBitmapStays(t *testing.T) {
	m := specOf(spec.Field{Number: 2, Format: "n..19"}, spec.Field{Number: 70, Format: "n 3"}).New()
	require.NoError(t, m.Unpack([]byte("0200"+"C000000000000000"+"0000000000000000"+"0242")))
	m.Unset(2)
	require.Equal(t, "0200"+"8000000000000000"+"0000000000000000", string(packed(t, m)))
	require.NoError(t, m.Unpack([]byte("0200"+"C000000000000000"+"0400000000000000"+"0242"+"301")))
	m.Unset(70)
	require.Equal(t, "0200"+"4000000000000000"+"0242", string(packed(t, m)))
}

// A code that is as long as its field goes into one that takes no padding.
func TestMACOfManyCharacters(t *testing.T) {
	m := specOf(spec.Field{Number: 64, Format: "an 64", Pad: spec.Pad{Side: spec.Neither}}).New()
	require.NoError(t, m.SetMTI("0200"))
	code := strings.Repeat("0F", 32)
	signed, err := m.AppendPackMAC(nil, func(dst, _ []byte) ([]byte, error) { return append(dst, code...), nil })
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(string(signed), code))
}

// The group that log/slog shows has the message type in it.
func TestLogValueHasTheType(t *testing.T) {
	m := specOf(spec.Field{Number: 3, Format: "n 6"}).New()
	require.NoError(t, m.Set(3, "000000"))
	require.Equal(t, "[3=000000]", m.LogValue().String())
	require.NoError(t, m.SetMTI("0200"))
	require.Equal(t, "[0=0200 3=000000]", m.LogValue().String())
}

// The kinds are numbers that package connection has too.
func TestKindsOfKeys(t *testing.T) {
	require.Equal(t, []uint8{0, 1, 2}, []uint8{KeyOther, KeyRequest, KeyResponse})
}

// A path is looked for in every layout that the field may have.
func TestLookupInEveryLayout(t *testing.T) {
	once := &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Format: "ans 2"}}}
	often := &spec.Layout{Kind: spec.Repeated, Fields: []spec.Field{{Number: 1, Format: "ans 2"}, {Number: 2, Format: "ans 2"}}}
	m := specOf(spec.Field{Number: 48, Format: "ans..99", Cases: []spec.Case{{MTI: "02xx", Layout: once}}, Layout: often}).New()
	for _, path := range []string{"48.1[2]", "48.2", "48.1"} {
		v, err := m.Lookup(path)
		require.NoError(t, err, path)
		require.False(t, v.Present())
	}
	_, err := m.Lookup("48.3")
	require.ErrorIs(t, err, ErrUnknown)
}

// What a scanner passes is as long as it says, also where it goes by a shape.
func TestScannerOfCutMessages(t *testing.T) {
	codec := specOf(spec.Field{Number: 3, Format: "n 6"}, spec.Field{Number: 4, Format: "n 12"}, spec.Field{Number: 32, Format: "n..11"},
		spec.Field{Number: 41, Format: "ans 8"}, spec.Field{Number: 42, Format: "ans 15"}, spec.Field{Number: 48, Format: "ans..9"})
	m := codec.New()
	require.NoError(t, m.SetMTI("0200"))
	for number, text := range map[int]string{3: "000000", 4: "000000001999", 32: "12345", 41: "TERM0001", 42: "MERCHANT0000001", 48: "x"} {
		require.NoError(t, m.Set(number, text))
	}
	wire := packed(t, m)
	for _, number := range []int{32, 48} {
		for end := 20; end < len(wire); end++ {
			s := codec.Scanner()
			for range 3 {
				require.NoError(t, s.Reset(wire))
				_, err := s.Field(number)
				require.NoError(t, err)
			}
			require.NoError(t, s.Reset(wire[:end]))
			_, err := s.Field(number)
			cut := codec.New()
			want := cut.Unpack(wire[:end])
			if number == 32 && end >= len(wire)-26 {
				require.NoError(t, err, "%d", end)
				continue
			}
			require.Equal(t, want, err, "%d", end)
		}
	}
}

// What a field with parts comes to must be what its own format allows.
func TestPartsThatTheFieldForbids(t *testing.T) {
	m := specOf(spec.Field{Number: 48, Format: "n..20", Layout: &spec.Layout{Kind: spec.Tagged, Tag: twoDigitTags,
		Fields: []spec.Field{{Tag: "01", Format: "ans..9"}}}}).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.SetPath("48.01", "42"))
	require.ErrorIs(t, m.SetPath("48.01", "AB"), ErrDigit)
	require.Equal(t, "010242", m.Field(48).Text())
}

// A lead part of no length needs not be set first.
func TestLeadOfNoLength(t *testing.T) {
	m := specOf(spec.Field{Number: 48, Format: "ans..20", Layout: &spec.Layout{Kind: spec.Tagged, Tag: twoDigitTags, Lead: &spec.Field{Format: "ans 0"},
		Fields: []spec.Field{{Tag: "01", Format: "ans..9"}}}}).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.SetPath("48.01", "x"))
	require.Equal(t, "0101x", m.Field(48).Text())
}

// A tag at the end of its field is told by its own path, or is whole where its value has no length.
func TestTagAtTheEnd(t *testing.T) {
	m := specOf(spec.Field{Number: 48, Format: "ans..20", Layout: &spec.Layout{Kind: spec.Tagged, Tag: twoDigitTags,
		Fields: []spec.Field{{Tag: "01", Format: "ans..9"}, {Tag: "02", Format: "ans 0"}}}}).New()
	var fault *Error
	require.ErrorAs(t, m.Unpack([]byte("0200"+"0000000000010000"+"02"+"01")), &fault)
	require.Equal(t, "48.01", fault.Path)
	require.ErrorIs(t, fault, ErrTruncated)
	require.NoError(t, m.Unpack([]byte("0200"+"0000000000010000"+"02"+"02")))
	require.True(t, m.Get("48.02").Present())
}

// Structs meet fields that have no parts in this message, parts that are not well formed, and values that do not fit.
func TestStructsThatDoNotFitThisMessage(t *testing.T) {
	inside := &spec.Layout{Kind: spec.Tagged, Tag: twoDigitTags, Unknown: &spec.Field{Format: "ans..9"}, Fields: []spec.Field{{Tag: "01", Format: "ans..4"},
		{Tag: "02", Format: "ans..20", Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Format: "ans 2"}}}}}}
	codec := specOf(spec.Field{Number: 48, Format: "ans..99", Cases: []spec.Case{{MTI: "08xx", Layout: inside}, {MTI: "06xx", Size: 6, Layout: inside},
		{MTI: "06xx", Size: 7, Layout: inside}}})
	type deep struct {
		F1 string `iso8583:"1"`
	}
	type parts struct {
		One  string `iso8583:"01"`
		Deep *deep  `iso8583:"02"`
	}
	type holder struct{ F48 *parts }
	m := codec.New()
	require.NoError(t, m.SetMTI("0200"))
	err := Marshal(m, holder{&parts{One: "x"}})
	require.ErrorIs(t, err, ErrType)
	require.ErrorContains(t, err, "no parts in this message")

	m.Reset()
	require.NoError(t, m.SetMTI("0600"))
	var fault *Error
	require.ErrorAs(t, Marshal(m, holder{&parts{One: "x"}}), &fault)
	require.ErrorIs(t, fault, ErrLength)
	require.ErrorContains(t, fault, "5, 6", "the first layout is told of")

	m.Reset()
	require.NoError(t, m.SetMTI("0800"))
	require.ErrorIs(t, Marshal(m, holder{&parts{Deep: &deep{"too long"}}}), ErrTooLong)
	m.ClearErr()
	require.NoError(t, m.Set(48, "0104x"))
	require.ErrorIs(t, Unmarshal(m, &holder{}), ErrTruncated)

	type numbers struct {
		F48 struct {
			All []int `iso8583:"01"`
		}
	}
	require.NoError(t, m.Set(48, "01017"+"0101x"))
	err = Unmarshal(m, &numbers{})
	require.ErrorIs(t, err, ErrType)
	require.ErrorContains(t, err, "numbers.F48.All")
}

// Characters of seven bits are looked at one and all, in a run of fixed fields too.
func TestRunsOfSevenBits(t *testing.T) {
	codec := specOf(spec.Field{Number: 3, Format: "ans 37", Charset: spec.CharsetASCII7}, spec.Field{Number: 4, Format: "ans 40", Charset: spec.CharsetASCII7})
	m := codec.New()
	wire := []byte("0200" + "3000000000000000" + strings.Repeat("x", 77))
	for range 3 {
		require.NoError(t, m.Unpack(wire))
	}
	for i := 20; i < len(wire); i++ {
		broken := bytes.Clone(wire)
		broken[i] = 0x80
		require.ErrorIs(t, m.Unpack(broken), ErrCharacter, i)
		broken[i] = 0x7F
		require.NoError(t, m.Unpack(broken), i)
		require.NoError(t, m.Unpack(wire))
	}
}

// A colon stands behind 9 and is no hexadecimal digit.
func TestWhatStandsBehindTheDigits(t *testing.T) {
	m := specOf(spec.Field{Number: 2, Format: "b..9", Encoding: spec.HexASCII}, spec.Field{Number: 3, Format: "b..9", Encoding: spec.HexEBCDIC}).New()
	require.NoError(t, m.SetMTI("0200"))
	for _, text := range []string{"1:", ":1", "G1", "1g", "/0"} {
		require.ErrorIs(t, m.Set(2, text), ErrDigit, text)
		m.ClearErr()
		require.ErrorIs(t, m.Unpack([]byte("0200"+"4000000000000000"+"01"+text)), ErrDigit, text)
		m.Reset()
		require.NoError(t, m.SetMTI("0200"))
	}
	require.ErrorIs(t, m.Unpack([]byte("0200"+"2000000000000000"+"01"+"\xFA\xF0")), ErrDigit)
}

// Parts that only one message type gives a field are checked in that one.
func TestPartsOfOneMessageType(t *testing.T) {
	m := specOf(spec.Field{Number: 48, Format: "ans..20", ByMTI: []spec.Framing{{MTI: "08xx", Field: spec.Field{Format: "ans..20",
		Layout: &spec.Layout{Kind: spec.Tagged, Tag: twoDigitTags, Fields: []spec.Field{{Tag: "01", Format: "ans..9"}}}}}}}).New()
	const rest = "0000000000010000" + "04" + "0109"
	require.NoError(t, m.Unpack([]byte("0200"+rest)))
	require.ErrorIs(t, m.Unpack([]byte("0800"+rest)), ErrTruncated)
}

// The sign of a zoned number is no digit of it.
func TestLengthOfNegativeNumbers(t *testing.T) {
	m := specOf(spec.Field{Number: 6, Format: "n 5", Encoding: spec.ZonedEBCDIC}).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.Set(6, "-12345"))
	require.Equal(t, 5, m.Field(6).Len())
	require.NoError(t, m.SetInt(6, -7))
	require.Equal(t, 5, m.Field(6).Len())
	number, err := m.Field(6).Int64()
	require.NoError(t, err)
	require.EqualValues(t, -7, number)
}

// What failed to be set is among what Validate reports.
func TestValidateTellsOfAFailedSet(t *testing.T) {
	m := specOf(spec.Field{Number: 3, Format: "n 6"}).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.Validate())
	require.ErrorIs(t, m.Set(3, "x"), ErrDigit)
	require.ErrorIs(t, m.Validate(), ErrDigit)
	m.ClearErr()
	require.NoError(t, m.Validate())
}

// The longest card number is one behind both marks of track 1.
func TestMaskOfTheLongestTrack(t *testing.T) {
	m := MustCompile(maskSpec("ans..76", spec.MaskTrack, spec.CharsetASCII)).New()
	require.NoError(t, m.SetMTI("0800"))
	require.NoError(t, m.Set(2, "%B6222021234567890128^DOE"))
	require.Equal(t, "%B622202*********0128^***", m.Field(2).String())
}

// What is wrong in an embedded struct is told.
func TestEmbeddedStructsThatDoNotFit(t *testing.T) {
	type Inner struct{ F99 string }
	m := specOf(spec.Field{Number: 3, Format: "n 6"}).New()
	err := Marshal(m, struct {
		F3 string
		Inner
	}{F3: "000000"})
	require.ErrorIs(t, err, ErrUnknown)
	require.ErrorContains(t, err, "Inner.F99")
}

// The first header part starts at offset 0, and so does its first part.
func TestDescribedHeaderStartsAtNothing(t *testing.T) {
	s := spec.MustNew(spec.Config{Name: "header", Header: []spec.Field{{Format: "ans 4", Layout: &spec.Layout{Kind: spec.Positional,
		Fields: []spec.Field{{Number: 1, Format: "ans 2"}, {Number: 2, Format: "ans 2"}}}}}, Fields: []spec.Field{{Number: 3, Format: "n 6"}}})
	m := MustCompile(s).New()
	require.NoError(t, m.Unpack([]byte("ABCD"+"0200"+"0000000000000000")))
	var text strings.Builder
	require.NoError(t, m.Describe(&text))
	require.Regexp(t, `(?m)^     0     2  header\.1\.1 `, text.String())
	require.Regexp(t, `(?m)^     2     2  header\.1\.2 `, text.String())
}

// A key of a field just beyond the bitmaps is an error, not a panic.
func TestKeysBeyondTheBitmaps(t *testing.T) {
	for _, number := range []int{0, 64, 65, 66, 193} {
		key := KeyFunc(specOf(spec.Field{Number: 3, Format: "n 6"}), number)
		_, _, err := key([]byte("0200" + "0000000000000000"))
		require.ErrorIs(t, err, ErrUnknown, number)
	}
}
