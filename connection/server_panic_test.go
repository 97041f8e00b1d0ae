package connection

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type crashingHandshake struct{ net.Conn }

func (crashingHandshake) HandshakeContext(context.Context) error { panic("a certificate callback") }

// TestServerOutlivesPanics of hooks that belong to no connection yet, and of handshakes.
func TestServerOutlivesPanics(t *testing.T) {
	var panics atomic.Int32
	s := &Server{MaxConnsPerIP: 1, Config: Config{Framing: MustNewFraming(Descriptor{Width: 2}), Hooks: Hooks{
		Refused:      func(net.Addr, error) { panic("refused") },
		AcceptFailed: func(error, time.Duration) { panic("accept failed") },
		Panicked:     func(c *Conn, _ Panic) { <-c.Done(); panics.Add(1) },
	}}}
	l := &failing{accepts: make(chan any, 4)}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	l.accepts <- errors.New("out of files")
	ours, theirs := net.Pipe()
	l.accepts <- crashingHandshake{ours}
	_, err := theirs.Read(make([]byte, 1))
	require.Error(t, err, "its connection is closed")
	require.Eventually(t, func() bool { return panics.Load() == 3 }, 10*time.Second, time.Millisecond,
		"accept failed, the handshake, and the hook told of it")
	require.EqualValues(t, 1, s.Stats().Refused)
	first, other := net.Pipe()
	defer other.Close()
	l.accepts <- first
	require.Eventually(t, func() bool { return len(s.Conns()) == 1 }, 10*time.Second, time.Millisecond, "its place is free")
	require.NoError(t, s.Close())
	require.Equal(t, ErrServerClosed, <-served)
}

// crashingListener panics when it is told to, and when it is closed.
type crashingListener struct{ *failing }

func (l crashingListener) Accept() (net.Conn, error) {
	nc, err := l.failing.Accept()
	if err != nil && err.Error() == "panic" {
		panic(err)
	}
	return nc, err
}

func (l crashingListener) Close() error { l.failing.Close(); panic("close") }

// crashingSocket panics where it is told to.
type crashingSocket struct {
	net.Conn
	where string
}

func (s crashingSocket) at(place string) {
	if s.where == place {
		panic(place)
	}
}

func (s crashingSocket) RemoteAddr() net.Addr { s.at("RemoteAddr"); return s.Conn.RemoteAddr() }

func (s crashingSocket) Close() error { s.Conn.Close(); s.at("Close"); return nil }

func (s crashingSocket) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	s.at("Read")
	if s.where == "too much" {
		n = len(b) + 1
	}
	return n, err
}

func (s crashingSocket) Write(b []byte) (int, error) {
	n, err := s.Conn.Write(b)
	s.at("Write")
	return n, err
}

func (s crashingSocket) SetReadDeadline(t time.Time) error {
	s.at("SetReadDeadline")
	return s.Conn.SetReadDeadline(t)
}

func (s crashingSocket) SetWriteDeadline(t time.Time) error {
	s.at("SetWriteDeadline")
	return s.Conn.SetWriteDeadline(t)
}

// TestServerOutlivesSocketsThatPanic and listeners: each costs what it was called for, and its place is free again.
func TestServerOutlivesSocketsThatPanic(t *testing.T) {
	told := make(chan Panic, 10)
	s := &Server{MaxConns: 1, MaxConnsPerIP: 1, Config: Config{
		Framing: MustNewFraming(Descriptor{Width: 2}), Hooks: Hooks{Panicked: func(_ *Conn, p Panic) { told <- p }},
		Handler: func(_ *Conn, frame, reply []byte) ([]byte, error) { return append(reply, frame...), nil },
	}}
	l := crashingListener{&failing{accepts: make(chan any, 4)}}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	l.accepts <- errors.New("panic")
	require.Contains(t, string((<-told).Stack), "crashingListener")
	for _, where := range []string{"RemoteAddr", "Read", "Write", "Close", "too much", "SetReadDeadline", "SetWriteDeadline", "nowhere"} {
		ours, theirs := net.Pipe()
		l.accepts <- crashingSocket{ours, where}
		for _, b := range []byte{0, 1, 'A'} { // half a frame has a deadline
			theirs.Write([]byte{b})
		}
		answer := make([]byte, 3)
		n, err := io.ReadFull(theirs, answer)
		if where == "Read" || where == "too much" || where == "SetWriteDeadline" {
			require.Error(t, err)
		} else {
			require.Equal(t, []byte{0, 1, 'A'}, answer[:n], where)
		}
		theirs.Close()
		if where != "nowhere" && where != "SetReadDeadline" {
			require.Contains(t, string((<-told).Stack), "connection.", where)
		}
		require.Eventually(t, func() bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			return len(s.conns)+len(s.perIP)+len(s.from) == 0
		}, 10*time.Second, time.Millisecond, where)
	}
	require.Zero(t, s.Stats().Refused)
	require.NoError(t, s.Close())
	require.Equal(t, ErrServerClosed, <-served)
	require.Eventually(t, func() bool { return len(told) == 2 }, 10*time.Second, time.Millisecond, "both closings of the listener")
}

// TestAddressThatChanges: a socket counts for the address that it had when it was accepted, though it tells another one
// once it has read who stands behind a proxy.
func TestAddressThatChanges(t *testing.T) {
	s := &Server{MaxConnsPerIP: 1, Config: Config{Framing: MustNewFraming(Descriptor{Width: 2})}}
	l := &failing{accepts: make(chan any, 4)}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	ours, theirs := net.Pipe()
	socket := &addressed{Conn: ours, remote: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}}
	l.accepts <- socket
	require.Eventually(t, func() bool { return len(s.Conns()) == 1 }, 10*time.Second, time.Millisecond)
	socket.remote = &net.TCPAddr{IP: net.IPv4(192, 0, 2, 2)}
	theirs.Close()
	require.Eventually(t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.conns)+len(s.perIP)+len(s.from) == 0
	}, 10*time.Second, time.Millisecond)
	require.NoError(t, s.Close())
	require.Equal(t, ErrServerClosed, <-served)
}
