package message

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// nestedSpec has a header with parts, packed parts, tags within tags and a field that is written by message type.
func nestedSpec(t testing.TB) *Codec {
	s, err := spec.New(spec.Config{Name: "nested", Encoding: spec.BCD,
		Header: []spec.Field{
			{Number: 1, Name: "Identifier", Format: "b 8"},
			{Number: 2, Name: "Address", Format: "an 6", Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{
				{Number: 1, Name: "Network", Format: "an 2"}, {Number: 2, Name: "Station", Format: "n 2"}, {Number: 4, Name: "Flags", Format: "an 2"}}}},
		},
		Fields: []spec.Field{
			{Number: 0, Format: "n 4"},
			{Number: 2, Name: "Card", Format: "n..19", Mask: spec.MaskPAN},
			{Number: 4, Name: "Amount", Format: "n 12"},
			{Number: 7, Name: "Sent", Format: "n 10", Time: "MMDDhhmmss"},
			{Number: 11, Name: "Trace", Format: "n 6"},
			{Number: 41, Name: "Terminal", Format: "ans 8"},
			{Number: 48, Name: "Tagged", Format: "ans...99", Layout: &spec.Layout{Kind: spec.Tagged, Tag: spec.TagFormat{Digits: 2}, Fields: []spec.Field{
				{Tag: "01", Name: "Count", Format: "n..3"}, {Tag: "02", Name: "When", Format: "n..6", Time: "YYMMDD"}}}},
			{Number: 55, Name: "Chip", Format: "b...255", Layout: &spec.Layout{Kind: spec.BERTLV, Fields: []spec.Field{
				{Tag: "9F36", Name: "Counter", Format: "b..2"}, {Tag: "72", Name: "Script", Format: "b...255", Layout: &spec.Layout{Kind: spec.BERTLV, Fields: []spec.Field{
					{Tag: "86", Name: "Command", Format: "b...255"}}}}}}},
			{Number: 60, Name: "Packed", Format: "n...11", Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{
				{Number: 1, Name: "Type", Format: "n 2"}, {Number: 2, Name: "Batch", Format: "n 6"}, {Number: 3, Name: "Code", Format: "n 3"}}}},
			{Number: 62, Name: "By type", Format: "ans..20", ByMTI: []spec.Framing{{MTI: "08xx", Field: spec.Field{Format: "ans...200"}}}},
		}})
	require.NoError(t, err)
	return MustCompile(s)
}

func TestTypedSettersByPath(t *testing.T) {
	m := nestedSpec(t).New()
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.SetPathInt("4", 1999))
	require.NoError(t, m.SetPathTime("7", at))
	require.NoError(t, m.SetPathInt("48.01", 42))
	require.NoError(t, m.SetPathTime("48.02", at))
	require.NoError(t, m.SetPathBytes("55.9F36", []byte{0x03, 0x49}))
	require.NoError(t, m.SetPathBytes("55.72.86", []byte{0x84, 0x24}))
	require.NoError(t, m.SetPathInt("60.1", 22))
	require.NoError(t, m.SetPathInt("60.2", 1))
	require.NoError(t, m.SetPathBytes("60.3", []byte("301")))
	require.NoError(t, m.SetPath("header.1", "60"))
	require.NoError(t, m.SetPath("header.2.4", "ZZ"))
	require.NoError(t, m.SetPathInt("header.2.2", 7))
	for path, want := range map[string]string{
		"4": "000000001999", "7": "0304050607", "48.01": "42", "48.02": "260304", "55.9F36": "0349", "55.72.86": "8424",
		"60.1": "22", "60.2": "000001", "60.3": "301", "header.1": "60", "header.2.1": "  ", "header.2.2": "07", "header.2.4": "ZZ",
	} {
		require.Equal(t, want, m.Get(path).Text(), path)
	}
	x, err := m.Get("60.2").Int64()
	require.NoError(t, err)
	require.EqualValues(t, 1, x)

	back := nestedSpec(t).New()
	require.NoError(t, back.Unpack(packed(t, m)))
	require.Equal(t, "`  07ZZ", string(back.Header()))
	require.Equal(t, packed(t, m), packed(t, back))
}

