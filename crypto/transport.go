package crypto

import (
	stdcrypto "crypto"
	"crypto/fips140"
	"crypto/rand"
	"crypto/rsa"
	"fmt"

	"github.com/posline/posline/internal/keymaterial"
)

// minimumRSA is the shortest RSA modulus, in bits, that keys travel under.
const minimumRSA = 2048

// AppendWrapRSA appends the key encrypted to an RSA public key to dst: RSAES-OAEP (RFC 8017) with the hash for both
// label and mask, and an empty label. The hash must be linked in; SHA-256 is. Errors: ErrExport for a key that is not
// exportable, ErrWeakKey for a modulus of less than 2048 bits, ErrUnsupported for a hash that is not linked,
// ErrKeyLength for a key too long for the modulus, ErrDestroyed.
func AppendWrapRSA(dst []byte, to *rsa.PublicKey, hash stdcrypto.Hash, key Key) ([]byte, error) {
	if err := checkHash(hash); err != nil {
		return dst, err
	}
	if to == nil || to.N == nil {
		return dst, ErrNoKey
	}
	if to.N.BitLen() < minimumRSA {
		return dst, ErrWeakKey
	}
	m, err := openForExport(key)
	if err != nil {
		return dst, err
	}
	defer m.Release()
	wrapped, err := rsa.EncryptOAEP(hash.New(), rand.Reader, to, m.Bytes(), nil)
	if err != nil {
		return dst, ErrKeyLength
	}
	return append(dst, wrapped...), nil
}

// UnwrapRSA makes a key of one that AppendWrapRSA encrypted, with the attributes the caller knows it to have. The
// decrypter is an *rsa.PrivateKey or stands for one in hardware. Every fault of the ciphertext is ErrVerify.
func UnwrapRSA(decrypter stdcrypto.Decrypter, hash stdcrypto.Hash, wrapped []byte, a Attributes, options ...Option) (Key, error) {
	if err := checkHash(hash); err != nil {
		return Key{}, err
	}
	bytes, err := decrypter.Decrypt(nil, wrapped, &rsa.OAEPOptions{Hash: hash})
	if err != nil {
		return Key{}, ErrVerify
	}
	defer clear(bytes)
	return NewKey(keymaterial.Grant(), a, bytes, options...)
}

func checkHash(hash stdcrypto.Hash) error {
	switch {
	case !hash.Available():
		return fmt.Errorf("%w: hash %d is not linked", ErrUnsupported, hash)
	case fips140.Enforced() && (hash == stdcrypto.MD5 || hash == stdcrypto.SHA1):
		return ErrFIPS
	}
	return nil
}
