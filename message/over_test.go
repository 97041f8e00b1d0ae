package message

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

type overRecord struct {
	A string `iso8583:"1"`
	B string `iso8583:"2"`
}

type over struct {
	PAN      string       `iso8583:"2"`
	Amount   *int64       `iso8583:"4"`
	Terminal string       `iso8583:"41"`
	Records  []overRecord `iso8583:"60"`
	F55      struct {
		Date  string
		F9A   string
		Tags  []string `iso8583:"71"`
		Count int      `iso8583:"9F36"`
	}
}

// UnmarshalOver sets what is in the message and leaves the rest of the struct; slices are set whole.
func TestUnmarshalOver(t *testing.T) {
	codec := specOf(spec.Field{Number: 2, Format: "n..19"}, spec.Field{Number: 4, Format: "n 12"}, spec.Field{Number: 41, Format: "ans 8"},
		spec.Field{Number: 55, Format: "b...99", Encoding: spec.Raw, Layout: &spec.Layout{Kind: spec.BERTLV, Encoding: spec.ASCII,
			Fields: []spec.Field{{Tag: "9A", Format: "n 6"}, {Tag: "71", Format: "ans..9"}, {Tag: "9F36", Format: "n 4"}}}},
		spec.Field{Number: 60, Format: "ans...99", Layout: &spec.Layout{Kind: spec.Repeated, Fields: []spec.Field{{Number: 1, Format: "ans 2"}, {Number: 2, Format: "ans 2"}}}})
	m := codec.New()
	require.NoError(t, m.SetMTI("0210"))
	require.NoError(t, m.Set(41, "TERM1"))
	require.NoError(t, m.Set(60, "aabb"))
	require.NoError(t, m.SetPath("55.9A", "261129"))
	require.NoError(t, m.SetPath("55.71", "new"))
	amount := int64(1999)
	fresh := func() *over {
		v := &over{PAN: "42", Amount: &amount, Terminal: "old", Records: []overRecord{{"xx", "yy"}, {"zz", "zz"}}}
		v.F55.F9A, v.F55.Count, v.F55.Tags = "old", 7, []string{"1", "2"}
		return v
	}
	got := fresh()
	require.NoError(t, UnmarshalOver(m, got, time.Now()))
	want := fresh()
	want.Terminal, want.Records, want.F55.F9A, want.F55.Tags = "TERM1", []overRecord{{"aa", "bb"}}, "261129", []string{"new"}
	require.Equal(t, want, got)

	m.Unset(60)
	m.Unset(55)
	require.NoError(t, UnmarshalOver(m, got, time.Now()))
	require.Equal(t, want, got)
	require.NoError(t, UnmarshalTrimmed(m, got, time.Now()))
	require.Equal(t, &over{Terminal: "TERM1"}, got)
	require.ErrorIs(t, UnmarshalOver(m, *got, time.Now()), ErrType)
}

// The memory of earlier elements of a slice does not show through in a new one.
func TestUnmarshalOverClearsNewElements(t *testing.T) {
	type element struct {
		A string `iso8583:"81"`
		B string `iso8583:"82"`
	}
	type holder struct {
		F55 struct {
			All []*element `iso8583:"E1"`
		}
	}
	codec := specOf(spec.Field{Number: 55, Format: "b...99", Encoding: spec.Raw, Layout: &spec.Layout{Kind: spec.BERTLV, Encoding: spec.ASCII,
		Fields: []spec.Field{{Tag: "E1", Format: "b..99", Encoding: spec.Raw, Layout: &spec.Layout{Kind: spec.BERTLV, Encoding: spec.ASCII,
			Fields: []spec.Field{{Tag: "81", Format: "ans..9"}, {Tag: "82", Format: "ans..9"}}}}}}})
	m := codec.New()
	require.NoError(t, m.SetMTI("0210"))
	require.NoError(t, m.SetPath("55.E1.81", "a"))
	var got holder
	got.F55.All = []*element{{A: "stale", B: "stale"}}
	require.NoError(t, UnmarshalOver(m, &got, time.Now()))
	require.Equal(t, []*element{{A: "a"}}, got.F55.All)
}
