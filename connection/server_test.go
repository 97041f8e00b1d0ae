package connection_test

import (
	"bytes"
	"context"
	"encoding"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/stretchr/testify/require"
)

func TestServerLimits(t *testing.T) {
	for _, c := range []struct {
		server *connection.Server
		want   error
	}{
		{&connection.Server{MaxConns: 2}, connection.ErrTooManyConns},
		{&connection.Server{MaxConnsPerIP: 2}, connection.ErrTooManyConnsPerIP},
	} {
		refused := make(chan error, 1)
		s := c.server
		s.Config = testConfig(t)
		s.Config.Handler = answer
		s.Config.Hooks.Refused = func(_ net.Addr, why error) { refused <- why }
		address := startServer(t, s)
		first := dial(t, address, testConfig(t))
		second := dial(t, address, testConfig(t))
		for _, conn := range []*connection.Conn{first, second} {
			_, err := conn.Exchange(context.Background(), request("0800", 1, ""), nil)
			require.NoError(t, err)
		}
		third := dial(t, address, testConfig(t))
		<-third.Done()
		require.ErrorIs(t, <-refused, c.want)
		require.Equal(t, 2, s.Stats().Open)
		require.EqualValues(t, 1, s.Stats().Refused)

		first.Close()
		require.Eventually(t, func() bool { return s.Stats().Open == 1 }, 5*time.Second, time.Millisecond)
		_, err := dial(t, address, testConfig(t)).Exchange(context.Background(), request("0800", 1, ""), nil)
		require.NoError(t, err, "a place is free again")
		require.EqualValues(t, 3, s.Stats().Frames.Inbound, "connections that have ended count, too")
	}
}

func TestIdleConnectionsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig(t)
		cfg.Handler, cfg.IdleTimeout = answer, time.Minute
		s, listener := &connection.Server{Config: cfg}, connectiontest.Listen()
		go s.Serve(listener)
		defer s.Close()
		client := testConfig(t)
		client.Dialer = listener.Dial
		c := dial(t, "server", client)
		for i := range 5 {
			time.Sleep(50 * time.Second)
			_, err := c.Exchange(t.Context(), request("0800", i, ""), nil)
			require.NoError(t, err)
		}
		start := time.Now()
		<-c.Done()
		require.ErrorIs(t, c.Err(), connection.ErrPeerClosed)
		require.InDelta(t, 62, time.Since(start).Seconds(), 2)
	})

	own := testConfig(t)
	own.IdleTimeout = time.Minute
	play(t, own, silent, func(t *testing.T, c *connection.Conn) {
		start := time.Now()
		<-c.Done()
		require.ErrorIs(t, c.Err(), connection.ErrIdle)
		require.Equal(t, time.Minute, time.Since(start))
	})
}

// TestRequestsOfTheHost: the side that accepted starts requests on connections it finds in its registry.
func TestRequestsOfTheHost(t *testing.T) {
	cfg := testConfig(t)
	connected := make(chan *connection.Conn, 1)
	cfg.Hooks.Connected = func(c *connection.Conn) { c.SetTag("terminal 7"); connected <- c }
	s := &connection.Server{Config: cfg}
	terminal := testConfig(t)
	terminal.Handler = answer
	dial(t, startServer(t, s), terminal)
	<-connected
	conns := s.Conns()
	require.Len(t, conns, 1)
	require.Equal(t, "terminal 7", conns[0].Tag())
	reply, err := conns[0].Exchange(context.Background(), request("0800", 5, "download"), nil)
	require.NoError(t, err)
	require.Equal(t, "0810000005download", string(reply))
}

