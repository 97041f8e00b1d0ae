package saf

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/posline/posline/connection"
)

// line is one destination.
type line struct {
	queue  []*job        // by ID, as far as nobody is overtaken who is being sent; the first, as many as the window is wide, have their turn
	kicked chan struct{} // closed to cut pauses short, and made anew
}

type job struct {
	Entry
	born        time.Time // Created, as if the clock had not been set since New
	mayHaveLeft bool      // an earlier sending may have reached the host: what is sent now is a repeat
	failures    int
	told        bool // that its tries are not recorded

	// Guarded by Queue.mu.
	started bool // a goroutine forwards it
	sending bool
	ended   bool
}

// enqueue puts a job that is counted into its line. q.mu is held.
func (q *Queue) enqueue(j *job) {
	l := q.lines[j.Destination]
	if l == nil {
		l = &line{kicked: make(chan struct{})}
		q.lines[j.Destination] = l
	}
	l.insert(j)
	q.advance(j.Destination, l)
}

// insert puts a job into the line by ID: two that were added at the same time may come here in either order, and one that
// is released is older than others. It goes before those that wait, for their turn or for another try, and not before one
// that is being sent.
func (l *line) insert(j *job) {
	at := len(l.queue)
	for at > 0 && l.queue[at-1].ID > j.ID && !l.queue[at-1].sending {
		at--
	}
	l.queue = slices.Insert(l.queue, at, j)
}

// advance drops what has ended at the head of a line and starts what has its turn. q.mu is held.
func (q *Queue) advance(destination string, l *line) {
	for len(l.queue) > 0 && l.queue[0].ended {
		l.queue[0] = nil
		l.queue = l.queue[1:]
	}
	if len(l.queue) == 0 {
		delete(q.lines, destination)
	}
	if q.closed {
		return
	}
	for _, j := range l.turn(q.cfg.Window) {
		if !j.started {
			j.started = true
			q.wg.Go(func() { q.forward(l, j) })
		}
	}
}

// turn returns the jobs that have their turn.
func (l *line) turn(window int) []*job { return l.queue[:min(window, len(l.queue))] }

