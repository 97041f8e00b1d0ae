package message

import (
	"strconv"
	"strings"

	"github.com/posline/posline/message/internal/fault"
)

// Kind says what is wrong with a message. It is an error itself, so errors.Is(err, message.ErrTruncated) tells kinds
// apart.
type Kind uint8

// The kinds of error.
const (
	ErrTruncated = Kind(fault.Truncated) // the bytes end inside a field
	ErrTrailing  = Kind(fault.Trailing)  // bytes are left after the last field
	ErrLength    = Kind(fault.Length)    // a length prefix is no number
	ErrTooLong   = Kind(fault.TooLong)   // a value is longer than the spec allows
	ErrTooShort  = Kind(fault.TooShort)  // a value is shorter than the spec allows
	ErrDigit     = Kind(fault.Digit)     // a character or nibble is no digit
	ErrCharacter = Kind(fault.Character) // a character is outside the declared content
	ErrFiller    = Kind(fault.Filler)    // the nibble beside an odd number of digits, or the fill of a reserved area, is not the declared one
	ErrUnknown   = Kind(fault.Unknown)   // a field or tag that the spec does not have
	ErrBitmap    = Kind(fault.Bitmap)    // a bitmap is malformed or announces what the spec does not allow
	ErrTag       = Kind(fault.Tag)       // a tag is malformed
	ErrMissing   = Kind(fault.Missing)   // a field that must be there is not
	ErrForbidden = Kind(fault.Forbidden) // a field is there that must not be
	ErrValue     = Kind(fault.Value)     // a value is not among the legal ones
	ErrType      = Kind(fault.Type)      // the value cannot be read or set in this way
)

var kindTexts = [...]string{"", "truncated", "trailing bytes", "bad length", "too long", "too short", "not a digit", "wrong character",
	"wrong filler", "unknown field", "bad bitmap", "bad tag", "missing", "forbidden", "illegal value", "wrong type"}

// Error implements error.
func (k Kind) Error() string {
	if int(k) < len(kindTexts) {
		return kindTexts[k]
	}
	return "Kind(" + strconv.Itoa(int(k)) + ")"
}

// Error is a fault of a message: what kind, in which field and where in the bytes. It never holds message data.
type Error struct {
	Kind Kind

	// Path names the field: "35", "55.9F26", "header", "0" for the message type, "1" for the bitmaps.
	Path string

	// Offset is the position in the unpacked bytes, or -1 where the fault is not in received bytes.
	Offset int

	// Cause says more where there is more to say, without quoting data; nil otherwise.
	Cause error
}

// Error implements error.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Path != "" {
		b.WriteString("field ")
		b.WriteString(e.Path)
	} else {
		b.WriteString("message")
	}
	if e.Offset >= 0 {
		b.WriteString(" at byte ")
		b.WriteString(strconv.Itoa(e.Offset))
	}
	b.WriteString(": ")
	b.WriteString(e.Kind.Error())
	if e.Cause != nil {
		b.WriteString(": ")
		b.WriteString(e.Cause.Error())
	}
	return b.String()
}

// Unwrap makes errors.Is and errors.As reach the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Cause}
}

// asError makes the error of a fault; nil for none.
func asError(f *fault.Fault) error {
	if f == nil {
		return nil
	}
	return errorOf(f)
}

func errorOf(f *fault.Fault) *Error {
	return &Error{Kind: Kind(f.Kind), Path: f.Path, Offset: f.Offset, Cause: f.Cause}
}
