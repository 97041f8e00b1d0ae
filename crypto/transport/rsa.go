// Package transport moves keys under RSA where neither key blocks nor a shared symmetric key is there yet.
//
// [AppendWrap] encrypts a key to a public key and [Unwrap] makes a key of it again: RSAES-OAEP (RFC 8017 section 7.1)
// with an empty label. The package stands apart so that a terminal without RSA does not link it. It does no
// certificates; crypto/tr34 does.
//
// # Security
//
// RSA transport binds no attributes to the key and does not say who sent it. Only a Sensitive key may leave so, and
// what is unwrapped may not leave again. Everything that may be wrong with a ciphertext is crypto.ErrVerify.
package transport

import (
	stdcrypto "crypto"
	"crypto/fips140"
	"crypto/rand"
	"crypto/rsa"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// minimumRSA is the shortest modulus, in bits, that keys travel under (SP 800-131A).
const minimumRSA = 2048

// AppendWrap appends the key encrypted to an RSA public key to dst: RSAES-OAEP (RFC 8017 section 7.1) with the hash for
// both label and mask. The hash must be linked in; SHA-256 is. Errors: crypto.ErrExport for a key that is not Sensitive,
// crypto.ErrWeakKey for a modulus of less than 2048 bits or weaker than the key (SP 800-57 part 1 table 2: 2048 bits
// carry Triple DES, 3072 AES-128), crypto.ErrUnsupported for a hash that is not linked, crypto.ErrKeyLength for a key too
// long for the modulus, crypto.ErrDestroyed.
func AppendWrap(dst []byte, to *rsa.PublicKey, hash stdcrypto.Hash, key crypto.Key) ([]byte, error) {
	if err := checkHash(hash); err != nil {
		return dst, err
	}
	if to == nil || to.N == nil {
		return dst, crypto.ErrNoKey
	}
	m, err := key.OpenToLeave(keymaterial.Grant(), keymaterial.Bare)
	if err != nil {
		return dst, err
	}
	defer m.Release()
	bits := to.N.BitLen()
	if bits < minimumRSA || crypto.ModulusStrength(bits) < key.Strength() {
		return dst, fmt.Errorf("%w: a modulus of %d bits", crypto.ErrWeakKey, bits)
	}
	wrapped, err := rsa.EncryptOAEP(hash.New(), rand.Reader, to, m.Bytes(), nil)
	if err != nil {
		return dst, crypto.ErrKeyLength
	}
	return append(dst, wrapped...), nil
}

// Unwrap makes a key of one that AppendWrap encrypted, with the attributes the caller knows it to have; they must be
// crypto.NonExportable (crypto.ErrExport). The decrypter is an *rsa.PrivateKey or stands for one in hardware; none is
// crypto.ErrNoKey. Every fault of the ciphertext is crypto.ErrVerify. RFC 8017 section 7.1.2.
func Unwrap(decrypter stdcrypto.Decrypter, hash stdcrypto.Hash, wrapped []byte, a crypto.Attributes, options ...crypto.Option) (crypto.Key, error) {
	if err := a.CheckBare(); err != nil {
		return crypto.Key{}, err
	}
	if err := checkHash(hash); err != nil {
		return crypto.Key{}, err
	}
	if private, ok := decrypter.(*rsa.PrivateKey); decrypter == nil || ok && private == nil {
		return crypto.Key{}, crypto.ErrNoKey
	}
	bytes, err := decrypter.Decrypt(nil, wrapped, &rsa.OAEPOptions{Hash: hash})
	if err != nil {
		return crypto.Key{}, crypto.ErrVerify
	}
	defer clear(bytes)
	return crypto.Receive(keymaterial.Grant(), crypto.Arrival{}, a, bytes, options...)
}

func checkHash(hash stdcrypto.Hash) error {
	switch {
	case !hash.Available():
		return fmt.Errorf("%w: %s is not linked", crypto.ErrUnsupported, hash)
	case fips140.Enforced() && broken(hash):
		return crypto.ErrFIPS
	}
	return nil
}

// broken hashes are not those of FIPS 140 mode (SP 800-131A section 9).
func broken(hash stdcrypto.Hash) bool { return hash == stdcrypto.MD5 || hash == stdcrypto.SHA1 }
