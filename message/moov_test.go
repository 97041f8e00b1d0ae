//go:build amd64 || arm64

// moov-io/iso8583 does not compile for 32-bit targets.

package message_test

import (
	"testing"
	"time"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/padding"
	"github.com/moov-io/iso8583/prefix"
	moovsort "github.com/moov-io/iso8583/sort"
	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
	"github.com/stretchr/testify/require"
)

// moovData has every field type of moov that a struct may hold, as its own examples declare them.
type moovData struct {
	MTI     *field.String  `index:"0"`
	PAN     *field.String  `index:"2"`
	Amount  *field.Numeric `index:"4"`
	Block   *field.Binary  `index:"10"`
	Key     *field.Hex     `index:"12"`
	Text    *field.String  `iso8583:"13"`
	Track2  *field.Track2  `index:"35"`
	F40     *moovParts
	Chip    *moovChip      `index:"55"`
	Skipped *field.Numeric `index:"3"`
}

type moovParts struct {
	F1 *field.Numeric
	F2 *field.String
}

type moovChip struct {
	F82   *field.Hex
	F9F02 *field.Binary
	Other *field.Hex `index:"9F26"`
}

func moovSpec() *iso8583.MessageSpec {
	zero := padding.Left('0')
	return &iso8583.MessageSpec{Fields: map[int]field.Field{
		0:  field.NewString(&field.Spec{Length: 4, Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed}),
		1:  field.NewBitmap(&field.Spec{Length: 8, Enc: encoding.Binary, Pref: prefix.Hex.Fixed}),
		2:  field.NewString(&field.Spec{Length: 19, Enc: encoding.ASCII, Pref: prefix.ASCII.LL}),
		3:  field.NewNumeric(&field.Spec{Length: 6, Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed, Pad: zero}),
		4:  field.NewNumeric(&field.Spec{Length: 12, Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed, Pad: zero}),
		10: field.NewBinary(&field.Spec{Length: 8, Enc: encoding.Binary, Pref: prefix.Binary.Fixed}),
		12: field.NewHex(&field.Spec{Length: 99, Enc: encoding.Binary, Pref: prefix.ASCII.LL}),
		13: field.NewString(&field.Spec{Length: 40, Enc: encoding.ASCII, Pref: prefix.ASCII.LL}),
		35: field.NewTrack2(&field.Spec{Length: 37, Enc: encoding.ASCII, Pref: prefix.ASCII.LL}),
		40: field.NewComposite(&field.Spec{Length: 99, Pref: prefix.ASCII.LLL, Tag: &field.TagSpec{Sort: moovsort.StringsByInt}, Subfields: map[string]field.Field{
			"1": field.NewNumeric(&field.Spec{Length: 2, Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed, Pad: zero}),
			"2": field.NewString(&field.Spec{Length: 3, Enc: encoding.ASCII, Pref: prefix.ASCII.Fixed}),
		}}),
		55: field.NewComposite(&field.Spec{Length: 255, Pref: prefix.ASCII.LLL, Tag: &field.TagSpec{Enc: encoding.BerTLVTag, Sort: moovsort.StringsByHex}, Subfields: map[string]field.Field{
			"82":   field.NewHex(&field.Spec{Enc: encoding.Binary, Pref: prefix.BerTLV}),
			"9F02": field.NewBinary(&field.Spec{Enc: encoding.Binary, Pref: prefix.BerTLV}),
			"9F26": field.NewHex(&field.Spec{Enc: encoding.Binary, Pref: prefix.BerTLV}),
		}}),
	}}
}

// equalSpec is moovSpec in our language.
func equalSpec(t *testing.T) *message.Codec {
	s, err := spec.New(spec.Config{Name: "moov's", Encoding: spec.ASCII, Bitmap: spec.Bitmap{Encoding: spec.Raw}, Fields: []spec.Field{
		{Number: 2, Format: "n..19"}, {Number: 3, Format: "n 6"}, {Number: 4, Format: "n 12"},
		{Number: 10, Format: "b 64", Encoding: spec.Raw}, {Number: 12, Format: "b..99", Encoding: spec.Raw}, {Number: 13, Format: "ans..40"}, {Number: 35, Format: "z..37"},
		{Number: 40, Format: "ans...99", Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Format: "n 2"}, {Number: 2, Format: "ans 3"}}}},
		{Number: 55, Format: "b...255", Encoding: spec.Raw, Layout: &spec.Layout{Kind: spec.BERTLV, Encoding: spec.Raw, Fields: []spec.Field{
			{Tag: "82", Format: "b..99"}, {Tag: "9F02", Format: "b..99"}, {Tag: "9F26", Format: "b..99"}}}},
	}})
	require.NoError(t, err)
	return message.MustCompile(s)
}

func moovSale() *moovData {
	expiry := time.Date(2028, 12, 1, 0, 0, 0, 0, time.UTC)
	return &moovData{
		MTI: field.NewStringValue("0200"), PAN: field.NewStringValue("4761739001010119"), Amount: field.NewNumericValue(1999),
		Block: field.NewBinaryValue([]byte{1, 2, 3, 4, 5, 6, 7, 8}), Key: field.NewHexValue("AB00"), Text: field.NewStringValue("coffee"),
		Track2: field.NewTrack2Value("4761739001010119", &expiry, "201", "1234567890", "="),
		F40:    &moovParts{F1: field.NewNumericValue(7), F2: field.NewStringValue("abc")},
		Chip:   &moovChip{F82: field.NewHexValue("5C00"), F9F02: field.NewBinaryValue([]byte{0, 0, 0, 0, 0x19, 0x99}), Other: field.NewHexValue("0102030405060708")},
	}
}

