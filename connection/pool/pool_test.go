package pool

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
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

func TestConfigIsChecked(t *testing.T) {
	h := newHost(t)
	for name, break1 := range map[string]func(c *Config){
		"no lines":          func(c *Config) { c.Lines = nil },
		"no name":           func(c *Config) { c.Lines[0].Name = "" },
		"same name":         func(c *Config) { c.Lines[1].Name = "a" },
		"no address":        func(c *Config) { c.Lines[0].Address = "" },
		"accepted address":  func(c *Config) { c.Lines[0].Accept = true },
		"accepted demand":   func(c *Config) { c.Lines[0] = Line{Name: "a", Accept: true, OnDemand: true} },
		"window":            func(c *Config) { c.Lines[0].Window = -1 },
		"pick":              func(c *Config) { c.Pick = 9 },
		"no framing":        func(c *Config) { c.Connection.Framing = nil },
		"shared, no key":    func(c *Config) { c.SharedKeys, c.Connection.Key = true, nil },
		"shared, waits":     func(c *Config) { c.SharedKeys, c.Connection.Duplicates = true, connection.ContentionWait },
		"negative pause":    func(c *Config) { c.RetryMin = -1 },
		"negative idle":     func(c *Config) { c.IdleClose = -1 },
		"several at a time": func(c *Config) { c.Lines, c.Pick = nil, 9 },
	} {
		c := h.config("a", "b")
		break1(&c)
		_, err := New(c)
		require.Error(t, err, name)
	}
	require.Empty(t, h.dials, "nothing was dialled")
}

// TestDefaults are those that Config tells.
func TestDefaults(t *testing.T) {
	h := newHost(t)
	c := h.config("a")
	c.EchoIdle, c.Connection.Timeout = 0, 0
	c, err := c.checked()
	require.NoError(t, err)
	require.Equal(t, []time.Duration{30 * time.Second, 5 * time.Second, time.Minute, 500 * time.Millisecond, 30 * time.Second, 30 * time.Second, time.Minute},
		[]time.Duration{c.EchoIdle, c.EchoTimeout, c.IdleClose, c.RetryMin, c.RetryMax, c.Connection.Timeout, c.Connection.LateWindow})
	require.Equal(t, []int{3, 1024, 1024}, []int{c.SuspectAfter, c.Connection.MaxInFlight, c.Lines[0].Window})
	require.Equal(t, "tcp", c.Lines[0].Network)
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
	require.Empty(t, p.Lines())
	require.Zero(t, p.Stats())
	require.False(t, Pending{}.Cancel(nil))
	require.NoError(t, p.Shutdown(t.Context()))
	require.NoError(t, p.Close())
}

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

// TestStandby: lines that stand by are signed on and take over when the last of the others has gone, not before.
func TestStandby(t *testing.T) {
	within(t, func(h *host) Config {
		c := h.config("a", "b", "c")
		c.Lines[2].Standby = true
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		require.Equal(t, []State{Online, Online, Online}, states(p))
		send := func(n int) {
			for i := range n {
				_, err := p.Exchange(t.Context(), sale(i), nil)
				require.NoError(t, err)
			}
		}
		send(30)
		require.Zero(t, h.count("c", "0200"))
		h.set(func() { h.refuse["a"], h.refuse["b"] = errors.New("down"), errors.New("down") })
		h.live("a").Reset()
		synctest.Wait()
		send(10)
		require.Zero(t, h.count("c", "0200"))
		h.live("b").Reset()
		synctest.Wait()
		send(10)
		require.Equal(t, 10, h.count("c", "0200"))
		h.set(func() { h.refuse = map[string]error{} })
		time.Sleep(time.Minute)
		send(10)
		require.Equal(t, 10, h.count("c", "0200"), "the others are back")
	})
}

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

// TestDeadlineCoversWaiting: what a request has waited for a line is not added to its time.
func TestDeadlineCoversWaiting(t *testing.T) {
	within(t, func(h *host) Config {
		h.play = func(l *hostLine, frame []byte) {} // silence
		c := h.config("a")
		c.Lines[0].Window, c.SuspectAfter = 1, -1
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		first, cancel := context.WithTimeout(t.Context(), 3*time.Second)
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
}

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

// TestTimeoutCoversWaiting: Connection.Timeout counts from when a request began, not from when it found a line.
func TestTimeoutCoversWaiting(t *testing.T) {
	within(t, func(h *host) Config {
		c := h.config("a")
		c.Lines[0].Window = 1
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		h.set(func() {
			h.play = func(l *hostLine, frame []byte) {
				if string(frame) == string(sale(1)) {
					time.AfterFunc(3*time.Second, func() { l.send(answerTo(frame)) })
				}
			}
		})
		start := time.Now()
		first := async(p, sale(1))
		synctest.Wait()
		_, err := p.Exchange(t.Context(), sale(2), nil)
		require.ErrorIs(t, err, connection.ErrTimeout)
		require.Equal(t, connection.SentYes, connection.SentOf(err))
		require.Equal(t, 5*time.Second, time.Since(start))
		_, err = first()
		require.NoError(t, err)
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
