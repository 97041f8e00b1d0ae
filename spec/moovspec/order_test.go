//go:build amd64 || arm64

package moovspec_test

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/prefix"
	moovsort "github.com/moov-io/iso8583/sort"
	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec/moovspec"
)

// Tags that are set one by one, in whatever sequence and some of them again, have the order that moov's spec gives them,
// in composites inside composites too.
func TestPathsInAnySequence(t *testing.T) {
	tagged := func(tag *field.TagSpec, pref prefix.Prefixer, part func() field.Field, keys ...string) *field.Composite {
		parts := map[string]field.Field{}
		for _, key := range keys {
			parts[key] = part()
		}
		return field.NewComposite(&field.Spec{Length: 200, Pref: pref, Tag: tag, Subfields: parts})
	}
	text := func() field.Field {
		return field.NewString(&field.Spec{Length: 9, Enc: encoding.ASCII, Pref: prefix.ASCII.L})
	}
	object := func() field.Field { return field.NewHex(&field.Spec{Enc: encoding.Binary, Pref: prefix.BerTLV}) }
	inner := func() field.Field {
		return tagged(&field.TagSpec{Length: 1, Enc: encoding.ASCII, Sort: moovsort.Strings}, prefix.ASCII.LLL, text, "A", "b", "Z", "0")
	}
	ber := &field.TagSpec{Enc: encoding.BerTLVTag, Sort: moovsort.StringsByHex}
	for name, f := range map[string]*field.Composite{
		"strings": tagged(&field.TagSpec{Length: 2, Enc: encoding.ASCII, Sort: moovsort.Strings}, prefix.ASCII.LLL, text, "01", "AB", "10", "Ab", "99"),
		"numbers": tagged(&field.TagSpec{Length: 2, Enc: encoding.ASCII, Sort: moovsort.StringsByInt}, prefix.ASCII.LLL, text, "01", "02", "10", "09", "99"),
		"BER":     tagged(ber, prefix.ASCII.LLL, object, "9F02", "82", "9A", "5F2A", "DF8101", "9F36"),
		"nested":  tagged(&field.TagSpec{Length: 1, Enc: encoding.ASCII, Sort: moovsort.Strings}, prefix.ASCII.LLL, inner, "1", "2", "3"),
	} {
		ms := around(f)
		s, _, err := moovspec.From(ms)
		require.NoError(t, err)
		codec := message.MustCompile(s)
		var paths []string
		for key, part := range f.Spec().Subfields {
			if part.Spec().Subfields == nil {
				paths = append(paths, "48."+key)
			}
			for below := range part.Spec().Subfields {
				paths = append(paths, "48."+key+"."+below)
			}
		}
		rng := rand.New(rand.NewPCG(12, 2))
		for range 200 {
			theirs, ours := iso8583.NewMessage(ms), codec.New()
			theirs.MTI("0200")
			require.NoError(t, ours.SetMTI("0200"))
			for i := range rng.IntN(12) {
				path, value := paths[rng.IntN(len(paths))], fmt.Sprintf("%02d", i)
				require.NoError(t, ours.SetPath(path, value))
				if name == "BER" {
					octets, err := hex.DecodeString(value)
					require.NoError(t, err)
					require.NoError(t, theirs.MarshalPath(path, octets))
					continue
				}
				require.NoError(t, theirs.MarshalPath(path, value))
			}
			want, err := theirs.Pack()
			require.NoError(t, err)
			got, err := ours.Pack()
			require.NoError(t, err)
			require.Equal(t, hex.EncodeToString(want), hex.EncodeToString(got), name)
		}
	}
}
