package crypto

import (
	"encoding/binary"

	"github.com/posline/posline/crypto/internal/des"
)

// whitened is DES with its key xored in before and after the cipher: how DUKPT of X9.24-1:1992 encrypts PIN blocks.
type whitened struct {
	des *des.Cipher
	key uint64
}

func newWhitened(c *des.Cipher, key []byte) *whitened {
	return &whitened{c, binary.BigEndian.Uint64(key)}
}

func (w *whitened) BlockSize() int { return des.BlockSize }

func (w *whitened) Encrypt(dst, src []byte) {
	_ = dst[des.BlockSize-1]
	binary.BigEndian.PutUint64(dst, w.des.EncryptBlock(binary.BigEndian.Uint64(src)^w.key)^w.key)
}

func (w *whitened) Decrypt(dst, src []byte) {
	_ = dst[des.BlockSize-1]
	binary.BigEndian.PutUint64(dst, w.des.DecryptBlock(binary.BigEndian.Uint64(src)^w.key)^w.key)
}

// Wipe overwrites the key and its schedule.
func (w *whitened) Wipe() {
	w.des.Wipe()
	w.key = 0
}
