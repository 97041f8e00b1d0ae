package mac_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/crypto/mac"
)

func unionPayKey(t *testing.T, attributes string) crypto.MACKey {
	t.Helper()
	bytes := doubleKey
	if attributes[2] == 'D' {
		bytes = doubleKey[:8]
	}
	k, err := clearkey.Import(crypto.MustAttributes(attributes), bytes, gm.SM4)
	require.NoError(t, err)
	key, err := crypto.NewMACKey(k)
	require.NoError(t, err)
	return key
}

// One call serves every cipher that UnionPay's terminals have: eight characters for field 64, the hexadecimal of the
// first four bytes that UnionPayRaw gives.
func TestUnionPayOfEveryCipher(t *testing.T) {
	message := []byte("0200 a message of more than two blocks of sixteen bytes")
	for _, attributes := range []string{"M1DC00N", "M1TC00N", "M3TC00N", "M0TC00N", "M14C00N"} {
		key := unionPayKey(t, attributes)
		m, err := mac.UnionPay(key)
		require.NoError(t, err, attributes)
		tag, err := m.Append(nil, message)
		require.NoError(t, err)
		require.Len(t, tag, 8)
		require.Regexp(t, "^[0-9A-F]{8}$", string(tag))
		raw, err := mac.New(key, mac.Algorithm{Scheme: crypto.UnionPayRaw, Size: 4})
		require.NoError(t, err)
		bytes, err := raw.Append(nil, message)
		require.NoError(t, err)
		require.Equal(t, bytes, unhexUpper(t, tag))
		require.NoError(t, m.Verify(message, tag))
	}
	aes, err := clearkey.Import(crypto.MustAttributes("M6AC00N"), doubleKey)
	require.NoError(t, err)
	key, err := crypto.NewMACKey(aes)
	require.NoError(t, err)
	_, err = mac.UnionPay(key)
	require.ErrorIs(t, err, crypto.ErrUsage)
}

func unhexUpper(t *testing.T, text []byte) []byte {
	t.Helper()
	out := make([]byte, len(text)/2)
	for i, c := range text {
		v := c - '0'
		if c >= 'A' {
			v = c - 'A' + 10
		}
		out[i/2] = out[i/2]<<4 | v
	}
	return out
}

// Without the key an answer "51" becomes "00": what changes in one block is taken back in another one that the receiver
// does not look at, and the fold, all that the key ever sees, stays the same. It is why the package says that this MAC
// protects against accidents only.
func TestUnionPayFoldCanBeBent(t *testing.T) {
	m, err := mac.UnionPay(unionPayKey(t, "M1TC00N"))
	require.NoError(t, err)
	message := []byte("0210....51......1129....")
	tag, err := m.Append(nil, message)
	require.NoError(t, err)
	bent := append([]byte(nil), message...)
	for i := range 2 { // two digits of the answer, and two of a date in the same place of the next block
		bent[8+i] ^= message[8+i] ^ '0'
		bent[16+i] ^= message[8+i] ^ '0'
	}
	require.Equal(t, "00", string(bent[8:10]))
	require.NoError(t, m.Verify(bent, tag))
}

func TestNamesInErrors(t *testing.T) {
	require.Equal(t, "retail MAC", crypto.RetailMAC.String())
	require.Equal(t, "HMAC-SM3", crypto.HMACSM3.String())
	require.Equal(t, "unknown MAC scheme", crypto.MACScheme(0).String())
	require.Equal(t, "unknown MAC scheme", crypto.MACScheme(99).String())
	_, err := mac.New(unionPayKey(t, "M3TC00N"), mac.Algorithm{Scheme: crypto.RetailMAC})
	require.ErrorContains(t, err, "no padding with retail MAC")
	_, err = mac.New(unionPayKey(t, "M3TC00N"), mac.Algorithm{Scheme: 99, Padding: crypto.Padding1})
	require.ErrorContains(t, err, "unknown MAC scheme")
	_, err = mac.New(unionPayKey(t, "M3TC00N"), mac.Algorithm{Scheme: crypto.UnionPayECB, Padding: crypto.Padding2})
	require.ErrorContains(t, err, "padding 2 with UnionPay ECB")
	require.Equal(t, "padding 3", crypto.Padding3.String())
	require.Equal(t, "unknown padding", crypto.MACPadding(4).String())
	_, err = mac.New(unionPayKey(t, "M1DC00N"), mac.Algorithm{Scheme: crypto.CBCMAC})
	require.ErrorContains(t, err, "CBC-MAC")
}
