package message

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message/internal/layout"
	"github.com/posline/posline/message/internal/wire"
	"github.com/posline/posline/spec"
)

// A path that starts with what has no parts, or with no field of the spec, is refused whatever is done there.
func TestPathsBelowWhatHasNoDefinition(t *testing.T) {
	m := codecFor(t, "iso8583-1987-ascii").New()
	require.NoError(t, m.SetMTI("0200"))
	for _, path := range []string{"0.1", "1.1", "999.1", "999"} {
		require.ErrorIs(t, m.SetPath(path, "1"), ErrUnknown, path)
		require.ErrorIs(t, m.UnsetPath(path), ErrUnknown, path)
		m.ClearErr()
	}
	require.Equal(t, "0200", m.MTI())
}

func TestErrorsNameTheFirstByteToo(t *testing.T) {
	err := codecFor(t, "iso8583-1987-ascii").New().Unpack([]byte("x200"))
	require.EqualError(t, err, "field 0 at byte 0: not a digit: content is n")
	require.EqualError(t, &Error{Kind: ErrMissing, Path: "2", Offset: -1}, "field 2: missing")
	require.EqualError(t, &Error{Kind: ErrTooLong, Offset: -1}, "message: "+ErrTooLong.Error())
	require.EqualError(t, &Error{Kind: ErrTrailing, Offset: 7}, "message at byte 7: "+ErrTrailing.Error())
}

// A message asked for the number behind its last has no such field.
func TestHasBehindTheLastNumber(t *testing.T) {
	three := MustCompile(spec.MustNew(spec.Config{Name: "three bitmaps", Bitmap: spec.Bitmap{Max: 3}, Fields: []spec.Field{{Number: 191, Format: "n 1"}}})).New()
	require.NoError(t, three.SetMTI("0200"))
	require.NoError(t, three.Set(191, "1"))
	for _, number := range []int{-1, 192, 193, 194, 1 << 30} {
		require.False(t, three.Has(number), number)
		require.False(t, three.Field(number).Present(), number)
	}
	require.True(t, three.Has(191))
}

func TestHeaderPartsAreNamedInText(t *testing.T) {
	f := unionPayFrames(t)[0]
	m := unpacked(t, f)
	text := m.String()
	require.True(t, strings.HasPrefix(text, "header.1={1:60 "), text)
	require.Contains(t, text, " header.2={")
	require.Contains(t, text, "} "+m.MTI()+" ")

	var header []spec.Field
	for range 11 {
		header = append(header, spec.Field{Name: "part", Format: "n 1", Mask: spec.MaskNone})
	}
	many := MustCompile(spec.MustNew(spec.Config{Name: "header of many parts", Header: header, Fields: []spec.Field{{Number: 3, Format: "n 6"}}})).New()
	require.NoError(t, many.Unpack([]byte("012345678900800"+"0000000000000000")))
	require.Equal(t, "header.1=0 header.2=1 header.3=2 header.4=3 header.5=4 header.6=5 header.7=6 header.8=7 header.9=8 header.10=9 header.11=0 0800", many.String())
}

// Values of lengths around the largest that has one byte are told apart from each other.
func TestKeyPartsOfLongValues(t *testing.T) {
	n := &layout.Node{Form: wire.Form{Content: wire.Any, Coding: wire.Raw, Max: 1000}}
	n.Complete()
	for _, size := range []int{0, 1, 252, 253, 254, 255, 256, 999} {
		frame := bytes.Repeat([]byte{7}, size+3)
		part := appendKeyPart([]byte("before"), n, frame, wire.Span{Content: 2, End: uint32(2 + size), Units: uint32(size)})
		require.Equal(t, "before", string(part[:6]))
		head := part[6:]
		if size < 254 {
			require.Equal(t, byte(size+1), head[0])
			head = head[1:]
		} else {
			require.Equal(t, byte(255), head[0])
			require.EqualValues(t, size, binary.BigEndian.Uint32(head[1:]))
			head = head[5:]
		}
		require.Equal(t, bytes.Repeat([]byte{7}, size), head, size)
	}
}

