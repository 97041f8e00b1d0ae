package message

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// Everything that is refused is refused with its kind, its path, no offset where nothing was received, and no value.
func TestRefusalsAreWhole(t *testing.T) {
	m := nestedSpec(t).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.Set(41, "TERM0001"))
	for what, err := range map[string]error{
		"Set":            m.Set(4, "x"),
		"SetInt":         m.SetInt(4, -1),
		"SetBytes":       m.SetBytes(11, []byte("1234567")),
		"SetTime":        m.SetTime(7, time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)),
		"SetPath":        m.SetPath("60.1", "xx"),
		"SetPath inside": m.SetPath("48.01", "1234"),
		"SetPath in BER": m.SetPath("55.9F36", "000000"),
		"SetHeader":      m.SetHeader([]byte("x")),
		"SetMTI":         m.SetMTI("02"),
		"Marshal":        Marshal(m, &struct{ F4 string }{"x"}),
		"Marshal time":   Marshal(m, &struct{ F7 *time.Time }{new(time.Time)}),
		"Marshal inside": Marshal(m, &struct {
			F48 struct {
				When *time.Time `iso8583:"02"`
			}
		}{struct {
			When *time.Time `iso8583:"02"`
		}{new(time.Time)}}),
	} {
		var fault *Error
		require.ErrorAs(t, err, &fault, what)
		require.Equal(t, -1, fault.Offset, what)
		require.NotEmpty(t, fault.Path, what)
		require.NotZero(t, fault.Kind, what)
	}
	x, err := m.Field(4).Int64()
	require.ErrorIs(t, err, ErrMissing)
	require.Zero(t, x)
	x, err = m.Field(41).Int64()
	require.ErrorIs(t, err, ErrType)
	require.Zero(t, x)
	at, err := m.Field(7).Time(time.Now())
	require.ErrorIs(t, err, ErrMissing)
	require.True(t, at.IsZero())
	at, err = m.Field(41).Time(time.Now())
	require.ErrorIs(t, err, ErrType)
	require.True(t, at.IsZero())
}

func TestStructErrorsUnwrap(t *testing.T) {
	m := nestedSpec(t).New()
	require.NoError(t, m.SetMTI("0200"))
	err := Marshal(m, &struct{ F4 string }{"x"})
	var misuse *StructError
	require.ErrorAs(t, err, &misuse)
	require.Equal(t, ".F4", misuse.Field)
	require.NotNil(t, misuse.Cause)
	require.Equal(t, misuse.Cause, errors.Unwrap(misuse))
	require.Contains(t, misuse.Error(), misuse.Cause.Error())
	require.Equal(t, "X", (&StructError{Field: "X"}).Error())
}

// A message that does not pack is not signed, and its code stays unset; a code that does not fit is an error.
func TestSigningWhatDoesNotPack(t *testing.T) {
	m := codecFor(t, "iso8583-1987-ascii").New()
	require.NoError(t, m.Set(11, "000001"))
	out, err := m.AppendPackMAC([]byte("ahead"), sum)
	require.ErrorIs(t, err, ErrMissing)
	require.Equal(t, "ahead", string(out))
	require.False(t, m.Has(64))
	require.NoError(t, m.Err(), "the message may still be completed")

	require.NoError(t, m.SetMTI("0200"))
	refused := errors.New("no key")
	out, err = m.AppendPackMAC([]byte("ahead"), func(dst, _ []byte) ([]byte, error) { return append(dst, 1, 2), refused })
	require.ErrorIs(t, err, refused)
	require.ErrorIs(t, err, ErrMissing)
	require.Equal(t, "ahead", string(out))
	require.False(t, m.Has(64))
	_, err = m.AppendPackMAC(nil, func(dst, _ []byte) ([]byte, error) { return append(dst, 1, 2), nil })
	require.ErrorIs(t, err, ErrTooShort, "two bytes for eight")
	require.False(t, m.Has(64))
	m.ClearErr()
	signed, err := m.AppendPackMAC(nil, sum)
	require.NoError(t, err)
	require.Equal(t, packed(t, m), signed)
}

