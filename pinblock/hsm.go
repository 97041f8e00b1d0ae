package pinblock

import (
	"context"

	"github.com/posline/posline/crypto"
)

// Encrypted is a PIN block as it comes in a message. Printing it shows the format only. ISO 9564-1.
type Encrypted struct {
	Key    crypto.KeyRef // the PIN key it is under: a crypto.PINKey, a dukpt.Reference, or an HSM adaptor's own reference
	Layout Format
	PAN    crypto.Hidden // 13 to 19 digits; may be empty for formats without it
	Block  []byte
}

// Target says how a PIN leaves: under which key, in which format, for which card. ISO 9564-1.
type Target struct {
	Key    crypto.KeyRef
	Layout Format
	PAN    crypto.Hidden
}

// The interfaces below are what a hardware security module may do instead of this process; no clear PIN passes
// through them. Ask for the smallest that does. Software stands beside them. Implementations must not keep or change
// the slices they are given. A reference of another provider is crypto.ErrKeyRef, a block that does not decode
// ErrBlock. Whoever may bring keys of his own, PIN keys to translate to or PIN verification keys, has the PINs: which keys a
// caller may name is for the provider to say.

// A Translator moves a PIN from one key and format to another. ISO 9564-1 section 9.4.
type Translator interface {
	// TranslatePIN appends the new block to dst. What the provider's policy forbids is ErrPolicy.
	TranslatePIN(ctx context.Context, dst []byte, in Encrypted, out Target) ([]byte, error)
}

// A Verifier checks PINs at the issuer. A wrong PIN is crypto.ErrVerify; a block that does not decode is ErrBlock and
// no try of the cardholder's. ISO 9564-1 section 6.
type Verifier interface {
	// VerifyPVV checks the PIN against a Visa PIN verification value of 4 digits.
	VerifyPVV(ctx context.Context, pin Encrypted, pvk crypto.KeyRef, data PVVData, pvv string) error

	// VerifyOffset checks the PIN against an IBM 3624 offset as long as the PIN.
	VerifyOffset(ctx context.Context, pin Encrypted, pvk crypto.KeyRef, data OffsetData, offset string) error
}

// An Issuer makes PINs and what they are verified with. ISO 9564-1 section 6.
type Issuer interface {
	// GeneratePIN appends the block of a new random PIN of n digits to dst. All PINs are alike: the offset of one of which
	// something is known says as much of the card's natural PIN.
	GeneratePIN(ctx context.Context, dst []byte, n int, out Target) ([]byte, error)

	// AppendPVV appends the 4 digits of the PIN's verification value to dst.
	AppendPVV(ctx context.Context, dst []byte, pin Encrypted, pvk crypto.KeyRef, data PVVData) ([]byte, error)

	// AppendOffset appends the PIN's offset to dst.
	AppendOffset(ctx context.Context, dst []byte, pin Encrypted, pvk crypto.KeyRef, data OffsetData) ([]byte, error)

	// ChangePVV verifies the current PIN as VerifyPVV does and appends the verification value of the new one to dst.
	ChangePVV(ctx context.Context, dst []byte, current, next Encrypted, pvk crypto.KeyRef, data PVVData, pvv string) ([]byte, error)

	// ChangeOffset verifies the current PIN as VerifyOffset does and appends the offset of the new one to dst.
	ChangeOffset(ctx context.Context, dst []byte, current, next Encrypted, pvk crypto.KeyRef, data OffsetData, offset string) ([]byte, error)
}
