package connection_test

import (
	"context"
	"errors"
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

// TestCancelWakesWhoWaitsForTheKey: a cancelled request leaves a tombstone, and who waits for its key gets it when that
// goes, not when some other deadline passes.
func TestCancelWakesWhoWaitsForTheKey(t *testing.T) {
	cfg := testConfig(t)
	cfg.Timeout, cfg.LateWindow, cfg.Duplicates = 30*time.Second, 2*time.Second, connection.ContentionWait
	play(t, cfg, func(p *connectiontest.Peer) { p.Receive(); echoing(p) }, func(t *testing.T, c *connection.Conn) {
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		go c.Exchange(ctx, request("0200", 1, ""), nil)
		synctest.Wait()
		second := async(c, request("0200", 1, ""))
		synctest.Wait()
		time.Sleep(100 * time.Millisecond)
		cancel()
		_, err := second()
		require.NoError(t, err)
		require.Equal(t, 2100*time.Millisecond, time.Since(start).Round(5*time.Millisecond))
	})
}

// TestEvictedTombstoneWakesWhoWaits: so many tombstones are kept; the key of one that goes early is free, whether a
// request that times out takes its place or one that is cancelled.
func TestEvictedTombstoneWakesWhoWaits(t *testing.T) {
	const kept = 1024
	for name, end := range map[string]error{"timeout": connection.ErrTimeout, "cancel": context.Canceled} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(t)
			cfg.Timeout, cfg.MaxInFlight, cfg.Duplicates = time.Second, kept, connection.ContentionWait
			cfg.LateWindow = time.Hour
			play(t, cfg, answeringMarked, func(t *testing.T, c *connection.Conn) {
				_, err := c.Exchange(t.Context(), request("0200", 1, ""), nil)
				require.ErrorIs(t, err, connection.ErrTimeout)
				waits := make(chan error, 1)
				start := time.Now()
				go func() {
					_, err := c.Exchange(hours(t), request("0200", 1, "!"), nil)
					waits <- err
				}()
				synctest.Wait()
				for i := range kept {
					deadline := time.Now().Add(time.Second)
					if i == kept-1 {
						time.Sleep(time.Second)
						require.Empty(t, waits)
						deadline = time.Time{}
					}
					if end == context.Canceled {
						deadline = time.Now().Add(time.Hour)
					}
					pending, err := c.Start(request("0200", 2+i, ""), nil, deadline, completeFunc(func(_ []byte, err error) {
						require.ErrorIs(t, err, end)
					}))
					require.NoError(t, err)
					if end == context.Canceled {
						synctest.Wait() // it has left
						require.True(t, pending.Cancel(nil))
					}
				}
				require.NoError(t, <-waits)
				if end == context.Canceled {
					require.Equal(t, time.Second, time.Since(start).Round(10*time.Millisecond))
				} else {
					require.Equal(t, 2*time.Second, time.Since(start).Round(10*time.Millisecond))
				}
			})
		})
	}
}

// TestManyTombstonesOfFewRequests: with one request in flight at a time more than one may time out within LateWindow, and
// none of their keys is used again before.
func TestManyTombstonesOfFewRequests(t *testing.T) {
	cfg := testConfig(t)
	cfg.Timeout, cfg.MaxInFlight, cfg.LateWindow = time.Millisecond, 1, time.Hour
	play(t, cfg, silent, func(t *testing.T, c *connection.Conn) {
		for i := range 20 {
			_, err := c.Exchange(t.Context(), request("0200", i, ""), nil)
			require.ErrorIs(t, err, connection.ErrTimeout)
		}
		for i := range 20 {
			_, err := c.Exchange(t.Context(), request("0200", i, ""), nil)
			require.ErrorIs(t, err, connection.ErrDuplicateKey)
		}
	})
}

// hours is a context with a deadline that no test of a bubble comes to.
func hours(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Hour)
	t.Cleanup(cancel)
	return ctx
}

// TestTurnThenKey: who gets its turn while its key is taken waits for that, or fails, as the Config says.
func TestTurnThenKey(t *testing.T) {
	for name, duplicates := range map[string]connection.Contention{"wait": connection.ContentionWait, "fail": connection.ContentionFail} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(t)
			cfg.MaxInFlight, cfg.Duplicates, cfg.Timeout = 2, duplicates, time.Hour
			play(t, cfg, func(p *connectiontest.Peer) {
				first, _ := p.Receive()
				second, _ := p.Receive()
				time.Sleep(time.Second)
				p.Send(answerTo(second))
				time.Sleep(time.Second)
				p.Send(answerTo(first))
				echoing(p)
			}, func(t *testing.T, c *connection.Conn) {
				start := time.Now()
				first := async(c, request("0200", 1, "first"))
				synctest.Wait()
				second := async(c, request("0200", 2, ""))
				synctest.Wait()
				third := async(c, request("0200", 1, "third"))
				synctest.Wait()
				require.Equal(t, 1, c.Stats().Waiting)
				_, err := second()
				require.NoError(t, err)
				synctest.Wait()
				if name == "fail" {
					_, err = third()
					require.ErrorIs(t, err, connection.ErrDuplicateKey)
					require.True(t, connection.SafeToRetry(err))
					require.Equal(t, time.Second, time.Since(start))
					require.EqualValues(t, 1, c.Stats().Duplicates)
				} else {
					require.Equal(t, 1, c.Stats().Waiting)
					_, err = async(c, request("0200", 3, ""))()
					require.NoError(t, err, "who waits for a key holds nobody else up")
					reply, err := third()
					require.NoError(t, err)
					require.Equal(t, "0210000001third", string(reply))
					require.Equal(t, 2*time.Second, time.Since(start))
				}
				reply, err := first()
				require.NoError(t, err)
				require.Equal(t, "0210000001first", string(reply))
				require.Zero(t, c.Stats().InFlight+c.Stats().Waiting)
			})
		})
	}
}

