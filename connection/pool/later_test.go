package pool

import (
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
)

// TestLater holds that a deadline beyond the end of the clock is its end, and never one in the past.
func TestLater(t *testing.T) {
	require.Equal(t, int64(5), later(2, 3))
	require.Equal(t, int64(1), later(2, -1))
	require.Equal(t, int64(math.MaxInt64), later(1, math.MaxInt64))
	require.Equal(t, int64(math.MaxInt64), later(2, time.Until(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))))
	require.Equal(t, int64(math.MaxInt64), later(math.MaxInt64-1, 1))
}

const forever = time.Duration(math.MaxInt64)

// TestWaitForEver: a request then waits for a line until its deadline.
func TestWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.refuse["a"] = errors.New("unplugged")
		c := h.config("a")
		c.Wait = forever
		p := open(t, c)
		d, began := new(told), time.Now()
		_, err := p.Start(sale(1), nil, began.Add(time.Second), d)
		require.NoError(t, err)
		time.Sleep(time.Second - 1)
		require.Zero(t, d.count())
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		require.Equal(t, 1, d.count())
		require.ErrorIs(t, d.errs[0], ErrNoLine)
		require.ErrorIs(t, d.errs[0], connection.ErrTimeout)
	})
}

// TestDrainForEver: a line whose requests have for ever is drained when they have ended.
func TestDrainForEver(t *testing.T) {
	within(t, func(h *host) Config {
		h.slow["a"] = time.Second
		c := h.config("a")
		c.Connection.Timeout = forever
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		end := async(p, sale(1))
		synctest.Wait()
		began := time.Now()
		require.NoError(t, p.Drain(t.Context(), "a"))
		require.Equal(t, time.Second, time.Since(began))
		_, err := end()
		require.NoError(t, err)
	})
}

// TestPausesWithoutEnd: a pause that is doubled and doubled never comes to be one below zero.
func TestPausesWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.refuse["a"] = errors.New("unplugged")
		c := h.config("a")
		c.RetryMin, c.RetryMax = 1<<62, forever
		open(t, c)
		time.Sleep(1 << 62) // 146 years
		synctest.Wait()
		require.GreaterOrEqual(t, len(h.dialTimes("a")), 3, "at once, once more at once, and then")
	})
}
