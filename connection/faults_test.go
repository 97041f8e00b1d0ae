package connection_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
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

// play connects to a peer that a function plays, in a bubble where time passes only when everybody waits. The bubble
// fails the test if a goroutine is left behind.
func play(t *testing.T, cfg connection.Config, peer func(p *connectiontest.Peer), test func(t *testing.T, c *connection.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg.Dialer = connectiontest.Dialer(cfg.Framing, peer)
		c, err := connection.Dial(context.Background(), "memory", "peer", cfg)
		require.NoError(t, err)
		defer time.Sleep(2 * time.Hour) // peers that sleep come to their end, too
		defer c.Close()
		test(t, c)
	})
}

// async runs an exchange in the background.
func async(c *connection.Conn, frame []byte) func() ([]byte, error) {
	type result struct {
		reply []byte
		err   error
	}
	done := make(chan result, 1)
	go func() {
		reply, err := c.Exchange(context.Background(), frame, nil)
		done <- result{reply, err}
	}()
	return func() ([]byte, error) {
		r := <-done
		return r.reply, r.err
	}
}

func answerTo(frame []byte) []byte {
	reply, _ := answer(nil, frame, nil)
	return reply
}

func silent(p *connectiontest.Peer) { io.Copy(io.Discard, p) }

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

func TestNoAnswer(t *testing.T) {
	play(t, testConfig(t), silent, func(t *testing.T, c *connection.Conn) {
		start := time.Now()
		_, err := c.Exchange(t.Context(), request("0200", 1, ""), nil)
		require.ErrorIs(t, err, connection.ErrTimeout)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, connection.SentYes, connection.SentOf(err))
		require.Equal(t, 5*time.Second, time.Since(start))

		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		start = time.Now()
		_, err = c.Exchange(ctx, request("0200", 2, ""), nil)
		require.ErrorIs(t, err, connection.ErrTimeout)
		require.Equal(t, 200*time.Millisecond, time.Since(start))

		ctx, cancel2 := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel2(errors.New("operator")) })
		_, err = c.Exchange(ctx, request("0200", 3, ""), nil)
		require.ErrorContains(t, err, "operator")
		require.NoError(t, c.Err(), "the connection lives on")
		require.EqualValues(t, 3, c.Stats().TimedOut)
	})
}

func TestLateAnswer(t *testing.T) {
	cfg := testConfig(t)
	var late atomic.Value
	cfg.Hooks.Late = func(_ *connection.Conn, key [32]byte, frame []byte) { late.Store(string(key[3:9]) + string(frame[:4])) }
	play(t, cfg, func(p *connectiontest.Peer) {
		frame, _ := p.Receive()
		time.Sleep(6 * time.Second)
		p.Send(answerTo(frame))
		p.Send(answerTo(frame)) // the same again: nobody knows it any more
		for {
			frame, err := p.Receive()
			if err != nil {
				return
			}
			p.Send(answerTo(frame))
		}
	}, func(t *testing.T, c *connection.Conn) {
		_, err := c.Exchange(t.Context(), request("0100", 1, ""), nil)
		require.ErrorIs(t, err, connection.ErrTimeout)
		_, err = c.Exchange(t.Context(), request("0100", 1, ""), nil)
		require.ErrorIs(t, err, connection.ErrDuplicateKey, "its answer may still come")
		time.Sleep(2 * time.Second)
		require.Equal(t, "0000010110", late.Load())
		require.EqualValues(t, 1, c.Stats().Late)
		require.EqualValues(t, 1, c.Stats().Unmatched)
		_, err = c.Exchange(t.Context(), request("0100", 1, ""), nil)
		require.NoError(t, err)
	})
}

// TestLateAnswerToAnotherFunction: the late 0110 must not answer the 0420 with the same STAN.
func TestLateAnswerToAnotherFunction(t *testing.T) {
	play(t, testConfig(t), func(p *connectiontest.Peer) {
		authorisation, _ := p.Receive()
		reversal, _ := p.Receive()
		p.Send(answerTo(authorisation))
		time.Sleep(time.Second)
		p.Send(answerTo(reversal))
		silent(p)
	}, func(t *testing.T, c *connection.Conn) {
		_, err := c.Exchange(t.Context(), request("0100", 7, ""), nil)
		require.ErrorIs(t, err, connection.ErrTimeout)
		reply, err := c.Exchange(t.Context(), request("0420", 7, ""), nil)
		require.NoError(t, err)
		require.Equal(t, "0430", string(reply[:4]))
	})
}

