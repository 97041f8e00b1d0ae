package pool

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
)

// told remembers how started requests ended.
type told struct {
	mu    sync.Mutex
	ended []string
	errs  []error
	then  func()
}

func (d *told) Complete(reply []byte, err error) {
	d.mu.Lock()
	d.ended, d.errs = append(d.ended, string(reply)), append(d.errs, err)
	then := d.then
	d.mu.Unlock()
	if then != nil {
		then()
	}
}

func (d *told) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.ended)
}

func TestStartForNobody(t *testing.T) {
	within(t, func(h *host) Config { return h.config("a") }, func(t *testing.T, h *host, p *Pool) {
		_, err := p.Start(sale(1), nil, time.Time{}, nil)
		require.ErrorIs(t, err, connection.ErrNoCompletion)
		require.True(t, connection.SafeToRetry(err))
		synctest.Wait()
		require.Empty(t, h.all())
		require.Equal(t, []State{Online}, states(p))
	})
}

func TestStart(t *testing.T) {
	within(t, func(h *host) Config { return h.config("a", "b") }, func(t *testing.T, h *host, p *Pool) {
		d := new(told)
		for i := range 10 {
			frame := sale(i)
			_, err := p.Start(frame, []byte("kept "), time.Time{}, d)
			require.NoError(t, err)
			clear(frame) // it was copied
		}
		synctest.Wait()
		require.Equal(t, 10, d.count())
		for i, err := range d.errs {
			require.NoError(t, err)
			require.Contains(t, d.ended[i], "kept 0210")
		}
		require.Equal(t, 10, h.count("", "0200"))
		require.Zero(t, p.Lines()[0].InFlight+p.Lines()[1].InFlight)
	})
}

// TestStartWaits: a started request waits for room as others do, in turn with them, and is told its end.
func TestStartWaits(t *testing.T) {
	within(t, func(h *host) Config {
		h.slow["a"] = time.Second
		c := h.config("a")
		c.Lines[0].Window = 1
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		d := new(told)
		for i := range 3 {
			frame := sale(i)
			_, err := p.Start(frame, nil, time.Time{}, d)
			require.NoError(t, err)
			clear(frame)
		}
		end := async(p, sale(3))
		synctest.Wait()
		require.Equal(t, 1, h.count("a", "0200"))
		require.Equal(t, 3, p.Stats().Waiting)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, []string{string(answerTo(sale(0))), string(answerTo(sale(1))), string(answerTo(sale(2)))}, d.ended)
		_, err := end()
		require.NoError(t, err)
	})
}

// TestStartRunsOut: the deadline covers the waiting for a line, and the writing and the answer.
func TestStartRunsOut(t *testing.T) {
	within(t, func(h *host) Config {
		h.play = silence
		c := h.config("a")
		c.Lines[0].Window = 1
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		d := new(told)
		for i := range 2 {
			_, err := p.Start(sale(i), []byte("dst"), time.Now().Add(time.Second), d)
			require.NoError(t, err)
		}
		_, err := p.Start(sale(9), nil, time.Now(), d)
		require.ErrorIs(t, err, connection.ErrTimeout, "one that would have to wait")
		time.Sleep(time.Second + 5*time.Millisecond)
		synctest.Wait()
		require.Equal(t, 2, d.count())
		require.Equal(t, []string{"dst", "dst"}, d.ended)
		sent := map[connection.Sent]int{}
		for _, err := range d.errs {
			require.ErrorIs(t, err, connection.ErrTimeout)
			sent[connection.SentOf(err)]++
		}
		require.Equal(t, map[connection.Sent]int{connection.SentYes: 1, connection.SentNo: 1}, sent)
		_, err = p.Start(sale(3), nil, time.Now().Add(-time.Second), d)
		require.ErrorIs(t, err, connection.ErrTimeout)
		require.Equal(t, 2, d.count(), "not told what Start has returned")
	})
}

// TestStartMoves: what did not leave because its connection had ended goes to another line; what left ends.
func TestStartMoves(t *testing.T) {
	within(t, func(h *host) Config {
		c := h.config("a", "b")
		c.Pick = PickFill
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		d := new(told)
		stale(p)
		_, err := p.Start(sale(1), nil, time.Time{}, d)
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, []error{nil}, d.errs)
		require.Equal(t, 1, h.count("", "0200"))
		require.EqualValues(t, 1, p.Stats().Moved)
		h.set(func() { h.play = silence })
		_, err = p.Start(sale(2), nil, time.Time{}, d)
		require.NoError(t, err)
		synctest.Wait()
		h.live("a").Reset()
		synctest.Wait()
		require.Equal(t, 2, d.count())
		require.Equal(t, connection.SentYes, connection.SentOf(d.errs[1]))
		require.Equal(t, 2, h.count("", "0200"))
	})
}