func TestServerShutdown(t *testing.T) {
	release := make(chan struct{})
	cfg := testConfig(t)
	started := make(chan struct{}, 1)
	cfg.Handler = func(c *connection.Conn, frame, reply []byte) ([]byte, error) {
		started <- struct{}{}
		<-release
		return answer(c, frame, reply)
	}
	s := &connection.Server{Config: cfg}
	address := startServer(t, s)
	c := dial(t, address, testConfig(t))
	pending := async(c, request("0200", 1, ""))
	<-started
	time.AfterFunc(20*time.Millisecond, func() { close(release) })
	require.NoError(t, s.Shutdown(context.Background()))
	_, err := pending()
	require.NoError(t, err, "what was being handled is answered")
	_, err = net.Dial("tcp", address)
	require.Error(t, err)

	stuck := &connection.Server{Config: cfg}
	release = make(chan struct{})
	defer close(release)
	c = dial(t, startServer(t, stuck), testConfig(t))
	pending = async(c, request("0200", 1, ""))
	<-started
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, stuck.Shutdown(ctx), context.DeadlineExceeded)
	_, err = pending()
	require.ErrorIs(t, err, connection.ErrPeerClosed)
}

// TestSlimmedConnectionGoesOn: a reader that starts over loses nothing.
func TestSlimmedConnectionGoesOn(t *testing.T) {
	if testing.Short() {
		t.Skip("takes two sweeps of two seconds each")
	}
	cfg := testConfig(t)
	cfg.Handler = answer
	c := dial(t, startServer(t, &connection.Server{Config: cfg}), testConfig(t))
	for i := range 2 {
		_, err := c.Exchange(context.Background(), request("0800", i, ""), nil)
		require.NoError(t, err)
		time.Sleep(4100 * time.Millisecond * time.Duration(1-i)) // the sweeper passes every two seconds
	}
}

func TestOneShot(t *testing.T) {
	cfg := testConfig(t)
	cfg.Handler = answer
	address := startServer(t, &connection.Server{Config: cfg})
	for _, key := range []connection.KeyFunc{testKey, nil} {
		client := testConfig(t)
		client.Key = key
		reply, err := connection.OneShot(context.Background(), "tcp", address, client, request("0200", 1, "x"), nil)
		require.NoError(t, err)
		require.Equal(t, "0210000001x", string(reply))
	}
	_, err := connection.OneShot(context.Background(), "tcp", "127.0.0.1:1", testConfig(t), request("0200", 1, ""), nil)
	require.True(t, connection.SafeToRetry(err))
}

// text is a message for Send: its own bytes.
type text struct{ s string }

func (m *text) AppendBinary(b []byte) ([]byte, error) {
	if m.s == "" {
		return b, errors.New("nothing to pack")
	}
	return append(b, m.s...), nil
}

func (m *text) UnmarshalBinary(b []byte) error {
	if m.s = string(b); strings.HasSuffix(m.s, "garbage") {
		return errors.New("cannot unpack")
	}
	return nil
}

func TestSendAndHandleMessages(t *testing.T) {
	cfg := testConfig(t)
	failures := make(chan error, 1)
	cfg.Hooks.HandlerError = func(_ *connection.Conn, err error) { failures <- err }
	cfg.Handler = connection.HandleMessages(func() *text { return new(text) }, func(_ *connection.Conn, m *text) (encoding.BinaryAppender, error) {
		if strings.HasSuffix(m.s, "fail") {
			return nil, errors.New("refused")
		}
		return &text{string(answerTo([]byte(m.s)))}, nil
	})
	c := dial(t, startServer(t, &connection.Server{Config: cfg}), testConfig(t))
	var reply text
	require.NoError(t, connection.Send(context.Background(), c, &text{"0200000001hello"}, &reply))
	require.Equal(t, "0210000001hello", reply.s)

	require.True(t, connection.SafeToRetry(connection.Send(context.Background(), c, new(text), &reply)))
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	err := connection.Send(ctx, c, &text{"0200000002fail"}, &reply)
	require.ErrorIs(t, err, connection.ErrTimeout)
	if !connection.SafeToRetry(err) {
		require.EqualError(t, <-failures, "refused")
	}

	play(t, testConfig(t), func(p *connectiontest.Peer) { p.Receive(); p.Send(request("0210", 1, "garbage")); silent(p) }, func(t *testing.T, c *connection.Conn) {
		err := connection.Send(t.Context(), c, &text{"0200000001x"}, &reply)
		require.Equal(t, connection.SentYes, connection.SentOf(err))
	})
}

