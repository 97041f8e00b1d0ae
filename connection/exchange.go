package connection

import (
	"context"
	"errors"
	"time"
)

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
	var key [32]byte
	if err := c.keyOf(frame, &key); err != nil {
		return dst, opExchange.failure(SentNo, err)
	}
	ca, err := c.begin(ctx, wish{repeat: repeat}, &key, frame, dst)
	if err != nil {
		return dst, err
	}
	c.await(ctx, ca)
	if ca.cork != nil {
		c.awake(ca.cork)
	}
	reply, err := ca.reply, ca.err
	c.requests.spare.giveBack(ca)
	if err != nil {
		c.tellPanic(err)
		return dst, err
	}
	return reply, nil
}

// keyOf sets the key of a frame that must be a request. Relays send what others sent them, so the key function must not
// take the process down here either.
func (c *Conn) keyOf(frame []byte, key *[32]byte) (err error) {
	if c.cfg == nil {
		return ErrClosed
	}
	if c.cfg.Key == nil {
		return nil
	}
	returned := false // spares the usual case a call of recover
	defer func() {
		if !returned {
			err = panicked(recover())
			c.tellPanic(err)
		}
	}()
	var kind uint8
	*key, kind, err = c.cfg.Key(frame)
	returned = true
	if err == nil && kind != KindRequest {
		err = ErrNotRequest
	}
	return err
}

// Post sends a frame that expects no answer on this connection: a notification, or an answer that a handler did not
// give at once. It returns when the frame is queued, and waits for room as Config.Busy says; if it cannot be written,
// the connection ends.
func (c *Conn) Post(ctx context.Context, frame []byte) error {
	if c.cfg == nil {
		return &Error{Op: "post", Sent: SentNo, Err: ErrClosed}
	}
	ca, err := c.begin(ctx, wish{op: opPost}, &[32]byte{}, frame, nil)
	if err != nil {
		return err
	}
	c.await(ctx, ca)
	err = ca.err
	c.requests.spare.giveBack(ca)
	c.tellPanic(err)
	return err
}

// TryPost is Post that never waits: where there is no room for the frame it fails with ErrBusy. It is for completions
// and hooks, which must not block.
func (c *Conn) TryPost(frame []byte) error {
	if c.cfg == nil {
		return &Error{Op: "post", Sent: SentNo, Err: ErrClosed}
	}
	ca, err := c.begin(context.Background(), wish{op: opPost, atOnce: true}, &[32]byte{}, frame, nil)
	if err != nil {
		return err
	}
	<-ca.done // already there
	c.requests.spare.giveBack(ca)
	return nil
}

// wish is how a call is to be made.
type wish struct {
	op     op
	repeat bool
	atOnce bool // or not at all: it must not wait for its turn
}

// begin starts a call, or lets it wait for its turn. The caller awaits its end and gives it back.
func (c *Conn) begin(ctx context.Context, w wish, key *[32]byte, frame, reply []byte) (*call, error) {
	if ctx.Err() != nil {
		return nil, w.op.failure(SentNo, cause(ctx))
	}
	until, _ := ctx.Deadline()
	started, deadline := c.deadline(until)
	c.mu.Lock()
	r := c.requestsLocked()
	ca := r.spare.forWait()
	ca.op, ca.repeat, ca.key, ca.frame, ca.reply = w.op, w.repeat, *key, frame, reply
	ca.started, ca.deadline = started, deadline
	err := r.begin(ca, !w.atOnce)
	d := c.dutyLocked()
	c.mu.Unlock()
	c.doForCaller(d)
	if err != nil {
		r.spare.giveBack(ca)
		c.tellPanic(err)
		return nil, w.op.failure(SentNo, err)
	}
	return ca, nil
}

// deadline returns the time, and a deadline on the connection's clock; Config.Timeout counts if there is none. One that
// is known by the wall clock only is compared with that clock as it is now, whatever steps it has made before.
func (c *Conn) deadline(t time.Time) (now, at time.Duration) {
	now = c.now()
	if t.IsZero() {
		return now, later(now, c.cfg.Timeout)
	}
	return now, later(now, max(time.Until(t), 0))
}

// later is the time d after t, at the latest the end of time: a sum beyond 292 years would be one in the past.
func later(t, d time.Duration) time.Duration {
	if d > never-t {
		return never
	}
	return t + d
}

// await returns when the call has ended, by an answer, its deadline, the context or the end of the connection.
func (c *Conn) await(ctx context.Context, ca *call) {
	done := ctx.Done()
	if done == nil {
		<-ca.done
		return
	}
	select {
	case <-ca.done:
	case <-done:
		why := cause(ctx) // the context may be the program's
		c.mu.Lock()
		c.requests.abandon(ca, why)
		c.checkDrainedLocked()
		d := c.dutyLocked()
		c.mu.Unlock()
		c.doForCaller(d)
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