// The default mask shows what is at most 99 long, or of a fixed length.
func TestLongValuesAreHidden(t *testing.T) {
	s, err := spec.New(spec.Config{Name: "long", Fields: []spec.Field{{Number: 0, Format: "n 4"}, {Number: 2, Name: "a", Format: "ans...200"}, {Number: 3, Name: "b", Format: "ans 120"}}})
	require.NoError(t, err)
	m := MustCompile(s).New()
	require.NoError(t, m.Set(2, strings.Repeat("x", 99)))
	require.Equal(t, strings.Repeat("x", 99), m.Field(2).String())
	require.NoError(t, m.Set(2, strings.Repeat("x", 100)))
	require.Equal(t, "<100 characters>", m.Field(2).String())
	require.NoError(t, m.Set(3, strings.Repeat("x", 120)))
	require.Equal(t, strings.Repeat("x", 120), m.Field(3).String())
}

// Wide characters take two columns, at both ends of every range and not beside them.
func TestWidths(t *testing.T) {
	for r, want := range map[rune]int{
		'a': 1, 'é': 1, 0x10FF: 1, 0x1100: 2, 0x115F: 2, 0x1160: 1, 0x2E7F: 1, 0x2E80: 2, 0xA4CF: 2, 0xA4D0: 1, 0xABFF: 1, 0xAC00: 2, 0xD7A3: 2, 0xD7A4: 1,
		0xF8FF: 1, 0xF900: 2, 0xFAFF: 2, 0xFB00: 1, 0xFE2F: 1, 0xFE30: 2, 0xFE6F: 2, 0xFE70: 1, 0xFEFF: 1, 0xFF00: 2, 0xFF60: 2, 0xFF61: 1,
	} {
		require.Equal(t, want, width([]byte(string(r))), "%U", r)
		require.Equal(t, 2*want+1, width([]byte(string(r)+"x"+string(r))), "%U", r)
	}
}

// Names of Go fields without a tag bind numbers and the tags of the spec, nothing else.
func TestNamesWithoutTags(t *testing.T) {
	type inner struct {
		F01     int
		F02     string
		Fee     string
		Feature string
		F       string
		FOther  string
		Other   string
	}
	type outer struct {
		F4    string
		F48   inner
		Fee   string
		F     string
		FABC  string
		F9F26 string `iso8583:"-"`
		skip  string
	}
	m := nestedSpec(t).New()
	require.NoError(t, m.SetMTI("0200"))
	in := outer{F4: "12", F48: inner{F01: 42, F02: "260304", Fee: "x", Feature: "x", F: "x", FOther: "x", Other: "x"}, Fee: "x", F: "x", FABC: "x", F9F26: "x", skip: "x"}
	require.NoError(t, Marshal(m, &in))
	require.Equal(t, "42", m.Get("48.01").Text())
	require.Equal(t, "260304", m.Get("48.02").Text())
	require.Equal(t, []int{4, 48}, numbersOf(m))
	out := outer{Fee: "stays", skip: "stays", F9F26: "stays", F48: inner{Fee: "stays"}}
	require.NoError(t, Unmarshal(m, &out))
	require.Equal(t, "stays", out.Fee)
	require.Equal(t, "stays", out.skip)
	require.Equal(t, "stays", out.F9F26)
	require.Equal(t, "stays", out.F48.Fee)
	require.Equal(t, 42, out.F48.F01)
}

func numbersOf(m *Message) (list []int) {
	for number := range m.Numbers() {
		list = append(list, number)
	}
	return list
}

// Messages with three bitmaps go through JSON as well, whether the third stands with the others or in a data element.
func TestThreeBitmapsThroughJSON(t *testing.T) {
	for _, b := range []spec.Bitmap{{Max: 3}, {Max: 3, TertiaryField: 65}} {
		s, err := spec.New(spec.Config{Name: "three", Encoding: spec.BCD, Bitmap: b, Fields: []spec.Field{
			{Number: 0, Format: "n 4"}, {Number: 2, Name: "a", Format: "n 2"}, {Number: 70, Name: "b", Format: "n 3"}, {Number: 130, Name: "c", Format: "n 4"}, {Number: 192, Name: "d", Format: "n 4"}}})
		require.NoError(t, err)
		m := MustCompile(s).New()
		require.NoError(t, m.SetMTI("0200"))
		for _, number := range []int{2, 130, 192} {
			require.NoError(t, m.Set(number, "7"))
		}
		wire := packed(t, m)
		require.NoError(t, m.Unpack(wire))
		clear := TextForm{CardDataInClear: true}
		text, err := clear.AppendJSON(nil, m)
		require.NoError(t, err)
		require.NotContains(t, string(text), "raw")
		back := m.Codec().New()
		require.NoError(t, clear.ReadJSON(back, text))
		require.Equal(t, wire, packed(t, back))
		if b.TertiaryField != 0 {
			document := strings.Replace(string(text), "{", `{"raw":{"65":"80"},`, 1)
			require.EqualError(t, clear.ReadJSON(back, []byte(document)), "field raw.65: bad bitmap")
		}
		m.Unset(192)
		m.Unset(130)
		require.Equal(t, []int{2}, numbersOf(m), "the third bitmap goes with its last field")
	}
}

