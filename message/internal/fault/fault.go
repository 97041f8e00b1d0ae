// Package fault says what is wrong with a message and where, for the layers below the message itself. A Fault is no
// error of its own: package message makes an *Error of one where it hands it to a user, and the compiler sees to it
// that none slips out before.
package fault

import "strconv"

// Kind says what is wrong. Package message has an exported kind for each, with the same number.
type Kind uint8

// The kinds of fault.
const (
	_         Kind = iota
	Truncated      // the bytes end inside a field
	Trailing       // bytes are left after the last field
	Length         // a length prefix is no number
	TooLong        // a value is longer than the spec allows
	TooShort       // a value is shorter than the spec allows
	Digit          // a character or nibble is no digit
	Character      // a character is outside the declared content
	Filler         // a filler nibble is not the declared one
	Unknown        // a field or tag that the spec does not have
	Bitmap         // a bitmap is malformed or announces what the spec does not allow
	Tag            // a tag is malformed
	Missing        // a field that must be there is not
	Forbidden      // a field is there that must not be
	Value          // a value is not among the legal ones
	Type           // the value cannot be read or set in this way
)

// Fault is what is wrong, in which field and where in the bytes. It never holds message data.
type Fault struct {
	Kind   Kind
	Path   string // "35", "55.9F26"; the layer that knows it fills it in
	Offset int    // in the bytes at hand; -1 where the fault is not in received bytes
	Cause  error  // says more where there is more to say, without quoting data; nil otherwise
}

// New makes a Fault of received bytes.
func New(kind Kind, path string, offset int, cause error) *Fault {
	return &Fault{Kind: kind, Path: path, Offset: offset, Cause: cause}
}

// Of makes a Fault that is not in received bytes.
func Of(kind Kind, path string, cause error) *Fault {
	return &Fault{Kind: kind, Path: path, Offset: -1, Cause: cause}
}

// Elsewhere returns the fault without its offset, for bytes that were not received.
func (f *Fault) Elsewhere() *Fault {
	if f != nil {
		f.Offset = -1
	}
	return f
}

// Detail is a cause in words.
type Detail string

// Error implements error.
func (d Detail) Error() string { return string(d) }

// Lengths is the cause of a truncated, too long or too short value.
type Lengths struct {
	What      string
	Got, Want int
}

// Error implements error.
func (l Lengths) Error() string {
	return l.What + " " + strconv.Itoa(l.Got) + ", " + strconv.Itoa(l.Want)
}
