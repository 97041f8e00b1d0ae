package cardverify

import "github.com/posline/posline/crypto"

// Authentication is what a CAVV is computed over: Visa's proof that the cardholder was authenticated (3-D Secure,
// CAVV by the CVV method).
type Authentication struct {
	PAN           string // 12 to 19 digits
	TransactionID string // the last 4 digits of the authentication's identifier (the unpredictable number)
	Result        string // 1 digit: the authentication result code
	SecondFactor  string // 2 digits: the second factor authentication code
}

// String hides the card data.
func (Authentication) String() string { return "Authentication(hidden)" }

// GoString hides the card data.
func (Authentication) GoString() string { return "Authentication(hidden)" }

// MarshalText hides the card data.
func (Authentication) MarshalText() ([]byte, error) { return []byte("Authentication(hidden)"), nil }

func (a Authentication) card() (Card, error) {
	if len(a.Result) != 1 || len(a.SecondFactor) != 2 {
		return Card{}, shape("authentication result")
	}
	return Card{PAN: a.PAN, Expiry: a.TransactionID, ServiceCode: a.Result + a.SecondFactor}, nil
}

// AppendCAVV appends the three digits of the CAVV to dst. Errors are those of Append.
func AppendCAVV(dst []byte, key crypto.CVK, a Authentication) ([]byte, error) {
	card, err := a.card()
	if err != nil {
		return dst, err
	}
	return Append(dst, key, card)
}

// VerifyCAVV returns crypto.ErrVerify when the digits are not the authentication's CAVV.
func VerifyCAVV(key crypto.CVK, a Authentication, cavv string) error {
	card, err := a.card()
	if err != nil {
		return err
	}
	return Verify(key, card, cavv)
}
