package oda

import (
	"bytes"
	"crypto/fips140"
	"crypto/sha1"
	"math/big"

	"github.com/posline/posline/crypto"
)

// PublicKey is an RSA key as EMV certificates carry it. Package crypto/rsa is of no use here: it refuses the short keys
// still on cards and signs in its own formats.
type PublicKey struct {
	Modulus  []byte // 64 to 256 bytes, the first not zero
	Exponent []byte // 03 or 010001
}

const (
	minimumModulus = 64
	maximumModulus = 256
)

var (
	exponent3     = []byte{3}
	exponent65537 = []byte{1, 0, 1}
)

// Validate returns ErrKey when the key is none that EMV allows.
func (k PublicKey) Validate() error {
	n := len(k.Modulus)
	odd := n > 0 && k.Modulus[n-1]&1 == 1 && k.Modulus[0] != 0
	exponent := bytes.Equal(k.Exponent, exponent3) || bytes.Equal(k.Exponent, exponent65537)
	if n < minimumModulus || n > maximumModulus || !odd || !exponent {
		return ErrKey
	}
	return nil
}

// apply raises a number as long as the modulus to the public exponent: recovery of a signature, encryption. All of it is
// public, except a PIN, and that is random data for the most part.
func (k PublicKey) apply(data []byte) ([]byte, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	return modExp(k.Modulus, k.Exponent, data)
}

func modExp(modulus, exponent, data []byte) ([]byte, error) {
	if err := allowed(); err != nil {
		return nil, err
	}
	n, x := new(big.Int).SetBytes(modulus), new(big.Int).SetBytes(data)
	if len(data) != len(modulus) || x.Cmp(n) >= 0 {
		return nil, ErrLength
	}
	x.Exp(x, new(big.Int).SetBytes(exponent), n)
	return x.FillBytes(make([]byte, len(modulus))), nil
}

// allowed refuses everything here while FIPS 140 mode is enforced: certificates stand on SHA-1 and short keys.
func allowed() error {
	if fips140.Enforced() {
		return crypto.ErrFIPS
	}
	return nil
}

// The marks of recovered data, and how much of it every format has beside what it carries: EMV Book 2 5 and 6.
const (
	header  = 0x6A
	trailer = 0xBC
	filler  = 0xBB

	formatIssuer  = 2
	formatStatic  = 3
	formatICC     = 4
	formatDynamic = 5

	hashSHA1 = 1
	keyRSA   = 1
	hashSize = 20
)

// signed is what a signature carried.
type signed struct {
	body []byte // from the format on, up to the hash
	hash []byte
}

// open recovers a signature and checks everything but the hash.
func (k PublicKey) open(format byte, signature []byte) (signed, error) {
	plain, err := k.apply(signature)
	if err != nil {
		return signed{}, err
	}
	return unwrap(format, plain)
}

// unwrap takes what was recovered apart; it is at least as long as the shortest modulus.
func unwrap(format byte, plain []byte) (signed, error) {
	end := len(plain) - 1
	if plain[0] != header || plain[end] != trailer || plain[1] != format {
		return signed{}, ErrFormat
	}
	return signed{body: plain[1 : end-hashSize], hash: plain[end-hashSize : end]}, nil
}

// verify checks the hash over what the signature carried and the data it is for.
func (s signed) verify(data ...[]byte) error {
	h := sha1.New()
	h.Write(s.body)
	for _, d := range data {
		h.Write(d)
	}
	if !bytes.Equal(h.Sum(nil), s.hash) {
		return ErrHash
	}
	return nil
}
