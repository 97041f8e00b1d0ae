package mac

import (
	"crypto/fips140"
	"crypto/hmac"
	_ "crypto/sha1" // the hash functions are reached through crypto.Hash
	_ "crypto/sha256"
	_ "crypto/sha512"
	"fmt"
	stdhash "hash"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

func (m *MAC) appendHMAC(dst, message []byte) ([]byte, error) {
	h, err := m.newHMAC(crypto.OpGenerate)
	if err != nil {
		return dst, err
	}
	h.Write(message)
	return append(dst, h.Sum(nil)[:m.algorithm.Size]...), nil
}

func (m *MAC) verifyHMAC(message, tag []byte) error {
	h, err := m.newHMAC(crypto.OpVerify)
	if err != nil {
		return err
	}
	h.Write(message)
	return compare(h.Sum(nil)[:m.algorithm.Size], tag)
}

func (m *MAC) newHMAC(op crypto.Operation) (stdhash.Hash, error) {
	opened, err := m.key.Open(keymaterial.Grant(), op)
	if err != nil {
		return nil, err
	}
	defer opened.Release()
	scheme := m.algorithm.Scheme
	// crypto/hmac would panic; the key may have been made before or around the enforcement.
	if fips140.Enforced() && (scheme == crypto.HMACSHA1 || scheme == crypto.HMACSM3 || len(opened.Bytes()) < 14) {
		return nil, crypto.ErrFIPS
	}
	if scheme != crypto.HMACSM3 {
		return hmac.New(hash(scheme).New, opened.Bytes()), nil
	}
	if m.key.SM3() == nil {
		return nil, fmt.Errorf("%w: HMAC-SM3 needs a key made with gm.SM3", crypto.ErrNoCipher)
	}
	return hmac.New(m.key.SM3(), opened.Bytes()), nil
}
