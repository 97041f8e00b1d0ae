package pool

import "sync"

// spare keeps waiters and started requests for use again. It belongs to one pool: a channel made in one bubble of
// testing/synctest must not appear in another.
type spare struct {
	mu      sync.Mutex
	waiters *waiter
	started *started
	n       int
}

const (
	maxSpare      = 4096
	maxSpareFrame = 4096 // bytes
)

func (s *spare) waiter() *waiter {
	s.mu.Lock()
	w := s.waiters
	if w != nil {
		s.waiters, w.next = w.next, nil
		s.n--
	}
	s.mu.Unlock()
	if w == nil {
		w = &waiter{granted: make(chan struct{}, 1)}
	}
	return w
}

func (s *spare) put(w *waiter) {
	*w = waiter{granted: w.granted}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n < maxSpare {
		w.next = s.waiters
		s.waiters = w
		s.n++
	}
}

// take returns a started request.
func (s *spare) take(p *Pool) *started {
	s.mu.Lock()
	r := s.started
	if r != nil {
		s.started, r.next = r.next, nil
		s.n--
	}
	s.mu.Unlock()
	if r == nil {
		r = &started{pool: p}
		r.place.started = r
	}
	return r
}

// giveBack keeps a started request that has ended. Its memory has held a frame.
func (s *spare) giveBack(r *started) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n < maxSpare {
		r.next = s.started
		s.started = r
		s.n++
	}
}
