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

// What can be wrong with the value of a data object. A ValueError carries one of them.
var (
	// ErrLength: more or fewer octets than the data element has.
	ErrLength = errors.New("wrong length")

	// ErrDigits: something else where decimal digits belong, or more of them than fit.
	ErrDigits = errors.New("bad or too many digits")

	// ErrDate: digits that are no day of the calendar.
	ErrDate = errors.New("no such date")

	// ErrSeparator: track data without the separator behind the PAN, or without the format code before it.
	ErrSeparator = errors.New("no field separator")

	// ErrMissing: a data object that must be there is not.
	ErrMissing = errors.New("missing")

	// ErrMismatch: two data objects that say the same thing differ.
	ErrMismatch = errors.New("differs from its other statement")

	// ErrSFI: a short file identifier outside 1 to 30, or reserved bits beside it.
	ErrSFI = errors.New("bad short file identifier")

	// ErrRecordRange: records that start at 0, end before they start, or are fewer than are to be authenticated.
	ErrRecordRange = errors.New("bad record range")
)

// ValueError says what is wrong with the value of one data object. It holds no part of the value.
type ValueError struct {
	// Tag is the data object whose format was applied; 0 when the caller did not say.
	Tag Tag

	// Offset is the octet of the value at fault, or the character of text; 0 when all of it is.
	Offset int

	// Err is one of the errors above.
	Err error
}

// Error names the fault, the tag and the offset.
func (e *ValueError) Error() string {
	if e.Tag == 0 {
		return fmt.Sprintf("emv: %v at offset %d", e.Err, e.Offset)
	}
	return fmt.Sprintf("emv: tag %v: %v at offset %d", e.Tag, e.Err, e.Offset)
}

// Unwrap returns Err, for errors.Is.
func (e *ValueError) Unwrap() error { return e.Err }

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
