package crypto_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
)

// The check value that Adyen publishes for a key of its own (tools/hmac/calculateKcv.js), and the hash of the key.
func TestCheckValuesOfHMACKeys(t *testing.T) {
	const key = "00727DB817A85C8503AD29EAD1523DB869AF0E536893BB3046C92DE7CB045CB1"
	k := importKey(t, "M7HC00N", key)
	require.NoError(t, k.CheckKCV(crypto.KCVHMAC, unhex(t, "9540DA")))
	require.ErrorIs(t, k.CheckKCV(crypto.KCVHMAC, unhex(t, "9540DB")), crypto.ErrKCV)
	for _, n := range []int{2, 4, 5} {
		_, err := k.KCV(crypto.KCVHMAC, n)
		require.ErrorIs(t, err, crypto.ErrUnsupported)
	}
	sum := sha256.Sum256(unhex(t, key))
	for n := 2; n <= 5; n++ {
		got, err := k.KCV(crypto.KCVSHA256, n)
		require.NoError(t, err)
		require.Equal(t, sum[:n], got)
	}
	for _, n := range []int{1, 6} {
		_, err := k.KCV(crypto.KCVSHA256, n)
		require.ErrorIs(t, err, crypto.ErrUnsupported, "a longer one gives the key away")
	}
	for _, attributes := range []string{"K0TB00N", "K0AB00N", "S0RS00N"} {
		other := importKey(t, attributes, secretHex)
		for _, method := range []crypto.KCVMethod{crypto.KCVSHA256, crypto.KCVHMAC, 0, 9} {
			_, err := other.KCV(method, 3)
			require.ErrorIs(t, err, crypto.ErrUnsupported, attributes)
		}
	}
	_, err := k.KCV(crypto.KCVLegacy, 3)
	require.ErrorIs(t, err, crypto.ErrUnsupported)
	k.Destroy()
	require.ErrorIs(t, k.CheckKCV(crypto.KCVSHA256, make([]byte, 3)), crypto.ErrDestroyed)
}

// The methods that need a block of eight bytes, or a cipher at all, say so.
func TestCheckValuesThatAreNone(t *testing.T) {
	for attributes, methods := range map[string]map[crypto.KCVMethod]error{
		"K0TB00N": {crypto.KCVLegacy: nil, crypto.KCVCMAC: nil, crypto.KCVFuturex: nil},
		"K0AB00N": {crypto.KCVLegacy: nil, crypto.KCVCMAC: nil, crypto.KCVFuturex: crypto.ErrUnsupported},
		"S0RS00N": {crypto.KCVLegacy: crypto.ErrUnsupported, crypto.KCVCMAC: crypto.ErrUnsupported, crypto.KCVFuturex: crypto.ErrUnsupported},
		"M7HC00N": {crypto.KCVLegacy: crypto.ErrUnsupported, crypto.KCVCMAC: crypto.ErrUnsupported, crypto.KCVFuturex: crypto.ErrUnsupported},
	} {
		k := importKey(t, attributes, secretHex)
		for method, want := range methods {
			for n := -1; n <= 7; n++ {
				kcv, err := k.KCV(method, n)
				if want == nil && 2 <= n && n <= 5 {
					require.NoError(t, err, "%s %d", attributes, method)
					require.Len(t, kcv, n)
					require.NoError(t, k.CheckKCV(method, kcv))
					continue
				}
				require.ErrorIs(t, err, crypto.ErrUnsupported, "%s %d", attributes, method)
				require.Nil(t, kcv)
			}
		}
	}
	require.Equal(t, "Key(K0AB00N, KCV "+printedKCV(t, "K0AB00N", crypto.KCVCMAC, 5)+")", importKey(t, "K0AB00N", secretHex).String())
	require.Equal(t, "Key(K0TB00N, KCV "+printedKCV(t, "K0TB00N", crypto.KCVLegacy, 3)+")", importKey(t, "K0TB00N", secretHex).String())
	require.Equal(t, "Key(S0RS00N)", importKey(t, "S0RS00N", secretHex).String())
}

