package crypto_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/crypto/keyblock"
	"github.com/posline/posline/internal/keymaterial"
)

// The strengths of SP 800-57 part 1, tables 2 and 3.
func TestStrength(t *testing.T) {
	for _, c := range []struct {
		attributes, key string
		want            int
	}{
		{"M1DC00N", secretHex[:16], 56}, {"P0TB00N", secretHex, 80}, {"P0TB00N", secretHex + "1122334455667788", 112},
		{"M3TC00N", secretHex[:16], 56},
		{"P0TB00N", secretHex + secretHex[:16], 80}, {"P0TB00N", secretHex + "0022456689AACCEE", 80}, // the same with other parity
		{"P0TB00N", secretHex[:16] + secretHex[:16], 56}, {"P0TB00N", strings.Repeat(secretHex[:16], 3), 56},
		{"P0TB00N", secretHex[:16] + secretHex, 56}, {"P0TB00N", secretHex + secretHex[16:], 56},
		{"P0AB00N", secretHex, 128}, {"P0AB00N", secretHex + secretHex[:16], 192}, {"P0AB00N", secretHex + secretHex, 256},
		{"P04B00N", secretHex, 128}, {"M7HC00N", secretHex[:20], 80}, {"M7HC00N", secretHex + secretHex, 256},
		{"M7HC00N", strings.Repeat(secretHex, 4), 256},
		{"S0RS00N", "00", 256}, {"S0RS00N", "308001", 256}, {"S0RS00N", "30850000000001", 256}, {"S0ES00N", "3003020101", 256},
	} {
		k := importKey(t, c.attributes, c.key, crypto.AllowWeak, gm.SM4)
		require.Equal(t, c.want, k.Strength(), c.attributes)
		k.Destroy()
		require.Zero(t, k.Strength())
	}
	require.Zero(t, crypto.Key{}.Strength())
	for bits, want := range map[int]int{
		15360: 256, 15359: 192, 7680: 192, 7679: 128, 3072: 128, 3071: 112, 2048: 112, 2047: 80, 1024: 80, 1023: 56, 1: 56, 0: 256,
	} {
		require.Equal(t, want, crypto.ModulusStrength(bits), bits)
	}
}

func TestStrengthOfPrivateKeys(t *testing.T) {
	for bits, want := range map[int]int{1016: 56, 1024: 80, 2040: 80, 2047: 112, 2048: 112, 3064: 112, 3072: 128, 7680: 192, 15360: 256} {
		der := privateRSA(t, bits)
		require.Equal(t, want, importKey(t, "S0RS00N", hex.EncodeToString(der)).Strength(), bits)
		require.Equal(t, want, importKey(t, "S0RS00N", hex.EncodeToString(inPKCS8(t, der))).Strength(), bits)
	}
	real, err := x509.MarshalPKCS8PrivateKey(rsaKey())
	require.NoError(t, err)
	require.Equal(t, inPKCS8(t, x509.MarshalPKCS1PrivateKey(rsaKey())), real, "the form is the real one")
	for curve, want := range map[elliptic.Curve]int{elliptic.P224(): 112, elliptic.P256(): 128, elliptic.P384(): 192, elliptic.P521(): 256} {
		k, err := ecdsa.GenerateKey(curve, rand.Reader)
		require.NoError(t, err)
		sec1, err := x509.MarshalECPrivateKey(k)
		require.NoError(t, err)
		pkcs8, err := x509.MarshalPKCS8PrivateKey(k)
		require.NoError(t, err)
		for _, der := range [][]byte{sec1, pkcs8} {
			require.Equal(t, want, importKey(t, "S0ES00N", hex.EncodeToString(der)).Strength())
		}
	}
}

