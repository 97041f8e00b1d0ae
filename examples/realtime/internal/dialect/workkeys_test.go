package dialect

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
)

func unhex(t *testing.T, text string) []byte {
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

func masterKey(t *testing.T, text string) crypto.KEK {
	key, err := clearkey.Import(crypto.MustAttributes("K0TB00N"), unhex(t, text))
	require.NoError(t, err)
	master, err := crypto.NewKEK(key)
	require.NoError(t, err)
	return master
}

// TestPublishedWorkKeys opens a sign-in answer that was published together with its master key.
func TestPublishedWorkKeys(t *testing.T) {
	master := masterKey(t, "F415DA6DC7E507491973A72C7649EF94")
	field62 := unhex(t, "9986E1550F53AB2D0FC9AB73B03773DE7A502096"+"426C5EBE02544AAE000000000000000051F4E614")
	keys, err := OpenWorkKeys(master, field62)
	require.NoError(t, err)
	check, err := keys.PIN.Key().KCV(crypto.KCVLegacy, 4)
	require.NoError(t, err)
	require.Equal(t, "7a502096", hex.EncodeToString(check))
	code, err := keys.Sign(nil, []byte("0200"))
	require.NoError(t, err)
	require.NoError(t, keys.Verify([]byte("0200"), code))
	require.ErrorIs(t, keys.Verify([]byte("0210"), code), crypto.ErrVerify)

	for _, at := range []int{0, 16, 19, 20, 36, 39} {
		wrong := append([]byte(nil), field62...)
		wrong[at] ^= 1
		_, err := OpenWorkKeys(master, wrong)
		require.ErrorIs(t, err, crypto.ErrKCV, "byte %d", at)
	}
	for _, size := range []int{0, 24, 39, 41, 60} {
		_, err := OpenWorkKeys(master, make([]byte, size))
		require.ErrorIs(t, err, ErrWorkKeys)
	}
}

func TestGenerateWorkKeys(t *testing.T) {
	master := masterKey(t, "0123456789ABCDEFFEDCBA9876543210")
	for _, bits := range []int{64, 128} {
		block, err := GenerateWorkKeys(master, bits)
		require.NoError(t, err)
		require.Len(t, block, 40, "what the message format takes for two keys")
		require.Equal(t, bits == 64, string(block[28:36]) == string(make([]byte, 8)))
		ours, err := OpenWorkKeys(master, block)
		require.NoError(t, err)
		theirs, err := OpenWorkKeys(master, block)
		require.NoError(t, err)
		code, err := ours.Sign(nil, []byte("data"))
		require.NoError(t, err)
		require.NoError(t, theirs.Verify([]byte("data"), code))
		another, err := GenerateWorkKeys(master, bits)
		require.NoError(t, err)
		require.NotEqual(t, block, another)
	}
}
