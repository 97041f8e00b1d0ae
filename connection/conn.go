package connection

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Conn carries requests and answers over one socket, both ways at the same time. Its methods may be called
// concurrently. Dial, NewConn and Server make them; the zero value is one that has ended. A Conn that has ended stays
// ended: dial a new one.
type Conn struct {
	cfg *settings
	nc  net.Conn
	raw *rawReader // nil where the socket can only be used through nc: TLS, pipes, Windows

	requests *requests // nil until this side makes one
	writer   *writer   // nil until there is something to write
	inbox    *inbox    // nil until the peer starts something
	life     *life     // nil until somebody asks about it or it comes to an end

	place   int          // on the list of the Server that accepted it, whose lock guards it
	load    atomic.Int64 // requests that have not ended, in flight or waiting for their turn
	cutting atomic.Bool  // the reader cuts what a read returned, and will write

	// mu guards what follows, and the parts above. Methods whose names end in Locked, and those of requests, writer and
	// inbox, are called with it held. Nobody unlocks what a caller locked: what must be done without the lock is returned
	// as a duty. Code of the program never runs under it, but for Framing.AppendFrame and the socket's SetReadDeadline.
	mu        sync.Mutex
	ended     bool
	outOfStep bool // a request without a key was not answered: the connection must end
	worked    bool // something was read since the connection was last slimmed
	slimming  bool // the reader is to start over
	greeting  bool // Hooks.Connected runs: who made it run tells of an end
	lastRead  time.Duration
	counters  counters
}

// settings are a Config with its defaults, shared by all that run with it.
type settings struct {
	Config
	base   time.Time // when the clock of these connections started
	server *Server   // that accepts them; nil for one that was dialed
}

// Dial opens a connection. The context, and Config.HandshakeTimeout, bound everything together: dialing, the socket's
// handshake, if it has a method HandshakeContext, and Config.SignOn. Its error is an *Error with SentNo.
func Dial(ctx context.Context, network, address string, config Config) (*Conn, error) {
	cfg, err := config.withDefaults()
	if err != nil {
		return nil, &Error{Op: "dial", Sent: SentNo, Err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.HandshakeTimeout)
	defer cancel()
	nc, err := cfg.Dialer(ctx, network, address)
	if err == nil {
		err = handshake(ctx, nc)
	}
	if err != nil {
		return nil, &Error{Op: "dial", Sent: SentNo, Err: err}
	}
	return start(ctx, nc, cfg)
}

// handshaker is a socket that agrees with its peer about more before it carries anything, as TLS does.
type handshaker interface {
	HandshakeContext(ctx context.Context) error
}

// handshake runs the handshake of a socket that has one, and closes the socket if it fails.
func handshake(ctx context.Context, nc net.Conn) error {
	h, ok := nc.(handshaker)
	if !ok {
		return nil
	}
	err := h.HandshakeContext(ctx)
	if err != nil {
		nc.Close()
	}
	return err
}

// NewConn starts a connection on a socket that is already open; its handshake, if any, is the caller's business. The
// Conn owns the socket from then on. Config.SignOn has Config.HandshakeTimeout. Its error is an *Error with SentNo.
func NewConn(nc net.Conn, config Config) (*Conn, error) {
	cfg, err := config.withDefaults()
	if err != nil {
		return nil, &Error{Op: "connect", Sent: SentNo, Err: err}
	}
	ctx, cancel := context.WithTimeout(context.Background(), cfg.HandshakeTimeout)
	defer cancel()
	return start(ctx, nc, cfg)
}

func start(ctx context.Context, nc net.Conn, cfg *settings) (*Conn, error) {
	c := newConn(nc, cfg)
	if cfg.IdleTimeout > 0 {
		c.watchIdle()
	}
	if cfg.SignOn != nil {
		go c.read()
		if err := c.signOn(ctx); err != nil {
			return nil, err
		}
	}
	if !c.connected() {
		return nil, &Error{Op: "connect", Sent: SentNo, Err: c.Err()}
	}
	if cfg.SignOn == nil {
		go c.read()
	}
	return c, nil
}

func newConn(nc net.Conn, cfg *settings) *Conn {
	c := &Conn{cfg: cfg, nc: nc, raw: newRawReader(nc)}
	c.lastRead = c.now()
	return c
}

// signOn runs Config.SignOn while the reader runs, and ends the connection if it fails.
func (c *Conn) signOn(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked(v)
			c.tellPanic(err)
		}
		if err != nil {
			c.end(&LostError{Reason: ErrSignOn, Err: err})
			err = &Error{Op: "sign-on", Sent: SentNo, Err: err}
		}
	}()
	return c.cfg.SignOn(ctx, c)
}

// connected tells the hook that the connection is ready. It returns false, and tells nobody, if it has ended meanwhile. An
// end while the hook runs is told once it has returned.
func (c *Conn) connected() bool {
	if !c.greet(true) {
		return false
	}
	if hook := c.cfg.Hooks.Connected; hook != nil {
		c.protect(func() { hook(c) })
	}
	if !c.greet(false) {
		c.tellEnd()
	}
	return true
}

// greet notes that Hooks.Connected is about to run, or has run, and returns false if the connection has ended.
func (c *Conn) greet(begins bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.greeting = begins && !c.ended
	return !c.ended
}

// now is the time on the connection's clock.
func (c *Conn) now() time.Duration { return time.Since(c.cfg.base) }

// LocalAddr returns the socket's own address.
func (c *Conn) LocalAddr() net.Addr {
	if c.nc == nil {
		return nil
	}
	return c.nc.LocalAddr()
}

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() net.Addr {
	if c.nc == nil {
		return nil
	}
	return c.nc.RemoteAddr()
}

// NetConn returns the socket, for what it knows: tlsconn.PeerOf asks it who the peer is. It must not be read, written,
// or closed.
func (c *Conn) NetConn() net.Conn { return c.nc }

// InFlight returns how many requests of this side have not ended, those included that wait for their turn. It takes no
// lock and suits choosing between connections.
func (c *Conn) InFlight() int { return int(c.load.Load()) }

// Tag returns what SetTag stored: whatever the program wants to remember about the peer.
func (c *Conn) Tag() any {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.life == nil {
		return nil
	}
	return c.life.tag
}

// SetTag stores a value with the connection.
func (c *Conn) SetTag(tag any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lifeLocked().tag = tag
}
