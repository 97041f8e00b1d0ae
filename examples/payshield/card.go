package payshield

import (
	"context"
	"fmt"

	"github.com/posline/posline/crypto"
)

var _ crypto.CardVerifier = (*Client)(nil)

// cvvDigits are all the digits the device makes of a card verification value.
const cvvDigits = 3

// AppendCVV has the device compute a card verification value (CW), of three digits; more are crypto.ErrUnsupported, and so
// are card data out of shape.
func (c *Client) AppendCVV(ctx context.Context, dst []byte, key crypto.KeyRef, card crypto.CardData) ([]byte, error) {
	k, err := cvk(key, crypto.OpGenerate, card)
	if err != nil {
		return dst, err
	}
	return c.digits(ctx, dst, "CW", cvvDigits, func(w *request) { w.Text(k.text, cardFields(card)) })
}

// VerifyCVV has the device compare a card verification value (CY). Another than the card's is crypto.ErrVerify; other
// errors are those of AppendCVV.
func (c *Client) VerifyCVV(ctx context.Context, key crypto.KeyRef, card crypto.CardData, cvv string) error {
	k, err := cvk(key, crypto.OpVerify, card)
	if err != nil {
		return err
	}
	if len(cvv) != cvvDigits || !digits(cvv) {
		return crypto.ErrVerify
	}
	return c.do(ctx, "CY", func(w *request) { w.Text(k.text, cvv, cardFields(card)) })
}

func cvk(ref crypto.KeyRef, op crypto.Operation, card crypto.CardData) (Key, error) {
	k, err := keyOf(ref, op, crypto.UsageCVK)
	if err != nil {
		return Key{}, err
	}
	pan := card.PAN.Text()
	switch {
	case len(pan) < 12 || len(pan) > 19 || !digits(pan):
		return Key{}, fmt.Errorf("%w: PAN", crypto.ErrUnsupported)
	case len(card.Expiry) != 4 || !digits(card.Expiry):
		return Key{}, fmt.Errorf("%w: expiry", crypto.ErrUnsupported)
	case len(card.ServiceCode) != 3 || !digits(card.ServiceCode):
		return Key{}, fmt.Errorf("%w: service code", crypto.ErrUnsupported)
	case card.Digits != 0 && card.Digits != cvvDigits:
		return Key{}, fmt.Errorf("%w: a card verification value of %d digits", crypto.ErrUnsupported, card.Digits)
	}
	return k, nil
}

func cardFields(card crypto.CardData) string {
	return card.PAN.Text() + ";" + card.Expiry + card.ServiceCode
}
