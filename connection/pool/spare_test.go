package pool

import (
	"testing"
	"testing/synctest"
	"time"

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

// TestLargeFramesAreNotKept: memory that is used again does not grow to the largest frame that each has ever had.
func TestLargeFramesAreNotKept(t *testing.T) {
	within(t, func(h *host) Config { return h.config("a") }, func(t *testing.T, h *host, p *Pool) {
		for _, size := range []int{100, 9_000} {
			d := new(told)
			_, err := p.Start(request("0200", size, string(make([]byte, size))), nil, time.Time{}, d)
			require.NoError(t, err)
			synctest.Wait()
			require.Equal(t, []error{nil}, d.errs)
			require.LessOrEqual(t, cap(p.spare.started.frame), 4096)
			require.Equal(t, size < 4096, cap(p.spare.started.frame) >= size)
		}
	})
}

// TestWaitersAreUsedAgain once their request has ended.
func TestWaitersAreUsedAgain(t *testing.T) {
	within(t, func(h *host) Config {
		h.slow["a"] = time.Second
		c := h.config("a")
		c.Lines[0].Window = 1
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		for range 3 {
			first, second := async(p, sale(1)), async(p, sale(2))
			for _, end := range []func() (string, error){first, second} {
				_, err := end()
				require.NoError(t, err)
			}
			synctest.Wait()
			require.Equal(t, 1, p.spare.n)
		}
	})
}