func TestTombstonesAreForgotten(t *testing.T) {
	cfg := testConfig(t)
	cfg.Duplicates = connection.ContentionWait
	play(t, cfg, func(p *connectiontest.Peer) {
		p.Receive()
		for {
			frame, err := p.Receive()
			if err != nil {
				return
			}
			p.Send(answerTo(frame))
		}
	}, func(t *testing.T, c *connection.Conn) {
		start := time.Now()
		_, err := c.Exchange(t.Context(), request("0100", 1, ""), nil)
		require.ErrorIs(t, err, connection.ErrTimeout)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = c.Exchange(ctx, request("0100", 1, ""), nil)
		require.NoError(t, err)
		require.Equal(t, 15*time.Second, time.Since(start).Round(10*time.Millisecond), "timeout 5 s, then twice that")
	})
}

// TestRepeat: a repeated advice may use the key of the one that timed out, and takes its late answer.
func TestRepeat(t *testing.T) {
	play(t, testConfig(t), func(p *connectiontest.Peer) {
		first, _ := p.Receive()
		repeat, _ := p.Receive()
		if string(repeat[:4]) == "0421" {
			p.Send(answerTo(first))
		}
		silent(p)
	}, func(t *testing.T, c *connection.Conn) {
		_, err := c.Exchange(t.Context(), request("0420", 7, ""), nil)
		require.ErrorIs(t, err, connection.ErrTimeout)
		reply, err := c.Repeat(t.Context(), request("0421", 7, ""), nil)
		require.NoError(t, err)
		require.Equal(t, "0430", string(reply[:4]))
	})
}

// TestAnswerAtTheTimeout lets answers race the deadline: each request ends once, and no answer disappears.
func TestAnswerAtTheTimeout(t *testing.T) {
	const timeout = 2 * time.Millisecond
	cfg := testConfig(t)
	cfg.Timeout, cfg.LateWindow = timeout, time.Minute
	address := listen(t, func(nc net.Conn) {
		defer nc.Close()
		p := connectiontest.NewPeer(nc, binary2(t))
		for i := 0; ; i++ {
			frame, err := p.Receive()
			if err != nil {
				return
			}
			time.AfterFunc(timeout-time.Duration(i%20)*20*time.Microsecond, func() { p.Send(answerTo(frame)) })
		}
	})
	var late atomic.Int64
	cfg.Hooks.Late = func(*connection.Conn, [32]byte, []byte) { late.Add(1) }
	c := dial(t, address, cfg)
	var inTime, timedOut, neverSent atomic.Int64
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 150 {
				switch reply, err := c.Exchange(context.Background(), request("0100", g*1000+i, ""), nil); {
				case err == nil && string(reply) == string(request("0110", g*1000+i, "")):
					inTime.Add(1)
				case errors.Is(err, connection.ErrTimeout) && connection.SafeToRetry(err):
					neverSent.Add(1)
				case errors.Is(err, connection.ErrTimeout):
					timedOut.Add(1)
				default:
					t.Errorf("%q %v", reply, err)
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 8*150, inTime.Load()+timedOut.Load()+neverSent.Load())
	require.Eventually(t, func() bool { return late.Load() == timedOut.Load() }, 5*time.Second, time.Millisecond,
		"every answer reached the caller or the late hook")
	require.Zero(t, c.Stats().Unmatched)
}

func TestDuplicateKeyInFlight(t *testing.T) {
	for _, policy := range []connection.Contention{connection.ContentionFail, connection.ContentionWait} {
		cfg := testConfig(t)
		cfg.Duplicates = policy
		play(t, cfg, func(p *connectiontest.Peer) {
			for {
				frame, err := p.Receive()
				if err != nil {
					return
				}
				time.Sleep(time.Second)
				p.Send(answerTo(frame))
			}
		}, func(t *testing.T, c *connection.Conn) {
			first := async(c, request("0100", 1, "first"))
			synctest.Wait()
			reply, err := c.Exchange(t.Context(), request("0100", 1, "second"), nil)
			if policy == connection.ContentionFail {
				require.ErrorIs(t, err, connection.ErrDuplicateKey)
				require.True(t, connection.SafeToRetry(err))
			} else {
				require.NoError(t, err)
				require.Equal(t, "second", string(reply[10:]))
			}
			reply, err = first()
			require.NoError(t, err)
			require.Equal(t, "first", string(reply[10:]))
		})
	}
}

// TestAnswerBeforeRequest: a peer that guesses a key cannot answer a request that has not left.
func TestAnswerBeforeRequest(t *testing.T) {
	cfg := testConfig(t)
	cfg.WriteTimeout = time.Hour
	play(t, cfg, func(p *connectiontest.Peer) {
		time.Sleep(time.Second) // the first request fills the pipe, the second waits behind it
		p.Send(request("0110", 2, "forged"))
		time.Sleep(time.Second)
		silent(p)
	}, func(t *testing.T, c *connection.Conn) {
		for i := range 8 {
			go c.Exchange(t.Context(), request("0100", 100+i, strings.Repeat("x", 9900)), nil)
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err := c.Exchange(ctx, request("0100", 2, ""), nil)
		require.ErrorIs(t, err, connection.ErrTimeout)
		require.EqualValues(t, 1, c.Stats().Unmatched)
	})
}

// TestPeerStopsReading: calls end at their own deadlines, what never left is said so, and the connection ends.
func TestPeerStopsReading(t *testing.T) {
	cfg := testConfig(t)
	cfg.WriteTimeout = 3 * time.Second
	play(t, cfg, func(p *connectiontest.Peer) { time.Sleep(time.Hour) }, func(t *testing.T, c *connection.Conn) {
		start := time.Now()
		var sent [3]atomic.Int32
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				time.Sleep(time.Duration(i/50) * time.Millisecond) // the second half finds the writer stuck
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(10*i)*time.Millisecond+time.Millisecond)
				defer cancel()
				_, err := c.Exchange(ctx, request("0100", i, strings.Repeat("x", 4000)), nil)
				require.ErrorIs(t, err, connection.ErrTimeout)
				sent[connection.SentOf(err)].Add(1)
			})
		}
		wg.Wait()
		require.Equal(t, 992*time.Millisecond, time.Since(start))
		require.Positive(t, sent[connection.SentMaybe].Load())
		require.Positive(t, sent[connection.SentNo].Load(), "what was only queued is taken back")
		<-c.Done()
		require.ErrorIs(t, c.Err(), connection.ErrWriteStalled)
		require.Equal(t, cfg.WriteTimeout, time.Since(start).Round(time.Millisecond))
	})
}

