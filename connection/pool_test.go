package connection_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/stretchr/testify/require"
)

// What a pool needs of its connections: when they take no more, how busy they are, that they have signed on.

// TestClosing: the signal comes when no new request is taken, although the connection lives on.
func TestClosing(t *testing.T) {
	for name, c := range map[string]struct {
		peer func(p *connectiontest.Peer)
		stop func(c *connection.Conn)
		want error
	}{
		"shutdown":   {silent, func(c *connection.Conn) { go c.Shutdown(context.Background()) }, connection.ErrDraining},
		"half close": {func(p *connectiontest.Peer) { p.Receive(); p.CloseWrite(); silent(p) }, func(c *connection.Conn) {}, connection.ErrPeerClosed},
		"close":      {silent, func(c *connection.Conn) { c.Close() }, connection.ErrClosed},
		"reset":      {func(p *connectiontest.Peer) { p.Receive(); p.Conn.(*connectiontest.Stream).Reset() }, func(c *connection.Conn) {}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(t)
			cfg.Handler = func(c *connection.Conn, frame, reply []byte) ([]byte, error) {
				time.Sleep(time.Second) // keeps the connection open
				return nil, nil
			}
			play(t, cfg, func(p *connectiontest.Peer) { p.Send(request("0800", 1, "")); c.peer(p) }, func(t *testing.T, conn *connection.Conn) {
				early := conn.Closing()
				synctest.Wait()
				select {
				case <-early:
					t.Fatal("requests are taken")
				default:
				}
				go conn.Exchange(t.Context(), request("0200", 1, ""), nil)
				synctest.Wait()
				c.stop(conn)
				<-early
				<-conn.Closing()
				_, err := conn.Exchange(t.Context(), request("0200", 2, ""), nil)
				require.True(t, connection.SafeToRetry(err))
				if c.want != nil {
					require.ErrorIs(t, err, c.want)
				}
				if c.want == connection.ErrDraining || c.want == connection.ErrPeerClosed {
					require.NoError(t, conn.Err(), "it lives on")
				}
			})
		})
	}
}

// TestClosingAfterAFailedWrite: the connection still delivers what arrived, and takes nothing new.
func TestClosingAfterAFailedWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, _ := connectiontest.Pipe()
		c, err := connection.NewConn(connectiontest.Inject(client, connectiontest.Faults{FailWriteAfter: 1}), testConfig(t))
		require.NoError(t, err)
		defer c.Close()
		require.NoError(t, c.TryPost(request("0820", 1, "")))
		start := time.Now()
		<-c.Closing()
		require.NoError(t, c.Err())
		<-c.Done()
		require.Equal(t, time.Second, time.Since(start))
	})
}

// TestZeroConnHasEnded: all that can be asked of it says so.
func TestZeroConnHasEnded(t *testing.T) {
	var c connection.Conn
	<-c.Done()
	<-c.Closing()
	require.ErrorIs(t, c.Context().Err(), context.Canceled)
	require.ErrorIs(t, c.Err(), connection.ErrClosed)
	require.Nil(t, c.LocalAddr())
	require.Nil(t, c.RemoteAddr())
	require.Nil(t, c.NetConn())
	require.Zero(t, c.Stats())
	require.Zero(t, c.InFlight())
}

func TestInFlight(t *testing.T) {
	cfg := testConfig(t)
	cfg.MaxInFlight = 2
	play(t, cfg, afterASecond(silent), func(t *testing.T, c *connection.Conn) {
		for i := range 3 {
			go c.Exchange(t.Context(), request("0200", i, ""), nil)
		}
		synctest.Wait()
		require.Equal(t, 3, c.InFlight(), "two in flight, one waits")
		require.NoError(t, c.Post(t.Context(), request("0820", 1, "")))
		require.Equal(t, 3, c.InFlight(), "what expects no answer does not count")
		time.Sleep(time.Second + time.Millisecond)
		require.Equal(t, 2, c.InFlight())
		time.Sleep(4 * time.Second)
		require.Zero(t, c.InFlight())
	})
}

// signOn exchanges an 0800 and keeps what the host says.
func signOn(ctx context.Context, c *connection.Conn) error {
	reply, err := c.Exchange(ctx, request("0800", 7, ""), nil)
	if err == nil && strings.HasSuffix(string(reply), "refused") {
		err = errors.New("host refused")
	}
	c.SetTag(string(reply))
	return err
}

