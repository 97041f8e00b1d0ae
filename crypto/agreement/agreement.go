// Package agreement makes the key that two parties agree on by elliptic curve Diffie-Hellman: ECDH over the curves of NIST
// (SP 800-56A, X9.63), the key derived from what both compute.
//
// Each party has a private key of package crypto/ecdh, sends its public one and gives both to [Parties.Key]. The key is
// usually a key block protection key, under which other keys follow in key blocks.
//
// # Security
//
// An agreement does not say with whom. Take the other's public key from a certificate that was checked, or from a message that
// was signed; use a private key of your own once where the other's is new each time, so that keys of the past stay secret.
// Both names belong into the Info, and what the key is for: two agreements that differ there give different keys. A curve
// carries no key stronger than itself. What is agreed on may not leave again. Under GODEBUG=fips140=only Triple DES and SM4
// keys are crypto.ErrFIPS, as everywhere.
package agreement

import (
	stdcrypto "crypto"
	"crypto/ecdh"
	_ "crypto/sha256" // what keys are derived with
	_ "crypto/sha512"
	"encoding/binary"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// Derivation says how the key is made of the shared secret. SP 800-56A section 5.8.
type Derivation uint8

// The derivations.
const (
	X963    Derivation = iota + 1 // X9.63 section 5.6.3: the hash of the secret, a counter and Info
	OneStep                       // SP 800-56C section 4: the hash of a counter, the secret and Info
)

// String returns the derivation's name.
func (d Derivation) String() string {
	switch d {
	case X963:
		return "X9.63"
	case OneStep:
		return "SP 800-56C one-step"
	}
	return "unknown derivation"
}

// Parties are the two who agree, and how. SP 800-56A section 6.2.2.
type Parties struct {
	Own        *ecdh.PrivateKey // on P-256, P-384 or P-521
	Other      *ecdh.PublicKey  // on the same curve
	Derivation Derivation
	Hash       stdcrypto.Hash // SHA-256, SHA-384 or SHA-512, no weaker than the curve
	Info       []byte         // SharedInfo or FixedInfo, the same at both ends; kept by neither
}

// strengths are those of curves in bits (SP 800-57 part 1 table 2).
var strengths = map[ecdh.Curve]int{ecdh.P256(): 128, ecdh.P384(): 192, ecdh.P521(): 256}

// Key returns the key of the given number of bits with the attributes that both know; they must be crypto.NonExportable
// (crypto.ErrExport). Options are those of crypto.NewKey. Errors: crypto.ErrNoKey without keys, crypto.ErrUnsupported for
// another curve, hash or derivation, crypto.ErrKeyLength, crypto.ErrWeakKey for a key or curve stronger than what makes it,
// and crypto.ErrVerify where the keys do not go together. SP 800-56A section 6.2.2.2.
func (p Parties) Key(a crypto.Attributes, bits int, options ...crypto.Option) (crypto.Key, error) {
	if err := a.CheckBare(); err != nil {
		return crypto.Key{}, err
	}
	if err := p.check(bits); err != nil {
		return crypto.Key{}, err
	}
	secret, err := p.Own.ECDH(p.Other)
	if err != nil {
		return crypto.Key{}, crypto.ErrVerify
	}
	defer clear(secret)
	bytes := p.derive(secret, bits/8)
	defer clear(bytes)
	k, err := crypto.Receive(keymaterial.Grant(), crypto.Arrival{}, a, bytes[:bits/8], options...)
	if err != nil {
		return crypto.Key{}, err
	}
	if strength := strengths[p.Own.Curve()]; k.Strength() > strength {
		k.Destroy()
		return crypto.Key{}, fmt.Errorf("%w: a curve of %d bits", crypto.ErrWeakKey, strength)
	}
	return k, nil
}

// maximumBits is more than any key here has, and less than what a counter could not count.
const maximumBits = 4096

func (p Parties) check(bits int) error {
	switch {
	case p.Own == nil || p.Other == nil:
		return crypto.ErrNoKey
	case strengths[p.Own.Curve()] == 0 || p.Own.Curve() != p.Other.Curve():
		return fmt.Errorf("%w: curves", crypto.ErrUnsupported)
	case p.Derivation != X963 && p.Derivation != OneStep:
		return fmt.Errorf("%w: %s", crypto.ErrUnsupported, p.Derivation)
	case p.Hash != stdcrypto.SHA256 && p.Hash != stdcrypto.SHA384 && p.Hash != stdcrypto.SHA512:
		return fmt.Errorf("%w: hash %s", crypto.ErrUnsupported, p.Hash)
	case 4*p.Hash.Size() < strengths[p.Own.Curve()]:
		return fmt.Errorf("%w: hash %s", crypto.ErrWeakKey, p.Hash)
	case bits <= 0 || bits%8 != 0 || bits > maximumBits:
		return crypto.ErrKeyLength
	}
	return nil
}

// derive returns n bytes at least.
func (p Parties) derive(secret []byte, n int) []byte {
	out := make([]byte, 0, n+p.Hash.Size()) // so that it never grows and leaves a copy behind
	h := p.Hash.New()
	for counter := uint32(1); len(out) < n; counter++ {
		h.Reset()
		number := binary.BigEndian.AppendUint32(nil, counter)
		if p.Derivation == X963 {
			h.Write(secret)
			h.Write(number)
		} else {
			h.Write(number)
			h.Write(secret)
		}
		h.Write(p.Info)
		out = h.Sum(out)
	}
	return out
}
