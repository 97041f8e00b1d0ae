package message

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// A field that may end inside its last part is read at every length, and comes back as it was.
func TestFieldsThatEndInsideAPart(t *testing.T) {
	codec := MustCompile(spec.UnionPayPOS())
	header := make([]byte, 11)
	digits := strings.Repeat("2200001300050501234", 2)
	for _, f := range []struct {
		number, from, to int
		widths           []int
	}{
		{60, 8, 30, []int{2, 6, 3, 1, 1, 1, 3, 13}},
		{61, 8, 29, []int{6, 6, 4, 2, 11}},
	} {
		for size := f.from; size <= f.to; size++ {
			m := codec.New()
			require.NoError(t, m.SetMTI("0200"))
			require.NoError(t, m.SetHeader(header))
			require.NoError(t, m.Set(f.number, digits[:size]))
			wire, err := m.Pack()
			require.NoError(t, err)

			back := codec.New()
			require.NoError(t, back.Unpack(wire), "field %d of %d digits", f.number, size)
			requireParts(t, back.Field(f.number), digits[:size], f.widths)
			again, err := back.Pack()
			require.NoError(t, err)
			require.Equal(t, wire, again)
			requireThroughJSON(t, back, wire)
		}
	}
}

// requireParts compares the parts of a value with the stretches of text that widths cut.
func requireParts(t *testing.T, v Value, text string, widths []int) {
	t.Helper()
	for i, width := range widths {
		part, ok := "", len(text) > 0
		part, text = text[:min(width, len(text))], text[min(width, len(text)):]
		require.Equal(t, ok, v.Sub(i+1).Present(), i+1)
		require.Equal(t, part, v.Sub(i+1).Text(), i+1)
	}
	require.Empty(t, text)
}

func requireThroughJSON(t *testing.T, m *Message, wire []byte) {
	t.Helper()
	text, err := TextForm{CardDataInClear: true}.AppendJSON(nil, m)
	require.NoError(t, err)
	back := m.Codec().New()
	require.NoError(t, json.Unmarshal(text, back))
	got, err := back.Pack()
	require.NoError(t, err)
	require.Equal(t, wire, got)
}

func TestEditACutPart(t *testing.T) {
	codec := MustCompile(spec.UnionPayPOS())
	with := func(field60 string) *Message {
		m := codec.New()
		require.NoError(t, m.SetMTI("0200"))
		require.NoError(t, m.Set(60, field60))
		return m
	}
	for _, c := range []struct{ name, before, path, text, after string }{
		{"a part before it", "220000130005050", "60.2", "000014", "220000140005050"},
		{"itself, as it shows", "220000130005050", "60.7", "0", "220000130005050"},
		{"itself, whole", "220000130005050", "60.7", "048", "22000013000505048"},
		{"the next, behind a whole one", "22000013000505", "60.7", "048", "22000013000505048"},
	} {
		m := with(c.before)
		require.NoError(t, m.SetPath(c.path, c.text), c.name)
		require.Equal(t, c.after, m.Field(60).Text(), c.name)
	}

	m := with("220000130005050")
	require.NoError(t, m.UnsetPath("60.7"))
	require.Equal(t, "22000013000505", m.Field(60).Text())

	m = with("220000130005050")
	err := m.SetPath("60.8", "1")
	require.ErrorIs(t, err, ErrTruncated)
	require.ErrorContains(t, err, "60.7")
	require.Equal(t, "220000130005050", m.Field(60).Text())
}

// A struct set over a field that ends inside a part leaves the cut part as it is, unless it sets that part.
func TestMarshalOverACutPart(t *testing.T) {
	type parts struct {
		Batch   string `iso8583:"2"`
		Seventh string `iso8583:"7"`
		Eighth  string `iso8583:"8"`
	}
	type sale struct {
		Private *parts `iso8583:"60"`
	}
	codec := MustCompile(spec.UnionPayPOS())
	over := func(in parts) (*Message, error) {
		m := codec.New()
		require.NoError(t, m.SetMTI("0200"))
		require.NoError(t, m.Set(60, "220000130005050"))
		return m, Marshal(m, &sale{&in})
	}
	for name, c := range map[string]struct {
		in    parts
		after string
	}{
		"a part before it":    {parts{Batch: "000014"}, "220000140005050"},
		"itself, as it shows": {parts{Batch: "000014", Seventh: "0"}, "220000140005050"},
		"itself, whole":       {parts{Seventh: "048"}, "22000013000505048"},
		"itself and the next": {parts{Seventh: "048", Eighth: "1234567890123"}, "220000130005050481234567890123"},
	} {
		m, err := over(c.in)
		require.NoError(t, err, name)
		require.Equal(t, c.after, m.Field(60).Text(), name)
	}
	m, err := over(parts{Eighth: "1234567890123"})
	require.ErrorIs(t, err, ErrTruncated)
	require.ErrorContains(t, err, "60.7")
	require.Equal(t, "220000130005050", m.Field(60).Text(), "nothing half written")
}

