//go:build amd64 || arm64

package moovspec_test

import (
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/padding"
	"github.com/moov-io/iso8583/prefix"
	moovsort "github.com/moov-io/iso8583/sort"
	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
	"github.com/posline/posline/spec/moovspec"
)

// around is a moov spec with one field, number 48.
func around(f field.Field) *iso8583.MessageSpec {
	return &iso8583.MessageSpec{Fields: map[int]field.Field{
		0:  field.NewString(&field.Spec{Length: 4, Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed}),
		1:  field.NewBitmap(&field.Spec{Length: 8, Enc: encoding.Binary, Pref: prefix.Hex.Fixed}),
		48: f,
	}}
}

// own is a field type of a program's own.
type own struct{ field.Field }

// What a program may have made itself.
type (
	ownEncoding struct{ encoding.Encoder }
	ownPrefix   struct{ prefix.Prefixer }
	ownPadding  struct{ padding.Padder }
)

func text48(change func(*field.Spec)) *iso8583.MessageSpec {
	s := &field.Spec{Length: 4, Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed}
	change(s)
	return around(field.NewString(s))
}

func composite48(change func(*field.Spec)) *iso8583.MessageSpec {
	part := &field.Spec{Length: 4, Enc: encoding.ASCII, Pref: prefix.ASCII.LL}
	s := &field.Spec{Length: 99, Pref: prefix.ASCII.LL, Tag: &field.TagSpec{Sort: moovsort.StringsByInt}, Subfields: map[string]field.Field{"1": field.NewString(part)}}
	f := field.NewComposite(s)
	change(s) // after moov has checked it, as a program may
	return around(f)
}

func TestFromRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		ms    *iso8583.MessageSpec
		fault string
	}{
		"nothing":                  {nil, "no spec"},
		"nothing in it":            {&iso8583.MessageSpec{}, "0: moov needs a message type indicator"},
		"an encoding of one's own": {text48(func(s *field.Spec) { s.Enc = ownEncoding{encoding.ASCII} }), "48: has no encoding of moov's"},
		"a prefix of one's own":    {text48(func(s *field.Spec) { s.Pref = ownPrefix{prefix.ASCII.LL} }), "48: has no prefix of moov's"},
		"a length below nothing":   {text48(func(s *field.Spec) { s.Length = -1 }), "48: length -1 is not from 0"},
		"a length out of bounds":   {text48(func(s *field.Spec) { s.Length = 1 << 40 }), "48: length 1099511627776 is not from 0"},
		"neither tag nor bitmap":   {composite48(func(s *field.Spec) { s.Tag = nil }), "48: a composite has a tag or a bitmap"},
		"no order":                 {composite48(func(s *field.Spec) { s.Tag.Sort = nil }), "48: a tag has an order"},
		"a composite of itself":    {composite48(func(s *field.Spec) { s.Subfields["1"] = field.NewComposite(s) }), "deeper than 8"},
		"keys out of order": {composite48(func(s *field.Spec) {
			s.Subfields["2"], s.Subfields["10"], s.Tag.Sort = s.Subfields["1"], s.Subfields["1"], moovsort.Strings
		}), "48.2: keys of positional subfields count up"},
		"keys of both kinds":     {composite48(func(s *field.Spec) { s.Subfields["A"] = s.Subfields["1"] }), "48: keys of positional subfields are all numbers, or none is"},
		"tags of an odd LBCD":    {composite48(func(s *field.Spec) { s.Tag.Enc, s.Tag.Length = encoding.LBCD, 3 }), "48: tags of an odd number of digits"},
		"tags of one's own":      {composite48(func(s *field.Spec) { s.Tag.Enc, s.Tag.Length = ownEncoding{encoding.ASCII}, 2 }), "48: tags have no encoding of moov's"},
		"tags of gigabytes":      {composite48(func(s *field.Spec) { s.Tag.Enc, s.Tag.Length, s.Tag.Pad = encoding.ASCII, 1<<40, padding.Left('0') }), "48: tags of 1099511627776"},
		"a tag of another width": {composite48(func(s *field.Spec) { s.Tag.Enc, s.Tag.Length = encoding.ASCII, 2 }), "48.1: is no tag of 2"},
		"no BER tag":             {composite48(func(s *field.Spec) { s.Tag.Enc = encoding.BerTLVTag }), "48.1: is no BER tag"},
		"no length of unknown": {composite48(func(s *field.Spec) {
			*s.Tag = field.TagSpec{Enc: encoding.ASCII, Length: 1, Sort: moovsort.Strings, SkipUnknownTLVTags: true, PrefUnknownTLV: prefix.ASCII.Fixed}
		}), "48: the prefix of unknown tags tells no length"},
		"a bitmap in text": {around(field.NewComposite(&field.Spec{Length: 9, Pref: prefix.ASCII.LL, Bitmap: field.NewBitmap(&field.Spec{Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed, DisableAutoExpand: true}), Subfields: map[string]field.Field{"1": field.NewString(&field.Spec{})}})), "48: a bitmap is binary or hexadecimal"},
	} {
		t.Run(name, func(t *testing.T) {
			s, _, err := moovspec.From(c.ms)
			require.ErrorContains(t, err, c.fault)
			require.Nil(t, s)
		})
	}
	_, _, err := moovspec.From(text48(func(s *field.Spec) { s.Enc = ownEncoding{encoding.ASCII} }))
	var fault *spec.Error
	require.ErrorAs(t, err, &fault)
	require.Equal(t, "48", fault.Path)

	for name, f := range map[string]field.Field{
		"a variable message type": field.NewString(&field.Spec{Length: 4, Enc: encoding.ASCII, Pref: prefix.ASCII.LL}),
		"six digits":              field.NewString(&field.Spec{Length: 6, Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed}),
		"three bytes":             field.NewBinary(&field.Spec{Length: 3, Enc: encoding.Binary, Pref: prefix.Binary.Fixed}),
		"a message type of parts": bits("1"),
	} {
		ms := around(field.NewString(&field.Spec{Length: 4, Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed}))
		ms.Fields[0] = f
		_, _, err := moovspec.From(ms)
		require.ErrorContains(t, err, "0: ", name)
	}
}

