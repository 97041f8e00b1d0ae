package pool

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
)

// TestRefusedSignOnIsNeverUsable: whatever the host says to the sign-on but yes, nothing else is sent.
func TestRefusedSignOnIsNeverUsable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.play = func(l *hostLine, frame []byte) { l.send(append(answerTo(frame), "refused"...)) }
		c := h.config("a")
		c.Connection.SignOn = exchange0800("on")
		c.Wait = 2 * time.Second
		p := open(t, c)
		require.False(t, p.Ready())
		start := time.Now()
		_, err := p.Exchange(t.Context(), sale(1), nil)
		require.ErrorIs(t, err, ErrNoLine)
		require.ErrorContains(t, err, "host refused")
		require.ErrorIs(t, err, connection.ErrTimeout)
		require.True(t, connection.SafeToRetry(err))
		require.Equal(t, 2*time.Second, time.Since(start))
		require.Zero(t, h.count("", "0200"))
		require.Greater(t, h.count("", "0800"), 1, "it goes on trying")
		require.Zero(t, p.Lines()[0].Connects)

		h.set(func() { h.play = nil })
		require.NoError(t, p.WaitReady(t.Context()))
		_, err = p.Exchange(t.Context(), sale(1), nil)
		require.NoError(t, err)
	})
}

// TestRedial: the first retry comes at once, the others after pauses that are drawn from a growing range, for ever.
func TestRedial(t *testing.T) {
	within(t, func(h *host) Config { return h.config("a") }, func(t *testing.T, h *host, p *Pool) {
		time.Sleep(time.Minute)
		h.set(func() { h.refuse["a"] = errors.New("no route") })
		lost := time.Now()
		h.live("a").Reset()
		time.Sleep(24 * time.Hour)
		at := h.dialTimes("a")[1:]
		require.Equal(t, lost, at[0], "at once")
		longest := time.Duration(0)
		for i := 1; i < len(at); i++ {
			pause := at[i].Sub(at[i-1])
			require.LessOrEqual(t, pause, min(30*time.Second, 500*time.Millisecond<<min(i-1, 10)), "retry %d", i)
			longest = max(longest, pause)
		}
		require.Greater(t, len(at), 24*3600/30)
		require.Greater(t, longest, 15*time.Second, "full jitter, up to RetryMax")
		require.False(t, p.Ready())

		s := p.Lines()[0]
		require.ErrorContains(t, s.Trouble, "no route")
		require.Equal(t, len(at)+1, s.Failures, "the loss and every dial")

		h.set(func() { delete(h.refuse, "a") })
		require.NoError(t, p.WaitReady(t.Context()))
		time.Sleep(stable)
		lost = time.Now()
		h.live("a").Reset()
		synctest.Wait()
		require.Equal(t, lost, h.dialTimes("a")[len(h.dialTimes("a"))-1], "a stable connection makes up for the past")
	})
}

// TestAcceptedThenClosed: a host that drops what it has accepted is not dialled in a tight loop.
func TestAcceptedThenClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		c := h.config("a")
		c.Connection.Dialer = connectiontest.Dialer(h.framing, func(p *connectiontest.Peer) {
			h.set(func() { h.dials = append(h.dials, dialed{"a", time.Now()}) })
		})
		open(t, c)
		time.Sleep(10 * time.Minute)
		require.Less(t, len(h.dialTimes("a")), 200)
		require.Greater(t, len(h.dialTimes("a")), 20)
	})
}
