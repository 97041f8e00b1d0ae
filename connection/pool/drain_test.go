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

// TestDrain: at a cut-over the line takes nothing new, its requests end, it signs off, and it stays out until Resume.
func TestDrain(t *testing.T) {
	within(t, func(h *host) Config {
		h.slow["a"] = 2 * time.Second
		c := h.config("a", "b")
		c.SignOff = exchange0800("off")
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		_, err := p.On("a").Exchange(t.Context(), sale(9), nil)
		require.NoError(t, err)
		end := async(p.On("a"), sale(1))
		synctest.Wait()
		start := time.Now()
		drained := make(chan error)
		go func() { drained <- p.Drain(t.Context(), "a") }()
		synctest.Wait()
		require.Equal(t, Draining, p.Lines()[0].State)
		for i := range 20 {
			_, err := p.Exchange(t.Context(), sale(100+i), nil)
			require.NoError(t, err)
		}
		require.Equal(t, 20, h.count("b", "0200"))
		_, err = end()
		require.NoError(t, err)
		require.NoError(t, <-drained)
		require.Equal(t, 2*time.Second+2*time.Second, time.Since(start), "the request, then the sign-off")
		require.Equal(t, 1, h.count("a", "0800"))
		require.Equal(t, Drained, p.Lines()[0].State)
		require.NoError(t, p.Drain(t.Context(), "a"), "again")
		time.Sleep(time.Hour)
		require.Len(t, h.dialTimes("a"), 1)

		require.NoError(t, p.Resume("a"))
		synctest.Wait()
		require.Equal(t, Online, p.Lines()[0].State)
		require.Zero(t, p.Lines()[0].Failures)
	})
}

// TestDrainIsForced: a request that does not end before the context is lost, and its caller is told that it was sent.
func TestDrainIsForced(t *testing.T) {
	within(t, func(h *host) Config { h.play = silence; return h.config("a") }, func(t *testing.T, h *host, p *Pool) {
		end := async(p, sale(1))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, p.Drain(ctx, "a"), context.DeadlineExceeded)
		_, err := end()
		require.Equal(t, connection.SentYes, connection.SentOf(err))
		synctest.Wait()
		require.Equal(t, Drained, p.Lines()[0].State)
	})
}

// TestDrainALineThatIsDown: there is nothing to wait for.
func TestDrainALineThatIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.refuse["a"] = errors.New("down")
		p := open(t, h.config("a"))
		time.Sleep(time.Minute)
		require.NoError(t, p.Drain(t.Context(), "a"))
		before := len(h.dialTimes("a"))
		time.Sleep(time.Hour)
		require.Len(t, h.dialTimes("a"), before)
	})
}

// TestDrainWhileDialling: the dial is broken off, and a connection that comes through nevertheless gets nothing.
func TestDrainWhileDialling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		c := h.config("a")
		hangs := true
		c.Connection.SignOn = func(ctx context.Context, c *connection.Conn) error {
			if hangs {
				<-ctx.Done()
			}
			return ctx.Err()
		}
		var told []State
		c.Changed = func(s LineStatus) { told = append(told, s.State) }
		p := open(t, c)
		synctest.Wait()
		require.Equal(t, Connecting, p.Lines()[0].State)
		start := time.Now()
		require.NoError(t, p.Drain(t.Context(), "a"))
		require.Equal(t, start, time.Now())
		require.Zero(t, p.Lines()[0].Failures)
		hangs = false
		require.NoError(t, p.Resume("a"))
		require.NoError(t, p.WaitReady(t.Context()))
		synctest.Wait()
		require.Equal(t, []State{Connecting, Drained, Connecting, Online}, told)
	})
	within(t, func(h *host) Config { return h.config("a") }, func(t *testing.T, h *host, p *Pool) {
		l := p.lines[0]
		p.mu.Lock()
		l.drained = true
		p.mu.Unlock()
		k := newLink(l, new(connection.Conn), p.now())
		l.attach(k)
		require.False(t, k.reserve())
		require.Empty(t, p.candidates.Load().links)
	})
}

