package clearkey_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/internal/keymaterial"
	"github.com/posline/posline/internal/released"
)

const (
	secretHex   = "0123456789abcdeffedcba9876543210"
	wrappingHex = "404142434445464748494a4b4c4d4e4f"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

func importKey(t testing.TB, attributes, key string, options ...crypto.Option) crypto.Key {
	t.Helper()
	k, err := clearkey.Import(crypto.MustAttributes(attributes), unhex(t, key), options...)
	require.NoError(t, err)
	return k
}

// clearBytes reads a key past its rules.
func clearBytes(t testing.TB, k crypto.Key) []byte {
	t.Helper()
	m, err := k.Unguarded(keymaterial.Grant())
	require.NoError(t, err)
	defer m.Release()
	return bytes.Clone(m.Bytes())
}

func TestImportAndExport(t *testing.T) {
	in := unhex(t, secretHex)
	k, err := clearkey.Import(crypto.MustAttributes("K0TB00S"), in)
	require.NoError(t, err)
	clear(in)
	out, err := clearkey.Export(k)
	require.NoError(t, err)
	require.Equal(t, unhex(t, secretHex), out)
	clear(out)
	require.Equal(t, unhex(t, secretHex), clearBytes(t, k), "a copy went out")
	for _, attributes := range []string{"K0TB00E", "K0TB00N"} {
		out, err = clearkey.Export(importKey(t, attributes, secretHex, crypto.NewHome().Storable))
		require.ErrorIs(t, err, crypto.ErrExport)
		require.Empty(t, out)
	}
	k.Destroy()
	_, err = clearkey.Export(k)
	require.ErrorIs(t, err, crypto.ErrDestroyed)
	_, err = clearkey.Import(crypto.MustAttributes("K0TB00S"), unhex(t, secretHex)[1:])
	require.ErrorIs(t, err, crypto.ErrKeyLength)
}

func TestSplit(t *testing.T) {
	k := importKey(t, "K0TB00S", secretHex)
	for n := 2; n <= 9; n++ {
		components, err := clearkey.Split(k, n)
		require.NoError(t, err)
		require.Len(t, components, n)
		for i, c := range components {
			require.Len(t, c, 16)
			for _, other := range components[:i] {
				require.NotEqual(t, c, other)
			}
		}
		again, err := clearkey.Combine(k.Attributes(), components)
		require.NoError(t, err)
		require.True(t, k.Equal(again))
	}
	for _, n := range []int{-1, 0, 1, 10} {
		_, err := clearkey.Split(k, n)
		require.ErrorIs(t, err, crypto.ErrUnsupported)
	}
	components, err := clearkey.Split(importKey(t, "K0TB00E", secretHex), 2)
	require.ErrorIs(t, err, crypto.ErrExport)
	require.Nil(t, components)
}

// Keys are given back, also when something fails, and there must be some.
func TestKeysAreGivenBack(t *testing.T) {
	k := importKey(t, "K0TB00S", secretHex)
	released.After(t, k, "Export", func() {
		_, err := clearkey.Export(k)
		require.NoError(t, err)
		_, err = clearkey.Split(k, 2)
		require.NoError(t, err)
	})
	for _, other := range []string{"K0TBc2S", "K0TBc1S", "K0TB00S", "P0TBc2S"} {
		k = importKey(t, "K0TBc1S", secretHex)
		released.After(t, k, "CombineKeys with "+other, func() {
			clearkey.CombineKeys([]crypto.Key{k, importKey(t, other, "404142434445464748494a4b4c4d4e4f")})
		})
	}
	for _, components := range [][]crypto.Key{nil, {}, {importKey(t, "K0TBc1S", secretHex)}} {
		_, err := clearkey.CombineKeys(components)
		require.ErrorIs(t, err, crypto.ErrKeyLength)
	}
}

func TestCheckValueOfAComponent(t *testing.T) {
	kcv, err := clearkey.CheckValue(crypto.TDES, make([]byte, 16), 3)
	require.NoError(t, err)
	require.Equal(t, unhex(t, "8CA64D"), kcv, "weak as a key, but a component")
	kcv, err = clearkey.CheckValue(crypto.TDES, unhex(t, secretHex), 4)
	require.NoError(t, err)
	require.Equal(t, unhex(t, "08D7B4FB"), kcv)
	require.Equal(t, 4, cap(kcv), "the rest of the block is not given away")
	kcv, err = clearkey.CheckValue(crypto.TDES, make([]byte, 15), 3)
	require.ErrorIs(t, err, crypto.ErrKeyLength)
	require.Nil(t, kcv)
	_, err = clearkey.CheckValue(crypto.HMAC, make([]byte, 16), 3)
	require.Error(t, err)
}

func TestCombineRefusesComponentsThatCancelOut(t *testing.T) {
	a, b, c := unhex(t, secretHex), unhex(t, "404142434445464748494a4b4c4d4e4f"), unhex(t, "112233445566778899aabbccddeeff00")
	zero := make([]byte, 16)
	ab := make([]byte, 16)
	flipped := make([]byte, 16)
	for i := range a {
		ab[i], flipped[i] = a[i]^b[i], a[i]^1
	}
	attributes := crypto.MustAttributes("K0AB00N")
	for name, components := range map[string][][]byte{
		"the same twice": {c, c}, "the same among others": {a, c, b, c}, "three that cancel out": {a, b, ab}, "three of four": {a, b, c, ab},
		"one and nothing": {a, zero}, "nothing": {zero, zero},
	} {
		for _, options := range [][]crypto.Option{nil, {crypto.AllowWeak}} {
			_, err := clearkey.Combine(attributes, components, options...)
			require.ErrorIs(t, err, crypto.ErrWeakKey, name)
		}
	}
	_, err := clearkey.Combine(crypto.MustAttributes("K0TB00N"), [][]byte{a, flipped}, crypto.AllowWeak)
	require.ErrorIs(t, err, crypto.ErrWeakKey, "the same but for parity")
	_, err = clearkey.Combine(attributes, [][]byte{a, flipped})
	require.NoError(t, err, "AES has no parity")
	k, err := clearkey.Combine(attributes, [][]byte{a, b, zero})
	require.NoError(t, err)
	require.Equal(t, ab, clearBytes(t, k))
	for _, n := range []int{0, 1, 10} {
		_, err = clearkey.Combine(attributes, make([][]byte, n))
		require.ErrorIs(t, err, crypto.ErrKeyLength)
	}
	_, err = clearkey.Combine(attributes, [][]byte{a})
	require.ErrorIs(t, err, crypto.ErrKeyLength)
	require.Equal(t, unhex(t, secretHex), a, "components stay as they are")
	_, err = clearkey.Combine(attributes, [][]byte{a, b, c[:15]})
	require.ErrorIs(t, err, crypto.ErrKeyLength)
}

// Components out of key blocks become a key without a clear byte in sight.
func TestCombineKeys(t *testing.T) {
	one, two := importKey(t, "K0TBc1E", secretHex), importKey(t, "K0TBc2E", wrappingHex)
	k, err := clearkey.CombineKeys([]crypto.Key{one, two})
	require.NoError(t, err)
	require.Equal(t, "K0TB00E", k.Attributes().String())
	want := unhex(t, secretHex)
	for i, b := range unhex(t, wrappingHex) {
		want[i] ^= b
	}
	require.Equal(t, want, clearBytes(t, k))
	for name, components := range map[string][]crypto.Key{
		"a whole key":       {one, importKey(t, "K0TB00E", wrappingHex)},
		"the same twice":    {one, importKey(t, "K0TBc1E", wrappingHex)},
		"another usage":     {one, importKey(t, "D0TBc2E", wrappingHex)},
		"another mode":      {one, importKey(t, "K0TDc2E", wrappingHex)},
		"may leave":         {one, importKey(t, "K0TBc2S", wrappingHex)},
		"another cipher":    {one, importKey(t, "K0ABc2E", wrappingHex)},
		"a whole key first": {importKey(t, "K0TB00E", wrappingHex), one},
	} {
		_, err = clearkey.CombineKeys(components)
		require.ErrorIs(t, err, crypto.ErrAttributes, name)
	}
	_, err = clearkey.CombineKeys([]crypto.Key{one})
	require.ErrorIs(t, err, crypto.ErrKeyLength)
	_, err = clearkey.CombineKeys([]crypto.Key{one, {}})
	require.ErrorIs(t, err, crypto.ErrNoKey)
	two.Destroy()
	_, err = clearkey.CombineKeys([]crypto.Key{one, two})
	require.ErrorIs(t, err, crypto.ErrDestroyed)
}