type cutParts struct {
	Type    string  `iso8583:"1"`
	Batch   []byte  `iso8583:"2"`
	Network *string `iso8583:"3"`
	Reading string  `iso8583:"4"`
	IC      string  `iso8583:"5"`
	Partial string  `iso8583:"6"`
	Seventh string  `iso8583:"7"`
	Eighth  string  `iso8583:"8"`
}

// What is read of a field that ends inside a part is refused by a fresh message, or makes the same field: from a struct
// and from JSON without the raw field, which a program may have taken out.
func TestCutPartsInAFreshMessage(t *testing.T) {
	type sale struct {
		Private *cutParts `iso8583:"60"`
	}
	codec := codecFor(t, "unionpay-pos+no-header")
	digits := strings.Repeat("2200001300050501234", 2)
	cut := map[int]bool{1: true, 3: true, 4: true, 5: true, 6: true, 7: true, 9: true, 10: true, 15: true, 16: true}
	for size := 1; size <= 30; size++ {
		m := codec.New()
		require.NoError(t, m.SetMTI("0200"))
		require.NoError(t, m.Set(60, digits[:size]))
		var read sale
		require.NoError(t, Unmarshal(m, &read))
		text, err := m.MarshalJSON()
		require.NoError(t, err)
		require.NotContains(t, string(text), "raw")

		fromStruct, fromJSON := codec.New(), codec.New()
		require.NoError(t, fromStruct.SetMTI("0200"))
		structErr, jsonErr := Marshal(fromStruct, &read), fromJSON.UnmarshalJSON(text)
		if cut[size] {
			for _, err := range []error{structErr, jsonErr} {
				require.ErrorIs(t, err, ErrTooShort, "%d digits", size)
				require.ErrorContains(t, err, "field 60.")
			}
			require.False(t, fromStruct.Has(60) || fromJSON.Has(60), "nothing half written")
			continue
		}
		require.NoError(t, structErr, "%d digits", size)
		require.NoError(t, jsonErr, "%d digits", size)
		require.Equal(t, digits[:size], fromStruct.Field(60).Text())
		require.Equal(t, digits[:size], fromJSON.Field(60).Text())
	}
}

// A number fills its part, the last one too, and so does text where the layout has no cut parts.
func TestShortTextThatIsNoCutPart(t *testing.T) {
	type numbers struct{ F1, F2 int }
	m := codecFor(t, "unionpay-pos+no-header").New()
	require.NoError(t, Marshal(m, struct{ F60 *numbers }{&numbers{22, 13}}))
	require.Equal(t, "22000013", m.Field(60).Text())

	type texts struct{ F1, F2 string }
	m = specOf(spec.Field{Number: 48, Format: "n..7", Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{
		{Number: 1, Format: "n 2"}, {Number: 2, Format: "n 2"}, {Number: 3, Format: "n 3"}}}}).New()
	require.NoError(t, Marshal(m, struct{ F48 *texts }{&texts{"1", "5"}}))
	require.Equal(t, "0105", m.Field(48).Text())
}

// A layout that does not allow it refuses a cut part, and a part that is cut is checked like a whole one.
func TestCutPartsAreAllowedAndChecked(t *testing.T) {
	parts := []spec.Field{{Number: 1, Format: "n 2"}, {Number: 2, Format: "a 3"}}
	for _, c := range []struct {
		name, content string
		short         bool
		want          error
	}{
		{"whole", "12abc", false, nil},
		{"cut, allowed", "12ab", true, nil},
		{"cut in the first part", "1", true, nil},
		{"cut, not allowed", "12ab", false, ErrTruncated},
		{"cut and wrong", "12a1", true, ErrCharacter},
		{"behind the last", "12abcd", true, ErrTrailing},
	} {
		codec := MustCompile(spec.MustNew(spec.Config{Name: "cut parts", Encoding: spec.ASCII, Fields: []spec.Field{
			{Number: 2, Format: "ans..9", Layout: &spec.Layout{Kind: spec.Positional, Short: c.short, Fields: parts}}}}))
		wire := "02004000000000000000" + "0" + string(rune('0'+len(c.content))) + c.content
		err := codec.New().Unpack([]byte(wire))
		if c.want == nil {
			require.NoError(t, err, c.name)
		} else {
			require.ErrorIs(t, err, c.want, c.name)
		}
	}
}
