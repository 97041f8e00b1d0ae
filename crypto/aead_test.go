package crypto_test

import (
	"crypto/aes"
	"crypto/cipher"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/internal/shown"
)

func TestAEAD(t *testing.T) {
	clear := []byte("0123456789abcdef0123456789abcdef")
	var k crypto.Key
	seal := func(attributes string, bytes []byte) (cipher.AEAD, error) {
		var err error
		k, err = clearkey.Import(crypto.MustAttributes(attributes), bytes)
		require.NoError(t, err)
		data, err := crypto.NewDataKey(k)
		require.NoError(t, err)
		return data.AEAD()
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
	require.Equal(t, oracle.Overhead(), aead.Overhead())
	require.Empty(t, shown.Inside(aead, clear))
	k.Destroy()
	_, err = aead.Open(nil, nonce, sealed, []byte("head"))
	require.ErrorIs(t, err, crypto.ErrDestroyed)
	require.Panics(t, func() { aead.Seal(nil, nonce, []byte("reversal"), nil) })
	_, err = seal("D0AB00N", clear)
	require.NoError(t, err)
	k.Destroy()
	data, err := crypto.NewDataKey(k)
	require.NoError(t, err)
	_, err = data.AEAD()
	require.ErrorIs(t, err, crypto.ErrDestroyed)

	_, err = seal("D0TB00N", clear[:16])
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	for _, oneWay := range []string{"D0AE00N", "D0AD00N"} {
		_, err = seal(oneWay, clear)
		require.ErrorIs(t, err, crypto.ErrUsage, "%s", oneWay)
	}
	_, err = crypto.DataKey{}.AEAD()
	require.ErrorIs(t, err, crypto.ErrNoKey)
}
