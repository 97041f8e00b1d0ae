package connection

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Sent says whether the bytes of a request can have reached the peer.
type Sent uint8

// The answers to the question a payment has after a failure.
const (
	SentMaybe Sent = iota // a write was under way, or nothing is known: treat it as sent
	SentNo                // no byte left this process: sending again, here or elsewhere, is safe
	SentYes               // the operating system took every byte; the peer may have acted on it: reverse, do not retry
)

func (s Sent) String() string {
	switch s {
	case SentNo:
		return "not sent"
	case SentYes:
		return "sent"
	}
	return "maybe sent"
}

// Why a call or a connection ended; test for them with errors.Is.
var (
	ErrClosed       = errors.New("connection closed by this side")
	ErrPeerClosed   = errors.New("connection closed by the peer")
	ErrDraining     = errors.New("connection is being shut down")
	ErrTimeout      = error(timeoutError{}) // also matches context.DeadlineExceeded
	ErrBusy         = errors.New("too many requests in flight or bytes queued")
	ErrNoCompletion = errors.New("Start has nobody to tell how the request ends")
	ErrDuplicateKey = errors.New("a request with this key is in flight or its answer may still come")
	ErrNotRequest   = errors.New("frame is not a request")
	ErrRejected     = errors.New("peer rejected the request")
	ErrWriteStalled = errors.New("peer stopped reading")
	ErrHalfFrame    = errors.New("peer sent part of a frame only")
	ErrIdle         = errors.New("connection was idle for too long")
	ErrHandlerPanic = errors.New("handler panicked")
	ErrPanicked     = errors.New("a key function, a framing, a hook, a completion or a socket panicked") // see Hooks.Panicked
	ErrOutOfStep    = errors.New("a request without a key was not answered, so that later answers cannot be told apart")
	ErrSignOn       = errors.New("sign-on failed")
)

// timeoutError is the type of ErrTimeout: it also is what the standard library calls a timeout.
type timeoutError struct{}

func (timeoutError) Error() string   { return "no answer in time" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }
func (timeoutError) Is(target error) bool {
	return target == context.DeadlineExceeded || target == os.ErrDeadlineExceeded
}

// Error is what every failed call returns.
type Error struct {
	Op   string // "exchange", "start", "post", "dial", "connect", "sign-on", "pack", "unpack"
	Sent Sent   // whether the request can have reached the peer
	Err  error  // the cause: one of the Err… values, a *RejectError, a *FramingError, a network error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %v (%v)", e.Op, e.Err, e.Sent) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Timeout reports whether time ran out, as net.Error has it.
func (e *Error) Timeout() bool {
	return errors.Is(e.Err, ErrTimeout) || errors.Is(e.Err, context.DeadlineExceeded)
}

// RejectError is the cause of a call that the peer answered with a reject (an 0620, a header reject) which
// Config.Reject related to it.
type RejectError struct {
	Frame []byte // a copy of the reject; it may hold card data
}

func (e *RejectError) Error() string { return ErrRejected.Error() }

// Unwrap returns ErrRejected.
func (e *RejectError) Unwrap() error { return ErrRejected }

// LostError is why a connection ended when the network failed or the peer broke the protocol. The calls in flight
// get it as their cause.
type LostError struct {
	Reason error // one of the Err… values; nil for a plain network error
	Err    error // what the network or the framing said; nil if there is nothing more to say
	Guess  string
}

func (e *LostError) Error() string {
	text := "connection lost"
	if e.Reason != nil {
		text = e.Reason.Error()
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Guess != "" {
		text += "; " + e.Guess
	}
	return text
}

// Unwrap returns the reason and the underlying error.
func (e *LostError) Unwrap() []error {
	var errs []error
	for _, err := range []error{e.Reason, e.Err} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// SafeToRetry reports whether err says for certain that no byte of the request left this process. Only then may the
// same request be sent again without a reversal. It is false for errors of any other origin.
func SafeToRetry(err error) bool { return SentOf(err) == SentNo }

// SentOf returns what err knows about the request's bytes: SentMaybe for an error of any other origin, and the worst of
// several that were joined, as somebody does who tried several lines.
func SentOf(err error) Sent {
	sent, _ := sentOf(err)
	return sent
}

// sentOf looks for the first *Error on each way down: what that says is about the request, its causes may be about
// another, such as the sign-on of a line.
func sentOf(err error) (sent Sent, known bool) {
	switch e := err.(type) {
	case *Error:
		return e.Sent, true
	case interface{ Unwrap() error }:
		return sentOf(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			if s, ok := sentOf(one); ok && (!known || s == SentYes || sent == SentNo) {
				sent, known = s, true
			}
		}
	}
	return sent, known
}
