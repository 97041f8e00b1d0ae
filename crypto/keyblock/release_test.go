package keyblock_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keyblock"
	"github.com/posline/posline/internal/released"
)

// Wrapping and unwrapping give both keys back, also when they fail.
func TestKeysAreGivenBack(t *testing.T) {
	inner := every(t)["2TDEA"]
	for version := keyblock.VersionA; version <= keyblock.VersionE; version++ {
		key := unhex(t, tdesHex)
		if version >= keyblock.VersionD {
			key = unhex(t, aesHex)
		}
		master := kbpk(t, byte(version), key)
		w := keyblock.Wrapping{Version: version, AllowLegacy: true, Blocks: []keyblock.Block{keyblock.CheckValue(), keyblock.CheckValueOfKBPK()}}
		released.After(t, master.Key(), version.String(), func() {
			block, err := keyblock.Wrap(nil, master, inner, w)
			require.NoError(t, err)
			_, _, err = keyblock.Unwrap(master, block, lenient)
			require.NoError(t, err)
			block[len(block)-1] ^= 1
			_, _, err = keyblock.Unwrap(master, block, lenient)
			require.Error(t, err)
			_, err = keyblock.Wrap(nil, master, importKey(t, "P0TB00N", unhex(t, tdesHex)[:16]), w)
			require.ErrorIs(t, err, crypto.ErrExport)
		})
		k := importKey(t, "P0TE12S", unhex(t, tdesHex)[:16])
		master = kbpk(t, byte(version), key)
		released.After(t, k, version.String(), func() {
			_, err := keyblock.Wrap(nil, master, k, w)
			require.NoError(t, err)
			_, err = keyblock.Wrap(nil, master, k, keyblock.Wrapping{Version: 'Z'})
			require.Error(t, err)
			long := w
			long.Blocks = []keyblock.Block{keyblock.Label(string(bytes.Repeat([]byte("x"), 9950)))}
			_, err = keyblock.Wrap(nil, master, k, long)
			require.ErrorIs(t, err, keyblock.ErrWrapping)
		})
	}
}

// A block has four digits for its length: what fits is written, what does not is not.
func TestTheLongestBlock(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	for n, want := range map[int]bool{9858: true, 9859: false, 9862: true, 9863: false} {
		w := keyblock.Wrapping{Blocks: []keyblock.Block{keyblock.Label(string(bytes.Repeat([]byte("x"), n)))}}
		block, err := keyblock.Wrap([]byte("x"), master, every(t)["2TDEA"], w)
		require.Equal(t, want, err == nil, "%d: %d", n, len(block))
		if err != nil {
			require.ErrorIs(t, err, keyblock.ErrWrapping)
			require.Equal(t, "x", string(block))
			continue
		}
		_, header, err := keyblock.Unwrap(master, block[1:], keyblock.Options{})
		require.NoError(t, err)
		b, _ := header.Optional("LB")
		require.Len(t, b.Data, n)
	}
}
