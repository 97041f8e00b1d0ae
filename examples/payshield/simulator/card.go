package simulator

import (
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/cardverify"
	"github.com/posline/posline/examples/payshield"
)

const cvvDigits = 3

// cvk reads a card verification key: a pair.
func (j *job) cvk() (crypto.CVK, error) {
	k, err := j.key(payshield.CVK, true)
	if err != nil {
		return crypto.CVK{}, err
	}
	if len(k.bytes) != 16 {
		return crypto.CVK{}, fault("27")
	}
	key, err := j.usable(k, crypto.UsageCVK, crypto.ModeNoRestriction)
	if err != nil {
		return crypto.CVK{}, err
	}
	return crypto.NewCVK(key)
}

// card reads a PAN, expiry and service code.
func (j *job) card() (crypto.CardData, error) {
	const longestPAN = 19
	card := crypto.CardData{PAN: crypto.Hide(j.r.Until(';', longestPAN)), Expiry: j.r.Digits(4), ServiceCode: j.r.Digits(3)}
	return card, j.end()
}

// cvv is CW.
func (j *job) cvv() error {
	key, err := j.cvk()
	if err != nil {
		return err
	}
	card, err := j.card()
	if err != nil {
		return err
	}
	value, err := cardverify.Append(nil, key, card)
	if err != nil {
		return fault("15")
	}
	j.w.Text(string(value))
	return nil
}

// verifyCVV is CY.
func (j *job) verifyCVV() error {
	key, err := j.cvk()
	if err != nil {
		return err
	}
	cvv := j.r.Digits(cvvDigits)
	card, err := j.card()
	if err != nil {
		return err
	}
	return cardverify.Verify(key, card, cvv)
}
