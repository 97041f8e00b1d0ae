package keyblock_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keyblock"
)

func payloadOf(t *testing.T, master crypto.KBPK, block []byte) []byte {
	t.Helper()
	payload, err := keyblock.Payload(master, block)
	require.NoError(t, err)
	return payload
}

func exported(t *testing.T, master crypto.KBPK, block []byte) []byte {
	t.Helper()
	payload := payloadOf(t, master, block)
	return payload[2 : 2+(int(payload[0])<<8|int(payload[1]))/8]
}

// All keys of an algorithm give blocks of one length, unless asked otherwise.
func TestLengthHiding(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	length := func(k crypto.Key, show bool) int {
		block, err := keyblock.Wrap(nil, master, k, keyblock.Wrapping{ShowLength: show})
		require.NoError(t, err)
		return len(block)
	}
	keys := every(t)
	require.Equal(t, length(keys["AES-128"], false), length(keys["AES-256"], false))
	require.Equal(t, length(keys["2TDEA"], false), length(keys["3TDEA"], false))
	require.Equal(t, length(keys["2TDEA"], false), length(keys["DES"], false))
	require.Less(t, length(keys["AES-128"], true), length(keys["AES-256"], true))
	require.Equal(t, 112, length(keys["AES-128"], true), "the length of TR-31:2018 A.7.4")
	require.Equal(t, 144, length(keys["AES-128"], false), "the length of X9.143:2021 8.1")
	a, err := keyblock.Wrap(nil, master, keys["AES-128"], keyblock.Wrapping{})
	require.NoError(t, err)
	b, err := keyblock.Wrap(nil, master, keys["AES-128"], keyblock.Wrapping{})
	require.NoError(t, err)
	require.NotEqual(t, string(a), string(b), "the padding is random")
}

// A payload whose length field lies is refused with the one error.
func TestPayloadLength(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	header := keyblock.Header{Version: 'D', Attributes: crypto.MustAttributes("P0TE00E"), Context: keyblock.ContextNone}
	for _, bits := range []int{0, 1, 127, 129, 15 * 8, 65535, 65528} {
		payload := make([]byte, 16)
		payload[0], payload[1] = byte(bits>>8), byte(bits)
		block, err := keyblock.Seal(header, master, payload)
		require.NoError(t, err)
		_, _, err = keyblock.Unwrap(master, block, lenient)
		require.Equal(t, keyblock.ErrBlock, err, "%d bits", bits)
	}
	header.Version = keyblock.VersionE // whose payload may have any length
	for n := range 3 {
		block, err := keyblock.Seal(header, master, make([]byte, n))
		require.NoError(t, err)
		_, _, err = keyblock.Unwrap(master, block, lenient)
		require.ErrorIs(t, err, keyblock.ErrBlock, "%d bytes", n)
	}
}

// The lengths that hide those of keys: X9.143 section 6.1 for the ciphers, multiples of 64 bytes for HMAC.
func TestHiddenLengths(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	blocks := func(bytes int) int { return 16 + 2*((bytes+2+15)/16*16) + 2*16 } // header, payload, authentication code
	for n, hidden := range map[int]int{1: 64, 63: 64, 64: 64, 65: 128, 128: 128, 129: 192, 1000: 1024} {
		k := importKey(t, "M7HC00S", append([]byte{1}, make([]byte, n-1)...))
		block, err := keyblock.Wrap(nil, master, k, keyblock.Wrapping{})
		require.NoError(t, err)
		require.Len(t, block, blocks(hidden), "HMAC of %d bytes", n)
		block, err = keyblock.Wrap(nil, master, k, keyblock.Wrapping{ShowLength: true})
		require.NoError(t, err)
		require.Len(t, block, blocks(n), "HMAC of %d bytes, shown", n)
	}
	for name, hidden := range map[string]int{"DES": 24, "2TDEA": 24, "3TDEA": 24, "AES-128": 32, "AES-192": 32, "AES-256": 32, "SM4": 32} {
		block, err := keyblock.Wrap(nil, master, every(t)[name], keyblock.Wrapping{})
		require.NoError(t, err)
		require.Len(t, block, blocks(hidden), name)
		block, err = keyblock.Wrap(nil, master, every(t)[name], keyblock.Wrapping{Version: keyblock.VersionE})
		require.NoError(t, err)
		require.Len(t, block, 16+2*(2+hidden)+2*16, "%s in version E, which has no padding but this", name)
	}
}

// The shortest payload holds the length of a key and a byte of one.
func TestShortestPayloads(t *testing.T) {
	master := kbpk(t, 'E', unhex(t, aesHex))
	header := keyblock.Header{Version: keyblock.VersionE, Attributes: crypto.MustAttributes("M7HC00E"), Context: keyblock.ContextNone}
	for n := range 5 {
		payload := append([]byte{0, 8}, 0xa5, 1, 2)[:n]
		block, err := keyblock.Seal(header, master, payload)
		require.NoError(t, err)
		_, err = keyblock.Parse(block, keyblock.Options{})
		require.Equal(t, n >= 3, err == nil, "%d bytes", n)
		k, _, err := keyblock.Unwrap(master, block, keyblock.Options{})
		require.Equal(t, n >= 3, err == nil, "%d bytes: %v", n, err)
		if err == nil {
			require.Equal(t, 8, k.Bits())
		}
	}
}
