package connection

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"time"
)

// Config says how a connection works. Framing is required; for everything else zero means the default told here.
// A Config is copied when a connection or a server starts; later changes have no effect.
type Config struct {
	Framing Framing // how frames lie on the stream

	// Key matches answers with requests. Without it the connection carries one request at a time and takes the next
	// frame that arrives for its answer; frames that arrive while none is in flight go to the Handler, readable or
	// not. So a server that only answers needs no Key.
	Key KeyFunc

	// Reject relates a reject message to the request it rejects: if ok, the call with that key ends with a
	// *RejectError. It is asked about every frame that arrives.
	Reject func(frame []byte) (key [32]byte, ok bool)

	// Handler gets the frames that the peer starts. Without it they are counted and dropped.
	Handler Handler

	Order   Order   // which frames wait for which in the Handler; default OrderNone
	OrderBy KeyFunc // what OrderKey compares; default Key
	Workers int     // handlers that run at the same time on one connection; default 64; OrderConn runs one
	Backlog int     // frames read and waiting for a handler; beyond it the socket is not read; default 64

	Timeout      time.Duration // for a request whose context has no deadline; default 30 s
	WriteTimeout time.Duration // a peer that takes no byte for this long is disconnected; default 10 s
	FrameTimeout time.Duration // half a frame without its rest for this long disconnects; default 10 s
	IdleTimeout  time.Duration // no byte received for this long disconnects; default: never

	// LateWindow is how long after a timeout a late answer is still known as such. Until then, or until it arrives,
	// its key is not used again, Repeat excepted. Default twice Timeout.
	LateWindow time.Duration

	MaxInFlight int // requests waiting for answers; default 1024
	MaxQueued   int // bytes waiting to be written; default 1 MiB

	Duplicates Contention // a second request with a key in flight; default: fails with ErrDuplicateKey
	Busy       Contention // a request beyond MaxInFlight or MaxQueued; default: waits within its deadline

	Hooks   Hooks        // called on events; every hook may be nil
	Logger  *slog.Logger // default: no logging. Frames never appear in it.
	Latency *Histogram   // gets the time of every answered request; may be shared by connections

	TLS              *tls.Config   // for Dial; nil means a plain connection
	HandshakeTimeout time.Duration // for dialing together with the TLS handshake; default 10 s

	// Dialer opens the socket for Dial; default a net.Dialer.
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

// withDefaults returns a copy with every default filled in: the one place where the defaults are.
func (c Config) withDefaults() (*Config, error) {
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
	fill(&c.LateWindow, 2*c.Timeout)
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
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Dialer == nil {
		c.Dialer = (&net.Dialer{}).DialContext
	}
	return &c, nil
}

// fill replaces a field that is not set.
func fill[T int | time.Duration | Contention](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