func TestFromWarns(t *testing.T) {
	for name, c := range map[string]struct {
		ms      *iso8583.MessageSpec
		warning string
	}{
		"a type of one's own": {around(own{field.NewString(&field.Spec{Length: 4, Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed})}), "48: a field type of your own"},
		"a packer of one's own": {text48(func(s *field.Spec) {
			s.Packer = field.PackerFunc(func([]byte, *field.Spec) ([]byte, error) { return nil, nil })
		}), "48: is packed by Go code"},
		"an unpacker of one's own": {text48(func(s *field.Spec) { s.Unpacker = field.Track2Unpacker{} }), "48: is packed by Go code"},
		"padding of one's own":     {text48(func(s *field.Spec) { s.Pad = ownPadding{padding.Left('0')} }), "48: padding that is no single ASCII character"},
		"padding that is no digit": {text48(func(s *field.Spec) { s.Enc, s.Pad = encoding.BCD, padding.Left(' ') }), "48: padding that is no digit"},
		"digits on the right":      {around(field.NewNumeric(&field.Spec{Length: 4, Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed, Pad: padding.Right('0')})), "48: padding with digits on this side is part of the number"},
		"Hex.Fixed":                {text48(func(s *field.Spec) { s.Pref = prefix.Hex.Fixed }), "48: moov demands twice the length"},
		"a tag as a value":         {text48(func(s *field.Spec) { s.Enc = encoding.BerTLVTag }), "48: a tag that ends by itself"},
		"digits as bytes":          {text48(func(s *field.Spec) { s.Enc = encoding.ASCIIHexToBytes }), "48: moov counts digits when it writes"},
		"a number of hexadecimal":  {around(field.NewNumeric(&field.Spec{Length: 2, Enc: encoding.ASCIIHexToBytes, Pref: prefix.Hex.Fixed, Pad: padding.Left('0')})), "48: moov's value is hexadecimal text"},
		"bytes that are digits":    {around(field.NewBinary(&field.Spec{Length: 4, Enc: encoding.BCD, Pref: prefix.BCD.Fixed})), "48: its bytes are digits"},
		"a bitmap in a field":      {around(field.NewBitmap(&field.Spec{Enc: encoding.Binary, Pref: prefix.Binary.Fixed})), "48: a bitmap that may be continued"},
		"no length at all":         {text48(func(s *field.Spec) { s.Length, s.Pref = 0, prefix.ASCII.LL }), "48: a variable field of no length"},
		"a key with a zero":        {composite48(func(s *field.Spec) { s.Subfields = map[string]field.Field{"01": s.Subfields["1"]} }), "48.01: is 1 in paths here"},
		"a key that is no number":  {composite48(func(s *field.Spec) { s.Subfields = map[string]field.Field{"A": s.Subfields["1"]} }), "48.A: positional parts are numbered here: 1"},
		"no field":                 {around(nil), "48: there is no field, moov can neither"},
		"a nil field":              {around((*field.String)(nil)), "48: there is no field, moov can neither"},
		"a field without spec":     {around(field.NewString(nil)), "48: there is no field, moov can neither"},
		"no encoding":              {text48(func(s *field.Spec) { s.Enc = nil }), "48: has no encoding, moov can neither"},
		"no prefix":                {text48(func(s *field.Spec) { s.Pref = nil }), "48: has no prefix, moov can neither"},
		"no prefix of a composite": {composite48(func(s *field.Spec) { s.Pref = nil }), "48: has no prefix, moov can neither"},
		"a nil part":               {composite48(func(s *field.Spec) { s.Subfields["2"] = nil }), "48.2: there is no field, moov can neither"},
		"a part without a prefix":  {composite48(func(s *field.Spec) { s.Subfields["1"].Spec().Pref = nil }), "48.1: has no prefix, moov can neither write nor read it: left out 48: has no parts that moov could read: left out"},
		"a part without encoding":  {composite48(func(s *field.Spec) { s.Subfields["1"].Spec().Enc = nil }), "48.1: has no encoding, moov can neither"},
		"no subfields":             {composite48(func(s *field.Spec) { s.Subfields = nil }), "48: has no subfields"},
		"tags of bytes":            {composite48(func(s *field.Spec) { s.Tag.Enc, s.Tag.Length, s.Tag.Pad = encoding.Binary, 2, padding.Left(1) }), "48: tags are bytes"},
		"a BER tag in lower case": {composite48(func(s *field.Spec) {
			s.Tag.Enc, s.Subfields = encoding.BerTLVTag, map[string]field.Field{"9f02": s.Subfields["1"]}
		}), "48.9f02: tags are in upper case"},
		"Hex.Fixed of a composite":   {composite48(func(s *field.Spec) { s.Pref = prefix.Hex.Fixed }), "48: moov demands twice the length"},
		"a bit beyond its bitmap":    {around(bits("9")), "48.9: the bitmap announces 1 to 8"},
		"a bit that is never looked": {around(bits("01")), "48.01: is no number of a bit"},
	} {
		t.Run(name, func(t *testing.T) {
			s, warnings, err := moovspec.From(c.ms)
			require.NoError(t, err)
			require.Contains(t, fmt.Sprint(warnings), c.warning)
			message.MustCompile(s)
		})
	}
	require.Equal(t, "of the whole", moovspec.Warning{Problem: "of the whole"}.String())
}