// An empty array is the value of a tag of records without any, and no occurrences of another.
func TestJSONOfATagWithoutOccurrences(t *testing.T) {
	records := &spec.Layout{Kind: spec.Repeated, Fields: []spec.Field{{Number: 1, Format: "n 2"}}}
	codec := MustCompile(spec.MustNew(spec.Config{Name: "tags", Fields: []spec.Field{{Number: 48, Format: "ans...99", Layout: &spec.Layout{Kind: spec.Tagged,
		Tag: spec.TagFormat{Digits: 2}, Fields: []spec.Field{{Tag: "01", Format: "ans..20", Layout: records}, {Tag: "02", Format: "ans..20"}}}}}}))
	read := func(text string) (*Message, error) {
		m := codec.New()
		return m, m.UnmarshalJSON([]byte(`{"0":"0100","48":` + text + `}`))
	}
	m, err := read(`{"01":[]}`)
	require.NoError(t, err)
	require.Equal(t, "0100", m.Field(48).Text())
	m, err = read(`{"01":[{"1":"07"},{"1":"08"}]}`)
	require.NoError(t, err)
	require.Equal(t, "01040708", m.Field(48).Text())
	m, err = read(`{"01":[[{"1":"07"}],[{"1":"08"}]]}`)
	require.NoError(t, err)
	require.Equal(t, "010207010208", m.Field(48).Text())
	for _, text := range []string{`{"02":[]}`, `{"02":["a"]}`} {
		_, err = read(text)
		require.ErrorIs(t, err, ErrType, text)
	}
	m, err = read(`{"02":["a","b"]}`)
	require.NoError(t, err)
	require.Equal(t, "0201a0201b", m.Field(48).Text())
}

// Parts inside a part of a packed value have no place of their own in the message.
func TestNestedPartsOfPackedValuesHaveNoOffset(t *testing.T) {
	inner := &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Name: "day", Format: "n 2"}, {Number: 2, Name: "month", Format: "n 2"}}}
	codec := MustCompile(spec.MustNew(spec.Config{Name: "nested", Encoding: spec.BCD, Fields: []spec.Field{
		{Number: 2, Format: "n 6", Layout: &spec.Layout{Kind: spec.Positional, Encoding: spec.ASCII, Fields: []spec.Field{{Number: 1, Format: "n 4", Layout: inner}, {Number: 2, Format: "n 2"}}}}}}))
	m := codec.New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.Set(2, "310599"))
	text := string(TextForm{}.AppendDescription(nil, m))
	require.Contains(t, text, "\n    10     3  2\n")
	for _, row := range []string{"2.1\n", "2.1.1  day ", "2.1.2  month ", "2.2 "} {
		require.Contains(t, text, "\n              "+row, text)
	}
}

// What is wider than its column moves the rest of its row by as much.
func TestTextsWiderThanTheirColumn(t *testing.T) {
	long, wide := strings.Repeat("n", widestName+1), strings.Repeat("v", widestValue+1)
	codec := MustCompile(spec.MustNew(spec.Config{Name: "wide", Fields: []spec.Field{
		{Number: 2, Name: long, Format: "ans..50", Mask: spec.MaskNone}, {Number: 3, Name: "x", Format: "n 6"}, {Number: 25, Name: long, Format: "n 2"}}}))
	m := codec.New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.Set(2, wide))
	require.NoError(t, m.Set(3, "000000"))
	require.NoError(t, m.Set(25, "00"))
	text := string(TextForm{}.AppendDescription(nil, m))
	require.Contains(t, text, "  2      "+long+"  "+wide+"\n", text)
	require.Contains(t, text, "  3      x"+strings.Repeat(" ", widestName-1+2)+"000000"+strings.Repeat(" ", widestValue-6+2)+"purchase\n", text)
	require.Contains(t, text, "  25     "+long+"  00"+strings.Repeat(" ", widestValue-2+2)+"normal\n", text)
}

