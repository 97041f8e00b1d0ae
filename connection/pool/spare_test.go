package pool

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSpare: what is kept for use again is counted, and there is an end to it.
func TestSpare(t *testing.T) {
	s, p := &spare{}, &Pool{}
	for range 3 { // the same memory again and again
		w, r := s.waiter(), s.take(p)
		s.put(w)
		s.giveBack(r)
		require.Equal(t, 2, s.n)
	}
	var waiters []*waiter
	var started []*started
	for range maxSpare {
		waiters, started = append(waiters, s.waiter()), append(started, s.take(p))
	}
	require.Zero(t, s.n)
	for i := range waiters {
		s.put(waiters[i])
		s.giveBack(started[i])
	}
	require.Equal(t, maxSpare, s.n)
	kept := 0
	for r := s.started; r != nil; r = r.next {
		kept++
	}
	for w := s.waiters; w != nil; w = w.next {
		kept++
	}
	require.Equal(t, maxSpare, kept)
}