func TestRejectEndsTheCall(t *testing.T) {
	cfg := testConfig(t)
	cfg.Reject = func(frame []byte) (key [32]byte, ok bool) { // an 0620 names the STAN it rejects
		if !bytes.HasPrefix(frame, []byte("0620")) {
			return key, false
		}
		key, _, _ = testKey(append([]byte("0200"), frame[4:]...))
		return key, true
	}
	play(t, cfg, func(p *connectiontest.Peer) { p.Receive(); p.Send(request("0620", 1, "format")); silent(p) }, func(t *testing.T, c *connection.Conn) {
		_, err := c.Exchange(t.Context(), request("0200", 1, ""), nil)
		require.ErrorIs(t, err, connection.ErrRejected)
		var reject *connection.RejectError
		require.ErrorAs(t, err, &reject)
		require.Equal(t, "0620000001format", string(reject.Frame))
		require.EqualValues(t, 1, c.Stats().Rejected)
	})
}

func TestUnmatchedTellsTheKeys(t *testing.T) {
	cfg := testConfig(t)
	var told atomic.Value
	cfg.Hooks.Unmatched = func(_ *connection.Conn, u connection.Unmatched) {
		told.Store(fmt.Sprintf("%s not in %s", u.Key[:9], u.Waiting[0][:9]))
	}
	play(t, cfg, func(p *connectiontest.Peer) { p.Receive(); p.Send(request("0210", 2, "")); silent(p) }, func(t *testing.T, c *connection.Conn) {
		_, err := c.Exchange(t.Context(), request("0200", 1, ""), nil)
		require.ErrorIs(t, err, connection.ErrTimeout)
		require.Equal(t, "020000002 not in 020000001", told.Load())
	})
}

