package cryptogram

import (
	"crypto/cipher"
	"crypto/subtle"
	"fmt"
	"math/bits"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// Derivation is how a card's key comes from its issuer's. The zero value is none and is refused.
type Derivation uint8

// The derivations of EMV Book 2 A1.4. Options A and B are for Triple DES, and for SM4 as PBOC 3.0 has it; option C is
// for AES, and gives keys as long as the issuer's or of the length in its name.
const (
	OptionA Derivation = iota + 1 // the last 16 digits of PAN and sequence number
	OptionB                       // for PANs of more than 16 digits, digits of their SHA-1; else option A
	OptionC                       // PAN and sequence number in one block of 16 bytes
	OptionC128
	OptionC192
	OptionC256
)

// key makes the field embedded below unexported, so that nobody builds a typed key around the check.
type key = crypto.Key

// A CardKey is the key of one card for one purpose: an ICC master key, also called unique derivation key. Its usage is
// the issuer key's: E0 for cryptograms, E1 for the confidentiality and E2 for the integrity of scripts, E4 for CVC3.
// Destroy it when it is no longer needed.
type CardKey struct{ key }

// Key returns the key itself.
func (k CardKey) Key() crypto.Key { return k.key }

// NewCardKey takes a key of usage E0 to E6 that may derive, as a card or its personalisation has it.
func NewCardKey(k crypto.Key) (CardKey, error) {
	if _, err := crypto.NewIMK(k); err != nil { // the usages are the same
		return CardKey{}, err
	}
	return CardKey{k}, k.Require(crypto.OpDerive)
}

// DeriveCardKey derives the key of a card from the issuer's, which must be of mode X or N. Keys of Triple DES get odd
// parity. Errors: ErrCard, crypto.ErrUsage, crypto.ErrDestroyed, and crypto.ErrUnsupported for a derivation that does
// not go with the cipher. EMV Book 2 A1.4.
func DeriveCardKey(imk crypto.IMK, card Card, option Derivation) (CardKey, error) {
	m, err := imk.Open(keymaterial.Grant(), crypto.OpDerive)
	if err != nil {
		return CardKey{}, err
	}
	defer m.Release()
	a := imk.Attributes()
	if err := doubleLength(a.Algorithm, imk.Bits()); err != nil {
		return CardKey{}, err
	}
	derived := new([32]byte)
	defer clear(derived[:])
	n, err := deriveCardKey(derived, m.Block(), a.Algorithm, card, option, imk.Bits()/8)
	if err != nil {
		return CardKey{}, err
	}
	a.Mode = crypto.ModeNoRestriction
	k, err := imk.Derive(keymaterial.Grant(), a, derived[:n])
	return CardKey{k}, err
}

// doubleLength refuses Triple DES keys of any other than double length, the only one EMV has.
func doubleLength(a crypto.Algorithm, bits int) error {
	if a == crypto.TDES && bits != 128 {
		return fmt.Errorf("%w: the key is not of double length", crypto.ErrUnsupported)
	}
	return nil
}

// deriveCardKey leaves the card's key at the front of dst and returns its length in bytes.
func deriveCardKey(dst *[32]byte, block cipher.Block, a crypto.Algorithm, card Card, o Derivation, issuerLength int) (int, error) {
	switch {
	case (o == OptionA || o == OptionB) && (a == crypto.TDES || a == crypto.SM4):
		y, err := card.seed(o)
		if err != nil {
			return 0, err
		}
		deriveFromSeed(dst, block, y)
		return 16, nil
	case o >= OptionC && o <= OptionC256 && a == crypto.AES:
		y, err := card.packed()
		if err != nil {
			return 0, err
		}
		copy(dst[:], y[:])
		complement(dst[16:], y[:])
		block.Encrypt(dst[:16], dst[:16])
		block.Encrypt(dst[16:], dst[16:])
		return map[Derivation]int{OptionC: issuerLength, OptionC128: 16, OptionC192: 24, OptionC256: 32}[o], nil
	}
	return 0, fmt.Errorf("%w: key derivation %d with cipher %s", crypto.ErrUnsupported, o, a)
}

// deriveFromSeed encrypts the digits and their complement: two blocks of Triple DES, one of SM4.
func deriveFromSeed(dst *[32]byte, block cipher.Block, y [8]byte) {
	copy(dst[:], y[:])
	complement(dst[8:16], y[:])
	encryptBlocks(block, dst[:16])
}

func complement(dst, src []byte) {
	for i, b := range src {
		dst[i] = ^b
	}
}

// encryptBlocks encrypts whole blocks in place, each by itself. What comes out of DES is taken for a key and gets odd
// parity.
func encryptBlocks(block cipher.Block, data []byte) {
	n := block.BlockSize()
	for i := 0; i < len(data); i += n {
		block.Encrypt(data[i:i+n], data[i:i+n])
	}
	if n == 8 {
		setOddParity(data)
	}
}

func setOddParity(data []byte) {
	for i, b := range data {
		data[i] = b&0xfe | byte(bits.OnesCount8(b&0xfe)&1^1)
	}
}

// VisaLimitedUseKey derives the key a Visa cloud-based payment card uses in place of its own for a few days. The digits,
// 1 to 14, are the year, the hours since its beginning and the number of the key within the hour. What comes out has
// the card key's usage.
func VisaLimitedUseKey(k CardKey, digits string) (CardKey, error) {
	m, err := k.Open(keymaterial.Grant(), crypto.OpDerive)
	if err != nil {
		return CardKey{}, err
	}
	defer m.Release()
	if len(digits) == 0 || len(digits) > 14 || k.Attributes().Algorithm != crypto.TDES {
		return CardKey{}, fmt.Errorf("%w: limited-use key of these digits", crypto.ErrUnsupported)
	}
	var nibbles [16]byte // the number of the half, the digits, an 8, zeros
	nibbles[len(digits)+1] = 8
	for i := range len(digits) {
		if nibbles[i+1] = digits[i] - '0'; nibbles[i+1] > 9 {
			return CardKey{}, fmt.Errorf("%w: limited-use key of these digits", crypto.ErrUnsupported)
		}
	}
	derived := new([16]byte)
	defer clear(derived[:])
	for half := range 2 {
		nibbles[0] = byte(half + 1)
		for i := range 8 {
			derived[8*half+i] = nibbles[2*i]<<4 | nibbles[2*i+1]
		}
	}
	encryptBlocks(m.Block(), derived[:])
	limited, err := k.Derive(keymaterial.Grant(), k.Attributes(), derived[:])
	return CardKey{limited}, err
}

// MChipDynamicNumber computes the ICC dynamic number of an M/Chip card: the counter, two zero octets and the
// unpredictable number under the card's key for it, of which the first two bytes. It stands in the issuer application
// data of online transactions.
func MChipDynamicNumber(k CardKey, counter uint16, number [4]byte) (idn [2]byte, err error) {
	m, err := k.Open(keymaterial.Grant(), crypto.OpDerive)
	if err != nil {
		return idn, err
	}
	defer m.Release()
	block := make([]byte, m.Block().BlockSize())
	block[0], block[1] = byte(counter>>8), byte(counter)
	copy(block[4:], number[:])
	m.Block().Encrypt(block, block)
	return [2]byte(block), nil
}

// xor xors src into dst, which is at least as long.
func xor(dst, src []byte) { subtle.XORBytes(dst, dst[:len(src)], src) }
