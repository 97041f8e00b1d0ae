package gm

import (
	"crypto/rand"
	"fmt"

	"github.com/emmansun/gmsm/sm2"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// strength is that of SM2 in bits: half of its curve (SP 800-57 part 1 table 2).
const strength = 128

// AppendWrap appends the key, encrypted to the SM2 key, to dst: C1, C3, C2 (GB/T 32918.4). Nothing says what the key is for.
// Errors: crypto.ErrExport for a key that is not Sensitive, crypto.ErrWeakKey for one stronger than 128 bits,
// crypto.ErrUnsupported, crypto.ErrDestroyed, crypto.ErrFIPS.
func (k PublicKey) AppendWrap(dst []byte, key crypto.Key) ([]byte, error) {
	m, err := key.OpenToLeave(keymaterial.Grant(), keymaterial.Bare)
	if err != nil {
		return dst, err
	}
	defer m.Release()
	if key.Strength() > strength {
		return dst, fmt.Errorf("%w: under SM2", crypto.ErrWeakKey)
	}
	p, err := k.point()
	if err != nil {
		return dst, err
	}
	wrapped, err := sm2.Encrypt(rand.Reader, p, m.Bytes(), nil)
	if err != nil {
		return dst, fmt.Errorf("%w: encryption", crypto.ErrUnsupported)
	}
	return append(dst, wrapped...), nil
}

// Unwrap makes a key of one that AppendWrap encrypted (GB/T 32918.4), with the attributes the caller knows it to have; they
// must be crypto.NonExportable (crypto.ErrExport). The private key has usage K3, which AppendDecrypt refuses: there the key
// would come out in clear. A wrapped key that was changed is crypto.ErrVerify; the other errors are those of making a key.
func (p PrivateKey) Unwrap(wrapped []byte, a crypto.Attributes, options ...crypto.Option) (crypto.Key, error) {
	if err := a.CheckBare(); err != nil {
		return crypto.Key{}, err
	}
	clearBytes, err := p.decrypt(wrapped, crypto.UsageKeyAgreement)
	if err != nil {
		return crypto.Key{}, err
	}
	defer clear(clearBytes)
	return crypto.Receive(keymaterial.Grant(), crypto.Arrival{Under: p.key}, a, clearBytes, options...)
}
