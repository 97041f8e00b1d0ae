package cardverify

import "github.com/posline/posline/crypto"

// DCVV is the track data of a contactless magnetic-stripe transaction of Visa: the counter stands in the place of the
// first four digits of the PAN.
type DCVV struct {
	Dynamic
	Expiry      string // 4 digits as on the track
	ServiceCode string // 3 digits
	Counter     string // application transaction counter, 4 digits as on the track
}

// AppendDCVV appends the three digits of the dCVV to dst. The key is an EMV issuer master key of usage E0, E4 or E6,
// from which the card's is derived. Errors: crypto.ErrUsage, crypto.ErrDestroyed, crypto.ErrUnsupported. Visa dCVV.
func AppendDCVV(dst []byte, imk crypto.IMK, d DCVV) ([]byte, error) {
	pan := d.PAN.Text()
	if len(pan) < minimumPAN || len(pan) > maximumPAN {
		return dst, shape("PAN")
	}
	var input digitWriter
	input.add("counter", d.Counter, 4)
	input.add("PAN", pan[4:], len(pan)-4)
	input.add("expiry date", d.Expiry, 4)
	input.add("service code", d.ServiceCode, 3)
	if input.err != nil {
		return dst, input.err
	}
	c, err := cardCipher(imk, d.Dynamic)
	if err != nil {
		return dst, err
	}
	defer c.Wipe()
	return input.finish(dst, c, defaultDigits), nil
}

// VerifyDCVV returns crypto.ErrVerify when the digits are not the transaction's dCVV. Visa dCVV.
func VerifyDCVV(imk crypto.IMK, d DCVV, dcvv string) error {
	want, err := AppendDCVV(nil, imk, d)
	if err != nil {
		return err
	}
	return compare(want, dcvv)
}

// CVC3 is the data of a contactless magnetic-stripe transaction of Mastercard, for the issuer. What the card computes, and
// from a key of its own, is in emv/cryptogram: MastercardCVC3, MastercardIVCVC3.
type CVC3 struct {
	Dynamic
	Track   crypto.Hidden // the static track data, from which the card's IVCVC3 was computed
	Number  uint32        // the reader's unpredictable number, in the form it was sent (BCD)
	Counter uint16        // application transaction counter
}

// AppendCVC3 appends the five digits of the CVC3 to dst; the track carries the last ones. The key is an EMV issuer
// master key of usage E4 (or E0, E6), from which the card's is derived. Errors: crypto.ErrUsage, crypto.ErrDestroyed,
// crypto.ErrUnsupported. Mastercard CVC3.
func AppendCVC3(dst []byte, imk crypto.IMK, d CVC3) ([]byte, error) {
	c, err := cardCipher(imk, d.Dynamic)
	if err != nil {
		return dst, err
	}
	defer c.Wipe()
	track := d.Track.Text()
	padded := make([]byte, len(track)/8*8+8)
	padded[copy(padded, track)] = 0x80
	iv := c.CBCPart(0, 0, padded)
	iv = c.EncryptPart(0, c.DecryptPart(1, iv)) & 0xffff
	x := c.EncryptBlock(iv<<48 | uint64(d.Number)<<16 | uint64(d.Counter))
	var digits [5]byte
	n := x & 0xffff
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = '0' + byte(n%10)
		n /= 10
	}
	return append(dst, digits[:]...), nil
}

// VerifyCVC3 returns crypto.ErrVerify when the digits are not the last digits of the transaction's CVC3. A track has
// room for 3 to 5 of them; fewer are refused. Mastercard CVC3.
func VerifyCVC3(imk crypto.IMK, d CVC3, cvc3 string) error {
	want, err := AppendCVC3(nil, imk, d)
	if err != nil {
		return err
	}
	if len(cvc3) < 3 || len(cvc3) > len(want) {
		return crypto.ErrVerify
	}
	return compare(want[len(want)-len(cvc3):], cvc3)
}