// TestRepeatPassesWhoWaitsForTheTombstone: a repeat may use the key of the request that timed out at once.
func TestRepeatPassesWhoWaitsForTheTombstone(t *testing.T) {
	cfg := testConfig(t)
	cfg.Duplicates = connection.ContentionWait
	play(t, cfg, func(p *connectiontest.Peer) { p.Receive(); echoing(p) }, func(t *testing.T, c *connection.Conn) {
		start := time.Now()
		first := async(c, request("0420", 1, ""))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		var fresh, repeated time.Duration
		var all sync.WaitGroup
		all.Go(func() {
			_, err := c.Exchange(ctx, request("0420", 1, ""), nil)
			require.NoError(t, err)
			fresh = time.Since(start)
		})
		synctest.Wait()
		all.Go(func() {
			_, err := c.Repeat(ctx, request("0421", 1, ""), nil)
			require.NoError(t, err)
			repeated = time.Since(start)
		})
		_, err := first()
		require.ErrorIs(t, err, connection.ErrTimeout)
		all.Wait()
		require.Equal(t, 5*time.Second, repeated)
		require.Equal(t, 15*time.Second, fresh, "one of the two sendings may be answered for LateWindow still")
	})
}

// TestNextAfterOneThatFails: of those who wait for a key, one whose frame cannot be sent holds the next one up no longer
// than it must.
func TestNextAfterOneThatFails(t *testing.T) {
	cfg := testConfig(t)
	cfg.Duplicates, cfg.Timeout = connection.ContentionWait, time.Hour
	play(t, cfg, afterASecond(echoing), func(t *testing.T, c *connection.Conn) {
		start := time.Now()
		var pending []func() ([]byte, error)
		for _, text := range []string{"first", strings.Repeat("x", 10_000), strings.Repeat("y", 10_000), "last"} {
			pending = append(pending, async(c, request("0200", 1, text)))
			synctest.Wait()
		}
		for i, ended := range pending {
			reply, err := ended()
			if i == 1 || i == 2 {
				require.ErrorIs(t, err, connection.ErrFrameTooLong)
				require.True(t, connection.SafeToRetry(err))
				continue
			}
			require.NoError(t, err)
			require.Contains(t, []string{"0210000001first", "0210000001last"}, string(reply))
		}
		require.Equal(t, time.Second, time.Since(start))
	})
}

// TestEachDeadlineCounts: requests end at their own deadlines in whatever order these were given, in flight, waiting for
// their turn, and waiting for a key.
func TestEachDeadlineCounts(t *testing.T) {
	for _, c := range []struct{ inFlight, keys int }{{100, 100}, {1, 100}, {100, 1}} {
		cfg := testConfig(t)
		cfg.MaxInFlight, cfg.Duplicates, cfg.LateWindow = c.inFlight, connection.ContentionWait, time.Hour
		play(t, cfg, silent, func(t *testing.T, conn *connection.Conn) {
			start := time.Now()
			var all sync.WaitGroup
			for i, after := range []time.Duration{4, 7, 2, 6, 1, 3, 5} {
				all.Add(1)
				_, err := conn.Start(request("0200", i%c.keys, ""), nil, start.Add(after*time.Second), completeFunc(func(_ []byte, err error) {
					defer all.Done()
					require.ErrorIs(t, err, connection.ErrTimeout)
					require.Equal(t, after*time.Second, time.Since(start))
				}))
				require.NoError(t, err)
			}
			all.Wait()
			require.Equal(t, 7*time.Second, time.Since(start))
			require.EqualValues(t, 7, conn.Stats().TimedOut)
		})
	}
}

// TestTurnsAreTakenInOrder: whoever waits longest is next, also against those who come anew.
func TestTurnsAreTakenInOrder(t *testing.T) {
	cfg := testConfig(t)
	cfg.MaxInFlight, cfg.Timeout = 1, time.Hour
	var seen []string
	play(t, cfg, func(p *connectiontest.Peer) {
		for {
			frame, err := p.Receive()
			if err != nil {
				return
			}
			seen = append(seen, string(frame[8:10]))
			time.Sleep(time.Second)
			p.Send(answerTo(frame))
		}
	}, func(t *testing.T, c *connection.Conn) {
		var all sync.WaitGroup
		for i := range 6 {
			all.Go(func() {
				_, err := c.Exchange(t.Context(), request("0200", i, ""), nil)
				require.NoError(t, err)
			})
			synctest.Wait()
		}
		all.Wait()
		require.Equal(t, []string{"00", "01", "02", "03", "04", "05"}, seen)
	})
}

// TestManyWaitersCostLittle: forty thousand requests that wait for their turn all end at their deadline. When each event
// looked at all of them this took a quarter of a minute.
func TestManyWaitersCostLittle(t *testing.T) {
	n := 40_000
	if underRace || testing.Short() {
		n = 4000
	}
	cfg := testConfig(t)
	cfg.MaxInFlight = 64
	play(t, cfg, silent, func(t *testing.T, c *connection.Conn) {
		start := time.Now()
		var ended atomic.Int32
		count := completeFunc(func(_ []byte, err error) {
			if errors.Is(err, connection.ErrTimeout) {
				ended.Add(1)
			}
		})
		for i := range n {
			_, err := c.Start(request("0200", i, ""), nil, start.Add(2*time.Second), count)
			require.NoError(t, err)
		}
		require.Equal(t, n, c.InFlight())
		require.Equal(t, n-64, c.Stats().Waiting)
		time.Sleep(2*time.Second + 10*time.Millisecond)
		require.EqualValues(t, n, ended.Load())
		require.Zero(t, c.InFlight())
	})
}
