package oda

import "errors"

// What can be wrong. An Error carries one of them and says with what.
var (
	// ErrNoKey: no key of the certification authority with this RID and index.
	ErrNoKey = errors.New("no CA public key")

	// ErrKey: not a key for EMV: a modulus that is even, shorter than 64 or longer than 256 bytes, an exponent other
	// than 3 and 65537.
	ErrKey = errors.New("not a key for EMV")

	// ErrChecksum: the key of a certification authority is not the one its check sum was computed over.
	ErrChecksum = errors.New("wrong check sum")

	// ErrLength: not as long as the modulus of the key that signed it, or parts that do not fit.
	ErrLength = errors.New("wrong length")

	// ErrFormat: header, format, trailer or algorithm other than the standard has.
	ErrFormat = errors.New("wrong format")

	// ErrHash: the hash in the signature is not that of the data. Somebody else's data, key or signature.
	ErrHash = errors.New("wrong hash")

	// ErrIssuer: the issuer identifier is not how the PAN begins.
	ErrIssuer = errors.New("issuer identifier does not match the PAN")

	// ErrPAN: the certificate is another card's.
	ErrPAN = errors.New("certificate of another PAN")

	// ErrExpired: the certificate's last month is over, or it has none.
	ErrExpired = errors.New("expired")

	// ErrRevoked: the certificate is on the revocation list.
	ErrRevoked = errors.New("revoked")

	// ErrMissing: the card did not give the data.
	ErrMissing = errors.New("missing")

	// ErrCryptogram: the card signed another type of cryptogram than it gave in the clear.
	ErrCryptogram = errors.New("another cryptogram than in the clear")
)

// Error says what failed and why. It holds nothing of the data.
type Error struct {
	What string // "issuer certificate", "record", "tag 9F46"
	Err  error  // one of the errors above
}

// Error names both.
func (e *Error) Error() string { return "oda: " + e.What + ": " + e.Err.Error() }

// Unwrap returns Err, for errors.Is.
func (e *Error) Unwrap() error { return e.Err }
