package crypto

import "errors"

// Errors of this package and of those below it. None carries key, PIN or card data.
var (
	// ErrVerify is the one answer to everything an attacker may try out: a MAC, a card verification value, a
	// check of decrypted padding. It does not say what was wrong.
	ErrVerify = errors.New("crypto: verification failed")

	ErrAttributes  = errors.New("crypto: invalid key attributes")
	ErrUsage       = errors.New("crypto: the key is not for this")
	ErrKeyLength   = errors.New("crypto: wrong key length")
	ErrWeakKey     = errors.New("crypto: weak key")
	ErrParity      = errors.New("crypto: key without odd parity")
	ErrLength      = errors.New("crypto: wrong length of data or initialization vector")
	ErrKCV         = errors.New("crypto: key check value does not match")
	ErrExport      = errors.New("crypto: the key is not exportable")
	ErrNoKey       = errors.New("crypto: no key")
	ErrDestroyed   = errors.New("crypto: the key is destroyed")
	ErrNoCipher    = errors.New("crypto: no cipher for the key's algorithm; SM4 keys need the option gm.SM4")
	ErrFIPS        = errors.New("crypto: not available while FIPS 140 mode is enforced")
	ErrKeyRef      = errors.New("crypto: the key reference belongs to another provider")
	ErrUnsupported = errors.New("crypto: not supported")
)

// UsageError says what a key was wanted for and what it is for. It matches ErrUsage. X9.143 section 6.2.
type UsageError struct {
	Key  Attributes
	Want string // for example "PIN encryption (P0)" or "decrypt"
}

func (e *UsageError) Error() string {
	return ErrUsage.Error() + ": a " + e.Key.String() + " key asked for " + e.Want
}

// Unwrap returns ErrUsage.
func (e *UsageError) Unwrap() error { return ErrUsage }
