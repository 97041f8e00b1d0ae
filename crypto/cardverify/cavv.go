package cardverify

import (
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// ForCAVV is the option of a card verification key that makes CAVVs, and no CVV: both are the same computation, so that who
// may have a CAVV of data he chooses would have the CVV2 of any card under a key for both. It goes with the key. Visa CAVV.
func ForCAVV(o *crypto.KeyOptions) { o.Permit(keymaterial.Grant(), keymaterial.CAVV) }

// Authentication is what a CAVV is computed over: Visa's proof that the cardholder was authenticated (3-D Secure,
// CAVV by the CVV method).
type Authentication struct {
	PAN           crypto.Hidden // 12 to 19 digits
	TransactionID string        // the last 4 digits of the authentication's identifier (the unpredictable number)
	Result        string        // 1 digit: the authentication result code
	SecondFactor  string        // 2 digits: the second factor authentication code
}

func (a Authentication) card() (Card, error) {
	if len(a.Result) != 1 || len(a.SecondFactor) != 2 {
		return Card{}, shape("authentication result")
	}
	return Card{PAN: a.PAN, Expiry: a.TransactionID, ServiceCode: a.Result + a.SecondFactor}, nil
}

// AppendCAVV appends the three digits of the CAVV to dst. A key made without ForCAVV is crypto.ErrUsage; the other errors are
// those of Append. Visa CAVV.
func AppendCAVV(dst []byte, key crypto.CVK, a Authentication) ([]byte, error) {
	card, err := a.card()
	if err != nil {
		return dst, err
	}
	if err := forCAVV(key, true); err != nil {
		return dst, err
	}
	return appendCVV(dst, key, card, crypto.OpGenerate)
}

// VerifyCAVV returns crypto.ErrVerify when the digits are not the authentication's CAVV. Visa CAVV.
func VerifyCAVV(key crypto.CVK, a Authentication, cavv string) error {
	card, err := a.card()
	if err != nil {
		return err
	}
	if err := forCAVV(key, true); err != nil {
		return err
	}
	return verifyCVV(key, card, cavv)
}

// forCAVV reports a *crypto.UsageError for a key that is for the other one of CAVV and CVV.
func forCAVV(key crypto.CVK, wanted bool) error {
	switch {
	case key.Key().Permits(keymaterial.CAVV) == wanted || key.Key().Bits() == 0:
		return nil
	case wanted:
		return &crypto.UsageError{Key: key.Attributes(), Want: "CAVV, without cardverify.ForCAVV"}
	}
	return &crypto.UsageError{Key: key.Attributes(), Want: "CVV, with cardverify.ForCAVV"}
}
