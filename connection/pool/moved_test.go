package pool

import (
	"errors"
	"testing"
	"testing/synctest"

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
