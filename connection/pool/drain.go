package pool

import (
	"context"

	"github.com/posline/posline/connection"
)

// Adopt gives the pool a connection that the peer has opened, for a line that is accepted: usually in the
// connection.Config's Hooks.Connected of a Server, once SignOn has found out who the peer is. The pool owns it then. The
// connection that the line has had, if any, ends in good order: a peer that dials again has given it up. The error is
// ErrUnknownLine, ErrNotAccepted, ErrDrained or connection.ErrClosed; c is the caller's still.
func (p *Pool) Adopt(name string, c *connection.Conn) error {
	l := p.named(name)
	if l == nil {
		return ErrUnknownLine
	}
	p.mu.Lock()
	var before *connection.Conn
	switch {
	case !l.Accept:
		p.mu.Unlock()
		return ErrNotAccepted
	case p.closed:
		p.mu.Unlock()
		return connection.ErrClosed
	case l.drained:
		p.mu.Unlock()
		return ErrDrained
	}
	before, l.adopted = l.adopted, c
	p.mu.Unlock()
	if before != nil {
		before.Close() // it has carried nothing
	}
	l.wake()
	return nil
}

// Drain takes a line out of use, for a cut-over: it takes no new requests, those on it end, it signs off and is closed.
// Drain returns when that is done; if ctx ends before, the line is closed at once and the context's error is returned.
// The line stays out until Resume.
func (p *Pool) Drain(ctx context.Context, name string) error {
	l := p.named(name)
	if l == nil {
		return ErrUnknownLine
	}
	p.mu.Lock()
	l.drained = true
	if k := l.link.Load(); k != nil {
		k.taking.Store(false)
	}
	if l.stopDialing != nil {
		l.stopDialing()
	}
	grants := p.rebuildLocked()
	p.summonLocked()
	p.mu.Unlock()
	p.dispatch(grants)
	l.wake()
	for {
		p.mu.Lock()
		state, changed, k := l.state, p.changed, l.departing
		p.mu.Unlock()
		if state == Drained || state == Closed {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			if current := l.link.Load(); current != nil {
				k = current
			}
			if k != nil {
				k.conn.Close()
			}
			return ctx.Err()
		}
	}
}

// Resume puts a drained line to use again.
func (p *Pool) Resume(name string) error {
	l := p.named(name)
	if l == nil {
		return ErrUnknownLine
	}
	p.mu.Lock()
	l.drained, l.failures = false, 0
	p.mu.Unlock()
	l.wake()
	return nil
}

// Retire takes a connection out of use that the host has signed off, or that is not to be trusted any more: it takes no
// new requests from now on, those on it end, and the line is dialled and signed on anew. It does nothing if c is not a
// line's connection now. A Handler may call it.
func (p *Pool) Retire(c *connection.Conn) {
	for _, l := range p.lines {
		k := l.link.Load()
		if k == nil || k.conn != c {
			continue
		}
		p.mu.Lock()
		k.retired = true
		k.taking.Store(false)
		grants := p.rebuildLocked()
		p.summonLocked()
		p.mu.Unlock()
		go p.dispatch(grants)
		l.wake()
	}
}
