package connection

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Conn carries requests and answers over one socket, both ways at the same time. Its methods may be called
// concurrently. Dial, NewConn and Server make them; the zero value is one that has ended. A Conn that has ended stays
// ended: dial a new one.
type Conn struct {
	cfg  *Config
	nc   net.Conn
	raw  *rawIO // nil where the socket can only be used through nc: TLS, pipes, Windows
	base time.Time
	done chan struct{}

	calls sync.Pool

	onEnd   func(*Conn) // told once when the connection has ended
	flushFn func()      // flush and work as values, so that starting them allocates nothing
	workFn  func()

	mu    sync.Mutex
	stats Stats

	// Requests of this side.
	table    keyTable
	tombs    []tomb  // timed-out keys, oldest first
	waiters  []*call // requests that wait for their turn, oldest first
	inFlight int
	nextTomb uint64 // identifies the tombs
	sweeper  *time.Timer
	sweepAt  time.Duration // when the sweeper runs next; 0 if it does not

	// Bytes to write: out fills while another buffer is being written.
	out          *buffer
	queued       []*call // whose frames are in out
	writing      bool    // somebody writes, or has been started to
	writingBytes int
	lastWrite    int     // size of the buffer last taken for writing
	rest         *buffer // what a write without waiting left for the write loop
	restFrom     int
	swapped      uint64 // how many buffers were taken for writing
	flushed      uint64 // how many of them were written completely
	failedAt     int    // bytes the system took of the last one, once writing has failed
	writeErr     error

	// Frames that wait for others, to share a write.
	corked      int           // answers given out whose receivers may send again
	corkedSince time.Duration // when the first request in out was queued; -1 if there is none
	corkFull    bool          // out waits no longer
	lingering   bool          // the reader waits for them
	waking      atomic.Int32  // receivers of answers who have not run again yet
	corkLeft    atomic.Bool   // the last of them uncorks

	// Frames of the peer.
	pending   []*inbound // read, waiting for a handler
	active    []*inbound // being handled
	workers   int
	workerDue bool       // a worker was started and has not looked at pending yet
	room      *sync.Cond // told when pending shrinks; nil until somebody waits

	lastRead time.Duration
	slimmed  time.Duration // when the reader was told to start over
	stopped  error         // why no new request may start although the connection lives: ErrDraining, ErrPeerClosed
	drained  chan struct{} // closed once nothing is left to do; nil unless stopped
	ended    bool
	err      error
	ctx      context.Context
	cancel   context.CancelFunc
	tag      any
}

// Dial opens a connection. The context, and Config.HandshakeTimeout, bound dialing and the TLS handshake together.
// Its error is an *Error with SentNo.
func Dial(ctx context.Context, network, address string, config Config) (*Conn, error) {
	cfg, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.HandshakeTimeout)
	defer cancel()
	nc, err := cfg.Dialer(ctx, network, address)
	if err != nil {
		return nil, &Error{Op: "dial", Sent: SentNo, Err: err}
	}
	if cfg.TLS != nil {
		if nc, err = clientHandshake(ctx, nc, address, cfg.TLS); err != nil {
			return nil, &Error{Op: "dial", Sent: SentNo, Err: err}
		}
	}
	return start(nc, cfg), nil
}

// NewConn starts a connection on a socket that is already open; TLS, if any, is the caller's business. The Conn owns
// the socket from then on.
func NewConn(nc net.Conn, config Config) (*Conn, error) {
	cfg, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	return start(nc, cfg), nil
}

func start(nc net.Conn, cfg *Config) *Conn {
	c := newConn(nc, cfg)
	c.connected()
	if cfg.IdleTimeout > 0 {
		c.watchIdle(cfg.IdleTimeout)
	}
	go c.read()
	return c
}

func newConn(nc net.Conn, cfg *Config) *Conn {
	c := &Conn{cfg: cfg, nc: nc, raw: newRawIO(nc), base: time.Now(), done: make(chan struct{})}
	c.flushFn, c.workFn = c.flush, c.work
	return c
}

func (c *Conn) connected() {
	c.log(slog.LevelDebug, "connection opened")
	if hook := c.cfg.Hooks.Connected; hook != nil {
		hook(c)
	}
}

// now is the time since the connection started.
func (c *Conn) now() time.Duration { return time.Since(c.base) }

// LocalAddr returns the socket's own address.
func (c *Conn) LocalAddr() net.Addr { return c.nc.LocalAddr() }

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// TLS returns the state of the TLS connection; ok is false for a plain one.
func (c *Conn) TLS() (state tls.ConnectionState, ok bool) {
	t, ok := c.nc.(*tls.Conn)
	if !ok {
		return state, false
	}
	return t.ConnectionState(), true
}

