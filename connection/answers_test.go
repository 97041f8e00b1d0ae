package connection_test

import (
	"context"
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

// TestAnswersWaitForRoom: while the peer does not read, answers wait in order for room among the queued bytes, and are
// lost, and told so, when their time is over.
func TestAnswersWaitForRoom(t *testing.T) {
	for name, pause := range map[string]time.Duration{"in time": 3 * time.Second, "too late": 8 * time.Second} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(t)
			cfg.WriteTimeout, cfg.MaxQueued, cfg.Order = time.Hour, 30_000, connection.OrderConn
			cfg.Handler = func(_ *connection.Conn, frame, reply []byte) ([]byte, error) {
				return append(append(reply, answerTo(frame)...), strings.Repeat("y", 9000)...), nil
			}
			var lost atomic.Int32
			cfg.Hooks.AnswerLost = func(_ *connection.Conn, err error) {
				require.ErrorIs(t, err, connection.ErrTimeout)
				require.True(t, connection.SafeToRetry(err))
				lost.Add(1)
			}
			var seen []string
			play(t, cfg, func(p *connectiontest.Peer) {
				for i := range 12 {
					p.Send(request("0800", i, ""))
				}
				time.Sleep(pause)
				for {
					frame, err := p.Receive()
					if err != nil {
						return
					}
					seen = append(seen, string(frame[8:10]))
				}
			}, func(t *testing.T, c *connection.Conn) {
				time.Sleep(time.Second)
				require.Equal(t, 1, c.Stats().Waiting)
				require.LessOrEqual(t, c.Stats().Queued, 30_000)
				require.Zero(t, c.InFlight(), "answers are no requests")
				time.Sleep(time.Minute)
				synctest.Wait()
				require.IsIncreasing(t, seen)
				if name == "in time" {
					require.Len(t, seen, 12)
					require.Zero(t, lost.Load())
				} else {
					require.EqualValues(t, 12-len(seen), lost.Load())
					require.Positive(t, lost.Load())
				}
			})
		})
	}
}

// TestPostWaitsForRoom: it returns once its frame is queued, or says that it never was.
func TestPostWaitsForRoom(t *testing.T) {
	cfg := testConfig(t)
	cfg.WriteTimeout, cfg.MaxQueued = time.Hour, 10_000
	play(t, cfg, func(p *connectiontest.Peer) { time.Sleep(3 * time.Second); silent(p) }, func(t *testing.T, c *connection.Conn) {
		text := strings.Repeat("x", 5000)
		for c.TryPost(request("0820", 0, text)) == nil {
			synctest.Wait()
		}
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := c.Post(ctx, request("0820", 1, text))
		require.ErrorIs(t, err, connection.ErrTimeout)
		require.ErrorContains(t, err, "post: ")
		require.True(t, connection.SafeToRetry(err))
		require.Equal(t, time.Second, time.Since(start))
		require.NoError(t, c.Post(t.Context(), request("0820", 2, text)))
		require.Equal(t, 3*time.Second, time.Since(start))
		require.Zero(t, c.Stats().Waiting)
	})
}

// TestCloseEndsPostsThatWait: nobody waits on for room in a connection that has ended.
func TestCloseEndsPostsThatWait(t *testing.T) {
	cfg := testConfig(t)
	cfg.WriteTimeout, cfg.MaxQueued = time.Hour, 10_000
	play(t, cfg, func(p *connectiontest.Peer) { time.Sleep(time.Minute) }, func(t *testing.T, c *connection.Conn) {
		text := strings.Repeat("x", 5000)
		for c.TryPost(request("0820", 0, text)) == nil {
			synctest.Wait()
		}
		time.AfterFunc(time.Second, func() { c.Close() })
		err := c.Post(t.Context(), request("0820", 1, text))
		require.ErrorIs(t, err, connection.ErrClosed)
		require.True(t, connection.SafeToRetry(err))
		require.Zero(t, c.Stats().Waiting)
	})
}

// TestPostsKeepTheirOrder: a short frame for which there is room does not pass a long one that waits.
func TestPostsKeepTheirOrder(t *testing.T) {
	cfg := testConfig(t)
	cfg.WriteTimeout, cfg.MaxQueued = time.Hour, 10_000
	var seen []string
	play(t, cfg, func(p *connectiontest.Peer) {
		time.Sleep(time.Second)
		for {
			frame, err := p.Receive()
			if err != nil {
				return
			}
			seen = append(seen, string(frame[7:10]))
		}
	}, func(t *testing.T, c *connection.Conn) {
		last := 0
		for c.TryPost(request("0820", last, strings.Repeat("x", 5000))) == nil {
			synctest.Wait()
			last++
		}
		require.EqualValues(t, 1, c.Stats().Busy)
		var all sync.WaitGroup
		for i, text := range []string{strings.Repeat("x", 9000), "", strings.Repeat("x", 9000), ""} {
			all.Go(func() { require.NoError(t, c.Post(t.Context(), request("0820", last+i, text))) })
			synctest.Wait()
			require.Equal(t, i+1, c.Stats().Waiting)
			require.ErrorIs(t, c.TryPost(request("0820", 999, "")), connection.ErrBusy)
		}
		all.Wait()
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Len(t, seen, last+4)
		require.IsIncreasing(t, seen)
	})
}

