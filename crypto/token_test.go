package crypto_test

import (
	"bytes"
	"crypto/cipher"
	"hash"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/internal/keymaterial"
)

// spy is a cipher that sees the key, as code outside the module would like to have it.
type spy struct{ cipher.Block }

// The hooks of KeyOptions see clear keys or widen what a key may do: whoever has no token sets none of them.
func TestHooksNeedTheToken(t *testing.T) {
	var none keymaterial.Token
	called := false
	k := importKey(t, "P04B00N", secretHex, gm.SM4, func(o *crypto.KeyOptions) {
		o.UseSM4(none, func([]byte) (cipher.Block, error) { called = true; return spy{}, nil })
	})
	require.False(t, called)
	require.NoError(t, k.Require(crypto.OpEncrypt))

	h := importKey(t, "M7HC00N", secretHex, func(o *crypto.KeyOptions) {
		o.UseSM3(none, func() hash.Hash { called = true; return nil })
		o.BindMethod(none, crypto.UsageHMAC, "method", crypto.ErrUnsupported)
	})
	require.Nil(t, h.SM3())
	require.Empty(t, h.Method())
	for _, attributes := range []string{"B0TX00N", "C0TC00N"} {
		k := importKey(t, attributes, secretHex, func(o *crypto.KeyOptions) {
			o.Permit(none, keymaterial.InitialExports|keymaterial.LegacyData|keymaterial.SingleDES|keymaterial.CAVV)
		})
		for p := keymaterial.InitialExports; p <= keymaterial.CAVV; p <<= 1 {
			require.False(t, k.Permits(p), "permission %d", p)
		}
	}
	require.False(t, called)

	plain, white := importKey(t, "P0DB00N", secretHex[:16]), importKey(t, "P0DB00N", secretHex[:16], func(o *crypto.KeyOptions) { o.Whiten(none) })
	require.Equal(t, encrypted(t, plain), encrypted(t, white))

	var s crypto.Scratch
	require.False(t, s.Init(none, importKey(t, "E0TX00N", secretHex), new([16]byte)))
}

// With the token the same hooks do what they are for.
func TestHooksWithTheToken(t *testing.T) {
	token := keymaterial.Grant()
	k := importKey(t, "V1TC00N", secretHex, func(o *crypto.KeyOptions) {
		o.BindMethod(token, crypto.UsagePVKVisa, "other", nil)
		o.BindMethod(token, crypto.UsagePVK3624, "former", nil)
		o.BindMethod(token, crypto.UsagePVK3624, "method", nil)
	})
	require.Equal(t, "method", k.Method())
	k = importKey(t, "B0TX00N", secretHex, func(o *crypto.KeyOptions) { o.Permit(token, keymaterial.LegacyData) })
	require.True(t, k.Permits(keymaterial.LegacyData))
	require.False(t, k.Permits(keymaterial.LegacyData|keymaterial.SingleDES))
	plain, white := importKey(t, "P0DB00N", secretHex[:16]), importKey(t, "P0DB00N", secretHex[:16], func(o *crypto.KeyOptions) { o.Whiten(token) })
	require.NotEqual(t, encrypted(t, plain), encrypted(t, white))
	_, err := crypto.NewKey(token, crypto.MustAttributes("M7HC00N"), unhex(t, secretHex), func(o *crypto.KeyOptions) {
		o.BindMethod(token, crypto.UsageHMAC, "", crypto.ErrUnsupported)
	})
	require.ErrorIs(t, err, crypto.ErrUnsupported)
}

// encrypted is a block under the key.
func encrypted(t *testing.T, k crypto.Key) []byte {
	t.Helper()
	m, err := k.Open(keymaterial.Grant(), crypto.OpEncrypt)
	require.NoError(t, err)
	defer m.Release()
	out := bytes.Repeat([]byte{7}, m.Block().BlockSize())
	m.Block().Encrypt(out, out)
	return out
}

// A derived key has the permissions of its parent but that of being stored, and its cipher; with options of its own as
// well as without.
func TestWhatDerivedKeysInherit(t *testing.T) {
	token, a := keymaterial.Grant(), crypto.MustAttributes("B14X00N")
	parent := importKey(t, "B04X00N", secretHex, gm.SM4, home.Storable, home.Keeper, crypto.Confers(home.Storable), crypto.TableDES, func(o *crypto.KeyOptions) {
		o.Permit(token, keymaterial.LegacyData|keymaterial.SingleDES)
	})
	require.True(t, parent.MayStay(home))
	require.True(t, parent.Permits(keymaterial.LegacyData|keymaterial.SingleDES))
	for _, options := range [][]crypto.Option{nil, {crypto.OddParity}} {
		k, err := parent.Derive(token, a, unhex(t, wrappingHex[:32]), options...)
		require.NoError(t, err)
		require.False(t, k.MayStay(home))
		require.Zero(t, k.Keeps(keymaterial.Grant()))
		require.True(t, k.Permits(keymaterial.LegacyData|keymaterial.SingleDES))
		require.False(t, k.Permits(keymaterial.InitialExports))
		require.True(t, k.TableDES())
		require.Equal(t, "PLS", k.Rules(home), "it confers nothing")
		weak, err := parent.Derive(token, crypto.MustAttributes("M1DC00N"), make([]byte, 8), options...)
		require.NoError(t, err, "derived keys are not tested for weakness")
		require.Equal(t, 64, weak.Bits())
		_, err = parent.Derive(token, a, make([]byte, 15), options...)
		require.ErrorIs(t, err, crypto.ErrKeyLength)
		_, err = parent.Derive(token, crypto.MustAttributes("D0TB00N"), make([]byte, 16), options...)
		require.NoError(t, err)
	}
	_, err := crypto.Key{}.Derive(token, a, make([]byte, 16))
	require.ErrorIs(t, err, crypto.ErrNoKey)
}
