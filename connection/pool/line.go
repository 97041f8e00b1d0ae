package pool

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/posline/posline/connection"
)

// line is a Line with its owner: one goroutine that dials, watches what it has dialled, and dials again. Nobody else
// makes or ends its links. Fields without a comment are guarded by Pool.mu.
type line struct {
	Line
	pool *Pool  // never changes
	hash uint64 // never changes

	link   atomic.Pointer[link] // the one that requests may ask for; written with Pool.mu held
	onCall atomic.Bool          // on demand, asleep or being dialled; written with Pool.mu held
	kick   chan struct{}        // wakes the owner: what it waited for may have changed

	state    State
	since    time.Time
	drained  bool             // by Drain, until Resume
	resumed  int              // how often
	wanted   bool             // on demand: a request waits for it
	adopted  *connection.Conn // accepted, for the owner to take
	failures int              // in a row
	trouble  error            // the last one
	troubled int64            // when, on the pool's clock
	retryAt  time.Time

	downSince int64 // since when it takes no requests, on the pool's clock; 0 while it does

	connects uint64
	past     connection.Stats // of connections that have ended

	departing   []*link // that went out of use and have not ended
	stopDialing context.CancelFunc
}

var errLost = errors.New("connection takes no requests any more")

// stable is how long a connection must have lived for its loss to count as the first failure.
const stable = 10 * time.Second

// own is the owner.
func (l *line) own() {
	for l.pool.ctx.Err() == nil {
		c, err := l.open()
		switch {
		case err != nil:
			l.failed(err)
			l.pause()
		case c != nil:
			l.serve(c)
		}
	}
	l.pool.mu.Lock()
	l.stateLocked(Closed)
	orphan := l.adopted
	l.adopted = nil
	l.pool.mu.Unlock()
	if orphan != nil {
		orphan.Close()
	}
	l.tell()
}

// open returns a connection that is signed on. It returns none if something has changed that the owner must look at.
func (l *line) open() (*connection.Conn, error) {
	state, adopted := l.plan()
	switch {
	case adopted != nil:
		return adopted, nil
	case state != Connecting:
		l.await(nil)
		return nil, nil
	}
	return l.dial()
}

// dial makes a connection, unless the line is drained meanwhile.
func (l *line) dial() (*connection.Conn, error) {
	cfg := l.pool.config.Connection
	l.setUp(&cfg)
	ctx, cancel := context.WithCancel(l.pool.ctx)
	defer cancel()
	l.pool.mu.Lock()
	l.stopDialing = cancel
	if l.drained {
		cancel()
	}
	l.pool.mu.Unlock()
	c, err := connection.Dial(ctx, l.Network, l.Address, cfg)
	if err != nil && l.interrupted() {
		return nil, nil
	}
	return c, err
}

// plan decides what to do about a line without a connection, and makes that its state.
func (l *line) plan() (State, *connection.Conn) {
	l.pool.mu.Lock()
	state, adopted := Connecting, l.adopted
	l.adopted = nil
	switch {
	case l.drained:
		state = Drained
	case adopted != nil:
	case l.Accept:
		state = Down
	case l.OnDemand && !l.wanted:
		state = Asleep
	}
	changed := l.stateLocked(state)
	if state == Asleep {
		l.pool.summonLocked() // somebody may have come just now
	}
	l.pool.mu.Unlock()
	if state == Drained && adopted != nil {
		adopted.Close()
		adopted = nil
	}
	if changed {
		l.tell()
	}
	return state, adopted
}

// setUp makes the configuration of the line's connections.
func (l *line) setUp(cfg *connection.Config) {
	cfg.MaxInFlight = l.Window
	if l.Dialer != nil {
		cfg.Dialer = l.Dialer
	}
	if l.pool.keys != nil {
		cfg.Elsewhere = l.pool.Elsewhere
	}
}

// await waits until the owner is kicked, the pool ends, or timer fires, if there is one.
func (l *line) await(timer <-chan time.Time) {
	select {
	case <-l.kick:
	case <-l.pool.ctx.Done():
	case <-timer:
	}
}

// wake makes the owner look at the line again.
func (l *line) wake() {
	select {
	case l.kick <- struct{}{}:
	default:
	}
}

// failed notes that there is no connection.
func (l *line) failed(err error) {
	l.pool.mu.Lock()
	l.failLocked(err)
	l.wanted = l.wanted && l.pool.queue.n > 0
	l.stateLocked(Down)
	l.pool.summonLocked()
	l.pool.armLocked() // for those who wait for a line on demand alone
	l.pool.mu.Unlock()
	l.tell()
}

