package pool

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
)

func silence(*hostLine, []byte) {}

// echoesOnly answers network management and nothing else.
func echoesOnly(l *hostLine, frame []byte) {
	if strings.HasPrefix(string(frame), "0800") {
		l.send(answerTo(frame))
	}
}

var nextStan atomic.Int32

// timeOut sends requests that get no answer.
func timeOut(t *testing.T, over connection.Exchanger, n int) {
	for range n {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		_, err := over.Exchange(ctx, sale(int(900_000+nextStan.Add(1))), nil)
		cancel()
		require.ErrorIs(t, err, connection.ErrTimeout)
	}
}

// TestSuspect: requests that time out one after another make a line suspect; an echo decides.
func TestSuspect(t *testing.T) {
	for name, c := range map[string]struct {
		play  func(*hostLine, []byte) // after the line is online
		state State                   // once the echo has ended
		dials int
	}{
		"echo answered": {echoesOnly, Online, 1},
		"echo silent":   {silence, Connecting, 2},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(h *host) Config {
				c := h.config("a", "b")
				c.Connection.SignOn, c.Echo = exchange0800("on"), exchange0800("echo")
				return c
			}, func(t *testing.T, h *host, p *Pool) {
				a := p.On("a")
				h.set(func() { h.play = c.play })
				timeOut(t, a, 2)
				synctest.Wait()
				require.Equal(t, []State{Online, Online}, states(p))
				require.Equal(t, 1, h.count("a", "0800"), "the sign-on only")
				timeOut(t, a, 1)
				if name == "echo silent" {
					require.Equal(t, Suspect, p.Lines()[0].State)
					for i := range 10 {
						go p.Exchange(context.Background(), sale(i), nil)
					}
					synctest.Wait()
					require.Equal(t, 10, h.count("b", "0200"), "a suspect line gets nothing")
				}
				time.Sleep(5*time.Second + time.Millisecond)
				require.Equal(t, c.state, p.Lines()[0].State)
				require.Len(t, h.dialTimes("a"), c.dials)
			})
		})
	}
}

// TestAnswersEndSuspicion: only timeouts one after another count, and those of an earlier connection do not.
func TestAnswersEndSuspicion(t *testing.T) {
	within(t, func(h *host) Config {
		c := h.config("a")
		c.Echo = exchange0800("echo")
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		for i := range 5 {
			h.set(func() { h.play = silence })
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			for j := range 2 {
				_, err := p.Exchange(ctx, sale(10*i+j), nil)
				require.ErrorIs(t, err, connection.ErrTimeout)
				ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
			}
			cancel()
			h.set(func() { h.play = nil })
			if i%2 == 0 {
				_, err := p.Exchange(t.Context(), sale(10*i+9), nil)
				require.NoError(t, err)
			} else {
				time.Sleep(stable)
				h.live("a").Reset()
				require.NoError(t, p.WaitReady(t.Context()))
				synctest.Wait()
				require.NoError(t, p.WaitReady(t.Context()))
			}
		}
		require.Zero(t, h.count("", "0800"))
	})
}

// TestLateResultsOfAnEarlierConnection: requests that were on a connection which has gone say nothing about the next.
func TestLateResultsOfAnEarlierConnection(t *testing.T) {
	within(t, func(h *host) Config {
		h.play = silence
		c := h.config("a")
		c.SuspectAfter = 1
		c.Echo = exchange0800("echo")
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		k := p.lines[0].link.Load()
		h.live("a").Reset()
		synctest.Wait()
		require.NoError(t, p.WaitReady(t.Context()))
		k.place()
		k.ended(1, &connection.Error{Sent: connection.SentYes, Err: connection.ErrTimeout})
		require.Equal(t, Online, p.Lines()[0].State)
		require.Zero(t, h.count("", "0800"))
	})
}

// TestSuspectAgain: after an echo that was answered it takes as many requests without an answer as before.
func TestSuspectAgain(t *testing.T) {
	within(t, func(h *host) Config {
		c := h.config("a")
		c.Echo = exchange0800("echo")
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		h.set(func() { h.play = echoesOnly })
		for round := range 3 {
			timeOut(t, p, 2)
			synctest.Wait()
			require.Equal(t, round, h.count("a", "0800"))
			timeOut(t, p, 1)
			synctest.Wait()
			require.Equal(t, round+1, h.count("a", "0800"))
			require.Equal(t, []State{Online}, states(p))
		}
	})
}

// TestSuspectWithoutEcho: the line's requests end, then it is dialled anew.
func TestSuspectWithoutEcho(t *testing.T) {
	within(t, func(h *host) Config {
		h.play = silence
		return h.config("a", "b")
	}, func(t *testing.T, h *host, p *Pool) {
		slow := async(p.On("a"), sale(1))
		timeOut(t, p.On("a"), 3)
		synctest.Wait()
		require.Equal(t, Draining, p.Lines()[0].State)
		h.live("a").send(answerTo(sale(1)))
		_, err := slow()
		require.NoError(t, err, "what was in flight is still answered")
		time.Sleep(2 * time.Second)
		require.Equal(t, Online, p.Lines()[0].State)
		require.ErrorIs(t, p.Lines()[0].Trouble, errSilent)
		require.Len(t, h.dialTimes("a"), 2)
	})
}

