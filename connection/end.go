package connection

import (
	"context"
	"errors"
	"net"
	"time"
)

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
	drained, done := c.drain(ErrDraining), c.Done()
	select {
	case <-drained:
	case <-done:
	case <-ctx.Done():
		c.end(ErrClosed)
		return ctx.Err()
	}
	if half, ok := c.nc.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		timer := time.NewTimer(linger)
		defer timer.Stop()
		select {
		case <-done:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	c.end(ErrClosed)
	return nil
}

// drain stops new requests, turns away those that wait for their turn, and returns a channel that is closed when
// nothing is left to do.
func (c *Conn) drain(why error) <-chan struct{} {
	c.mu.Lock()
	c.stopLocked(why)
	if c.requests != nil {
		c.requests.failAllWaiting(c.life.stopped, false)
	}
	drained := open(&c.life.drained, false)
	c.checkDrainedLocked()
	d := c.dutyLocked()
	c.mu.Unlock()
	c.do(d)
	return drained
}

// stopLocked lets no new request start. The first reason stays.
func (c *Conn) stopLocked(why error) {
	l := c.lifeLocked()
	if l.stopped != nil {
		return
	}
	l.stopped = why
	if l.closing != nil {
		close(l.closing)
	}
}

// refusalLocked says why a request, or a frame that expects no answer, cannot be sent any more.
func (c *Conn) refusalLocked(o op) error {
	switch {
	case c.ended:
		return c.life.err
	case c.outOfStep:
		return outOfStep()
	case c.writer != nil && c.writer.err != nil:
		return c.writer.err
	case o == opPost:
		return nil
	}
	return c.stoppedLocked()
}

// checkDrainedLocked tells those who wait for it that nothing is left to do.
func (c *Conn) checkDrainedLocked() {
	l := c.life
	if l == nil || l.drained == nil || c.load.Load() > 0 || c.inbox.busy() > 0 || !c.writer.idle() {
		return
	}
	if c.requests != nil && c.requests.posts.n > 0 {
		return
	}
	select {
	case <-l.drained:
	default:
		close(l.drained)
	}
}

// end is where every connection ends, whatever the reason, and only once.
func (c *Conn) end(cause error) {
	d, greeting, first := c.finish(cause)
	if !first {
		return
	}
	c.closeSocket()
	c.do(d)
	if !greeting {
		c.tellEnd()
	}
}

// tellEnd tells the hook and the server about the end.
func (c *Conn) tellEnd() {
	if hook := c.cfg.Hooks.Closed; hook != nil {
		c.protect(func() { hook(c, c.Err()) })
	}
	if s := c.cfg.server; s != nil {
		s.ended(c)
	}
}

// finish ends the connection but for what must be done without the lock. It also returns whether Hooks.Connected runs, and
// false if the connection has ended before.
func (c *Conn) finish(cause error) (d duty, greeting, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return d, false, false
	}
	c.ended = true
	c.stopLocked(cause)
	if r := c.requests; r != nil {
		r.failAll(cause, true)
		r.stopSweeper()
	}
	if c.inbox != nil {
		c.inbox.drop()
	}
	if w := c.writer; w != nil {
		w.stop()
	}
	c.life.end(cause)
	return c.dutyLocked(), c.greeting, true
}

// closeSocket does not wait: TLS says goodbye when it is closed, and a peer that does not read would hold it up.
func (c *Conn) closeSocket() {
	if _, ok := c.nc.(handshaker); ok {
		go c.protect(func() { c.nc.Close() })
		return
	}
	c.protect(func() { c.nc.Close() })
}

// lost makes the reason of an end from an error of the socket or the framing.
func lost(err error) error {
	if already, ok := errors.AsType[*LostError](err); ok {
		return already
	}
	if framing, ok := errors.AsType[*FramingError](err); ok {
		return &LostError{Reason: framing.Kind, Err: err}
	}
	if errors.Is(err, net.ErrClosed) {
		return ErrClosed
	}
	return &LostError{Err: err}
}
