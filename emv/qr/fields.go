package qr

import (
	"errors"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"
)

// ID is the number of a data object, 0 to 99, written with two digits.
type ID uint8

// String returns the two digits.
func (id ID) String() string { return fmt.Sprintf("%02d", uint8(id)) }

// Path is the numbers from the outermost template down to an object.
type Path []ID

// String returns the numbers with dots between them: "62.05".
func (p Path) String() string {
	var s []string
	for _, id := range p {
		s = append(s, id.String())
	}
	return strings.Join(s, ".")
}

// What can be wrong with a code. An Error carries one of them.
var (
	ErrID        = errors.New("not a two-digit id")
	ErrLength    = errors.New("not a length of 01 to 99")
	ErrTruncated = errors.New("shorter than its length says")
	ErrUTF8      = errors.New("not UTF-8")
	ErrOrder     = errors.New("out of place")
	ErrDuplicate = errors.New("there twice")
	ErrMissing   = errors.New("missing")
	ErrCRC       = errors.New("CRC does not match")
	ErrFormat    = errors.New("not in the format of the data object")
	ErrTooLong   = errors.New("longer than 512 bytes")
)

// Error says what is wrong with a data object. It holds no part of a value.
type Error struct {
	Path   Path // the object, behind the templates around it; empty when its id cannot be read and for all of the code
	Offset int  // where the object starts, in bytes from the start of the code; -1 for one that is missing
	Err    error
}

// Error names the fault and the object.
func (e *Error) Error() string {
	s := "qr: "
	if len(e.Path) > 0 {
		s += e.Path.String() + ": "
	}
	if e.Offset < 0 {
		return s + e.Err.Error()
	}
	return fmt.Sprintf("%s%v, at offset %d", s, e.Err, e.Offset)
}

// Unwrap returns Err, for errors.Is.
func (e *Error) Unwrap() error { return e.Err }

// Fields is a row of data objects, each an id of two digits, a length of two digits and a value: a whole
// merchant-presented code, or the value of a template in it. It is a view: the values share its memory. Lengths count
// characters, not bytes. EMVCo QR Code Specification for Payment Systems, Merchant-Presented Mode, section 3.2.
type Fields string

// All iterates over the objects in their order. It stops at the first fault; Err tells.
func (f Fields) All() iter.Seq2[ID, string] {
	return func(yield func(ID, string) bool) {
		for i := 0; i < len(f); {
			id, from, to, err := next(string(f), i)
			if err != nil || !yield(id, string(f[from:to])) {
				return
			}
			i = to
		}
	}
}

// Get returns the first object with the id.
func (f Fields) Get(id ID) (string, bool) {
	for have, v := range f.All() {
		if have == id {
			return v, true
		}
	}
	return "", false
}

// Find follows a path of ids downwards into templates.
func (f Fields) Find(path ...ID) (string, bool) {
	v := string(f)
	for _, id := range path {
		var ok bool
		if v, ok = Fields(v).Get(id); !ok {
			return "", false
		}
	}
	return v, len(path) > 0
}

// Err returns the first fault of this level as an *Error; nil when it is whole objects to its end.
func (f Fields) Err() error {
	for i := 0; i < len(f); {
		id, _, to, err := next(string(f), i)
		if err != nil {
			e := &Error{Offset: i, Err: err}
			if !errors.Is(err, ErrID) {
				e.Path = Path{id}
			}
			return e
		}
		i = to
	}
	return nil
}

// next reads the object at s[i]: its id and where its value starts and ends.
func next(s string, i int) (id ID, from, to int, err error) {
	number, ok := twoDigits(s, i)
	if !ok {
		return 0, 0, 0, ErrID
	}
	length, ok := twoDigits(s, i+2)
	if !ok || length == 0 {
		return ID(number), 0, 0, ErrLength
	}
	from = i + 4
	to = from
	for range length {
		if to >= len(s) {
			return ID(number), 0, 0, ErrTruncated
		}
		if s[to] < utf8.RuneSelf {
			to++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[to:])
		if r == utf8.RuneError && size == 1 {
			return ID(number), 0, 0, ErrUTF8
		}
		to += size
	}
	return ID(number), from, to, nil
}

// twoDigits reads two ASCII digits at s[i]; no other script's digits count.
func twoDigits(s string, i int) (int, bool) {
	if len(s)-i < 2 {
		return 0, false
	}
	tens, ones := s[i]-'0', s[i+1]-'0'
	return 10*int(tens) + int(ones), tens <= 9 && ones <= 9
}

// AppendField appends an object. The value has 1 to 99 characters of UTF-8; anything else is an *Error and leaves dst
// as it was.
func AppendField(dst []byte, id ID, value string) ([]byte, error) {
	if id > 99 {
		return dst, &Error{Path: Path{id}, Offset: -1, Err: ErrID}
	}
	if !utf8.ValidString(value) {
		return dst, &Error{Path: Path{id}, Offset: -1, Err: ErrUTF8}
	}
	n := utf8.RuneCountInString(value)
	if n < 1 || n > 99 {
		return dst, &Error{Path: Path{id}, Offset: -1, Err: ErrLength}
	}
	dst = append(dst, '0'+byte(id/10), '0'+byte(id%10), '0'+byte(n/10), '0'+byte(n%10))
	return append(dst, value...), nil
}

// AppendTemplate appends a template of the objects. An object that cannot be written, or more than 99 characters in
// all, is an *Error and leaves dst as it was.
func AppendTemplate(dst []byte, id ID, objects ...Field) ([]byte, error) {
	var inside []byte
	for _, o := range objects {
		var err error
		if inside, err = AppendField(inside, o.ID, o.Value); err != nil {
			return dst, within(id, err)
		}
	}
	return AppendField(dst, id, string(inside))
}

// within puts a template before the path of an error.
func within(id ID, err error) error {
	var e *Error
	if errors.As(err, &e) {
		e.Path = append(Path{id}, e.Path...)
	}
	return err
}

// Field is one data object.
type Field struct {
	ID    ID
	Value string
}
