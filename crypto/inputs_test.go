package crypto_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
)

// TestInputsStayAsTheyAre gives every function that takes bytes a slice with room behind it and looks at both
// afterwards.
func TestInputsStayAsTheyAre(t *testing.T) {
	kek, err := crypto.NewKEK(importKey(t, "K0AB00N", secretHex))
	require.NoError(t, err)
	old, err := crypto.NewKEK(importKey(t, "K0TB00N", secretHex))
	require.NoError(t, err)
	ff1, err := crypto.NewFF1(dataKey(t, "D0AB00N", secretHex), 10)
	require.NoError(t, err)
	data := dataKey(t, "D0TB00N", secretHex)
	wrapped, err := crypto.AppendWrapAES(nil, kek, importKey(t, "P0TB00S", "1122334455667788aabbccddeeff0011"), false)
	require.NoError(t, err)
	a := crypto.MustAttributes("P0TB00N")
	for name, use := range map[string]struct {
		in  []byte
		use func(in []byte)
	}{
		"Import":        {unhex(t, secretHex), func(in []byte) { clearkey.Import(a, in, crypto.OddParity) }},
		"Combine":       {unhex(t, secretHex), func(in []byte) { clearkey.Combine(a, [][]byte{in, in[:16]}, crypto.AllowWeak) }},
		"CheckKCV":      {unhex(t, "08D7B4"), func(in []byte) { kek.CheckKCV(crypto.KCVLegacy, in) }},
		"UnwrapAES":     {wrapped, func(in []byte) { crypto.UnwrapAES(kek, in, false, a) }},
		"UnwrapVariant": {unhex(t, secretHex), func(in []byte) { crypto.UnwrapVariant(old, 'U', 1, in, a, crypto.AllowWeak) }},
		"FF1":           {[]byte("4111111111111111"), func(in []byte) { ff1.AppendEncrypt(nil, in[:3], in); ff1.AppendDecrypt(nil, in, in) }},
		"data": {unhex(t, secretHex), func(in []byte) {
			for mode := crypto.CBC; mode <= crypto.OFB; mode++ {
				data.AppendEncrypt(nil, mode, in[:8], in)
				data.AppendDecrypt(nil, mode, in[:8], in)
			}
		}},
	} {
		room := append(bytes.Clone(use.in), "room behind"...)
		before := bytes.Clone(room)
		use.use(room[:len(use.in)])
		require.Equal(t, before, room, name)
	}
}
