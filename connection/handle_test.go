package connection_test

import (
	"context"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/stretchr/testify/require"
)

// TestAnswerDuringFailure: the end of a connection is told at once although a handler is still at work.
func TestAnswerDuringFailure(t *testing.T) {
	cfg := testConfig(t)
	cfg.Handler = func(c *connection.Conn, frame, reply []byte) ([]byte, error) {
		time.Sleep(time.Minute)
		return answer(c, frame, reply)
	}
	var closed atomic.Bool
	cfg.Hooks.Closed = func(*connection.Conn, error) { closed.Store(true) }
	play(t, cfg, func(p *connectiontest.Peer) { p.Send(request("0800", 1, "")); time.Sleep(time.Second); p.Reset() }, func(t *testing.T, c *connection.Conn) {
		start := time.Now()
		<-c.Done()
		synctest.Wait()
		require.True(t, closed.Load())
		require.Equal(t, time.Second, time.Since(start))
		time.Sleep(time.Hour) // let the handler finish
	})
}

// TestPeerClosesAndWaits: a terminal that closes its direction after the request still gets its answer.
func TestPeerClosesAndWaits(t *testing.T) {
	cfg := testConfig(t)
	cfg.Handler = func(c *connection.Conn, frame, reply []byte) ([]byte, error) {
		time.Sleep(time.Second)
		return answer(c, frame, reply)
	}
	var got atomic.Value
	play(t, cfg, func(p *connectiontest.Peer) {
		p.Send(request("0800", 1, ""))
		p.CloseWrite()
		frame, _ := p.Receive()
		got.Store(string(frame))
	}, func(t *testing.T, c *connection.Conn) {
		<-c.Done()
		time.Sleep(time.Second)
		require.Equal(t, "0810000001", got.Load())
	})
}

// TestFloodIsHeldBack: a peer that sends faster than its frames are handled costs a bounded number of goroutines and
// is not read.
func TestFloodIsHeldBack(t *testing.T) {
	cfg := testConfig(t)
	cfg.Workers, cfg.Backlog = 8, 16
	var running, peak atomic.Int32
	cfg.Handler = func(c *connection.Conn, frame, reply []byte) ([]byte, error) {
		peak.Store(max(peak.Load(), running.Add(1)))
		time.Sleep(10 * time.Millisecond)
		running.Add(-1)
		return answer(c, frame, reply)
	}
	play(t, cfg, func(p *connectiontest.Peer) {
		go func() {
			for i := range 5000 {
				p.Send(request("0800", i, strings.Repeat("x", 300)))
			}
		}()
		for range 5000 {
			if _, err := p.Receive(); err != nil {
				t.Error(err)
				return
			}
		}
	}, func(t *testing.T, c *connection.Conn) {
		for range 100 {
			time.Sleep(20 * time.Millisecond)
			s := c.Stats()
			require.LessOrEqual(t, s.Handling, 8+16)
			require.Less(t, runtime.NumGoroutine(), 60)
		}
		<-c.Done()
		require.EqualValues(t, 5000, c.Stats().Inbound, "none lost")
		require.EqualValues(t, 8, peak.Load())
	})
}

// TestOrders: 2,000 pipelined frames of four terminals are handled in the order asked for.
func TestOrders(t *testing.T) {
	for _, order := range []connection.Order{connection.OrderConn, connection.OrderKey} {
		cfg := testConfig(t)
		cfg.Order = order
		cfg.OrderBy = func(frame []byte) (key [32]byte, kind uint8, err error) {
			key[0] = frame[9] & 3
			return key, 0, nil
		}
		var mu sync.Mutex
		seen := map[byte][]string{}
		done := make(chan struct{})
		total := 0
		cfg.Handler = func(_ *connection.Conn, frame, reply []byte) ([]byte, error) {
			runtime.Gosched()
			mu.Lock()
			defer mu.Unlock()
			lane := byte(0)
			if order == connection.OrderKey {
				lane = frame[9] & 3
			}
			seen[lane] = append(seen[lane], string(frame[4:10]))
			if total++; total == 2000 {
				close(done)
			}
			return nil, nil
		}
		play(t, cfg, func(p *connectiontest.Peer) {
			for i := range 2000 {
				p.Send(request("0800", i, ""))
			}
			silent(p)
		}, func(t *testing.T, c *connection.Conn) {
			<-done
			for _, lane := range seen {
				require.IsIncreasing(t, lane)
			}
		})
	}
}

// outOfFiles fails to accept three times, then works.
type outOfFiles struct {
	net.Listener
	left int
}

func (l *outOfFiles) Accept() (net.Conn, error) {
	if l.left--; l.left >= 0 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

func TestAcceptRecovers(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	cfg := testConfig(t)
	cfg.Handler = answer
	s := &connection.Server{Config: cfg}
	served := make(chan error, 1)
	go func() { served <- s.Serve(&outOfFiles{ln, 3}) }()
	c := dial(t, ln.Addr().String(), testConfig(t))
	_, err = c.Exchange(context.Background(), request("0100", 1, ""), nil)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.ErrorIs(t, <-served, connection.ErrServerClosed)
}

func TestHandlerPanicEndsItsConnectionOnly(t *testing.T) {
	cfg := testConfig(t)
	cfg.Handler = func(c *connection.Conn, frame, reply []byte) ([]byte, error) {
		if frame[9] == '1' {
			panic("6222020200012345678")
		}
		return answer(c, frame, reply)
	}
	address := startServer(t, &connection.Server{Config: cfg})
	bad, good := dial(t, address, testConfig(t)), dial(t, address, testConfig(t))
	_, err := bad.Exchange(context.Background(), request("0100", 1, ""), nil)
	require.Error(t, err)
	_, err = good.Exchange(context.Background(), request("0100", 2, ""), nil)
	require.NoError(t, err)
}
