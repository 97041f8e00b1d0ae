package message

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// A copy packs to the same bytes, reads the same, and has nothing in common with the message it came from.
func TestClone(t *testing.T) {
	for _, f := range unionPayFrames(t) {
		for _, aliasing := range []bool{false, true} {
			m := codecFor(t, f.spec).New()
			wire := bytes.Clone(f.wire)
			if aliasing {
				require.NoError(t, m.UnpackAliasing(wire))
			} else {
				require.NoError(t, m.Unpack(wire))
			}
			if m.Has(11) {
				require.NoError(t, m.Set(11, "654321"))
			}
			want, text := packed(t, m), m.String()
			part := m.Get("60.2").Text()
			copied := m.Clone()
			clear(wire)
			m.Wipe()
			require.Equal(t, want, packed(t, copied), f.name)
			require.Equal(t, text, copied.String(), f.name)
			require.Equal(t, part, copied.Get("60.2").Text(), f.name)

			again := codecFor(t, f.spec).New()
			require.NoError(t, again.CopyFrom(copied))
			require.NoError(t, again.CopyFrom(again))
			require.Equal(t, want, packed(t, again), f.name)
			require.NoError(t, again.Set(41, "OTHER001"))
			require.Equal(t, want, packed(t, copied), f.name)
		}
	}
}

func TestCopyTakesErrorsAlong(t *testing.T) {
	m := nestedSpec(t).New()
	require.Error(t, m.Set(4, "x"))
	copied := m.Clone()
	require.Equal(t, m.Err(), copied.Err())
	copied.ClearErr()
	require.NoError(t, copied.Err())
	require.Error(t, m.Unpack([]byte{1}))
	copied = m.Clone()
	copied.ClearErr()
	require.Error(t, copied.Err(), "that of Unpack stays")

	other := nestedSpec(t).New()
	require.NoError(t, other.Set(11, "000001"))
	require.ErrorIs(t, other.CopyFrom(m), ErrType, "another codec, though of the same spec")
	require.Equal(t, "000001", other.Field(11).Text())
	require.NoError(t, other.Err())
}

func TestCopyAllocatesNothing(t *testing.T) {
	f := unionPayFrames(t)[10]
	m := unpacked(t, f)
	into := m.Clone()
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if into.CopyFrom(m) != nil {
			t.Fatal("copy")
		}
	}))
}

// Between messages of one codec a field is copied with its form, between others its value is set.
func TestCopyFields(t *testing.T) {
	f := unionPayFrames(t)[10]
	from := unpacked(t, f)
	same := codecFor(t, f.spec).New()
	require.NoError(t, same.CopyFields(from, 0, 2, 11, 41, 48, 55, 60))
	require.Equal(t, from.MTI(), same.MTI())
	for _, number := range []int{2, 11, 41, 55, 60} {
		require.Equal(t, from.Field(number).Wire(), same.Field(number).Wire(), "%d", number)
	}
	require.Equal(t, from.Get("60.2").Text(), same.Get("60.2").Text())
	require.False(t, same.Has(48), "absent there, absent here")
	require.False(t, same.Has(4))
	require.NoError(t, same.CopyFields(same, 2))

	ascii := codecFor(t, "iso8583-1987-ascii").New()
	require.NoError(t, ascii.CopyFields(from, 0, 2, 4, 11, 41, 49, 52))
	for _, number := range []int{2, 4, 11, 41, 49, 52} {
		require.Equal(t, from.Field(number).Text(), ascii.Field(number).Text(), "%d", number)
	}
	before := ascii.Field(41).Text()
	require.NoError(t, ascii.CopyFields(nestedSpec(t).New(), 41))
	require.Equal(t, before, ascii.Field(41).Text(), "absent there stays here")

	text, err := spec.New(spec.Config{Name: "text", Fields: []spec.Field{
		{Number: 0, Format: "n 4"}, {Number: 2, Name: "short", Format: "n..4"}, {Number: 52, Name: "as text", Format: "an 16"}}})
	require.NoError(t, err)
	m := MustCompile(text).New()
	require.NoError(t, m.CopyFields(from, 52))
	require.Equal(t, from.Field(52).Text(), m.Field(52).Text(), "binary data as text")
	require.NoError(t, ascii.CopyFields(m, 52))
	require.Equal(t, from.Field(52).Text(), ascii.Field(52).Text(), "and back")
	require.ErrorIs(t, m.CopyFields(from, 4), ErrUnknown)
	m.ClearErr()
	require.ErrorIs(t, m.CopyFields(from, 2), ErrTooLong)
	require.ErrorIs(t, m.Err(), ErrTooLong)
}

