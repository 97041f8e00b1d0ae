package connection_test

import (
	"context"
	"io"
	"net"
	"runtime"
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

func TestHalfCloseOnIdleConnection(t *testing.T) {
	play(t, testConfig(t), func(p *connectiontest.Peer) { p.CloseWrite(); silent(p) }, func(t *testing.T, c *connection.Conn) {
		<-c.Done()
		require.ErrorIs(t, c.Err(), connection.ErrPeerClosed)
		_, err := c.Exchange(t.Context(), request("0200", 1, ""), nil)
		require.ErrorIs(t, err, connection.ErrPeerClosed)
		require.True(t, connection.SafeToRetry(err))
	})
}

func TestHalfCloseWithRequestInFlight(t *testing.T) {
	play(t, testConfig(t), func(p *connectiontest.Peer) { p.Receive(); p.CloseWrite(); silent(p) }, func(t *testing.T, c *connection.Conn) {
		start := time.Now()
		_, err := c.Exchange(t.Context(), request("0200", 1, ""), nil)
		require.ErrorIs(t, err, connection.ErrPeerClosed)
		require.Equal(t, connection.SentYes, connection.SentOf(err))
		require.Zero(t, time.Since(start), "no answer can come: nothing to wait for")
	})
}

// TestAnswerThenClose is what loses 99 answers of 100 elsewhere: all that was received before the end is delivered.
func TestAnswerThenClose(t *testing.T) {
	for _, inFlight := range []int{1, 8} {
		address := listen(t, func(nc net.Conn) {
			defer nc.Close()
			p := connectiontest.NewPeer(nc, binary2(t))
			var answers []byte
			for range inFlight {
				frame, err := p.Receive()
				if err != nil {
					return
				}
				answers, _ = binary2(t).AppendFrame(answers, nil, answerTo(frame))
			}
			p.SendRaw(answers)
		})
		for range 300 {
			c := dial(t, address, testConfig(t))
			var wg sync.WaitGroup
			for stan := range inFlight {
				wg.Go(func() {
					reply, err := c.Exchange(context.Background(), request("0200", stan, "x"), nil)
					if err != nil || string(reply) != string(request("0210", stan, "x")) {
						t.Errorf("answer lost: %v", err)
					}
				})
			}
			wg.Wait()
			<-c.Done()
			require.ErrorIs(t, c.Err(), connection.ErrPeerClosed)
		}
	}
}

// listen plays the peer of every connection to a loopback address.
func listen(t *testing.T, peer func(nc net.Conn)) (address string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			go peer(nc)
		}
	}()
	return ln.Addr().String()
}

func TestGarbageBodyKeepsTheStream(t *testing.T) {
	cfg := testConfig(t)
	var malformed atomic.Int32
	cfg.Hooks.Malformed = func(_ *connection.Conn, frame []byte, err error) { malformed.Add(1) }
	play(t, cfg, func(p *connectiontest.Peer) {
		frame, _ := p.Receive()
		p.Send([]byte("garbage"))
		p.Send(nil) // keep-alive
		p.Send(answerTo(frame))
		silent(p)
	}, func(t *testing.T, c *connection.Conn) {
		_, err := c.Exchange(t.Context(), request("0200", 1, ""), nil)
		require.NoError(t, err)
		require.EqualValues(t, 1, malformed.Load())
		require.EqualValues(t, 1, c.Stats().Malformed)
	})
}

// TestUnfollowableStream: a bad length ends the connection with a reason, and costs no memory to speak of.
func TestUnfollowableStream(t *testing.T) {
	for _, c := range []struct {
		framing, wire string
		kind          error
	}{
		{"ascii4", "-001", connection.ErrLengthDigits},
		{"binary4", "\x40\x00\x00\x00", connection.ErrFrameTooLong},
		{"binary2", "GET / HTTP/1.1\r\n", connection.ErrFrameTooLong},
	} {
		cfg := testConfig(t)
		cfg.Framing, _ = connection.FramingByName(c.framing)
		play(t, cfg, func(p *connectiontest.Peer) { p.Receive(); p.SendRaw([]byte(c.wire)); silent(p) }, func(t *testing.T, conn *connection.Conn) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := conn.Exchange(t.Context(), request("0200", 1, ""), nil)
			runtime.ReadMemStats(&after)
			require.ErrorIs(t, err, c.kind)
			require.Equal(t, connection.SentYes, connection.SentOf(err))
			var framing *connection.FramingError
			require.ErrorAs(t, conn.Err(), &framing)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
		})
	}
}

func TestSlowDripIsReadToTheEnd(t *testing.T) {
	play(t, testConfig(t), func(p *connectiontest.Peer) {
		frame, _ := p.Receive()
		wire, _ := binary2(t).AppendFrame(nil, nil, answerTo(frame))
		for i := range wire {
			time.Sleep(100 * time.Millisecond)
			p.SendRaw(wire[i : i+1])
		}
		silent(p)
	}, func(t *testing.T, c *connection.Conn) {
		reply, err := c.Exchange(t.Context(), request("0200", 1, "drip"), nil)
		require.NoError(t, err)
		require.Equal(t, "0210000001drip", string(reply))
		time.Sleep(time.Minute)
		require.NoError(t, c.Err(), "a frame that is complete is not half")
	})
}

