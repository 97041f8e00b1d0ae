package crypto_test

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/internal/keymaterial"
)

func TestImportChecks(t *testing.T) {
	const key16 = "0123456789ABCDEFFEDCBA9876543210"
	for _, c := range []struct {
		name, attributes, key string
		options               []crypto.Option
		want                  error
	}{
		{"double length", "P0TE00E", key16, nil, nil},
		{"triple length", "P0TE00E", key16 + "1122334455667788", nil, nil},
		{"double length written long", "P0TE00E", key16 + key16[:16], nil, nil},
		{"single length as Triple DES", "M3TC00E", key16[:16], nil, crypto.ErrKeyLength},
		{"single length as Triple DES, allowed", "M3TC00E", key16[:16], []crypto.Option{crypto.AllowWeak}, nil},
		{"single DES", "M1DC00E", key16[:16], nil, nil},
		{"empty", "P0TE00E", "", nil, crypto.ErrKeyLength},
		{"15 bytes", "P0TE00E", key16[2:], nil, crypto.ErrKeyLength},
		{"AES of 20 bytes", "P0AE00E", key16 + "11223344", nil, crypto.ErrKeyLength},
		{"weak", "M1DC00E", "0101010101010101", nil, crypto.ErrWeakKey},
		{"weak, parity bits set otherwise", "M1DC00E", "0000000000000000", nil, crypto.ErrWeakKey},
		{"semi-weak half", "P0TE00E", key16[:16] + "1FE01FE00EF10EF1", nil, crypto.ErrWeakKey},
		{"equal halves", "P0TE00E", key16[:16] + key16[:16], nil, crypto.ErrWeakKey},
		{"halves equal but for parity", "P0TE00E", key16[:16] + "0022446688AACCEE", nil, crypto.ErrWeakKey},
		{"second and third part equal", "P0TE00E", key16 + key16[16:], nil, crypto.ErrWeakKey},
		{"equal halves, allowed", "P0TE00E", key16[:16] + key16[:16], []crypto.Option{crypto.AllowWeak}, nil},
		{"parity", "P0TE00E", "0022446688AACCEEFEDCBA9876543210", []crypto.Option{crypto.RequireParity}, crypto.ErrParity},
		{"parity right", "P0TE00E", "0123456789ABCDEFFEDCBA9876543210", []crypto.Option{crypto.OddParity}, nil},
		{"parity of AES", "P0AE00E", key16, []crypto.Option{crypto.RequireParity}, nil},
		{"SM4 without cipher", "P04E00E", key16, nil, crypto.ErrNoCipher},
		{"SM4", "P04E00E", key16, []crypto.Option{fakeSM4}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			k, err := clearkey.Import(crypto.MustAttributes(c.attributes), unhex(t, c.key), c.options...)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
				require.Zero(t, k)
				return
			}
			require.NoError(t, err)
			require.Equal(t, 4*len(c.key), k.Bits())
		})
	}
}

// fakeSM4 stands in for gm.SM4, which this package must not import.
func fakeSM4(o *crypto.KeyOptions) {
	o.UseSM4(keymaterial.Grant(), func(key []byte) (cipher.Block, error) { return aes.NewCipher(key) })
}

func TestParity(t *testing.T) {
	k := importKey(t, "K0TB00E", "0022446688AACCEEFEDCBA9876543210")
	require.False(t, k.HasOddParity())
	k = importKey(t, "K0TB00E", "0022446688AACCEEFEDCBA9876543210", crypto.OddParity)
	require.True(t, k.HasOddParity())
	require.Equal(t, unhex(t, "0123456789ABCDEFFEDCBA9876543210"), clearBytes(t, k))
}

