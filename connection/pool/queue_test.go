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

// TestWindow: no more requests than the windows hold are in flight; the others wait in order and go where room comes.
func TestWindow(t *testing.T) {
	within(t, func(h *host) Config {
		h.slow["a"], h.slow["b"] = time.Second, time.Second
		c := h.config("a", "b")
		c.Lines[0].Window, c.Lines[1].Window = 1, 2
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		var ends []func() (string, error)
		for i := range 9 {
			ends = append(ends, async(p, sale(i)))
			synctest.Wait()
		}
		require.Equal(t, 3, h.count("", "0200"))
		require.Equal(t, 6, p.Stats().Waiting)
		require.Equal(t, 1, p.Lines()[0].InFlight)
		require.Equal(t, 2, p.Lines()[1].InFlight)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 6, h.count("", "0200"))
		require.Equal(t, 3, p.Stats().Waiting)
		for i, seen := range h.all()[:6] {
			_, frame, _ := cut(seen)
			require.Contains(t, frame, "0200", i)
			require.Less(t, frame, string(sale(6)), "in order of arrival")
		}
		for i, end := range ends {
			reply, err := end()
			require.NoError(t, err)
			require.Equal(t, string(answerTo(sale(i))), reply)
		}
		require.Equal(t, 3, h.count("a", "0200"))
		require.Zero(t, p.Stats().Waiting)
	})
}

// TestBusyFails: where Config has it so, a request beyond the windows fails at once and certainly was not sent.
func TestBusyFails(t *testing.T) {
	within(t, func(h *host) Config {
		h.slow["a"] = time.Second
		c := h.config("a")
		c.Lines[0].Window, c.Connection.Busy = 1, connection.ContentionFail
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		end := async(p, sale(1))
		synctest.Wait()
		_, err := p.Exchange(t.Context(), sale(2), nil)
		require.ErrorIs(t, err, connection.ErrBusy)
		require.True(t, connection.SafeToRetry(err))
		_, err = end()
		require.NoError(t, err)
	})
}

// TestBusyFailsOnlyWithoutRoom: that somebody waits for a line that is down is nothing to others.
func TestBusyFailsOnlyWithoutRoom(t *testing.T) {
	within(t, func(h *host) Config {
		c := h.config("a", "b")
		c.Connection.Busy = connection.ContentionFail
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		h.set(func() { h.refuse["a"] = errors.New("down") })
		h.live("a").Reset()
		synctest.Wait()
		end := async(p.On("a"), sale(1))
		synctest.Wait()
		require.Equal(t, 1, p.Stats().Waiting)
		_, err := p.Exchange(t.Context(), sale(2), nil)
		require.NoError(t, err)
		d := new(told)
		_, err = p.Start(sale(3), nil, time.Time{}, d)
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, []error{nil}, d.errs)
		_, err = end()
		require.ErrorIs(t, err, ErrNoLine)

		h.set(func() { h.play = silence })
		for i := range 1024 {
			go p.Exchange(context.Background(), sale(100+i), nil)
		}
		synctest.Wait()
		_, err = p.Start(sale(4), nil, time.Time{}, d)
		require.ErrorIs(t, err, connection.ErrBusy)
		require.Zero(t, p.Stats().Waiting)
	})
}

// TestWaitingEnds: a request that waits ends by its deadline, by Connection.Timeout, by its context, by the end of the
// pool, and always as not sent.
func TestWaitingEnds(t *testing.T) {
	for name, c := range map[string]struct {
		wait time.Duration
		ctx  func(t *testing.T) (context.Context, func())
		end  func(p *Pool, cancel func())
		took time.Duration
		want []error
	}{
		"deadline": {ctx: withTimeout(time.Second), took: time.Second, want: []error{ErrNoLine, connection.ErrTimeout}},
		"timeout":  {took: 5 * time.Second, want: []error{ErrNoLine, connection.ErrTimeout}},
		"wait":     {wait: 2 * time.Second, took: 2 * time.Second, want: []error{ErrNoLine, connection.ErrTimeout}},
		"no wait":  {wait: -1, want: []error{ErrNoLine}},
		"cancel": {ctx: withTimeout(time.Hour), end: func(p *Pool, cancel func()) { time.Sleep(time.Second); cancel() },
			took: time.Second, want: []error{context.Canceled}},
		"close": {end: func(p *Pool, _ func()) { time.Sleep(time.Second); p.Close() }, took: time.Second,
			want: []error{connection.ErrClosed}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHost(t)
				h.refuse["a"] = errors.New("unplugged")
				config := h.config("a")
				config.Wait = c.wait
				p := open(t, config)
				synctest.Wait()
				ctx, cancel := t.Context(), func() {}
				if c.ctx != nil {
					ctx, cancel = c.ctx(t)
				}
				if c.end != nil {
					go c.end(p, cancel)
				}
				start := time.Now()
				_, err := p.Exchange(ctx, sale(1), nil)
				for _, want := range c.want {
					require.ErrorIs(t, err, want)
				}
				require.True(t, connection.SafeToRetry(err))
				require.Equal(t, c.took, time.Since(start))
				require.Zero(t, p.Stats().Waiting)
				cancel()
			})
		})
	}
}