// log writes a line about the connection. Frames, and values that a program took from them, never go there.
func (c *Conn) log(level slog.Level, text string, args ...any) {
	if c.cfg.Logger.Enabled(context.Background(), level) {
		c.cfg.Logger.Log(context.Background(), level, text, append(args, "peer", c.nc.RemoteAddr())...)
	}
}

// Tag returns what SetTag stored: whatever the program wants to remember about the peer.
func (c *Conn) Tag() any {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tag
}

// SetTag stores a value with the connection.
func (c *Conn) SetTag(tag any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tag = tag
}

// Done is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err returns why the connection ended: ErrClosed for our own Close or Shutdown, ErrPeerClosed, a *LostError. It is
// nil while the connection lives.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Context returns a context that is cancelled when the connection ends, for the work of handlers.
func (c *Conn) Context() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx == nil {
		c.ctx, c.cancel = context.WithCancel(context.Background())
		if c.ended {
			c.cancel()
		}
	}
	return c.ctx
}

// Close ends the connection at once. Requests in flight fail with ErrClosed and what is known about their bytes.
// Close does not wait for handlers. It always returns nil, and may be called again.
func (c *Conn) Close() error {
	if c.cfg != nil {
		c.end(ErrClosed)
	}
	return nil
}

// linger is how long Shutdown waits for the peer to close its direction too.
const linger = time.Second

// Shutdown ends the connection in good order: it starts no new request, waits until those in flight are answered,
// handlers are done and everything is written, closes this direction, and waits a moment for the peer to do the
// same. If ctx ends first, the connection is closed at once and the context's error is returned. Sign-off messages
// are the caller's: exchange them before.
func (c *Conn) Shutdown(ctx context.Context) error {
	if c.cfg == nil {
		return nil
	}
	drained := c.drain(ErrDraining)
	select {
	case <-drained:
	case <-c.done:
		return nil
	case <-ctx.Done():
		c.end(ErrClosed)
		return ctx.Err()
	}
	if half, ok := c.nc.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		timer := time.NewTimer(linger)
		defer timer.Stop()
		select {
		case <-c.done:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	c.end(ErrClosed)
	return nil
}

// drain stops new requests and returns a channel that is closed when nothing is left to do.
func (c *Conn) drain(why error) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped == nil {
		c.stopped = why
	}
	if c.drained == nil {
		c.drained = make(chan struct{})
	}
	c.freed() // those who wait for their turn are told that it will not come
	return c.drained
}

func (c *Conn) checkDrained() {
	if c.drained == nil || c.inFlight > 0 || len(c.waiters) > 0 || len(c.pending) > 0 || len(c.active) > 0 {
		return
	}
	if c.writeErr == nil && (c.out != nil || c.writing) {
		return
	}
	select {
	case <-c.drained:
	default:
		close(c.drained)
	}
}

// end is where every connection ends, whatever the reason, and only once.
func (c *Conn) end(cause error) {
	c.mu.Lock()
	if c.ended {
		c.mu.Unlock()
		return
	}
	c.ended, c.err = true, cause
	c.failCalls(cause)
	for _, in := range c.pending {
		in.release()
	}
	c.pending = nil
	if c.sweeper != nil {
		c.sweeper.Stop()
	}
	if c.out != nil {
		c.dropOut()
	}
	if c.cancel != nil {
		c.cancel()
	}
	if c.room != nil {
		c.room.Broadcast()
	}
	c.mu.Unlock()

	c.closeSocket()
	close(c.done)
	c.log(slog.LevelDebug, "connection ended", "reason", cause)
	if hook := c.cfg.Hooks.Closed; hook != nil {
		hook(c, cause)
	}
	if c.onEnd != nil {
		c.onEnd(c)
	}
}

// closeSocket does not wait: closing TLS tries to say goodbye, and a peer that does not read would hold it up.
func (c *Conn) closeSocket() {
	if _, ok := c.nc.(*tls.Conn); ok {
		go c.nc.Close()
		return
	}
	c.nc.Close()
}

// failCalls ends every request, in flight or waiting.
func (c *Conn) failCalls(cause error) {
	if c.stopped == nil {
		c.stopped = cause
	}
	for _, e := range c.table.all() {
		if e.call != nil {
			c.stats.Lost++
			e.call.finish(&Error{Op: "exchange", Sent: c.sentOf(e.call), Err: cause})
		}
	}
	for _, w := range c.waiters {
		c.stats.Lost++
		w.finish(&Error{Op: "exchange", Sent: SentNo, Err: cause})
	}
	c.table, c.tombs, c.waiters, c.inFlight = keyTable{}, nil, nil, 0
}

// lost makes the reason of an end from an error of the socket or the framing.
func lost(err error) error {
	var framing *FramingError
	switch {
	case errors.As(err, &framing):
		return &LostError{Reason: framing.Kind, Err: err}
	case errors.Is(err, net.ErrClosed):
		return ErrClosed
	}
	return &LostError{Err: err}
}
