package message

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

var bitmapless = spec.MustNew(spec.Config{Name: "without bitmap", Encoding: spec.BCD, Bitmap: spec.Bitmap{Absent: true}, Fields: []spec.Field{
	{Number: 1, Format: "n 2"}, {Number: 3, Format: "n..6"}, {Number: 70, Format: "ans 3"}}})

// Without a bitmap the data elements stand one after the other, as far as the message goes.
func TestMessagesWithoutBitmap(t *testing.T) {
	codec := MustCompile(bitmapless)
	for wire, want := range map[string]string{
		"0800":                     `{"0":"0800"}`,
		"0800" + "12":              `{"0":"0800","1":"12"}`,
		"0800" + "12" + "041234":   `{"0":"0800","1":"12","3":"1234"}`,
		"0800" + "12" + "00414243": `{"0":"0800","1":"12","3":"","70":"ABC"}`,
	} {
		b, err := hex.DecodeString(wire)
		require.NoError(t, err)
		m := codec.New()
		require.NoError(t, m.Unpack(b), wire)
		text, err := inClear.AppendJSON(nil, m)
		require.NoError(t, err)
		require.JSONEq(t, want, string(text))
		back := codec.New()
		require.NoError(t, inClear.ReadJSON(back, text))
		require.Equal(t, wire, hex.EncodeToString(packed(t, back)))
		s := codec.Scanner()
		require.NoError(t, s.Reset(b))
		v, err := s.Field(3)
		require.NoError(t, err)
		require.Equal(t, m.Field(3).Present(), v.Present())
		v, err = s.Field(70)
		require.NoError(t, err)
		require.Equal(t, m.Field(70).Text(), v.Text())
		require.NotContains(t, m.HexDump()+string(TextForm{}.AppendDescription(nil, m)), "Bitmap")
	}
	for wire, kind := range map[string]Kind{"0800" + "1A": ErrDigit, "0800" + "12" + "0612": ErrTruncated, "0800" + "12" + "00" + "4142": ErrTruncated,
		"0800" + "12" + "00" + "414243" + "FF": ErrTrailing} {
		b, err := hex.DecodeString(wire)
		require.NoError(t, err)
		require.ErrorIs(t, codec.New().Unpack(b), kind, wire)
	}
}

// A field between two others cannot be left out.
func TestGapsWithoutBitmap(t *testing.T) {
	m := MustCompile(bitmapless).New()
	require.NoError(t, m.SetMTI("0800"))
	require.NoError(t, m.Set(70, "ABC"))
	_, err := m.Pack()
	require.ErrorIs(t, err, ErrMissing)
	require.ErrorContains(t, err, "field 1: missing")
	require.NoError(t, m.Set(3, "12"))
	require.NoError(t, m.Set(1, "99"))
	require.Equal(t, "0800"+"99"+"0212"+"414243", hex.EncodeToString(packed(t, m)))
	m.Unset(3)
	_, err = m.Pack()
	require.ErrorContains(t, err, "field 3: missing")
	m.Unset(70)
	require.Equal(t, "0800"+"99", hex.EncodeToString(packed(t, m)))
}