// TestSignOn: a dialed connection is handed out, and told to the hook, once it has signed on.
func TestSignOn(t *testing.T) {
	cfg := testConfig(t)
	cfg.SignOn = signOn
	cfg.Handler = answer // the host may ask something meanwhile
	cfg.Hooks.Connected = func(c *connection.Conn) { require.NotNil(t, c.Tag()) }
	play(t, cfg, func(p *connectiontest.Peer) {
		p.Send(request("0820", 1, ""))
		first, _ := p.Receive()
		second, _ := p.Receive()
		if string(first[:4]) == "0830" {
			first, second = second, first
		}
		p.Send(append(answerTo(first), "keys"...))
		silent(p)
	}, func(t *testing.T, c *connection.Conn) {
		require.Equal(t, "0810000007keys", c.Tag())
		require.EqualValues(t, 1, c.Stats().Inbound)
	})
}

func TestSignOnFails(t *testing.T) {
	for name, c := range map[string]struct {
		peer func(p *connectiontest.Peer)
		want string
		took time.Duration
	}{
		"refused":   {func(p *connectiontest.Peer) { p.Receive(); p.Send(request("0810", 7, "refused")); silent(p) }, "host refused", 0},
		"no answer": {silent, "no answer in time", 3 * time.Second},
		"closed":    {func(p *connectiontest.Peer) { p.Receive() }, "closed by the peer", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg := testConfig(t)
				cfg.SignOn, cfg.HandshakeTimeout = signOn, 3*time.Second
				cfg.Dialer = connectiontest.Dialer(cfg.Framing, c.peer)
				var tried *connection.Conn
				cfg.SignOn = func(ctx context.Context, c *connection.Conn) error { tried = c; return signOn(ctx, c) }
				cfg.Hooks.Connected = func(*connection.Conn) { t.Error("told as connected") }
				start := time.Now()
				_, err := connection.Dial(t.Context(), "memory", "host", cfg)
				require.ErrorContains(t, err, c.want)
				require.True(t, connection.SafeToRetry(err))
				require.Equal(t, c.took, time.Since(start))
				<-tried.Done()
				if name != "closed" {
					require.ErrorIs(t, tried.Err(), connection.ErrSignOn)
				}
			})
		})
	}
	cfg := testConfig(t)
	cfg.SignOn = func(context.Context, *connection.Conn) error { panic("x") }
	client, _ := connectiontest.Pipe()
	_, err := connection.NewConn(client, cfg)
	require.ErrorIs(t, err, connection.ErrPanicked)
	require.True(t, connection.SafeToRetry(err))
}

// TestServerHandsOverIdentifiedConnections: a connection that was accepted is listed, and told, once it has signed on.
func TestServerHandsOverIdentifiedConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := testConfig(t)
		cfg.SignOn, cfg.HandshakeTimeout = signOn, 3*time.Second
		handed := make(chan *connection.Conn, 2)
		cfg.Hooks.Connected = func(c *connection.Conn) { handed <- c }
		refused := make(chan error, 2)
		cfg.Hooks.Refused = func(_ net.Addr, why error) { refused <- why }
		s, listener := &connection.Server{Config: cfg, MaxConns: 2}, connectiontest.Listen()
		go s.Serve(listener)
		defer s.Close()
		dialPeer := func() *connectiontest.Peer {
			nc, err := listener.Dial(t.Context(), "", "")
			require.NoError(t, err)
			return connectiontest.NewPeer(nc, cfg.Framing)
		}
		good, bad := dialPeer(), dialPeer()
		frame, err := good.Receive()
		require.NoError(t, err)
		synctest.Wait()
		require.Empty(t, s.Conns(), "nobody has signed on yet")
		require.Zero(t, s.Stats().Open)
		third := dialPeer()
		_, err = third.Receive()
		require.Error(t, err, "but both have their places")
		require.ErrorIs(t, <-refused, connection.ErrTooManyConns)

		require.NoError(t, good.Send(append(answerTo(frame), "line 1"...)))
		c := <-handed
		require.Equal(t, "0810000007line 1", c.Tag())
		require.Equal(t, []*connection.Conn{c}, s.Conns())
		silent(bad)
		require.ErrorIs(t, <-refused, connection.ErrTimeout)
		require.EqualValues(t, 2, s.Stats().Refused)
		require.Equal(t, 1, s.Stats().Open)

		pending := async(c, request("0200", 1, ""))
		frame, err = good.Receive()
		require.NoError(t, err)
		require.NoError(t, good.Send(answerTo(frame)))
		_, err = pending()
		require.NoError(t, err)
		require.Empty(t, handed)

		slow := dialPeer()
		_, err = slow.Receive()
		require.NoError(t, err)
		require.NoError(t, s.Close())
		_, err = slow.Receive()
		require.Error(t, err, "who has not signed on is closed, too")
	})
}
