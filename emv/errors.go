package emv

import (
	"errors"
	"fmt"
)

// What can be wrong with the coding of a data object. A SyntaxError carries one of them.
var (
	// ErrTruncated: the tag, the length octets or the value run past the end of the data or of the template around
	// them.
	ErrTruncated = errors.New("truncated")

	// ErrTagTooLong: more than MaxTagOctets octets of tag.
	ErrTagTooLong = errors.New("tag too long")

	// ErrIndefiniteLength: length octet 80, which EMV forbids.
	ErrIndefiniteLength = errors.New("indefinite length")

	// ErrLengthOfLength: a length of more than three octets, or a reserved one.
	ErrLengthOfLength = errors.New("length of length")

	// ErrMaskedLength: a length octet with the flags 20 or 40 that ID TECH readers add for masked and for encrypted
	// values. It is an ErrLengthOfLength too. Clearing the two bits gives the true length.
	ErrMaskedLength = fmt.Errorf("%w with vendor flags", ErrLengthOfLength)

	// ErrTooDeep: templates nested more deeply than the limit.
	ErrTooDeep = errors.New("templates nested too deeply")
)

// SyntaxError says where the coding of data objects is broken. It holds no part of a value.
type SyntaxError struct {
	// Offset is where the faulty tag, length or value starts, in bytes from the start of the data read.
	Offset int

	// Part is what could not be read: "tag", "length" or "value".
	Part string

	// Tag is the tag of the object; 0 when the tag itself is at fault.
	Tag Tag

	// Path is the templates around the object, the outermost first.
	Path Path

	// Err is one of ErrTruncated, ErrTagTooLong, ErrIndefiniteLength, ErrLengthOfLength, ErrMaskedLength, ErrTooDeep.
	Err error
}

// Error names the fault, the offset and the tag.
func (e *SyntaxError) Error() string {
	s := fmt.Sprintf("emv: %v: %s at offset %d", e.Err, e.Part, e.Offset)
	if e.Tag != 0 {
		s += " of tag " + e.Tag.String()
	}
	if len(e.Path) > 0 {
		s += " in " + e.Path.String()
	}
	return s
}

// Unwrap returns Err, for errors.Is.
func (e *SyntaxError) Unwrap() error { return e.Err }
