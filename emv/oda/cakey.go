package oda

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"slices"

	"github.com/posline/posline/emv"
)

// CAKey is a public key of a payment system's certification authority.
type CAKey struct {
	RID   emv.RID
	Index byte
	PublicKey
}

// NewCAKey checks a key against the check sum it was published with, SHA-1 over RID, index, modulus and exponent (EMV
// Book 2 11.2.2), and returns it with copies of its parts. Errors, in an *Error: ErrChecksum, ErrKey, crypto.ErrFIPS.
func NewCAKey(rid emv.RID, index byte, modulus, exponent, checksum []byte) (CAKey, error) {
	k := CAKey{rid, index, PublicKey{bytes.Clone(modulus), bytes.Clone(exponent)}}
	sum, err := k.Checksum()
	if err != nil {
		return CAKey{}, &Error{k.name(), err}
	}
	if !bytes.Equal(sum[:], checksum) {
		return CAKey{}, &Error{k.name(), ErrChecksum}
	}
	if err := k.Validate(); err != nil {
		return CAKey{}, &Error{k.name(), err}
	}
	return k, nil
}

// NewUnionPayCAKey takes a key as a UnionPay host downloads it. What is not RSA with SHA-1, such as a key for SM2, is
// ErrFormat; other errors are those of NewCAKey. Whether the key is over is for emv.UnionPayCAKey.Expired.
func NewUnionPayCAKey(k emv.UnionPayCAKey) (CAKey, error) {
	if k.HashAlgorithm != hashSHA1 || k.Algorithm != keyRSA {
		return CAKey{}, &Error{CAKey{RID: k.RID, Index: k.Index}.name(), ErrFormat}
	}
	return NewCAKey(k.RID, k.Index, k.Modulus, k.Exponent, k.Checksum)
}

// Checksum returns the check sum of the key, SHA-1; crypto.ErrFIPS while FIPS 140 mode is enforced.
func (k CAKey) Checksum() (sum [sha1.Size]byte, err error) {
	if err := allowed(); err != nil {
		return sum, err
	}
	return sha1.Sum(slices.Concat(k.RID[:], []byte{k.Index}, k.Modulus, k.Exponent)), nil
}

func (k CAKey) name() string { return fmt.Sprintf("CA public key %X %02X", k.RID[:], k.Index) }

// CAKeys are the keys a terminal holds. The zero value has none. It may be read by several goroutines while nobody
// adds.
type CAKeys struct{ keys []CAKey }

// Add takes a key in place of one with the same RID and index.
func (s *CAKeys) Add(k CAKey) {
	for i := range s.keys {
		if s.keys[i].RID == k.RID && s.keys[i].Index == k.Index {
			s.keys[i] = k
			return
		}
	}
	s.keys = append(s.keys, k)
}

// Find returns the key of an RID with the index a card gives in tag 8F.
func (s *CAKeys) Find(rid emv.RID, index byte) (CAKey, bool) {
	if s == nil {
		return CAKey{}, false
	}
	for _, k := range s.keys {
		if k.RID == rid && k.Index == index {
			return k, true
		}
	}
	return CAKey{}, false
}