func TestMoovStructsWorkUnchanged(t *testing.T) {
	theirs := iso8583.NewMessage(moovSpec())
	require.NoError(t, theirs.Marshal(moovSale()))
	want, err := theirs.Pack()
	require.NoError(t, err)

	codec := equalSpec(t)
	m := codec.New()
	require.NoError(t, message.Marshal(m, moovSale()))
	wire, err := m.Pack()
	require.NoError(t, err)
	require.Equal(t, want, wire, "the same bytes")

	peer, ours := iso8583.NewMessage(moovSpec()), codec.New()
	require.NoError(t, peer.Unpack(wire))
	require.NoError(t, ours.Unpack(wire))
	var a, b moovData
	require.NoError(t, peer.Unmarshal(&a))
	require.NoError(t, message.Unmarshal(ours, &b))
	require.Equal(t, a.Amount.Value(), b.Amount.Value())
	require.Equal(t, a.PAN.Value(), b.PAN.Value())
	require.Equal(t, a.Text.Value(), b.Text.Value())
	require.Equal(t, a.Block.Value(), b.Block.Value())
	require.Equal(t, a.Key.Value(), b.Key.Value())
	require.Equal(t, a.Track2.PrimaryAccountNumber, b.Track2.PrimaryAccountNumber)
	require.Equal(t, a.Track2.ExpirationDate, b.Track2.ExpirationDate)
	require.Equal(t, a.F40.F1.Value(), b.F40.F1.Value())
	require.Equal(t, a.Chip.F82.Value(), b.Chip.F82.Value())
	require.Equal(t, a.Chip.F9F02.Value(), b.Chip.F9F02.Value())
	require.Nil(t, b.Skipped)

	again := codec.New()
	require.NoError(t, message.Marshal(again, &b))
	repacked, err := again.Pack()
	require.NoError(t, err)
	require.Equal(t, wire, repacked)
}

func TestMoovZeroValues(t *testing.T) {
	type zeros struct {
		Amount  *field.Numeric `index:"4"`
		Code    *field.Numeric `index:"3,keepzero"`
		Text    string         `index:"13,keepzero"`
		Missing *field.String  `index:"2"`
	}
	in := &zeros{Amount: field.NewNumericValue(0)}
	theirs := iso8583.NewMessage(moovSpec())
	theirs.MTI("0200")
	require.NoError(t, theirs.Marshal(in))
	want, err := theirs.Pack()
	require.NoError(t, err)
	m := equalSpec(t).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, message.Marshal(m, in))
	wire, err := m.Pack()
	require.NoError(t, err)
	require.Equal(t, want, wire)

	require.NoError(t, m.Set(2, "1"))
	m.Unset(4)
	require.NoError(t, message.Unmarshal(m, in))
	require.Nil(t, in.Amount, "moov would leave it")
	require.Equal(t, "1", in.Missing.Value())
}

func TestMoovValuesThatDoNotFit(t *testing.T) {
	codec := equalSpec(t)
	for _, v := range []any{
		&struct{ F55 *field.Composite }{},
		&struct{ F2 *field.Spec }{},
	} {
		require.ErrorIs(t, message.Marshal(codec.New(), v), message.ErrType)
		require.ErrorIs(t, message.Unmarshal(codec.New(), v), message.ErrType)
	}
	require.ErrorIs(t, message.Marshal(codec.New(), &moovData{Key: field.NewHexValue("no")}), message.ErrValue)
	require.ErrorIs(t, message.Marshal(codec.New(), &moovData{Amount: field.NewNumericValue(-5)}), message.ErrType)

	m := codec.New()
	require.NoError(t, m.Set(13, "4761739001010119x"))
	err := message.Unmarshal(m, &struct{ F13 *field.Numeric }{})
	require.ErrorIs(t, err, message.ErrType)
	require.NoError(t, m.Set(35, "4761739001010119"))
	err = message.Unmarshal(m, &struct{ F35 *field.Track2 }{})
	require.ErrorIs(t, err, message.ErrValue)
	require.NotContains(t, err.Error(), "4761739001010119")
}

// A moov Numeric fills its part with zeros, the last one of a field that may end inside it too; a moov String is text.
func TestMoovTypesInTheLastPart(t *testing.T) {
	type numbers struct {
		Type  *field.Numeric `index:"1"`
		Batch *field.Numeric `index:"2"`
	}
	type texts struct {
		Type  *field.String `index:"1"`
		Batch *field.String `index:"2"`
	}
	m := message.MustCompile(spec.UnionPayPOS()).New()
	require.NoError(t, message.Marshal(m, struct{ F60 *numbers }{&numbers{field.NewNumericValue(22), field.NewNumericValue(13)}}))
	require.Equal(t, "22000013", m.Field(60).Text())
	require.NoError(t, message.Marshal(m, struct{ F60 *texts }{&texts{field.NewStringValue("22"), field.NewStringValue("000014")}}))
	require.Equal(t, "22000014", m.Field(60).Text())
	err := message.Marshal(m, struct{ F60 *texts }{&texts{field.NewStringValue("22"), field.NewStringValue("13")}})
	require.ErrorIs(t, err, message.ErrTooShort)
	require.Equal(t, "22000014", m.Field(60).Text())
}
