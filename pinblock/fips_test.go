package pinblock_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/internal/fipstest"
	"github.com/posline/posline/pinblock"
)

// TestFIPSOnly: where FIPS 140 mode is enforced, format 4 remains, and nothing panics.
func TestFIPSOnly(t *testing.T) {
	if !fipstest.Enforced(t) {
		return
	}
	for _, attributes := range []string{"P0TB00N", "V2TC00N"} {
		_, err := clearkey.Import(crypto.MustAttributes(attributes), unhex(t, desHex))
		require.ErrorIs(t, err, crypto.ErrFIPS)
	}
	aes := pinKey(t, crypto.AES, unhex(t, aesHex))
	p, err := pinblock.GeneratePIN(6)
	require.NoError(t, err)
	block, err := pinblock.Encrypt(nil, aes, pinblock.ISO4, p, testPAN)
	require.NoError(t, err)
	got, err := pinblock.Decrypt(aes, pinblock.ISO4, block, testPAN)
	require.NoError(t, err)
	require.True(t, got.Equal(p))
	_, err = pinblock.Encrypt(nil, aes, pinblock.ISO0, p, testPAN)
	require.ErrorIs(t, err, crypto.ErrUnsupported)
}