// TestWithdrawnFramesAreNotWritten: what timed out before its turn never reaches the peer, not even late.
func TestWithdrawnFramesAreNotWritten(t *testing.T) {
	cfg := testConfig(t)
	cfg.Timeout, cfg.WriteTimeout = time.Minute, time.Minute
	var seen []string
	done := make(chan struct{})
	play(t, cfg, func(p *connectiontest.Peer) {
		time.Sleep(2 * time.Second)
		for {
			frame, err := p.Receive()
			if err != nil {
				close(done)
				return
			}
			seen = append(seen, string(frame[4:10]))
			p.Send(answerTo(frame))
		}
	}, func(t *testing.T, c *connection.Conn) {
		var wg sync.WaitGroup
		for i := range 8 { // more than the pipe holds
			wg.Go(func() {
				_, err := c.Exchange(t.Context(), request("0100", i, strings.Repeat("x", 9900)), nil)
				require.NoError(t, err)
			})
		}
		synctest.Wait()
		for i := range 6 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second+time.Hour*time.Duration(i%2))
				defer cancel()
				_, err := c.Exchange(ctx, request("0100", 100+i, fmt.Sprint("queued ", i)), nil)
				require.Equal(t, i%2 == 0, connection.SafeToRetry(err))
			})
			synctest.Wait()
		}
		wg.Wait()
		c.Close()
		<-done
		require.Equal(t, []string{"000101", "000103", "000105"}, seen[8:])
	})
}

// TestPeerStopsReadingTCP is the same on a real socket, whose buffers the writer fills without waiting.
func TestPeerStopsReadingTCP(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	address := listen(t, func(nc net.Conn) {
		nc.(*net.TCPConn).SetReadBuffer(4096)
		<-stop
		nc.Close()
	})
	cfg := testConfig(t)
	cfg.WriteTimeout = 300 * time.Millisecond
	cfg.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
		nc, err := new(net.Dialer).DialContext(ctx, network, address)
		if err == nil {
			nc.(*net.TCPConn).SetWriteBuffer(4096)
		}
		return nc, err
	}
	c := dial(t, address, cfg)
	var wg sync.WaitGroup
	for i := range 500 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 150*time.Millisecond)
			defer cancel()
			if _, err := c.Exchange(ctx, request("0100", i, strings.Repeat("x", 9000)), nil); err == nil {
				t.Error("answered")
			}
		})
	}
	wg.Wait()
	select {
	case <-c.Done():
	case <-time.After(10 * time.Second):
		t.Fatalf("the connection is kept although nothing can be written: %+v", c.Stats())
	}
	require.ErrorIs(t, c.Err(), connection.ErrWriteStalled)
}

