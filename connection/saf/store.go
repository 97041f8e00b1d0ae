package saf

import (
	"errors"
	"time"
)

// Entry is one message to forward.
type Entry struct {
	ID          uint64 // ascending in the order of Append
	Destination string // where it goes; the order is kept for each destination
	Frame       []byte // as first sent
	Created     time.Time
	Tries       int // sendings begun so far
}

// Outcome is how an entry ended.
type Outcome uint8

// The outcomes.
const (
	Delivered Outcome = 1 // the host has answered that it has it
	Abandoned Outcome = 2 // given up: refused, too old, or tried too often
	Withdrawn Outcome = 3 // not needed after all; see Queue.Hold
)

// Store keeps entries over crashes. Methods are called concurrently. OpenFile is the one that comes with the package.
type Store interface {
	// Append assigns an ID and keeps the entry. When it returns without an error the entry survives a crash of the
	// machine; when it returns an error it will not be forwarded, unless the error is ErrBroken: then that shows when
	// the store is opened again.
	Append(destination string, frame []byte, created time.Time) (id uint64, err error)

	// Replace ends an entry as Withdrawn and appends one, in one step: after a crash there is one of the two, never both
	// and never none. Otherwise it is as Append, and as durable.
	Replace(old uint64, destination string, frame []byte, created time.Time) (id uint64, err error)

	// Tried records that a sending begins. It need not be as durable as Append: after a crash every pending entry is
	// taken to have been sent.
	Tried(id uint64) error

	// End records the outcome; the entry need not be kept any longer. It need not be as durable as Append, but for the
	// outcome Withdrawn: such an entry must never come back.
	End(id uint64, outcome Outcome) error

	// Pending returns the entries that have not ended, in ascending order of ID.
	Pending() ([]Entry, error)

	Close() error
}

// Errors of the package; test for them with errors.Is.
var (
	ErrClosed      = errors.New("saf: closed")
	ErrFull        = errors.New("saf: too many pending entries")
	ErrBroken      = errors.New("saf: store is broken after an earlier error")
	ErrWrongKey    = errors.New("saf: file was sealed with another key")
	ErrNotStore    = errors.New("saf: file is not a store")
	ErrUnsealed    = errors.New("saf: no AEAD given and plaintext not allowed")
	ErrSealed      = errors.New("saf: file is sealed")
	ErrNotSealed   = errors.New("saf: file is not sealed")
	ErrLocked      = errors.New("saf: file is in use by another process")
	ErrTooLarge    = errors.New("saf: entry is too large")
	ErrUnknownID   = errors.New("saf: no pending entry with this ID")
	ErrBadCounters = errors.New("saf: counter file is damaged")
)