// TestBusy: beyond MaxInFlight a request waits for its turn, or fails, as the program wants.
func TestBusy(t *testing.T) {
	for _, policy := range []connection.Contention{connection.ContentionWait, connection.ContentionFail} {
		cfg := testConfig(t)
		cfg.MaxInFlight, cfg.Busy = 2, policy
		play(t, cfg, answering(time.Second), func(t *testing.T, c *connection.Conn) {
			var answered, busy atomic.Int32
			var wg sync.WaitGroup
			for i := range 4 {
				wg.Go(func() {
					switch _, err := c.Exchange(t.Context(), request("0200", i, ""), nil); {
					case err == nil:
						answered.Add(1)
					case errors.Is(err, connection.ErrBusy) && connection.SafeToRetry(err):
						busy.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if policy == connection.ContentionWait {
				require.EqualValues(t, 4, answered.Load())
			} else {
				require.EqualValues(t, 2, answered.Load())
				require.EqualValues(t, 2, busy.Load())
			}
		})
	}
}

func TestWaitingCallTimesOut(t *testing.T) {
	cfg := testConfig(t)
	cfg.MaxInFlight = 1
	play(t, cfg, silent, func(t *testing.T, c *connection.Conn) {
		first := async(c, request("0200", 1, ""))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.Exchange(ctx, request("0200", 2, ""), nil)
		require.ErrorIs(t, err, connection.ErrTimeout)
		require.True(t, connection.SafeToRetry(err), "it never had its turn")
		_, err = first()
		require.False(t, connection.SafeToRetry(err))
	})
}

func TestKeepAliveIsEchoed(t *testing.T) {
	cfg := testConfig(t)
	cfg.Framing, _ = connection.FramingByName("cmf")
	play(t, cfg, func(p *connectiontest.Peer) {
		p.SendRaw([]byte{0, 0, 0})
		buf := make([]byte, 3)
		if _, err := p.Read(buf); err != nil {
			t.Error(err)
		}
	}, func(t *testing.T, c *connection.Conn) { <-c.Done() })
}

func TestPostAndUnhandled(t *testing.T) {
	play(t, testConfig(t), func(p *connectiontest.Peer) {
		frame, _ := p.Receive()
		p.Send(frame)
		silent(p)
	}, func(t *testing.T, c *connection.Conn) {
		require.NoError(t, c.Post(t.Context(), request("0820", 1, "")))
		synctest.Wait()
		require.EqualValues(t, 1, c.Stats().Unhandled)
		_, err := c.Exchange(t.Context(), request("0810", 1, ""), nil)
		require.ErrorIs(t, err, connection.ErrNotRequest)
		require.True(t, connection.SafeToRetry(err))
	})
}

func TestHistogram(t *testing.T) {
	var h connection.Histogram
	require.Zero(t, h.Quantile(0.5))
	require.Zero(t, h.Mean())
	for i := range 1000 {
		h.Record(time.Duration(i) * time.Millisecond)
	}
	require.EqualValues(t, 1000, h.Count())
	require.Equal(t, 999*time.Millisecond, h.Max())
	require.Equal(t, 499500*time.Microsecond, h.Mean())
	for _, q := range []float64{0.01, 0.5, 0.9, 0.99} {
		exact := float64(time.Second) * q
		require.GreaterOrEqual(t, float64(h.Quantile(q)), exact*0.999)
		require.LessOrEqual(t, float64(h.Quantile(q)), exact*1.13)
	}
	require.Equal(t, 999*time.Millisecond, h.Quantile(1))
	h.Record(1 << 62)
	h.Record(-1)
	require.EqualValues(t, 1002, h.Count())

	var none connection.Histogram
	none.Record(-time.Second)
	require.Zero(t, none.Mean())
	require.Zero(t, none.Max())
}

func TestLatencyIsRecorded(t *testing.T) {
	cfg := testConfig(t)
	cfg.Latency = new(connection.Histogram)
	play(t, cfg, afterASecond(silent), func(t *testing.T, c *connection.Conn) {
		_, err := c.Exchange(t.Context(), request("0200", 1, ""), nil)
		require.NoError(t, err)
		require.Equal(t, time.Second, cfg.Latency.Max())
	})
}

// TestServerCountsOnce: however many connections end while the counters are read, each is counted once.
func TestServerCountsOnce(t *testing.T) {
	cfg := testConfig(t)
	cfg.Handler = answer
	s := &connection.Server{Config: cfg}
	address := startServer(t, s)
	for range 50 {
		before := s.Stats().Frames.FramesReceived
		var all []*connection.Conn
		for i := range 8 {
			c := dial(t, address, testConfig(t))
			_, err := c.Exchange(t.Context(), request("0200", i, ""), nil)
			require.NoError(t, err)
			all = append(all, c)
		}
		go func() {
			for _, c := range all {
				c.Close()
			}
		}()
		for len(s.Conns()) > 0 {
			require.Equal(t, before+8, s.Stats().Frames.FramesReceived)
		}
	}
}

func TestListenRefuses(t *testing.T) {
	s := &connection.Server{Config: connection.Config{Framing: binary2(t)}}
	require.Error(t, s.ListenAndServe("127.0.0.1:port"))
}

func TestConfigRefuses(t *testing.T) {
	for _, cfg := range []connection.Config{
		{},
		{Framing: binary2(t), Order: connection.OrderConn + 1},
		{Framing: binary2(t), Busy: connection.ContentionFail + 1},
		{Framing: binary2(t), Duplicates: connection.ContentionFail + 1},
		{Framing: binary2(t), Order: connection.OrderKey},
	} {
		_, err := connection.NewConn(nil, cfg)
		require.True(t, connection.SafeToRetry(err), "%v", err)
		_, err = connection.Dial(context.Background(), "tcp", "127.0.0.1:0", cfg)
		require.True(t, connection.SafeToRetry(err), "%v", err)
		_, err = (&connection.Once{Config: cfg}).Exchange(context.Background(), nil, nil)
		require.True(t, connection.SafeToRetry(err), "%v", err)
		require.Error(t, (&connection.Server{Config: cfg}).ListenAndServe("127.0.0.1:0"))
	}
}