// forward works on one entry until it has ended, the queue is closed, or others have their turn before it.
func (q *Queue) forward(l *line, j *job) {
	if !q.finish(l, j) {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	clear(j.Frame)
	j.ended, j.sending = true, false
	q.count(-1)
	q.advance(j.Destination, l)
}

// finish sends one entry until it has an outcome; false if the queue is closed before or the entry has lost its turn.
func (q *Queue) finish(l *line, j *job) bool {
	var last error
	for {
		if kind := q.overdue(j); kind != 0 {
			q.end(j, Abandoned, kind, last)
			return true
		}
		kicked, oldest, ok := q.begin(l, j)
		if !ok {
			return false
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
		j.failures++
		if n := j.failures; oldest && (n == 3 || n > 3 && n&(n-1) == 0) {
			q.alert(Failing, j, err)
		}
		q.stepBack(l, j)
		if !q.pause(kicked, j.failures) {
			return false
		}
	}
}

// begin is called before a job is sent. It returns what cuts the pause after that short, and whether the job is the first
// of its line; ok is false if one that was recorded before it has taken its turn: it is started again when it is next.
func (q *Queue) begin(l *line, j *job) (kicked <-chan struct{}, oldest, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	j.sending = slices.Contains(l.turn(q.cfg.Window), j)
	j.started = j.sending
	return l.kicked, l.queue[0] == j, j.sending
}

// stepBack lets those go first that were recorded before a job and came while it was being sent.
func (q *Queue) stepBack(l *line, j *job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	j.sending = false
	for at := slices.Index(l.queue, j) + 1; at < len(l.queue) && l.queue[at].ID < j.ID; at++ {
		l.queue[at-1], l.queue[at] = l.queue[at], j
	}
	q.advance(j.Destination, l)
}

// age is how old an entry is. That of one from an earlier run is known by the clocks of then and now alone, and one from
// the future is new.
func (q *Queue) age(j *job) time.Duration { return q.cfg.clock().Sub(j.born) }

func (q *Queue) overdue(j *job) AlertKind {
	switch {
	case q.cfg.MaxAge > 0 && q.age(j) > q.cfg.MaxAge:
		return TooOld
	case q.cfg.MaxTries > 0 && j.Tries >= q.cfg.MaxTries:
		return TooManyTries
	}
	return 0
}

// ErrPanic means that a function of the Config, or the Exchanger it returned, panicked.
var ErrPanic = errors.New("saf: panic in a function of the configuration")

// send is one sending: made, recorded, sent, judged.
func (q *Queue) send(j *job) (verdict Verdict, err error) {
	defer func() {
		if recover() != nil { // the value may hold card data
			verdict, err = Again, ErrPanic
		}
	}()
	ctx, cancel := context.WithTimeout(q.ctx, q.cfg.Timeout)
	defer cancel()
	over, err := q.cfg.Route(ctx, j.Destination)
	if err != nil {
		return Again, err
	}
	frame, repeat := j.Frame, j.mayHaveLeft
	if q.cfg.Prepare != nil {
		if frame, err = q.cfg.Prepare(ctx, j.Entry, repeat); err != nil {
			return Again, err
		}
	}
	q.tried(j)
	exchange := over.Exchange
	if r, ok := over.(connection.Repeater); ok && repeat {
		exchange = r.Repeat
	}
	j.mayHaveLeft = true // unless it is certain that it has not
	answer, err := exchange(ctx, frame, nil)
	if err != nil {
		j.mayHaveLeft = repeat || !connection.SafeToRetry(err)
		return Again, err
	}
	if q.cfg.Judge == nil {
		return Done, nil
	}
	return q.cfg.Judge(j.Entry, answer), nil
}

// tried records that a sending begins. If that fails the entry has more tries after a restart; it is told once.
func (q *Queue) tried(j *job) {
	j.Tries++
	if err := q.cfg.Store.Tried(j.ID); err != nil && !j.told {
		j.told = true
		q.alert(StoreError, j, err)
	}
}

// end records an outcome. If that fails the entry is done with nevertheless, and recording is tried again with the next
// outcome and in Close: if that fails too it may be sent again after a restart.
func (q *Queue) end(j *job, how Outcome, kind AlertKind, err error) {
	if kind != 0 {
		q.alert(kind, j, err)
	}
	if err := q.cfg.Store.End(j.ID, how); err != nil {
		q.alert(StoreError, j, err)
		q.mu.Lock()
		q.unended = append(q.unended, outcome{j.ID, how})
		q.mu.Unlock()
		return
	}
	q.endAgain()
}

// endAgain records the outcomes that could not be recorded before, up to the first that cannot be still.
func (q *Queue) endAgain() {
	q.mu.Lock()
	again := q.unended
	q.unended = nil
	q.mu.Unlock()
	for i, o := range again {
		if err := q.cfg.Store.End(o.id, o.Outcome); err != nil && !errors.Is(err, ErrUnknownID) {
			q.mu.Lock()
			q.unended = append(q.unended, again[i:]...)
			q.mu.Unlock()
			return
		}
	}
}

func (q *Queue) alert(kind AlertKind, j *job, err error) {
	if q.cfg.Alert == nil {
		return
	}
	defer func() { recover() }() // forwarding goes on
	q.cfg.Alert(Alert{kind, j.Destination, j.ID, j.Tries, q.age(j), err})
}

// pause waits before the next try, unless a kick has come since the last one began: between half of and the whole
// doubled pause, so that many queues do not come back in step.
func (q *Queue) pause(kicked <-chan struct{}, failures int) bool {
	wait := q.cfg.RetryMax
	if doublings := failures - 1; q.cfg.RetryMin < wait>>doublings {
		wait = q.cfg.RetryMin << doublings
	}
	wait = wait/2 + rand.N(wait/2+1)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-kicked:
	case <-q.ctx.Done():
		return false
	}
	return true
}
