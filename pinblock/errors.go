package pinblock

import "errors"

// Errors of this package. None carries a PIN or a PAN.
var (
	// ErrBlock is the one answer to a block that does not decode: wrong size, control, length, a digit that is none, a
	// wrong nibble in the fill. It does not say which, because whoever may try out blocks would learn the PIN from it.
	ErrBlock = errors.New("pinblock: not a valid PIN block")

	ErrPIN    = errors.New("pinblock: a PIN is 4 to 12 digits, and as many as the format or the method takes")
	ErrPAN    = errors.New("pinblock: the PAN is not one the format or the method can take")
	ErrFormat = errors.New("pinblock: no such PIN block format")
	ErrPolicy = errors.New("pinblock: the policy does not allow this use of the PIN")
	ErrData   = errors.New("pinblock: PIN verification data out of shape")
)
