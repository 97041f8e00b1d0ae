package keyblock_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keyblock"
)

func TestPolicy(t *testing.T) {
	strong, weak := kbpk(t, 'D', unhex(t, aesHex)), kbpk(t, 'D', unhex(t, aesHex)[:16])
	keys := every(t)
	wrap := func(master crypto.KBPK, k crypto.Key, w keyblock.Wrapping) error {
		dst, err := keyblock.Wrap([]byte("x"), master, k, w)
		if err != nil {
			require.Equal(t, "x", string(dst))
		}
		return err
	}
	require.ErrorIs(t, wrap(weak, keys["AES-256"], keyblock.Wrapping{}), keyblock.ErrWeakKBPK)
	require.NoError(t, wrap(weak, keys["AES-256"], keyblock.Wrapping{AllowLegacy: true}))
	require.ErrorIs(t, wrap(kbpk(t, 'C', unhex(t, tdesHex)), keys["2TDEA"], keyblock.Wrapping{Version: 'C'}), keyblock.ErrLegacy)
	require.ErrorIs(t, wrap(strong, keys["2TDEA"], keyblock.Wrapping{Version: 'B'}), crypto.ErrUnsupported)
	require.ErrorIs(t, wrap(kbpk(t, 'B', unhex(t, tdesHex)), keys["2TDEA"], keyblock.Wrapping{Version: 'D'}), crypto.ErrUnsupported)
	require.ErrorIs(t, wrap(kbpk(t, 'B', unhex(t, tdesHex)[:8]), keys["DES"], keyblock.Wrapping{}), crypto.ErrUnsupported)
	require.ErrorIs(t, wrap(strong, crypto.Key{}, keyblock.Wrapping{}), crypto.ErrNoKey)
	require.ErrorIs(t, wrap(crypto.KBPK{}, keys["DES"], keyblock.Wrapping{}), crypto.ErrNoKey)
	for _, w := range []keyblock.Wrapping{
		{Version: 'F'}, {Context: '3'}, {Blocks: []keyblock.Block{{ID: "K", Data: "1"}}}, {Blocks: []keyblock.Block{{ID: "??"}}},
		{Blocks: []keyblock.Block{{ID: "KS", Data: "00"}}}, {Blocks: []keyblock.Block{keyblock.Label("a\nb")}},
		{Blocks: []keyblock.Block{keyblock.Label("a"), keyblock.Label("b")}}, {Blocks: []keyblock.Block{keyblock.Label(strings.Repeat("a", 10000))}},
	} {
		require.ErrorIs(t, wrap(strong, keys["DES"], w), keyblock.ErrWrapping)
	}
	destroyed := importKey(t, "P0TE00E", unhex(t, tdesHex)[:16])
	destroyed.Destroy()
	require.ErrorIs(t, wrap(strong, destroyed, keyblock.Wrapping{}), crypto.ErrDestroyed)

	notExportable := importKey(t, "P0TE00N", unhex(t, tdesHex)[:16])
	require.ErrorIs(t, wrap(strong, notExportable, keyblock.Wrapping{}), crypto.ErrExport)
	require.ErrorIs(t, wrap(strong, notExportable, keyblock.Wrapping{Context: keyblock.ContextStorage}), crypto.ErrExport)
	require.ErrorIs(t, wrap(strong, notExportable, keyblock.Wrapping{Context: '1', Export: crypto.Exportable}), crypto.ErrExport)
	exportable := importKey(t, "P0TE00E", unhex(t, tdesHex)[:16])
	require.ErrorIs(t, wrap(strong, exportable, keyblock.Wrapping{Export: crypto.Sensitive}), crypto.ErrExport)
	block, err := keyblock.Wrap(nil, strong, keys["3TDEA"], keyblock.Wrapping{Export: crypto.NonExportable, Context: keyblock.ContextExchange})
	require.NoError(t, err)
	k, header, err := keyblock.Unwrap(strong, block, keyblock.Options{})
	require.NoError(t, err)
	require.Equal(t, "B0TX00N", k.Attributes().String())
	require.Equal(t, keyblock.ContextExchange, header.Context)
}

