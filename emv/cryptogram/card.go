package cryptogram

import (
	"crypto/fips140"
	"crypto/sha1"
	"encoding/binary"
	"fmt"

	"github.com/posline/posline/crypto"
)

// A Card names the card whose keys are derived. It prints nothing of itself.
type Card struct {
	PAN      crypto.Hidden // 8 to 19 digits
	Sequence string        // PAN sequence number (5F34, field 23), 2 digits; "" means "00"
}

// Format hides the card, whatever the verb.
func (Card) Format(f fmt.State, _ rune) { fmt.Fprint(f, "Card(hidden)") }

// MarshalText hides the card, so that logs and JSON hold nothing of it.
func (Card) MarshalText() ([]byte, error) { return []byte("Card(hidden)"), nil }

// MarshalBinary always fails, and with it encoding/gob: crypto.ErrExport.
func (Card) MarshalBinary() ([]byte, error) { return nil, crypto.ErrExport }

const (
	minimumPAN = 8
	maximumPAN = 19
)

// packed returns PAN and sequence number as packed digits, right-justified in 16 bytes, zeros before them.
func (c Card) packed() (y [16]byte, err error) {
	sequence := c.Sequence
	if sequence == "" {
		sequence = "00"
	}
	pan := c.PAN.Text()
	if len(pan) < minimumPAN || len(pan) > maximumPAN || len(sequence) != 2 {
		return y, ErrCard
	}
	digits := pan + sequence
	for i := range len(digits) {
		d := digits[len(digits)-1-i] - '0'
		if d > 9 {
			return y, ErrCard
		}
		y[15-i/2] |= d << (4 * (i % 2))
	}
	return y, nil
}

// seed returns the 16 digits that keys of option A and B are derived from.
func (c Card) seed(o Derivation) ([8]byte, error) {
	y, err := c.packed()
	if err != nil {
		return [8]byte{}, err
	}
	if n := len(c.PAN.Text()); o == OptionB && n > 16 {
		if fips140.Enforced() {
			return [8]byte{}, crypto.ErrFIPS // crypto/sha1 would panic
		}
		used := (n + 2 + 1) / 2 // an odd number of digits gets a zero before it
		return decimalize(sha1.Sum(y[16-used:])), nil
	}
	return [8]byte(y[8:]), nil
}

// decimalize takes the first 16 digits of a hash in hexadecimal: first the decimal ones, then the letters, A counting
// as 0. EMV Book 2 A1.4.2.
func decimalize(sum [sha1.Size]byte) (digits [8]byte) {
	var word uint64
	n := 0
	for _, letters := range []bool{false, true} {
		for i := 0; i < 2*len(sum) && n < 16; i++ {
			d := sum[i/2] >> (4 * (1 - i%2)) & 15
			if (d > 9) != letters {
				continue
			}
			word = word<<4 | uint64(d%10)
			n++
		}
	}
	binary.BigEndian.PutUint64(digits[:], word)
	return digits
}
