package pool

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
)

// TestMovesOnlyWhatDidNotLeave: when a line breaks, what was written on it ends there; what was not goes elsewhere.
func TestMovesOnlyWhatDidNotLeave(t *testing.T) {
	within(t, func(h *host) Config {
		c := h.config("a", "b")
		c.Pick = PickFill
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		h.set(func() { h.play = func(l *hostLine, frame []byte) {} })
		end := async(p, sale(1))
		synctest.Wait()
		h.set(func() { h.play = nil; h.refuse["a"] = errors.New("down") })
		h.live("a").Reset()
		_, err := end()
		require.Equal(t, connection.SentYes, connection.SentOf(err))
		require.Equal(t, 1, h.count("", "0200"), "once, on one line")
		_, err = p.Exchange(t.Context(), sale(2), nil)
		require.NoError(t, err)
		require.Equal(t, 1, h.count("b", "0200"))
	})
}

// stale puts a connection that has ended among the candidates, as it is there for a moment after each end.
func stale(p *Pool) {
	k := newLink(p.lines[0], new(connection.Conn), p.now())
	k.taking.Store(true)
	p.candidates.Store(&candidates{[]*link{k}})
}

// TestStaleLine: a request that is given to a connection which has just stopped taking any goes to another line, and
// nobody notices.
func TestStaleLine(t *testing.T) {
	within(t, func(h *host) Config { return h.config("a", "b") }, func(t *testing.T, h *host, p *Pool) {
		for i := range 100 {
			stale(p)
			_, err := p.Exchange(t.Context(), sale(i), nil)
			require.NoError(t, err)
			stale(p)
			require.NoError(t, p.Post(t.Context(), request("0820", i, "")))
		}
		require.EqualValues(t, 200, p.Stats().Moved)
		require.Equal(t, 100, h.count("", "0200"))
	})
}

// TestALostLinkTakesNothing, whoever still knows it.
func TestALostLinkTakesNothing(t *testing.T) {
	within(t, func(h *host) Config { return h.config("a") }, func(t *testing.T, h *host, p *Pool) {
		k := p.lines[0].link.Load()
		h.live("a").Reset()
		synctest.Wait()
		require.False(t, k.reserve())
	})
}

// TestMovedRequestsKeepTheirTime: what passed before a request moved is not added to it.
func TestMovedRequestsKeepTheirTime(t *testing.T) {
	within(t, func(h *host) Config {
		h.play = silence
		c := h.config("a", "b")
		c.Pick, c.Connection.Duplicates = PickFill, connection.ContentionWait
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		go p.Exchange(t.Context(), sale(1), nil)
		synctest.Wait()
		time.AfterFunc(3*time.Second, func() {
			h.set(func() { h.refuse["a"] = errors.New("down") })
			h.live("a").CloseWrite()
		})
		began := time.Now()
		_, err := p.Exchange(t.Context(), sale(1), nil) // it waits for the key on a
		require.ErrorIs(t, err, connection.ErrTimeout)
		require.Equal(t, connection.SentYes, connection.SentOf(err))
		require.Equal(t, 5*time.Second, time.Since(began))
		require.Equal(t, 1, h.count("b", "0200"))
		require.EqualValues(t, 1, p.Stats().Moved)
	})
}

// TestWithdrawn: a link that takes nothing any more is no candidate, before its owner has seen to it.
func TestWithdrawn(t *testing.T) {
	within(t, func(h *host) Config { return h.config("a", "b") }, func(t *testing.T, h *host, p *Pool) {
		k := p.lines[0].link.Load()
		p.withdraw(k)
		require.Equal(t, []*link{p.lines[1].link.Load()}, p.candidates.Load().links)
		require.False(t, k.reserve())
	})
}
