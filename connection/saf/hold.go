package saf

import "errors"

// Hold records a message that is to go only if something else fails: a terminal's reversal, recorded before the sale
// that it would undo is sent. It is as durable as with Add, but nothing is sent until Release; Withdraw ends it, when
// the sale was answered. If the program ends in between, nobody knows how the sale went: New then forwards the message
// as any other. The frame is copied; errors are those of Add.
func (q *Queue) Hold(destination string, frame []byte) (id uint64, err error) {
	return q.record(destination, frame, func(j *job) { q.held[j.ID] = j })
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
	q.enqueue(j)
	return nil
}

// Withdraw ends a message on Hold that is not needed; it will never be sent. That is durable when Withdraw returns
// without an error. With an error the message stays on Hold. One that is not on Hold is ErrUnknownID.
func (q *Queue) Withdraw(id uint64) error {
	q.mu.Lock()
	j := q.held[id]
	if closed := q.closed; closed || j == nil {
		q.mu.Unlock()
		if closed {
			return ErrClosed
		}
		return ErrUnknownID
	}
	delete(q.held, id)
	q.mu.Unlock()
	err := q.cfg.Store.End(id, Withdrawn)
	if err != nil && !errors.Is(err, ErrUnknownID) {
		q.mu.Lock()
		q.held[id] = j
		q.mu.Unlock()
		return err
	}
	clear(j.Frame)
	return err
}
