package connection

import "sync/atomic"

// spareCalls keeps calls for use again. They belong to one connection: the call of a caller that waits owns a channel,
// and a channel made in one bubble of testing/synctest must not appear in another. Guarded by Conn.mu, but for giveBack.
type spareCalls struct {
	waited *call                // of callers that wait, linked by next
	back   atomic.Pointer[call] // the same, given back since waited was last empty

	started callList // of callers that do not wait
}

// maxSpare is how many calls of one kind a connection keeps.
const maxSpare = 1024

// forStart returns a call of a caller that does not wait.
func (s *spareCalls) forStart() *call {
	if ca := s.started.pop(); ca != nil {
		return ca
	}
	return new(call)
}

// recycle keeps a call for forStart. Its number is no longer that of any Pending.
func (s *spareCalls) recycle(ca *call) {
	if ca == nil {
		return
	}
	*ca = call{}
	if s.started.n < maxSpare {
		s.started.pushFront(ca)
	}
}

// forWait returns a call of a caller that waits, who gives it back.
func (s *spareCalls) forWait() *call {
	if s.waited == nil {
		s.waited = atMost(maxSpare, s.back.Swap(nil))
	}
	ca := s.waited
	if ca == nil {
		return &call{done: make(chan struct{}, 1)}
	}
	s.waited, ca.next = ca.next, nil
	return ca
}

// giveBack keeps a call for forWait, without what it refers to. It is called without the lock, by the caller that has
// waited.
func (s *spareCalls) giveBack(ca *call) {
	ca.frame, ca.reply, ca.err, ca.cork = nil, nil, nil, nil
	ca.epoch = 0
	for {
		ca.next = s.back.Load()
		if s.back.CompareAndSwap(ca.next, ca) {
			return
		}
	}
}

// atMost cuts off the calls linked by next after n.
func atMost(n int, first *call) *call {
	for ca := first; ca != nil; ca = ca.next {
		if n--; n == 0 {
			ca.next = nil
		}
	}
	return first
}

// drop forgets the calls.
func (s *spareCalls) drop() {
	s.started, s.waited = callList{}, nil
	s.back.Store(nil)
}