func TestCancel(t *testing.T) {
	within(t, func(h *host) Config {
		h.play = silence
		c := h.config("a")
		c.Lines[0].Window = 1
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		d := new(told)
		sent, err := p.Start(sale(1), nil, time.Time{}, d)
		require.NoError(t, err)
		waits, err := p.Start(sale(2), nil, time.Time{}, d)
		require.NoError(t, err)
		synctest.Wait()
		reason := errors.New("customer has left")
		require.True(t, waits.Cancel(reason))
		require.Equal(t, 1, d.count(), "before Cancel returns")
		require.ErrorIs(t, d.errs[0], reason)
		require.True(t, connection.SafeToRetry(d.errs[0]))
		require.True(t, sent.Cancel(nil))
		require.ErrorIs(t, d.errs[1], context.Canceled)
		require.Equal(t, connection.SentYes, connection.SentOf(d.errs[1]))
		require.False(t, sent.Cancel(nil))
		require.False(t, waits.Cancel(nil))
		again, err := p.Start(sale(3), nil, time.Time{}, d)
		require.NoError(t, err)
		require.False(t, waits.Cancel(nil), "its memory is another request's now")
		require.True(t, again.Cancel(nil))
		require.Zero(t, p.Stats().Waiting)
		require.Zero(t, p.Lines()[0].InFlight)
	})
}

// TestStartWithoutALine: a started request waits for a line; Wait bounds that, and the end of the pool.
func TestStartWithoutALine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.refuse["a"] = errors.New("down")
		c := h.config("a")
		c.Wait = time.Second
		p := open(t, c)
		synctest.Wait()
		d := new(told)
		_, err := p.Start(sale(1), nil, time.Time{}, d)
		require.NoError(t, err)
		time.Sleep(time.Second + time.Millisecond)
		synctest.Wait()
		require.Equal(t, 1, d.count())
		require.ErrorIs(t, d.errs[0], ErrNoLine)
		_, err = p.Start(sale(2), nil, time.Time{}, d)
		require.NoError(t, err)
		require.NoError(t, p.Close())
		synctest.Wait()
		require.Equal(t, 2, d.count())
		require.ErrorIs(t, d.errs[1], connection.ErrClosed)
		for _, err := range d.errs {
			require.True(t, connection.SafeToRetry(err))
		}
		_, err = p.Start(sale(3), nil, time.Time{}, d)
		require.ErrorIs(t, err, connection.ErrClosed)
	})
}

// TestStartFromACompletion: a relay starts the next request when one ends.
func TestStartFromACompletion(t *testing.T) {
	within(t, func(h *host) Config {
		c := h.config("a", "b")
		c.Lines[0].Window, c.Lines[1].Window = 2, 2
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		d := new(told)
		var next sync.Mutex
		stan := 0
		d.then = func() {
			next.Lock()
			defer next.Unlock()
			if stan++; stan < 1000 {
				_, err := p.Start(sale(stan), nil, time.Time{}, d)
				require.NoError(t, err)
			}
		}
		for range 8 {
			d.then()
		}
		synctest.Wait()
		require.Equal(t, 999, d.count())
		for _, err := range d.errs {
			require.NoError(t, err)
		}
		require.Equal(t, 999, h.count("", "0200"))
	})
}

// TestCancelledDoesNotMove: a request that is cancelled just when its line goes does not take another one.
func TestCancelledDoesNotMove(t *testing.T) {
	within(t, func(h *host) Config { return h.config("a") }, func(t *testing.T, h *host, p *Pool) {
		d := new(told)
		s := p.spare.take(p)
		k := newLink(p.lines[0], new(connection.Conn), p.now())
		require.True(t, k.place())
		s.done, s.on, s.frame, s.deadline = d, k, sale(1), time.Now().Add(time.Minute)
		s.cancelled = context.Canceled
		s.Complete([]byte("dst"), failure("start", connection.ErrClosed))
		require.Equal(t, []string{"dst"}, d.ended)
		require.True(t, connection.SafeToRetry(d.errs[0]))
		synctest.Wait()
		require.Zero(t, h.count("", "0200"))
		require.Zero(t, p.Stats().Moved)
	})
}

// TestFramesAreWiped: the memory of a started request keeps no frame.
func TestFramesAreWiped(t *testing.T) {
	within(t, func(h *host) Config { return h.config("a") }, func(t *testing.T, h *host, p *Pool) {
		_, err := p.Start(sale(1), nil, time.Time{}, new(told))
		require.NoError(t, err)
		synctest.Wait()
		frame := p.spare.started.frame
		require.Equal(t, make([]byte, len(sale(1))), frame[:len(sale(1))])
	})
}