// A number that is wider than its column is there whole.
func TestNumbersInColumns(t *testing.T) {
	for number, want := range map[int]string{0: "     0", 7: "     7", 10: "    10", 99999: " 99999", 123456: "123456", 1234567: "1234567"} {
		require.Equal(t, "x"+want, string(appendNumber([]byte("x"), number, 6)))
	}
	require.Equal(t, strings.Repeat(" ", 200), string(appendBlanks(nil, 200)))
	require.Empty(t, appendBlanks(nil, 0))
}

// The size that is set aside for a table is enough.
func TestTableSize(t *testing.T) {
	for _, f := range allFrames(t) {
		m := unpacked(t, f)
		text := TextForm{}.AppendDescription(nil, m)
		require.LessOrEqual(t, cap(text), 2*len(text)+200, f.name)
	}
}

// TestNothingToMake tells that a message of a type for which the spec has no response has no place of its own.
func TestNothingToMake(t *testing.T) {
	m := codecFor(t, "iso8583-1987-ascii").New()
	require.NoError(t, m.SetMTI("0210"))
	_, err := Response(m)
	var fault *Error
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "0", fault.Path)
	require.Equal(t, -1, fault.Offset)
}

// TestPrintingOfGo holds that the verb of Go's syntax prints no less masked, and as GoString does.
func TestPrintingOfGo(t *testing.T) {
	m := codecFor(t, "iso8583-1987-ascii").New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.Set(2, "4761739001010119"))
	require.Equal(t, m.GoString(), fmt.Sprintf("%#v", m))
	require.Equal(t, m.Field(2).GoString(), fmt.Sprintf("%#v", m.Field(2)))
	require.NotEqual(t, m.String(), m.GoString())
}

// TestDumpOfDelete holds that a control character is a dot in a dump, also the last of ASCII.
func TestDumpOfDelete(t *testing.T) {
	line := appendDumpLine(nil, 0, []byte("a\x7F~\x1F "), []bool{true, true, true, true, true})
	require.Contains(t, string(line), "a.~. ")
}

// TestTextBeyondItsCharset is refused, and nothing is set.
func TestTextBeyondItsCharset(t *testing.T) {
	m := MustCompile(formsSpec).New()
	require.NoError(t, m.UnmarshalJSON([]byte(`{"0":"0200","2":"\u00E9"}`)))
	require.Error(t, m.UnmarshalJSON([]byte(`{"0":"0200","2":"\u20AC"}`)))
}

// TestFieldsBehindAThirdBitmapArePrinted, although the bitmap is one of the data elements.
func TestFieldsBehindAThirdBitmapArePrinted(t *testing.T) {
	m := MustCompile(formsSpec).New()
	require.NoError(t, m.UnmarshalJSON([]byte(`{"0":"0200","10":"room","130":"77"}`)))
	require.NoError(t, m.Unpack(packed(t, m)))
	var out strings.Builder
	require.NoError(t, m.Describe(&out))
	require.Contains(t, out.String(), "beyond")
}

// TestAliasingForgetsAFailedSet holds that a message is as new when it reads the next.
func TestAliasingForgetsAFailedSet(t *testing.T) {
	m := codecFor(t, "iso8583-1987-ascii").New()
	require.NoError(t, m.SetMTI("0800"))
	require.NoError(t, m.Set(70, "301"))
	wire := packed(t, m)
	require.Error(t, m.Set(4, "x"))
	require.NoError(t, m.UnpackAliasing(wire))
	require.NoError(t, m.Err())
	require.Equal(t, wire, packed(t, m))
}

// TestMarshalOfNumbersForTypes fills up a message type that lost its zeros as a number.
func TestMarshalOfNumbersForTypes(t *testing.T) {
	m := codecFor(t, "iso8583-1987-ascii").New()
	require.NoError(t, Marshal(m, &struct {
		Type int `iso8583:"0"`
	}{200}))
	require.Equal(t, "0200", m.MTI())
}
