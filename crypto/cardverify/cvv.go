package cardverify

import (
	"crypto/subtle"
	"encoding/binary"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/internal/des"
	"github.com/posline/posline/internal/keymaterial"
)

// Card is crypto.CardData. For a CVV it has the expiry date and the service code as they are on the track, for a CVV2
// the service code "000", for an iCVV "999". The order of month and year is the issuer's choice; the digits are taken
// as given. ISO 7813.
type Card = crypto.CardData

// Lengths in digits.
const (
	minimumPAN, maximumPAN = 12, 19
	minimumDigits          = 3 // a shorter value is found digit by digit
	defaultDigits          = minimumDigits
	maximumDigits          = 5
	inputDigits            = 32 // two blocks
)

// Append appends the verification value to dst as digits. The key is a double-length Triple DES key, whose halves are
// the A and B keys of the pair; one made ForCAVV is crypto.ErrUsage. Errors: crypto.ErrDestroyed, crypto.ErrUnsupported for a key of another
// kind or data out of shape. With room in dst it allocates nothing. Visa CVV, Mastercard CVC.
func Append(dst []byte, key crypto.CVK, card Card) ([]byte, error) {
	if err := forCAVV(key, false); err != nil {
		return dst, err
	}
	return appendCVV(dst, key, card, crypto.OpGenerate)
}

// Verify returns crypto.ErrVerify when the digits are not the card's verification value, in its full length. Visa CVV,
// Mastercard CVC.
func Verify(key crypto.CVK, card Card, cvv string) error {
	if err := forCAVV(key, false); err != nil {
		return err
	}
	return verifyCVV(key, card, cvv)
}

func verifyCVV(key crypto.CVK, card Card, cvv string) error {
	var want [maximumDigits]byte
	digits, err := appendCVV(want[:0], key, card, crypto.OpVerify)
	if err != nil {
		return err
	}
	return compare(digits, cvv)
}

func compare(want []byte, got string) error {
	var b [maximumDigits + 1]byte
	n := copy(b[:], got)
	if subtle.ConstantTimeCompare(want, b[:n]) != 1 {
		return crypto.ErrVerify
	}
	return nil
}

func appendCVV(dst []byte, key crypto.CVK, card Card, op crypto.Operation) ([]byte, error) {
	n := card.Digits
	if n == 0 {
		n = defaultDigits
	}
	if n < minimumDigits || n > maximumDigits {
		return dst, fmt.Errorf("%w: %d digits", crypto.ErrUnsupported, card.Digits)
	}
	pan := card.PAN.Text()
	if len(pan) < minimumPAN || len(pan) > maximumPAN {
		return dst, shape("PAN")
	}
	var input digitWriter
	input.add("PAN", pan, len(pan))
	input.add("expiry date", card.Expiry, 4)
	input.add("service code", card.ServiceCode, 3)
	if input.err != nil {
		return dst, input.err
	}
	m, err := key.Open(keymaterial.Grant(), op)
	if err != nil {
		return dst, err
	}
	defer m.Release()
	c, ok := m.Block().(*des.Cipher)
	if !ok || c.Parts() != 2 {
		return dst, fmt.Errorf("%w: the key is not of double length", crypto.ErrUnsupported)
	}
	return input.finish(dst, c, n), nil
}

func shape(what string) error {
	return fmt.Errorf("%w: %s out of shape", crypto.ErrUnsupported, what)
}

// digitWriter packs digits, two a byte, into the two blocks a verification value is computed over.
type digitWriter struct {
	blocks [inputDigits / 2]byte
	n      int // digits
	err    error
}

// add packs exactly want digits of a field.
func (w *digitWriter) add(what, digits string, want int) {
	if len(digits) != want || w.n+want > inputDigits {
		w.fail(what)
		return
	}
	for i := range len(digits) {
		d := digits[i] - '0'
		if d > 9 {
			w.fail(what)
			return
		}
		w.blocks[w.n/2] |= d << (4 * (1 - w.n%2))
		w.n++
	}
}

func (w *digitWriter) fail(what string) {
	if w.err == nil {
		w.err = shape(what)
	}
}

// finish computes the value: the first block encrypted under the A key, xored with the second, encrypted under both;
// then its decimal digits from left to right, and after them its letters, A counting as 0.
func (w *digitWriter) finish(dst []byte, c *des.Cipher, n int) []byte {
	x := c.EncryptPart(0, binary.BigEndian.Uint64(w.blocks[:]))
	x = c.EncryptBlock(x ^ binary.BigEndian.Uint64(w.blocks[8:]))
	for _, letters := range []bool{false, true} {
		for shift := 60; shift >= 0 && n > 0; shift -= 4 {
			d := byte(x >> shift & 15)
			if (d > 9) != letters {
				continue
			}
			if letters {
				d -= 10
			}
			dst = append(dst, '0'+d)
			n--
		}
	}
	return dst
}