func TestCloseWhileWriteIsStalled(t *testing.T) {
	play(t, testConfig(t), func(p *connectiontest.Peer) { time.Sleep(time.Hour) }, func(t *testing.T, c *connection.Conn) {
		for i := range 20 {
			go c.Exchange(t.Context(), request("0100", i, strings.Repeat("x", 9000)), nil)
		}
		synctest.Wait()
		start := time.Now()
		c.Close()
		require.Zero(t, time.Since(start))
	})
}

// TestBlockedAnswerRecovers: a peer that reads late gets its answers late, and the connection goes on.
func TestBlockedAnswerRecovers(t *testing.T) {
	cfg := testConfig(t)
	cfg.Timeout = 200 * time.Millisecond
	cfg.Handler = func(_ *connection.Conn, frame, reply []byte) ([]byte, error) {
		return append(append(reply, answerTo(frame)...), strings.Repeat("y", 9000)...), nil
	}
	play(t, cfg, func(p *connectiontest.Peer) {
		for i := range 10 {
			p.Send(request("0800", i, ""))
		}
		time.Sleep(400 * time.Millisecond)
		for range 10 {
			p.Receive()
		}
		for {
			frame, err := p.Receive()
			if err != nil {
				return
			}
			p.Send(answerTo(frame))
		}
	}, func(t *testing.T, c *connection.Conn) {
		time.Sleep(time.Second)
		_, err := c.Exchange(t.Context(), request("0100", 99, ""), nil)
		require.NoError(t, err)
		require.EqualValues(t, 11, c.Stats().FramesSent)
	})
}

func TestUseAfterClose(t *testing.T) {
	play(t, testConfig(t), silent, func(t *testing.T, c *connection.Conn) {
		require.NoError(t, c.Close())
		require.NoError(t, c.Close())
		_, err := c.Exchange(t.Context(), request("0100", 1, ""), nil)
		require.ErrorIs(t, err, connection.ErrClosed)
		require.True(t, connection.SafeToRetry(err))
		require.ErrorIs(t, c.Post(t.Context(), request("0800", 1, "")), connection.ErrClosed)
		require.ErrorIs(t, c.Context().Err(), context.Canceled)
	})
}

// TestZeroConn: there is no way to send before connecting, and trying is an error.
func TestZeroConn(t *testing.T) {
	var c connection.Conn
	_, err := c.Exchange(t.Context(), request("0100", 1, ""), nil)
	require.ErrorIs(t, err, connection.ErrClosed)
	require.True(t, connection.SafeToRetry(err))
	require.ErrorIs(t, c.Post(t.Context(), nil), connection.ErrClosed)
	require.NoError(t, c.Shutdown(t.Context()))
	require.NoError(t, c.Close())
}

func TestShutdownKeepsItsDeadline(t *testing.T) {
	play(t, testConfig(t), silent, func(t *testing.T, c *connection.Conn) {
		pending := async(c, request("0100", 1, ""))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		start := time.Now()
		require.ErrorIs(t, c.Shutdown(ctx), context.DeadlineExceeded)
		require.Equal(t, 200*time.Millisecond, time.Since(start))
		_, err := pending()
		require.ErrorIs(t, err, connection.ErrClosed)
		require.Equal(t, connection.SentYes, connection.SentOf(err))
	})
}

func TestShutdownTurnsTheWaitingAway(t *testing.T) {
	cfg := testConfig(t)
	cfg.MaxInFlight = 1
	play(t, cfg, silent, func(t *testing.T, c *connection.Conn) {
		first := async(c, request("0100", 1, ""))
		synctest.Wait()
		second := async(c, request("0100", 2, ""))
		synctest.Wait()
		start := time.Now()
		go c.Shutdown(t.Context())
		_, err := second()
		require.ErrorIs(t, err, connection.ErrDraining)
		require.True(t, connection.SafeToRetry(err))
		require.Zero(t, time.Since(start))
		_, err = first()
		require.ErrorIs(t, err, connection.ErrTimeout)
	})
}

