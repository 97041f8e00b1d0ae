package connection

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// failing is a listener whose Accept returns what a script says.
type failing struct {
	accepts chan any // an error or a net.Conn
	closed  sync.Once
}

func (l *failing) Accept() (net.Conn, error) {
	switch next := (<-l.accepts).(type) {
	case net.Conn:
		return next, nil
	case error:
		return nil, next
	}
	return nil, net.ErrClosed
}

func (l *failing) Addr() net.Addr { return &net.TCPAddr{} }

func (l *failing) Close() error {
	l.closed.Do(func() { close(l.accepts) })
	return nil
}

// TestAcceptBacksOff: it tries again after 5 ms, then twice as long each time, a second at most, and from the start once
// accepting has succeeded.
func TestAcceptBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &failing{accepts: make(chan any, 20)}
		var pauses, waits []time.Duration
		last := time.Now()
		s := &Server{Config: Config{Framing: MustNewFraming(Descriptor{Width: 2})}}
		s.Config.Hooks.AcceptFailed = func(err error, retry time.Duration) {
			require.EqualError(t, err, "out of files")
			pauses = append(pauses, retry/time.Millisecond)
			waits = append(waits, time.Since(last)/time.Millisecond)
			last = time.Now()
		}
		for range 10 {
			l.accepts <- errors.New("out of files")
		}
		ours, theirs := net.Pipe()
		defer theirs.Close()
		l.accepts <- ours
		l.accepts <- errors.New("out of files")
		served := make(chan error, 1)
		go func() { served <- s.Serve(l) }()
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, []time.Duration{5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000, 5}, pauses)
		require.Equal(t, []time.Duration{0, 5, 10, 20, 40, 80, 160, 320, 640, 1000, 1000}, waits)
		require.Len(t, s.Conns(), 1)
		require.NoError(t, s.Close())
		require.Equal(t, ErrServerClosed, <-served)
		require.False(t, s.sweeper.Stop(), "nothing is left to sweep")
		require.Equal(t, ErrServerClosed, s.Serve(&failing{accepts: make(chan any)}), "a server that was closed stays so")
	})
}

// TestListenerClosedByOthers ends Serve with the error that says so, and nothing else.
func TestListenerClosedByOthers(t *testing.T) {
	l := &failing{accepts: make(chan any)}
	l.Close()
	s := &Server{Config: Config{Framing: MustNewFraming(Descriptor{Width: 2})}}
	require.Equal(t, net.ErrClosed, s.Serve(l))
	require.NoError(t, s.Close())
}

// TestAddressesLeaveNothingBehind once their last connection has ended, and one address is one however it is written.
func TestAddressesLeaveNothingBehind(t *testing.T) {
	s := &Server{MaxConnsPerIP: 5, perIP: map[netip.Addr]int{}}
	mapped := addressOf(&addressed{remote: &net.TCPAddr{IP: net.ParseIP("::ffff:192.0.2.1")}})
	require.Equal(t, netip.MustParseAddr("192.0.2.1"), mapped)
	require.Equal(t, mapped, addressOf(&addressed{remote: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1).To4()}}))
	require.Equal(t, netip.Addr{}, addressOf(&addressed{remote: &net.UnixAddr{}}))
	s.perIP[mapped] = 2
	s.release(mapped)
	require.Equal(t, 1, s.perIP[mapped])
	s.release(mapped)
	require.Empty(t, s.perIP)
	(&Server{}).release(mapped)
}

type addressed struct {
	net.Conn
	remote net.Addr
}

func (a *addressed) RemoteAddr() net.Addr { return a.remote }

