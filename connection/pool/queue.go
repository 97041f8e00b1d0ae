package pool

import (
	"context"
	"errors"
	"time"

	"github.com/posline/posline/connection"
)

// queue is where requests wait for a line, oldest first. Guarded by Pool.mu.
type queue struct {
	first, last *waiter
	n           int
	choosy      int // of them take one line only
	bound       int // of these have named it
}

// waiter is a request that waits, or has waited, for a line. Its caller waits for granted, unless it was started.
type waiter struct {
	wish
	deadline int64 // on the pool's clock
	since    int64 // when it began to wait
	bounded  bounded

	granted chan struct{} // of a caller that waits: holds a token once link or err is set
	started *started      // nil for a caller that waits
	link    *link         // with a place reserved
	err     error         // why it gets none

	queued     bool
	prev, next *waiter
}

func (q *queue) push(w *waiter) {
	w.queued, w.prev, w.next = true, q.last, nil
	if q.last == nil {
		q.first = w
	} else {
		q.last.next = w
	}
	q.last = w
	q.count(w, 1)
}

func (q *queue) count(w *waiter, by int) {
	q.n += by
	if w.choosy() {
		q.choosy += by
	}
	if w.line != nil {
		q.bound += by
	}
}

func (q *queue) remove(w *waiter) {
	if w.prev == nil {
		q.first = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		q.last = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.queued, w.prev, w.next = false, nil, nil
	q.count(w, -1)
}

// joinLocked gives a request a place on a line, in its turn, or lets it wait for one, or says why it may not. It also
// returns started requests to be sent without the lock; this one may be among them.
func (p *Pool) joinLocked(w *waiter) (grants *started, err error) {
	if err := p.enqueueLocked(w); err != nil {
		return nil, err
	}
	grants = p.serveLocked()
	if w.queued && p.config.Connection.Busy == connection.ContentionFail && !p.stranded(w) {
		p.leaveLocked(w)
		err = connection.ErrBusy
	}
	return grants, err
}

// enqueueLocked lets a request wait for a line, or says why it may not.
func (p *Pool) enqueueLocked(w *waiter) error {
	now := p.now()
	w.since, w.link, w.err = now, nil, nil
	switch {
	case p.closed || p.cut == nil:
		return connection.ErrClosed
	case now >= w.deadline:
		return p.noTimeLocked(w)
	case p.config.Wait < 0 && p.stranded(w) && !p.sleeperLocked():
		p.refused.Add(1)
		return &noLine{nil, p.troubleLocked()}
	}
	p.queue.push(w)
	p.waiting.Add(1)
	p.summonForLocked(w)
	p.armForLocked(p.limitLocked(w))
	return nil
}

// leaveLocked takes a request out of the queue.
func (p *Pool) leaveLocked(w *waiter) {
	p.queue.remove(w)
	p.waiting.Add(-1)
}

// stranded reports whether there is no line that the request could take, were there room.
func (p *Pool) stranded(w *waiter) bool {
	if w.line != nil {
		k := w.line.link.Load()
		return k == nil || !k.taking.Load()
	}
	return len(p.candidates.Load().links) == 0
}

// sleeperLocked reports whether a line on demand can be dialled, or is.
func (p *Pool) sleeperLocked() bool {
	for _, l := range p.lines {
		if l.OnDemand && (l.state == Asleep || l.state == Connecting) {
			return true
		}
	}
	return false
}

// serve gives the lines that have room to those who wait.
func (p *Pool) serve() {
	p.mu.Lock()
	grants := p.serveLocked()
	p.mu.Unlock()
	p.dispatch(grants)
}

// serveLocked is serve but for the started requests that must be sent without the lock, which it returns.
func (p *Pool) serveLocked() (grants *started) {
	now, full := p.now(), false
	for w := p.queue.first; w != nil && !(full && p.queue.choosy == 0); {
		next := w.next
		if w.choosy() || !full {
			if k := p.pick(&w.wish, now); k != nil {
				w.link = k
				grants = p.endWaitLocked(w, grants)
			} else if !w.choosy() {
				full = true
			}
		}
		w = next
	}
	return grants
}

// endWaitLocked tells a request that its waiting is over. A started one is added to those to be sent.
func (p *Pool) endWaitLocked(w *waiter, grants *started) *started {
	p.leaveLocked(w)
	if w.started == nil {
		w.granted <- struct{}{}
		return grants
	}
	w.started.next = grants
	return w.started
}

// failAllLocked ends the waiting of all.
func (p *Pool) failAllLocked(why error) (failed *started) {
	for w := p.queue.first; w != nil; w = p.queue.first {
		w.err = why
		failed = p.endWaitLocked(w, failed)
	}
	return failed
}

// summonLocked wakes the lines on demand that those who wait need.
func (p *Pool) summonLocked() {
	if !p.onDemand {
		return
	}
	if p.queue.n > p.queue.bound {
		p.summonAnyLocked()
	}
	for w := p.queue.first; w != nil && p.queue.bound > 0; w = w.next {
		if w.line != nil {
			p.summonForLocked(w)
		}
	}
}

// summonForLocked wakes a line on demand for one request: the one that it must take, or any.
func (p *Pool) summonForLocked(w *waiter) {
	switch {
	case !p.onDemand:
	case w.line == nil:
		p.summonAnyLocked()
	case w.line.state == Asleep:
		w.line.summonLocked()
	}
}

// summonAnyLocked wakes the next line on demand; of those that stand by only if no other line gives hope.
func (p *Pool) summonAnyLocked() {
	for _, standby := range []bool{false, true} {
		sleeper, hope := p.hopeLocked(standby)
		if sleeper != nil {
			sleeper.summonLocked()
		}
		if hope || sleeper != nil {
			return
		}
	}
}

// hopeLocked returns the line to wake next, and whether one is coming anyway.
func (p *Pool) hopeLocked(standby bool) (sleeper *line, hope bool) {
	for _, l := range p.lines {
		switch {
		case l.Standby != standby || l.drained:
		case l.state == Asleep && !l.wanted:
			if sleeper == nil || l.failures < sleeper.failures {
				sleeper = l
			}
		case l.state == Asleep, l.state == Connecting && (l.OnDemand || l.failures == 0):
			return nil, true
		}
	}
	return sleeper, false
}

func (l *line) summonLocked() {
	l.wanted = true
	l.wake()
}

// armLocked sets the sweeper's timer for the first request in the queue whose time runs out.
func (p *Pool) armLocked() {
	at := int64(0)
	for w := p.queue.first; w != nil; w = w.next {
		if limit := p.limitLocked(w); at == 0 || limit < at {
			at = limit
		}
	}
	if at != 0 {
		p.armForLocked(at)
	}
}

// armForLocked sets the sweeper's timer for a time, unless it is set for an earlier one. The more requests there are to look
// at, the longer it waits: with a thousand a deadline is seen 2 ms late at most.
func (p *Pool) armForLocked(at int64) {
	if p.sweepAt != 0 && p.sweepAt <= at {
		return
	}
	p.sweepAt = at
	wait := max(time.Duration(at-p.now()), time.Millisecond+time.Duration(p.queue.n)*time.Microsecond)
	if p.sweeper == nil {
		p.sweeper = time.AfterFunc(wait, p.sweep)
		return
	}
	p.sweeper.Reset(wait)
}

// limitLocked is when a request stops waiting: at its deadline, or Wait after there was no line for it any more.
func (p *Pool) limitLocked(w *waiter) int64 {
	if p.config.Wait == 0 || !p.stranded(w) || p.config.Wait < 0 && p.sleeperLocked() {
		return w.deadline
	}
	downSince := p.downSince
	if w.line != nil {
		downSince = w.line.downSince
	}
	return min(w.deadline, later(max(w.since, downSince), max(p.config.Wait, 0)))
}

// sweep ends the waiting of those whose time is over.
func (p *Pool) sweep() {
	p.mu.Lock()
	p.sweepAt = 0
	var failed *started
	now := p.now()
	for w := p.queue.first; w != nil; {
		next := w.next
		if p.limitLocked(w) <= now {
			w.err = p.noTimeLocked(w)
			failed = p.endWaitLocked(w, failed)
		}
		w = next
	}
	p.armLocked()
	p.mu.Unlock()
	p.dispatch(failed)
}

// noTimeLocked is the error of a request that has waited for too long.
func (p *Pool) noTimeLocked(w *waiter) error {
	if !p.stranded(w) {
		return connection.ErrTimeout
	}
	p.refused.Add(1)
	if p.config.Wait < 0 && p.now() < w.deadline {
		return &noLine{nil, p.troubleLocked()}
	}
	return &noLine{connection.ErrTimeout, p.troubleLocked()}
}

// troubleLocked is what a line failed with last.
func (p *Pool) troubleLocked() (last error) {
	at := int64(-1)
	for _, l := range p.lines {
		if l.trouble != nil && l.troubled > at {
			last, at = l.trouble, l.troubled
		}
	}
	return last
}

// noLine is the cause of a request that found no line.
type noLine struct {
	why     error // ErrTimeout, or nil if it did not wait
	trouble error // what a line failed with last; nil if nothing is known
}

func (e *noLine) Error() string {
	text := ErrNoLine.Error()
	if e.trouble != nil {
		text += ", " + e.trouble.Error()
	}
	return text
}

// Unwrap returns ErrNoLine and what else is known.
func (e *noLine) Unwrap() []error {
	all := []error{ErrNoLine}
	for _, err := range []error{e.why, e.trouble} {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// wait returns when the request has a place on a link, or why it has none.
func (p *Pool) wait(ctx context.Context, w *waiter) (*link, error) {
	p.mu.Lock()
	grants, err := p.joinLocked(w)
	p.mu.Unlock()
	p.dispatch(grants)
	if err != nil {
		return nil, err
	}
	select {
	case <-w.granted:
		return w.link, w.err
	case <-ctx.Done():
	}
	p.mu.Lock()
	queued := w.queued
	if queued {
		p.leaveLocked(w)
	}
	p.mu.Unlock()
	if !queued {
		<-w.granted
		if w.link != nil {
			w.link.release()
		}
	}
	return nil, p.ended(ctx, w)
}

// ended is the error of a request whose context has ended while it waited.
func (p *Pool) ended(ctx context.Context, w *waiter) error {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return context.Cause(ctx)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.noTimeLocked(w)
}
