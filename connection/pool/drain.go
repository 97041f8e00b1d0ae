package pool

import (
	"context"
	"slices"

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
	before, err := l.adopt(c)
	if before != nil {
		before.Close() // it has carried nothing
	}
	if err == nil {
		l.wake()
	}
	return err
}

// adopt has the owner take a connection, and returns one that it has not taken yet.
func (l *line) adopt(c *connection.Conn) (before *connection.Conn, err error) {
	p := l.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !l.Accept:
		return nil, ErrNotAccepted
	case p.closed:
		return nil, connection.ErrClosed
	case l.drained:
		return nil, ErrDrained
	case l.adopted == c || p.lineOfLocked(c) == l:
		return nil, nil // it has it
	}
	before, l.adopted = l.adopted, c
	return before, nil
}

// Drain takes a line out of use, for a cut-over: it takes no new requests, those on it end, each in its own time, it signs
// off and is closed. Drain returns when that is done; if ctx ends before, the line is closed at once and the context's error
// is returned. The line stays out until Resume, with which a Drain under way ends with ErrResumed.
func (p *Pool) Drain(ctx context.Context, name string) error {
	l := p.named(name)
	if l == nil {
		return ErrUnknownLine
	}
	p.mu.Lock()
	l.drained = true
	resumed := l.resumed
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
		changed, again := p.changed, l.resumed != resumed
		drained := len(l.departing) == 0 && (l.state == Drained || l.state == Closed)
		p.mu.Unlock()
		switch {
		case again:
			return ErrResumed
		case drained:
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			l.cut(resumed)
			return ctx.Err()
		}
	}
}

// cut closes the connections of a line that is being drained, unless it has been resumed.
func (l *line) cut(resumed int) {
	l.pool.mu.Lock()
	var links []*link
	if l.resumed == resumed {
		links = slices.Clone(l.departing)
		if k := l.link.Load(); k != nil {
			links = append(links, k)
		}
	}
	l.pool.mu.Unlock()
	for _, k := range links {
		k.conn.Close()
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
	l.resumed++
	p.changedLocked()
	p.mu.Unlock()
	l.wake()
	return nil
}

// Retire takes a connection out of use that the host has signed off, or that is not to be trusted any more: it takes no
// new requests from now on, those on it end, and the line is dialled and signed on anew. One that is not in use yet, since it
// still signs on or has just been adopted, never will be. A Handler may call it.
func (p *Pool) Retire(c *connection.Conn) {
	if p.cut == nil {
		return
	}
	p.mu.Lock()
	l := p.lineOfLocked(c)
	if l == nil {
		p.retireLaterLocked(c)
		p.mu.Unlock()
		return
	}
	k := l.link.Load()
	k.retired = true
	k.taking.Store(false)
	grants := p.rebuildLocked()
	p.summonLocked()
	p.mu.Unlock()
	go p.dispatch(grants)
	l.wake()
}

// lineOfLocked returns the line whose connection c is now; nil if it is that of none.
func (p *Pool) lineOfLocked(c *connection.Conn) *line {
	for _, l := range p.lines {
		if k := l.link.Load(); k != nil && k.conn == c {
			return l
		}
	}
	return nil
}

// retireLaterLocked remembers a connection for as long as it lives.
func (p *Pool) retireLaterLocked(c *connection.Conn) {
	p.retired[c] = struct{}{}
	context.AfterFunc(c.Context(), func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.retired, c)
	})
}
