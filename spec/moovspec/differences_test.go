//go:build amd64 || arm64

package moovspec_test

import (
	"encoding/json"
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

// What the package comment says is different, in both libraries, so that it is known when moov changes.
func TestDifferencesOfTheGuide(t *testing.T) {
	ascii := func(length int, p prefix.Prefixer, pad padding.Padder) *field.Spec {
		return &field.Spec{Length: length, Enc: encoding.ASCII, Pref: p, Pad: pad}
	}
	ms := &iso8583.MessageSpec{Fields: map[int]field.Field{
		0:  field.NewString(ascii(4, prefix.ASCII.Fixed, nil)),
		1:  field.NewBitmap(&field.Spec{Enc: encoding.BytesToASCIIHex, Pref: prefix.Hex.Fixed}),
		2:  field.NewString(ascii(19, prefix.ASCII.LL, nil)),
		8:  field.NewNumeric(ascii(5, prefix.ASCII.LL, padding.Left(' '))),
		45: field.NewTrack1(ascii(76, prefix.ASCII.LL, nil)),
		48: field.NewComposite(&field.Spec{Length: 99, Pref: prefix.ASCII.LLL, Tag: &field.TagSpec{Length: 1, Enc: encoding.ASCII, Sort: moovsort.Strings},
			Subfields: map[string]field.Field{"1": field.NewString(ascii(9, prefix.ASCII.L, nil))}}),
		50: field.NewComposite(&field.Spec{Length: 99, Pref: prefix.ASCII.LL, Tag: &field.TagSpec{Sort: moovsort.StringsByInt},
			Subfields: map[string]field.Field{"1": field.NewString(ascii(2, prefix.ASCII.Fixed, padding.Right(' '))), "2": field.NewString(ascii(9, prefix.ASCII.L, nil))}}),
	}}
	s, warnings, err := moovspec.From(ms)
	require.NoError(t, err)
	codec := message.MustCompile(s)
	both := func(t *testing.T, wire string) (*iso8583.Message, *message.Message) {
		theirs, ours := iso8583.NewMessage(ms), codec.New()
		require.NoError(t, theirs.Unpack([]byte(wire)))
		require.NoError(t, ours.Unpack([]byte(wire)))
		return theirs, ours
	}
	packs := func(t *testing.T, theirs *iso8583.Message, ours *message.Message, want, got string) {
		wire, err := theirs.Pack()
		require.NoError(t, err)
		require.Equal(t, want, string(wire))
		wire, err = ours.Pack()
		require.NoError(t, err)
		require.Equal(t, got, string(wire))
	}

	t.Run("an empty number", func(t *testing.T) {
		for body, reads := range map[string][2]string{"00": {"0", ""}, "05  007": {"7", "007"}} {
			theirs, ours := both(t, "01000100000000000000"+body)
			text, err := theirs.GetString(8)
			require.NoError(t, err)
			require.Equal(t, reads, [2]string{text, ours.Field(8).Unpadded()}, body)
		}
		_, ours := both(t, "0100010000000000000005  007")
		number, err := ours.Field(8).Int64()
		require.NoError(t, err)
		require.EqualValues(t, 7, number)
	})
	t.Run("the name in track 1", func(t *testing.T) {
		const front, track, less = "01000000000000080000", "B4242424242424242^SMITH JOHN Q   ^21121011234", "B4242424242424242^SMITH JOHN Q^21121011234"
		theirs, ours := both(t, fmt.Sprintf("%s%d%s", front, len(track), track))
		text, err := theirs.GetString(45)
		require.NoError(t, err)
		require.Equal(t, [2]string{less, track}, [2]string{text, ours.Field(45).Text()})
		packs(t, theirs, ours, fmt.Sprintf("%s%d%s", front, len(less), less), fmt.Sprintf("%s%d%s", front, len(track), track))
		require.Contains(t, fmt.Sprint(warnings), "45: moov takes the blanks off the name of a track")
	})
	t.Run("the last part of a composite", func(t *testing.T) {
		theirs, ours := both(t, "01000000000000010000"+"003"+"11a")
		require.NoError(t, theirs.UnsetPath("48.1"))
		require.NoError(t, ours.UnsetPath("48.1"))
		packs(t, theirs, ours, "01000000000000010000000", "01000000000000000000")
		require.NoError(t, ours.Set(48, ""))
		packs(t, theirs, ours, "01000000000000010000000", "01000000000000010000000")
	})
	t.Run("a zero part before one that is set", func(t *testing.T) {
		value := struct {
			F50 *struct{ F1, F2 string }
		}{&struct{ F1, F2 string }{"", "x"}}
		theirs, ours := both(t, "01000000000000000000")
		require.NoError(t, theirs.Marshal(&value))
		require.NoError(t, message.Marshal(ours, &value))
		packs(t, theirs, ours, "01000000000000004000"+"021x", "01000000000000004000"+"04  1x")
		theirs, _ = both(t, "01000000000000004000"+"021x")
		text, err := theirs.GetString(50)
		require.NoError(t, err)
		require.Equal(t, "1x", text)
		var first string
		require.NoError(t, theirs.UnmarshalPath("50.1", &first))
		require.Equal(t, "1x", first, "moov reads another part than it wrote")
		require.ErrorIs(t, codec.New().SetPath("50.2", "x"), message.ErrMissing)
	})
	t.Run("the message type", func(t *testing.T) {
		theirs, ours := both(t, "01000000000000000000")
		text, err := theirs.GetString(0)
		require.NoError(t, err)
		require.Equal(t, text, ours.Field(0).Unpadded())
	})
	t.Run("JSON", func(t *testing.T) {
		theirs, ours := both(t, "01004000000000000000164242424242424242")
		coded, err := json.Marshal(theirs)
		require.NoError(t, err)
		require.JSONEq(t, `{"0": "0100", "1": "4000000000000000", "2": "4242424242424242"}`, string(coded))
		coded, err = json.Marshal(ours)
		require.NoError(t, err)
		require.JSONEq(t, `{"0": "0100", "2": "424242******4242"}`, string(coded))
		coded, err = message.TextForm{CardDataInClear: true}.AppendJSON(nil, ours)
		require.NoError(t, err)
		require.Contains(t, string(coded), "4242424242424242")
	})
}
