package tr34

import (
	"errors"
	"fmt"
)

// What may be wrong besides the errors of package crypto, of which crypto.ErrVerify is what answers every forgery.
var (
	// ErrToken is a token that is not built as the standard says; the text names the part.
	ErrToken = errors.New("tr34: not a valid token")

	// ErrCertificate is a certificate that its authority did not sign, that is not valid now, that was revoked, or that is
	// not for RSA of at least 2048 bits.
	ErrCertificate = errors.New("tr34: certificate not accepted")

	// ErrReplay is a token that answers another challenge, or one that is not younger than the last.
	ErrReplay = errors.New("tr34: token is not fresh")

	// ErrBinding is a device that is bound, or not bound, where it should be the other way.
	ErrBinding = errors.New("tr34: device is in the wrong state of binding")

	// ErrConfig is a configuration without what it needs; the text says what.
	ErrConfig = errors.New("tr34: configuration")
)

func malformed(what string) error { return fmt.Errorf("%w: %s", ErrToken, what) }

func refused(what string) error { return fmt.Errorf("%w: %s", ErrCertificate, what) }

func lacking(what string) error { return fmt.Errorf("%w: %s", ErrConfig, what) }
