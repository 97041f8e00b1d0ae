package mac_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/internal/cmac"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/internal/keymaterial"
)

// CMAC's subkeys forge MACs of any message that ends in them, so they go with the key.
func TestSubkeysGoWithTheKey(t *testing.T) {
	k, err := clearkey.Import(crypto.MustAttributes("M6AC00N"), doubleKey)
	require.NoError(t, err)
	key, err := crypto.NewMACKey(k)
	require.NoError(t, err)
	m, err := mac.New(key, mac.Algorithm{Scheme: crypto.CMAC})
	require.NoError(t, err)
	_, err = m.Append(nil, []byte("a message"))
	require.NoError(t, err)
	opened, err := k.Unguarded(keymaterial.Grant())
	require.NoError(t, err)
	var want cmac.Subkeys
	want.Init(opened.Block())
	held := opened.Derived(func(*[32]byte) { t.Error("the subkeys were not kept") })
	require.Equal(t, [32]byte(want), *held)
	opened.Release()
	k.Destroy()
	require.Zero(t, *held)
	_, err = m.Append(nil, nil)
	require.ErrorIs(t, err, crypto.ErrDestroyed)
}

// A stream under way takes no more once its key is gone, HMAC's as little as the others.
func TestStreamsEndWithTheKey(t *testing.T) {
	for name, m := range every(t) {
		s, err := m.StreamOf(8)
		require.NoError(t, err)
		_, err = s.Write([]byte("1234"))
		require.NoError(t, err)
		mac.Destroy(m)
		_, err = s.Write([]byte("5678"))
		require.ErrorIs(t, err, crypto.ErrDestroyed, name)
		require.Error(t, s.Verify(make([]byte, 8)), name)
	}
}
