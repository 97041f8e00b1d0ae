package pool

import (
	"context"
	"errors"
	"net"
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

// TestStableConnections make up for the past: those that have lived for ten seconds.
func TestStableConnections(t *testing.T) {
	for lived, failures := range map[time.Duration]int{10 * time.Second: 1, 10*time.Second - 1: 2} {
		within(t, func(h *host) Config {
			h.refuse["a"] = errors.New("down")
			time.AfterFunc(3, func() { h.set(func() { delete(h.refuse, "a") }) })
			c := h.config("a")
			c.Connection.Dialer = slowDial(h, 2)
			return c
		}, func(t *testing.T, h *host, p *Pool) {
			time.Sleep(lived - time.Since(p.Lines()[0].Since))
			require.Equal(t, 1, p.Lines()[0].Failures)
			h.set(func() { h.refuse["a"] = errors.New("down") })
			h.live("a").Reset()
			synctest.Wait()
			require.Equal(t, failures, p.Lines()[0].Failures)
		})
	}
}

// TestPausesGrow: the limit that a pause is drawn below doubles with each failure.
func TestPausesGrow(t *testing.T) {
	within(t, func(h *host) Config { return h.config("a") }, func(t *testing.T, h *host, p *Pool) {
		l := p.lines[0]
		for failures, limit := range []time.Duration{0, 0, 500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 30 * time.Second, 30 * time.Second} {
			l.failures = failures
			var longest time.Duration
			for range 300 {
				longest = max(longest, l.planPause())
			}
			require.LessOrEqual(t, longest, limit)
			require.GreaterOrEqual(t, longest, limit*3/4)
		}
		l.failures = 0
	})
}

// TestRetryAt is when a line that is down is dialled again.
func TestRetryAt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.refuse["a"] = errors.New("down")
		p := open(t, h.config("a"))
		for range 10 {
			synctest.Wait()
			at := p.Lines()[0].RetryAt
			require.False(t, at.Before(time.Now()))
			before := len(h.dialTimes("a"))
			time.Sleep(time.Until(at))
			synctest.Wait()
			require.Greater(t, len(h.dialTimes("a")), before)
			require.Equal(t, at, h.dialTimes("a")[before])
		}
	})
}

// TestDrainedBeforeItIsDialled: a line that is drained just before the dial is not dialled.
func TestDrainedBeforeItIsDialled(t *testing.T) {
	within(t, func(h *host) Config {
		c := h.config("a")
		first := true
		c.Lines[0].Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
			if first {
				first = false
				return h.dial(ctx, network, address)
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		p.mu.Lock()
		p.lines[0].drained = true
		p.mu.Unlock()
		began := time.Now()
		c, err := p.lines[0].dial()
		require.Nil(t, c)
		require.NoError(t, err)
		require.Zero(t, time.Since(began))
	})
}
