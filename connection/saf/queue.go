package saf

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/posline/posline/connection"
)

// Verdict says what an answer means for an entry.
type Verdict uint8

// The verdicts.
const (
	Done   Verdict = iota // the host has it
	Again                 // not now: try again later
	Refuse                // never: give up and raise an alert
)

// Config says how a Queue forwards. Store and Route are required; zero means the default told here.
type Config struct {
	Store Store

	// Route returns what reaches a destination: a Conn, a pool, a connection.Once. It is asked before every sending;
	// an error counts as a sending that failed before any byte left. If the result is a connection.Repeater,
	// repeats are sent through that.
	Route func(ctx context.Context, destination string) (connection.Exchanger, error)

	// Repeat makes the repeat of a frame that may have reached the host: another MTI, a new MAC. It must not change
	// frame. Without it the frame is sent again as it is.
	Repeat func(frame []byte) ([]byte, error)

	// Judge reads an answer. Without it every answer is Done.
	Judge func(e Entry, answer []byte) Verdict

	Timeout  time.Duration // for one sending; default 30 s
	RetryMin time.Duration // pause after the first failure; default 1 s; doubled with each further one, with jitter
	RetryMax time.Duration // longest pause; default 1 min
	MaxTries int           // sendings before an entry is given up; 0 means no limit
	MaxAge   time.Duration // age at which an entry is given up; 0 means no limit

	MaxPending int // entries kept; Add fails with ErrFull beyond; default 10,000

	// Alert is told what needs a person. It runs on the forwarding goroutine and must be quick.
	Alert func(Alert)
}

// Alert is something a person should know.
type Alert struct {
	Kind        AlertKind
	Destination string
	ID          uint64
	Tries       int
	Age         time.Duration
	Err         error // the last failure; may be nil
}

// AlertKind says what happened.
type AlertKind uint8

// The kinds of alerts.
const (
	Refused      AlertKind = iota + 1 // the host refused the message: it will not be sent again
	TooOld                            // given up because of MaxAge
	TooManyTries                      // given up because of MaxTries
	Failing                           // a destination's oldest entry has failed often: told at the 3rd try and at each doubling
	StoreError                        // the store could not record a try or an outcome; the entry may be sent again after a restart
)

func (k AlertKind) String() string {
	switch k {
	case Refused:
		return "refused by the host"
	case TooOld:
		return "given up: too old"
	case TooManyTries:
		return "given up: too many tries"
	case Failing:
		return "failing"
	case StoreError:
		return "store error"
	}
	return "unknown alert"
}

// Queue forwards, once New has made it, the entries of a store: for each destination one at a time, in the order they were added, each until
// it is answered or given up.
type Queue struct {
	cfg    Config
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	lines   map[string]*line
	held    map[uint64]*job
	pending int
	empty   chan struct{} // closed while nothing is pending
}

// line is one destination.
type line struct {
	queue   []*job // first in, first out
	running bool
	wake    chan struct{} // cuts a pause short
}

type job struct {
	Entry
	mayHaveLeft bool // an earlier sending may have reached the host: what is sent now is a repeat
}