func TestPathsThatCannotBeSet(t *testing.T) {
	for path, kind := range map[string]Kind{
		"header": ErrUnknown, "header.0": ErrUnknown, "header.3": ErrUnknown, "header.x": ErrUnknown, "header.1.1": ErrUnknown,
		"header.2.9": ErrUnknown, "3": ErrUnknown, "x": ErrUnknown, "": ErrUnknown, "4.1": ErrUnknown, "60.9": ErrUnknown, "48.03": ErrUnknown,
		"55.9F": ErrTag, "header.1.": ErrUnknown,
	} {
		m := nestedSpec(t).New()
		require.NoError(t, m.SetMTI("0200"))
		require.NoError(t, m.SetHeader([]byte("`NE07FL")))
		before := packed(t, m)
		require.ErrorIs(t, m.SetPath(path, "00"), kind, "%q", path)
		require.Equal(t, "0200", m.MTI())
		m.ClearErr()
		require.Equal(t, before, packed(t, m), "nothing is half set by %q", path)
	}
	m := nestedSpec(t).New()
	require.ErrorIs(t, m.UnsetPath("header.2"), ErrType)
	require.ErrorIs(t, nestedSpec(t).New().SetPathInt("4", -1), ErrType)
	require.ErrorIs(t, nestedSpec(t).New().SetPathTime("4", time.Now()), ErrType)
	require.ErrorIs(t, nestedSpec(t).New().SetPath("header.1", "6"), ErrDigit)
	require.ErrorIs(t, nestedSpec(t).New().SetPath("header.2", "toolong"), ErrTooLong)
}

func TestLookup(t *testing.T) {
	m := nestedSpec(t).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.SetPath("55.9F36", "0349"))
	for path, want := range map[string]string{
		"0": "0200", "55.9F36": "0349", "4": "", "60.3": "", "48.01": "", "55.72.86": "", "55.72[2].86": "", "55.9F10": "", "header.1": "",
		"header.2.4": "", "62": "",
	} {
		v, err := m.Lookup(path)
		require.NoError(t, err, path)
		require.Equal(t, want, v.Text(), path)
		require.Equal(t, want != "", v.Present(), path)
	}
	for path, kind := range map[string]Kind{
		"3": ErrUnknown, "-1": ErrUnknown, "65": ErrUnknown, "x": ErrUnknown, "": ErrUnknown, "header": ErrUnknown, "header.0": ErrUnknown, "header.3": ErrUnknown,
		"4.1": ErrType, "60.4": ErrUnknown, "48.03": ErrUnknown, "55.9F": ErrTag, "header.1.1": ErrType, "header.2.3": ErrUnknown, "55.9F36.1": ErrType, "0.1": ErrType,
	} {
		v, err := m.Lookup(path)
		require.ErrorIs(t, err, kind, "%q", path)
		require.False(t, v.Present())
	}
}

// A failed Set leaves the field as it was, and ClearErr makes the message pack again; a failed Unpack stays failed.
func TestClearErr(t *testing.T) {
	m := nestedSpec(t).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.SetHeader([]byte("`NE07FL")))
	require.NoError(t, m.Set(4, "1"))
	require.NoError(t, m.Set(62, "text"))
	before := packed(t, m)
	require.Error(t, m.Set(4, "x"))
	require.Error(t, m.SetMTI("0800"), "field 62 is written otherwise there")
	require.Error(t, m.SetHeader([]byte("short")))
	require.Error(t, m.SetPath("60.1", "xx"))
	_, err := m.Pack()
	require.ErrorIs(t, err, ErrDigit, "the first error is the one that is kept")
	m.ClearErr()
	require.NoError(t, m.Err())
	require.Equal(t, before, packed(t, m))

	require.Error(t, m.Unpack(before[:len(before)-1]))
	m.ClearErr()
	require.ErrorIs(t, m.Err(), ErrTruncated)
	_, err = m.Pack()
	require.ErrorIs(t, err, ErrTruncated)
	require.NoError(t, m.Unpack(before))
	require.Error(t, m.Set(4, "x"))
	m.ClearErr()
	require.Equal(t, before, packed(t, m))
}

// A field goes with its last part.
func TestUnsetTheLastPart(t *testing.T) {
	m := specOf(spec.Field{Number: 48, Format: "ans...99", Layout: &spec.Layout{Kind: spec.Tagged, Tag: spec.TagFormat{Encoding: spec.ASCII, Digits: 2},
		Fields: []spec.Field{{Tag: "01", Format: "an..9"}, {Tag: "02", Format: "an..9"}}}}).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.SetPath("48.01", "A"))
	require.NoError(t, m.SetPath("48.02", "B"))
	require.NoError(t, m.UnsetPath("48.01"))
	require.Equal(t, "0201B", m.Field(48).Text())
	require.NoError(t, m.UnsetPath("48.02"))
	require.False(t, m.Has(48))
	require.Equal(t, "0200"+"0000000000000000", string(packed(t, m)))
}

