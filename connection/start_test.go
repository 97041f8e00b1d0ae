package connection_test

import (
	"context"
	"errors"
	"fmt"
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

// told is a completion that remembers what it is told.
type told struct {
	times atomic.Int32
	done  chan struct{}
	reply []byte
	err   error
}

func newTold() *told { return &told{done: make(chan struct{}, 8)} }

func (d *told) Complete(reply []byte, err error) {
	d.reply, d.err = reply, err
	d.times.Add(1)
	d.done <- struct{}{}
}

// wait returns how the request ended, and fails if its end was told more than once.
func (d *told) wait(t *testing.T) (string, error) {
	<-d.done
	require.EqualValues(t, 1, d.times.Load(), "told once")
	return string(d.reply), d.err
}

func TestStart(t *testing.T) {
	play(t, testConfig(t), echoing, func(t *testing.T, c *connection.Conn) {
		d := newTold()
		frame := request("0200", 1, "hello")
		pending, err := c.Start(frame, []byte("kept "), time.Time{}, d)
		require.NoError(t, err)
		clear(frame) // it is the caller's again
		reply, err := d.wait(t)
		require.NoError(t, err)
		require.Equal(t, "kept 0210000001hello", reply)
		require.False(t, pending.Cancel(nil), "it has ended")
		require.Zero(t, c.InFlight())
		require.False(t, connection.Pending{}.Cancel(nil))
	})
}

// TestStartEndsOnce: each way that a request can end is told once, with what is known about its bytes.
func TestStartEndsOnce(t *testing.T) {
	why := errors.New("operator")
	for name, c := range map[string]struct {
		peer func(p *connectiontest.Peer)
		end  func(c *connection.Conn, p connection.Pending)
		want error
		sent connection.Sent
		at   time.Duration
	}{
		"default timeout": {silent, nil, connection.ErrTimeout, connection.SentYes, 5 * time.Second},
		"cancel": {silent, func(_ *connection.Conn, p connection.Pending) {
			if !p.Cancel(why) || p.Cancel(why) {
				panic("cancelled once")
			}
		}, why, connection.SentYes, 0},
		"cancel without a reason": {silent, func(_ *connection.Conn, p connection.Pending) { p.Cancel(nil) }, context.Canceled, connection.SentYes, 0},
		"close":                   {silent, func(c *connection.Conn, _ connection.Pending) { c.Close() }, connection.ErrClosed, connection.SentYes, 0},
		"peer closes":             {func(p *connectiontest.Peer) { p.Receive() }, nil, connection.ErrPeerClosed, connection.SentYes, 0},
		"reset":                   {func(p *connectiontest.Peer) { p.Receive(); p.Reset() }, nil, nil, connection.SentYes, 0},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, testConfig(t), c.peer, func(t *testing.T, conn *connection.Conn) {
				d, start := newTold(), time.Now()
				pending, err := conn.Start(request("0200", 1, ""), []byte("dst"), time.Time{}, d)
				require.NoError(t, err)
				require.Equal(t, 1, conn.InFlight())
				synctest.Wait()
				if c.end != nil {
					c.end(conn, pending)
				}
				reply, err := d.wait(t)
				require.Error(t, err)
				require.ErrorContains(t, err, "start: ")
				if c.want != nil {
					require.ErrorIs(t, err, c.want)
				}
				require.Equal(t, c.sent, connection.SentOf(err))
				require.Equal(t, "dst", reply, "dst comes back as it was")
				require.Equal(t, c.at, time.Since(start))
				require.Zero(t, conn.InFlight())
			})
		})
	}
}

// TestStartRefused: what cannot start is an error of Start, and nobody is told anything.
func TestStartRefused(t *testing.T) {
	play(t, testConfig(t), silent, func(t *testing.T, c *connection.Conn) {
		d := newTold()
		first, err := c.Start(request("0200", 1, ""), nil, time.Time{}, newTold())
		require.NoError(t, err)
		for _, refused := range []struct {
			frame    []byte
			deadline time.Time
			want     error
		}{
			{request("0210", 2, ""), time.Time{}, connection.ErrNotRequest},
			{request("0200", 1, ""), time.Time{}, connection.ErrDuplicateKey},
			{request("0200", 2, ""), time.Now(), connection.ErrTimeout},
			{request("0200", 2, strings.Repeat("x", 10_000)), time.Time{}, connection.ErrFrameTooLong},
		} {
			pending, err := c.Start(refused.frame, nil, refused.deadline, d)
			require.ErrorIs(t, err, refused.want)
			require.True(t, connection.SafeToRetry(err))
			require.False(t, pending.Cancel(nil))
		}
		require.Equal(t, 1, c.InFlight())
		require.True(t, first.Cancel(nil))
		c.Close()
		_, err = c.Start(request("0200", 3, ""), nil, time.Time{}, d)
		require.ErrorIs(t, err, connection.ErrClosed)
		_, err = new(connection.Conn).Start(request("0200", 3, ""), nil, time.Time{}, d)
		require.ErrorIs(t, err, connection.ErrClosed)
		require.Zero(t, d.times.Load())
	})
}