// TestRetire: a connection that the host has signed off gets nothing new; the line is signed on anew.
func TestRetire(t *testing.T) {
	within(t, func(h *host) Config {
		c := h.config("a", "b")
		c.Connection.SignOn = exchange0800("on")
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		h.set(func() {
			h.play = func(l *hostLine, frame []byte) {
				if string(frame[:4]) != "0200" {
					l.send(answerTo(frame))
				}
			}
		})
		end := async(p.On("a"), sale(1))
		synctest.Wait()
		c := p.lines[0].link.Load().conn
		was := h.live("a")
		p.Retire(c)
		require.False(t, p.lines[0].link.Load().reserve(), "at once")
		synctest.Wait()
		require.Equal(t, Draining, p.Lines()[0].State)
		was.send(answerTo(sale(1)))
		_, err := end()
		require.NoError(t, err)
		time.Sleep(2 * time.Second)
		require.Equal(t, Online, p.Lines()[0].State)
		require.Equal(t, 2, h.count("a", "0800"))
		p.Retire(c) // of no line any more
		synctest.Wait()
		require.Equal(t, Online, p.Lines()[0].State)
		p.Retire(p.lines[1].link.Load().conn)
		time.Sleep(2 * time.Second)
		require.EqualValues(t, []uint64{2, 2}, []uint64{p.Lines()[0].Connects, p.Lines()[1].Connects}, "any line's")
	})
}

// TestDrainWithoutTime: a context that has ended closes the line at once, before its owner has even seen the order.
func TestDrainWithoutTime(t *testing.T) {
	within(t, func(h *host) Config { return h.config("a") }, func(t *testing.T, h *host, p *Pool) {
		h.set(func() { h.play = silence })
		end := async(p, sale(1))
		synctest.Wait()
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		start, k := time.Now(), p.lines[0].link.Load()
		require.ErrorIs(t, p.Drain(ended, "a"), context.Canceled)
		require.False(t, k.reserve())
		_, err := end()
		require.ErrorIs(t, err, connection.ErrClosed)
		require.Equal(t, start, time.Now())
		synctest.Wait()
		require.Equal(t, Drained, p.Lines()[0].State)
		require.Zero(t, p.Lines()[0].Failures, "an order is no failure")
	})
}

// TestRetireAnAcceptedLine: the peer dials again while the old connection is ending.
func TestRetireAnAcceptedLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		c := h.config()
		c.Lines = []Line{{Name: "bank", Accept: true}}
		p := open(t, c)
		dial := accepting(t, h, func() *Pool { return p }, "bank")
		first := dial()
		require.NoError(t, p.WaitReady(t.Context()))
		end := async(p, sale(1))
		frame, err := first.Receive()
		require.NoError(t, err)
		p.Retire(p.lines[0].link.Load().conn)
		synctest.Wait()
		require.False(t, p.Ready())
		dial()
		synctest.Wait()
		require.True(t, p.Ready())
		require.NoError(t, first.Send(answerTo(frame)))
		_, err = end()
		require.NoError(t, err)
	})
}

// accepting serves connections that the peer opens, for the pool to adopt.
func accepting(t *testing.T, h *host, p func() *Pool, lines ...string) (dial func() *connectiontest.Peer) {
	listener := connectiontest.Listen()
	cfg := connection.Config{Framing: h.framing, Key: testKey, Timeout: 5 * time.Second}
	next := 0
	cfg.Hooks.Connected = func(c *connection.Conn) {
		name := lines[next%len(lines)]
		next++
		if p().Adopt(name, c) != nil {
			c.Close()
		}
	}
	cfg.Elsewhere = func(c *connection.Conn, key [32]byte, frame []byte) bool { return p().Elsewhere(c, key, frame) }
	s := &connection.Server{Config: cfg}
	go s.Serve(listener)
	t.Cleanup(func() { s.Close() })
	return func() *connectiontest.Peer {
		nc, err := listener.Dial(t.Context(), "", "")
		require.NoError(t, err)
		return connectiontest.NewPeer(nc, h.framing)
	}
}

