package connection_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/posline/posline/connection"
	"github.com/stretchr/testify/require"
)

// Frames of the tests: 4 ASCII digits of MTI, 6 of STAN, any text.
func testKey(frame []byte) (key [32]byte, kind uint8, err error) {
	if len(frame) < 10 {
		return key, connection.KindOther, errors.New("frame of less than ten bytes")
	}
	copy(key[:], frame[:2])
	key[2] = frame[2] &^ 1 // request and answer share the function
	copy(key[3:], frame[4:10])
	if kind = connection.KindRequest; frame[2]&1 == 1 {
		kind = connection.KindResponse
	}
	return key, kind, nil
}

func request(mti string, stan int, text string) []byte {
	return fmt.Appendf(nil, "%s%06d%s", mti, stan, text)
}

// answer turns a request into its answer in place of the handler's reply.
func answer(_ *connection.Conn, frame, reply []byte) ([]byte, error) {
	reply = append(reply, frame...)
	reply[2]++
	return reply, nil
}

func binary2(t testing.TB) connection.Framing {
	f, err := connection.FramingByName("binary2")
	require.NoError(t, err)
	return f
}

func testConfig(t testing.TB) connection.Config {
	return connection.Config{Framing: binary2(t), Key: testKey, Timeout: 5 * time.Second}
}

// startServer serves on loopback until the test ends.
func startServer(t testing.TB, s *connection.Server) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	t.Cleanup(func() {
		s.Close()
		require.ErrorIs(t, <-served, connection.ErrServerClosed)
	})
	return ln.Addr().String()
}

func dial(t testing.TB, address string, cfg connection.Config) *connection.Conn {
	c, err := connection.Dial(context.Background(), "tcp", address, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func TestExchange(t *testing.T) {
	cfg := testConfig(t)
	cfg.Handler = answer
	c := dial(t, startServer(t, &connection.Server{Config: cfg}), testConfig(t))
	reply, err := c.Exchange(context.Background(), request("0200", 1, "hello"), []byte("kept "))
	require.NoError(t, err)
	require.Equal(t, "kept 0210000001hello", string(reply))
}

func TestManySendersGetTheirOwnAnswers(t *testing.T) {
	for _, order := range []connection.Order{connection.OrderNone, connection.OrderConn, connection.OrderKey} {
		cfg := testConfig(t)
		cfg.Handler, cfg.Order = answer, order
		server := &connection.Server{Config: cfg}
		c := dial(t, startServer(t, server), testConfig(t))
		var wg sync.WaitGroup
		for g := range 64 {
			wg.Go(func() {
				var buf []byte
				for i := range 100 {
					text := fmt.Sprint(g, i)
					reply, err := c.Exchange(context.Background(), request("0100", g*1000+i, text), buf[:0])
					if err != nil || string(reply[10:]) != text {
						t.Errorf("%v: %q for %q", err, reply, text)
						return
					}
					buf = reply
				}
			})
		}
		wg.Wait()
		stats := c.Stats()
		require.EqualValues(t, 6400, stats.Matched)
		require.EqualValues(t, 6400, stats.FramesSent)
		require.EqualValues(t, 6400, stats.FramesReceived)
		require.Equal(t, stats.BytesSent, stats.BytesReceived)
		require.EqualValues(t, stats.BytesSent, server.Stats().Frames.BytesReceived)
		require.Zero(t, stats.InFlight+stats.Waiting)
		require.EqualValues(t, 6400, server.Stats().Frames.Inbound)
	}
}

func TestExchangeAllocatesNothing(t *testing.T) {
	cfg := testConfig(t)
	cfg.Handler = answer
	c := dial(t, startServer(t, &connection.Server{Config: cfg}), testConfig(t))
	frame, dst := request("0200", 1, string(make([]byte, 290))), make([]byte, 0, 512)
	var stan atomic.Uint32
	allocs := testing.AllocsPerRun(2000, func() {
		binary.BigEndian.PutUint32(frame[4:], stan.Add(1))
		if _, err := c.Exchange(context.Background(), frame, dst); err != nil {
			panic(err)
		}
	})
	if !underRace {
		require.Zero(t, allocs, "both sides together")
	}
}

// fixed is a message that packs and unpacks without allocating.
type fixed struct{ b []byte }

func (m *fixed) AppendBinary(b []byte) ([]byte, error) { return append(b, m.b...), nil }

func (m *fixed) UnmarshalBinary(b []byte) error {
	m.b = append(m.b[:0], b...)
	return nil
}

func TestSendAllocatesNothing(t *testing.T) {
	cfg := testConfig(t)
	cfg.Handler = answer
	c := dial(t, startServer(t, &connection.Server{Config: cfg}), testConfig(t))
	request, response := &fixed{request("0200", 1, "x")}, &fixed{make([]byte, 0, 64)}
	allocs := testing.AllocsPerRun(2000, func() {
		if err := connection.Send(context.Background(), c, request, response); err != nil {
			panic(err)
		}
	})
	if !underRace {
		require.Zero(t, allocs)
	}
	require.Equal(t, "0210000001x", string(response.b))
}