// TestStartDeadline: a deadline ends the request on time whatever the clock it is known by, also one that waits.
func TestStartDeadline(t *testing.T) {
	cfg := testConfig(t)
	cfg.MaxInFlight = 1
	play(t, cfg, silent, func(t *testing.T, c *connection.Conn) {
		start := time.Now()
		first, second := newTold(), newTold()
		_, err := c.Start(request("0200", 1, ""), nil, start.Add(3*time.Second), first)
		require.NoError(t, err)
		frame := request("0200", 2, "")
		_, err = c.Start(frame, nil, start.Add(2*time.Second).Round(0), second) // Round strips the monotonic reading
		require.NoError(t, err)
		clear(frame)
		require.Equal(t, 2, c.InFlight())
		require.Equal(t, 1, c.Stats().Waiting)
		_, err = second.wait(t)
		require.ErrorIs(t, err, connection.ErrTimeout)
		require.True(t, connection.SafeToRetry(err), "it never had its turn")
		require.Equal(t, 2*time.Second, time.Since(start))
		_, err = first.wait(t)
		require.Equal(t, connection.SentYes, connection.SentOf(err))
		require.Equal(t, 3*time.Second, time.Since(start))
	})
}

// TestStartWaitsForItsTurn: the frame that waits is the connection's own copy.
func TestStartWaitsForItsTurn(t *testing.T) {
	cfg := testConfig(t)
	cfg.MaxInFlight = 1
	play(t, cfg, answering(time.Second), func(t *testing.T, c *connection.Conn) {
		var all []*told
		frame := make([]byte, 0, 64)
		start := time.Now()
		for i := range 4 {
			d := newTold()
			frame = append(frame[:0], request("0200", i, fmt.Sprint("text ", i))...)
			_, err := c.Start(frame, nil, time.Time{}, d)
			require.NoError(t, err)
			all = append(all, d)
		}
		clear(frame)
		for i, d := range all {
			reply, err := d.wait(t)
			require.NoError(t, err)
			require.Equal(t, string(request("0210", i, fmt.Sprint("text ", i))), reply)
			require.Equal(t, time.Duration(i+1)*time.Second, time.Since(start), "one after the other, in order")
		}
	})
}

// TestPendingMeansItsOwnRequest: a handle kept beyond the end of its request cannot cancel a later one.
func TestPendingMeansItsOwnRequest(t *testing.T) {
	address := startServer(t, &connection.Server{Config: connection.Config{Framing: binary2(t), Handler: answer}})
	c := dial(t, address, testConfig(t))
	var old []connection.Pending
	for i := range 200 {
		d := newTold()
		pending, err := c.Start(request("0200", i, ""), nil, time.Time{}, d)
		require.NoError(t, err)
		for _, p := range old {
			require.False(t, p.Cancel(nil))
		}
		_, err = d.wait(t)
		require.NoError(t, err)
		old = append(old, pending)
	}
}

// relay starts the next request when one is answered.
type relay struct {
	c     *connection.Conn
	stan  *atomic.Int32
	left  *atomic.Int32
	all   *sync.WaitGroup
	frame []byte
	dst   []byte
	err   error
}

func (r *relay) Complete(reply []byte, err error) {
	if err == nil && (string(reply[:2]) != "02" || reply[2] != '1' || string(reply[4:]) != string(r.frame[4:])) {
		err = fmt.Errorf("%q answers %q", reply, r.frame)
	}
	if err == nil && r.left.Add(-1) >= 0 {
		err = r.next()
		if err == nil {
			return
		}
	}
	r.err = err
	r.all.Done()
}

func (r *relay) next() error {
	n := r.stan.Add(1)
	for i := 9; i >= 4; i-- {
		r.frame[i] = '0' + byte(n%10)
		n /= 10
	}
	_, err := r.c.Start(r.frame, r.dst, time.Time{}, r)
	return err
}

// relays runs requests, so many in flight, without a goroutine for any of them.
func relays(t testing.TB, c *connection.Conn, inFlight, requests int) {
	var stan, left atomic.Int32
	var all sync.WaitGroup
	left.Store(int32(requests))
	all.Add(inFlight)
	rs := make([]*relay, inFlight)
	for i := range rs {
		rs[i] = &relay{c: c, stan: &stan, left: &left, all: &all, frame: request("0200", 0, strings.Repeat("x", 290)), dst: make([]byte, 0, 512)}
		require.NoError(t, rs[i].next())
	}
	all.Wait()
	for _, r := range rs {
		require.NoError(t, r.err)
	}
}