// TestBusyPostFails where the Config wants nobody to wait.
func TestBusyPostFails(t *testing.T) {
	cfg := testConfig(t)
	cfg.WriteTimeout, cfg.MaxQueued, cfg.Busy = time.Hour, 10_000, connection.ContentionFail
	play(t, cfg, func(p *connectiontest.Peer) { time.Sleep(time.Minute) }, func(t *testing.T, c *connection.Conn) {
		var err error
		for range 100 {
			if err = c.Post(t.Context(), request("0820", 0, strings.Repeat("x", 5000))); err != nil {
				break
			}
			synctest.Wait()
		}
		require.ErrorIs(t, err, connection.ErrBusy)
		require.EqualValues(t, 1, c.Stats().Busy)
	})
}

// TestHalfCloseKeepsAnswersThatWait: a peer that has closed its direction still gets the answers that had no room yet.
func TestHalfCloseKeepsAnswersThatWait(t *testing.T) {
	cfg := testConfig(t)
	cfg.WriteTimeout, cfg.MaxQueued, cfg.Timeout = time.Hour, 30_000, time.Minute
	cfg.Handler = func(_ *connection.Conn, frame, reply []byte) ([]byte, error) {
		return append(append(reply, answerTo(frame)...), strings.Repeat("y", 9000)...), nil
	}
	var seen atomic.Int32
	play(t, cfg, func(p *connectiontest.Peer) {
		for i := range 12 {
			p.Send(request("0800", i, ""))
		}
		time.Sleep(500 * time.Millisecond) // answers wait by now
		p.CloseWrite()
		time.Sleep(500 * time.Millisecond)
		for {
			if _, err := p.Receive(); err != nil {
				return
			}
			seen.Add(1)
		}
	}, func(t *testing.T, c *connection.Conn) {
		time.Sleep(400 * time.Millisecond)
		require.Positive(t, c.Stats().Waiting)
		<-c.Done()
		synctest.Wait()
		require.EqualValues(t, 12, seen.Load())
		require.ErrorIs(t, c.Err(), connection.ErrPeerClosed)
	})
}

// TestShutdownWritesWhatWaits: frames that expect no answer are written before the connection ends, those that had no room
// yet included.
func TestShutdownWritesWhatWaits(t *testing.T) {
	cfg := testConfig(t)
	cfg.WriteTimeout, cfg.MaxQueued = time.Hour, 10_000
	var seen atomic.Int32
	play(t, cfg, func(p *connectiontest.Peer) {
		time.Sleep(time.Second)
		for {
			if _, err := p.Receive(); err != nil {
				return
			}
			seen.Add(1)
		}
	}, func(t *testing.T, c *connection.Conn) {
		sent := int32(0)
		for ; c.TryPost(request("0820", 0, strings.Repeat("x", 5000))) == nil; sent++ {
			synctest.Wait()
		}
		waits := make(chan error, 1)
		go func() { waits <- c.Post(t.Context(), request("0820", 1, strings.Repeat("x", 9000))) }()
		synctest.Wait()
		require.NoError(t, c.Shutdown(t.Context()))
		require.NoError(t, <-waits)
		synctest.Wait()
		require.Equal(t, sent+1, seen.Load())
	})
}

// TestUnmatchedShowsAFewKeys: eight of those that wait, however many there are.
func TestUnmatchedShowsAFewKeys(t *testing.T) {
	for _, requests := range []int{0, 3, 20} {
		cfg := testConfig(t)
		var shown atomic.Int32
		shown.Store(-1)
		cfg.Hooks.Unmatched = func(_ *connection.Conn, u connection.Unmatched) { shown.Store(int32(len(u.Waiting))) }
		play(t, cfg, func(p *connectiontest.Peer) {
			for range requests {
				p.Receive()
			}
			p.Send(request("0210", 999, ""))
			silent(p)
		}, func(t *testing.T, c *connection.Conn) {
			for i := range requests {
				_, err := c.Start(request("0200", i, ""), nil, time.Time{}, newTold())
				require.NoError(t, err)
			}
			synctest.Wait()
			require.EqualValues(t, min(requests, 8), shown.Load())
		})
	}
}
