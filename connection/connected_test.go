package connection_test

import (
	"context"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/stretchr/testify/require"
)

// lines is a program that keeps its connections by what the hooks tell.
type lines struct {
	mu   sync.Mutex
	told []string
}

func (l *lines) tell(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.told = append(l.told, what)
}

func (l *lines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.told)
}

// hooks tell; a connection comes to its end while Connected runs if it is slow.
func (l *lines) hooks(slow bool) connection.Hooks {
	return connection.Hooks{
		Connected: func(c *connection.Conn) {
			l.tell("connecting")
			if slow {
				<-c.Done()
				time.Sleep(time.Second)
			}
			l.tell("connected")
		},
		Closed:  func(_ *connection.Conn, err error) { l.tell("closed: " + err.Error()) },
		Refused: func(_ net.Addr, why error) { l.tell("refused: " + why.Error()) },
	}
}

// endsMeanwhile is a SignOn that is good, on a connection that ends before it returns.
func endsMeanwhile(_ context.Context, c *connection.Conn) error {
	<-c.Done()
	return nil
}

// TestEndedBeforeItWasReady: a connection that ends while it signs on is handed to nobody.
func TestEndedBeforeItWasReady(t *testing.T) {
	for name, start := range map[string]func(cfg connection.Config) error{
		"Dial": func(cfg connection.Config) error {
			cfg.Dialer = connectiontest.Dialer(cfg.Framing, func(p *connectiontest.Peer) { p.Close() })
			_, err := connection.Dial(context.Background(), "memory", "peer", cfg)
			return err
		},
		"NewConn": func(cfg connection.Config) error {
			ours, theirs := connectiontest.Pipe()
			theirs.Close()
			_, err := connection.NewConn(ours, cfg)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, cfg := new(lines), testConfig(t)
				cfg.SignOn, cfg.Hooks = endsMeanwhile, l.hooks(false)
				err := start(cfg)
				require.ErrorIs(t, err, connection.ErrPeerClosed)
				require.True(t, connection.SafeToRetry(err))
				synctest.Wait()
				require.Equal(t, []string{"closed: connection closed by the peer"}, l.all())
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		l, listener := new(lines), connectiontest.Listen()
		s := &connection.Server{Config: testConfig(t)}
		s.Config.SignOn, s.Config.Hooks = endsMeanwhile, l.hooks(false)
		go s.Serve(listener)
		defer s.Close()
		nc, err := listener.Dial(t.Context(), "", "")
		require.NoError(t, err)
		nc.Close()
		synctest.Wait()
		require.Equal(t, []string{"closed: connection closed by the peer", "refused: connection closed by the peer"}, l.all())
		require.EqualValues(t, 1, s.Stats().Refused)
		require.Empty(t, s.Conns())
	})
}

// TestClosedComesAfterConnected: an end while the hook runs is told when it has returned, once.
func TestClosedComesAfterConnected(t *testing.T) {
	want := []string{"connecting", "connected", "closed: connection closed by the peer"}
	signOn := func(_ context.Context, c *connection.Conn) error {
		return c.Post(context.Background(), request("0800", 1, "")) // the peer closes when it has it
	}
	closes := func(p *connectiontest.Peer) { p.Receive(); p.Close() }
	synctest.Test(t, func(t *testing.T) {
		l, cfg := new(lines), testConfig(t)
		cfg.SignOn, cfg.Hooks = signOn, l.hooks(true)
		cfg.Dialer = connectiontest.Dialer(cfg.Framing, closes)
		c, err := connection.Dial(t.Context(), "memory", "peer", cfg)
		require.NoError(t, err)
		require.ErrorIs(t, c.Err(), connection.ErrPeerClosed)
		require.Equal(t, want, l.all())
	})
	synctest.Test(t, func(t *testing.T) {
		l, listener := new(lines), connectiontest.Listen()
		s := &connection.Server{Config: testConfig(t)}
		s.Config.SignOn, s.Config.Hooks = signOn, l.hooks(true)
		go s.Serve(listener)
		defer s.Close()
		nc, err := listener.Dial(t.Context(), "", "")
		require.NoError(t, err)
		go closes(connectiontest.NewPeer(nc, s.Config.Framing))
		time.Sleep(time.Minute)
		require.Equal(t, want, l.all())
		require.NoError(t, s.Shutdown(t.Context()), "the server knows of the end")
	})
}

// TestClosedInConnected: a hook that closes the connection has returned before the other is called.
func TestClosedInConnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, cfg := new(lines), testConfig(t)
		cfg.Hooks = l.hooks(false).With(connection.Hooks{Connected: func(c *connection.Conn) { c.Close(); l.tell("has closed it") }})
		cfg.Dialer = connectiontest.Dialer(cfg.Framing, silent)
		c, err := connection.Dial(t.Context(), "memory", "peer", cfg)
		require.NoError(t, err)
		<-c.Done()
		synctest.Wait()
		require.Equal(t, []string{"connecting", "connected", "has closed it", "closed: connection closed by this side"}, l.all())
	})
}
