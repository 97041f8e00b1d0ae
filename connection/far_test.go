package connection

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestFarDeadlines: what is further away than 292 years never comes, and keeps nothing else from coming.
func TestFarDeadlines(t *testing.T) {
	c := quiet(t, func(cfg *Config) {
		cfg.Timeout, cfg.IdleTimeout, cfg.FrameTimeout = never, never, never
	})
	require.Equal(t, never, c.cfg.LateWindow)
	told := make(ends, 4)
	for i, far := range []time.Time{{}, time.Date(2400, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
		_, err := c.Start([]byte{byte(i)}, nil, far, told)
		require.NoError(t, err)
	}
	_, err := c.Start([]byte("soon"), nil, time.Now().Add(20*time.Millisecond), told)
	require.NoError(t, err)
	select {
	case err = <-told:
		require.ErrorIs(t, err, ErrTimeout)
	case <-time.After(10 * time.Second):
		t.Fatal("the deadline that was near has not come")
	}
	c.mu.Lock()
	c.requests.bury([32]byte{'k'}, 1)
	end := c.requests.tombEnd()
	c.mu.Unlock()
	require.Equal(t, never, end)
	require.Positive(t, c.closeIfIdle())
	require.Equal(t, 3, c.InFlight(), "those far away go on")
	require.NoError(t, c.Err())
}
