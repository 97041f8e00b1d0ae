package dialect

import (
	"bytes"
	"errors"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/mac"
)

// WorkKeys are what a terminal gets at sign-in: a key for PINs and one for message authentication codes.
type WorkKeys struct {
	PIN crypto.PINKey
	mac *mac.MAC
}

// Sign is a message.MACFunc.
func (k *WorkKeys) Sign(dst, data []byte) ([]byte, error) { return k.mac.Append(dst, data) }

// Verify is a message.VerifyFunc.
func (k *WorkKeys) Verify(data, code []byte) error { return k.mac.Verify(data, code) }

// Field 62 of a 3DES sign-in answer: each key under the terminal master key, with the first four bytes of its check
// value. A MAC key of single length has zeros behind it.
const (
	keySize   = 16
	checkSize = 4
	blockSize = 2 * (keySize + checkSize)
)

// ErrWorkKeys is the error of a field 62 that is not of this form.
var ErrWorkKeys = errors.New("dialect: field 62 does not hold two work keys")

// GenerateWorkKeys makes work keys and returns them as field 62 carries them. macBits is 64 for a DES MAC, 128 for one
// with Triple DES.
func GenerateWorkKeys(master crypto.KEK, macBits int) ([]byte, error) {
	block, err := appendNew(nil, master, "P0TB00S", 128)
	if err != nil {
		return nil, err
	}
	if macBits == 64 {
		return appendNew(block, master, "M1DC00S", 64)
	}
	return appendNew(block, master, "M1TC00S", macBits)
}

func appendNew(dst []byte, master crypto.KEK, attributes string, bits int) ([]byte, error) {
	key, err := crypto.GenerateKey(crypto.MustAttributes(attributes), bits)
	if err != nil {
		return nil, err
	}
	defer key.Destroy()
	scheme := crypto.SchemeX
	if bits == 64 {
		scheme = crypto.SchemeZ
	}
	start := len(dst)
	if dst, err = crypto.AppendWrapVariant(dst, master, scheme, 0, key); err != nil {
		return nil, err
	}
	for len(dst) < start+keySize {
		dst = append(dst, 0)
	}
	check, err := key.KCV(crypto.KCVLegacy, checkSize)
	return append(dst, check...), err
}

// OpenWorkKeys takes the keys out of field 62. A key whose check value differs is crypto.ErrKCV, and none may be used.
func OpenWorkKeys(master crypto.KEK, field62 []byte) (*WorkKeys, error) {
	if len(field62) != blockSize {
		return nil, ErrWorkKeys
	}
	pin, err := open(master, crypto.SchemeX, "P0TB00N", field62[:keySize], field62[keySize:][:checkSize])
	if err != nil {
		return nil, err
	}
	wrapped, check := field62[keySize+checkSize:][:keySize], field62[2*keySize+checkSize:]
	scheme, attributes := crypto.SchemeX, "M1TC00N"
	if bytes.Equal(wrapped[8:], make([]byte, 8)) {
		scheme, attributes, wrapped = crypto.SchemeZ, "M1DC00N", wrapped[:8]
	}
	code, err := open(master, scheme, attributes, wrapped, check)
	if err != nil {
		return nil, err
	}
	return newWorkKeys(pin, code)
}

func open(master crypto.KEK, scheme crypto.VariantScheme, attributes string, wrapped, check []byte) (crypto.Key, error) {
	key, err := crypto.UnwrapVariant(master, scheme, 0, wrapped, crypto.MustAttributes(attributes))
	if err != nil {
		return key, err
	}
	return key, key.CheckKCV(crypto.KCVLegacy, check)
}

func newWorkKeys(pin, code crypto.Key) (*WorkKeys, error) {
	pinKey, err := crypto.NewPINKey(pin)
	if err != nil {
		return nil, err
	}
	macKey, err := crypto.NewMACKey(code)
	if err != nil {
		return nil, err
	}
	m, err := mac.UnionPay(macKey)
	return &WorkKeys{pinKey, m}, err
}
