package mac

import (
	"crypto/hmac"
	_ "crypto/sha1" // the hash functions are reached through crypto.Hash
	_ "crypto/sha256"
	_ "crypto/sha512"
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
	h, _ := hash(m.algorithm.Scheme)
	return hmac.New(h.New, opened.Bytes()), nil
}
