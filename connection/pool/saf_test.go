package pool

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/saf"
)

// TestRouteOfStoreAndForward: what is stored arrives in order, over lines that break all the time, and a try is counted
// only while a line takes requests.
func TestRouteOfStoreAndForward(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		b := &trouble{host: h, random: rand.New(rand.NewPCG(7, 0))}
		h.play = func(l *hostLine, frame []byte) {
			switch b.draw(5) {
			case 0:
				l.Reset()
			case 1:
			default:
				l.send(answerTo(frame))
			}
		}
		c := h.config("a", "b")
		c.SharedKeys = true
		c.SuspectAfter = -1
		p := open(t, c)
		q, err := saf.New(saf.Config{
			Store: new(saf.Memory),
			Route: func(ctx context.Context, _ string) (connection.Exchanger, error) { return p, p.WaitReady(ctx) },
			Judge: func(e saf.Entry, answer []byte) saf.Verdict {
				if string(answer) != string(answerTo(e.Frame)) {
					t.Errorf("%s was answered with %s", e.Frame, answer)
				}
				return saf.Done
			},
			Timeout: 2 * time.Second,
		})
		require.NoError(t, err)
		const n = 50
		for i := range n {
			_, err := q.Add("host", request("0420", i, ""))
			require.NoError(t, err)
		}
		require.NoError(t, q.Flush(t.Context()))
		require.NoError(t, q.Close())
		next := 0
		for _, seen := range h.all() {
			if _, frame, _ := cut(seen); frame == string(request("0420", next, "")) {
				next++
			} else {
				require.Less(t, frame, string(request("0420", next, "")), "a repeat of one before")
			}
		}
		require.Equal(t, n, next)
	})
}

// TestStoreAndForwardWithoutALine: what cannot be sent costs no tries.
func TestStoreAndForwardWithoutALine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.refuse["a"] = fmt.Errorf("down")
		p := open(t, h.config("a"))
		tries := 0
		q, err := saf.New(saf.Config{
			Store:    new(saf.Memory),
			Route:    func(ctx context.Context, _ string) (connection.Exchanger, error) { return p, p.WaitReady(ctx) },
			MaxTries: 1,
			Judge:    func(e saf.Entry, _ []byte) saf.Verdict { tries = e.Tries; return saf.Done },
		})
		require.NoError(t, err)
		_, err = q.Add("host", request("0420", 1, ""))
		require.NoError(t, err)
		time.Sleep(time.Hour)
		require.Equal(t, 1, q.Pending())
		h.set(func() { delete(h.refuse, "a") })
		require.NoError(t, q.Flush(t.Context()))
		require.NoError(t, q.Close())
		require.Equal(t, 1, tries)
		require.Equal(t, 1, h.count("a", "0420"))
	})
}

// TestSlowClose: a host that does not close its direction holds nobody up for long.
func TestSlowClose(t *testing.T) {
	within(t, func(h *host) Config { return h.config("a") }, func(t *testing.T, h *host, p *Pool) {
		l := h.live("a")
		l.host.set(func() { l.host.play = func(*hostLine, []byte) { time.Sleep(time.Minute) } })
		require.NoError(t, p.Post(t.Context(), request("0820", 1, "")))
		synctest.Wait()
		start := time.Now()
		require.NoError(t, p.Drain(t.Context(), "a"))
		require.LessOrEqual(t, time.Since(start), time.Second)
		time.Sleep(time.Minute)
	})
}
