package saf

import (
	"errors"
)

// Hold records a message that is to go only if something else fails: a terminal's reversal, recorded before the sale
// that it would undo is sent. It is as durable as with Add, but nothing is sent until Release; Withdraw ends it, when
// the sale was answered. If the program ends in between, nobody knows how the sale went: New then forwards the message
// as any other. The frame is copied; errors are those of Add.
func (q *Queue) Hold(destination string, frame []byte) (id uint64, err error) {
	return q.record(destination, frame, func(j *job) {
		q.count(-1)
		q.held[j.ID] = j
	})
}

// Release forwards a message on Hold from now on, before those to the same destination that were recorded later. One
// that is not on Hold is ErrUnknownID.
func (q *Queue) Release(id uint64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	j := q.held[id]
	switch {
	case q.closed:
		return ErrClosed
	case j == nil:
		return ErrUnknownID
	}
	delete(q.held, id)
	q.count(1)
	q.enqueue(j)
	return nil
}

// Withdraw ends a message on Hold that is not needed; it will never be sent. That is durable when Withdraw returns
// without an error. With an error the message stays on Hold. One that is not on Hold is ErrUnknownID.
func (q *Queue) Withdraw(id uint64) error {
	j, err := q.take(id)
	if err != nil {
		return err
	}
	if err := q.cfg.Store.End(id, Withdrawn); err != nil {
		q.giveBack(j, err)
		return err
	}
	clear(j.Frame)
	return nil
}

// Replace puts a message in the place of one on Hold, which is withdrawn; the new one is on Hold then, under an ID of
// its own. Both happen or none, and are durable when it returns, with the cost of one Add. Errors are as those of
// Withdraw.
func (q *Queue) Replace(id uint64, destination string, frame []byte) (newID uint64, err error) {
	return q.replace(id, destination, frame, func(j *job) { q.held[j.ID] = j })
}

// WithdrawAndAdd withdraws a message on Hold and adds one that is forwarded from now on, as Replace does.
func (q *Queue) WithdrawAndAdd(id uint64, destination string, frame []byte) (newID uint64, err error) {
	return q.replace(id, destination, frame, func(j *job) {
		q.count(1)
		q.enqueue(j)
	})
}

func (q *Queue) replace(id uint64, destination string, frame []byte, then func(*job)) (uint64, error) {
	old, err := q.take(id)
	if err != nil {
		return 0, err
	}
	now := q.cfg.clock()
	newID, err := q.cfg.Store.Replace(id, destination, frame, now)
	if err != nil {
		q.giveBack(old, err)
		return 0, err
	}
	clear(old.Frame)
	q.mu.Lock()
	defer q.mu.Unlock()
	then(newJob(newID, destination, frame, now))
	return newID, nil
}

// take takes a message off Hold; to everybody else it is not there any more.
func (q *Queue) take(id uint64) (*job, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	j := q.held[id]
	switch {
	case q.closed:
		return nil, ErrClosed
	case j == nil:
		return nil, ErrUnknownID
	}
	delete(q.held, id)
	return j, nil
}

// giveBack puts a message on Hold again, unless the store does not know it.
func (q *Queue) giveBack(j *job, err error) {
	if errors.Is(err, ErrUnknownID) {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held[j.ID] = j
}
