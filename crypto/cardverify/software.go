package cardverify

import (
	"context"

	"github.com/posline/posline/crypto"
)

// Software is the crypto.CardVerifier that computes in this process. Its keys are a crypto.Key or a crypto.CVK. The
// zero value is ready. Visa CVV, Mastercard CVC.
type Software struct{}

var _ crypto.CardVerifier = Software{}

// AppendCVV is Append.
func (Software) AppendCVV(_ context.Context, dst []byte, key crypto.KeyRef, card Card) ([]byte, error) {
	k, err := cvk(key)
	if err != nil {
		return dst, err
	}
	return Append(dst, k, card)
}

// VerifyCVV is Verify.
func (Software) VerifyCVV(_ context.Context, key crypto.KeyRef, card Card, cvv string) error {
	k, err := cvk(key)
	if err != nil {
		return err
	}
	return Verify(k, card, cvv)
}

func cvk(ref crypto.KeyRef) (crypto.CVK, error) {
	switch k := ref.(type) {
	case crypto.CVK:
		return k, nil
	case crypto.Key:
		return crypto.NewCVK(k)
	}
	return crypto.CVK{}, crypto.ErrKeyRef
}
