package mac_test

import (
	"crypto/fips140"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/internal/fipstest"
)

// TestUnderFIPS: where FIPS 140 mode is enforced, what is not approved is an error, not a panic, and the rest
// works.
func TestUnderFIPS(t *testing.T) {
	if !fipstest.Enforced(t) {
		return
	}
	for _, attributes := range []string{"M1DC00N", "M3TC00N", "M64C00N"} {
		a := crypto.MustAttributes(attributes)
		n := 16
		if a.Algorithm == crypto.DES {
			n = 8
		}
		_, err := clearkey.Import(a, doubleKey[:n], gm.SM4)
		require.ErrorIs(t, err, crypto.ErrFIPS, attributes)
	}
	var short *mac.MAC
	_, err := clearkey.Import(crypto.MustAttributes("M7HC00N"), doubleKey[:13])
	require.ErrorIs(t, err, crypto.ErrFIPS)
	fips140.WithoutEnforcement(func() {
		m, err := mac.New(macKey(t, crypto.UsageHMAC, crypto.HMAC, doubleKey[:4]), mac.Algorithm{Scheme: crypto.HMACSHA256})
		require.NoError(t, err)
		_, err = m.Append(nil, nil)
		require.NoError(t, err)
		short = m
	})
	_, err = short.Append(nil, nil)
	require.ErrorIs(t, err, crypto.ErrFIPS)
	m, err := mac.New(macKey(t, crypto.UsageHMAC, crypto.HMAC, doubleKey), mac.Algorithm{Scheme: crypto.HMACSHA1})
	require.NoError(t, err)
	_, err = m.Append(nil, nil)
	require.ErrorIs(t, err, crypto.ErrFIPS)
	for _, a := range []mac.Algorithm{{Scheme: crypto.HMACSHA256}, {Scheme: crypto.CMAC}} {
		key := macKey(t, crypto.UsageHMAC, crypto.HMAC, doubleKey)
		if a.Scheme == crypto.CMAC {
			key = macKey(t, crypto.UsageCMAC, crypto.AES, doubleKey)
		}
		m, err := mac.New(key, a)
		require.NoError(t, err)
		tag, err := m.Append(nil, []byte("message"))
		require.NoError(t, err)
		require.NoError(t, m.Verify([]byte("message"), tag))
	}
}
