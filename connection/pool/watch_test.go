package pool

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
)

// TestNoEchoBesideTheOnlyRequest: on a line that carries one thing at a time a request under way is sign enough, however
// long it takes.
func TestNoEchoBesideTheOnlyRequest(t *testing.T) {
	within(t, func(h *host) Config {
		h.slow["a"] = 20 * time.Second
		c := h.config("a")
		c.Lines[0].Window, c.Connection.Timeout = 1, time.Minute
		c.Echo, c.EchoIdle = exchange0800("echo"), 3*time.Second
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		end := async(p, sale(1))
		time.Sleep(15 * time.Second)
		require.Equal(t, []string{"a:" + string(sale(1))}, h.all())
		_, err := end()
		require.NoError(t, err)
		h.set(func() { delete(h.slow, "a") })
		time.Sleep(10 * time.Second)
		require.Equal(t, 3, h.count("a", "0800"))
	})
}

// TestInUseForLong: a line on demand stays as long as a request is on it.
func TestInUseForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.slow["a"] = 10 * time.Minute
		c := h.config("a")
		c.Lines[0].OnDemand, c.IdleClose, c.Connection.Timeout = true, time.Minute, time.Hour
		p := open(t, c)
		start := time.Now()
		_, err := p.Exchange(t.Context(), sale(1), nil)
		require.NoError(t, err)
		require.Equal(t, 10*time.Minute, time.Since(start))
		time.Sleep(59 * time.Second)
		require.Equal(t, Online, p.Lines()[0].State)
		time.Sleep(3 * time.Second)
		require.Equal(t, Asleep, p.Lines()[0].State)
	})
}

// TestRetireWhileSuspect: an echo that is answered does not bring back what has been retired meanwhile.
func TestRetireWhileSuspect(t *testing.T) {
	within(t, func(h *host) Config {
		h.play = func(l *hostLine, frame []byte) {
			if frame[1] == '8' {
				time.AfterFunc(time.Second, func() { l.send(answerTo(frame)) })
			}
		}
		c := h.config("a")
		c.Echo, c.SuspectAfter = exchange0800("echo"), 1
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		timeOut(t, p, 1)
		synctest.Wait()
		require.Equal(t, Suspect, p.Lines()[0].State)
		k := p.lines[0].link.Load()
		p.Retire(k.conn)
		p.lines[0].trust(k) // what the owner does when the echo is answered
		require.False(t, k.reserve())
		require.Equal(t, Suspect, p.Lines()[0].State)
		time.Sleep(5 * time.Second)
		require.Len(t, h.dialTimes("a"), 2)
		require.Equal(t, Online, p.Lines()[0].State)
	})
}

// TestOneDialForMany: requests that come while a line on demand is being dialled wait for that one.
func TestOneDialForMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		c := h.config("a", "b", "c")
		for i := range c.Lines {
			c.Lines[i].OnDemand = true
		}
		c.Connection.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
			time.Sleep(time.Second)
			return h.dial(ctx, network, address)
		}
		p := open(t, c)
		var ends []func() (string, error)
		for i := range 10 {
			ends = append(ends, async(p, sale(i)))
			time.Sleep(10 * time.Millisecond)
		}
		for _, end := range ends {
			_, err := end()
			require.NoError(t, err)
		}
		require.Equal(t, 1, h.opened())
	})
}

// TestPrefersALineThatWorked: of lines on demand, one that failed last is not the first to be dialled.
func TestPrefersALineThatWorked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.refuse["a"] = errors.New("no carrier")
		c := h.config("a", "b")
		c.Lines[0].OnDemand, c.Lines[1].OnDemand = true, true
		p := open(t, c)
		for i := range 3 {
			synctest.Wait()
			_, err := p.Exchange(t.Context(), sale(i), nil)
			require.NoError(t, err)
			time.Sleep(time.Hour)
			require.Len(t, h.dialTimes("b"), i+1)
		}
		before := len(h.dialTimes("a"))
		_, err := p.Exchange(t.Context(), sale(9), nil)
		require.NoError(t, err)
		require.Len(t, h.dialTimes("a"), before)
	})
}

