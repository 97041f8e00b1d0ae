package pool

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
)

// slowly has a host that takes so long for each answer, and requests that have the time for it.
func slowly(takes time.Duration, lines ...string) func(h *host) Config {
	return func(h *host) Config {
		for _, l := range lines {
			h.slow[l] = takes
		}
		c := h.config(lines...)
		c.Connection.Timeout = time.Second
		return c
	}
}

// aMinute exchanges a sale that has a minute.
func aMinute(t *testing.T, over connection.Exchanger, stan int) func() error {
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_, err := over.Exchange(ctx, sale(stan), nil)
		done <- err
	}()
	synctest.Wait()
	return func() error { return <-done }
}

// TestResumeEndsADrain: a cut-over that is called off leaves the line that is used again alone.
func TestResumeEndsADrain(t *testing.T) {
	within(t, slowly(20*time.Second, "a"), func(t *testing.T, h *host, p *Pool) {
		first := aMinute(t, p, 1)
		drained := make(chan error, 1)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		go func() { drained <- p.Drain(ctx, "a") }()
		synctest.Wait()
		began := time.Now()
		require.NoError(t, p.Resume("a"))
		require.ErrorIs(t, <-drained, ErrResumed)
		require.Zero(t, time.Since(began))
		synctest.Wait()
		require.Equal(t, []State{Online}, states(p))
		second := aMinute(t, p, 2)
		require.NoError(t, first(), "it has its time on the connection that is on its way out")
		time.Sleep(time.Minute)
		require.NoError(t, second())
		require.NoError(t, p.Drain(t.Context(), "a"))
		require.Equal(t, []State{Drained}, states(p))
	})
}

// TestRequestsHaveTheirTime, and not that of requests without a deadline, when the line that they are on goes.
func TestRequestsHaveTheirTime(t *testing.T) {
	for name, end := range map[string]func(p *Pool, h *host) error{
		"Drain":    func(p *Pool, _ *host) error { return p.Drain(context.Background(), "a") },
		"Shutdown": func(p *Pool, _ *host) error { return p.Shutdown(context.Background()) },
		"Retire": func(p *Pool, _ *host) error {
			p.Retire(p.lines[0].link.Load().conn)
			time.Sleep(20 * time.Second)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, slowly(20*time.Second, "a"), func(t *testing.T, h *host, p *Pool) {
				request := aMinute(t, p, 1)
				began := time.Now()
				require.NoError(t, end(p, h))
				require.Equal(t, 20*time.Second, time.Since(began))
				require.NoError(t, request())
				if name == "Retire" {
					require.Equal(t, []State{Online}, states(p), "it was dialled anew in spite of that")
					require.Equal(t, 2, h.opened())
				}
			})
		})
	}
}

// TestDrainWaitsForEarlierConnections: one that was retired, and carries requests still, is of the line too.
func TestDrainWaitsForEarlierConnections(t *testing.T) {
	for name, within30 := range map[string]bool{"in time": false, "cut off": true} {
		t.Run(name, func(t *testing.T) {
			within(t, slowly(40*time.Second, "a"), func(t *testing.T, h *host, p *Pool) {
				request := aMinute(t, p, 1)
				p.Retire(p.lines[0].link.Load().conn)
				time.Sleep(10 * time.Second)
				require.Equal(t, []State{Online}, states(p))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if within30 {
					time.AfterFunc(20*time.Second, cancel)
				}
				began := time.Now()
				err := p.Drain(ctx, "a")
				if within30 {
					require.ErrorIs(t, err, context.Canceled)
					require.Equal(t, 20*time.Second, time.Since(began))
					require.ErrorIs(t, request(), connection.ErrClosed)
					return
				}
				require.NoError(t, err)
				require.Equal(t, 30*time.Second, time.Since(began))
				require.NoError(t, request())
			})
		})
	}
}

// TestRetireWhileSigningOn: a line that the host signs off before it has been put to use never is.
func TestRetireWhileSigningOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		signedOff := false
		h.play = func(l *hostLine, frame []byte) {
			if !signedOff {
				signedOff = true
				time.Sleep(time.Second)
				l.send(request("0820", 9, "off"))
				time.Sleep(time.Second)
			}
			l.send(answerTo(frame))
		}
		var p atomic.Pointer[Pool]
		c := h.config("a")
		c.Connection.SignOn = exchange0800("on")
		c.Connection.Handler = func(conn *connection.Conn, _, _ []byte) ([]byte, error) {
			p.Load().Retire(conn)
			return nil, nil
		}
		online := 0
		c.Changed = func(l LineStatus) {
			if l.State == Online {
				online++
			}
		}
		p.Store(open(t, c))
		time.Sleep(time.Minute)
		require.Equal(t, []State{Online}, states(p.Load()))
		require.Equal(t, 2, h.opened())
		require.Equal(t, 1, online, "the second connection")
		require.Empty(t, p.Load().retired, "those that have ended are forgotten")
	})
}

// TestRetireOneJustAdopted: nor is a connection that the peer has dialled and signed off.
func TestRetireOneJustAdopted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		c := h.config()
		c.Lines = []Line{{Name: "bank", Accept: true}}
		p := open(t, c)
		ours, theirs := connectiontest.Pipe()
		defer theirs.Close()
		conn, err := connection.NewConn(ours, c.Connection)
		require.NoError(t, err)
		require.NoError(t, p.Adopt("bank", conn))
		p.Retire(conn)
		synctest.Wait()
		require.False(t, p.Ready())
		<-conn.Done()
		synctest.Wait()
		require.Empty(t, p.retired)
	})
}

// TestAdoptTheSameTwice: the second time changes nothing.
func TestAdoptTheSameTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		c := h.config()
		c.Lines = []Line{{Name: "bank", Accept: true}}
		p := open(t, c)
		ours, theirs := connectiontest.Pipe()
		defer theirs.Close()
		conn, err := connection.NewConn(ours, c.Connection)
		require.NoError(t, err)
		for range 3 {
			require.NoError(t, p.Adopt("bank", conn))
			require.NoError(t, p.Adopt("bank", conn), "before the owner has it")
			synctest.Wait()
			require.Equal(t, []State{Online}, states(p))
		}
		require.NoError(t, conn.Err())
		require.EqualValues(t, 1, p.Lines()[0].Connects)
	})
}
