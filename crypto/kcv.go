package crypto

import (
	"crypto/cipher"
	"crypto/fips140"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"

	"github.com/posline/posline/crypto/internal/cmac"
)

// KCVMethod is how a key check value is computed. X9.24-1 annex A.
type KCVMethod uint8

// The methods in use. A longer check value begins with the shorter one.
const (
	KCVLegacy  KCVMethod = iota + 1 // a zero block encrypted; 3 bytes (X9.24-1), UnionPay terminals show 4
	KCVCMAC                         // CMAC of a zero block; 5 bytes for AES (X9.24-1:2017 annex A, X9.143)
	KCVFuturex                      // 0123456789ABCDEF encrypted; 2 bytes; 8-byte blocks only
	KCVSHA256                       // SHA-256 of the key (FIPS 180-4), for HMAC keys
	KCVHMAC                         // the last 3 bytes of HMAC-SHA-256 of the text "00000000", for HMAC keys (Adyen's terminals)
)

// Lengths of a key check value in bytes: a shorter one proves nothing, a longer one gives the key away.
const (
	minimumKCV = 2
	maximumKCV = 5
	hmacKCV    = 3
	verifyKCV  = 3 // of a key that may only verify: four bytes would be a MAC
)

// KCV returns the first n bytes, 2 to 5, of the key check value (X9.24-1 annex A). HMAC keys have those of hashes,
// asymmetric keys none: ErrUnsupported. A key that may verify and not generate gives 3 bytes at most, because the first
// four are the shortest MAC of a block of zeros, and so do, by KCVLegacy, keys used with CMAC, whose subkeys come from it:
// ErrUsage.
func (k Key) KCV(method KCVMethod, n int) ([]byte, error) {
	if n > verifyKCV && k.secretZeros(method) {
		return nil, &UsageError{k.Attributes(), "a check value of more than 3 bytes"}
	}
	return k.kcv(method, n)
}

// secretZeros reports whether zeros encrypted are more than a check value: a MAC, which a key that only verifies does not
// make, or what CMAC derives its subkeys from (SP 800-38B section 6.1), also where CMAC derives other keys.
func (k Key) secretZeros(method KCVMethod) bool {
	a := k.Attributes()
	if a.Mode.Allows(OpVerify) && !a.Mode.Allows(OpGenerate) {
		return true
	}
	return method == KCVLegacy && contains([]Usage{UsageCMAC, UsageKBPK, UsageKBPK20038}, a.Usage)
}

func (k Key) kcv(method KCVMethod, n int) ([]byte, error) {
	if k.reach == nil {
		return nil, ErrNoKey
	}
	if n < minimumKCV || n > maximumKCV {
		return nil, ErrUnsupported
	}
	if !k.core().material.Acquire() {
		return nil, ErrDestroyed
	}
	defer k.core().material.Release()
	if method == KCVSHA256 || method == KCVHMAC {
		return k.hashedKCV(method, n)
	}
	block := k.core().material.Block()
	if block == nil {
		return nil, ErrUnsupported
	}
	var out [cmac.MaximumBlockSize]byte
	defer clear(out[:])
	if err := method.compute(block, out[:block.BlockSize()]); err != nil {
		return nil, err
	}
	return exactly(out[:n]), nil
}

// exactly copies a check value, with no capacity behind it: the rest of the block is a longer check value.
func exactly(kcv []byte) []byte {
	out := make([]byte, len(kcv))
	copy(out, kcv)
	return out
}

// hashedKCV is KCV for HMAC keys; the material is acquired.
func (k Key) hashedKCV(method KCVMethod, n int) ([]byte, error) {
	if k.Attributes().Algorithm != HMAC || method == KCVHMAC && n != hmacKCV {
		return nil, ErrUnsupported
	}
	if method == KCVSHA256 {
		sum := sha256.Sum256(k.core().material.Bytes())
		defer clear(sum[:])
		return exactly(sum[:n]), nil
	}
	if fips140.Enforced() && k.Bits() < 8*minimumFIPS {
		return nil, ErrFIPS // a key made before or around the enforcement, over which crypto/hmac would panic
	}
	h := hmac.New(sha256.New, k.core().material.Bytes())
	h.Write([]byte("00000000"))
	sum := h.Sum(nil)
	defer clear(sum)
	return exactly(sum[len(sum)-hmacKCV:]), nil
}

// CheckKCV compares the key check value, over the 2 to 5 bytes given, in constant time; a difference is ErrKCV. Where KCV
// gives 3 bytes at most, what is behind them is not compared: byte by byte it could be found out. X9.24-1 annex A.
func (k Key) CheckKCV(method KCVMethod, want []byte) error {
	if len(want) > verifyKCV && len(want) <= maximumKCV && k.secretZeros(method) {
		want = want[:verifyKCV]
	}
	got, err := k.kcv(method, len(want))
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(got, want) != 1 {
		return ErrKCV
	}
	return nil
}

func (m KCVMethod) compute(block cipher.Block, out []byte) error {
	switch m {
	case KCVLegacy:
		block.Encrypt(out, out)
	case KCVCMAC:
		cmac.Sum(block, out, make([]byte, len(out)))
	case KCVFuturex:
		if len(out) != 8 {
			return ErrUnsupported
		}
		copy(out, "\x01\x23\x45\x67\x89\xab\xcd\xef")
		block.Encrypt(out, out)
	default:
		return ErrUnsupported
	}
	return nil
}

// UsualKCV returns the check value a key prints and is wrapped with, and its method: CMAC of 5 bytes for AES, of 3 for one
// that only verifies, 3 bytes of the legacy one for others. X9.143 section 6.3.6.
func (k Key) UsualKCV() (KCVMethod, []byte, error) {
	method := KCVLegacy
	if k.Attributes().Algorithm == AES {
		method = KCVCMAC
		if kcv, err := k.KCV(method, maximumKCV); err == nil {
			return method, kcv, nil
		}
	}
	kcv, err := k.KCV(method, verifyKCV)
	return method, kcv, err
}
