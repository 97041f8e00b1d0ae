package oda

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"math/big"
)

// A KeyPair signs as a certification authority, an issuer or a card. It is for simulators and tests: its arithmetic is
// not constant-time, and real keys of that kind stay in hardware. It prints nothing of the private key.
type KeyPair struct {
	public  PublicKey
	private []byte
}

// Public returns the public key.
func (k KeyPair) Public() PublicKey { return k.public }

// Format hides the pair, whatever the verb.
func (KeyPair) Format(f fmt.State, _ rune) { fmt.Fprint(f, "KeyPair(hidden)") }

// MarshalText hides the pair.
func (KeyPair) MarshalText() ([]byte, error) { return []byte("KeyPair(hidden)"), nil }

// NewKeyPair makes a pair of its numbers, big-endian, which it copies. ErrKey: they are no pair.
func NewKeyPair(modulus, exponent, private []byte) (KeyPair, error) {
	k := KeyPair{PublicKey{bytes.Clone(modulus), bytes.Clone(exponent)}, bytes.Clone(private)}
	probe := make([]byte, len(modulus))
	if len(probe) == 0 {
		return KeyPair{}, ErrKey
	}
	probe[len(probe)-1] = 2
	signature, err := k.public.apply(probe)
	if err != nil {
		return KeyPair{}, err
	}
	if back, err := k.apply(signature); err != nil || !bytes.Equal(back, probe) {
		return KeyPair{}, ErrKey
	}
	return k, nil
}

// GenerateKeyPair makes a pair with the exponent 3 and a modulus of so many bits: 512 to 2048, a multiple of 16.
// ErrKey: other lengths.
func GenerateKeyPair(bits int) (KeyPair, error) {
	if bits < 8*minimumModulus || bits > 8*maximumModulus || bits%16 != 0 {
		return KeyPair{}, ErrKey
	}
	one, three := big.NewInt(1), big.NewInt(3)
	for {
		p, err := rand.Prime(rand.Reader, bits/2)
		if err != nil {
			return KeyPair{}, err
		}
		q, err := rand.Prime(rand.Reader, bits/2)
		if err != nil {
			return KeyPair{}, err
		}
		n := new(big.Int).Mul(p, q)
		phi := new(big.Int).Mul(p.Sub(p, one), q.Sub(q, one))
		d := new(big.Int).ModInverse(three, phi)
		if d == nil || n.BitLen() != bits {
			continue
		}
		return KeyPair{PublicKey{n.Bytes(), bytes.Clone(exponent3)}, d.Bytes()}, nil
	}
}

// apply raises a number as long as the modulus to the private exponent.
func (k KeyPair) apply(data []byte) ([]byte, error) {
	if err := k.public.Validate(); err != nil {
		return nil, err
	}
	return modExp(k.public.Modulus, k.private, data)
}