func TestStartedRequestsGetTheirOwnAnswers(t *testing.T) {
	address := startServer(t, &connection.Server{Config: connection.Config{Framing: binary2(t), Handler: answer}})
	for _, inFlight := range []int{1, 64} {
		c := dial(t, address, testConfig(t))
		relays(t, c, inFlight, 100*inFlight)
		stats := c.Stats()
		require.EqualValues(t, 101*inFlight, stats.Matched)
		if inFlight > 1 {
			t.Logf("%d frames in %d writes", stats.FramesSent, stats.Writes)
			require.GreaterOrEqual(t, stats.FramesSent, 4*stats.Writes, "writes are held while a read is cut")
		}
	}
}

func TestStartAllocatesNothing(t *testing.T) {
	address := startServer(t, &connection.Server{Config: connection.Config{Framing: binary2(t), Handler: answer}})
	c := dial(t, address, testConfig(t))
	relays(t, c, 64, 5000)
	allocs := testing.AllocsPerRun(5, func() { relays(t, c, 1, 1000) })
	if !underRace {
		require.Less(t, allocs, 50.0, "what 1000 requests and their setting-up allocate")
	}
}

// TestCompletionMayStartAndCancel: no lock is held when the end of a request is told.
func TestCompletionMayStartAndCancel(t *testing.T) {
	play(t, testConfig(t), silent, func(t *testing.T, c *connection.Conn) {
		victim := newTold()
		victimPending, err := c.Start(request("0200", 2, ""), nil, time.Time{}, victim)
		require.NoError(t, err)
		again := newTold()
		_, err = c.Start(request("0200", 1, ""), nil, time.Now().Add(time.Second), completeFunc(func([]byte, error) {
			victimPending.Cancel(nil)
			if _, err := c.Start(request("0200", 3, ""), nil, time.Time{}, again); err != nil {
				t.Error(err)
			}
			if err := c.TryPost(request("0820", 4, "")); err != nil {
				t.Error(err)
			}
			_ = c.Stats()
			c.Close()
		}))
		require.NoError(t, err)
		_, err = victim.wait(t)
		require.ErrorIs(t, err, context.Canceled)
		_, err = again.wait(t)
		require.ErrorIs(t, err, connection.ErrClosed)
	})
}

// TestStartForNobody: a request of which nobody would hear how it ends is not sent.
func TestStartForNobody(t *testing.T) {
	play(t, testConfig(t), echoing, func(t *testing.T, c *connection.Conn) {
		_, err := c.Start(request("0200", 1, ""), nil, time.Time{}, nil)
		require.ErrorIs(t, err, connection.ErrNoCompletion)
		require.True(t, connection.SafeToRetry(err))
		synctest.Wait()
		require.Zero(t, c.Stats().FramesSent)
		require.NoError(t, c.Err())
	})
}

type completeFunc func(reply []byte, err error)

func (f completeFunc) Complete(reply []byte, err error) { f(reply, err) }

// TestCompletionPanics: the connection ends, the process and the other completions do not.
func TestCompletionPanics(t *testing.T) {
	for name, peer := range map[string]func(p *connectiontest.Peer){"on an answer": echoing, "on a timeout": silent} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(t)
			var panicked atomic.Value
			cfg.Hooks.Panicked = func(_ *connection.Conn, p connection.Panic) { panicked.Store(p.Type) }
			play(t, cfg, peer, func(t *testing.T, c *connection.Conn) {
				other := newTold()
				_, err := c.Start(request("0200", 1, ""), nil, time.Now().Add(time.Second), completeFunc(func([]byte, error) { panic("6222020200012345678") }))
				require.NoError(t, err)
				_, err = c.Start(request("0200", 2, ""), nil, time.Now().Add(time.Second), other)
				require.NoError(t, err)
				<-c.Done()
				require.ErrorIs(t, c.Err(), connection.ErrPanicked)
				require.NotContains(t, fmt.Sprintf("%v %+v", c.Err(), c.Err()), "6222")
				other.wait(t)
				require.Equal(t, "string", panicked.Load())
			})
		})
	}
}

func TestTryPostNeverWaits(t *testing.T) {
	cfg := testConfig(t)
	cfg.MaxQueued = 20_000
	play(t, cfg, func(p *connectiontest.Peer) { time.Sleep(time.Minute) }, func(t *testing.T, c *connection.Conn) {
		start := time.Now()
		var err error
		for i := range 100 {
			if err = c.TryPost(request("0820", i, strings.Repeat("x", 4000))); err != nil {
				break
			}
			synctest.Wait()
		}
		require.ErrorIs(t, err, connection.ErrBusy)
		require.True(t, connection.SafeToRetry(err))
		require.Zero(t, time.Since(start))
		require.EqualValues(t, 1, c.Stats().Busy)
		c.Close()
		require.ErrorIs(t, c.TryPost(request("0820", 1, "")), connection.ErrClosed)
		require.ErrorIs(t, new(connection.Conn).TryPost(nil), connection.ErrClosed)
	})
}
