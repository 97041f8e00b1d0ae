package mac

import (
	"context"

	"github.com/posline/posline/crypto"
)

// Software is the crypto.MACer that computes in this process. Its keys are a crypto.Key, a crypto.MACKey or a
// crypto.Deriver such as dukpt.Reference. The zero value is ready. Each call prepares the algorithm anew; New keeps it. ISO 9797-1.
type Software struct{}

var _ crypto.MACer = Software{}

// AppendMAC appends the MAC of the message to dst; see New and MAC.Append for the errors.
func (Software) AppendMAC(_ context.Context, dst []byte, key crypto.KeyRef, a Algorithm, message []byte) ([]byte, error) {
	m, derived, err := bind(key, a)
	defer derived.Destroy()
	if err != nil {
		return dst, err
	}
	return m.Append(dst, message)
}

// VerifyMAC returns crypto.ErrVerify when the MAC is not the message's.
func (Software) VerifyMAC(_ context.Context, key crypto.KeyRef, a Algorithm, message, mac []byte) error {
	m, derived, err := bind(key, a)
	defer derived.Destroy()
	if err != nil {
		return err
	}
	return m.Verify(message, mac)
}

// bind returns the MAC of the key a reference names, and a key to destroy where it was derived for this call.
func bind(ref crypto.KeyRef, a Algorithm) (m *MAC, derived crypto.Key, err error) {
	if k, ok := ref.(crypto.MACKey); ok {
		m, err = New(k, a)
		return m, crypto.Key{}, err
	}
	named, derived, err := crypto.SoftwareKey(ref)
	if err != nil {
		return nil, derived, err
	}
	key, err := crypto.NewMACKey(named)
	if err != nil {
		return nil, derived, err
	}
	m, err = New(key, a)
	return m, derived, err
}
