package saf

import (
	"bytes"
	"context"
	"sync"
	"time"
)

// Queue forwards, once New has made it, the entries of a store: for each destination in the order they were added, each
// until it is answered or given up.
type Queue struct {
	cfg    Config
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	lines   map[string]*line // those with something to send
	held    map[uint64]*job
	pending int           // in lines, and being recorded
	empty   chan struct{} // closed while nothing is pending
	unended []outcome     // outcomes that the store could not record
}

type outcome struct {
	id uint64
	Outcome
}

// New starts forwarding what the store holds. Entries of an earlier run may have been sent: they are repeats.
func New(config Config) (*Queue, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	entries, err := config.Store.Pending()
	if err != nil {
		return nil, err
	}
	q := &Queue{cfg: config, lines: make(map[string]*line), held: make(map[uint64]*job), empty: make(chan struct{})}
	close(q.empty)
	q.ctx, q.cancel = context.WithCancel(context.Background())
	q.mu.Lock()
	defer q.mu.Unlock()
	now := config.clock()
	for _, e := range entries {
		q.count(1)
		q.enqueue(&job{Entry: e, born: now.Add(-max(now.Sub(e.Created), 0)), mayHaveLeft: true})
	}
	return q, nil
}

// Add records a message and returns its ID; it will be forwarded from then on, whatever happens. The frame is
// copied. On error nothing will be sent, but see Store.Append. Messages to one destination that are added one after
// another are sent in that order; see Config.Window.
func (q *Queue) Add(destination string, frame []byte) (id uint64, err error) {
	return q.record(destination, frame, q.enqueue)
}

// record makes a message durable and hands it on, with the lock held and the message counted.
func (q *Queue) record(destination string, frame []byte, then func(*job)) (id uint64, err error) {
	if err := q.admit(); err != nil {
		return 0, err
	}
	now := q.cfg.clock()
	id, err = q.cfg.Store.Append(destination, frame, now)

	q.mu.Lock()
	defer q.mu.Unlock()
	if err != nil {
		q.count(-1)
		return 0, err
	}
	then(newJob(id, destination, frame, now))
	return id, nil
}

func newJob(id uint64, destination string, frame []byte, created time.Time) *job {
	return &job{Entry: Entry{ID: id, Destination: destination, Frame: bytes.Clone(frame), Created: created}, born: created}
}

// admit counts one message more, if there is room.
func (q *Queue) admit() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed || q.cfg.Store == nil:
		return ErrClosed
	case q.pending+len(q.held) >= q.cfg.MaxPending:
		return ErrFull
	}
	q.count(1)
	return nil
}

// count keeps the number of pending entries and the channel that tells when there are none.
func (q *Queue) count(by int) {
	if q.pending == 0 && by > 0 {
		q.empty = make(chan struct{})
	}
	if q.pending += by; q.pending == 0 && by < 0 {
		close(q.empty)
	}
}

// Pending returns how many entries are waiting or being sent; those on Hold are not among them.
func (q *Queue) Pending() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.pending
}

// Flush waits until nothing is pending or ctx ends.
func (q *Queue) Flush(ctx context.Context) error {
	for {
		q.mu.Lock()
		empty, pending := q.empty, q.pending
		q.mu.Unlock()
		if pending == 0 {
			return nil
		}
		select {
		case <-empty:
		case <-ctx.Done():
			return ctx.Err()
		case <-q.ctx.Done():
			return ErrClosed
		}
	}
}

// Kick tries a destination at once instead of after its pause: the program knows that the line is back.
func (q *Queue) Kick(destination string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l := q.lines[destination]; l != nil {
		close(l.kicked)
		l.kicked = make(chan struct{})
	}
}

// Close stops forwarding and closes the store. What is pending goes on when the store is opened again; a sending that
// is under way is broken off, and will be repeated.
func (q *Queue) Close() error {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	if q.cfg.Store == nil {
		return nil
	}
	q.cancel()
	q.wg.Wait()
	q.endAgain()
	return q.cfg.Store.Close()
}
