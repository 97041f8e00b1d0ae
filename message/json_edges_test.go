package message

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// stub is a character set whose every answer is told.
type stub struct {
	decoded string
	decode  error
	encoded string
	encode  error
}

func (s stub) Decode([]byte) (string, error) { return s.decoded, s.decode }
func (s stub) Encode(string) ([]byte, error) { return []byte(s.encoded), s.encode }

// Text of a character set is shown as text only where the conversion is exact, and as hexadecimal otherwise.
func TestCharsetsThatFail(t *testing.T) {
	s, err := spec.New(spec.Config{Name: "gbk", Fields: []spec.Field{{Number: 0, Format: "n 4"}, {Number: 63, Name: "text", Format: "ans...99", Charset: spec.CharsetGBK, Mask: spec.MaskNone}}})
	require.NoError(t, err)
	m := MustCompile(s).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.SetBytes(63, []byte("\xD6\xD0")))
	refused := errors.New("refused")
	for what, c := range map[string]struct {
		set  Charset
		want string
	}{
		"exact":            {stub{"中", nil, "\xD6\xD0", nil}, "中"},
		"no table":         {nil, "D6D0"},
		"decoding fails":   {stub{"中", refused, "\xD6\xD0", nil}, "D6D0"},
		"no UTF-8":         {stub{"\xFF", nil, "\xD6\xD0", nil}, "D6D0"},
		"encoding fails":   {stub{"中", nil, "\xD6\xD0", refused}, "D6D0"},
		"another way back": {stub{"中", nil, "\xD6\xD1", nil}, "D6D0"},
	} {
		form := TextForm{GBK: c.set}
		require.Equal(t, c.want, string(form.AppendValue(nil, m.Field(63))), what)
	}
}

// JSON of positional and bitmapped parts: gaps, leads, parts that may be left out, keys that are none.
func TestJSONOfParts(t *testing.T) {
	s, err := spec.New(spec.Config{Name: "parts", Fields: []spec.Field{
		{Number: 0, Format: "n 4"},
		{Number: 48, Name: "positional", Format: "ans...99", Layout: &spec.Layout{Kind: spec.Positional, Lead: &spec.Field{Name: "lead", Format: "an 1"}, Fields: []spec.Field{
			{Number: 1, Name: "a", Format: "n 2"}, {Number: 2, Name: "b", Format: "an 2", StartsWith: "AB"}, {Number: 3, Name: "c", Format: "n 2"}}}},
		{Number: 60, Name: "bitmapped", Format: "ans...99", Layout: &spec.Layout{Kind: spec.Bitmapped, Bitmap: spec.Bitmap{Encoding: spec.HexASCII, Bytes: 1, Plain: true}, Fields: []spec.Field{
			{Number: 1, Name: "a", Format: "n 2"}, {Number: 3, Name: "b", Format: "n 1"}, {Number: 8, Name: "c", Format: "n 1"}}}},
		{Number: 61, Name: "records", Format: "ans...99", Layout: &spec.Layout{Kind: spec.Repeated, Fields: []spec.Field{{Number: 1, Name: "a", Format: "n 2"}, {Number: 2, Name: "b", Format: "n 1"}}}},
	}})
	require.NoError(t, err)
	codec := MustCompile(s)
	for _, c := range []struct{ text, wire, path string }{
		{`{"0":"0200","48":{"0":"L","1":"12","3":"34"}}`, "005L1234", ""},
		{`{"0":"0200","48":{"0":"L","1":"12","2":"AX","3":"34"}}`, "007L12AX34", ""},
		{`{"0":"0200","48":{"3":"34","0":"L","1":"12"}}`, "005L1234", ""},
		{`{"0":"0200","48":{"0":"L","1":"12"}}`, "003L12", ""},
		{`{"0":"0200","48":{}}`, "000", ""},
		{`{"0":"0200","48":{"1":"12"}}`, "", "48.0"},
		{`{"0":"0200","48":{"0":"L","3":"34"}}`, "", "48.1"},
		{`{"0":"0200","48":{"0":"L","1":"12","9":"1"}}`, "", "48"},
		{`{"0":"0200","60":{"3":"7"}}`, "003207", ""},
		{`{"0":"0200","60":{"8":"9","1":"12"}}`, "00581129", ""},
		{`{"0":"0200","60":{"1":"12","3":"7","8":"9"}}`, "006A11279", ""},
		{`{"0":"0200","61":[{"1":"12","2":"3"},{"1":"45","2":"6"}]}`, "006123456", ""},
		{`{"0":"0200","61":[{"1":"12"}]}`, "", "61.2"},
		{`{"0":"0200","61":["12"]}`, "", "61"},
		{`{"0":"0200","61":{"1":"12"}}`, "", "61"},
	} {
		m := codec.New()
		err := m.UnmarshalJSON([]byte(c.text))
		if c.wire == "" {
			var fault *Error
			require.ErrorAs(t, err, &fault, c.text)
			require.True(t, strings.HasPrefix(fault.Path, c.path), "%s: %v", c.text, err)
			require.Equal(t, -1, fault.Offset, c.text)
			require.NotEqual(t, ErrTruncated, fault.Kind, "%s is refused before it is packed: %v", c.text, err)
			require.False(t, m.Has(48) || m.Has(60) || m.Has(61), "nothing is half read")
			continue
		}
		require.NoError(t, err, c.text)
		wire := packed(t, m)
		require.Equal(t, c.wire, string(wire[20:]), c.text)
	}
}

