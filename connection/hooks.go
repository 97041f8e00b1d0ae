package connection

import (
	"net"
	"time"
)

// Hooks tell a program what happens on its connections. They run on the connection's own goroutines, which wait for
// them: a hook must be quick and must not wait for Shutdown, of its connection or its server, or for an Exchange on its
// connection. Frames given to a hook hold card data, are valid during the call only and must not be changed.
type Hooks struct {
	Connected func(c *Conn) // the connection is ready: Config.SignOn, if any, has succeeded

	// Closed is told that the connection ended; err says why, ErrClosed for our own Close. It runs after Connected, and
	// without that for a connection that ended before it was ready.
	Closed func(c *Conn, err error)

	// Late gets the answer to a request that timed out or was cancelled.
	Late func(c *Conn, key [32]byte, frame []byte)

	// Unmatched gets an answer that no request waits for.
	Unmatched func(c *Conn, u Unmatched)

	// Malformed gets a frame whose key could not be read.
	Malformed func(c *Conn, frame []byte, err error)

	// HandlerError gets what a Handler returned, or ErrHandlerPanic.
	HandlerError func(c *Conn, err error)

	// Panicked tells where code of the program panicked; the value that it panicked with may hold card data and is not
	// shown. What ends is what the code ran for:
	//   - the connection, if something came or happened on it: a Handler, a hook, SignOn, a Completion; Key, Reject,
	//     Elsewhere, OrderBy and Framing.Next on a frame that arrived; the socket itself;
	//   - one call alone, with ErrPanicked and SentNo, if Key or Framing.AppendFrame ran for its request; an answer that
	//     AppendFrame ran for is lost, and Deliver returns false;
	//   - nothing, if the code belongs to no connection, as Refused, AcceptFailed and the listener: c has ended then.
	// A Guesser is asked when the connection ends anyway.
	Panicked func(c *Conn, p Panic)

	// AnswerLost tells that the answer of a Handler could not be sent.
	AnswerLost func(c *Conn, err error)

	// Refused is told by a Server about a connection that ended before it started: over a limit, or a failed handshake.
	Refused func(peer net.Addr, why error)

	// AcceptFailed is told by a Server that accepting failed, and after what pause it tries again.
	AcceptFailed func(err error, retry time.Duration)
}

// Panic is what is told about a panic.
type Panic struct {
	Type  string // of the value
	Stack []byte // functions and lines, without the arguments, which may hold card data
}

// With returns hooks that call those of h first and then those of more.
func (h Hooks) With(more Hooks) Hooks {
	return Hooks{
		Connected:    both1(h.Connected, more.Connected),
		Closed:       both2(h.Closed, more.Closed),
		Late:         both3(h.Late, more.Late),
		Unmatched:    both2(h.Unmatched, more.Unmatched),
		Malformed:    both3(h.Malformed, more.Malformed),
		HandlerError: both2(h.HandlerError, more.HandlerError),
		Panicked:     both2(h.Panicked, more.Panicked),
		AnswerLost:   both2(h.AnswerLost, more.AnswerLost),
		Refused:      both2(h.Refused, more.Refused),
		AcceptFailed: both2(h.AcceptFailed, more.AcceptFailed),
	}
}

func both1[A any](f, g func(A)) func(A) {
	if f == nil || g == nil {
		return either(f, g, f == nil)
	}
	return func(a A) { f(a); g(a) }
}

func both2[A, B any](f, g func(A, B)) func(A, B) {
	if f == nil || g == nil {
		return either(f, g, f == nil)
	}
	return func(a A, b B) { f(a, b); g(a, b) }
}

func both3[A, B, C any](f, g func(A, B, C)) func(A, B, C) {
	if f == nil || g == nil {
		return either(f, g, f == nil)
	}
	return func(a A, b B, c C) { f(a, b, c); g(a, b, c) }
}

func either[F any](f, g F, second bool) F {
	if second {
		return g
	}
	return f
}

// Unmatched is what is known about an answer that no request waits for: usually a key field that the peer does not
// echo, or echoes changed. Comparing Key with Waiting shows which.
type Unmatched struct {
	Key     [32]byte
	Frame   []byte
	Waiting [][32]byte // up to 8 of the keys that requests are waiting with
}

const maxWaitingShown = 8
