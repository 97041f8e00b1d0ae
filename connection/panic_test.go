package connection_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/stretchr/testify/require"
)

// panickyFraming panics on frames that begin with the wrong letter.
type panickyFraming struct{ connection.Framing }

func (f panickyFraming) Next(b []byte) (connection.Cut, error) {
	cut, err := f.Framing.Next(b)
	if len(cut.Frame) > 0 && cut.Frame[0] == 'n' {
		panic("6222020200012345678")
	}
	return cut, err
}

func (f panickyFraming) AppendFrame(dst, header, body []byte) ([]byte, error) {
	if len(body) > 10 && body[10] == 'a' {
		panic("6222020200012345678")
	}
	return f.Framing.AppendFrame(dst, header, body)
}

// TestPeersCannotPanicTheProcess: code that runs on what a peer sent ends its connection when it panics, and says where.
func TestPeersCannotPanicTheProcess(t *testing.T) {
	crash := func() { panic("6222020200012345678") }
	for name, c := range map[string]struct {
		frame string
		set   func(cfg *connection.Config)
	}{
		"Framing": {"next", func(cfg *connection.Config) { cfg.Framing = panickyFraming{cfg.Framing} }},
		"Key": {"0210000001k", func(cfg *connection.Config) {
			cfg.Key = func(frame []byte) ([32]byte, uint8, error) {
				if frame[len(frame)-1] == 'k' {
					crash()
				}
				return testKey(frame)
			}
		}},
		"Reject": {"0620000001", func(cfg *connection.Config) {
			cfg.Reject = func([]byte) ([32]byte, bool) { crash(); return [32]byte{}, false }
		}},
		"OrderBy": {"0800000001", func(cfg *connection.Config) {
			cfg.Order, cfg.OrderBy = connection.OrderKey, func([]byte) (k [32]byte, n uint8, err error) { crash(); return }
		}},
		"hook": {"0210000009", func(cfg *connection.Config) {
			cfg.Hooks.Unmatched = func(*connection.Conn, connection.Unmatched) { crash() }
		}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(t)
			cfg.Handler = answer
			var where atomic.Value
			var told atomic.Int32
			cfg.Hooks.Panicked = func(_ *connection.Conn, p connection.Panic) { told.Add(1); where.Store(p); panic("and again") }
			c.set(&cfg)
			play(t, cfg, func(p *connectiontest.Peer) { p.Receive(); p.Send([]byte(c.frame)); silent(p) }, func(t *testing.T, conn *connection.Conn) {
				_, err := conn.Exchange(t.Context(), request("0200", 5, ""), nil)
				require.ErrorIs(t, err, connection.ErrPanicked)
				require.Equal(t, connection.SentYes, connection.SentOf(err))
				<-conn.Done()
				p := where.Load().(connection.Panic)
				require.Equal(t, "string", p.Type)
				require.Contains(t, string(p.Stack), "panic_test.go")
				require.NotContains(t, string(p.Stack), "0x", "no arguments, no addresses")
				require.NotContains(t, fmt.Sprintf("%v %+v", err, conn.Err()), "6222")
				_, err = conn.Exchange(t.Context(), request("0200", 6, ""), nil)
				require.ErrorIs(t, err, connection.ErrPanicked)
				require.ErrorIs(t, conn.TryPost(request("0820", 6, "")), connection.ErrPanicked)
				require.EqualValues(t, 1, told.Load(), "it is not told again to everybody who comes")
			})
		})
	}
}

