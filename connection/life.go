package connection

import (
	"context"
	"time"
)

// life is what a program can ask about a connection as a whole, and wait for. Most connections of a server never need it.
type life struct {
	stopped error // why no new request may start although the connection may live: ErrDraining, ErrPeerClosed
	err     error // why the connection ended
	tag     any
	idle    *time.Timer   // ends a connection that no server looks after
	frameBy time.Duration // until when the rest of a frame must come; 0 if none has begun

	// Each of these is made when somebody first asks for it.
	done    chan struct{} // closed when the connection has ended
	closing chan struct{} // closed when no new request may start
	drained chan struct{} // closed once nothing is left to do after that
	ctx     context.Context
	cancel  context.CancelFunc
}

func (c *Conn) lifeLocked() *life {
	if c.life == nil {
		c.life = new(life)
	}
	return c.life
}

// stoppedLocked says why no new request may start; nil if one may.
func (c *Conn) stoppedLocked() error {
	if c.life == nil {
		return nil
	}
	return c.life.stopped
}

// overLocked reports whether the connection has ended; the zero one has.
func (c *Conn) overLocked() bool { return c.ended || c.cfg == nil }

// Done returns a channel that is closed when the connection has ended.
func (c *Conn) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return open(&c.lifeLocked().done, c.overLocked())
}

// Closing returns a channel that is closed when the connection takes no new request any more: when Shutdown has begun,
// when the peer has closed its direction, when writing has failed, at the latest when the connection ends. Requests in
// flight may still be answered until Done.
func (c *Conn) Closing() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return open(&c.lifeLocked().closing, c.overLocked() || c.stoppedLocked() != nil)
}

// open returns a channel, and makes it if nobody has asked for it yet, closed if what it tells has happened.
func open(ch *chan struct{}, happened bool) chan struct{} {
	if *ch == nil {
		*ch = make(chan struct{})
		if happened {
			close(*ch)
		}
	}
	return *ch
}

// Idle returns how long nothing has been received.
func (c *Conn) Idle() time.Duration {
	if c.cfg == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now() - c.lastRead
}

// Err returns why the connection ended: ErrClosed for our own Close or Shutdown, ErrPeerClosed, a *LostError. It is
// nil while the connection lives.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cfg == nil {
		return ErrClosed
	}
	if c.life == nil {
		return nil
	}
	return c.life.err
}

// Context returns a context that is cancelled when the connection ends, for the work of handlers.
func (c *Conn) Context() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.lifeLocked()
	if s.ctx == nil {
		s.ctx, s.cancel = context.WithCancel(context.Background())
		if c.overLocked() {
			s.cancel()
		}
	}
	return s.ctx
}

// end tells that the connection has ended.
func (l *life) end(cause error) {
	l.err = cause
	if l.done != nil {
		close(l.done)
	}
	if l.cancel != nil {
		l.cancel()
	}
	if l.idle != nil {
		l.idle.Stop()
	}
}
