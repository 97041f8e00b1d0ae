package message

import (
	"strconv"
	"strings"
)

// Kind says what is wrong with a message. It is an error itself, so errors.Is(err, message.ErrTruncated) tells kinds
// apart.
type Kind uint8

// The kinds of error.
const (
	_            Kind = iota
	ErrTruncated      // the bytes end inside a field
	ErrTrailing       // bytes are left after the last field
	ErrLength         // a length prefix is no number
	ErrTooLong        // a value is longer than the spec allows
	ErrTooShort       // a value is shorter than the spec allows
	ErrDigit          // a character or nibble is no digit
	ErrCharacter      // a character is outside the declared content
	ErrFiller         // the nibble beside an odd number of digits, or the fill of a reserved area, is not the declared one
	ErrUnknown        // a field or tag that the spec does not have
	ErrBitmap         // a bitmap is malformed or announces what the spec does not allow
	ErrTag            // a tag is malformed
	ErrMissing        // a field that must be there is not
	ErrForbidden      // a field is there that must not be
	ErrValue          // a value is not among the legal ones
	ErrType           // the value cannot be read or set in this way
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

// detail is the cause of an Error in words.
type detail string

func (d detail) Error() string { return string(d) }

// lengths is the cause of a truncated, too long or too short value.
type lengths struct {
	what      string
	got, want int
}

func (l lengths) Error() string {
	return l.what + " " + strconv.Itoa(l.got) + ", " + strconv.Itoa(l.want)
}

// fault makes an Error at an offset.
func fault(kind Kind, path string, offset int, cause error) *Error {
	return &Error{Kind: kind, Path: path, Offset: offset, Cause: cause}
}