// SetMTI tells whether it changed anything: the same type leaves the received bytes as they are, another one does not.
func TestSetMTITouches(t *testing.T) {
	f := unionPayFrames(t)[10]
	m := unpacked(t, f)
	require.NoError(t, m.SetMTI(m.MTI()))
	require.False(t, m.touched)
	require.NoError(t, m.VerifyMAC(func(_, _ []byte) error { return nil }), "the bytes are still those that were received")
	require.NoError(t, m.SetMTI("0220"))
	require.True(t, m.touched)
	require.Error(t, m.VerifyMAC(func(_, _ []byte) error { return nil }))
	require.Equal(t, "0220", unpackedFrom(t, m).MTI())

	fresh := m.Codec().New()
	require.NoError(t, fresh.SetMTI("0800"))
	require.True(t, fresh.touched)
}

func unpackedFrom(t *testing.T, m *Message) *Message {
	back := m.Codec().New()
	require.NoError(t, back.Unpack(packed(t, m)))
	return back
}

// A message without the header that its format has gets no answer; one without a type is printed all the same.
func TestWithoutHeaderOrType(t *testing.T) {
	m := codecFor(t, "unionpay-pos").New()
	require.NoError(t, m.SetMTI("0200"))
	_, err := Response(m)
	require.Error(t, err)
	require.Contains(t, err.Error(), "header")

	plain := codecFor(t, "iso8583-1987-ascii").New()
	require.NoError(t, plain.Set(11, "000001"))
	require.NoError(t, plain.Set(39, "00"))
	require.Equal(t, "11=000001 39=00", plain.String())
	require.Equal(t, "x 11=000001 39=00", string(plain.AppendMasked([]byte("x ")))) // nothing but what was there stands in front
}

// Records are numbered from one in the table.
func TestRecordsInTheTable(t *testing.T) {
	s, err := spec.New(spec.Config{Name: "records", Fields: []spec.Field{{Number: 0, Format: "n 4"},
		{Number: 61, Name: "records", Format: "ans...99", Layout: &spec.Layout{Kind: spec.Repeated, Fields: []spec.Field{{Number: 1, Name: "a", Format: "n 2"}, {Number: 2, Name: "b", Format: "n 1"}}}}}})
	require.NoError(t, err)
	m := MustCompile(s).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.Set(61, "123456"))
	table := string(TextForm{}.AppendDescription(nil, m))
	for _, number := range []string{"61.1[1]", "61.2[1]", "61.1[2]", "61.2[2]"} {
		require.Contains(t, table, " "+number+" ")
	}
}

// Parts are checked wherever their field stands, beyond the second bitmap too.
func TestPartsBeyondTheSecondBitmap(t *testing.T) {
	parts := &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Name: "a", Format: "n 2"}, {Number: 2, Name: "b", Format: "n 2"}}}
	s, err := spec.New(spec.Config{Name: "three", Bitmap: spec.Bitmap{Max: 3, TertiaryField: 65}, Fields: []spec.Field{
		{Number: 0, Format: "n 4"}, {Number: 2, Name: "a", Format: "n 2"}, {Number: 70, Name: "b", Format: "ans..9", Layout: parts}, {Number: 130, Name: "c", Format: "ans..9", Layout: parts}}})
	require.NoError(t, err)
	for _, number := range []int{70, 130} {
		m := MustCompile(s).New()
		require.NoError(t, m.SetMTI("0200"))
		require.NoError(t, m.Set(number, "1234"))
		wire := packed(t, m)
		require.NoError(t, m.Unpack(wire))
		wire[len(wire)-1] = 'x'
		require.ErrorIs(t, m.Unpack(wire), ErrDigit, "%d", number)
	}
}

// Padding is what is taken off a value alone: bytes and values with parts stay as they are.
func TestUnpaddedLeavesPartsAndBytes(t *testing.T) {
	m := nestedSpec(t).New()
	require.NoError(t, m.SetHeader([]byte("`NE07  ")))
	require.Equal(t, "NE07  ", m.Get("header.2").Unpadded())
	require.Equal(t, "60", m.Get("header.1").Unpadded())
	require.Equal(t, "", m.Field(41).Unpadded())
	require.NoError(t, m.Set(41, "T "))
	require.Equal(t, "T", m.Field(41).Unpadded())
}

