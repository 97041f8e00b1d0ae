package connection

import (
	"errors"
	"time"
)

// requests are those of this side: in flight, waiting for their turn, or timed out with an answer that may still come.
// Made with the first of them. Guarded by Conn.mu, as all its methods are.
type requests struct {
	c *Conn

	// What every request changes stands together: two processors take turns at it.
	inFlight         int
	started, matched uint64
	nextID           uint64
	spare            spareCalls
	table            keyTable

	tombs    []tomb // timed-out keys, oldest first
	nextTomb uint64 // identifies the tombs

	turns callList                 // requests that wait for MaxInFlight or MaxQueued, oldest first
	keyed map[[32]byte]*keyWaiters // requests that wait for a key; nil until there is one
	posts callList                 // frames without answer that wait for MaxQueued, oldest first

	ended, lastEnded *call // started calls that have ended and are told so once the lock is released, linked by next
	spent            *call // of the reader, without the lock: a started call that was told its answer

	sweeper *time.Timer
	sweepAt time.Duration // when the sweeper runs next; 0 if it does not
}

// requestsLocked returns the connection's requests.
func (c *Conn) requestsLocked() *requests {
	if c.requests == nil {
		c.requests = &requests{c: c}
	}
	return c.requests
}

// begin queues the call's frame, or lets the call wait where the Config has it so.
func (r *requests) begin(ca *call, mayWait bool) error {
	r.nextID++
	ca.id = r.nextID
	err := r.c.refusalLocked(ca.op)
	switch {
	case err != nil:
		return err
	case ca.op == opPost && r.posts.n > 0, ca.op != opPost && r.turns.n > 0:
		err = ErrBusy // others were first
	default:
		err = r.admit(ca)
	}
	if err != nil && (!mayWait || !r.c.waitsFor(err)) {
		r.c.countRefusedLocked(err)
		return err
	}
	if err != nil {
		r.wait(ca, err)
	}
	switch {
	case ca.op != opPost:
		r.c.load.Add(1)
	case err == nil:
		r.finish(ca, nil)
	}
	return nil
}

// waitsFor says whether a request that cannot start now for this reason waits.
func (c *Conn) waitsFor(err error) bool {
	switch err {
	case ErrBusy:
		return c.cfg.Busy == ContentionWait
	case ErrDuplicateKey:
		return c.cfg.Duplicates == ContentionWait
	}
	return false
}

func (c *Conn) countRefusedLocked(err error) {
	switch err {
	case ErrBusy:
		c.rareLocked().busy++
	case ErrDuplicateKey:
		c.rareLocked().duplicates++
	}
}

// admit queues the call's frame and enters its key, or says why it cannot be done now.
func (r *requests) admit(ca *call) error {
	c := r.c
	if c.outOfStep {
		return outOfStep()
	}
	if ca.op == opPost {
		_, err := c.queueLocked(ca.frame)
		return err
	}
	if r.inFlight >= c.cfg.MaxInFlight {
		return ErrBusy
	}
	r.dropTombs()
	slot := r.table.find(&ca.key)
	if slot.call != nil || slot.tomb != 0 && !ca.repeat {
		return ErrDuplicateKey
	}
	start, err := c.queueLocked(ca.frame)
	if err != nil {
		return err
	}
	c.writer.add(ca, start)
	ca.dropCopy()
	ca.owed = r.owed(slot.tomb)
	r.table.put(slot, &ca.key, entry{call: ca})
	r.inFlight++
	r.started++
	r.armSweeper(ca.deadline)
	return nil
}

// wait puts a call where it waits for what err says is missing.
func (r *requests) wait(ca *call, err error) {
	at := ca.deadline
	switch {
	case ca.op == opPost:
		r.posts.pushBack(ca)
	case err == ErrBusy:
		r.turns.pushBack(ca)
	default:
		r.waitForKey(ca)
		at = min(at, r.tombEnd())
	}
	r.armSweeper(at)
}

// removeAt takes the call in flight at a place out of the table. The caller calls freed when the table is as it should be.
func (r *requests) removeAt(place int) {
	r.table.removeAt(place)
	r.inFlight--
	r.c.load.Add(-1)
}

// freed starts what waits for a place, or for room in the queue, that has become free.
func (r *requests) freed() {
	for r.posts.first != nil && r.retry(r.posts.first) != ErrBusy {
	}
	for r.turns.first != nil {
		key := r.turns.first.key
		switch r.retry(r.turns.first) {
		case nil, ErrDuplicateKey:
		case ErrBusy:
			return
		default:
			r.keyFreed(key) // it would have been the next with this key
		}
	}
}

// retry tries to start a waiting call. It returns nil if the call has started, ErrBusy or ErrDuplicateKey if it waits on
// for that, and errEnded if it has failed.
func (r *requests) retry(ca *call) error {
	err := r.admit(ca)
	switch {
	case err == nil:
		r.leave(ca)
		if ca.op == opPost {
			r.finish(ca, nil)
		}
	case err == ErrBusy && ca.op == opPost:
	case err == ErrBusy:
		if ca.list != &r.turns {
			r.leave(ca)
			r.turns.pushFront(ca)
		}
	case err == ErrDuplicateKey && r.c.waitsFor(err):
		if ca.list == &r.turns {
			r.leave(ca)
			r.wait(ca, err)
		}
	default:
		r.c.countRefusedLocked(err)
		r.failWaiting(ca, err)
		return errEnded
	}
	return err
}

// errEnded is what retry returns for a call that has ended.
var errEnded = errors.New("bug: ended")

// failWaiting ends a call that has not had its turn.
func (r *requests) failWaiting(ca *call, why error) {
	r.leave(ca)
	if ca.op != opPost {
		r.c.load.Add(-1)
	}
	r.finish(ca, ca.op.failure(SentNo, why))
}

// failAllWaiting ends the requests that have not had their turn, and with posts also the frames without answer.
func (r *requests) failAllWaiting(why error, posts bool) {
	for r.turns.first != nil {
		r.failWaiting(r.turns.first, why)
	}
	for _, w := range r.keyed {
		for ca := w.oldest(); ca != nil; ca = w.oldest() {
			r.failWaiting(ca, why)
		}
	}
	for posts && r.posts.first != nil {
		r.failWaiting(r.posts.first, why)
	}
}

// failAll ends every request, in flight or waiting, and forgets the tombstones.
func (r *requests) failAll(why error, posts bool) {
	if w := r.c.writer; w != nil {
		w.withdrawAll() // what has not left yet must not leave once its call is told so
	}
	lost := &r.c.rareLocked().lost
	*lost += uint64(r.inFlight + r.waiting())
	for _, e := range r.table.all() {
		if e.call != nil {
			r.c.load.Add(-1)
			r.finish(e.call, e.call.op.failure(r.c.writer.sent(e.call), why))
		}
	}
	r.failAllWaiting(why, posts)
	r.table, r.tombs, r.inFlight = keyTable{}, nil, 0
}

// waiting is how many requests wait for their turn.
func (r *requests) waiting() int { return int(r.c.load.Load()) - r.inFlight }

// finish ends a call. Its caller is told: at once if it waits, else once the lock is released.
func (r *requests) finish(ca *call, err error) {
	ca.err = err
	ca.dropCopy()
	switch {
	case ca.op != opStart:
		ca.done <- struct{}{}
		return
	case r.ended == nil:
		r.ended = ca
	default:
		r.lastEnded.next = ca
	}
	r.lastEnded = ca
}