// privateRSA has the form of an RSA private key (RFC 8017 A.1.2) with a modulus of so many bits, without its arithmetic.
func privateRSA(t *testing.T, bits int) []byte {
	t.Helper()
	number := func(bits int) *big.Int { return new(big.Int).SetBit(big.NewInt(1), bits-1, 1) }
	der, err := asn1.Marshal(struct {
		Version    int
		N          *big.Int
		E          int
		D          *big.Int
		P, Q       *big.Int
		DP, DQ, QI *big.Int
	}{0, number(bits), 65537, number(bits - 1), number(bits / 2), number(bits / 2), number(bits / 2), number(bits / 2), number(bits / 2)})
	require.NoError(t, err)
	return der
}

// inPKCS8 puts an RSA private key into the structure of RFC 5208.
func inPKCS8(t *testing.T, key []byte) []byte {
	t.Helper()
	der, err := asn1.Marshal(struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Key       []byte
	}{0, pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}, Parameters: asn1.NullRawValue}, key})
	require.NoError(t, err)
	return der
}

// No key travels under a weaker one, whatever it is for, nor under itself.
func TestWeakWrapping(t *testing.T) {
	der := hex.EncodeToString(privateRSA(t, 3072))
	twoKey, err := crypto.NewKBPK(importKey(t, "K1TB00N", wrappingHex[:32]))
	require.NoError(t, err)
	aes128, err := crypto.NewKEK(importKey(t, "K0AB00N", wrappingHex[:32]))
	require.NoError(t, err)
	for _, k := range []crypto.Key{
		importKey(t, "M7HC00S", secretHex+secretHex), importKey(t, "S0RS00S", der), importKey(t, "P0TB00S", secretHex+"1122334455667788"),
		importKey(t, "D0AB00S", secretHex+secretHex[:16]),
	} {
		_, err = keyblock.Wrap(nil, twoKey, k, keyblock.Wrapping{})
		require.ErrorIs(t, err, keyblock.ErrWeakKBPK, k)
		if k.Strength() <= 128 {
			continue
		}
		_, err = crypto.AppendWrapAES(nil, aes128, k, true)
		require.ErrorIs(t, err, crypto.ErrWeakKey, k)
	}
	desKEK, err := crypto.NewKEK(importKey(t, "K0TB00N", wrappingHex[:32]))
	require.NoError(t, err)
	_, err = crypto.AppendWrapVariant(nil, desKEK, crypto.SchemeT, 0, importKey(t, "P0TB00S", secretHex+"1122334455667788"))
	require.ErrorIs(t, err, crypto.ErrWeakKey)
}

func TestNoKeyWrapsItself(t *testing.T) {
	const parityFlipped = "0022446688aaccee" + "ffddbb9977553311"
	for _, c := range []struct{ kek, key string }{
		{secretHex, secretHex}, {secretHex, parityFlipped}, {secretHex + secretHex[:16], secretHex}, {secretHex + "1122334455667788", secretHex + "1122334455667788"},
	} {
		kek, err := crypto.NewKEK(importKey(t, "K0TB00N", c.kek))
		require.NoError(t, err)
		scheme := map[int]crypto.VariantScheme{32: crypto.SchemeX, 48: crypto.SchemeY}[len(c.key)]
		_, err = crypto.AppendWrapVariant(nil, kek, scheme, 0, importKey(t, "D0TB00S", c.key))
		require.ErrorIs(t, err, crypto.ErrWeakKey, c)
		kbpk, err := crypto.NewKBPK(importKey(t, "K1TB00N", c.kek))
		require.NoError(t, err)
		for _, legacy := range []bool{false, true} {
			_, err = keyblock.Wrap(nil, kbpk, importKey(t, "D0TB00S", c.key), keyblock.Wrapping{AllowLegacy: legacy})
			require.ErrorIs(t, err, keyblock.ErrWeakKBPK, c)
		}
	}
	kek, err := crypto.NewKEK(importKey(t, "K0AB00N", secretHex))
	require.NoError(t, err)
	_, err = crypto.AppendWrapAES(nil, kek, importKey(t, "K0AB00S", secretHex), false)
	require.ErrorIs(t, err, crypto.ErrWeakKey)
	_, err = crypto.AppendWrapAES(nil, kek, importKey(t, "P0TB00S", secretHex), false)
	require.ErrorIs(t, err, crypto.ErrWeakKey, "the same bytes for another cipher")
	_, err = crypto.AppendWrapAES(nil, kek, importKey(t, "P0TB00S", parityFlipped), false)
	require.NoError(t, err, "parity is of DES: under AES these are other bytes")
}

