package crypto_test

import (
	"crypto/aes"
	"crypto/cipher"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
)

func TestAEAD(t *testing.T) {
	clear := []byte("0123456789abcdef0123456789abcdef")
	seal := func(attributes string, bytes []byte) (cipher.AEAD, error) {
		k, err := clearkey.Import(crypto.MustAttributes(attributes), bytes)
		require.NoError(t, err)
		data, err := crypto.NewDataKey(k)
		require.NoError(t, err)
		aead, err := data.AEAD()
		k.Destroy()
		_, again := data.AEAD()
		require.Error(t, again)
		return aead, err
	}
	aead, err := seal("D0AB00N", clear)
	require.NoError(t, err)
	block, err := aes.NewCipher(clear)
	require.NoError(t, err)
	oracle, err := cipher.NewGCM(block)
	require.NoError(t, err)
	nonce := make([]byte, aead.NonceSize())
	sealed := aead.Seal(nil, nonce, []byte("reversal"), []byte("head"))
	require.Equal(t, oracle.Seal(nil, nonce, []byte("reversal"), []byte("head")), sealed)
	opened, err := aead.Open(nil, nonce, sealed, []byte("head"))
	require.NoError(t, err)
	require.Equal(t, "reversal", string(opened))

	_, err = seal("D0TB00N", clear[:16])
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	for _, oneWay := range []string{"D0AE00N", "D0AD00N"} {
		_, err = seal(oneWay, clear)
		require.ErrorIs(t, err, crypto.ErrUsage, "%s", oneWay)
	}
	_, err = crypto.DataKey{}.AEAD()
	require.ErrorIs(t, err, crypto.ErrNoKey)
}
