package mac

import (
	"encoding/binary"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/internal/des"
	"github.com/posline/posline/internal/keymaterial"
)

// retail is the retail MAC as it is used every day, under one Triple DES key and with padding 1 or 2. It goes straight
// to the cipher; streams, pairs of keys and padding 3 take the long way and must give the same.
func (m *MAC) retail(op crypto.Operation, message []byte) (tag [des.BlockSize]byte, err error) {
	opened, err := m.key.Open(keymaterial.Grant(), op)
	if err != nil {
		return tag, err
	}
	defer opened.Release()
	whole := len(message) / des.BlockSize * des.BlockSize
	if m.algorithm.Padding == crypto.Padding1 && whole == len(message) && whole > 0 {
		whole -= des.BlockSize
	}
	n := copy(tag[:], message[whole:])
	if m.algorithm.Padding == crypto.Padding2 {
		tag[n] = 0x80
	}
	last := binary.BigEndian.Uint64(tag[:])
	binary.BigEndian.PutUint64(tag[:], opened.Block().(*des.Cipher).RetailMAC(message[:whole], last))
	return tag, nil
}

// isRetail reports whether retail serves the algorithm.
func (m *MAC) isRetail() bool {
	return m.algorithm.Scheme == crypto.RetailMAC && m.algorithm.Padding != crypto.Padding3 && !m.paired
}