func TestEqual(t *testing.T) {
	const key = "0123456789ABCDEFFEDCBA9876543210"
	k := importKey(t, "P0TE00E", key)
	require.True(t, k.Equal(importKey(t, "P0TE00E", key)))
	require.False(t, k.Equal(importKey(t, "P0TE00E", "0123456789ABCDEFFEDCBA9876543211")))
	require.False(t, k.Equal(importKey(t, "P0TE00E", key+key[:16])), "the same key written longer")
	require.False(t, k.Equal(importKey(t, "P0TD00E", key)))
	require.False(t, k.Equal(importKey(t, "P0TE01E", key)))
	pin, err := crypto.NewPINKey(k)
	require.NoError(t, err)
	require.True(t, k.Equal(pin.Key()))
	require.False(t, k.Equal(crypto.Key{}))
	require.False(t, crypto.Key{}.Equal(k))
	_, err = clearkey.Import(crypto.Attributes{Usage: crypto.UsagePIN, Algorithm: crypto.TDES, Mode: crypto.ModeVerify, Export: crypto.NonExportable}, unhex(t, key))
	require.ErrorIs(t, err, crypto.ErrAttributes)
	odd, err := clearkey.Import(
		crypto.Attributes{Usage: crypto.UsagePIN, Algorithm: crypto.TDES, Mode: crypto.ModeVerify, Export: crypto.NonExportable}, unhex(t, key), crypto.AnyMode)
	require.NoError(t, err)
	require.NoError(t, odd.Require(crypto.OpVerify))
	require.ErrorIs(t, odd.Require(crypto.OpEncrypt), crypto.ErrUsage, "it does no more than its mode allows")
	_, err = clearkey.Import(crypto.Attributes{Usage: crypto.UsagePIN, Algorithm: crypto.TDES, Mode: 'Z', Export: crypto.NonExportable}, unhex(t, key), crypto.AnyMode)
	require.ErrorIs(t, err, crypto.ErrAttributes, "nor is everything a mode")
}

func TestImportCopies(t *testing.T) {
	bytes := unhex(t, "0123456789ABCDEFFEDCBA9876543210")
	k, err := clearkey.Import(crypto.MustAttributes("P0TE00S"), bytes, crypto.OddParity)
	require.NoError(t, err)
	require.Equal(t, unhex(t, "0123456789ABCDEFFEDCBA9876543210"), bytes, "the input is unchanged")
	clear(bytes)
	require.NoError(t, k.CheckKCV(crypto.KCVLegacy, unhex(t, "08D7B4")))
	out, err := clearkey.Export(k)
	require.NoError(t, err)
	clear(out)
	require.NoError(t, k.CheckKCV(crypto.KCVLegacy, unhex(t, "08D7B4")))
}

func TestModesAreEnforced(t *testing.T) {
	k := importKey(t, "P0TE00E", "0123456789ABCDEFFEDCBA9876543210")
	require.NoError(t, k.Require(crypto.OpEncrypt, crypto.UsagePIN))
	err := k.Require(crypto.OpDecrypt, crypto.UsagePIN)
	require.ErrorIs(t, err, crypto.ErrUsage)
	var usage *crypto.UsageError
	require.ErrorAs(t, err, &usage)
	require.Equal(t, "decrypt", usage.Want)
	require.ErrorIs(t, k.Require(crypto.OpEncrypt, crypto.UsageData, crypto.UsageKEK), crypto.ErrUsage)
	_, err = k.Open(keymaterial.Grant(), crypto.OpDecrypt)
	require.ErrorIs(t, err, crypto.ErrUsage)
	_, err = crypto.NewMACKey(k)
	require.ErrorIs(t, err, crypto.ErrUsage)
}

// TestForgedToken plays code outside the module that infers the token's type without naming it.
func TestForgedToken(t *testing.T) {
	k := importKey(t, "P0TE00E", "0123456789ABCDEFFEDCBA9876543210")
	_, err := callWithZero(k.Unguarded)
	require.ErrorIs(t, err, crypto.ErrUsage)
	var token keymaterial.Token
	_, err = crypto.NewKey(token, k.Attributes(), make([]byte, 16), crypto.AllowWeak)
	require.ErrorIs(t, err, crypto.ErrUsage)
	_, err = k.Derive(token, k.Attributes(), make([]byte, 16))
	require.ErrorIs(t, err, crypto.ErrUsage)
	_, err = k.Open(token, crypto.OpEncrypt)
	require.ErrorIs(t, err, crypto.ErrUsage)
}

func callWithZero[T, R any](f func(T) (R, error)) (R, error) {
	var zero T
	return f(zero)
}