// Every field whose parts do not fit keeps a message from packing, whatever the ones before it are like.
func TestEveryPartIsCheckedWhenPacking(t *testing.T) {
	good := func() *Message {
		m := nestedSpec(t).New()
		require.NoError(t, m.SetMTI("0200"))
		require.NoError(t, m.SetHeader([]byte("`NE07FL")))
		require.NoError(t, m.Set(48, "010212"))
		require.NoError(t, m.Set(55, "9F36020349"))
		require.NoError(t, m.Set(60, "22000001301"))
		return m
	}
	packed(t, good())
	for number, bad := range map[int]string{48: "0102x2", 55: "9F3602", 60: "2200000"} {
		for _, later := range []bool{false, true} {
			m := good()
			if later { // from bytes, then edited
				require.NoError(t, m.Unpack(packed(t, good())))
			}
			require.NoError(t, m.Set(number, bad))
			_, err := m.Pack()
			var fault *Error
			require.ErrorAs(t, err, &fault, "field %d", number)
			require.Equal(t, -1, fault.Offset)
			require.NoError(t, m.Set(number, good().Field(number).Text()))
			require.Equal(t, packed(t, good()), packed(t, m))
		}
	}
}

// A wrong value behind the bitmap of a field is told with its path.
func TestJSONOfAWrongPartBehindABitmap(t *testing.T) {
	codec := specOf(spec.Field{Number: 0, Format: "n 4"}, spec.Field{Number: 60, Format: "ans...99", Layout: &spec.Layout{Kind: spec.Bitmapped,
		Bitmap: spec.Bitmap{Encoding: spec.HexASCII, Bytes: 1, Plain: true}, Fields: []spec.Field{{Number: 1, Format: "n 2"}, {Number: 3, Format: "n 1"}}}})
	m := codec.New()
	require.NoError(t, m.UnmarshalJSON([]byte(`{"0":"0200","60":{"1":"12","3":"4"}}`)))
	require.Equal(t, "A0124", m.Field(60).Text())
	err := m.UnmarshalJSON([]byte(`{"0":"0200","60":{"1":"1x","3":"4"}}`))
	require.ErrorIs(t, err, ErrDigit)
	require.ErrorContains(t, err, "field 60.1: ")
}

// The parts of a field whose layout its size chooses are written by the one that they make the size of. Where the message
// type says that there are none, no layout is tried.
func TestJSONOfPartsByTheirSize(t *testing.T) {
	halves := func(format string) *spec.Layout {
		return &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Format: format}, {Number: 2, Format: format}}}
	}
	codec := specOf(spec.Field{Number: 62, Format: "ans...99", Cases: []spec.Case{
		{MTI: "08xx"}, {Size: 4, Layout: halves("n 2")}, {Size: 6, Layout: halves("n 3")}}})
	for text, want := range map[string]string{`{"1":"12","2":"34"}`: "1234", `{"1":"123","2":"456"}`: "123456"} {
		m := codec.New()
		document := `{"0":"0200","62":` + text + `}`
		require.NoError(t, m.UnmarshalJSON([]byte(document)))
		require.Equal(t, want, m.Field(62).Text())
		require.JSONEq(t, document, string(clearJSON(t, m)))
	}
	err := codec.New().UnmarshalJSON([]byte(`{"0":"0800","62":{"1":"1x"}}`))
	require.EqualError(t, err, "field 62: wrong type: the value has no parts here: a string is needed")
}
