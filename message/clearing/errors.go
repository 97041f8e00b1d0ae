package clearing

import (
	"errors"
	"fmt"
)

// What is wrong with a file or a list; test for them with errors.Is.
var (
	ErrTruncated = errors.New("the input ends inside a record, block or element")
	ErrNoEnd     = errors.New("no end mark: records may be missing")
	ErrTooLong   = errors.New("longer than the limit")
	ErrTrailing  = errors.New("something other than fill bytes behind the end of the records")
	ErrFill      = errors.New("a block does not end with two fill bytes")
	ErrEmpty     = errors.New("an empty record would end the file")
	ErrForm      = errors.New("a writer needs a form: VBS or Blocked")
	ErrClosed    = errors.New("the writer is closed")
	ErrTag       = errors.New("a tag is four digits")
	ErrLength    = errors.New("a length is three digits")
)

// Error is a fault of a file: in which record and where.
type Error struct {
	Record int   // counted from 1; the one that would follow, where the fault is behind the last
	Offset int64 // in the file, of the record's length; that of the block for ErrFill
	Err    error // one of the Err… values, or what the underlying reader or writer said
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("record %d at byte %d: %v", e.Record, e.Offset, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// ListError is a fault of a PDS list.
type ListError struct {
	Field  int   // index of the field content among those given
	Offset int   // in that content, of the element
	Err    error // one of the Err… values
}

// Error implements error.
func (e *ListError) Error() string {
	return fmt.Sprintf("PDS list %d at byte %d: %v", e.Field+1, e.Offset, e.Err)
}

// Unwrap returns the cause.
func (e *ListError) Unwrap() error { return e.Err }
