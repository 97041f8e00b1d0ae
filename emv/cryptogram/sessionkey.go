package cryptogram

import (
	"encoding/binary"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// A SessionKey is a card's key for one transaction. For cryptograms and script MACs it is a MAC key (usage M3 of
// Triple DES, M6 of AES, M1 of SM4), for script data a data key (D0). Destroy it when the transaction is over.
type SessionKey struct{ key }

// Key returns the key itself.
func (k SessionKey) Key() crypto.Key { return k.key }

// NewSessionKey takes a session key that came from elsewhere: a key of usage M1, M3, M6 or D0.
func NewSessionKey(k crypto.Key) (SessionKey, error) {
	switch k.Attributes().Usage {
	case crypto.UsageMAC1, crypto.UsageMAC3, crypto.UsageCMAC, crypto.UsageData:
		return SessionKey{k}, nil
	case 0:
		return SessionKey{}, crypto.ErrNoKey
	}
	return SessionKey{}, &crypto.UsageError{Key: k.Attributes(), Want: "an EMV session (M1, M3, M6, D0)"}
}

// session makes a session key of bytes computed with the card's key.
func (k CardKey) session(derived []byte) (SessionKey, error) {
	a := k.Attributes()
	switch {
	case a.Usage == crypto.UsageEMVEncryption:
		a.Usage, a.Mode = crypto.UsageData, crypto.ModeEncryptDecrypt
	case a.Algorithm == crypto.AES:
		a.Usage, a.Mode = crypto.UsageCMAC, crypto.ModeGenerateVerify
	case a.Algorithm == crypto.SM4:
		a.Usage, a.Mode = crypto.UsageMAC1, crypto.ModeGenerateVerify
	default:
		a.Usage, a.Mode = crypto.UsageMAC3, crypto.ModeGenerateVerify
	}
	s, err := k.Derive(keymaterial.Grant(), a, derived)
	return SessionKey{s}, err
}

// open opens a card key that is to be derived from, and refuses single and triple length.
func (k CardKey) open() (*keymaterial.Material, error) {
	m, err := k.Open(keymaterial.Grant(), crypto.OpDerive)
	if err != nil {
		return nil, err
	}
	if err := doubleLength(k.Attributes().Algorithm, k.Bits()); err != nil {
		m.Release()
		return nil, err
	}
	return m, nil
}

// DirectKey returns the card's key as a session key, for cards without session keys: Visa CVN 10, American Express. The
// key must be of mode N: one that may only derive, as an issuer's, does not compute, else what is derived under it could
// be computed in the clear. So it can under the card's key: give what comes out to code that computes what the card does.
func DirectKey(k CardKey) (SessionKey, error) {
	if err := k.Require(crypto.OpGenerate); err != nil {
		return SessionKey{}, err
	}
	m, err := k.open()
	if err != nil {
		return SessionKey{}, err
	}
	defer m.Release()
	return k.session(m.Bytes())
}

// CommonSessionKey derives the EMV common session key (Book 2 A1.3.1) from the diversification value r: the counter for
// cryptograms, the cryptogram for scripts, counter 0000 and unpredictable number for the method of M/Chip. Of r, 8
// bytes at most are given; zeros fill it up. Triple DES keys get odd parity; AES keys are as long as the card's. The
// method is not defined for SM4: crypto.ErrUnsupported.
func CommonSessionKey(k CardKey, r []byte) (SessionKey, error) {
	m, err := k.open()
	if err != nil {
		return SessionKey{}, err
	}
	defer m.Release()
	n := m.Block().BlockSize()
	if len(r) > 8 || k.Attributes().Algorithm == crypto.SM4 {
		return SessionKey{}, fmt.Errorf("%w: common session key of this cipher and value", crypto.ErrUnsupported)
	}
	derived := new([32]byte)
	defer clear(derived[:])
	copy(derived[:n], r)
	size := len(m.Bytes())
	if size > n { // two blocks, told apart by their third byte
		copy(derived[n:], derived[:n])
		derived[2], derived[n+2] = 0xF0, 0x0F
	}
	encryptBlocks(m.Block(), derived[:(size+n-1)/n*n])
	return k.session(derived[:size])
}

// VisaSessionKey derives the session key of scripts for Visa CVN 10, 17 and 18: the counter xored into one half, its
// complement into the other (VIS). Triple DES only.
func VisaSessionKey(k CardKey, counter uint16) (SessionKey, error) {
	m, err := k.open()
	if err != nil {
		return SessionKey{}, err
	}
	defer m.Release()
	if k.Attributes().Algorithm != crypto.TDES {
		return SessionKey{}, fmt.Errorf("%w: Visa session keys are of Triple DES", crypto.ErrUnsupported)
	}
	var derived [16]byte
	defer clear(derived[:])
	copy(derived[:], m.Bytes())
	for half, c := range [2]uint16{counter, ^counter} {
		derived[8*half+6] ^= byte(c >> 8)
		derived[8*half+7] ^= byte(c)
	}
	setOddParity(derived[:])
	return k.session(derived[:])
}

// UnionPaySessionKey derives the session key of PBOC 3.0, for cryptograms and scripts alike: six zero bytes and the
// counter, then the same with its complement, under the card's key: two blocks of Triple DES, one of SM4.
func UnionPaySessionKey(k CardKey, counter uint16) (SessionKey, error) {
	m, err := k.open()
	if err != nil {
		return SessionKey{}, err
	}
	defer m.Release()
	if k.Attributes().Algorithm == crypto.AES {
		return SessionKey{}, fmt.Errorf("%w: UnionPay session keys are of Triple DES or SM4", crypto.ErrUnsupported)
	}
	derived := new([16]byte)
	defer clear(derived[:])
	binary.BigEndian.PutUint16(derived[6:], counter)
	binary.BigEndian.PutUint16(derived[14:], ^counter)
	encryptBlocks(m.Block(), derived[:])
	return k.session(derived[:])
}

// Tree is the shape of the EMV2000 tree of session keys and the value its root starts from.
type Tree struct {
	Branch, Height int // 4 and 8, or 2 and 16
	IV             [16]byte
}

// TreeSessionKey derives the session key of EMV 4.0 (EMV2000) Book 2 A1.3: the leaf of the counter, xored with its
// grandparent. Triple DES only. Another shape is crypto.ErrUnsupported.
func TreeSessionKey(k CardKey, counter uint16, t Tree) (SessionKey, error) {
	m, err := k.open()
	if err != nil {
		return SessionKey{}, err
	}
	defer m.Release()
	if k.Attributes().Algorithm != crypto.TDES || !(t.Branch == 4 && t.Height == 8 || t.Branch == 2 && t.Height == 16) {
		return SessionKey{}, fmt.Errorf("%w: EMV2000 tree of this cipher and shape", crypto.ErrUnsupported)
	}
	grandparent, parent := t.IV, [16]byte(m.Bytes())
	defer clear(grandparent[:])
	defer clear(parent[:])
	for level := 1; ; level++ {
		number := int(counter)
		for range t.Height - level {
			number /= t.Branch
		}
		child, err := k.treeNode(parent, grandparent, byte(number%t.Branch))
		if err != nil {
			return SessionKey{}, err
		}
		if level == t.Height {
			xor(child[:], grandparent[:])
			setOddParity(child[:])
			return k.session(child[:])
		}
		grandparent, parent = parent, child
	}
}

// treeNode computes a node of the tree: the grandparent, with the number of the branch xored in, under the parent.
func (k CardKey) treeNode(parent, grandparent [16]byte, branch byte) ([16]byte, error) {
	p, err := k.Derive(keymaterial.Grant(), k.Attributes(), parent[:])
	if err != nil {
		return grandparent, err
	}
	defer p.Destroy()
	m, err := p.Unguarded(keymaterial.Grant())
	if err != nil {
		return grandparent, err
	}
	defer m.Release()
	grandparent[7] ^= branch
	grandparent[15] ^= branch ^ 0xF0
	m.Block().Encrypt(grandparent[:8], grandparent[:8])
	m.Block().Encrypt(grandparent[8:], grandparent[8:])
	return grandparent, nil
}