// TestBacklogIsExact: Workers frames are handled, Backlog frames wait, and one more was read and has no room.
func TestBacklogIsExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		c := quiet(t, func(cfg *Config) {
			cfg.Key, cfg.Workers, cfg.Backlog = nil, 2, 3
			cfg.Handler = func(*Conn, []byte, []byte) ([]byte, error) {
				<-release
				return nil, nil
			}
		})
		go func() {
			for range 10 {
				peers[c].Write([]byte{0, 1, 'A'})
			}
		}()
		synctest.Wait()
		require.Equal(t, 5, c.Stats().Handling)
		require.EqualValues(t, 5, c.Stats().Inbound)
		release <- struct{}{}
		synctest.Wait()
		require.Equal(t, 5, c.Stats().Handling, "there was room for one more")
		require.EqualValues(t, 6, c.Stats().Inbound)
		close(release)
		synctest.Wait()
		require.Zero(t, c.Stats().Handling)
		require.EqualValues(t, 10, c.Stats().Inbound)
		require.EqualValues(t, 10, c.Stats().FramesReceived)
		c.mu.Lock()
		require.Zero(t, c.inbox.workers, "they end when there is nothing to do")
		require.False(t, c.inbox.workerDue)
		c.mu.Unlock()
	})
}

// TestRoomAppearsMeanwhile: an answer for which there was no room a moment ago does not wait when there is.
func TestRoomAppearsMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := quiet(t, func(*Config) {})
		start := time.Now()
		require.NoError(t, c.waitToAnswer([]byte("answer")))
		require.Zero(t, time.Since(start))
		c.Close()
		require.Equal(t, ErrClosed, c.waitToAnswer([]byte("answer")))
	})
}

// TestAnswersQueueUp behind those that wait for room, be it one.
func TestAnswersQueueUp(t *testing.T) {
	c := quiet(t, func(*Config) {})
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.requestsLocked()
	r.posts.pushBack(&call{op: opPost})
	require.Equal(t, ErrBusy, c.queueAnswerLocked([]byte("answer")))
	require.NoError(t, c.queueAnswerLocked(nil), "nothing is to be sent")
	r.posts.pop()
	require.NoError(t, c.queueAnswerLocked([]byte("answer")))
	require.Positive(t, c.writer.unwritten())
}

// TestWritesAreHeldWhileThereIsRoom: a frame for a handler ends that only where the reader has to wait.
func TestWritesAreHeldWhileThereIsRoom(t *testing.T) {
	release := make(chan struct{})
	cfg := Config{Framing: MustNewFraming(Descriptor{Width: 2}), Workers: 1, Backlog: 1, Order: OrderConn}
	cfg.Handler = func(*Conn, []byte, []byte) ([]byte, error) { <-release; return nil, nil }
	settings, err := cfg.withDefaults()
	require.NoError(t, err)
	c := &Conn{cfg: settings}
	c.cutting.Store(true)
	c.handle([]byte("is handled"))
	require.Eventually(t, func() bool { return c.inboxSize() == [2]int{0, 1} }, 5*time.Second, time.Millisecond)
	c.handle([]byte("has room"))
	require.True(t, c.cutting.Load())
	done := make(chan struct{})
	go func() {
		c.handle([]byte("has none"))
		close(done)
	}()
	require.Eventually(t, func() bool { return !c.cutting.Load() }, 5*time.Second, time.Millisecond)
	require.Equal(t, [2]int{1, 1}, c.inboxSize())
	close(release)
	<-done
}

// inboxSize returns how many frames wait for a handler and how many are being handled.
func (c *Conn) inboxSize() [2]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return [2]int{c.inbox.waiting, c.inbox.active}
}

// TestShutdownLingers a second for a peer that does not close its direction, and no longer than its context.
func TestShutdownLingers(t *testing.T) {
	for timeout, want := range map[time.Duration]time.Duration{time.Hour: time.Second, 300 * time.Millisecond: 300 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			defer theirs.Close()
			c, err := NewConn(halfClosing{ours}, Config{Framing: MustNewFraming(Descriptor{Width: 2})})
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			start := time.Now()
			require.NoError(t, c.Shutdown(ctx))
			require.Equal(t, want, time.Since(start))
			require.ErrorIs(t, c.Err(), ErrClosed)
			require.NoError(t, c.Shutdown(t.Context()), "again")
		})
	}
}

type halfClosing struct{ net.Conn }

func (halfClosing) CloseWrite() error { return nil }
