package keyblock_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/dukpt"
	"github.com/posline/posline/crypto/keyblock"
	"github.com/posline/posline/internal/keymaterial"
)

// What options said about a key goes along in a block "70", and nothing else under that name or with that text does.
func TestRulesInABlock(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	bdk := unhex(t, tdesHex)[:16]
	permits := func(k crypto.Key, blocks ...keyblock.Block) bool {
		t.Helper()
		block, err := keyblock.Wrap(nil, master, k, keyblock.Wrapping{Blocks: blocks})
		require.NoError(t, err)
		got, h, err := keyblock.Unwrap(master, block, keyblock.Options{})
		require.NoError(t, err)
		for _, b := range blocks {
			_, there := h.Optional(b.ID)
			require.Equal(t, b != keyblock.Block{ID: "70", Data: "POSLINE PL"}, there, "%v goes along unless it says what rules say", b)
		}
		return got.Permits(keymaterial.LegacyData)
	}
	plain, allowed := importKey(t, "B0TX00E", bdk), importKey(t, "B0TX00E", bdk, dukpt.AllowLegacyData)
	require.True(t, permits(allowed))
	require.True(t, permits(allowed, keyblock.Block{ID: "71", Data: "POSLINE PS"}), "a block of another name stands beside it")
	require.False(t, permits(plain))
	for _, other := range []keyblock.Block{{ID: "70", Data: "POSLINE PL"}, {ID: "70", Data: "POSLINEPL"}, {ID: "70", Data: "PL"}, {ID: "71", Data: "POSLINE PL"}} {
		require.False(t, permits(plain, other), "%v", other)
	}
}

// AllowLegacy admits a mode that does not go with the usage, and no usage or mode that there is not.
func TestOddModesAlone(t *testing.T) {
	block, err := keyblock.Wrap(nil, kbpk(t, 'D', unhex(t, aesHex)), every(t)["2TDEA"], keyblock.Wrapping{})
	require.NoError(t, err)
	for attributes, ok := range map[string]bool{
		"P0TE00N": true, "B0TV16N": true, "P0TX00E": true, "??TE00N": false, "P0TQ00N": false, "??TQ00N": false, "P0?E00N": false, "P0TE00Q": false,
	} {
		_, err := keyblock.Parse([]byte(strings.Replace(string(block), string(block[5:12]), attributes, 1)), keyblock.Options{AllowLegacy: true})
		require.Equal(t, ok, err == nil, attributes)
	}
}
