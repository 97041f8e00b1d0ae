package message

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Chip data has the formats of EMV Book 3, annex A, as far as they are numbers, and issuer scripts have parts.
func TestChipTags(t *testing.T) {
	m := codecFor(t, "unionpay-pos+no-header").New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.SetPathInt("55.9F02", 1999))
	require.NoError(t, m.SetPathInt("55.5F2A", 156))
	require.NoError(t, m.SetPathTime("55.9A", time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)))
	require.NoError(t, m.SetPathBytes("55.9F26", []byte{1, 2, 3, 4, 5, 6, 7, 8}))
	require.NoError(t, m.SetPathBytes("55.72.9F18", []byte{0, 0, 0, 1}))
	require.NoError(t, m.SetPathBytes("55.72.86", []byte{0x84, 0x24, 0, 0, 0}))
	require.Equal(t, "9F02060000000019995F2A0201569A032603049F26080102030405060708720E9F180400000001860584240000"+"00", m.Field(55).Text())

	back := codecFor(t, "unionpay-pos+no-header").New()
	require.NoError(t, back.Unpack(packed(t, m)))
	for path, want := range map[string]int64{"55.9F02": 1999, "55.5F2A": 156, "55.9A": 260304} {
		got, err := back.Get(path).Int64()
		require.NoError(t, err, path)
		require.Equal(t, want, got, path)
	}
	require.Equal(t, "0156", back.Field(55).Tag(0x5F2A).Text())
	_, err := back.Get("55.9F26").Int64()
	require.ErrorIs(t, err, ErrType)
	at, err := back.Get("55.9A").Time(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	require.Equal(t, "2026-03-04", at.Format(time.DateOnly))
	require.Equal(t, "8424000000", back.Get("55.72.86").Text())
	require.Equal(t, packed(t, m), packed(t, back))

	for what, one := range map[string]struct {
		chip string
		path string
		kind Kind
	}{
		"a letter in a number":  {"9F020600000000199A", "55.9F02", ErrDigit},
		"a short amount":        {"9F02050000001999", "55.9F02", ErrTooShort},
		"a long date":           {"9A0426030401", "55.9A", ErrTooLong},
		"a script that ends":    {"72028605", "55.72.86", ErrTruncated},
		"a script with no tags": {"72019F", "55.72", ErrTag},
	} {
		bad := codecFor(t, "unionpay-pos+no-header").New()
		require.NoError(t, bad.SetMTI("0200"))
		require.NoError(t, bad.Set(55, one.chip))
		_, err := bad.Pack()
		require.ErrorIs(t, err, one.kind, what)
		var fault *Error
		require.ErrorAs(t, err, &fault)
		require.Equal(t, one.path, fault.Path, what)
	}
}