func TestShutdownWaitsForAnswers(t *testing.T) {
	play(t, testConfig(t), func(p *connectiontest.Peer) {
		frame, _ := p.Receive()
		time.Sleep(2 * time.Second)
		p.Send(answerTo(frame))
		silent(p)
	}, func(t *testing.T, c *connection.Conn) {
		pending := async(c, request("0100", 1, ""))
		synctest.Wait()
		start := time.Now()
		go func() {
			time.Sleep(time.Second)
			_, err := c.Exchange(t.Context(), request("0100", 2, ""), nil)
			require.ErrorIs(t, err, connection.ErrDraining)
			require.True(t, connection.SafeToRetry(err))
		}()
		require.NoError(t, c.Shutdown(t.Context()))
		require.Equal(t, 2*time.Second, time.Since(start))
		_, err := pending()
		require.NoError(t, err)
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

// TestFailedWriteDeliversWhatArrived: an answer that is there when writing fails is not lost, and a frame the system
// never took is known not to have left.
func TestFailedWriteDeliversWhatArrived(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := connectiontest.Pipe()
		cfg := testConfig(t)
		first := request("0100", 1, "")
		c, err := connection.NewConn(connectiontest.Inject(client, connectiontest.Faults{FailWriteAfter: int64(len(first) + 2)}), cfg)
		require.NoError(t, err)
		defer c.Close()
		p := connectiontest.NewPeer(server, cfg.Framing)
		pending := async(c, first)
		synctest.Wait()
		_, err = p.Receive()
		require.NoError(t, err)
		broken := async(c, request("0100", 2, ""))
		synctest.Wait()
		require.NoError(t, p.Send(answerTo(first)))
		reply, err := pending()
		require.NoError(t, err)
		require.Equal(t, "0110000001", string(reply))
		_, err = broken()
		require.ErrorIs(t, err, syscall.EPIPE)
		require.Equal(t, connection.SentMaybe, connection.SentOf(err))
		_, err = c.Exchange(t.Context(), request("0100", 3, ""), nil)
		require.True(t, connection.SafeToRetry(err))
	})
}

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

func TestDialKeepsItsDeadline(t *testing.T) {
	address := listen(t, func(nc net.Conn) { time.Sleep(5 * time.Second); nc.Close() }) // never says a TLS word
	cfg := testConfig(t)
	cfg.TLS = &tls.Config{InsecureSkipVerify: true}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := connection.Dial(ctx, "tcp", address, cfg)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.True(t, connection.SafeToRetry(err))
	require.Less(t, time.Since(start), 4*time.Second)
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

func TestKeylessConnectionTakesTurns(t *testing.T) {
	cfg := testConfig(t)
	cfg.Key = nil
	play(t, cfg, func(p *connectiontest.Peer) {
		for {
			frame, err := p.Receive()
			if err != nil {
				return
			}
			time.Sleep(time.Second)
			p.Send(append([]byte("re:"), frame...))
		}
	}, func(t *testing.T, c *connection.Conn) {
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				reply, err := c.Exchange(t.Context(), []byte(fmt.Sprint(i)), nil)
				require.NoError(t, err)
				require.Equal(t, fmt.Sprint("re:", i), string(reply))
			})
		}
		wg.Wait()
	})
}

// TestChunks: however the stream is cut up, and however large the frames, the same frames come out.
func TestChunks(t *testing.T) {
	framing, err := connection.NewFraming(connection.Descriptor{Width: 4, Max: 200_000})
	require.NoError(t, err)
	for _, f := range []connectiontest.Faults{{}, {ReadChunk: 1}, {ReadChunk: 7, WriteChunk: 5}, {ReadChunk: 4099, WriteChunk: 1000}} {
		synctest.Test(t, func(t *testing.T) {
			client, server := connectiontest.Pipe()
			cfg := testConfig(t)
			cfg.Framing, cfg.Handler = framing, answer
			c, err := connection.NewConn(connectiontest.Inject(client, f), cfg)
			require.NoError(t, err)
			host, err := connection.NewConn(server, cfg)
			require.NoError(t, err)
			defer host.Close()
			defer c.Close()
			var wg sync.WaitGroup
			for i, size := range []int{0, 1, 300, 4000, 16_374, 16_384, 20_000, 150_000} {
				wg.Go(func() {
					frame := request("0200", i, strings.Repeat("x", size))
					reply, err := c.Exchange(t.Context(), frame, nil)
					require.NoError(t, err)
					require.Equal(t, string(answerTo(frame)), string(reply))
				})
			}
			wg.Wait()
		})
	}
}