// A field of fixed length needs all its parts at once, and says so.
func TestPartsThatDoNotFillTheirField(t *testing.T) {
	s, err := spec.New(spec.Config{Name: "fixed", Fields: []spec.Field{{Number: 0, Format: "n 4"},
		{Number: 43, Name: "fixed", Format: "ans 4", Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Name: "a", Format: "an 2"}, {Number: 2, Name: "b", Format: "an 2"}}}}}})
	require.NoError(t, err)
	m := MustCompile(s).New()
	require.NoError(t, m.SetMTI("0200"))
	err = m.SetPath("43.1", "ab")
	require.ErrorIs(t, err, ErrTooShort)
	require.False(t, m.Has(43))
	m.ClearErr()
	require.NoError(t, m.Set(43, "abcd"))
	require.NoError(t, m.SetPath("43.1", "xy"))
	require.Equal(t, "xycd", m.Field(43).Text())
	require.ErrorIs(t, m.UnsetPath("43.2"), ErrTooShort)
	require.Equal(t, "xycd", m.Field(43).Text())
}

// A scanner passes a third bitmap that stands in a data element, and tells where one is cut off.
func TestScannerPassesAThirdBitmap(t *testing.T) {
	s, err := spec.New(spec.Config{Name: "three", Encoding: spec.BCD, Bitmap: spec.Bitmap{Max: 3, TertiaryField: 65}, Fields: []spec.Field{
		{Number: 0, Format: "n 4"}, {Number: 2, Name: "a", Format: "n 2"}, {Number: 70, Name: "b", Format: "n 4"}, {Number: 130, Name: "c", Format: "n 4"}}})
	require.NoError(t, err)
	m := MustCompile(s).New()
	require.NoError(t, m.SetMTI("0200"))
	for _, number := range []int{2, 70, 130} {
		require.NoError(t, m.SetInt(number, int64(number%100)))
	}
	wire := packed(t, m)
	scanner := m.Codec().Scanner()
	require.NoError(t, scanner.Reset(wire))
	for number, want := range map[int]string{130: "0030"} {
		v, err := scanner.Field(number)
		require.NoError(t, err)
		require.Equal(t, want, v.Text())
	}
	require.NoError(t, scanner.Reset(wire))
	v, err := scanner.Field(70)
	require.NoError(t, err)
	require.Equal(t, "0070", v.Text())
	require.NoError(t, scanner.Reset(wire[:2+16+1+7]))
	_, err = scanner.Field(70)
	require.ErrorIs(t, err, ErrTruncated)
	var fault *Error
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "65", fault.Path)
	require.Equal(t, 19, fault.Offset)
}

// Wipe leaves nothing of card data in the memory of the message, that of Marshal included.
func TestWipeReachesMarshal(t *testing.T) {
	m := codecFor(t, "unionpay-pos+no-header").New()
	type chip struct {
		PAN []byte `iso8583:"5A"`
	}
	require.NoError(t, Marshal(m, &struct {
		MTI  string `iso8583:"0"`
		PAN  string `iso8583:"2"`
		Chip *chip  `iso8583:"55"`
	}{"0200", secretPAN, &chip{[]byte{0x47, 0x61, 0x73, 0x90}}}))
	writer := *m.writer
	m.Wipe()
	require.NotContains(t, fmt.Sprintf("%v", writer), fmt.Sprintf("%v", []byte(secretPAN))[1:20])
	require.NotContains(t, fmt.Sprintf("%v", writer), "71 97 115 144")
}

// What a Go type refuses is the cause of the error, though its text is not in ours.
func TestRefusalsOfGoTypes(t *testing.T) {
	m := nestedSpec(t).New()
	require.NoError(t, m.SetMTI("0200"))
	err := Marshal(m, &struct {
		Terminal picky `iso8583:"41"`
	}{picky{"bad"}})
	require.ErrorIs(t, err, ErrValue)
	require.ErrorIs(t, err, errPicky)
	require.NotContains(t, err.Error(), errPicky.Error())
	require.NoError(t, func() error { m.ClearErr(); return m.Set(41, "TERM0001") }())
	err = Unmarshal(m, &struct {
		Terminal picky `iso8583:"41"`
	}{})
	require.ErrorIs(t, err, ErrValue)
	require.NotContains(t, err.Error(), "TERM0001")
}
