package connection

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestNothingStaysCorked: when those who got answers do not come back, none of them is still counted.
func TestNothingStaysCorked(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	go func() {
		nc, err := ln.Accept()
		if err == nil {
			io.Copy(nc, nc)
		}
	}()
	nc, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	c, err := NewConn(nc, Config{Framing: MustNewFraming(Descriptor{Width: 2}), Key: bothWays()})
	require.NoError(t, err)
	defer c.Close()
	for range 50 {
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				if _, err := c.Exchange(context.Background(), []byte{'A', byte(i)}, nil); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		require.Eventually(t, func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.writer.droppable() && c.writer.corked == 0 && !c.writer.left.Load()
		}, 5*time.Second, 100*time.Microsecond)
	}
}

// TestHeldUntilAllHaveCome: who got an answer is expected until a frame more is queued, and only then it goes.
func TestHeldUntilAllHaveCome(t *testing.T) {
	c := quiet(t, func(*Config) {})
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.writerLocked()
	w.corked = 2
	for left := 1; left >= 0; left-- {
		_, err := c.queueLocked([]byte("frame"))
		require.NoError(t, err)
		require.Equal(t, left, w.corked)
		require.Equal(t, left > 0, c.heldLocked())
		require.Equal(t, left == 0, c.dutyLocked().push != pushNone)
		require.True(t, w.guarded)
	}
	_, err := c.queueLocked([]byte("nobody was expected"))
	require.NoError(t, err)
	require.Zero(t, w.corked)
	w.out, w.writing = nil, false
}

// TestGuardLooksTwice: what is held for less than the guard's time stays, and is looked after again; what is held longer
// goes. When the connection ends nothing is looked after any more.
func TestGuardLooksTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := quiet(t, func(*Config) {})
		c.mu.Lock()
		w := c.writerLocked()
		w.corked = 9
		_, err := c.queueLocked([]byte("frame"))
		require.NoError(t, err)
		require.Equal(t, pushNone, c.dutyLocked().push)
		require.True(t, w.guarded)
		w.seen-- // as if the frame had come just now, after another buffer had gone
		c.mu.Unlock()
		looks := func(guarded, full, writing bool) {
			time.Sleep(corkGuard)
			synctest.Wait()
			c.mu.Lock()
			defer c.mu.Unlock()
			require.Equal(t, []bool{guarded, full, writing}, []bool{w.guarded, w.full, w.writing})
		}
		looks(true, false, false)
		looks(false, true, true)

		c.mu.Lock()
		_, err = c.queueLocked([]byte("frame"))
		require.NoError(t, err)
		c.guardLocked()
		c.mu.Unlock()
		c.Close()
		c.mu.Lock()
		defer c.mu.Unlock()
		require.Nil(t, w.out)
		require.False(t, w.guard.Stop(), "it has been stopped")
	})
}

// TestHeldWhileCutting: what completions queue while a read is cut waits for the end of that.
func TestHeldWhileCutting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := quiet(t, func(cfg *Config) {
			cfg.Key = func(frame []byte) (key [32]byte, kind uint8, err error) { return [32]byte{frame[1]}, frame[0], nil }
		})
		told := 0
		for i := range byte(2) {
			_, err := c.Start([]byte{KindRequest, i}, nil, time.Time{}, completed(func() {
				told++
				require.True(t, c.cutting.Load())
				require.NoError(t, c.TryPost([]byte("more")))
				c.mu.Lock()
				defer c.mu.Unlock()
				require.False(t, c.writer.writing)
				require.Equal(t, told*6, c.writer.unwritten())
			}))
			require.NoError(t, err)
		}
		sent := make([]byte, 8)
		_, err := io.ReadFull(peers[c], sent)
		require.NoError(t, err)
		synctest.Wait()
		_, err = peers[c].Write([]byte{0, 2, KindResponse, 0, 0, 2, KindResponse, 1})
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, 2, told)
		require.False(t, c.cutting.Load())
		require.NoError(t, peers[c].SetReadDeadline(time.Now().Add(time.Microsecond)))
		n, err := peers[c].Read(make([]byte, 100))
		require.NoError(t, err)
		require.Equal(t, 12, n, "in one write")
	})
}

type completed func()

func (c completed) Complete([]byte, error) { c() }

// bothWays makes a key function for a peer that sends back what it gets: the first time that it sees a frame it is a
// request, the second time an answer.
func bothWays() KeyFunc {
	var mu sync.Mutex
	sent := map[byte]bool{}
	return func(frame []byte) (key [32]byte, kind uint8, err error) {
		mu.Lock()
		defer mu.Unlock()
		key[0] = frame[1]
		kind = KindRequest
		if sent[frame[1]] {
			kind = KindResponse
		}
		sent[frame[1]] = !sent[frame[1]]
		return key, kind, nil
	}
}

// TestPeerThatStopsReadingAfterItsClose: what it does not take within Timeout is given up.
func TestPeerThatStopsReadingAfterItsClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := quiet(t, func(cfg *Config) { cfg.Timeout, cfg.WriteTimeout = 3*time.Second, time.Hour })
		require.NoError(t, c.TryPost([]byte("nobody reads this")))
		synctest.Wait()
		start := time.Now()
		go c.peerClosed()
		<-c.Done()
		require.Equal(t, 3*time.Second, time.Since(start))
		require.ErrorIs(t, c.Err(), ErrPeerClosed)
	})
}
