package crypto

import (
	"crypto/cipher"
	"crypto/subtle"

	"github.com/posline/posline/crypto/internal/cmac"
)

// KCVMethod is how a key check value is computed.
type KCVMethod uint8

// The methods in use. A longer check value begins with the shorter one.
const (
	KCVLegacy  KCVMethod = iota + 1 // a zero block encrypted; 3 bytes (X9.24-1), UnionPay terminals show 4
	KCVCMAC                         // CMAC of a zero block; 5 bytes for AES (X9.24-1:2017 annex A, X9.143)
	KCVFuturex                      // 0123456789ABCDEF encrypted; 2 bytes; 8-byte blocks only
)

// Lengths of a key check value in bytes: a shorter one proves nothing, a longer one gives the key away.
const (
	minimumKCV = 2
	maximumKCV = 5
)

// KCV returns the first n bytes, 2 to 5, of the key check value. HMAC and asymmetric keys have none: ErrUnsupported.
func (k Key) KCV(method KCVMethod, n int) ([]byte, error) {
	if k.reach == nil {
		return nil, ErrNoKey
	}
	if n < minimumKCV || n > maximumKCV {
		return nil, ErrUnsupported
	}
	if !k.core().material.Acquire() {
		return nil, ErrDestroyed
	}
	defer k.core().material.Release()
	block := k.core().material.Block()
	if block == nil {
		return nil, ErrUnsupported
	}
	var out [cmac.MaximumBlockSize]byte
	if err := method.compute(block, out[:block.BlockSize()]); err != nil {
		return nil, err
	}
	return out[:n], nil
}

// CheckKCV compares the key check value, over the 2 to 5 bytes given, in constant time; a difference is ErrKCV.
func (k Key) CheckKCV(method KCVMethod, want []byte) error {
	got, err := k.KCV(method, len(want))
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(got, want) != 1 {
		return ErrKCV
	}
	return nil
}

func (m KCVMethod) compute(block cipher.Block, out []byte) error {
	switch m {
	case KCVLegacy:
		block.Encrypt(out, out)
	case KCVCMAC:
		cmac.Sum(block, out, make([]byte, len(out)))
	case KCVFuturex:
		if len(out) != 8 {
			return ErrUnsupported
		}
		copy(out, "\x01\x23\x45\x67\x89\xab\xcd\xef")
		block.Encrypt(out, out)
	default:
		return ErrUnsupported
	}
	return nil
}

// usualKCV is what a key prints: the method and length X9.143 has for the algorithm.
func (k Key) usualKCV() ([]byte, error) {
	if k.Attributes().Algorithm == AES {
		return k.KCV(KCVCMAC, 5)
	}
	return k.KCV(KCVLegacy, 3)
}
