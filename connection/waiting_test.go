package connection

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// quiet returns a connection over a pipe on whose other end nobody reads.
func quiet(t *testing.T, change func(cfg *Config)) *Conn {
	cfg := Config{Framing: MustNewFraming(Descriptor{Width: 2}), Key: func(frame []byte) (key [32]byte, kind uint8, err error) {
		copy(key[:], frame)
		return key, KindRequest, nil
	}}
	change(&cfg)
	ours, theirs := net.Pipe()
	t.Cleanup(func() { theirs.Close() })
	c, err := NewConn(ours, cfg)
	require.NoError(t, err)
	peers[c] = theirs
	t.Cleanup(func() {
		c.Close()
		delete(peers, c)
	})
	return c
}

// peers are the other ends of the connections that quiet made.
var peers = map[*Conn]net.Conn{}

// TestKeysNobodyWaitsFor leave nothing behind, whatever became of those who waited.
func TestKeysNobodyWaitsFor(t *testing.T) {
	c := quiet(t, func(cfg *Config) { cfg.Duplicates = ContentionWait })
	var all []Pending
	for range 3 {
		p, err := c.Start([]byte("same"), nil, time.Time{}, nobody{})
		require.NoError(t, err)
		all = append(all, p)
	}
	waiting := func() (lists int) {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.requests.keyed)
	}
	require.Equal(t, 1, waiting())
	require.True(t, all[2].Cancel(nil))
	require.Equal(t, 1, waiting())
	require.True(t, all[1].Cancel(nil))
	require.Zero(t, waiting())
	require.Equal(t, 1, c.InFlight())
}

type nobody struct{}

func (nobody) Complete([]byte, error) {}

// TestEventsLookAtTheFirstOnly: however many requests wait for their turn, an event looks at the one that is next. The
// others are made so that a look at them panics.
func TestEventsLookAtTheFirstOnly(t *testing.T) {
	c := quiet(t, func(cfg *Config) { cfg.MaxInFlight = 1 })
	for _, frame := range []string{"in flight", "next", "behind it"} {
		_, err := c.Start([]byte(frame), nil, time.Time{}, nobody{})
		require.NoError(t, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.requests
	require.Equal(t, 2, r.turns.n)
	last := r.turns.last
	last.list = nil
	r.freed()
	r.keyFreed([32]byte{1})
	last.list = &r.turns
	require.Equal(t, 2, r.turns.n)
}

// TestOthersForTheKeyNeedNotTry: while a request with their key is in flight, or may still be answered, those who wait for
// it are not looked at, whatever happens to the key or to one of them. The last one here could start if it were.
func TestOthersForTheKeyNeedNotTry(t *testing.T) {
	for _, tombstone := range []bool{false, true} {
		c := quiet(t, func(cfg *Config) { cfg.Duplicates = ContentionWait })
		var all []Pending
		for range 4 {
			p, err := c.Start([]byte("same"), nil, time.Time{}, nobody{})
			require.NoError(t, err)
			all = append(all, p)
		}
		inFlight := 1
		if tombstone {
			require.Eventually(t, func() bool { return c.Stats().Writes > 0 }, 5*time.Second, time.Millisecond)
			require.True(t, all[0].Cancel(nil))
			inFlight = 0
		}
		c.mu.Lock()
		var same [32]byte
		copy(same[:], "same")
		last := c.requests.keyed[same].fresh.last
		last.key = [32]byte{'f', 'r', 'e', 'e'}
		c.requests.keyFreed(same)
		require.True(t, c.requests.abandon(all[1].ca, ErrTimeout))
		last.key = same
		require.Equal(t, inFlight, c.requests.inFlight)
		require.Equal(t, 2, c.requests.keyed[same].fresh.n)
		c.mu.Unlock()
	}
}

// TestWhoIsNextForAKey: the oldest of those who may start; over a tombstone that is a repeat.
func TestWhoIsNextForAKey(t *testing.T) {
	key := [32]byte{1}
	for _, c := range []struct {
		has  entry
		next []uint64
	}{{entry{}, []uint64{0, 1, 2, 3}}, {entry{tomb: 1}, []uint64{1, 3}}, {entry{call: new(call)}, nil}} {
		r := &requests{}
		require.Nil(t, r.nextFor(&key))
		for id, repeat := range []bool{false, true, false, true} {
			r.waitForKey(&call{id: uint64(id), key: key, repeat: repeat})
		}
		r.table.put(r.table.find(&key), &key, c.has)
		var next []uint64
		for ca := r.nextFor(&key); ca != nil; ca = r.nextFor(&key) {
			next = append(next, ca.id)
			r.leave(ca)
		}
		require.Equal(t, c.next, next)
		require.Equal(t, c.has != entry{}, r.keyed[key] != nil)
	}
}

// TestNoSweepForTombstones that nobody waits for.
func TestNoSweepForTombstones(t *testing.T) {
	for _, waits := range []bool{false, true} {
		c := quiet(t, func(cfg *Config) {
			cfg.Duplicates, cfg.LateWindow, cfg.Timeout = ContentionWait, time.Minute, time.Hour
		})
		p, err := c.Start([]byte("same"), nil, time.Time{}, nobody{})
		require.NoError(t, err)
		if waits {
			_, err = c.Start([]byte("same"), nil, time.Time{}, nobody{})
			require.NoError(t, err)
		}
		require.Eventually(t, func() bool { return c.Stats().Writes > 0 }, 5*time.Second, time.Millisecond)
		require.True(t, p.Cancel(nil))
		c.mu.Lock()
		require.Len(t, c.requests.tombs, 1)
		require.Equal(t, waits, c.requests.sweepAt < 30*time.Minute)
		c.mu.Unlock()
	}
}

// TestSweepsPause: the next sweep is a while away however close the next deadline is, the longer the more calls there are.
func TestSweepsPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := quiet(t, func(cfg *Config) { cfg.MaxQueued = 1 })
		start := time.Now()
		const calls = 5000
		for i := range calls {
			_, err := c.Start([]byte{byte(i), byte(i >> 8)}, nil, start.Add(time.Second+time.Duration(i)*time.Microsecond), nobody{})
			require.NoError(t, err)
		}
		go c.Post(t.Context(), []byte("no request"))
		time.Sleep(time.Second)
		synctest.Wait()
		c.mu.Lock()
		defer c.mu.Unlock()
		require.Equal(t, calls-1, int(c.load.Load()), "one ended")
		require.Equal(t, time.Second+time.Millisecond+calls*200*time.Nanosecond, c.requests.sweepAt)
	})
}

