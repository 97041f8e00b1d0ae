package message

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// Some dialects always have two bitmaps, whichever fields there are (Bitmap.Min).
func TestBitmapsThatThereAlwaysAre(t *testing.T) {
	for min, want := range map[int]string{
		0: "\x12\x40" + "\x40\x00\x00\x00\x00\x00\x00\x00" + "\x01",
		1: "\x12\x40" + "\x40\x00\x00\x00\x00\x00\x00\x00" + "\x01",
		2: "\x12\x40" + "\xC0\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00" + "\x01",
		3: "\x12\x40" + "\xC0\x00\x00\x00\x00\x00\x00\x00" + "\x80\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00" + "\x01",
	} {
		codec := MustCompile(spec.MustNew(spec.Config{Name: "x", Encoding: spec.BCD, Bitmap: spec.Bitmap{Min: min, Max: 3}, Fields: []spec.Field{
			{Number: 2, Format: "n 2"}, {Number: 70, Format: "n 2"}, {Number: 130, Format: "n 2"},
		}}))
		m := codec.New()
		m.SetMTI("1240")
		m.Set(2, "01")
		wire, err := m.Pack()
		require.NoError(t, err)
		require.Equal(t, want, string(wire), min)
		require.NoError(t, m.Unpack(wire))
		text, err := TextForm{CardDataInClear: true}.AppendJSON(nil, m)
		require.NoError(t, err)
		require.Equal(t, `{"0":"1240","2":"01"}`, string(text), "the bitmaps are the usual ones")
		if min > 1 {
			fewer := "\x12\x40" + "\x40\x00\x00\x00\x00\x00\x00\x00" + "\x01"
			require.ErrorIs(t, m.Unpack([]byte(fewer)), ErrBitmap)
		}
		require.NoError(t, m.Unpack(wire))
		m.Set(70, "02")
		m.Set(130, "03")
		more, err := m.Pack()
		require.NoError(t, err)
		require.Equal(t, "\x12\x40"+"\xC0\x00\x00\x00\x00\x00\x00\x00"+"\x84\x00\x00\x00\x00\x00\x00\x00"+"\x40\x00\x00\x00\x00\x00\x00\x00"+"\x01\x02\x03", string(more))
	}
	codec := MustCompile(spec.MustNew(spec.Config{Name: "x", Encoding: spec.BCD, Bitmap: spec.Bitmap{Min: 3}, Fields: []spec.Field{{Number: 130, Format: "n 2"}}}))
	require.ErrorIs(t, codec.New().Unpack([]byte("\x12\x40"+"\x80\x00\x00\x00\x00\x00\x00\x00"+"\x00\x00\x00\x00\x00\x00\x00\x00")), ErrBitmap)
}