func TestHalfFrameThenSilence(t *testing.T) {
	cfg := testConfig(t)
	cfg.FrameTimeout = 2 * time.Second
	play(t, cfg, func(p *connectiontest.Peer) {
		frame, _ := p.Receive()
		p.Send(answerTo(frame))
		time.Sleep(time.Second)
		p.SendRaw([]byte("\x00\x10021"))
		silent(p)
	}, func(t *testing.T, c *connection.Conn) {
		start := time.Now()
		_, err := c.Exchange(t.Context(), request("0200", 1, ""), nil)
		require.NoError(t, err)
		_, err = c.Exchange(t.Context(), request("0200", 2, ""), nil)
		require.ErrorIs(t, err, connection.ErrHalfFrame)
		require.Equal(t, 3*time.Second, time.Since(start).Round(time.Millisecond))
	})
}

// TestHalfFrameGuess: a peer whose length counts itself leaves every frame two bytes short.
func TestHalfFrameGuess(t *testing.T) {
	play(t, testConfig(t), func(p *connectiontest.Peer) { p.SendRaw([]byte("\x00\x0C0810000001")); silent(p) }, func(t *testing.T, c *connection.Conn) {
		<-c.Done()
		require.ErrorIs(t, c.Err(), connection.ErrHalfFrame)
		require.Contains(t, c.Err().Error(), "counts itself")
	})
}

func TestPeerDiesInsideFrame(t *testing.T) {
	play(t, testConfig(t), func(p *connectiontest.Peer) { p.Receive(); p.SendRaw([]byte("\x00\x100210")) }, func(t *testing.T, c *connection.Conn) {
		_, err := c.Exchange(t.Context(), request("0200", 1, ""), nil)
		require.ErrorIs(t, err, connection.ErrHalfFrame)
	})
}

func TestResetWithManyInFlight(t *testing.T) {
	play(t, testConfig(t), func(p *connectiontest.Peer) {
		for range 100 {
			p.Receive()
		}
		p.Reset()
	}, func(t *testing.T, c *connection.Conn) {
		start := time.Now()
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				_, err := c.Exchange(t.Context(), request("0100", i, ""), nil)
				require.ErrorIs(t, err, syscall.ECONNRESET)
				require.Equal(t, connection.SentYes, connection.SentOf(err))
			})
		}
		wg.Wait()
		require.Zero(t, time.Since(start))
		require.EqualValues(t, 100, c.Stats().Lost)
	})
}

// stuck is a socket whose handshake never comes to an end.
type stuck struct{ net.Conn }

func (stuck) HandshakeContext(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestDialKeepsItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := connectiontest.Pipe()
		cfg := testConfig(t)
		cfg.HandshakeTimeout = 3 * time.Second
		cfg.Dialer = func(context.Context, string, string) (net.Conn, error) {
			time.Sleep(time.Second) // counts, too
			return stuck{client}, nil
		}
		start := time.Now()
		_, err := connection.Dial(t.Context(), "memory", "host", cfg)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.True(t, connection.SafeToRetry(err))
		require.Equal(t, 3*time.Second, time.Since(start))
		_, err = server.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF, "the socket is closed")

		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start = time.Now()
		_, err = connection.Dial(ctx, "memory", "host", cfg)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 2*time.Second, time.Since(start))
	})
}

// TestHandshakeOffTheAcceptLoop: a peer that never finishes its handshake is refused in time, and nobody waits for it.
func TestHandshakeOffTheAcceptLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig(t)
		cfg.Handler, cfg.HandshakeTimeout = answer, 3*time.Second
		var refused error
		cfg.Hooks.Refused = func(_ net.Addr, why error) { refused = why }
		s, listener := &connection.Server{Config: cfg}, connectiontest.Listen()
		go s.Serve(&firstIsStuck{Listener: listener})
		defer s.Close()
		_, err := listener.Dial(t.Context(), "", "")
		require.NoError(t, err)
		client := testConfig(t)
		client.Dialer = listener.Dial
		start := time.Now()
		c := dial(t, "server", client)
		_, err = c.Exchange(t.Context(), request("0800", 1, ""), nil)
		require.NoError(t, err)
		require.Zero(t, time.Since(start))
		require.Equal(t, 1, s.Stats().Open, "one in its handshake is not open yet")
		time.Sleep(3*time.Second + time.Millisecond)
		synctest.Wait()
		require.ErrorIs(t, refused, context.DeadlineExceeded)
		require.EqualValues(t, 1, s.Stats().Refused)
		require.NoError(t, c.Err())
	})
}

type firstIsStuck struct {
	net.Listener
	accepted int
}

func (l *firstIsStuck) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if l.accepted++; err == nil && l.accepted == 1 {
		return stuck{nc}, nil
	}
	return nc, err
}