// TestNoSweepForTurns: who waits for a turn is looked for at the end of its time, not again and again before.
func TestNoSweepForTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := quiet(t, func(cfg *Config) { cfg.MaxInFlight = 1 })
		start := time.Now()
		for i, after := range []time.Duration{time.Hour, time.Minute, time.Second} {
			_, err := c.Start([]byte{byte(i)}, nil, start.Add(after), nobody{})
			require.NoError(t, err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		c.mu.Lock()
		defer c.mu.Unlock()
		require.Equal(t, 1, c.requests.waiting())
		require.Equal(t, time.Minute, c.requests.sweepAt)
	})
}

// TestRefusedCallsAreUsedAgain: what a refused request costs is its error.
func TestRefusedCallsAreUsedAgain(t *testing.T) {
	c := quiet(t, func(cfg *Config) { cfg.MaxInFlight, cfg.Busy = 1, ContentionFail })
	_, err := c.Start([]byte("in flight"), nil, time.Time{}, nobody{})
	require.NoError(t, err)
	frame := []byte("refused")
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		if _, err := c.Exchange(context.Background(), frame, nil); !errors.Is(err, ErrBusy) {
			panic(err)
		}
	}), 2.0)
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		if _, err := c.Start(frame, nil, time.Time{}, nobody{}); !errors.Is(err, ErrBusy) {
			panic(err)
		}
	}), 2.0)
	require.EqualValues(t, 202, c.Stats().Busy)
}

// TestWriteErrorEndsThePostsThatWait at once, although the connection goes on to read what has arrived.
func TestWriteErrorEndsThePostsThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := quiet(t, func(cfg *Config) { cfg.MaxQueued = 100 })
		require.NoError(t, c.Post(t.Context(), make([]byte, 90)))
		waits := make(chan error, 1)
		go func() { waits <- c.Post(t.Context(), make([]byte, 90)) }()
		synctest.Wait()
		require.Empty(t, waits)
		began := time.Now()
		c.mu.Lock()
		c.writeFailedLocked(0, errors.New("cable cut"))
		c.mu.Unlock()
		require.ErrorContains(t, <-waits, "cable cut")
		require.Zero(t, time.Since(began))
	})
}