// TestPanicsOnTheWayOut: a request that a framing or a key function cannot take fails, and no lock stays locked.
func TestPanicsOnTheWayOut(t *testing.T) {
	cfg := testConfig(t)
	cfg.Framing = panickyFraming{cfg.Framing}
	var panics atomic.Int32
	cfg.Hooks.Panicked = func(c *connection.Conn, _ connection.Panic) { panics.Add(1); _ = c.Stats() }
	key := cfg.Key
	cfg.Key = func(frame []byte) ([32]byte, uint8, error) {
		if len(frame) > 10 && frame[10] == 'k' {
			panic("6222020200012345678")
		}
		return key(frame)
	}
	play(t, cfg, echoing, func(t *testing.T, c *connection.Conn) {
		for _, text := range []string{"a", "k"} {
			_, err := c.Exchange(t.Context(), request("0200", 1, text), nil)
			require.ErrorIs(t, err, connection.ErrPanicked)
			require.True(t, connection.SafeToRetry(err))
			_, err = c.Start(request("0200", 1, text), nil, time.Time{}, newTold())
			require.ErrorIs(t, err, connection.ErrPanicked)
		}
		require.ErrorIs(t, c.Post(t.Context(), request("0820", 1, "a")), connection.ErrPanicked)
		require.ErrorIs(t, c.TryPost(request("0820", 1, "a")), connection.ErrPanicked)
		require.EqualValues(t, 6, panics.Load())
		_, err := c.Exchange(t.Context(), request("0200", 1, "fine"), nil)
		require.NoError(t, err)
	})
}

// TestPanicsOfThoseWhoWaited: a request that a framing cannot take fails also when it had to wait for its turn, and that is
// told once.
func TestPanicsOfThoseWhoWaited(t *testing.T) {
	cfg := testConfig(t)
	cfg.Framing, cfg.MaxInFlight = panickyFraming{cfg.Framing}, 1
	var panics atomic.Int32
	cfg.Hooks.Panicked = func(*connection.Conn, connection.Panic) { panics.Add(1) }
	play(t, cfg, afterASecond(echoing), func(t *testing.T, c *connection.Conn) {
		first := async(c, request("0200", 1, "fine"))
		synctest.Wait()
		second := async(c, request("0200", 2, "a"))
		third := newTold()
		_, err := c.Start(request("0200", 3, "a"), nil, time.Time{}, third)
		require.NoError(t, err)
		_, err = first()
		require.NoError(t, err)
		_, err = second()
		require.ErrorIs(t, err, connection.ErrPanicked)
		require.True(t, connection.SafeToRetry(err))
		<-third.done
		require.ErrorIs(t, third.err, connection.ErrPanicked)
		synctest.Wait()
		require.EqualValues(t, 2, panics.Load())
		require.NoError(t, c.Err())
	})
}

// TestHooksThatPanic: the connection ends, its server does not, and knows that it has ended.
func TestHooksThatPanic(t *testing.T) {
	for _, hook := range []string{"Connected", "Closed", "HandlerError", "AnswerLost"} {
		t.Run(hook, func(t *testing.T) {
			var panics atomic.Int32
			crash := func(name string) {
				if name == hook {
					panic("x")
				}
			}
			cfg := testConfig(t)
			cfg.Framing = connection.MustNewFraming(connection.Descriptor{Width: 2, Max: 100})
			cfg.Hooks = connection.Hooks{
				Connected:    func(*connection.Conn) { crash("Connected") },
				Closed:       func(*connection.Conn, error) { crash("Closed") },
				HandlerError: func(*connection.Conn, error) { crash("HandlerError") },
				AnswerLost:   func(*connection.Conn, error) { crash("AnswerLost") },
				Panicked:     func(*connection.Conn, connection.Panic) { panics.Add(1) },
			}
			cfg.Handler = func(c *connection.Conn, frame, reply []byte) ([]byte, error) {
				switch hook {
				case "HandlerError":
					return nil, errors.New("refused")
				case "AnswerLost":
					return append(reply, make([]byte, 101)...), nil
				}
				c.Close()
				return nil, nil
			}
			s := &connection.Server{Config: cfg, MaxConnsPerIP: 1}
			address := startServer(t, s)
			for i := range 3 {
				c := dial(t, address, testConfig(t))
				c.Exchange(context.Background(), request("0200", 1, ""), nil)
				<-c.Done()
				require.Eventually(t, func() bool { return panics.Load() == int32(i+1) }, 5*time.Second, time.Millisecond)
				c.Close()
				require.Eventually(t, func() bool { return len(s.Conns()) == 0 }, 5*time.Second, time.Millisecond)
			}
			require.Zero(t, s.Stats().Refused, "the place of each is free again")
		})
	}
}
