package cryptogram

import (
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/emv"
	"github.com/posline/posline/internal/keymaterial"
)

// algorithm returns how the key's cipher computes MACs here: ISO 9797-1 algorithm 3 with Triple DES, CMAC with AES,
// CBC-MAC with SM4. CMAC has no padding to choose.
func (k SessionKey) algorithm(padding crypto.MACPadding, size int) crypto.MACAlgorithm {
	switch k.Attributes().Algorithm {
	case crypto.AES:
		return crypto.MACAlgorithm{Scheme: crypto.CMAC, Size: size}
	case crypto.SM4:
		return crypto.MACAlgorithm{Scheme: crypto.CBCMAC, Padding: padding, Size: size}
	}
	return crypto.MACAlgorithm{Scheme: crypto.RetailMAC, Padding: padding, Size: size}
}

func (k SessionKey) bind(padding crypto.MACPadding, size int) (*mac.MAC, error) {
	key, err := crypto.NewMACKey(k.key)
	if err != nil {
		return nil, err
	}
	return mac.New(key, k.algorithm(padding, size))
}

// AppendMAC appends the MAC of data to dst: an application cryptogram of 8 bytes, or the MAC of a script command of 4
// to 8. The padding does not matter with AES. EMV Book 2 A1.2.
func AppendMAC(dst []byte, k SessionKey, padding crypto.MACPadding, data []byte, size int) ([]byte, error) {
	m, err := k.bind(padding, size)
	if err != nil {
		return dst, err
	}
	return m.Append(dst, data)
}

// VerifyMAC returns crypto.ErrVerify when tag is not the MAC of data, of 8 bytes or as long as tag when that is 4 to 7
// bytes long. It takes the same time for every wrong one.
func VerifyMAC(k SessionKey, padding crypto.MACPadding, data, tag []byte) error {
	if len(tag) < 4 || len(tag) > 8 {
		return crypto.ErrVerify
	}
	m, err := k.bind(padding, len(tag))
	if err != nil {
		return err
	}
	return m.Verify(data, tag)
}

// ARPC1 computes the authorisation response cryptogram of method 1: the request cryptogram with the response code xored
// into its first two bytes, encrypted. With a cipher of 16-byte blocks, zeros follow and the first 8 bytes count: so
// SM4 in PBOC 3.0; for AES that form is not confirmed by any published example. EMV Book 2 8.2.1.
func ARPC1(k SessionKey, ac [8]byte, arc emv.ARC) (arpc [8]byte, err error) {
	if _, err := crypto.NewMACKey(k.key); err != nil {
		return arpc, err
	}
	if err := k.Require(crypto.OpGenerate); err != nil {
		return arpc, err
	}
	m, err := k.Unguarded(keymaterial.Grant())
	if err != nil {
		return arpc, err
	}
	defer m.Release()
	block := make([]byte, m.Block().BlockSize())
	copy(block, ac[:])
	xor(block, arc[:])
	m.Block().Encrypt(block, block)
	return [8]byte(block), nil
}

// ARPC2 computes the authorisation response cryptogram of method 2: a MAC of 4 bytes over the request cryptogram, the
// card status update and 0 to 8 bytes of the issuer's. EMV Book 2 8.2.2.
func ARPC2(k SessionKey, ac [8]byte, csu emv.CSU, proprietary []byte) (arpc [4]byte, err error) {
	if len(proprietary) > 8 {
		return arpc, ErrAnswer
	}
	data := append(append(append(make([]byte, 0, 20), ac[:]...), csu[:]...), proprietary...)
	out, err := AppendMAC(make([]byte, 0, 4), k, crypto.Padding2, data, len(arpc))
	if err != nil {
		return arpc, err
	}
	return [4]byte(out), nil
}
