package keyblock

import (
	"errors"
	"strconv"
)

// Errors of this package, besides those of package crypto for the keys involved.
var (
	// ErrBlock is the one answer to a block that was not made with this key: it does not say whether the
	// authentication code, the padding or the key's length was wrong. A FormatError matches it too.
	ErrBlock = errors.New("keyblock: not a valid key block")

	// ErrLegacy refuses what only AllowLegacy admits: versions A and C.
	ErrLegacy = errors.New("keyblock: versions A and C need AllowLegacy")

	// ErrWeakKBPK refuses a protection key weaker than the key in the block (X9.24-1, X9.143 section 5).
	ErrWeakKBPK = errors.New("keyblock: the key block protection key is weaker than the key")

	// ErrWrapping is a wrapping that cannot be written.
	ErrWrapping = errors.New("keyblock: invalid wrapping")
)

// FormatError says what is wrong with the public part of a key block. It matches ErrBlock. X9.143 section 6.2.
type FormatError struct {
	What   string // for example "length" or "optional block KS"
	Offset int    // characters from the beginning of the block
}

func (e *FormatError) Error() string {
	return ErrBlock.Error() + ": " + e.What + " at offset " + strconv.Itoa(e.Offset)
}

// Unwrap returns ErrBlock.
func (e *FormatError) Unwrap() error { return ErrBlock }