// bits is a composite of two parts, one with the given key, behind a bitmap of one byte.
func bits(key string) field.Field {
	part := func() field.Field {
		return field.NewString(&field.Spec{Length: 4, Enc: encoding.ASCII, Pref: prefix.ASCII.LL})
	}
	return field.NewComposite(&field.Spec{Length: 99, Pref: prefix.ASCII.LL, Bitmap: field.NewBitmap(&field.Spec{Length: 1, Enc: encoding.Binary, Pref: prefix.Binary.Fixed, DisableAutoExpand: true}),
		Subfields: map[string]field.Field{"2": part(), key: part()}})
}

// The packed track of Visa and others, which moov's own packer writes: a length in digits, an odd one filled up.
func TestPackedTrack(t *testing.T) {
	for _, c := range []struct {
		enc   encoding.Encoder
		pad   padding.Padder
		value string
		wire  string
	}{
		{encoding.ASCIIHexToBytes, padding.Right('F'), "4761739001010119D2812", "214761739001010119D2812F"},
		{encoding.ASCIIHexToBytes, padding.Left('0'), "4761739001010119D2812", "2104761739001010119D2812"},
		{encoding.ASCIIHexToBytes, padding.Right('F'), "4761739001010119D281", "204761739001010119D281"},
		{encoding.LBCD, padding.Right('0'), "47617", "05476170"},
		{encoding.BCD, nil, "47617", "05047617"},
	} {
		ms := around(field.NewString(&field.Spec{Length: 37, Enc: c.enc, Pref: prefix.BCD.LL, Pad: c.pad, Packer: field.Track2Packer{}, Unpacker: &field.Track2Unpacker{}}))
		want, err := hex.DecodeString(c.wire)
		require.NoError(t, err)
		theirs := iso8583.NewMessage(ms)
		theirs.MTI("0200")
		require.NoError(t, theirs.Field(48, c.value))
		packed, err := theirs.Pack()
		require.NoError(t, err)
		require.Equal(t, want, packed[12:])
		s, _, err := moovspec.From(ms)
		require.NoError(t, err)
		m := message.MustCompile(s).New()
		require.NoError(t, m.SetMTI("0200"))
		require.NoError(t, m.Set(48, c.value))
		ours, err := m.Pack()
		require.NoError(t, err)
		require.Equal(t, packed, ours)
		back := message.MustCompile(s).New()
		require.NoError(t, back.Unpack(ours))
		require.Equal(t, c.value, back.Field(48).Text())
	}
}

// Card data is masked as ISO 8583:1987 has it, though moov's spec says nothing of it.
func TestImportedSpecsMask(t *testing.T) {
	s, _, err := moovspec.From(iso8583.Spec87)
	require.NoError(t, err)
	m := message.MustCompile(s).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.Set(2, "4761739001010119"))
	require.NoError(t, m.Set(45, "B4761739001010119^CARD/HOLDER^2812201"))
	require.NotContains(t, fmt.Sprint(m), "9001010")
	require.NotContains(t, fmt.Sprintf("%+v %v", m, m.Field(45)), "HOLDER")
}
