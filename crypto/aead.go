package crypto

import (
	"crypto/cipher"
	"crypto/fips140"
	"fmt"

	"github.com/posline/posline/internal/keymaterial"
)

// AEAD returns the key as a sealer of data at rest, such as connection/saf's FileOptions.Seal takes: GCM with nonces of
// 12 bytes (NIST SP 800-38D), under an AES or SM4 key that may both encrypt and decrypt. Nonces must never repeat under
// one key; random ones are good for about four thousand million seals. The sealer prints nothing of the key. Destroying
// the key ends it: Open is ErrDestroyed then, and Seal, which has no error to give, panics. Errors: ErrUnsupported for
// another cipher, ErrUsage, ErrDestroyed, ErrFIPS.
func (k DataKey) AEAD() (cipher.AEAD, error) {
	if err := k.Require(OpDecrypt); err != nil {
		return nil, err
	}
	m, err := k.Open(keymaterial.Grant(), OpEncrypt)
	if err != nil {
		return nil, err
	}
	defer m.Release()
	if fips140.Enforced() {
		return nil, ErrFIPS // crypto/cipher does not seal with nonces of the caller's there
	}
	if algorithm := k.Attributes().Algorithm; algorithm != AES && algorithm != SM4 {
		return nil, fmt.Errorf("%w: GCM with algorithm %s", ErrUnsupported, algorithm)
	}
	gcm, err := cipher.NewGCM(m.Block())
	if err != nil {
		return nil, err
	}
	return &sealer{k, gcm.NonceSize(), gcm.Overhead(), func() cipher.AEAD { return gcm }}, nil
}

// sealer is GCM as long as its key lives.
type sealer struct {
	key             DataKey
	nonce, overhead int

	// reach is a closure, so that nothing that prints by reflection sees the key schedule.
	reach func() cipher.AEAD
}

func (s *sealer) NonceSize() int { return s.nonce }
func (s *sealer) Overhead() int  { return s.overhead }

func (s *sealer) Seal(dst, nonce, plaintext, additional []byte) []byte {
	m, err := s.key.Open(keymaterial.Grant(), OpEncrypt)
	if err != nil {
		panic(err.Error())
	}
	defer m.Release()
	return s.reach().Seal(dst, nonce, plaintext, additional)
}

func (s *sealer) Open(dst, nonce, ciphertext, additional []byte) ([]byte, error) {
	m, err := s.key.Open(keymaterial.Grant(), OpDecrypt)
	if err != nil {
		return nil, err
	}
	defer m.Release()
	return s.reach().Open(dst, nonce, ciphertext, additional)
}
