package connection

import "time"

const (
	// sweepGrain is the least time between two sweeps, so that many deadlines a moment apart cost one pass.
	sweepGrain = time.Millisecond

	// sweepShare is what each call that a sweep looks at adds to that time: however many there are, sweeping takes a
	// small part of a processor. With 16,000 calls a deadline is seen 3 ms late at most.
	sweepShare = 200 * time.Nanosecond

	never = time.Duration(1<<63 - 1)
)

// armSweeper makes sure that a sweep happens at the given time. One timer serves all calls of the connection; it is
// left armed when a call ends, because the next call usually wants it again.
func (r *requests) armSweeper(at time.Duration) {
	if r.sweepAt != 0 && r.sweepAt <= at || r.c.ended {
		return
	}
	r.sweepAt = max(at, 1)
	wait := at - r.c.now()
	if r.sweeper == nil {
		r.sweeper = time.AfterFunc(wait, r.c.sweep)
		return
	}
	r.sweeper.Reset(wait)
}

func (r *requests) stopSweeper() {
	if r.sweeper != nil {
		r.sweeper.Stop()
	}
}

// sweep ends the calls whose time is over and starts those whose key has become free.
func (c *Conn) sweep() {
	c.mu.Lock()
	r := c.requests
	if c.ended {
		c.mu.Unlock()
		return
	}
	now := c.now()
	r.sweepAt = max(now, 1) // nobody need arm it meanwhile
	for _, ca := range r.overdue(now) {
		r.abandon(ca, ErrTimeout)
	}
	r.dropTombs()
	for key := range r.keyed {
		if r.table.get(&key) == (entry{}) {
			r.keyFreed(key)
		}
	}
	r.freed()
	r.sweepAt = 0
	if next := r.nextDeadline(); next < never {
		seen := r.inFlight + r.waiting() + r.posts.n
		r.armSweeper(max(next, now+sweepGrain+time.Duration(seen)*sweepShare))
	}
	c.checkDrainedLocked()
	d := c.dutyLocked()
	c.mu.Unlock()
	c.do(d)
}

// all calls visit for every call, in flight or waiting, and says whether it waits for a key.
func (r *requests) all(visit func(ca *call, forKey bool)) {
	for _, e := range r.table.all() {
		if e.call != nil {
			visit(e.call, false)
		}
	}
	for _, list := range []*callList{&r.turns, &r.posts} {
		for ca := list.first; ca != nil; ca = ca.next {
			visit(ca, false)
		}
	}
	for _, w := range r.keyed {
		for _, list := range []*callList{&w.fresh, &w.repeats} {
			for ca := list.first; ca != nil; ca = ca.next {
				visit(ca, true)
			}
		}
	}
}

func (r *requests) overdue(now time.Duration) (over []*call) {
	r.all(func(ca *call, _ bool) {
		if ca.deadline <= now {
			over = append(over, ca)
		}
	})
	return over
}

// nextDeadline returns when a call ends or a tombstone that somebody waits for goes; 0 if one has gone.
func (r *requests) nextDeadline() time.Duration {
	next := never
	r.all(func(ca *call, forKey bool) {
		next = min(next, ca.deadline)
		switch {
		case !forKey:
		case r.table.get(&ca.key) == (entry{}):
			next = 0
		default:
			next = min(next, r.tombEnd())
		}
	})
	return next
}

// abandon ends a call that nobody wants to wait for any longer. It returns false for one that is neither waiting nor in
// flight: that is about to be ended by somebody else.
func (r *requests) abandon(ca *call, why error) bool {
	c := r.c
	if ca.list != nil {
		key, request := ca.key, ca.op != opPost
		c.rareLocked().timedOut++
		r.failWaiting(ca, why)
		if request {
			r.keyFreed(key)
		}
		return true
	}
	place, e := r.table.look(&ca.key)
	if e.call != ca {
		return false
	}
	key, sent, owed := ca.key, c.writer.sent(ca), ca.owed
	if sent == SentNo {
		c.writer.withdraw(ca)
	} else {
		owed++
	}
	c.rareLocked().timedOut++
	r.removeAt(place)
	if owed > 0 && c.cfg.Key != nil {
		r.bury(key, owed) // before anybody who waits for the key gets a chance
	}
	r.finish(ca, ca.op.failure(sent, why))
	if sent != SentNo && c.cfg.Key == nil {
		r.loseStep()
		return true
	}
	r.keyFreed(key)
	r.freed()
	return true
}

// loseStep is where a connection without keys stops, under the lock that ended its request: until the connection has
// ended too, nothing starts any more and no frame answers anybody.
func (r *requests) loseStep() {
	c := r.c
	c.outOfStep = true
	why := outOfStep()
	c.stopLocked(why)
	c.rareLocked().lost += uint64(r.waiting())
	r.failAllWaiting(why, true)
}

// outOfStep is why such a connection ends.
func outOfStep() error { return &LostError{Reason: ErrOutOfStep} }
