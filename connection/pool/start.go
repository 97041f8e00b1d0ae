package pool

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/posline/posline/connection"
)

// Start sends a request over one of the lines without waiting for it, as connection.Conn.Start does: done is told once
// how it ended, unless Start returns an error. The frame is copied before it returns, dst belongs to the pool until then.
// A zero deadline means Connection.Timeout from now. A request that finds no room waits for it within its deadline, as
// one of Exchange does.
func (p *Pool) Start(frame, dst []byte, deadline time.Time, done connection.Completion) (Pending, error) {
	if p.candidates.Load() == nil {
		return Pending{}, failure("start", connection.ErrClosed)
	}
	key, err := p.sharedKey(frame)
	if err == nil && done == nil {
		err = connection.ErrNoCompletion
	}
	if err != nil {
		return Pending{}, failure("start", err)
	}
	s := p.spare.take(p)
	s.mu.Lock()
	if deadline.IsZero() {
		deadline = time.Now().Add(p.config.Connection.Timeout)
	}
	s.key, s.frame, s.dst, s.deadline, s.done = key, append(s.frame[:0], frame...), dst, deadline, done
	s.place.wish = p.wish(nil, frame)
	pending := Pending{s, s.id}
	err = s.route()
	if err != nil {
		s.reset()
	}
	s.mu.Unlock()
	if err != nil {
		p.spare.giveBack(s)
		return Pending{}, failure("start", cause(err))
	}
	return pending, nil
}

// started is a request that nobody waits for.
type started struct {
	pool *Pool
	next *started // in a list of the spare ones, or of those to be sent

	// mu guards the fields below, but for those of place that Pool.mu guards. It is taken before Pool.mu and held while
	// the request is given to a connection.
	mu        sync.Mutex
	place     waiter // in the queue
	id        uint64 // tells a Pending whether it still means this request
	key       [32]byte
	frame     []byte // a copy
	dst       []byte
	deadline  time.Time
	done      connection.Completion
	on        *link // that it was given to
	at        int64 // when
	pending   connection.Pending
	cancelled error
}

// route gives the request to a link, or has it wait for one. s.mu is held.
func (s *started) route() error {
	p := s.pool
	for {
		var k *link
		if p.waiting.Load() == 0 {
			k = p.pick(&s.place.wish, p.now())
		}
		if k == nil {
			return s.park()
		}
		err := s.send(k)
		if err == nil || !movable(k, err) {
			return err
		}
		p.moved.Add(1)
	}
}

// park has the request wait.
func (s *started) park() error {
	p := s.pool
	s.place.deadline = later(p.now(), time.Until(s.deadline))
	p.mu.Lock()
	grants, err := p.joinLocked(&s.place)
	p.mu.Unlock()
	if grants != nil {
		go p.dispatch(grants) // s may be one of them
	}
	return err
}

// send gives the request to a link on which it has a place. s.mu is held.
func (s *started) send(k *link) error {
	p := s.pool
	if err := p.keys.enter(s.key, k, false); err != nil {
		k.release()
		return err
	}
	s.on, s.at = k, p.now()
	pending, err := k.conn.Start(s.frame, s.dst, s.deadline, s)
	if err != nil {
		p.keys.leave(s.key, k, err)
		k.ended(s.at, err)
		return err
	}
	s.pending = pending
	return nil
}

// Complete implements connection.Completion.
func (s *started) Complete(reply []byte, err error) {
	s.mu.Lock()
	p, k := s.pool, s.on
	p.keys.leave(s.key, k, err)
	at := s.at
	s.mu.Unlock()
	k.ended(at, err)
	if err != nil && movable(k, err) && !errors.Is(err, connection.ErrTimeout) {
		s.mu.Lock()
		again := s.cancelled == nil
		if again {
			p.moved.Add(1)
			again = s.route() == nil
		}
		s.mu.Unlock()
		if again {
			return
		}
	}
	s.tell(reply, err)
}

// tell ends the request.
func (s *started) tell(reply []byte, err error) {
	s.mu.Lock()
	done := s.done
	s.reset()
	s.mu.Unlock()
	s.pool.spare.giveBack(s)
	done.Complete(reply, err)
}

// reset makes the memory ready for another request. s.mu is held.
func (s *started) reset() {
	clear(s.frame)
	if cap(s.frame) > maxSpareFrame {
		s.frame = nil
	}
	s.place = waiter{started: s}
	s.id++
	s.dst, s.done, s.pending, s.on, s.cancelled = nil, nil, connection.Pending{}, nil, nil
}

// dispatch sends the started requests whose waiting is over, or tells them why they are not sent.
func (p *Pool) dispatch(grants *started) {
	for grants != nil {
		s := grants
		grants, s.next = s.next, nil
		s.granted()
	}
}

// granted goes on with a request whose waiting is over.
func (s *started) granted() {
	s.mu.Lock()
	k, err := s.place.link, s.place.err
	switch {
	case err != nil:
	case s.cancelled != nil:
		k.release()
		err = s.cancelled
	default:
		if err = s.send(k); err != nil && movable(k, err) {
			s.pool.moved.Add(1)
			err = s.route()
		}
	}
	dst := s.dst
	s.mu.Unlock()
	if err != nil { // the caller may hold locks of the program
		go s.pool.protect(func() error { s.tell(dst, failure("start", cause(err))); return nil })
	}
}

// cause is what is behind the error of a connection.
func cause(err error) error {
	if e, ok := err.(*connection.Error); ok {
		return e.Err
	}
	return err
}

// Pending is a started request under way. The zero value is one that has ended.
type Pending struct {
	s  *started
	id uint64
}

// Cancel ends the request, whose completion is told why, or context.Canceled if why is nil. It returns false, and does
// nothing, if the request has ended already or is just being told how.
func (p Pending) Cancel(why error) bool {
	if p.s == nil {
		return false
	}
	if why == nil {
		why = context.Canceled
	}
	s := p.s
	s.mu.Lock()
	if s.id != p.id {
		s.mu.Unlock()
		return false
	}
	s.pool.mu.Lock()
	queued := s.place.queued
	if queued {
		s.pool.leaveLocked(&s.place)
	}
	s.pool.mu.Unlock()
	if queued {
		dst := s.dst
		s.mu.Unlock()
		s.tell(dst, failure("start", why))
		return true
	}
	s.cancelled = why
	pending := s.pending
	s.mu.Unlock()
	return pending.Cancel(why)
}
