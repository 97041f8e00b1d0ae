package keyblock_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keyblock"
	"github.com/posline/posline/internal/keymaterial"
)

func FuzzUnwrap(f *testing.F) {
	for version := keyblock.VersionA; version <= keyblock.VersionE; version++ {
		w := keyblock.Wrapping{Version: version, AllowLegacy: true, Blocks: []keyblock.Block{keyblock.Label("fuzz"), keyblock.CheckValue()}}
		block, err := keyblock.Wrap(nil, kbpk(f, byte(version), unhex(f, tdesHex)), importKey(f, "P0TE00S", unhex(f, aesHex)[:16]), w)
		if version >= keyblock.VersionD {
			block, err = keyblock.Wrap(nil, kbpk(f, byte(version), unhex(f, aesHex)), importKey(f, "P0TE00S", unhex(f, aesHex)[:16]), w)
		}
		require.NoError(f, err)
		f.Add(block)
	}
	f.Add([]byte("B0000P0TE00N0200KS04TT00011F"))
	f.Add([]byte("B9999P0TE00N9900KS0004FFFF"))
	f.Fuzz(func(t *testing.T, block []byte) {
		before := string(block)
		parsed, err := keyblock.Parse(block, lenient)
		if err != nil {
			require.ErrorIs(t, err, keyblock.ErrBlock)
			return
		}
		hex := tdesHex
		if parsed.Version >= keyblock.VersionD {
			hex = aesHex
		}
		master := kbpk(t, byte(parsed.Version), unhex(t, hex))
		k, header, err := keyblock.Unwrap(master, block, lenient)
		require.Equal(t, before, string(block))
		if err != nil {
			return
		}
		require.Equal(t, parsed, header)
		again, err := keyblock.Seal(header, master, payloadOf(t, master, block))
		require.NoError(t, err)
		require.Equal(t, string(block), string(again))
		require.Equal(t, k.Attributes(), header.Attributes)
	})
}

// FuzzPayload seals what the fuzzer gives under the right key: nothing authentic makes Unwrap panic, and what it takes
// for a key is in the payload.
func FuzzPayload(f *testing.F) {
	f.Add(byte(0), []byte{0, 128}, "LB", "label")
	f.Add(byte(1), unhex(f, "0080"+tdesHex), "KC", "00123456")
	f.Add(byte(2), unhex(f, "0100"+aesHex), "KS", "")
	f.Fuzz(func(t *testing.T, which byte, payload []byte, id, data string) {
		version := []keyblock.Version{'B', 'D', 'E'}[which%3]
		master := kbpk(t, byte(version), unhex(t, aesHex)[:16])
		header := keyblock.Header{Version: version, Attributes: crypto.MustAttributes("D0AB00E"), Context: keyblock.ContextNone}
		if id != "" {
			header.Blocks = []keyblock.Block{{ID: id, Data: data}}
		}
		if version != keyblock.VersionE {
			payload = append(payload, make([]byte, (16-len(payload)%16)%16)...)
		}
		block, err := keyblock.Seal(header, master, bytes.Clone(payload))
		if err != nil {
			return
		}
		k, _, err := keyblock.Unwrap(master, block, lenient)
		if err != nil {
			return
		}
		m, err := k.Unguarded(keymaterial.Grant())
		require.NoError(t, err)
		defer m.Release()
		require.Equal(t, payload[2:2+len(m.Bytes())], m.Bytes())
	})
}
