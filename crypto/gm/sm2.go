package gm

import (
	"crypto/ecdsa"
	"crypto/fips140"
	"crypto/rand"
	"encoding/asn1"
	"fmt"
	"math/big"

	"github.com/emmansun/gmsm/sm2"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// Sizes in bytes (GB/T 32918).
const (
	scalarSize    = 32
	PublicKeySize = 65             // 04, x, y
	SignatureSize = 2 * scalarSize // r, s
	maximumText   = 1 << 20        // the longest message to encrypt or decrypt
)

// defaultID is the signer's identity where the parties agreed on none (GM/T 0009).
const defaultID = "1234567812345678"

// curve names sm2p256v1 in a private key.
var curve = asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 301}

// privateKeyDER is an ECPrivateKey (RFC 5915), which is what an X9.143 key block carries.
type privateKeyDER struct {
	Version   int
	Scalar    []byte
	Curve     asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
	PublicKey asn1.BitString        `asn1:"optional,explicit,tag:1"`
}

// EncodePrivateKey returns a private scalar of 32 bytes as the bytes an SM2 crypto.Key is made of, for clearkey.Import.
// A scalar that is no private key is crypto.ErrUnsupported. RFC 5915.
func EncodePrivateKey(scalar []byte) ([]byte, error) {
	pair, err := newPair(scalar)
	if err != nil {
		return nil, err
	}
	public := publicKey(&pair.PublicKey)
	return asn1.Marshal(privateKeyDER{1, scalar, curve, asn1.BitString{Bytes: public[:], BitLength: 8 * len(public)}})
}

func newPair(scalar []byte) (*sm2.PrivateKey, error) {
	if fips140.Enforced() {
		return nil, crypto.ErrFIPS
	}
	pair, err := sm2.NewPrivateKey(scalar)
	if err != nil {
		return nil, fmt.Errorf("%w: not an SM2 private key", crypto.ErrUnsupported)
	}
	return pair, nil
}

// key makes the embedded field below unexported, so that nobody builds a PrivateKey around the checks.
type key = crypto.Key

// A PrivateKey is an SM2 key pair. It refers to a crypto.Key, whose mode of use says whether it may sign or decrypt;
// its zero value holds none: crypto.ErrNoKey. GB/T 32918.
type PrivateKey struct{ key }

// NewPrivateKey takes a key of algorithm EC, usage S0, S1 or S2 for signatures, D1 or S2 for decryption, K3 for keys, whose bytes
// are those of EncodePrivateKey. Errors: a *crypto.UsageError, crypto.ErrUnsupported for another curve or form,
// crypto.ErrFIPS.
func NewPrivateKey(k crypto.Key) (PrivateKey, error) {
	p := PrivateKey{k}
	m, err := k.Unguarded(keymaterial.Grant())
	if err != nil {
		return PrivateKey{}, err
	}
	defer m.Release()
	if k.Attributes().Algorithm != crypto.EC {
		return PrivateKey{}, &crypto.UsageError{Key: k.Attributes(), Want: "algorithm E"}
	}
	if _, err := decode(m.Bytes()); err != nil {
		return PrivateKey{}, err
	}
	return p, nil
}

// GeneratePrivateKey makes a random key pair with the attributes given: algorithm EC. GB/T 32918.1.
func GeneratePrivateKey(a crypto.Attributes) (PrivateKey, error) {
	if fips140.Enforced() {
		return PrivateKey{}, crypto.ErrFIPS
	}
	pair, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		return PrivateKey{}, err
	}
	scalar := pair.D.FillBytes(make([]byte, scalarSize))
	defer clear(scalar)
	der, err := EncodePrivateKey(scalar)
	if err != nil {
		return PrivateKey{}, err
	}
	defer clear(der)
	k, err := crypto.NewKey(keymaterial.Grant(), a, der)
	if err != nil {
		return PrivateKey{}, err
	}
	return NewPrivateKey(k)
}

// Key returns the key itself.
func (p PrivateKey) Key() crypto.Key { return p.key }

func decode(der []byte) (*sm2.PrivateKey, error) {
	var d privateKeyDER
	rest, err := asn1.Unmarshal(der, &d)
	if err != nil || len(rest) > 0 || d.Version != 1 || !d.Curve.Equal(curve) {
		return nil, fmt.Errorf("%w: not an SM2 private key", crypto.ErrUnsupported)
	}
	return newPair(d.Scalar)
}

// Public returns the public key.
func (p PrivateKey) Public() (PublicKey, error) {
	m, err := p.Unguarded(keymaterial.Grant())
	if err != nil {
		return PublicKey{}, err
	}
	defer m.Release()
	pair, err := decode(m.Bytes())
	if err != nil {
		return PublicKey{}, err
	}
	return publicKey(&pair.PublicKey), nil
}

