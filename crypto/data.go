package crypto

import (
	"crypto/cipher"
	"crypto/fips140"
	"crypto/subtle"
	"fmt"

	"github.com/posline/posline/internal/keymaterial"
)

// CipherMode is a mode of operation for data encryption (ISO 10116, NIST SP 800-38A).
type CipherMode uint8

// The modes.
const (
	ECB  CipherMode = iota + 1 // whole blocks, no initialization vector; equal blocks show
	CBC                        // whole blocks
	CFB8                       // any length, one cipher block a byte
	CFB                        // any length, a block at a time (CFB64 for 8-byte blocks)
	OFB                        // any length
)

// String returns the mode's name, as in "CBC".
func (m CipherMode) String() string {
	names := [...]string{"no cipher mode", "ECB", "CBC", "CFB8", "CFB", "OFB"}
	if int(m) >= len(names) {
		return "unknown cipher mode"
	}
	return names[m]
}

// AppendEncrypt appends the plaintext, encrypted, to dst. iv is one block long, empty for ECB. Nothing is padded: ECB
// and CBC want whole blocks. dst may not overlap the plaintext. Errors: ErrLength, ErrUsage, ErrDestroyed,
// ErrUnsupported. None of these modes protects against change; add a MAC. ISO 10116.
func (k DataKey) AppendEncrypt(dst []byte, mode CipherMode, iv, plaintext []byte) ([]byte, error) {
	return k.appendCrypt(dst, OpEncrypt, mode, iv, plaintext)
}

// AppendDecrypt undoes AppendEncrypt. ISO 10116.
func (k DataKey) AppendDecrypt(dst []byte, mode CipherMode, iv, ciphertext []byte) ([]byte, error) {
	return k.appendCrypt(dst, OpDecrypt, mode, iv, ciphertext)
}

func (k DataKey) appendCrypt(dst []byte, op Operation, mode CipherMode, iv, in []byte) ([]byte, error) {
	m, err := k.Open(keymaterial.Grant(), op)
	if err != nil {
		return dst, err
	}
	defer m.Release()
	block := m.Block()
	if block == nil {
		return dst, fmt.Errorf("%w: data encryption with algorithm %s", ErrUnsupported, k.Attributes().Algorithm)
	}
	if fips140.Enforced() && k.Attributes().Algorithm != AES {
		return dst, ErrFIPS // a key made before or around the enforcement, over which crypto/cipher would panic
	}
	if mode < ECB || mode > OFB {
		return dst, fmt.Errorf("%w: %s", ErrUnsupported, mode)
	}
	wholeBlocks := mode == ECB || mode == CBC
	vector := block.BlockSize()
	if mode == ECB {
		vector = 0
	}
	if len(iv) != vector || wholeBlocks && len(in)%block.BlockSize() != 0 {
		return dst, fmt.Errorf("%w: %d bytes of data, %d of initialization vector", ErrLength, len(in), len(iv))
	}
	n := len(dst)
	dst = append(dst, in...)
	mode.crypt(block, op == OpEncrypt, append([]byte(nil), iv...), dst[n:])
	return dst, nil
}

// crypt works in place; iv is its own.
func (m CipherMode) crypt(block cipher.Block, encrypt bool, iv, data []byte) {
	size := block.BlockSize()
	switch {
	case m == ECB && encrypt:
		for ; len(data) > 0; data = data[size:] {
			block.Encrypt(data, data)
		}
	case m == ECB:
		for ; len(data) > 0; data = data[size:] {
			block.Decrypt(data, data)
		}
	case m == CBC && encrypt:
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)
	case m == CBC:
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(data, data)
	case m == CFB8:
		feedBack(block, encrypt, 1, iv, data)
	case m == CFB:
		feedBack(block, encrypt, size, iv, data)
	case m == OFB:
		for len(data) > 0 {
			block.Encrypt(iv, iv)
			data = data[subtle.XORBytes(data, data, iv):]
		}
	}
}

// feedBack is CFB with segments of the given number of bytes.
func feedBack(block cipher.Block, encrypt bool, segment int, register, data []byte) {
	stream := make([]byte, block.BlockSize())
	ciphertext := make([]byte, segment)
	for len(data) > 0 {
		block.Encrypt(stream, register)
		n := copy(ciphertext, data)
		subtle.XORBytes(data, data[:n], stream[:n])
		if encrypt {
			copy(ciphertext, data[:n])
		}
		copy(register, register[segment:])
		copy(register[len(register)-segment:], ciphertext)
		data = data[n:]
	}
}
