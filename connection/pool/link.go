package pool

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posline/posline/connection"
)

// link is one connection of a line, from its sign-on to its end. What is known of a connection ends with it: results of
// an earlier one say nothing about the next.
type link struct {
	line   *line
	conn   *connection.Conn
	window int64
	since  int64 // on the pool's clock

	latency latency

	taking   atomic.Bool  // requests may take it
	load     atomic.Int64 // requests that have taken it and not ended
	lastUsed atomic.Int64 // on the pool's clock; of lines on demand
	timeouts atomic.Int32 // one after another

	empty   chan struct{} // closed when it takes no requests any more and the last one has ended
	emptied sync.Once
	leaving atomic.Bool

	retired bool // to be replaced; guarded by Pool.mu
}

func newLink(l *line, c *connection.Conn, now int64) *link {
	k := &link{line: l, conn: c, window: int64(l.Window), since: now, empty: make(chan struct{})}
	k.lastUsed.Store(now)
	return k
}

// reserve takes a place in the window for a request.
func (k *link) reserve() bool {
	if !k.taking.Load() || !k.place() {
		return false
	}
	if k.taking.Load() {
		return true
	}
	k.giveBack()
	if p := k.line.pool; p.waiting.Load() > 0 {
		go p.serve() // the caller may hold the pool's lock
	}
	return false
}

// place takes a place in the window, for a request or an echo.
func (k *link) place() bool {
	for {
		n := k.load.Load()
		if n >= k.window {
			return false
		}
		if k.load.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// release gives a place back, to those who wait for one.
func (k *link) release() {
	k.giveBack()
	if p := k.line.pool; p.waiting.Load() > 0 {
		p.serve()
	}
}

func (k *link) giveBack() {
	if k.load.Add(-1) == 0 && k.leaving.Load() {
		k.emptied.Do(func() { close(k.empty) })
	}
}

// leave lets no request take the link any more. The channel is closed when the last one has ended.
func (k *link) leave() <-chan struct{} {
	k.taking.Store(false)
	k.leaving.Store(true)
	if k.load.Load() == 0 {
		k.emptied.Do(func() { close(k.empty) })
	}
	return k.empty
}

// ended notes how a request on the link ended, and gives its place back.
func (k *link) ended(start int64, err error) {
	p := k.line.pool
	switch {
	case err == nil:
		k.answered(start)
	case errors.Is(err, connection.ErrTimeout) && connection.SentOf(err) != connection.SentNo:
		k.used(p.now())
		limit := p.config.SuspectAfter
		if n := k.timeouts.Add(1); limit > 0 && int(n) == limit {
			p.suspect(k)
		}
	case closing(k.conn):
		p.withdraw(k)
	}
	k.release()
}

func (k *link) answered(start int64) {
	if k.timeouts.Load() != 0 {
		k.timeouts.Store(0)
	}
	p := k.line.pool
	if !p.timed {
		return
	}
	now := p.now()
	k.latency.record(now-start, now)
	k.used(now)
}

// used notes that a line on demand was needed.
func (k *link) used(now int64) {
	if k.line.OnDemand {
		k.lastUsed.Store(now)
	}
}

// closing reports whether a connection takes no new requests.
func closing(c *connection.Conn) bool {
	select {
	case <-c.Closing():
		return true
	default:
		return false
	}
}

// finish closes the link in good order: its requests end, each in its own time, it signs off, whatever comes of that, and is
// shut down.
func (k *link) finish() {
	defer k.conn.Close()
	p := k.line.pool
	select {
	case <-k.leave():
	case <-k.conn.Done():
	case <-p.hard.Done():
	}
	ctx, cancel := context.WithTimeout(p.hard, p.patience())
	defer cancel()
	if signOff := p.config.SignOff; signOff != nil && !closing(k.conn) && ctx.Err() == nil {
		p.protect(func() error { return signOff(ctx, k.conn) })
	}
	k.conn.Shutdown(ctx)
}

// patience is how long a line waits for a connection that is on its way out.
func (p *Pool) patience() time.Duration {
	return time.Duration(later(int64(p.config.Connection.Timeout), p.config.EchoTimeout))
}
