package keyblock_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keyblock"
)

// A check value in the header that is not the key's is refused although the block is authentic.
func TestWrongCheckValue(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	for _, id := range []string{"KC", "KP"} {
		w := keyblock.Wrapping{Blocks: []keyblock.Block{{ID: id, Data: "00123456"}}}
		block, err := keyblock.Wrap(nil, master, every(t)["2TDEA"], w)
		require.NoError(t, err)
		_, _, err = keyblock.Unwrap(master, block, keyblock.Options{})
		require.ErrorIs(t, err, crypto.ErrKCV)
		_, _, err = keyblock.Unwrap(master, block, keyblock.Options{AllowLegacy: true})
		require.ErrorIs(t, err, crypto.ErrKCV)
		w = keyblock.Wrapping{Blocks: []keyblock.Block{{ID: id, Data: "no check value"}}, AllowLegacy: true}
		block, err = keyblock.Wrap(nil, master, every(t)["2TDEA"], w)
		require.NoError(t, err)
		_, _, err = keyblock.Unwrap(master, block, keyblock.Options{AllowLegacy: true})
		require.NoError(t, err, "what says nothing is not compared")
		_, _, err = keyblock.Unwrap(master, block, keyblock.Options{})
		require.ErrorIs(t, err, keyblock.ErrBlock)
	}
}

// The check value in the header of a key that only verifies is no MAC.
func TestCheckValueOfAVerifier(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	for attributes, want := range map[string]int{"M6AV00E": 8, "M6AC00E": 12} {
		k := importKey(t, attributes, unhex(t, aesHex)[:16])
		block, err := keyblock.Wrap(nil, master, k, keyblock.Wrapping{Blocks: []keyblock.Block{keyblock.CheckValue()}})
		require.NoError(t, err)
		_, h, err := keyblock.Unwrap(master, block, keyblock.Options{})
		require.NoError(t, err)
		kc, _ := h.Optional("KC")
		require.Len(t, kc.Data, want)
	}
}

// The lengths of a check value, from the shortest to the longest and one beyond.
func TestCheckValuesInBlocks(t *testing.T) {
	for _, id := range []string{"KC", "KP", "PK"} {
		for method, longest := range map[string]int{"00": 3, "01": 5} {
			for n := range 7 {
				b := keyblock.Block{ID: id, Data: method + strings.Repeat("A5", n)}
				got, value, err := b.KCV()
				if n < 1 || n > longest {
					require.ErrorIs(t, err, keyblock.ErrBlock, b.Data)
					require.ErrorIs(t, b.Check(), keyblock.ErrBlock)
					continue
				}
				require.NoError(t, err, b.Data)
				require.NoError(t, b.Check())
				require.Len(t, value, n)
				require.Equal(t, map[string]crypto.KCVMethod{"00": crypto.KCVLegacy, "01": crypto.KCVCMAC}[method], got)
			}
		}
	}
	_, _, err := keyblock.Block{ID: "KC", Data: "02A5A5"}.KCV()
	require.ErrorIs(t, err, keyblock.ErrBlock)
	for _, read := range []func(keyblock.Block) error{
		func(b keyblock.Block) error { _, err := b.Ephemeral(); return err },
		func(b keyblock.Block) error { _, err := b.Certificates(); return err },
		func(b keyblock.Block) error { _, err := b.Derivations(); return err },
		func(b keyblock.Block) error { _, err := b.Hash(); return err },
		func(b keyblock.Block) error { _, err := b.Time(); return err },
		func(b keyblock.Block) error { _, err := b.Pedigree(); return err },
		func(b keyblock.Block) error { _, _, err := b.KCV(); return err },
	} {
		for _, data := range []string{"0100", "00MDA=", "01P0TEE", "21", "20200818221218Z", "003", "00A5A5"} {
			for _, id := range []string{"", "X", "XX", "KX", "C K", "T S", " "} {
				require.ErrorIs(t, read(keyblock.Block{ID: id, Data: data}), keyblock.ErrBlock, "%q %q", id, data)
			}
		}
	}
}
