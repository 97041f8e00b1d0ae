package connection

import (
	"context"
	"errors"
	"net"
	"time"
)

// Config says how a connection works. Framing is required; for everything else zero means the default told here.
// A Config is copied when a connection or a server starts; later changes have no effect.
type Config struct {
	Framing Framing // how frames lie on the stream

	// Key matches answers with requests. Without it the connection carries one request at a time and takes the next
	// frame that arrives for its answer; frames that arrive while none is in flight go to the Handler, readable or
	// not. So a server that only answers needs no Key. Without it a request that may have left and is not answered ends
	// the connection with ErrOutOfStep, because its answer could be taken for that of the next.
	Key KeyFunc

	// Reject relates a reject message to the request it rejects: if ok, the call with that key ends with a
	// *RejectError. It is asked about every frame that arrives.
	Reject func(frame []byte) (key [32]byte, ok bool)

	// Elsewhere is asked about an answer that no request of this connection waits for, or whose request has timed out:
	// true if it belongs to a request on another connection to the same host, which has been given it (Conn.Deliver).
	// Otherwise it is late or unmatched. It runs on the reader and must not block. A pool sets it.
	Elsewhere func(c *Conn, key [32]byte, frame []byte) bool

	// Handler gets the frames that the peer starts. Without it they are counted and dropped.
	Handler Handler

	Order   Order   // which frames wait for which in the Handler; default OrderNone
	OrderBy KeyFunc // what OrderKey compares; default Key
	Workers int     // handlers that run at the same time on one connection; default 64; OrderConn runs one
	Backlog int     // frames read and waiting for a handler; beyond it the socket is not read; default 64

	Timeout      time.Duration // for a request whose context has no deadline; default 30 s
	FrameTimeout time.Duration // half a frame without its rest for this long disconnects; default 10 s
	IdleTimeout  time.Duration // no byte received for this long disconnects; default: never

	// WriteTimeout is after what time a peer that takes no byte is disconnected; on any other socket than a plain TCP one,
	// as with TLS, one that does not take 16 KiB. Default 10 s.
	WriteTimeout time.Duration

	// LateWindow is how long after a timeout a late answer is still known as such. Until then, or until it arrives,
	// its key is not used again, Repeat excepted; the answer to a Repeat leaves as many to come as there were sendings. Of more than MaxInFlight, or 1024 if that is more, the oldest are
	// forgotten earlier. Default twice Timeout.
	LateWindow time.Duration

	MaxInFlight int // requests waiting for answers; default 1024
	MaxQueued   int // bytes waiting to be written; default 1 MiB

	Duplicates Contention // a second request with a key in flight; default: fails with ErrDuplicateKey
	Busy       Contention // a request beyond MaxInFlight or MaxQueued; default: waits within its deadline

	Hooks   Hooks      // called on events; every hook may be nil. Package slogconn makes a log of them.
	Latency *Histogram // gets the time of every answered request; may be shared by connections

	// SignOn makes a connection ready for others: it exchanges sign-on and keys, learns who the peer is, and keeps that
	// with Conn.SetTag. The reader and the Handler run meanwhile. Dial returns after it, and Server.Conns and
	// Hooks.Connected know a connection after it. An error ends the connection. It must keep to its context.
	SignOn func(ctx context.Context, c *Conn) error

	// HandshakeTimeout bounds dialing, handshake and SignOn together, or the latter two of an accepted connection, each;
	// default 10 s.
	HandshakeTimeout time.Duration

	// Dialer opens the socket for Dial; default a net.Dialer. Package tlsconn makes one that speaks TLS. The socket's
	// SetReadDeadline is called with the connection's lock held: one of the program's must not call methods of the Conn.
	Dialer func(ctx context.Context, network, address string) (net.Conn, error)
}

// Order says which inbound frames wait for which.
type Order uint8

// The orders in which handlers run.
const (
	OrderNone Order = iota // none: up to Workers at the same time
	OrderKey               // frames with equal OrderBy keys one after another, in the order they came
	OrderConn              // all frames of the connection one after another
)

// Contention says what a request does that cannot start at once.
type Contention uint8

// What to do about contention.
const (
	ContentionDefault Contention = iota // the default of the field
	ContentionWait                      // wait for its turn, within the request's deadline
	ContentionFail                      // fail at once, with SentNo
)

// Check says what is wrong with the configuration before a connection is made with it; nil if nothing is.
func (c Config) Check() error {
	_, err := c.withDefaults()
	return err
}

// withDefaults returns a copy with every default filled in: the one place where the defaults are.
func (c Config) withDefaults() (*settings, error) {
	if c.OrderBy == nil {
		c.OrderBy = c.Key
	}
	switch {
	case c.Framing == nil:
		return nil, errors.New("connection: Config.Framing is nil")
	case c.Order > OrderConn || c.Duplicates > ContentionFail || c.Busy > ContentionFail:
		return nil, errors.New("connection: Config has an unknown Order or Contention")
	case c.Order == OrderKey && c.OrderBy == nil:
		return nil, errors.New("connection: OrderKey needs Config.OrderBy or Config.Key")
	}
	fill(&c.Timeout, 30*time.Second)
	fill(&c.WriteTimeout, 10*time.Second)
	fill(&c.FrameTimeout, 10*time.Second)
	fill(&c.HandshakeTimeout, 10*time.Second)
	fill(&c.LateWindow, later(c.Timeout, c.Timeout))
	fill(&c.Workers, 64)
	fill(&c.Backlog, 64)
	fill(&c.MaxInFlight, 1024)
	fill(&c.MaxQueued, 1<<20)
	fill(&c.Duplicates, ContentionFail)
	fill(&c.Busy, ContentionWait)
	if c.Order == OrderConn {
		c.Workers = 1
	}
	if c.Key == nil {
		c.Duplicates = ContentionWait // the one key stands for the connection: requests take turns
	}
	if c.Dialer == nil {
		c.Dialer = (&net.Dialer{}).DialContext
	}
	return &settings{Config: c, base: time.Now()}, nil
}

// fill replaces a field that is not set.
func fill[T int | time.Duration | Contention](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
