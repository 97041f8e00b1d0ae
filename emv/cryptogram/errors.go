package cryptogram

import "errors"

// Errors of this package. None carries key, PIN or card data. What an attacker may probe, a cryptogram or an ARPC, is
// crypto.ErrVerify; keys that do not fit are the errors of package crypto; a data object of the wrong length is an
// *emv.ValueError with emv.ErrLength.
var (
	// ErrCard: the PAN or the PAN sequence number is not made of as many digits as it has.
	ErrCard = errors.New("cryptogram: PAN or PAN sequence number of wrong form")

	// ErrMissing: a data object the cryptogram is computed over is not there. An *emv.ValueError names it.
	ErrMissing = errors.New("missing")

	// ErrNoProfile: nothing here knows how the card computes its cryptograms.
	ErrNoProfile = errors.New("cryptogram: no profile for this issuer application data")

	// ErrAnswer: the answer for the card does not go with the card's method of issuer authentication.
	ErrAnswer = errors.New("cryptogram: answer of wrong form")

	// ErrCommand: an issuer script command that cannot be protected: its data too long, its MAC shorter than 4 or
	// longer than 8 bytes.
	ErrCommand = errors.New("cryptogram: script command of wrong form")

	// ErrPINBlock: not a PIN block of ISO 9564-1 format 2.
	ErrPINBlock = errors.New("cryptogram: PIN block of wrong form")
)
