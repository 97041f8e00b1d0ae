package mac

import (
	"context"

	"github.com/posline/posline/crypto"
)

// Software is the crypto.MACer that computes in this process. Its keys are a crypto.Key or a crypto.MACKey. The zero
// value is ready. Each call prepares the algorithm anew; New keeps it. ISO 9797-1.
type Software struct{}

var _ crypto.MACer = Software{}

// AppendMAC appends the MAC of the message to dst; see New and MAC.Append for the errors.
func (Software) AppendMAC(_ context.Context, dst []byte, key crypto.KeyRef, a Algorithm, message []byte) ([]byte, error) {
	m, err := bind(key, a)
	if err != nil {
		return dst, err
	}
	return m.Append(dst, message)
}

// VerifyMAC returns crypto.ErrVerify when the MAC is not the message's.
func (Software) VerifyMAC(_ context.Context, key crypto.KeyRef, a Algorithm, message, mac []byte) error {
	m, err := bind(key, a)
	if err != nil {
		return err
	}
	return m.Verify(message, mac)
}

func bind(ref crypto.KeyRef, a Algorithm) (*MAC, error) {
	switch k := ref.(type) {
	case crypto.MACKey:
		return New(k, a)
	case crypto.Key:
		key, err := crypto.NewMACKey(k)
		if err != nil {
			return nil, err
		}
		return New(key, a)
	}
	return nil, crypto.ErrKeyRef
}