func TestUsageAndMode(t *testing.T) {
	wrapOnly, err := crypto.NewKBPK(importKey(t, "K1AE00N", unhex(t, aesHex)))
	require.NoError(t, err)
	iso, err := crypto.NewKBPK(importKey(t, "K4AB00N", unhex(t, aesHex)))
	require.NoError(t, err)
	isoTDES, err := crypto.NewKBPK(importKey(t, "K4TB00N", unhex(t, tdesHex)))
	require.NoError(t, err)
	block, err := keyblock.Wrap(nil, wrapOnly, every(t)["2TDEA"], keyblock.Wrapping{})
	require.NoError(t, err)
	_, _, err = keyblock.Unwrap(wrapOnly, block, keyblock.Options{})
	require.ErrorIs(t, err, crypto.ErrUsage)
	k, _, err := keyblock.Unwrap(iso, block, keyblock.Options{})
	require.NoError(t, err)
	require.ErrorIs(t, k.Require(crypto.OpDecrypt), crypto.ErrUsage, "the mode of the header holds")
	_, err = crypto.NewMACKey(k)
	require.ErrorIs(t, err, crypto.ErrUsage, "the usage of the header holds")
	_, err = keyblock.Wrap(nil, isoTDES, every(t)["2TDEA"], keyblock.Wrapping{})
	require.ErrorIs(t, err, crypto.ErrUsage)
}

// A block below X9.24 is no key block: only a Sensitive key leaves in it. Nor does any wrapping make a key leave further
// than it may.
func TestExportabilityOfWeakBlocks(t *testing.T) {
	at := crypto.NewHome()
	weak, home := kbpk(t, 'D', unhex(t, aesHex)[:16]), kbpk(t, 'D', unhex(t, aesHex), at.Keeper)
	old := kbpk(t, 'C', unhex(t, tdesHex))
	for attributes, want := range map[string]error{"D0AB00E": crypto.ErrExport, "D0AB00N": crypto.ErrExport, "D0AB00S": nil} {
		k := importKey(t, attributes, unhex(t, aesHex))
		_, err := keyblock.Wrap(nil, weak, k, keyblock.Wrapping{AllowLegacy: true})
		require.ErrorIs(t, err, want, attributes)
		_, err = keyblock.Wrap(nil, old, importKey(t, "D0TB00"+attributes[6:], unhex(t, tdesHex)[:16]), keyblock.Wrapping{Version: 'C', AllowLegacy: true})
		require.ErrorIs(t, err, want, attributes)
	}
	stored := importKey(t, "D0AB00N", unhex(t, aesHex)[:24], at.Storable)
	for _, loosened := range []crypto.Exportability{crypto.Exportable, crypto.Sensitive} {
		_, err := keyblock.Wrap(nil, home, stored, keyblock.Wrapping{Context: keyblock.ContextStorage, Export: loosened})
		require.ErrorIs(t, err, crypto.ErrExport)
	}
	block, err := keyblock.Wrap(nil, home, stored, keyblock.Wrapping{Context: keyblock.ContextStorage})
	require.NoError(t, err)
	k, _, err := keyblock.Unwrap(home, block, keyblock.Options{})
	require.NoError(t, err)
	require.Equal(t, crypto.NonExportable, k.Attributes().Export)
	_, err = keyblock.Wrap(nil, home, importKey(t, "D0AB00S", unhex(t, aesHex)[:24]), keyblock.Wrapping{Export: 'X'})
	require.ErrorIs(t, err, crypto.ErrExport)
}

// A block under a protection key weaker than the key in it is refused when it comes as when it goes, unless asked for.
func TestWeakBlocksComing(t *testing.T) {
	weak := kbpk(t, 'D', unhex(t, aesHex)[:16])
	block, err := keyblock.Wrap(nil, weak, every(t)["AES-256"], keyblock.Wrapping{AllowLegacy: true})
	require.NoError(t, err)
	k, header, err := keyblock.Unwrap(weak, block, keyblock.Options{})
	require.ErrorIs(t, err, keyblock.ErrWeakKBPK)
	require.Zero(t, k.Attributes())
	require.Zero(t, header)
	k, _, err = keyblock.Unwrap(weak, block, keyblock.Options{AllowLegacy: true})
	require.NoError(t, err)
	require.True(t, every(t)["AES-256"].Equal(k))
	itself := importKey(t, "D0AB00S", unhex(t, aesHex)[:16])
	payload := append([]byte{0, 128}, unhex(t, aesHex)[:16]...)
	payload = append(payload, make([]byte, 14)...)
	block, err = keyblock.Seal(keyblock.Header{Version: 'D', Attributes: itself.Attributes(), Context: keyblock.ContextNone}, weak, payload)
	require.NoError(t, err)
	for _, o := range []keyblock.Options{{}, {AllowLegacy: true}} {
		_, _, err = keyblock.Unwrap(weak, block, o)
		require.ErrorIs(t, err, keyblock.ErrWeakKBPK, "the protection key itself")
	}
}