// A component is not a key: it computes nothing, and nothing is wrapped under it.
func TestComponentsAreNoKeys(t *testing.T) {
	for attributes, view := range map[string]func(crypto.Key) error{
		"P0TBc1S": func(k crypto.Key) error { _, err := crypto.NewPINKey(k); return err },
		"M3TCc2S": func(k crypto.Key) error { _, err := crypto.NewMACKey(k); return err },
		"D0TBc3S": func(k crypto.Key) error { _, err := crypto.NewDataKey(k); return err },
		"K0TBc4S": func(k crypto.Key) error { _, err := crypto.NewKEK(k); return err },
		"K1TBc5S": func(k crypto.Key) error { _, err := crypto.NewKBPK(k); return err },
		"B0TXc6S": func(k crypto.Key) error { _, err := crypto.NewBDK(k); return err },
		"B1TXc7S": func(k crypto.Key) error { _, err := crypto.NewInitialKey(k); return err },
		"C0TCc8S": func(k crypto.Key) error { _, err := crypto.NewCVK(k); return err },
		"V2TCc9S": func(k crypto.Key) error { _, err := crypto.NewPVK(k); return err },
		"E0TXc1S": func(k crypto.Key) error { _, err := crypto.NewIMK(k); return err },
	} {
		k := importKey(t, attributes, secretHex)
		require.ErrorIs(t, view(k), crypto.ErrUsage, attributes)
		for op := crypto.OpEncrypt; op <= crypto.OpSign; op++ {
			require.ErrorIs(t, k.Require(op), crypto.ErrUsage)
			_, err := k.Open(keymaterial.Grant(), op)
			require.ErrorIs(t, err, crypto.ErrUsage)
		}
		require.NoError(t, k.CheckKCV(crypto.KCVLegacy, unhex(t, "08d7b4")), "a custodian compares it")
	}
	for _, version := range []string{"c0", "ca", "c:", "c/", "C1", "1c", "00", "", "c", "c11"} {
		require.False(t, crypto.Attributes{Version: version}.Component(), version)
	}
}

// A double-length key written long is no stronger for it, and still the key that it is.
func TestKeysWrittenLong(t *testing.T) {
	long := secretHex + secretHex[:16]
	three := secretHex + "1122334455667788"
	master, err := crypto.NewKBPK(importKey(t, "K1TB00N", long))
	require.NoError(t, err)
	_, err = keyblock.Wrap(nil, master, importKey(t, "P0TB00E", three), keyblock.Wrapping{})
	require.ErrorIs(t, err, keyblock.ErrWeakKBPK)
	kek, err := crypto.NewKEK(importKey(t, "K0TB00N", long))
	require.NoError(t, err)
	_, err = crypto.AppendWrapVariant(nil, kek, crypto.SchemeY, 0, importKey(t, "P0TB00S", three))
	require.ErrorIs(t, err, crypto.ErrWeakKey)

	short, err := crypto.NewKBPK(importKey(t, "K1TB00N", secretHex))
	require.NoError(t, err)
	for _, itself := range []crypto.Key{
		importKey(t, "K1TB00S", long), importKey(t, "K1AB00S", secretHex), importKey(t, "M7HC00S", secretHex), // stronger by its name
	} {
		_, err = keyblock.Wrap(nil, short, itself, keyblock.Wrapping{AllowLegacy: true})
		require.ErrorIs(t, err, keyblock.ErrWeakKBPK, "%s", itself.Attributes())
	}
}
