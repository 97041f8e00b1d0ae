package pool

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
)

func TestExchange(t *testing.T) {
	within(t, func(h *host) Config { return h.config("a", "b") }, func(t *testing.T, h *host, p *Pool) {
		for i := range 20 {
			reply, err := p.Exchange(t.Context(), sale(i), []byte("kept "))
			require.NoError(t, err)
			require.Equal(t, "kept "+string(answerTo(sale(i))), string(reply))
		}
		require.Positive(t, h.count("a", "0200"))
		require.Positive(t, h.count("b", "0200"))
		require.Equal(t, 20, h.count("", "0200"))
		require.NoError(t, p.Post(t.Context(), request("0820", 1, "")))
		synctest.Wait()
		require.Equal(t, 1, h.count("", "0820"))
	})
}

// TestZeroPool: it is closed.
func TestZeroPool(t *testing.T) {
	var p Pool
	_, err := p.Exchange(t.Context(), sale(1), nil)
	require.ErrorIs(t, err, connection.ErrClosed)
	require.True(t, connection.SafeToRetry(err))
	_, err = p.Start(sale(1), nil, time.Time{}, nil)
	require.ErrorIs(t, err, connection.ErrClosed)
	require.ErrorIs(t, p.Post(t.Context(), sale(1)), connection.ErrClosed)
	require.ErrorIs(t, p.Echo(t.Context()), connection.ErrClosed)
	require.ErrorIs(t, p.WaitReady(t.Context()), connection.ErrClosed)
	require.ErrorIs(t, p.Drain(t.Context(), "a"), ErrUnknownLine)
	require.ErrorIs(t, p.Resume("a"), ErrUnknownLine)
	require.ErrorIs(t, p.Adopt("a", nil), ErrUnknownLine)
	require.False(t, p.Ready())
	require.Nil(t, p.On("a"))
	p.Retire(new(connection.Conn))
	for _, b := range []*Bound{nil, new(Bound), p.On("a")} {
		_, err = b.Exchange(t.Context(), sale(1), nil)
		require.ErrorIs(t, err, ErrUnknownLine)
		require.True(t, connection.SafeToRetry(err))
		_, err = b.Repeat(t.Context(), sale(1), nil)
		require.ErrorIs(t, err, ErrUnknownLine)
	}
	require.Empty(t, p.Lines())
	require.Zero(t, p.Stats())
	require.False(t, Pending{}.Cancel(nil))
	require.NoError(t, p.Shutdown(t.Context()))
	require.NoError(t, p.Close())
}

func TestWaitReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.refuse["a"], h.refuse["b"] = errors.New("broken cable"), errors.New("unplugged")
		p := open(t, h.config("a", "b"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := p.WaitReady(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "line a: dial: broken cable")
		require.ErrorContains(t, err, "line b: dial: unplugged")
		waited := make(chan error)
		go func() { waited <- p.WaitReady(context.Background()) }()
		synctest.Wait()
		require.NoError(t, p.Close())
		require.ErrorIs(t, <-waited, connection.ErrClosed)
	})
}

// TestEndedContext: what has ended before is told as what it was, and nothing leaves.
func TestEndedContext(t *testing.T) {
	within(t, func(h *host) Config { return h.config("a") }, func(t *testing.T, h *host, p *Pool) {
		late, cancel := context.WithDeadline(t.Context(), time.Now())
		defer cancel()
		given, cause := context.WithCancelCause(t.Context())
		cause(errors.New("the customer has gone"))
		for ctx, want := range map[context.Context]string{late: "exchange: no answer in time (not sent)", given: "exchange: the customer has gone (not sent)"} {
			_, err := p.Exchange(ctx, sale(1), nil)
			require.True(t, connection.SafeToRetry(err))
			require.EqualError(t, err, want)
			require.Error(t, p.Post(ctx, request("0820", 1, "")))
			require.Error(t, p.Echo(ctx))
		}
		require.Empty(t, h.all())
	})
}

// TestPostThatFails: what no line can send is told at once, and tried on no other.
func TestPostThatFails(t *testing.T) {
	within(t, func(h *host) Config { return h.config("a", "b") }, func(t *testing.T, h *host, p *Pool) {
		err := p.Post(t.Context(), make([]byte, 70_000))
		require.ErrorIs(t, err, connection.ErrFrameTooLong)
		require.Zero(t, p.Stats().Moved)
		require.Equal(t, []State{Online, Online}, states(p))
	})
}

// TestExchangeIsNoRepeat: over one line too, a key whose answer may still come is for repeats alone.
func TestExchangeIsNoRepeat(t *testing.T) {
	within(t, func(h *host) Config { return h.config("a") }, func(t *testing.T, h *host, p *Pool) {
		h.set(func() { h.play = silence })
		_, err := p.Exchange(t.Context(), sale(1), nil)
		require.ErrorIs(t, err, connection.ErrTimeout)
		_, err = p.Exchange(t.Context(), sale(1), nil)
		require.ErrorIs(t, err, connection.ErrDuplicateKey)
		h.set(func() { h.play = nil })
		reply, err := p.Repeat(t.Context(), sale(1), nil)
		require.NoError(t, err)
		require.Equal(t, answerTo(sale(1)), reply)
	})
}