func withTimeout(d time.Duration) func(t *testing.T) (context.Context, func()) {
	return func(t *testing.T) (context.Context, func()) { return context.WithTimeout(t.Context(), d) }
}

// TestTimeoutCoversWaiting: Connection.Timeout counts from when a request began, not from when it found a line: what it has
// waited is not added to its time.
func TestTimeoutCoversWaiting(t *testing.T) {
	for name, answered := range map[string]bool{"for an answer": true, "for the end of another's time": false} {
		t.Run(name, func(t *testing.T) {
			within(t, func(h *host) Config {
				h.play = func(l *hostLine, frame []byte) {
					if answered && string(frame) == string(sale(1)) {
						time.AfterFunc(3*time.Second, func() { l.send(answerTo(frame)) })
					}
				}
				c := h.config("a")
				c.Lines[0].Window, c.SuspectAfter = 1, -1
				return c
			}, func(t *testing.T, h *host, p *Pool) {
				first, cancel := context.WithTimeout(t.Context(), 3*time.Second+time.Millisecond)
				defer cancel()
				go p.Exchange(first, sale(1), nil)
				synctest.Wait()
				start := time.Now()
				_, err := p.Exchange(t.Context(), sale(2), nil)
				require.Equal(t, 5*time.Second, time.Since(start), "3 s of them it waited")
				require.ErrorIs(t, err, connection.ErrTimeout)
				require.Equal(t, connection.SentYes, connection.SentOf(err))
				require.Equal(t, 2, h.count("", "0200"))
			})
		})
	}
}

// TestNoWait: where a request is not to wait for a line at all, one that waits for room does not either once there is none.
func TestNoWait(t *testing.T) {
	within(t, func(h *host) Config {
		h.play = silence
		c := h.config("a")
		c.Lines[0].Window, c.Wait, c.Connection.Timeout = 1, -1, 30*time.Second
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		first, second := async(p, sale(1)), async(p, sale(2))
		synctest.Wait()
		require.Equal(t, 1, p.Stats().Waiting)
		time.Sleep(time.Second)
		require.Equal(t, 1, p.Stats().Waiting, "for room a request waits")
		h.set(func() { h.refuse["a"] = errors.New("down") })
		began := time.Now()
		h.live("a").Reset()
		for _, end := range []func() (string, error){first, second} {
			_, err := end()
			require.Error(t, err)
			require.Less(t, time.Since(began), 10*time.Millisecond)
			if connection.SafeToRetry(err) {
				require.ErrorIs(t, err, ErrNoLine)
				require.NotErrorIs(t, err, connection.ErrTimeout)
			}
		}
		require.EqualValues(t, 1, p.Stats().Refused)
	})
}

// TestNoWaitForALineThatDoesNotCome: nor does one that was let wait for a line on demand when that cannot be dialled.
func TestNoWaitForALineThatDoesNotCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.refuse["a"] = errors.New("down")
		c := h.config("a")
		c.Lines[0].OnDemand, c.Wait, c.Connection.Timeout = true, -1, 30*time.Second
		c.RetryMin, c.RetryMax = time.Minute, time.Minute
		c.Connection.Dialer = slowDial(h, time.Second)
		p := open(t, c)
		synctest.Wait()
		began := time.Now()
		_, err := p.Exchange(t.Context(), sale(1), nil)
		require.ErrorIs(t, err, ErrNoLine)
		require.GreaterOrEqual(t, time.Since(began), 2*time.Second, "it is dialled twice without a pause")
		require.Less(t, time.Since(began), 3*time.Second)
	})
}