func TestDestroy(t *testing.T) {
	for _, attributes := range []string{"P0TE00S", "P0AE00S", "M7HC00S"} {
		k := importKey(t, attributes, "0123456789ABCDEFFEDCBA9876543210")
		held, err := k.Unguarded(keymaterial.Grant())
		require.NoError(t, err)
		k.Destroy()
		k.Destroy()
		require.NotEqual(t, make([]byte, 16), held.Bytes(), "not wiped under a user's feet")
		require.ErrorIs(t, k.CheckKCV(crypto.KCVLegacy, make([]byte, 3)), crypto.ErrDestroyed)
		require.NotContains(t, k.String(), "KCV")
		_, err = clearkey.Export(k)
		require.ErrorIs(t, err, crypto.ErrDestroyed)
		require.False(t, k.Equal(k))
		bytes := held.Bytes()
		held.Release()
		require.Equal(t, make([]byte, 16), bytes, "wiped by the last user")
	}
}

// TestDestroyWhileInUse is for the race detector: whoever gets the key computes with the whole key.
func TestDestroyWhileInUse(t *testing.T) {
	for range 200 {
		k := importKey(t, "K0TB00E", "0123456789ABCDEFFEDCBA9876543210")
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				err := k.CheckKCV(crypto.KCVLegacy, []byte{0x08, 0xd7, 0xb4})
				if err != nil && !errors.Is(err, crypto.ErrDestroyed) {
					t.Errorf("half a key was used: %v", err)
				}
			})
		}
		wg.Go(k.Destroy)
		wg.Wait()
	}
}

func TestGenerateKey(t *testing.T) {
	for _, c := range []struct {
		attributes string
		bits       int
		want       error
	}{
		{"P0TB00E", 128, nil}, {"P0TB00E", 192, nil}, {"P0TB00E", 64, crypto.ErrKeyLength}, {"M1DC00E", 64, nil},
		{"P0AB00E", 256, nil}, {"P0AB00E", 100, crypto.ErrKeyLength}, {"M7HC00E", 512, nil},
		{"M7HC00E", 0, crypto.ErrKeyLength}, {"M7HC00E", -8, crypto.ErrKeyLength}, {"S0RN00E", 2048, crypto.ErrUnsupported},
		{"P04B00E", 128, crypto.ErrNoCipher},
	} {
		a := crypto.MustAttributes(c.attributes)
		one, err := crypto.GenerateKey(a, c.bits)
		require.ErrorIs(t, err, c.want, c)
		if c.want != nil {
			continue
		}
		other, err := crypto.GenerateKey(a, c.bits)
		require.NoError(t, err)
		require.False(t, one.Equal(other))
		require.Equal(t, c.bits, one.Bits())
		if a.Algorithm == crypto.TDES || a.Algorithm == crypto.DES {
			require.True(t, one.HasOddParity())
		}
	}
}

func TestDerivedKeysInherit(t *testing.T) {
	parent := importKey(t, "E0TX00N", "0123456789ABCDEFFEDCBA9876543210", crypto.TableDES, fakeSM4)
	child, err := parent.Derive(keymaterial.Grant(), crypto.MustAttributes("M3TC00N"), make([]byte, 16))
	require.NoError(t, err)
	require.True(t, child.TableDES())
	_, err = parent.Derive(keymaterial.Grant(), crypto.MustAttributes("M34C00N"), make([]byte, 16))
	require.NoError(t, err)
}

func TestKeyAllocations(t *testing.T) {
	parent := importKey(t, "E0TX00N", "0123456789ABCDEFFEDCBA9876543210")
	token, attributes, bytes := keymaterial.Grant(), crypto.MustAttributes("M3TC00N"), make([]byte, 16)
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { parent.Derive(token, attributes, bytes) }), 2.0)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		m, _ := parent.Open(token, crypto.OpDerive)
		m.Release()
	}))
}

// A nil option makes no key, wherever it stands.
func TestNilOptions(t *testing.T) {
	attributes := crypto.MustAttributes("V1TV00N")
	for _, options := range [][]crypto.Option{
		{nil}, {nil, crypto.AllowWeak}, {crypto.AllowWeak, nil}, {nil, func(o *crypto.KeyOptions) { o.BindMethod(keymaterial.Grant(), crypto.UsagePVKVisa, "", nil) }},
	} {
		_, err := clearkey.Import(attributes, unhex(t, secretHex), options...)
		require.ErrorIs(t, err, crypto.ErrUnsupported)
		_, err = crypto.GenerateKey(attributes, 128, options...)
		require.ErrorIs(t, err, crypto.ErrUnsupported)
		_, err = importKey(t, "B0TX00N", secretHex).Derive(keymaterial.Grant(), attributes, unhex(t, secretHex), options...)
		require.ErrorIs(t, err, crypto.ErrUnsupported)
	}
}
