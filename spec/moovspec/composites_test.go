//go:build amd64 || arm64

package moovspec_test

import (
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
	"github.com/posline/posline/spec/moovspec"
)

// inPlaces and inTags are composites of the parts 1, 2, ....
func inPlaces(parts ...field.Field) *field.Composite {
	return composite(&field.TagSpec{Sort: moovsort.StringsByInt}, parts)
}

func inTags(enc encoding.Encoder, parts ...field.Field) *field.Composite {
	return composite(&field.TagSpec{Length: 1, Enc: enc, Sort: moovsort.Strings}, parts)
}

func composite(tag *field.TagSpec, parts []field.Field) *field.Composite {
	s := &field.Spec{Length: 99, Pref: prefix.ASCII.LL, Tag: tag, Subfields: map[string]field.Field{}}
	for i, part := range parts {
		s.Subfields[fmt.Sprint(i+1)] = part
	}
	return field.NewComposite(s)
}

func skipping(pref prefix.Prefixer, parts ...field.Field) *field.Composite {
	return composite(&field.TagSpec{Length: 1, Enc: encoding.ASCII, Sort: moovsort.Strings, SkipUnknownTLVTags: true, StoreUnknownTLVTags: true, PrefUnknownTLV: pref}, parts)
}

// A composite is text where all that stands in it is ASCII. moov's Field and our Set then give it the same bytes, even of
// text that can be read as hexadecimal; the others are set with SetBytes.
func TestCompositesThatAreText(t *testing.T) {
	spec := func(enc encoding.Encoder, pref prefix.Prefixer) *field.Spec {
		return &field.Spec{Length: 2, Enc: enc, Pref: pref}
	}
	str := func(enc encoding.Encoder, pref prefix.Prefixer) field.Field { return field.NewString(spec(enc, pref)) }
	ascii := str(encoding.ASCII, prefix.ASCII.Fixed)
	for name, c := range map[string]struct {
		of    *field.Composite
		value string
		text  bool
	}{
		"Strings":                       {inPlaces(ascii, ascii), "4142", true},
		"a Numeric":                     {inPlaces(ascii, field.NewNumeric(&field.Spec{Length: 2, Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed, Pad: padding.Left('0')})), "4142", true},
		"a Binary in ASCII":             {inPlaces(ascii, field.NewBinary(spec(encoding.ASCII, prefix.ASCII.Fixed))), "4142", true},
		"a Hex in ASCII":                {inPlaces(ascii, field.NewHex(spec(encoding.ASCII, prefix.ASCII.L))), "4114", true},
		"a padded Hex in ASCII":         {inPlaces(ascii, field.NewHex(&field.Spec{Length: 2, Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed, Pad: padding.Left('0')})), "4142", true},
		"a String in bytes":             {inPlaces(ascii, str(encoding.Binary, prefix.ASCII.Fixed)), "41\xC3\xA9", true},
		"a composite in it":             {inPlaces(ascii, inPlaces(ascii, field.NewHex(spec(encoding.ASCII, prefix.ASCII.Fixed)))), "41044142", true},
		"tags":                          {inTags(encoding.ASCII, ascii, str(encoding.ASCII, prefix.ASCII.L)), "14121F", true},
		"unknown tags":                  {skipping(prefix.ASCII.L, ascii), "14191A", true},
		"bytes in unknown tags":         {skipping(prefix.ASCII.L, ascii), "14191\xFF", true},
		"a length of unknown in binary": {skipping(prefix.Binary.L, ascii), "1419\x01A", false},
		"tags in BCD":                   {inTags(encoding.BCD, ascii), "\x0141", false},
		"tags in EBCDIC":                {inTags(encoding.EBCDIC, ascii), "\xF141", false},
		"a length in binary":            {inPlaces(ascii, str(encoding.ASCII, prefix.Binary.L)), "41\x012", false},
		"a Binary":                      {inPlaces(ascii, field.NewBinary(spec(encoding.Binary, prefix.Binary.Fixed))), "4142", false},
		"a Hex":                         {inPlaces(ascii, field.NewHex(spec(encoding.Binary, prefix.Binary.Fixed))), "4142", false},
		"a Hex in hexadecimal":          {inPlaces(ascii, field.NewHex(spec(encoding.BytesToASCIIHex, prefix.ASCII.Fixed))), "414242", false},
		"EBCDIC":                        {inPlaces(ascii, str(encoding.EBCDIC, prefix.ASCII.Fixed)), "41\xF4\xF2", false},
		"digits in BCD":                 {inPlaces(ascii, str(encoding.BCD, prefix.ASCII.Fixed)), "41B", false},
		"a bitmap": {field.NewComposite(&field.Spec{Length: 99, Pref: prefix.ASCII.LL, Subfields: map[string]field.Field{"1": ascii},
			Bitmap: field.NewBitmap(&field.Spec{Length: 1, Enc: encoding.BytesToASCIIHex, Pref: prefix.Hex.Fixed, DisableAutoExpand: true})}), "8041", false},
	} {
		t.Run(name, func(t *testing.T) {
			ms := around(c.of)
			theirs, ours := iso8583.NewMessage(ms), codecOf(t, ms).New()
			theirs.MTI("0200")
			require.NoError(t, ours.SetMTI("0200"))
			require.NoError(t, theirs.Field(48, c.value))
			want, err := theirs.Pack()
			require.NoError(t, err)
			if c.text {
				require.NoError(t, ours.Set(48, c.value))
				require.Equal(t, c.value, ours.Field(48).Text())
			} else {
				require.NoError(t, ours.SetBytes(48, []byte(c.value)))
				require.Equal(t, fmt.Sprintf("%X", c.value), ours.Field(48).Text())
			}
			got, err := ours.Pack()
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

// moov takes a composite that is set as a whole apart and writes its parts; here it is what was given.
func TestCompositesAsAWhole(t *testing.T) {
	theirs, ours := iso8583.NewMessage(guideSpec()), codecOf(t, guideSpec()).New()
	const given = "53007104414242EF" // 5, 1 and 4
	require.NoError(t, theirs.Field(48, given))
	require.NoError(t, ours.Set(48, given))
	whole, err := theirs.GetString(48)
	require.NoError(t, err)
	require.Equal(t, "104414242EF517", whole)
	require.Equal(t, given, ours.Field(48).Text())
}

// Parts that moov can neither write nor read do not keep the rest of a spec from being taken over.
func TestPartsThatAreLeftOut(t *testing.T) {
	part := func() field.Field {
		return field.NewString(&field.Spec{Length: 4, Enc: encoding.ASCII, Pref: prefix.ASCII.L})
	}
	dead := func() field.Field { return field.NewString(&field.Spec{Length: 4, Enc: encoding.ASCII}) }
	fixed := func(of *field.Composite) *field.Composite { of.Spec().Pref = prefix.ASCII.Fixed; return of }
	bitmap := field.NewBitmap(&field.Spec{Length: 1, Enc: encoding.Binary, Pref: prefix.Hex.Fixed, DisableAutoExpand: true})
	const lacks, unread = "has no prefix, moov can neither write nor read it: left out", "48: has no parts that moov could read: left out"
	for name, c := range map[string]struct {
		of       *field.Composite
		value    string // that moov writes and reads; "" where the composite is left out
		warnings string
	}{
		"a tag":               {inTags(encoding.ASCII, part(), dead(), part()), "11A31C", "[48.2: " + lacks + "]"},
		"every tag":           {inTags(encoding.ASCII, dead()), "", "[48.1: " + lacks + " " + unread + "]"},
		"every known tag":     {skipping(prefix.ASCII.L, dead()), "91A", "[48.1: " + lacks + "]"},
		"a BER tag":           {composite(&field.TagSpec{Enc: encoding.BerTLVTag, Sort: moovsort.StringsByHex}, nil), "", ""},
		"the last place":      {inPlaces(part(), dead()), "1A", "[48.2: " + lacks + "]"},
		"a place":             {inPlaces(part(), dead(), part()), "1A", "[48.2: " + lacks + " 48.3: stands behind a part that moov cannot read: left out]"},
		"the first place":     {inPlaces(dead(), part()), "", "[48.1: " + lacks + " 48.2: stands behind a part that moov cannot read: left out " + unread + "]"},
		"a place without end": {fixed(inPlaces(part(), dead())), "", "[48.2: " + lacks + " " + unread + "]"},
		"a bit": {field.NewComposite(&field.Spec{Length: 99, Pref: prefix.ASCII.LL, Bitmap: bitmap,
			Subfields: map[string]field.Field{"1": part(), "2": dead()}}), "\x801A", "[48.2: " + lacks + "]"},
		"a part of a part": {inPlaces(part(), inTags(encoding.ASCII, dead())), "1A", "[48.2.1: " + lacks + " 48.2: has no parts that moov could read: left out]"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "a BER tag" {
				c.of.Spec().Subfields = map[string]field.Field{"9A": part(), "9C": dead()}
				c.of.Spec().Subfields["9A"].Spec().Pref = prefix.BerTLV
				c.value, c.warnings = "\x9A\x01A", "[48.9C: "+lacks+"]"
			}
			ms := around(c.of)
			s, warnings, err := moovspec.From(ms)
			require.NoError(t, err)
			require.Equal(t, c.warnings, fmt.Sprint(warnings))
			ours := message.MustCompile(s).New()
			require.NoError(t, ours.SetMTI("0200"))
			if c.value == "" {
				require.ErrorIs(t, ours.SetBytes(48, []byte("1A")), message.ErrUnknown)
				return
			}
			require.NoError(t, ours.SetBytes(48, []byte(c.value)))
			wire, err := ours.Pack()
			require.NoError(t, err)
			theirs := iso8583.NewMessage(ms)
			require.NoError(t, theirs.Unpack(wire))
			again, err := theirs.Pack()
			require.NoError(t, err)
			require.Equal(t, wire, again)
		})
	}
}
