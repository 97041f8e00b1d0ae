package connection

import (
	"net"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestSweepEvery: often enough for IdleTimeout, and for memory that is to be given back.
func TestSweepEvery(t *testing.T) {
	for idle, want := range map[time.Duration]time.Duration{
		1: 10 * time.Millisecond, 0: 2 * time.Second, time.Hour: 2 * time.Second, 4 * time.Second: time.Second, time.Millisecond: 10 * time.Millisecond,
	} {
		s := &Server{cfg: &settings{Config: Config{IdleTimeout: idle}}}
		require.Equal(t, want, s.sweepEvery())
	}
}

// TestIdleWhileHandling: a handler at work keeps the connection, and soon after it has ended the connection does.
func TestIdleWhileHandling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := quiet(t, func(cfg *Config) {
			cfg.IdleTimeout, cfg.Key = 4*time.Second, nil
			cfg.Handler = func(_ *Conn, _, reply []byte) ([]byte, error) {
				time.Sleep(9500 * time.Millisecond)
				return reply, nil
			}
		})
		start := time.Now()
		_, err := peers[c].Write([]byte{0, 1, 'A'})
		require.NoError(t, err)
		<-c.Done()
		require.ErrorIs(t, c.Err(), ErrIdle)
		require.Equal(t, 10*time.Second, time.Since(start), "it looks again every quarter of IdleTimeout")
	})
}

// TestIdle counts from what was read last, and from the start before that.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := quiet(t, func(*Config) {})
		time.Sleep(2 * time.Second)
		require.Equal(t, 2*time.Second, c.Idle())
		_, err := peers[c].Write([]byte{0, 0})
		require.NoError(t, err)
		synctest.Wait()
		require.Zero(t, c.Idle())
		time.Sleep(3 * time.Second)
		require.Equal(t, 3*time.Second, c.Idle())
	})
}

// TestOneByteIsAFrameBegun: the rest of it must come in time like the rest of any other.
func TestOneByteIsAFrameBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := quiet(t, func(cfg *Config) { cfg.FrameTimeout = 3 * time.Second })
		start := time.Now()
		_, err := peers[c].Write([]byte{0})
		require.NoError(t, err)
		<-c.Done()
		require.ErrorIs(t, c.Err(), ErrHalfFrame)
		require.Equal(t, 3*time.Second, time.Since(start))
	})
}

// TestSlimming: what an idle connection of a server no longer needs is given back, and nothing that is needed.
func TestSlimming(t *testing.T) {
	grown := func() *Conn {
		c := &Conn{cfg: &settings{base: time.Now().Add(-time.Hour)}, nc: &net.TCPConn{}, raw: &rawReader{}, worked: true}
		c.lastRead = c.now() - slimAfter
		r := c.requestsLocked()
		r.spare.recycle(&call{})
		r.spare.giveBack(&call{})
		key := [32]byte{1}
		r.table.put(r.table.find(&key), &key, entry{tomb: 1})
		r.table.remove(&key)
		c.writer, c.inbox = &writer{}, &inbox{}
		return c
	}
	c := grown()
	c.slimIfIdle()
	require.Nil(t, c.writer)
	require.Nil(t, c.inbox)
	require.Equal(t, &requests{c: c}, c.requests)
	require.True(t, c.slimming, "the reader starts over")
	require.False(t, c.worked)

	for name, change := range map[string]func(c *Conn){
		"wrapped":       func(c *Conn) { c.raw = nil },
		"slim already":  func(c *Conn) { c.worked = false },
		"read just now": func(c *Conn) { c.lastRead = c.now() - slimAfter + time.Second },
		"in flight":     func(c *Conn) { c.load.Store(1) },
		"ended":         func(c *Conn) { c.ended = true },
	} {
		c := grown()
		change(c)
		c.slimIfIdle()
		require.NotNil(t, c.writer, name)
		require.NotNil(t, c.inbox, name)
		require.NotZero(t, c.requests.spare.started.n, name)
		require.False(t, c.slimming, name)
	}
	c = grown()
	key := [32]byte{1}
	c.requests.table.put(c.requests.table.find(&key), &key, entry{tomb: 1})
	c.writer.corked, c.inbox.workers = 1, 1
	c.slimIfIdle()
	require.Equal(t, uint64(1), c.requests.table.get(&key).tomb, "a late answer is still known as such")
	require.NotNil(t, c.writer)
	require.NotNil(t, c.inbox)
}

// TestStatsAdd: every counter is added to its own.
func TestStatsAdd(t *testing.T) {
	var sum, add Stats
	for i := range reflect.TypeFor[Stats]().NumField() {
		for of, to := range map[*Stats]int{&sum: 1000 * (i + 1), &add: i + 1} {
			field := reflect.ValueOf(of).Elem().Field(i)
			if field.CanUint() {
				field.SetUint(uint64(to))
			} else {
				field.SetInt(int64(to))
			}
		}
	}
	sum.Add(add)
	for i := range reflect.TypeFor[Stats]().NumField() {
		require.EqualValues(t, 1001*(i+1), reflect.ValueOf(sum).Field(i).Interface(), reflect.TypeFor[Stats]().Field(i).Name)
	}
}

// TestPlacesOnTheList: whoever leaves the list of a server, all others stay on it and know their places.
func TestPlacesOnTheList(t *testing.T) {
	for out := range 3 {
		s := new(Server)
		var all []*Conn
		for i := range 3 {
			c := &Conn{lastRead: time.Duration(i)}
			all = append(all, c)
			s.addLocked(c)
		}
		s.removeLocked(all[out])
		require.Len(t, s.conns, 2)
		require.NotContains(t, s.all(), all[out])
		for i, c := range s.conns {
			require.Equal(t, i, c.place)
		}
		s.removeLocked(s.conns[0])
		s.removeLocked(s.conns[0])
		require.Empty(t, s.conns)
		require.Nil(t, s.conns[:1][0], "its memory is free")
	}
}