// AppendSign appends the signature of the message, r and s of 32 bytes each, to dst (GB/T 32918.2 with SM3). id is the
// signer's identity; nil stands for "1234567812345678". Errors: a *crypto.UsageError, crypto.ErrDestroyed,
// crypto.ErrFIPS.
func (p PrivateKey) AppendSign(dst, id, message []byte) ([]byte, error) {
	pair, err := p.pair(crypto.OpSign, crypto.UsageSignature, crypto.UsageCA, crypto.UsageAsymmetric)
	if err != nil {
		return dst, err
	}
	der, err := pair.SignWithSM2(rand.Reader, identity(id), message)
	if err != nil {
		return dst, fmt.Errorf("%w: signature", crypto.ErrUnsupported)
	}
	var s struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &s); err != nil {
		return dst, fmt.Errorf("%w: signature", crypto.ErrUnsupported)
	}
	var raw [SignatureSize]byte
	s.R.FillBytes(raw[:scalarSize])
	s.S.FillBytes(raw[scalarSize:])
	return append(dst, raw[:]...), nil
}

// AppendDecrypt appends the plaintext to dst (GB/T 32918.4: C1, C3, C2 with C1 uncompressed). A ciphertext that was
// changed is crypto.ErrVerify. A key of usage K3 is for Unwrap.
func (p PrivateKey) AppendDecrypt(dst, ciphertext []byte) ([]byte, error) {
	plaintext, err := p.decrypt(ciphertext, crypto.UsageAsymmetricData, crypto.UsageAsymmetric)
	if err != nil {
		return dst, err
	}
	return append(dst, plaintext...), nil
}

func (p PrivateKey) decrypt(ciphertext []byte, usages ...crypto.Usage) ([]byte, error) {
	pair, err := p.pair(crypto.OpDecrypt, usages...)
	if err != nil {
		return nil, err
	}
	if len(ciphertext) > maximumText || len(ciphertext) == 0 || ciphertext[0] != 4 {
		return nil, crypto.ErrVerify
	}
	plaintext, err := sm2.Decrypt(pair, ciphertext)
	if err != nil {
		return nil, crypto.ErrVerify
	}
	return plaintext, nil
}

func (p PrivateKey) pair(op crypto.Operation, usages ...crypto.Usage) (*sm2.PrivateKey, error) {
	if err := p.Require(op, usages...); err != nil {
		return nil, err
	}
	m, err := p.Open(keymaterial.Grant(), op)
	if err != nil {
		return nil, err
	}
	defer m.Release()
	return decode(m.Bytes())
}

// A PublicKey is a point on sm2p256v1, uncompressed: 04, x, y. It is comparable; the zero value is none and verifies
// nothing. GB/T 32918.
type PublicKey [PublicKeySize]byte

// ParsePublicKey copies a public key of 65 bytes. A point that is not on the curve is crypto.ErrUnsupported. GB/T
// 32918.1.
func ParsePublicKey(b []byte) (PublicKey, error) {
	if len(b) != PublicKeySize {
		return PublicKey{}, fmt.Errorf("%w: a public key of %d bytes", crypto.ErrUnsupported, len(b))
	}
	k := PublicKey(b)
	if _, err := k.point(); err != nil {
		return PublicKey{}, err
	}
	return k, nil
}

func publicKey(p *ecdsa.PublicKey) (k PublicKey) {
	k[0] = 4
	p.X.FillBytes(k[1 : 1+scalarSize]) //lint:ignore SA1019 gmsm's keys have no other access
	p.Y.FillBytes(k[1+scalarSize:])    //lint:ignore SA1019 gmsm's keys have no other access
	return k
}

func (k PublicKey) point() (*ecdsa.PublicKey, error) {
	if fips140.Enforced() {
		return nil, crypto.ErrFIPS
	}
	p, err := sm2.NewPublicKey(k[:])
	if err != nil {
		return nil, fmt.Errorf("%w: not an SM2 public key", crypto.ErrUnsupported)
	}
	return p, nil
}

// Verify returns crypto.ErrVerify when the 64 bytes are not the key's signature of the message under the identity.
func (k PublicKey) Verify(id, message, signature []byte) error {
	p, err := k.point()
	if err != nil {
		return err
	}
	if len(signature) != SignatureSize {
		return crypto.ErrVerify
	}
	der, err := asn1.Marshal(struct{ R, S *big.Int }{
		new(big.Int).SetBytes(signature[:scalarSize]), new(big.Int).SetBytes(signature[scalarSize:]),
	})
	if err != nil || !sm2.VerifyASN1WithSM2(p, identity(id), message, der) {
		return crypto.ErrVerify
	}
	return nil
}

// AppendEncrypt appends the plaintext, encrypted to the key, to dst: C1, C3, C2. The plaintext has 1 byte to 1 MiB:
// else crypto.ErrLength.
func (k PublicKey) AppendEncrypt(dst, plaintext []byte) ([]byte, error) {
	p, err := k.point()
	if err != nil {
		return dst, err
	}
	if len(plaintext) == 0 || len(plaintext) > maximumText-PublicKeySize-scalarSize {
		return dst, crypto.ErrLength
	}
	ciphertext, err := sm2.Encrypt(rand.Reader, p, plaintext, nil)
	if err != nil {
		return dst, fmt.Errorf("%w: encryption", crypto.ErrUnsupported)
	}
	return append(dst, ciphertext...), nil
}

func identity(id []byte) []byte {
	if id == nil {
		return []byte(defaultID)
	}
	return id
}