// TestAccepted: a bank that dials us is a line as any other; when it dials again, the new connection counts.
func TestAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		c := h.config()
		c.Lines = []Line{{Name: "bank", Accept: true}}
		p := open(t, c)
		dial := accepting(t, h, func() *Pool { return p }, "bank")
		synctest.Wait()
		require.False(t, p.Ready())
		end := async(p, sale(1))
		synctest.Wait()
		first := dial()
		frame, err := first.Receive()
		require.NoError(t, err, "the request has waited for it")
		second := dial()
		synctest.Wait()
		end2 := async(p, sale(2))
		frame2, err := second.Receive()
		require.NoError(t, err)
		require.NoError(t, first.Send(answerTo(frame)))
		require.NoError(t, second.Send(answerTo(frame2)))
		_, err = end()
		require.NoError(t, err, "the old connection ends in good order")
		_, err = end2()
		require.NoError(t, err)
		_, err = first.Receive()
		require.Error(t, err, "it is closed")
		require.EqualValues(t, 2, p.Lines()[0].Connects)

		require.NoError(t, p.Drain(t.Context(), "bank"))
		_, err = second.Receive()
		require.Error(t, err)
		third := dial()
		_, err = third.Receive()
		require.Error(t, err, "a drained line takes no connection")
		require.NoError(t, p.Resume("bank"))
		dial()
		require.NoError(t, p.WaitReady(t.Context()))

		client, _ := connectiontest.Pipe()
		conn, err := connection.NewConn(client, connection.Config{Framing: h.framing})
		require.NoError(t, err)
		defer conn.Close()
		require.ErrorIs(t, p.Adopt("other", conn), ErrUnknownLine)
		require.NoError(t, p.Close())
		require.ErrorIs(t, p.Adopt("bank", conn), connection.ErrClosed)
		require.NoError(t, conn.Err(), "it is the caller's still")
	})
}

func TestAdoptForADialledLine(t *testing.T) {
	within(t, func(h *host) Config { return h.config("a") }, func(t *testing.T, h *host, p *Pool) {
		require.ErrorIs(t, p.Adopt("a", new(connection.Conn)), ErrNotAccepted)
	})
}

// TestShutdown: requests end, then every line signs off and is closed.
func TestShutdown(t *testing.T) {
	within(t, func(h *host) Config {
		h.slow["a"], h.slow["b"] = time.Second, time.Second
		c := h.config("a", "b")
		c.SignOff = exchange0800("off")
		c.Lines[0].Window, c.Lines[1].Window = 1, 1
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		ends := []func() (string, error){async(p, sale(1)), async(p, sale(2))}
		synctest.Wait()
		waits := async(p, sale(3))
		synctest.Wait()
		down := make(chan error)
		go func() { down <- p.Shutdown(t.Context()) }()
		_, err := waits()
		require.ErrorIs(t, err, connection.ErrClosed)
		require.True(t, connection.SafeToRetry(err))
		_, err = p.Exchange(t.Context(), sale(4), nil)
		require.ErrorIs(t, err, connection.ErrClosed)
		for _, end := range ends {
			_, err := end()
			require.NoError(t, err)
		}
		require.NoError(t, <-down)
		require.Equal(t, 2, count(h, "off"))
		require.Equal(t, []State{Closed, Closed}, states(p))
		require.NoError(t, p.Shutdown(t.Context()))
	})
}

func TestShutdownIsForced(t *testing.T) {
	within(t, func(h *host) Config { h.play = silence; return h.config("a") }, func(t *testing.T, h *host, p *Pool) {
		end := async(p, sale(1))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, p.Shutdown(ctx), context.DeadlineExceeded)
		_, err := end()
		require.Equal(t, connection.SentYes, connection.SentOf(err))
	})
}

// TestNoSignOff: a line whose host wants none is closed without one.
func TestNoSignOff(t *testing.T) {
	within(t, func(h *host) Config {
		c := h.config("a")
		c.Connection.Hooks.Panicked = func(*connection.Conn, connection.Panic) { t.Error("panicked") }
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		require.NoError(t, p.Drain(t.Context(), "a"))
		require.Empty(t, h.all())
	})
}