// TestManyWaitersCostLittle: who joins the queue, or leaves it, does not look at all the others: who goes through the queue
// here does not come to its end.
func TestManyWaitersCostLittle(t *testing.T) {
	within(t, func(h *host) Config {
		h.play = silence
		c := h.config("a")
		c.Lines[0].Window = 1
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		d := new(told)
		var all []Pending
		for i := range 4 {
			pending, err := p.Start(sale(i), nil, time.Now().Add(time.Minute), d)
			require.NoError(t, err)
			all = append(all, pending)
		}
		p.mu.Lock()
		require.Equal(t, 3, p.queue.n)
		second := p.queue.first.next
		third := second.next
		second.next = second
		p.mu.Unlock()
		pending, err := p.Start(sale(9), nil, time.Now().Add(time.Hour), d)
		require.NoError(t, err)
		p.serve()
		require.True(t, pending.Cancel(nil))
		p.mu.Lock()
		second.next = third
		p.mu.Unlock()
		for _, one := range all[1:] {
			require.True(t, one.Cancel(nil))
		}
		require.Zero(t, p.Stats().Waiting)
		require.Zero(t, p.queue.n)
	})
}

// TestBoundAfterShutdown: nothing new is taken once Shutdown has begun, on a line that is asked for by name either.
func TestBoundAfterShutdown(t *testing.T) {
	within(t, func(h *host) Config {
		c := h.config("a")
		c.EchoIdle, c.Echo = time.Second, func(context.Context, *connection.Conn) error { time.Sleep(3 * time.Second); return nil }
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		time.Sleep(1500 * time.Millisecond) // the owner waits for an echo
		go p.Shutdown(context.Background())
		synctest.Wait()
		_, err := p.On("a").Exchange(t.Context(), sale(1), nil)
		require.ErrorIs(t, err, connection.ErrClosed)
		require.Empty(t, h.all())
		time.Sleep(time.Minute)
	})
}

// TestTheLastTroubleIsTold, not that of a line which failed long ago.
func TestTheLastTroubleIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.refuse["a"] = errors.New("refused in the morning")
		c := h.config("a", "b")
		c.Wait = -1
		p := open(t, c)
		time.Sleep(time.Minute)
		h.set(func() { delete(h.refuse, "a") })
		time.Sleep(10 * time.Hour)
		require.Equal(t, []State{Online, Online}, states(p))
		require.NoError(t, p.Drain(t.Context(), "a"))
		h.set(func() { h.refuse["b"] = errors.New("certificate expired") })
		h.live("b").Reset()
		time.Sleep(time.Minute)
		_, err := p.Exchange(t.Context(), sale(1), nil)
		require.ErrorContains(t, err, "certificate expired")
		require.NotContains(t, err.Error(), "morning")
	})
}

// TestWindowIsTheConnections too: it may be wider than that of a connection by default.
func TestWindowIsTheConnections(t *testing.T) {
	within(t, func(h *host) Config {
		h.slow["a"] = time.Second
		c := h.config("a")
		c.Connection.MaxInFlight, c.Lines[0].Window = 1, 3
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		for i := range 5 {
			go p.Exchange(t.Context(), sale(i), nil)
		}
		synctest.Wait()
		require.Equal(t, 3, h.count("a", "0200"))
		time.Sleep(time.Minute)
	})
}

// TestTheFirstDeadlineCounts, whoever joins the queue later.
func TestTheFirstDeadlineCounts(t *testing.T) {
	within(t, func(h *host) Config {
		h.play = silence
		c := h.config("a")
		c.Lines[0].Window = 1
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		var ended [3]*told
		for i, within := range []time.Duration{time.Hour, time.Second, time.Minute} {
			ended[i] = new(told)
			_, err := p.Start(sale(i), nil, time.Now().Add(within), ended[i])
			require.NoError(t, err)
		}
		time.Sleep(time.Second + 10*time.Millisecond)
		require.Equal(t, []int{0, 1, 0}, []int{ended[0].count(), ended[1].count(), ended[2].count()})
		time.Sleep(time.Minute)
		require.Equal(t, []int{0, 1, 1}, []int{ended[0].count(), ended[1].count(), ended[2].count()})
	})
}

// TestWaitCountsFromTheLoss of the last line, however long a request has waited for room before.
func TestWaitCountsFromTheLoss(t *testing.T) {
	within(t, func(h *host) Config {
		h.play = silence
		c := h.config("a")
		c.Lines[0].Window, c.Wait = 1, 2*time.Second
		c.Connection.Timeout = time.Minute
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		go p.Exchange(t.Context(), sale(1), nil)
		synctest.Wait()
		began := time.Now()
		time.AfterFunc(3*time.Second, func() {
			h.set(func() { h.refuse["a"] = errors.New("down") })
			h.live("a").Reset()
		})
		_, err := p.Exchange(t.Context(), sale(2), nil)
		require.ErrorIs(t, err, ErrNoLine)
		require.Equal(t, 5*time.Second, time.Since(began))
	})
}
