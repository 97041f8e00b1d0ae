package cardverify

import (
	"crypto/fips140"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/internal/des"
	"github.com/posline/posline/internal/keymaterial"
)

// Derivation says how a card's key comes from the issuer's (EMV Book 2 A1.4).
type Derivation uint8

// The derivations.
const (
	OptionA       Derivation = iota // the last 16 digits of PAN and sequence number
	OptionB                         // for PANs of more than 16 digits, digits of their SHA-1; else option A
	OptionBHashed                   // option B's SHA-1 whatever the length of the PAN, as some systems have it
)

// Dynamic is the data of a card whose verification value changes with every transaction. EMV Book 2 A1.4.
type Dynamic struct {
	PAN        crypto.Hidden // 12 to 19 digits
	Sequence   string        // PAN sequence number, 2 digits; "" means "00"
	Derivation Derivation
}

// seed returns the 16 digits a card key is derived from, in a word.
func (d Dynamic) seed() (uint64, error) {
	sequence := d.Sequence
	if sequence == "" {
		sequence = "00"
	}
	pan := d.PAN.Text()
	if len(pan) < minimumPAN || len(pan) > maximumPAN || !allDigits(pan) {
		return 0, shape("PAN")
	}
	if len(sequence) != 2 || !allDigits(sequence) {
		return 0, shape("PAN sequence number")
	}
	digits := pan + sequence
	hashed := d.Derivation == OptionBHashed || d.Derivation == OptionB && len(pan) > 16
	if d.Derivation > OptionBHashed {
		return 0, fmt.Errorf("%w: unknown derivation of the card's key", crypto.ErrUnsupported)
	}
	if len(digits)%2 == 1 {
		digits = "0" + digits
	}
	packed, _ := hex.DecodeString(digits)
	if hashed && fips140.Enforced() {
		return 0, crypto.ErrFIPS // crypto/sha1 would panic
	}
	if hashed {
		return hashedDigits(packed), nil
	}
	var block [8]byte // seven bytes at least are there: 12 digits and 2
	copy(block[max(0, 8-len(packed)):], packed[max(0, len(packed)-8):])
	return binary.BigEndian.Uint64(block[:]), nil
}

// hashedDigits takes the first 16 digits of the SHA-1 in hexadecimal: first the decimal ones, then the letters, A
// counting as 0.
func hashedDigits(packed []byte) (seed uint64) {
	sum := sha1.Sum(packed)
	n := 0
	for _, letters := range []bool{false, true} {
		for i := 0; i < 2*len(sum) && n < 16; i++ {
			d := sum[i/2] >> (4 * (1 - i%2)) & 15
			if (d > 9) != letters {
				continue
			}
			if letters {
				d -= 10
			}
			seed = seed<<4 | uint64(d)
			n++
		}
	}
	return seed
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// cardCipher derives the card's key from the issuer's and expands it, without parity, which DES does not read. Wipe must
// follow.
func cardCipher(imk crypto.IMK, d Dynamic) (*des.Cipher, error) {
	if err := imk.Require(crypto.OpDerive, crypto.UsageEMVCryptogram, crypto.UsageEMVDynamic, crypto.UsageEMVOther); err != nil {
		return nil, err
	}
	m, err := imk.Open(keymaterial.Grant(), crypto.OpDerive)
	if err != nil {
		return nil, err
	}
	defer m.Release()
	issuer, ok := m.Block().(*des.Cipher)
	if !ok || issuer.Parts() != 2 {
		return nil, fmt.Errorf("%w: the key is not of double length", crypto.ErrUnsupported)
	}
	seed, err := d.seed()
	if err != nil {
		return nil, err
	}
	var key [16]byte
	defer clear(key[:])
	binary.BigEndian.PutUint64(key[:], issuer.EncryptBlock(seed))
	binary.BigEndian.PutUint64(key[8:], issuer.EncryptBlock(^seed))
	c := new(des.Cipher)
	c.Init(key[:], issuer.Form())
	return c, nil
}