// TestEchoWhenIdle: where nothing has arrived for EchoIdle, and only there.
func TestEchoWhenIdle(t *testing.T) {
	within(t, func(h *host) Config {
		c := h.config("a", "b")
		c.Echo, c.EchoIdle = exchange0800("echo"), 30*time.Second
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		for i := range 295 {
			_, err := p.On("a").Exchange(t.Context(), sale(i), nil)
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		require.Zero(t, h.count("a", "0800"))
		require.Equal(t, 295/30, h.count("b", "0800"))
	})
}

// TestHalfOpen: a peer that is gone without a word is found by the echo, in EchoIdle and two EchoTimeouts.
func TestHalfOpen(t *testing.T) {
	within(t, func(h *host) Config {
		c := h.config("a")
		c.Echo, c.EchoIdle, c.EchoTimeout = exchange0800("echo"), 30*time.Second, 5*time.Second
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		h.set(func() { h.play = silence })
		start := time.Now()
		for len(h.dialTimes("a")) < 2 {
			time.Sleep(time.Second)
		}
		require.InDelta(t, 40, time.Since(start).Seconds(), 1)
		require.ErrorIs(t, p.Lines()[0].Trouble, errSilent)
	})
}

// TestPanics: code of the program that panics takes nothing down, and is told.
func TestPanics(t *testing.T) {
	var told atomic.Int32
	within(t, func(h *host) Config {
		c := h.config("a")
		c.Connection.Hooks.Panicked = func(conn *connection.Conn, p connection.Panic) {
			require.Error(t, conn.Err())
			require.Equal(t, "string", p.Type)
			require.NotContains(t, string(p.Stack), "6222021234567890128")
			told.Add(1)
		}
		bad := func(context.Context, *connection.Conn) error { panic("6222021234567890128") }
		c.Echo, c.EchoIdle, c.SignOff = bad, time.Minute, bad
		c.Changed = func(LineStatus) { panic("6222021234567890128") }
		c.Affinity = func([]byte) (uint64, bool) { panic("6222021234567890128") }
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		before := told.Load()
		_, err := p.Exchange(t.Context(), sale(1), nil)
		require.NoError(t, err)
		require.Equal(t, before+1, told.Load())
		err = p.Echo(t.Context())
		require.ErrorIs(t, err, connection.ErrPanicked)
		require.NotContains(t, err.Error(), "6222")
		time.Sleep(2 * time.Minute)
		require.Greater(t, len(h.dialTimes("a")), 1, "an echo that panics was not answered")
		require.NoError(t, p.WaitReady(t.Context()))
		require.NoError(t, p.Drain(t.Context(), "a"))
	})
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.refuse["a"] = errors.New("down")
		c := h.config("a")
		c.Wait = time.Second
		p := open(t, c)
		synctest.Wait()
		_, err := p.Start(sale(1), nil, time.Time{}, panics{})
		require.NoError(t, err)
		time.Sleep(2 * time.Second)
	})
}

// TestPanicsOfTheHook: a hook that panics over a panic makes no good echo of a bad one.
func TestPanicsOfTheHook(t *testing.T) {
	within(t, func(h *host) Config {
		c := h.config("a")
		c.Connection.Hooks.Panicked = func(*connection.Conn, connection.Panic) { panic("again") }
		c.Echo = func(context.Context, *connection.Conn) error { panic("6222021234567890128") }
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		require.ErrorIs(t, p.Echo(t.Context()), connection.ErrPanicked)
	})
}

// panics is a completion that does.
type panics struct{}

func (panics) Complete([]byte, error) { panic("6222021234567890128") }

// TestChanged: the hook is told each state in turn, and what a line's connections have counted is not lost with them.
func TestChanged(t *testing.T) {
	var mu sync.Mutex
	var told []State
	within(t, func(h *host) Config {
		c := h.config("a")
		c.Changed = func(s LineStatus) {
			mu.Lock()
			defer mu.Unlock()
			if len(told) == 0 || told[len(told)-1] != s.State {
				told = append(told, s.State)
			}
		}
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		for range 3 {
			_, err := p.Exchange(t.Context(), sale(1), nil)
			require.NoError(t, err)
			time.Sleep(time.Minute)
			h.live("a").Reset()
			synctest.Wait()
			require.NoError(t, p.WaitReady(t.Context()))
		}
		s := p.Lines()[0]
		require.EqualValues(t, 3, s.Stats.Matched)
		require.EqualValues(t, 4, s.Connects)
		require.Equal(t, "a", s.Name)
		require.NoError(t, p.Close())
		mu.Lock()
		defer mu.Unlock()
		want := []State{Connecting, Online}
		for range 3 {
			want = append(want, Down, Connecting, Online)
		}
		want = append(want, Draining, Closed)
		require.Equal(t, want, slices.Clone(told))
		for _, s := range told {
			require.NotContains(t, s.String(), "unknown")
		}
		require.Equal(t, "unknown state", State(99).String())
	})
}

// TestEcho is the echo that a router asks for.
func TestEcho(t *testing.T) {
	within(t, func(h *host) Config {
		c := h.config("a")
		c.Echo = exchange0800("echo")
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		require.NoError(t, p.Echo(t.Context()))
		require.Equal(t, 1, h.count("a", "0800"))
		h.set(func() { h.play = func(l *hostLine, frame []byte) { l.send(append(answerTo(frame), "no"...)) } })
		require.ErrorContains(t, p.Echo(t.Context()), "host refused")
		require.Zero(t, p.Lines()[0].InFlight)
	})
	within(t, func(h *host) Config { return h.config("a") }, func(t *testing.T, h *host, p *Pool) {
		require.NoError(t, p.Echo(t.Context()), "a line takes requests, more is not known")
		require.Empty(t, h.all())
		require.NoError(t, p.Drain(t.Context(), "a"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, p.Echo(ctx), ErrNoLine)
	})
}
