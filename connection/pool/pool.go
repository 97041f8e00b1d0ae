package pool

import (
	"context"
	"errors"
	"hash/fnv"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/posline/posline/connection"
)

// Pool sends requests to one peer over several lines. Its methods may be called concurrently. The zero value is closed.
type Pool struct {
	config   Config
	base     time.Time // when its clock started
	timed    bool      // how long requests take matters
	onDemand bool      // some line is
	keys     *keys     // nil unless SharedKeys
	lines    []*line

	candidates atomic.Pointer[candidates]
	waiting    atomic.Int64 // requests in queue
	moved      atomic.Uint64
	foreign    atomic.Uint64
	refused    atomic.Uint64
	late       atomic.Uint64

	ctx    context.Context // ends when Shutdown or Close begins
	cancel context.CancelFunc
	hard   context.Context // ends with Close: what is in the way is closed at once
	cut    context.CancelFunc
	owners sync.WaitGroup // one goroutine a line, and one for each connection that is on its way out

	// mu guards what follows, the queue's requests, and what the lines' own comments name. It is not held while the code
	// of the program or of a connection runs.
	mu        sync.Mutex
	closed    bool
	changed   chan struct{}                 // closed, and made anew, when a line changes its state or a connection of it has ended
	retired   map[*connection.Conn]struct{} // by Retire, before they were in use; until they end
	downSince int64                         // on the pool's clock; 0 while there is a candidate
	queue     queue
	sweeper   *time.Timer
	sweepAt   int64 // 0 if it is not armed

	spare spare
}

var (
	_ connection.Exchanger = (*Pool)(nil)
	_ connection.Repeater  = (*Pool)(nil)
)

// New makes a pool and begins to dial; WaitReady waits for it. Its error joins all that is wrong with the configuration.
func New(config Config) (*Pool, error) {
	config, err := config.checked()
	if err != nil {
		return nil, err
	}
	p := &Pool{config: config, changed: make(chan struct{}), retired: make(map[*connection.Conn]struct{}), downSince: 1, timed: len(config.Lines) > 1}
	p.base = p.clock().Add(-1)
	p.hard, p.cut = context.WithCancel(context.Background())
	p.ctx, p.cancel = context.WithCancel(p.hard)
	p.candidates.Store(new(candidates))
	if config.SharedKeys {
		p.keys = newKeys(p)
	}
	for _, one := range config.Lines {
		l := &line{Line: one, pool: p, kick: make(chan struct{}, 1), since: p.base}
		hash := fnv.New64a()
		hash.Write([]byte(one.Name))
		l.hash = hash.Sum64()
		p.onDemand = p.onDemand || one.OnDemand
		p.lines = append(p.lines, l)
	}
	p.timed = p.timed || p.onDemand
	for _, l := range p.lines {
		p.owners.Go(l.own)
	}
	return p, nil
}

// now is the time on the pool's clock, never 0. It goes on evenly when that of the machine is set.
func (p *Pool) now() int64 {
	if p.config.clock == nil {
		return int64(time.Since(p.base)) // in half the time: it is asked for every request
	}
	return int64(p.clock().Sub(p.base))
}

// clock is the time of day.
func (p *Pool) clock() time.Time {
	if p.config.clock == nil {
		return time.Now()
	}
	return p.config.clock()
}

// later is the time d after t on a clock in nanoseconds, at the latest the end of time: a sum beyond 292 years would be one
// in the past.
func later(t int64, d time.Duration) int64 {
	if int64(d) > math.MaxInt64-t {
		return math.MaxInt64
	}
	return t + int64(d)
}

// Ready reports whether a request would be sent now or once a line on demand has been dialled. It takes no lock.
func (p *Pool) Ready() bool {
	c := p.candidates.Load()
	if c == nil {
		return false
	}
	if len(c.links) > 0 {
		return true
	}
	for _, l := range p.lines {
		if l.onCall.Load() {
			return true
		}
	}
	return false
}

// WaitReady waits until Ready. When ctx ends before, its error says what each line failed with last.
func (p *Pool) WaitReady(ctx context.Context) error {
	for {
		p.mu.Lock()
		changed, closed := p.changed, p.closed || p.cut == nil
		p.mu.Unlock()
		switch {
		case closed:
			return connection.ErrClosed
		case p.Ready():
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return errors.Join(ctx.Err(), p.troubles())
		}
	}
}

// Close ends the pool and its connections at once. Requests under way fail with what is known about their bytes. It waits
// for hooks that are running and always returns nil.
func (p *Pool) Close() error {
	if p.cut == nil {
		return nil
	}
	p.stop()
	p.cut()
	p.owners.Wait()
	return nil
}

// Shutdown ends the pool in good order: it takes no new requests, turns away those that wait for a line, waits until
// the others have ended, signs off and closes the lines. If ctx ends before, it closes the rest at once and returns the
// context's error.
func (p *Pool) Shutdown(ctx context.Context) error {
	if p.cut == nil {
		return nil
	}
	p.stop()
	done := make(chan struct{})
	go func() {
		p.owners.Wait()
		close(done)
	}()
	select {
	case <-done:
		p.cut()
		return nil
	case <-ctx.Done():
		p.Close()
		return ctx.Err()
	}
}

// stop takes no requests any more and ends the owners.
func (p *Pool) stop() {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.closed = true
	for _, l := range p.lines {
		if k := l.link.Load(); k != nil {
			k.taking.Store(false)
		}
	}
	failed := p.failAllLocked(connection.ErrClosed)
	p.rebuildLocked() // without a candidate
	p.mu.Unlock()
	p.cancel()
	p.dispatch(failed)
}