func TestCopyFieldsOfZeroMessages(t *testing.T) {
	m := codecFor(t, "iso8583-1987-ascii").New()
	require.Equal(t, errNoCodec, m.CopyFields(new(Message), 2))
	require.Equal(t, errNoCodec, new(Message).CopyFields(m, 2))
	require.NoError(t, m.Err())
}

// Where message types write a field in different ways, its value is copied in the same way between messages of one codec
// and of two: binary data as the hexadecimal that its text is.
func TestCopyFieldsBetweenMessageTypes(t *testing.T) {
	s := spec.MustNew(spec.Config{Name: "by type", Fields: []spec.Field{
		{Number: 3, Format: "b 32", ByMTI: []spec.Framing{{MTI: "08xx", Field: spec.Field{Format: "ans 8"}}, {MTI: "06xx", Field: spec.Field{Format: "ans 4"}}}},
		{Number: 4, Format: "ans 8", ByMTI: []spec.Framing{{MTI: "08xx", Field: spec.Field{Format: "b 32"}}}}}})
	codec := MustCompile(s)
	from := codec.New()
	require.NoError(t, from.SetMTI("0200"))
	require.NoError(t, from.Set(3, "41424344"))
	require.NoError(t, from.Set(4, "01020304"))
	for _, into := range []*Codec{codec, MustCompile(s)} {
		m := into.New()
		require.NoError(t, m.SetMTI("0800"))
		require.NoError(t, m.CopyFields(from, 3, 4))
		require.Equal(t, "41424344", m.Field(3).Text())
		require.Equal(t, "01020304", m.Field(4).Text())
		require.Equal(t, []byte{1, 2, 3, 4}, m.Field(4).Bytes())

		short := into.New()
		require.NoError(t, short.SetMTI("0600"))
		require.ErrorIs(t, short.CopyFields(from, 3), ErrTooLong)
		require.NoError(t, from.Set(4, "no hex"))
		require.ErrorIs(t, m.CopyFields(from, 4), ErrDigit)
		require.NoError(t, from.Set(4, "01020304"))
	}
}

// A number that neither spec has is found before anything is copied, from the message itself too.
func TestCopyFieldsOfUnknownNumbers(t *testing.T) {
	from := MustCompile(spec.ISO8583v1987ASCII()).New()
	require.NoError(t, from.SetMTI("0200"))
	require.NoError(t, from.Set(2, "42"))
	for _, m := range []*Message{from.Codec().New(), from} {
		require.NoError(t, m.SetMTI("0200"))
		before := packed(t, m)
		require.ErrorIs(t, m.CopyFields(from, 2, 999), ErrUnknown)
		require.ErrorIs(t, m.Err(), ErrUnknown)
		m.ClearErr()
		require.Equal(t, before, packed(t, m))
		require.NoError(t, m.CopyFields(from, 2, 0, 3))
		require.Equal(t, "42", m.Field(2).Text())
	}
}

// A clone keeps a second bitmap that came without a bit in it, and is edited with it.
func TestCloneKeepsAnEmptyBitmap(t *testing.T) {
	m := specOf(spec.Field{Number: 2, Format: "n..19"}, spec.Field{Number: 70, Format: "n 3"}).New()
	require.NoError(t, m.Unpack([]byte("0200"+"C000000000000000"+"0000000000000000"+"0242")))
	for _, copied := range []*Message{m, m.Clone()} {
		require.NoError(t, copied.Set(2, "43"))
		require.Equal(t, "0200"+"C000000000000000"+"0000000000000000"+"0243", string(packed(t, copied)))
	}
}
