package connection

import (
	"context"
	"errors"
	"time"
)

// call is one request waiting for its answer. Whoever takes it out of the table or the waiting list, under the
// connection's lock, finishes it: nobody else can, so it ends exactly once.
type call struct {
	done     chan struct{} // holds one token once the call is finished
	key      [32]byte
	frame    []byte // the caller's, until it is queued
	reply    []byte // the caller's buffer, then the answer
	err      error
	deadline time.Duration // on the connection's clock
	started  time.Duration
	repeat   bool // may take over the tombstone of an earlier sending
	oneWay   bool // finished as soon as it is queued
	corks    bool // frames may be held until its caller runs again

	epoch     uint64 // number of the write buffer its frame is in, counted from 1; 0 if in none yet
	off, size int    // where in that buffer
}

// newCall takes a call from the connection's own pool: a call owns a channel, and a channel made in one bubble of
// testing/synctest must not appear in another.
func (c *Conn) newCall() *call {
	if ca, ok := c.calls.Get().(*call); ok {
		return ca
	}
	return &call{done: make(chan struct{}, 1)}
}

func (c *Conn) releaseCall(ca *call) {
	*ca = call{done: ca.done}
	c.calls.Put(ca)
}

func (ca *call) finish(err error) {
	ca.err = err
	ca.done <- struct{}{}
}

// Exchange sends a request and waits for its answer, which it appends to dst and returns; with room in dst it
// allocates nothing. The frame is only read, and not after Exchange has returned. The context bounds everything:
// waiting for a turn, writing, and the answer; without a deadline Config.Timeout does.
//
// Every error is an *Error that says whether the request can have reached the peer.
func (c *Conn) Exchange(ctx context.Context, frame, dst []byte) ([]byte, error) {
	return c.exchange(ctx, frame, dst, false)
}

// Repeat is Exchange for a frame that repeats an earlier one which timed out: it may use that one's key, and a late
// answer to the earlier sending is an answer to this one. It is for store-and-forward advices (0421 after 0420);
// a new transaction must never be sent with it.
func (c *Conn) Repeat(ctx context.Context, frame, dst []byte) ([]byte, error) {
	return c.exchange(ctx, frame, dst, true)
}

func (c *Conn) exchange(ctx context.Context, frame, dst []byte, repeat bool) ([]byte, error) {
	if c.cfg == nil {
		return dst, &Error{Op: "exchange", Sent: SentNo, Err: ErrClosed}
	}
	ca := c.newCall()
	defer c.releaseCall(ca)
	if c.cfg.Key != nil {
		key, kind, err := c.cfg.Key(frame)
		if err == nil && kind != KindRequest {
			err = ErrNotRequest
		}
		if err != nil {
			return dst, &Error{Op: "exchange", Sent: SentNo, Err: err}
		}
		ca.key = key
	}
	ca.frame, ca.reply, ca.repeat = frame, dst, repeat
	if err := c.begin(ctx, ca); err != nil {
		return dst, &Error{Op: "exchange", Sent: SentNo, Err: err}
	}
	c.await(ctx, ca)
	if ca.corks {
		c.awake()
	}
	if ca.err != nil {
		return dst, ca.err
	}
	return ca.reply, nil
}

// Post sends a frame that expects no answer on this connection: a notification, or an answer that a handler did not
// give at once. It returns when the frame is queued; if it cannot be written, the connection ends.
func (c *Conn) Post(ctx context.Context, frame []byte) error {
	if c.cfg == nil {
		return &Error{Op: "post", Sent: SentNo, Err: ErrClosed}
	}
	ca := c.newCall()
	defer c.releaseCall(ca)
	ca.frame, ca.oneWay = frame, true
	if err := c.begin(ctx, ca); err != nil {
		return &Error{Op: "post", Sent: SentNo, Err: err}
	}
	c.await(ctx, ca)
	return ca.err
}

// begin queues the call's frame or puts the call on the waiting list.
func (c *Conn) begin(ctx context.Context, ca *call) error {
	if err := ctx.Err(); err != nil {
		return cause(ctx)
	}
	ca.started = c.now()
	ca.deadline = ca.started + c.cfg.Timeout
	if t, ok := ctx.Deadline(); ok {
		ca.deadline = t.Sub(c.base)
	}
	c.mu.Lock()
	err := c.admit(ca)
	if wait := c.contention(err); wait == ContentionWait {
		c.waiters = append(c.waiters, ca)
		c.armSweeper(min(ca.deadline, c.tombEnd()))
		err = nil
	}
	if err != nil {
		c.mu.Unlock()
		return err
	}
	c.kick(false)
	return nil
}

// contention says whether a request refused with err may wait, and counts those that may not.
func (c *Conn) contention(err error) Contention {
	choice := ContentionFail
	switch err {
	case ErrBusy:
		if choice = c.cfg.Busy; choice == ContentionFail {
			c.stats.Busy++
		}
	case ErrDuplicateKey:
		if choice = c.cfg.Duplicates; choice == ContentionFail {
			c.stats.Duplicates++
		}
	}
	return choice
}

// await returns when the call is finished, by an answer, its deadline, the context or the end of the connection.
func (c *Conn) await(ctx context.Context, ca *call) {
	done := ctx.Done()
	if done == nil {
		<-ca.done
		return
	}
	select {
	case <-ca.done:
	case <-done:
		c.mu.Lock()
		c.abandon(ca, cause(ctx))
		c.kick(false)
		<-ca.done // already there, unless the answer has arrived and is being copied
	}
}

// cause tells a deadline from a cancellation.
func cause(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ErrTimeout
	}
	return context.Cause(ctx)
}