// A check value has nothing behind it: the rest of the block is a known pair for a search of the key, and under GCM the
// hash key.
func TestNothingBehindCheckValues(t *testing.T) {
	for attributes, methods := range map[string][]crypto.KCVMethod{
		"K0TB00N": {crypto.KCVLegacy, crypto.KCVCMAC, crypto.KCVFuturex},
		"K0AB00N": {crypto.KCVLegacy, crypto.KCVCMAC},
		"M7HC00N": {crypto.KCVSHA256, crypto.KCVHMAC},
	} {
		k := importKey(t, attributes, secretHex)
		for _, method := range methods {
			for n := 2; n <= 5; n++ {
				if method == crypto.KCVHMAC && n != 3 {
					continue
				}
				kcv, err := k.KCV(method, n)
				require.NoError(t, err)
				require.Len(t, kcv, n)
				require.Equal(t, n, cap(kcv), "%s %d", attributes, method)
			}
		}
	}
}

func printedKCV(t *testing.T, attributes string, method crypto.KCVMethod, n int) string {
	t.Helper()
	kcv, err := importKey(t, attributes, secretHex).KCV(method, n)
	require.NoError(t, err)
	return strings.ToUpper(hex.EncodeToString(kcv))
}

// Names of what an algorithm of MACs is made of.
func TestNamesOfMACs(t *testing.T) {
	for scheme, name := range []string{
		"unknown MAC scheme", "CBC-MAC", "EMAC", "retail MAC", "MacDES", "CMAC", "LMAC", "TRCBC", "CBCR", "UnionPay ECB", "UnionPay ECB, raw", "HMAC-SHA-1",
		"HMAC-SHA-224", "HMAC-SHA-256", "HMAC-SHA-384", "HMAC-SHA-512", "HMAC-SM3", "unknown MAC scheme",
	} {
		require.Equal(t, name, crypto.MACScheme(scheme).String())
	}
	for padding, name := range []string{"no padding", "padding 1", "padding 2", "padding 3", "unknown padding"} {
		require.Equal(t, name, crypto.MACPadding(padding).String())
	}
}

// Four bytes of a check value are the shortest MAC of a block of zeros: a key that may only verify does not give them.
func TestCheckValueIsNoMAC(t *testing.T) {
	for _, attributes := range []string{"M6AC00N", "M6TC00N", "K1AB00N", "K1TB00N", "K4AB00N"} {
		for _, n := range []int{3, 4, 5} {
			_, err := importKey(t, attributes, secretHex).KCV(crypto.KCVLegacy, n)
			require.Equal(t, n > 3, err != nil, "%s: zeros encrypted are what CMAC's subkeys come from", attributes)
			_, err = importKey(t, attributes, secretHex).KCV(crypto.KCVCMAC, n)
			require.NoError(t, err)
		}
	}
	for attributes, method := range map[string]crypto.KCVMethod{"M1TV00N": crypto.KCVLegacy, "M6AV00N": crypto.KCVCMAC, "C0TV00N": crypto.KCVLegacy} {
		k, whole := importKey(t, attributes, secretHex), importKey(t, attributes[:3]+"C00N", secretHex)
		want, err := whole.KCV(method, 5)
		require.NoError(t, err)
		for n := 2; n <= 5; n++ {
			got, err := k.KCV(method, n)
			if n > 3 {
				require.ErrorIs(t, err, crypto.ErrUsage, attributes)
				require.Nil(t, got)
			} else {
				require.NoError(t, err)
				require.Equal(t, want[:n], got)
			}
			require.NoError(t, k.CheckKCV(method, want[:n]))
			wrong := append([]byte(nil), want[:n]...)
			wrong[n-1] ^= 1
			require.Equal(t, n > 3, k.CheckKCV(method, wrong) == nil, "%d bytes: the fourth byte could be found out by trying", n)
			require.Equal(t, crypto.ErrKCV, whole.CheckKCV(method, wrong))
		}
		require.Contains(t, k.String(), strings.ToUpper(hex.EncodeToString(want[:3]))+")")
	}
}
