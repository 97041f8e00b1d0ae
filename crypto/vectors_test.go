package crypto_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/internal/vectortest"
)

func TestVectors(t *testing.T) {
	vectortest.Run(t, map[string]func(*testing.T, *vectortest.Case){
		"kcv_components": checkKCVOrComponents,
	})
}

func checkKCVOrComponents(t *testing.T, c *vectortest.Case) {
	if c.Has("components") {
		require.Equal(t, "XOR", c.Text("combine"))
		var components [][]byte
		for _, text := range c.List("components") {
			components = append(components, unhex(t, text))
		}
		k, err := clearkey.Combine(crypto.MustAttributes("K0TB00E"), components)
		require.NoError(t, err)
		require.NoError(t, k.CheckKCV(crypto.KCVLegacy, c.WantHex("kcv")))
		key, err := clearkey.Export(k)
		require.NoError(t, err)
		require.Equal(t, c.WantHex("key"), key)
		return
	}
	kind, known := map[string]struct {
		attributes string
		method     crypto.KCVMethod
	}{
		"DES legacy":                            {"K0DB00E", crypto.KCVLegacy},
		"TDES legacy":                           {"K0TB00E", crypto.KCVLegacy},
		"AES legacy: E(0^16), 3 bytes":          {"K0AB00E", crypto.KCVLegacy},
		"Futurex: E(0123456789ABCDEF), 2 bytes": {"K0TB00E", crypto.KCVFuturex},
		"AES-CMAC(0^16), 5 bytes":               {"K0AB00E", crypto.KCVCMAC},
	}[c.Text("method")]
	require.True(t, known, "unknown method %q", c.Text("method"))
	k, err := clearkey.Import(crypto.MustAttributes(kind.attributes), c.Hex("key"), crypto.AllowWeak)
	require.NoError(t, err)
	want := c.WantHex("kcv")
	require.NoError(t, k.CheckKCV(kind.method, want))
	want[0] ^= 1
	require.ErrorIs(t, k.CheckKCV(kind.method, want), crypto.ErrKCV)
}
