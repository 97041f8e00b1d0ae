package crypto

import (
	"crypto/cipher"
	"crypto/fips140"
	"fmt"

	"github.com/posline/posline/internal/keymaterial"
)

// AEAD returns the key as a sealer of data at rest, such as connection/saf's FileOptions.Seal takes: GCM with nonces of
// 12 bytes (NIST SP 800-38D), under an AES or SM4 key that may both encrypt and decrypt. Nonces must never repeat under
// one key; random ones are good for about four thousand million seals. Destroying the key does not end the sealer.
// Errors: ErrUnsupported for another cipher, ErrUsage, ErrDestroyed, ErrFIPS.
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
	return cipher.NewGCM(m.Block())
}
