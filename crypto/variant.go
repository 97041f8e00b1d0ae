package crypto

import (
	"fmt"

	"github.com/posline/posline/crypto/internal/des"
	"github.com/posline/posline/internal/keymaterial"
)

// VariantScheme is an old way to encrypt a Triple DES key under another one, outside key blocks. None of them protects
// the key from being changed or says what it is for (see CarriesOnly); use key blocks where there is a choice. X9.17.
type VariantScheme byte

// The schemes. Thales names its own by the letter that precedes the encrypted key.
const (
	SchemeZ VariantScheme = 'Z' // Thales: a single-length key
	SchemeU VariantScheme = 'U' // Thales: double length, each half under a variant of its own
	SchemeT VariantScheme = 'T' // Thales: triple length, each third under a variant of its own
	SchemeX VariantScheme = 'X' // X9.17: double length, ECB; so UnionPay's terminals get their working keys
	SchemeY VariantScheme = 'Y' // X9.17: triple length, ECB
	SchemeF VariantScheme = 'F' // Futurex: any length, ECB under a modifier of the master key
)

// variants are what the variants 1 to 9 of a Thales local master key xor into its first byte.
var variants = [...]byte{0, 0xa6, 0x5a, 0x6a, 0xde, 0x2b, 0x50, 0x74, 0x9c, 0xfa}

// AppendWrapVariant appends the DES or Triple DES key, encrypted under a Triple DES key in an old scheme, to dst.
// variant is 0 to 9 for the Thales schemes (the key type's), a modifier of 0 to 31 for Futurex, 0 for X9.17. Errors:
// ErrExport for a key that is not Sensitive, ErrWeakKey when the wrapping key is weaker than the key or is the key itself,
// ErrKeyLength for a key whose length is not the scheme's, ErrUnsupported, ErrUsage, ErrDestroyed.
func AppendWrapVariant(dst []byte, kek KEK, scheme VariantScheme, variant int, key Key) ([]byte, error) {
	inner, err := openBare(kek, key)
	if err != nil {
		return dst, err
	}
	defer inner.Release()
	if !isDES(key.Attributes().Algorithm) {
		return dst, fmt.Errorf("%w: scheme %s for a key of algorithm %s", ErrUnsupported, printable(byte(scheme)), key.Attributes().Algorithm)
	}
	n := len(dst)
	out := append(dst, inner.Bytes()...)
	if err := wrapVariant(kek, OpEncrypt, scheme, variant, out[n:]); err != nil {
		clear(out[n:])
		return dst, err
	}
	return out, nil
}

// UnwrapVariant makes a key of one that AppendWrapVariant encrypted, with the attributes the caller knows it to have;
// they must be NonExportable (ErrExport). A wrong key or variant gives a wrong key, not an error: check its check value
// with CheckKCV, or ask for RequireParity. X9.17.
func UnwrapVariant(kek KEK, scheme VariantScheme, variant int, wrapped []byte, a Attributes, options ...Option) (Key, error) {
	if err := a.CheckBare(); err != nil {
		return Key{}, err
	}
	if err := kek.CheckCarries(a); err != nil {
		return Key{}, err
	}
	if !isDES(a.Algorithm) {
		return Key{}, fmt.Errorf("%w: scheme %s for a key of algorithm %s", ErrUnsupported, printable(byte(scheme)), a.Algorithm)
	}
	bytes := append([]byte(nil), wrapped...)
	defer clear(bytes)
	if err := wrapVariant(kek, OpDecrypt, scheme, variant, bytes); err != nil {
		return Key{}, err
	}
	return Receive(keymaterial.Grant(), Arrival{Under: kek.Key()}, a, bytes, options...)
}

// wrapVariant works in place.
func wrapVariant(kek KEK, op Operation, scheme VariantScheme, variant int, key []byte) error {
	m, err := kek.Open(keymaterial.Grant(), op)
	if err != nil {
		return err
	}
	defer m.Release()
	if _, ok := m.Block().(*des.Cipher); !ok {
		return fmt.Errorf("%w: scheme %s with algorithm %s", ErrUnsupported, printable(byte(scheme)), kek.Attributes().Algorithm)
	}
	if err := scheme.check(variant, len(key)); err != nil {
		return err
	}
	if len(m.Bytes()) < 16 {
		return fmt.Errorf("%w: the wrapping key is of single length", ErrUnsupported)
	}
	var c des.Cipher
	defer c.Wipe()
	master := append([]byte(nil), m.Bytes()...)
	defer clear(master)
	for i := 0; i < len(key); i += 8 {
		copy(master, m.Bytes())
		scheme.mask(master, variant, i/8)
		c.Init(master, m.Block().(*des.Cipher).Form())
		if op == OpEncrypt {
			c.Encrypt(key[i:], key[i:])
		} else {
			c.Decrypt(key[i:], key[i:])
		}
	}
	return nil
}

// check reports a scheme, variant or key length that do not go together.
func (s VariantScheme) check(variant, length int) error {
	lengths, known := map[VariantScheme][]int{
		SchemeZ: {8}, SchemeU: {16}, SchemeT: {24}, SchemeX: {16}, SchemeY: {24}, SchemeF: {8, 16, 24},
	}[s]
	limit := len(variants)
	switch s {
	case SchemeX, SchemeY:
		limit = 1
	case SchemeF:
		limit = 32
	}
	if !known || variant < 0 || variant >= limit {
		return fmt.Errorf("%w: scheme %s, variant %d", ErrUnsupported, printable(byte(s)), variant)
	}
	for _, n := range lengths {
		if length == n {
			return nil
		}
	}
	return ErrKeyLength
}

// mask turns the master key into the one that part of a key is encrypted under.
func (s VariantScheme) mask(master []byte, variant, part int) {
	switch s {
	case SchemeZ:
		master[0] ^= variants[variant]
	case SchemeU:
		master[0] ^= variants[variant]
		master[8] ^= [...]byte{0xa6, 0x5a}[part]
	case SchemeT:
		master[0] ^= variants[variant]
		master[8] ^= [...]byte{0x6a, 0xde, 0x2b}[part]
	case SchemeF:
		for i := 0; i < len(master); i += 8 {
			master[i] ^= byte(variant) << 3
		}
	}
}