// Marshal fills the gap before a part with an empty part of as many empty ones as it needs, and no more.
func TestMarshalFillsGapsWithEmptyParts(t *testing.T) {
	inner := &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Format: "n 2"}, {Number: 2, Format: "an 2"}, {Number: 3, Format: "an..9"}}}
	m := specOf(spec.Field{Number: 48, Format: "ans...99", Layout: &spec.Layout{Kind: spec.Positional, Fill: true, Fields: []spec.Field{
		{Number: 1, Format: "ans..20", Min: 4, Layout: inner}, {Number: 2, Format: "n 2"}}}}).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.SetPath("48.2", "77"))
	require.Equal(t, "0400  77", m.Field(48).Text())
}

// A path is one of the spec if any of the layouts that a field may have knows it.
func TestLookupInSeveralLayouts(t *testing.T) {
	layout := func(number int) *spec.Layout {
		return &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: number, Format: "n 2"}}}
	}
	m := specOf(spec.Field{Number: 48, Format: "ans...99", Cases: []spec.Case{{MTI: "02xx", Layout: layout(1)}, {MTI: "04xx", Layout: layout(2)}, {MTI: "08xx", Layout: layout(3)}}}).New()
	for path, known := range map[string]bool{"48.1": true, "48.2": true, "48.3": true, "48.4": false} {
		_, err := m.Lookup(path)
		require.Equal(t, known, err == nil, path)
	}
}

// Only the last part of a positional layout and the last record can be taken out: what is behind would move.
func TestUnsetAPartInTheMiddle(t *testing.T) {
	parts := []spec.Field{{Number: 1, Format: "n 2"}, {Number: 2, Format: "n 2"}, {Number: 3, Format: "n 2"}}
	m := specOf(spec.Field{Number: 48, Format: "ans...99", Layout: &spec.Layout{Kind: spec.Positional, Fields: parts}},
		spec.Field{Number: 49, Format: "ans...99", Layout: &spec.Layout{Kind: spec.Repeated, Fields: parts}}).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.Set(48, "112233"))
	require.NoError(t, m.Set(49, "112233"))
	for _, path := range []string{"48.1", "48.2", "49.1", "49.2"} {
		require.ErrorIs(t, m.UnsetPath(path), ErrType, path)
		m.ClearErr()
	}
	require.NoError(t, m.UnsetPath("48.3"))
	require.Equal(t, "1122", m.Field(48).Text())
	require.Equal(t, "112233", m.Field(49).Text())
}

// A part that may be left out is no gap; one behind it that may not is.
func TestGapsBehindPartsThatMayBeLeftOut(t *testing.T) {
	m := specOf(spec.Field{Number: 48, Format: "ans...99", Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{
		{Number: 1, Format: "an 2", StartsWith: "A"}, {Number: 2, Format: "n 2"}, {Number: 3, Format: "n 2"}}}}).New()
	require.NoError(t, m.SetMTI("0200"))
	err := m.SetPath("48.3", "33")
	require.ErrorIs(t, err, ErrMissing)
	require.ErrorContains(t, err, "48.2")
	m.ClearErr()
	require.NoError(t, m.SetPath("48.2", "22"))
	require.NoError(t, m.SetPath("48.3", "33"))
	require.Equal(t, "2233", m.Field(48).Text())
}

// Packed digits that a layout fills up get as many empty parts as the field's shortest value needs.
func TestFillOfPackedDigits(t *testing.T) {
	m := MustCompile(spec.MustNew(spec.Config{Name: "fill", Encoding: spec.BCD, Fields: []spec.Field{{Number: 60, Format: "n..20", Min: 7,
		Layout: &spec.Layout{Kind: spec.Positional, Fill: true, Fields: []spec.Field{{Number: 1, Format: "n 2"}, {Number: 2, Format: "n 3"}, {Number: 3, Format: "n 2"}, {Number: 4, Format: "n 6"}}}}}})).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.SetPath("60.1", "12"))
	require.Equal(t, "1200000", m.Field(60).Text())
}
