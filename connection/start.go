package connection

import (
	"context"
	"time"
)

// Completion is told how a request ended that Start sent.
type Completion interface {
	// Complete is called exactly once for each request: with the answer appended to the dst that Start was given, or with that dst and
	// an *Error which says whether the request can have reached the peer. It runs on the connection's goroutines, or
	// in Cancel, Close or Shutdown, with none of the connection's locks held; it may call Start, Cancel and TryPost of
	// this and other connections. It must not block: the reader of the connection waits for it.
	Complete(reply []byte, err error)
}

// Start sends a request as Exchange does but does not wait: done is told how it ended. So a program that relays many
// requests needs no goroutine for each. The frame is copied before Start returns; dst belongs to the connection until
// Complete is called. A zero deadline means Config.Timeout from now. A context's end cannot be watched without a
// goroutine: whoever has one cancels what Start returns.
//
// If Start returns an error, nothing was sent and done is not called. Otherwise done is called once, perhaps before
// Start has returned, but never from within Start. A request that must wait for its turn, as
// Config.Busy and Config.Duplicates have it, waits within its deadline; how many do is the program's business.
func (c *Conn) Start(frame, dst []byte, deadline time.Time, done Completion) (Pending, error) {
	var key [32]byte
	err := c.keyOf(frame, &key)
	if err == nil && done == nil {
		err = ErrNoCompletion
	}
	if err != nil {
		return Pending{}, opStart.failure(SentNo, err)
	}
	c.mu.Lock()
	r := c.requestsLocked()
	ca := r.spare.forStart()
	ca.op, ca.key, ca.frame, ca.reply, ca.completion = opStart, key, frame, dst, done
	ca.started, ca.deadline = c.deadline(deadline)
	if ca.deadline <= ca.started {
		err = ErrTimeout
	} else {
		err = r.begin(ca, true)
	}
	pending := Pending{c, ca, ca.id}
	switch {
	case err != nil:
		r.spare.recycle(ca)
	case ca.list != nil: // it waits
		ca.copied = newSmallBuffer()
		ca.copied.b = append(ca.copied.b, frame...)
		ca.frame = ca.copied.b
	}
	d := c.dutyLocked()
	c.mu.Unlock()
	c.doForCaller(d)
	if err != nil {
		c.tellPanic(err)
		return Pending{}, opStart.failure(SentNo, err)
	}
	return pending, nil
}

// Pending is a request under way. The zero value is one that has ended.
type Pending struct {
	c  *Conn
	ca *call
	id uint64
}

// Cancel ends the request, whose completion is told why, or context.Canceled if why is nil, before Cancel returns. It
// returns false, and does nothing, if the request has ended already or is just being told how.
func (p Pending) Cancel(why error) bool {
	if p.c == nil {
		return false
	}
	if why == nil {
		why = context.Canceled
	}
	c := p.c
	c.mu.Lock()
	cancelled := p.ca.id == p.id && c.requests.abandon(p.ca, why)
	c.checkDrainedLocked()
	d := c.dutyLocked()
	c.mu.Unlock()
	c.do(d)
	return cancelled
}

// complete tells the callers of started calls how they ended.
func (c *Conn) complete(ended *call) {
	for ended != nil {
		ca := ended
		ended = ca.next
		c.tellPanic(ca.err)
		c.protect(func() { ca.completion.Complete(ca.reply, ca.err) })
		c.mu.Lock()
		c.requests.spare.recycle(ca)
		c.mu.Unlock()
	}
}
