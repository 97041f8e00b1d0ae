package connection_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/stretchr/testify/require"
)

// TestPlacesAreReleased: a limit of one connection for an address is reached by each that is open, and by none that was.
func TestPlacesAreReleased(t *testing.T) {
	cfg := testConfig(t)
	cfg.Handler, cfg.HandshakeTimeout = answer, 5*time.Second
	refused := make(chan error, 16)
	cfg.Hooks.Refused = func(_ net.Addr, why error) { refused <- why }
	s := &connection.Server{Config: cfg, MaxConnsPerIP: 1}
	address := startServer(t, s)
	for range 3 {
		c := dial(t, address, testConfig(t))
		_, err := c.Exchange(context.Background(), request("0800", 1, ""), nil)
		require.NoError(t, err)
		second := dial(t, address, testConfig(t))
		<-second.Done()
		require.ErrorIs(t, <-refused, connection.ErrTooManyConnsPerIP)
		c.Close()
		require.Eventually(t, func() bool { return len(s.Conns()) == 0 }, 5*time.Second, time.Millisecond)
	}
	require.Empty(t, refused)
	require.EqualValues(t, 3, s.Stats().Refused)
	require.EqualValues(t, 3, s.Stats().Accepted)
}

// TestOneConnection: a limit of one is a limit, too.
func TestOneConnection(t *testing.T) {
	cfg := testConfig(t)
	cfg.Handler = answer
	refused := make(chan error, 1)
	cfg.Hooks.Refused = func(_ net.Addr, why error) { refused <- why }
	address := startServer(t, &connection.Server{Config: cfg, MaxConns: 1})
	_, err := dial(t, address, testConfig(t)).Exchange(context.Background(), request("0800", 1, ""), nil)
	require.NoError(t, err)
	<-dial(t, address, testConfig(t)).Done()
	require.ErrorIs(t, <-refused, connection.ErrTooManyConns)
}

// TestFailedHandshakesReleaseTheirPlaces: so do those that never became connections.
func TestFailedHandshakesReleaseTheirPlaces(t *testing.T) {
	cfg := testConfig(t)
	cfg.HandshakeTimeout = 10 * time.Millisecond
	refused := make(chan error, 16)
	cfg.Hooks.Refused = func(_ net.Addr, why error) { refused <- why }
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &connection.Server{Config: cfg, MaxConns: 1, MaxConnsPerIP: 1}
	served := make(chan error, 1)
	go func() { served <- s.Serve(stuckListener{ln}) }()
	for range 3 {
		nc, err := net.Dial("tcp", ln.Addr().String())
		require.NoError(t, err)
		require.ErrorIs(t, <-refused, context.DeadlineExceeded)
		nc.Close()
	}
	require.EqualValues(t, 3, s.Stats().Refused)
	require.NoError(t, s.Close())
	require.ErrorIs(t, <-served, connection.ErrServerClosed)
}

type stuckListener struct{ net.Listener }

func (l stuckListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	return stuck{nc}, err
}

// TestIdleTimeCountsFromTheStart of the connection, not of its server.
func TestIdleTimeCountsFromTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig(t)
		cfg.IdleTimeout = time.Minute
		s, listener := &connection.Server{Config: cfg}, connectiontest.Listen()
		go s.Serve(listener)
		defer s.Close()
		time.Sleep(10 * time.Minute)
		nc, err := listener.Dial(t.Context(), "", "")
		require.NoError(t, err)
		defer nc.Close()
		time.Sleep(55 * time.Second)
		require.Len(t, s.Conns(), 1)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Empty(t, s.Conns())
	})
}
