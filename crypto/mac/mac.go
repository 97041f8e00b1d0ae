package mac

import (
	"crypto/subtle"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/internal/cmac"
	"github.com/posline/posline/internal/keymaterial"
)

// A MAC is a key bound to an algorithm. It is immutable and safe for concurrent use; destroying the key makes every
// method fail with crypto.ErrDestroyed. The zero MAC fails with crypto.ErrNoKey. ISO 9797-1.
type MAC struct {
	algorithm   Algorithm
	key, second crypto.MACKey
	paired      bool
}

// New binds a key to an algorithm. Algorithms with two keys (2, 3 and 4) take them from the halves of a Triple DES
// key; for other ciphers there is NewPair. A retail MAC under a triple-length key decrypts the last step with the
// second and encrypts it with the third part. LMAC needs a key as long as the cipher's block.
//
// Errors: a *crypto.UsageError when the key is for another algorithm, crypto.ErrUnsupported for an algorithm that
// makes no sense with the key. ISO 9797-1.
func New(key crypto.MACKey, algorithm Algorithm) (*MAC, error) {
	m := &MAC{key: key}
	if err := m.init(algorithm); err != nil {
		return nil, err
	}
	return m, nil
}

// NewPair binds two keys K and K' of the same cipher to algorithm 2, 3 or 4. ISO 9797-1.
func NewPair(key, second crypto.MACKey, algorithm Algorithm) (*MAC, error) {
	m := &MAC{key: key, second: second, paired: true}
	if key.Attributes().Algorithm != second.Attributes().Algorithm || key.Bits() != second.Bits() {
		return nil, fmt.Errorf("%w: two keys of different kinds", crypto.ErrUnsupported)
	}
	if err := m.init(algorithm); err != nil {
		return nil, err
	}
	if err := second.Require(m.operation(), usages(algorithm.Scheme)...); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *MAC) init(a Algorithm) error {
	opened, err := m.key.Unguarded(keymaterial.Grant())
	if err != nil {
		return err
	}
	defer opened.Release()
	block := opened.Block()
	size := 0
	if block != nil {
		size = block.BlockSize()
	}
	if m.algorithm, err = complete(a, m.key.Attributes().Algorithm, size); err != nil {
		return err
	}
	if err := m.key.Require(m.operation(), usages(a.Scheme)...); err != nil {
		return err
	}
	if err := m.checkKeys(size); err != nil {
		return err
	}
	return nil
}

// subkeys are those of CMAC under the key. They belong to the key and go with it.
func subkeys(m *keymaterial.Material) *cmac.Subkeys {
	return (*cmac.Subkeys)(m.Derived(func(s *[2 * cmac.MaximumBlockSize]byte) { (*cmac.Subkeys)(s).Init(m.Block()) }))
}

// operation is one that every key accepted by New must allow: verification goes with every mode but 'G'.
func (m *MAC) operation() crypto.Operation {
	if m.key.Attributes().Mode == crypto.ModeGenerate {
		return crypto.OpGenerate
	}
	return crypto.OpVerify
}

// checkKeys sees to it that there are as many keys as the scheme needs.
func (m *MAC) checkKeys(block int) error {
	a := m.key.Attributes().Algorithm
	two := m.algorithm.Scheme == crypto.EMAC || m.algorithm.Scheme == crypto.RetailMAC || m.algorithm.Scheme == crypto.MacDES
	halves := a == crypto.TDES && m.key.Bits() >= 128 && (m.key.Bits() == 128 || m.algorithm.Scheme == crypto.RetailMAC)
	switch {
	case m.paired && !two, two && !m.paired && !halves:
		return fmt.Errorf("%w: wrong number of keys for %s", crypto.ErrUnsupported, m.algorithm.Scheme)
	case m.algorithm.Scheme == crypto.LMAC && m.key.Bits() != 8*block:
		return fmt.Errorf("%w: LMAC needs a key as long as a block", crypto.ErrUnsupported)
	}
	return nil
}

// Algorithm returns the algorithm, with its size filled in.
func (m *MAC) Algorithm() Algorithm { return m.algorithm }

// Size returns the length of the MAC in bytes.
func (m *MAC) Size() int { return m.algorithm.Size }

// Append appends the MAC of the message to dst. With room in dst it allocates nothing, except under HMAC, MacDES and
// LMAC. Errors: a *crypto.UsageError, crypto.ErrDestroyed, crypto.ErrFIPS.
func (m *MAC) Append(dst, message []byte) ([]byte, error) {
	if isHMAC(m.algorithm.Scheme) {
		return m.appendHMAC(dst, message)
	}
	if m.isRetail() {
		tag, err := m.retail(crypto.OpGenerate, message)
		if err != nil {
			return dst, err
		}
		return append(dst, tag[:m.algorithm.Size]...), nil
	}
	w := scratch.Get().(*work)
	defer w.done()
	if err := w.compute(m, crypto.OpGenerate, message); err != nil {
		return dst, err
	}
	return append(dst, w.tag[:m.algorithm.Size]...), nil
}

// Verify returns crypto.ErrVerify when tag is not the MAC of the message, in the algorithm's full length.
func (m *MAC) Verify(message, tag []byte) error {
	if isHMAC(m.algorithm.Scheme) {
		return m.verifyHMAC(message, tag)
	}
	if m.isRetail() {
		want, err := m.retail(crypto.OpVerify, message)
		if err != nil {
			return err
		}
		return compare(want[:m.algorithm.Size], tag)
	}
	w := scratch.Get().(*work)
	defer w.done()
	if err := w.compute(m, crypto.OpVerify, message); err != nil {
		return err
	}
	return compare(w.tag[:m.algorithm.Size], tag)
}

func compare(want, got []byte) error {
	if subtle.ConstantTimeCompare(want, got) != 1 {
		return crypto.ErrVerify
	}
	return nil
}