// New starts forwarding what the store holds. Entries of an earlier run may have been sent: they are repeats.
func New(config Config) (*Queue, error) {
	if config.Store == nil || config.Route == nil {
		return nil, errors.New("saf: Config needs Store and Route")
	}
	for _, d := range []struct {
		field    *time.Duration
		fallback time.Duration
	}{{&config.Timeout, 30 * time.Second}, {&config.RetryMin, time.Second}, {&config.RetryMax, time.Minute}} {
		if *d.field <= 0 {
			*d.field = d.fallback
		}
	}
	if config.MaxPending <= 0 {
		config.MaxPending = 10_000
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
	for _, e := range entries {
		q.enqueue(&job{Entry: e, mayHaveLeft: true})
	}
	return q, nil
}

// Add records a message and returns its ID; it will be forwarded from then on, whatever happens. The frame is
// copied. On error nothing will be sent, but see Store.Append. Messages to one destination that are added one after
// another are sent in that order.
func (q *Queue) Add(destination string, frame []byte) (id uint64, err error) {
	return q.record(destination, frame, q.enqueue)
}

// record makes a message durable and hands it on, with the lock held.
func (q *Queue) record(destination string, frame []byte, then func(*job)) (id uint64, err error) {
	q.mu.Lock()
	if closed := q.closed || q.cfg.Store == nil; closed || q.pending+len(q.held) >= q.cfg.MaxPending {
		q.mu.Unlock()
		if closed {
			return 0, ErrClosed
		}
		return 0, ErrFull
	}
	q.count(1)
	q.mu.Unlock()

	now := time.Now()
	id, err = q.cfg.Store.Append(destination, frame, now)

	q.mu.Lock()
	defer q.mu.Unlock()
	q.count(-1)
	if err != nil {
		return 0, err
	}
	then(&job{Entry: Entry{ID: id, Destination: destination, Frame: append([]byte(nil), frame...), Created: now}})
	return id, nil
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

// enqueue puts a job into its line by ID: two that were added at the same time may come here in either order.
func (q *Queue) enqueue(j *job) {
	q.count(1)
	l := q.lines[j.Destination]
	if l == nil {
		l = &line{wake: make(chan struct{}, 1)}
		q.lines[j.Destination] = l
	}
	at := len(l.queue)
	for at > 0 && l.queue[at-1].ID > j.ID && !(at == 1 && l.running) {
		at--
	}
	l.queue = append(l.queue, nil)
	copy(l.queue[at+1:], l.queue[at:])
	l.queue[at] = j
	if !l.running && !q.closed {
		l.running = true
		q.wg.Go(func() { q.forward(l) })
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
		select {
		case l.wake <- struct{}{}:
		default:
		}
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
	return q.cfg.Store.Close()
}

// forward works on one destination until its line is empty.
func (q *Queue) forward(l *line) {
	for {
		q.mu.Lock()
		if len(l.queue) == 0 || q.closed {
			l.running = false
			q.mu.Unlock()
			return
		}
		j := l.queue[0]
		q.mu.Unlock()
		if !q.finish(l, j) {
			continue // closed
		}
		q.mu.Lock()
		l.queue[0] = nil
		l.queue = l.queue[1:]
		q.count(-1)
		q.mu.Unlock()
		clear(j.Frame)
	}
}

// finish sends one entry until it has an outcome; false if the queue is closed before.
func (q *Queue) finish(l *line, j *job) bool {
	var last error
	for failures := 0; ; failures++ {
		if kind := q.overdue(j); kind != 0 {
			q.end(j, Abandoned, kind, last)
			return true
		}
		verdict, err := q.send(j)
		switch {
		case q.ctx.Err() != nil && err != nil:
			return false
		case err == nil && verdict == Done:
			q.end(j, Delivered, 0, nil)
			return true
		case err == nil && verdict == Refuse:
			q.end(j, Abandoned, Refused, nil)
			return true
		}
		last = err
		if n := failures + 1; n >= 3 && (n == 3 || n&(n-1) == 0) {
			q.alert(Failing, j, err)
		}
		if !q.pause(l, failures) {
			return false
		}
	}
}

func (q *Queue) overdue(j *job) AlertKind {
	switch {
	case q.cfg.MaxAge > 0 && time.Since(j.Created) > q.cfg.MaxAge:
		return TooOld
	case q.cfg.MaxTries > 0 && j.Tries >= q.cfg.MaxTries:
		return TooManyTries
	}
	return 0
}

// send is one sending: recorded, sent, judged.
func (q *Queue) send(j *job) (Verdict, error) {
	ctx, cancel := context.WithTimeout(q.ctx, q.cfg.Timeout)
	defer cancel()
	over, err := q.cfg.Route(ctx, j.Destination)
	if err != nil {
		return Again, err
	}
	frame, repeat := j.Frame, j.mayHaveLeft
	if repeat && q.cfg.Repeat != nil {
		if frame, err = q.cfg.Repeat(j.Frame); err != nil {
			return Again, err
		}
	}
	j.Tries++
	if err := q.cfg.Store.Tried(j.ID); err != nil {
		q.alert(StoreError, j, err)
	}
	exchange := over.Exchange
	if r, ok := over.(connection.Repeater); ok && repeat {
		exchange = r.Repeat
	}
	answer, err := exchange(ctx, frame, nil)
	if err != nil {
		if !connection.SafeToRetry(err) {
			j.mayHaveLeft = true
		}
		return Again, err
	}
	j.mayHaveLeft = true
	if q.cfg.Judge == nil {
		return Done, nil
	}
	return q.cfg.Judge(j.Entry, answer), nil
}

// end records an outcome. If that fails the entry is done with nevertheless: after a restart it may be sent again.
func (q *Queue) end(j *job, outcome Outcome, kind AlertKind, err error) {
	if kind != 0 {
		q.alert(kind, j, err)
	}
	if err := q.cfg.Store.End(j.ID, outcome); err != nil {
		q.alert(StoreError, j, err)
	}
}

func (q *Queue) alert(kind AlertKind, j *job, err error) {
	if q.cfg.Alert != nil {
		q.cfg.Alert(Alert{kind, j.Destination, j.ID, j.Tries, time.Since(j.Created), err})
	}
}

// pause waits before the next try: between half of and the whole doubled pause, so that many queues do not come back
// in step.
func (q *Queue) pause(l *line, failures int) bool {
	wait := q.cfg.RetryMax
	if failures < 16 {
		wait = min(wait, q.cfg.RetryMin<<failures)
	}
	wait = wait/2 + rand.N(wait/2+1)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.wake:
	case <-q.ctx.Done():
		return false
	}
	return true
}
