package keyblock_test

import (
	"crypto/fips140"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/keyblock"
	"github.com/posline/posline/internal/fipstest"
)

// TestFIPSOnly: where FIPS 140 mode is enforced, versions D and E remain, for keys that are allowed, and
// nothing panics.
func TestFIPSOnly(t *testing.T) {
	if !fipstest.Enforced(t) {
		return
	}
	_, err := clearkey.Import(crypto.MustAttributes("K1TB00N"), unhex(t, tdesHex))
	require.ErrorIs(t, err, crypto.ErrFIPS)
	master := kbpk(t, 'D', unhex(t, aesHex))
	for _, version := range []keyblock.Version{keyblock.VersionD, keyblock.VersionE} {
		k := importKey(t, "P0AB00E", unhex(t, aesHex)[:16])
		block, err := keyblock.Wrap(nil, master, k, keyblock.Wrapping{Version: version})
		require.NoError(t, err)
		got, _, err := keyblock.Unwrap(master, block, keyblock.Options{})
		require.NoError(t, err)
		require.True(t, got.Equal(k))
	}

	var around crypto.KBPK
	var k crypto.Key
	blocks := map[keyblock.Version][]byte{}
	w := keyblock.Wrapping{AllowLegacy: true}
	fips140.WithoutEnforcement(func() {
		around = kbpk(t, 'B', unhex(t, tdesHex))
		k = importKey(t, "P0TB00S", unhex(t, aesHex)[:16])
		for _, w.Version = range []keyblock.Version{'A', 'B', 'C'} {
			var err error
			blocks[w.Version], err = keyblock.Wrap(nil, around, k, w)
			require.NoError(t, err)
		}
	})
	for version, block := range blocks {
		w.Version = version
		_, err := keyblock.Wrap(nil, around, k, w)
		require.ErrorIs(t, err, crypto.ErrFIPS, "%s", version)
		_, _, err = keyblock.Unwrap(around, block, keyblock.Options{AllowLegacy: true})
		require.ErrorIs(t, err, crypto.ErrFIPS, "%s", version)
	}
}