// TestDialsBesideAConnectionThatEnds: a handler that is still at work on the old connection keeps nobody waiting.
func TestDialsBesideAConnectionThatEnds(t *testing.T) {
	within(t, func(h *host) Config {
		c := h.config("a")
		c.Connection.Handler = func(*connection.Conn, []byte, []byte) ([]byte, error) {
			time.Sleep(4 * time.Second)
			return nil, nil
		}
		return c
	}, func(t *testing.T, h *host, p *Pool) {
		old := p.lines[0].link.Load().conn
		l := h.live("a")
		require.NoError(t, l.send(request("0800", 1, "")))
		synctest.Wait()
		require.NoError(t, l.CloseWrite())
		synctest.Wait()
		require.NoError(t, old.Err(), "it has not ended yet")
		require.Equal(t, Online, p.Lines()[0].State)
		_, err := p.Exchange(t.Context(), sale(1), nil)
		require.NoError(t, err)
		time.Sleep(5 * time.Second)
		require.Error(t, old.Err())
	})
}

// TestStartsWithTheOthersLatency: a line that comes back is not flooded for want of experience.
func TestStartsWithTheOthersLatency(t *testing.T) {
	within(t, func(h *host) Config {
		h.slow["a"], h.slow["b"] = time.Second, time.Second
		return h.config("a", "b")
	}, func(t *testing.T, h *host, p *Pool) {
		for i := range 4 {
			_, err := p.On("a").Exchange(t.Context(), sale(i), nil)
			require.NoError(t, err)
		}
		h.live("b").Reset()
		synctest.Wait()
		require.InDelta(t, 1, p.Lines()[1].Latency.Seconds(), 0.1)
	})
}

// TestAdoptTwice: of two connections that come at once the later one stays.
func TestAdoptTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		c := h.config()
		c.Lines = []Line{{Name: "bank", Accept: true}}
		p := open(t, c)
		synctest.Wait()
		var conns [3]*connection.Conn
		for i := range conns {
			client, _ := connectiontest.Pipe()
			var err error
			conns[i], err = connection.NewConn(client, connection.Config{Framing: h.framing, Key: testKey})
			require.NoError(t, err)
		}
		for _, c := range conns {
			require.NoError(t, p.Adopt("bank", c))
		}
		time.Sleep(2 * time.Second)
		require.Error(t, conns[0].Err())
		require.Error(t, conns[1].Err())
		require.NoError(t, conns[2].Err())

		l := p.lines[0]
		require.NoError(t, p.Drain(t.Context(), "bank"))
		client, _ := connectiontest.Pipe()
		late, err := connection.NewConn(client, connection.Config{Framing: h.framing, Key: testKey})
		require.NoError(t, err)
		p.mu.Lock()
		l.adopted = late // came in the moment before the drain
		p.mu.Unlock()
		l.wake()
		synctest.Wait()
		require.Error(t, late.Err())
		require.Equal(t, Drained, p.Lines()[0].State)
	})
}

// TestNothingSlipsOntoALinkThatLeaves: once a link has emptied, nobody gets a place on it.
func TestNothingSlipsOntoALinkThatLeaves(t *testing.T) {
	p := &Pool{}
	for range 300 {
		k := newLink(&line{Line: Line{Window: 4}, pool: p}, new(connection.Conn), 1)
		k.taking.Store(true)
		var inside atomic.Int32
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 50 {
					if k.reserve() {
						inside.Add(1)
						inside.Add(-1)
						k.release()
					}
				}
			})
		}
		<-k.leave()
		require.Zero(t, inside.Load())
		require.False(t, k.reserve())
		all.Wait()
	}
}

// TestNobodyToPauseFor: a line on demand that nobody waits for any more does not pause before it sleeps: the next request
// dials at once.
func TestNobodyToPauseFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		h.refuse["a"] = errors.New("no carrier")
		c := h.config("a")
		c.Lines[0].OnDemand, c.Wait = true, time.Millisecond
		var mu sync.Mutex
		var told []LineStatus
		c.Changed = func(s LineStatus) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, s)
		}
		p := open(t, c)
		synctest.Wait()
		_, err := p.Exchange(t.Context(), sale(1), nil)
		require.ErrorIs(t, err, ErrNoLine)
		time.Sleep(time.Minute)
		mu.Lock()
		defer mu.Unlock()
		down, asleep := told[len(told)-2], told[len(told)-1]
		require.Equal(t, []State{Down, Asleep}, []State{down.State, asleep.State})
		require.GreaterOrEqual(t, down.Failures, 3)
		require.Equal(t, down.Since, asleep.Since)
	})
}
