package crypto_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/internal/keymaterial"
	"github.com/posline/posline/internal/released"
)

// Every operation gives back the keys it used, also when it fails: else Destroy would never overwrite them.
func TestOperationsGiveKeysBack(t *testing.T) {
	other := importKey(t, "P0TB00S", "1122334455667788aabbccddeeff0011")
	aesKEK, err := crypto.NewKEK(importKey(t, "K0AB00N", wrappingHex))
	require.NoError(t, err)
	desKEK, err := crypto.NewKEK(importKey(t, "K0TB00N", wrappingHex))
	require.NoError(t, err)
	kw, err := crypto.AppendWrapAES(nil, aesKEK, other, false)
	require.NoError(t, err)
	token, a, sixteen := keymaterial.Grant(), crypto.MustAttributes("P0TB00N"), make([]byte, 16)
	for name, c := range map[string]struct {
		attributes string
		use        func(t *testing.T, k crypto.Key)
	}{
		"check values": {"P0TB00S", func(t *testing.T, k crypto.Key) {
			for method := range crypto.KCVMethod(7) {
				for n := range 7 {
					k.KCV(method, n)
				}
			}
			require.Error(t, k.CheckKCV(crypto.KCVLegacy, []byte{1, 2, 3}))
		}},
		"check values of HMAC keys": {"M7HC00S", func(t *testing.T, k crypto.Key) {
			k.KCV(crypto.KCVHMAC, 3)
			k.KCV(crypto.KCVSHA256, 4)
			k.KCV(crypto.KCVLegacy, 3)
		}},
		"printing":                 {"P0TB00S", func(t *testing.T, k crypto.Key) { _ = k.String() }},
		"parity, strength, length": {"P0TB00S", func(t *testing.T, k crypto.Key) { k.HasOddParity(); k.Strength(); k.Bits() }},
		"Equal": {"P0TB00S", func(t *testing.T, k crypto.Key) {
			gone := importKey(t, "P0TB00S", secretHex)
			require.True(t, k.Equal(gone))
			require.False(t, k.Equal(other))
			gone.Destroy()
			require.False(t, k.Equal(gone))
			require.False(t, gone.Equal(k))
		}},
		"CheckWrapping": {"K0TB00S", func(t *testing.T, k crypto.Key) {
			gone := importKey(t, "K0AB00S", secretHex)
			require.NoError(t, k.CheckWrapping(token, desKEK.Key()))
			require.Error(t, k.CheckWrapping(token, k))
			gone.Destroy()
			require.Error(t, k.CheckWrapping(token, gone))
			require.Error(t, gone.CheckWrapping(token, k))
		}},
		"OpenToLeave": {"P0TB00N", func(t *testing.T, k crypto.Key) {
			_, err := k.OpenToLeave(token, keymaterial.Bare)
			require.ErrorIs(t, err, crypto.ErrExport)
		}},
		"wrapped by key wrap": {"P0TB00S", func(t *testing.T, k crypto.Key) {
			_, err := crypto.AppendWrapAES(nil, aesKEK, k, true)
			require.NoError(t, err)
			small, err := crypto.NewKEK(importKey(t, "K0AB00N", secretHex))
			require.NoError(t, err)
			small.Destroy()
			_, err = crypto.AppendWrapAES(nil, small, k, true)
			require.Error(t, err)
		}},
		"too strong for key wrap": {"D0AB00S", func(t *testing.T, k crypto.Key) {
			_, err := crypto.AppendWrapVariant(nil, desKEK, crypto.SchemeX, 0, k)
			require.Error(t, err)
		}},
		"a key encryption key, AES": {"K0AB00N", func(t *testing.T, k crypto.Key) {
			kek, err := crypto.NewKEK(k)
			require.NoError(t, err)
			_, err = crypto.AppendWrapAES(nil, kek, other, false)
			require.NoError(t, err)
			_, err = crypto.AppendWrapAES(nil, kek, importKey(t, "M1DC00S", secretHex[:16]), false)
			require.ErrorIs(t, err, crypto.ErrKeyLength)
			_, err = crypto.AppendWrapAES(nil, kek, importKey(t, "P0TB00N", secretHex), false)
			require.ErrorIs(t, err, crypto.ErrExport)
			_, err = crypto.UnwrapAES(kek, kw, false, a)
			require.ErrorIs(t, err, crypto.ErrVerify)
			_, err = crypto.UnwrapVariant(kek, crypto.SchemeX, 0, sixteen, a)
			require.ErrorIs(t, err, crypto.ErrUnsupported)
		}},
		"a key encryption key, Triple DES": {"K0TB00N", func(t *testing.T, k crypto.Key) {
			kek, err := crypto.NewKEK(k)
			require.NoError(t, err)
			_, err = crypto.AppendWrapVariant(nil, kek, crypto.SchemeX, 0, other)
			require.NoError(t, err)
			_, err = crypto.AppendWrapVariant(nil, kek, crypto.SchemeY, 0, other)
			require.Error(t, err)
			_, err = crypto.UnwrapVariant(kek, crypto.SchemeX, 0, unhex(t, wrappingHex[:32]), a)
			require.NoError(t, err)
			_, err = crypto.UnwrapVariant(kek, crypto.SchemeX, 0, sixteen[:8], a)
			require.Error(t, err)
			_, err = crypto.AppendWrapAES(nil, kek, other, false)
			require.ErrorIs(t, err, crypto.ErrUnsupported)
		}},
		"data": {"D0TB00N", func(t *testing.T, k crypto.Key) {
			d, err := crypto.NewDataKey(k)
			require.NoError(t, err)
			for mode := range crypto.CipherMode(7) {
				d.AppendEncrypt(nil, mode, sixteen[:8], sixteen)
				d.AppendDecrypt(nil, mode, sixteen, sixteen)
			}
			_, err = d.AEAD()
			require.Error(t, err)
		}},
		"data under HMAC": {"D0HB00N", func(t *testing.T, k crypto.Key) {
			d, err := crypto.NewDataKey(k)
			require.NoError(t, err)
			_, err = d.AppendEncrypt(nil, crypto.ECB, nil, sixteen)
			require.ErrorIs(t, err, crypto.ErrUnsupported)
		}},
		"AEAD": {"D0AB00N", func(t *testing.T, k crypto.Key) {
			d, err := crypto.NewDataKey(k)
			require.NoError(t, err)
			aead, err := d.AEAD()
			require.NoError(t, err)
			sealed := aead.Seal(nil, sixteen[:12], sixteen, nil)
			_, err = aead.Open(nil, sixteen[:12], sealed, nil)
			require.NoError(t, err)
			_, err = aead.Open(nil, sixteen[:12], sealed[1:], nil)
			require.Error(t, err)
		}},
		"FF1": {"D0AB00N", func(t *testing.T, k crypto.Key) {
			d, err := crypto.NewDataKey(k)
			require.NoError(t, err)
			f, err := crypto.NewFF1(d, 10)
			require.NoError(t, err)
			_, err = f.AppendEncrypt(nil, nil, []byte("123456"))
			require.NoError(t, err)
			f.AppendDecrypt(nil, nil, []byte("1"))
		}},
		"clear bytes": {"P0TB00S", func(t *testing.T, k crypto.Key) {
			_, err := clearkey.Export(k)
			require.NoError(t, err)
			_, err = clearkey.Split(k, 3)
			require.NoError(t, err)
		}},
		"a component": {"P0TBc1S", func(t *testing.T, k crypto.Key) {
			_, err := clearkey.CombineKeys([]crypto.Key{k, importKey(t, "P0TBc2S", wrappingHex[:32])})
			require.NoError(t, err)
			_, err = clearkey.CombineKeys([]crypto.Key{k, k})
			require.Error(t, err)
			_, err = clearkey.CombineKeys([]crypto.Key{k, importKey(t, "P0TB00S", wrappingHex[:32])})
			require.Error(t, err)
		}},
	} {
		k := importKey(t, c.attributes, secretHex)
		released.After(t, k, name, func() { c.use(t, k) })
	}
}
