package pool

import (
	"context"
	"errors"
	"time"

	"github.com/posline/posline/connection"
)

// Exchange sends a request over one of the lines and appends its answer to dst, as connection.Conn.Exchange does. It goes
// to another line by itself only if certainly no byte of it left. The context bounds everything, waiting for a line too;
// without a deadline Connection.Timeout does.
//
// Every error is a *connection.Error. Where there was no line its cause is ErrNoLine, with what a line failed with.
func (p *Pool) Exchange(ctx context.Context, frame, dst []byte) ([]byte, error) {
	return p.exchange(ctx, nil, frame, dst, false)
}

// Repeat is Exchange for a frame that repeats an earlier one, as connection.Conn.Repeat has it.
func (p *Pool) Repeat(ctx context.Context, frame, dst []byte) ([]byte, error) {
	return p.exchange(ctx, nil, frame, dst, true)
}

// exchange sends a request over a line, over any if l is nil.
func (p *Pool) exchange(ctx context.Context, l *line, frame, dst []byte, repeat bool) ([]byte, error) {
	t := turn{pool: p, wish: p.wish(l, frame), start: p.now()}
	defer t.done()
	key, err := p.sharedKey(frame)
	if err != nil {
		return dst, failure("exchange", err)
	}
	for {
		k, err := t.take(ctx)
		if err != nil {
			return dst, failure("exchange", err)
		}
		at := t.start
		if t.waiter != nil {
			at = p.now() // waiting for the line is not its latency
		}
		if err := p.keys.enter(key, k, repeat); err != nil {
			k.release()
			return dst, failure("exchange", err)
		}
		var reply []byte
		if within := t.within(ctx); repeat {
			reply, err = k.conn.Repeat(within, frame, dst)
		} else {
			reply, err = k.conn.Exchange(within, frame, dst)
		}
		p.keys.leave(key, k, err)
		k.ended(at, err)
		if err == nil || ctx.Err() != nil || !movable(k, err) {
			return reply, err
		}
		t.move(ctx)
	}
}

// turn is a request of a caller that waits, on its way to a line.
type turn struct {
	pool   *Pool
	wish   wish
	start  int64
	waiter *waiter // nil until it has to wait or goes to a second line
}

// take returns a link with a place for the request.
func (t *turn) take(ctx context.Context) (*link, error) {
	p := t.pool
	if p.candidates.Load() == nil {
		return nil, connection.ErrClosed // the zero Pool
	}
	if ctx.Err() != nil {
		return nil, caused(ctx)
	}
	if p.waiting.Load() == 0 {
		if k := p.pick(&t.wish, t.start); k != nil {
			return k, nil
		}
	}
	t.slow(ctx)
	return p.wait(ctx, t.waiter)
}

// slow is for a request that is not sent at once: its deadline is fixed, as it was when the request began.
func (t *turn) slow(ctx context.Context) {
	if t.waiter != nil {
		return
	}
	p := t.pool
	w := p.spare.waiter()
	t.waiter = w
	w.wish = t.wish
	w.deadline = later(t.start, p.config.Connection.Timeout)
	if at, ok := ctx.Deadline(); ok {
		w.deadline = later(p.now(), time.Until(at))
		return
	}
	w.bounded = bounded{ctx, time.Now().Add(time.Duration(w.deadline - p.now()))}
}

func (t *turn) move(ctx context.Context) {
	t.slow(ctx)
	t.pool.moved.Add(1)
}

// within is ctx, with the request's deadline if it has none and the request was not sent at once.
func (t *turn) within(ctx context.Context) context.Context {
	if t.waiter == nil || t.waiter.bounded.Context == nil {
		return ctx
	}
	return &t.waiter.bounded
}

func (t *turn) done() {
	if t.waiter != nil {
		t.pool.spare.put(t.waiter)
	}
}

// bounded is a context that a connection bounds by itself: it asks for the deadline and does not wait for its end.
type bounded struct {
	context.Context
	at time.Time
}

// Deadline implements context.Context.
func (b *bounded) Deadline() (time.Time, bool) { return b.at, true }

// movable reports whether a request that failed on a link may take another one: nothing of it left, because the link
// takes no requests any more.
func movable(k *link, err error) bool { return connection.SafeToRetry(err) && closing(k.conn) }

func failure(op string, why error) error {
	return &connection.Error{Op: op, Sent: connection.SentNo, Err: why}
}

// caused tells a deadline from a cancellation.
func caused(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return connection.ErrTimeout
	}
	return context.Cause(ctx)
}

// wish is what a request wants of its line.
func (p *Pool) wish(l *line, frame []byte) wish {
	w := wish{line: l}
	if l == nil && p.config.Affinity != nil {
		w.affinity, w.tied = p.affinity(frame)
	}
	return w
}

// affinity asks the program about a frame that may come from outside: one it panics over is not tied to a line.
func (p *Pool) affinity(frame []byte) (key uint64, ok bool) {
	defer func() {
		if v := recover(); v != nil {
			p.panicked(v)
			ok = false
		}
	}()
	return p.config.Affinity(frame)
}

// Post sends a frame that expects no answer over one of the lines, as connection.Conn.Post does.
func (p *Pool) Post(ctx context.Context, frame []byte) error {
	t := turn{pool: p, wish: p.wish(nil, frame), start: p.now()}
	defer t.done()
	for {
		k, err := t.take(ctx)
		if err != nil {
			return failure("post", err)
		}
		err = k.conn.Post(t.within(ctx), frame)
		k.used(p.now())
		if err != nil && closing(k.conn) {
			p.withdraw(k)
		}
		k.release()
		if err == nil || ctx.Err() != nil || !movable(k, err) {
			return err
		}
		t.move(ctx)
	}
}

// Echo runs Config.Echo on one of the lines. Without Config.Echo it says only whether a line takes requests.
func (p *Pool) Echo(ctx context.Context) error {
	t := turn{pool: p, start: p.now()}
	defer t.done()
	k, err := t.take(ctx)
	if err != nil {
		return failure("echo", err)
	}
	defer k.release()
	if p.config.Echo == nil {
		return nil
	}
	return p.protect(func() error { return p.config.Echo(ctx, k.conn) })
}

// Bound is one line of a pool: requests that must take that line, because the host keeps what they refer to by line,
// wait for it.
type Bound struct {
	pool *Pool
	line *line
}

var (
	_ connection.Exchanger = (*Bound)(nil)
	_ connection.Repeater  = (*Bound)(nil)
)

// On returns a line by its name, or nil if there is none.
func (p *Pool) On(name string) *Bound {
	if l := p.named(name); l != nil {
		return &Bound{p, l}
	}
	return nil
}

// Exchange is Pool.Exchange over this line. For a line that there is not, as On returns nil, it is ErrUnknownLine.
func (b *Bound) Exchange(ctx context.Context, frame, dst []byte) ([]byte, error) {
	return b.exchange(ctx, frame, dst, false)
}

// Repeat is Pool.Repeat over this line.
func (b *Bound) Repeat(ctx context.Context, frame, dst []byte) ([]byte, error) {
	return b.exchange(ctx, frame, dst, true)
}

func (b *Bound) exchange(ctx context.Context, frame, dst []byte, repeat bool) ([]byte, error) {
	if b == nil || b.line == nil {
		return dst, failure("exchange", ErrUnknownLine)
	}
	return b.pool.exchange(ctx, b.line, frame, dst, repeat)
}

func (p *Pool) named(name string) *line {
	for _, l := range p.lines {
		if l.Name == name {
			return l
		}
	}
	return nil
}
