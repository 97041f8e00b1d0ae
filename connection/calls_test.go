package connection_test

import (
	"context"
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
		play(t, cfg, answering(time.Second), func(t *testing.T, c *connection.Conn) {
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

// TestFrameLongerThanTheQueue: MaxQueued bounds what waits behind other bytes; a frame with nothing before it always goes.
func TestFrameLongerThanTheQueue(t *testing.T) {
	cfg := testConfig(t)
	cfg.MaxQueued, cfg.Busy = 10, connection.ContentionFail
	play(t, cfg, echoing, func(t *testing.T, c *connection.Conn) {
		for i := range 2 {
			_, err := c.Exchange(t.Context(), request("0200", i, "longer than ten bytes"), nil)
			require.NoError(t, err)
		}
	})
}

// asks is a context of the program that asks the connection how it is before it says why it has ended.
type asks struct {
	context.Context
	c *connection.Conn
}

func (a asks) Err() error {
	a.c.Stats()
	return a.Context.Err()
}

// TestContextsMayAskTheConnection: none of its locks is held when a context is asked.
func TestContextsMayAskTheConnection(t *testing.T) {
	cfg := testConfig(t)
	cfg.Dialer = connectiontest.Dialer(cfg.Framing, silent)
	c, err := connection.Dial(t.Context(), "memory", "peer", cfg)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := c.Exchange(asks{ctx, c}, request("0200", 1, ""), nil)
		ended <- err
	}()
	require.Eventually(t, func() bool { return c.InFlight() == 1 }, time.Minute, time.Millisecond)
	cancel()
	select {
	case err := <-ended:
		require.ErrorIs(t, err, context.Canceled)
		c.Close()
	case <-time.After(time.Minute):
		t.Fatal("the connection waits for itself")
	}
}