// pause waits before the next dial: not after a first failure, then for a time with full jitter, so that many lines and
// many machines do not come back in step. Who is not wanted, or is dialled by the peer, has nothing to wait for.
func (l *line) pause() {
	wait := l.planPause()
	if wait == 0 {
		return
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for rest := true; rest; {
		select {
		case <-timer.C:
			rest = false
		case <-l.kick:
			rest = !l.interrupted()
		case <-l.pool.ctx.Done():
			rest = false
		}
	}
}

// planPause returns how long to wait before the next dial, and notes until when.
func (l *line) planPause() (wait time.Duration) {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	cfg := &l.pool.config
	if doublings := l.failures - 2; doublings >= 0 && !l.Accept && (l.wanted || !l.OnDemand) {
		limit := cfg.RetryMax
		if cfg.RetryMin < limit>>doublings {
			limit = cfg.RetryMin << doublings
		}
		wait = rand.N(limit) + 1
	}
	l.retryAt = l.pool.clock().Add(wait)
	return wait
}

// interrupted reports whether there is something better to do than to wait for the next dial.
func (l *line) interrupted() bool {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	return l.drained
}

// serve puts a connection to use until it ends or must be replaced.
func (l *line) serve(c *connection.Conn) {
	k := newLink(l, c, l.pool.now())
	l.attach(k)
	why, err := l.watch(k)
	l.detach(k, why, err)
}

// attach makes a link a candidate.
func (l *line) attach(k *link) {
	p := l.pool
	p.mu.Lock()
	l.connects++
	_, k.retired = p.retired[k.conn]
	k.taking.Store(!l.drained && !p.closed && !k.retired)
	k.latency.at.Store(p.now())
	k.latency.value.Store(p.typicalLocked())
	l.link.Store(k)
	l.wanted = false
	if k.taking.Load() {
		l.stateLocked(Online)
	}
	grants := p.rebuildLocked()
	p.summonLocked() // who still waits needs another line
	p.mu.Unlock()
	p.dispatch(grants)
	l.tell()
}

// detach takes a link out of use and ends it as it deserves.
func (l *line) detach(k *link, why departure, err error) {
	p := l.pool
	k.leave()
	p.mu.Lock()
	l.link.Store(nil)
	l.departing = append(l.departing, k)
	grants := p.rebuildLocked()
	state := Draining
	if why == lost || why == replaced {
		state = Down
	}
	if why == lost || why == retired {
		if l.pool.now()-k.since >= int64(stable) {
			l.failures = 0
		}
		if err == nil {
			err = errLost
		}
		l.failLocked(err)
	} else {
		l.failures = 0
	}
	l.stateLocked(state)
	p.summonLocked()
	p.mu.Unlock()
	p.dispatch(grants)
	l.tell()
	l.end(k, why)
}

// failLocked notes that there is no connection, or not any more.
func (l *line) failLocked(err error) {
	l.failures++
	l.trouble, l.troubled = err, l.pool.now()
}

// end has a link come to its end, and waits for that where another connection beside it might be one too many: for a
// retired one not for ever, for one that is drained until Resume.
func (l *line) end(k *link, why departure) {
	p, ended := l.pool, make(chan struct{})
	p.owners.Go(func() {
		defer close(ended)
		if why != lost {
			k.finish()
		}
		l.bury(k)
	})
	switch {
	case why == lost:
		l.pause()
	case why == replaced, why == retired && l.Accept: // the peer dials, or has dialled
	case why == retired:
		timer := time.NewTimer(p.patience())
		defer timer.Stop()
		select {
		case <-ended:
		case <-timer.C:
		}
		l.pause()
	default:
		l.awaitEnd(ended, why)
	}
}

// awaitEnd waits for the end of a connection that was drained or is not needed, or until the line is to be used again.
func (l *line) awaitEnd(ended <-chan struct{}, why departure) {
	for why != draining || !l.wantsUse() {
		select {
		case <-ended:
			return
		case <-l.kick:
		}
	}
}

// wantsUse reports whether nothing keeps the line out of use.
func (l *line) wantsUse() bool {
	l.pool.mu.Lock()
	defer l.pool.mu.Unlock()
	return !l.drained && !l.pool.closed
}

// bury keeps the counters of a connection that is at its end, once it has ended.
func (l *line) bury(k *link) {
	p := l.pool
	select {
	case <-k.conn.Done():
	case <-p.hard.Done():
		k.conn.Close()
	}
	stats := k.conn.Stats()
	p.mu.Lock()
	defer p.mu.Unlock()
	l.past.Add(stats)
	l.departing = slices.DeleteFunc(l.departing, func(one *link) bool { return one == k })
	p.changedLocked()
}
