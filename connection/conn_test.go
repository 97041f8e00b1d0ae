package connection

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

	"github.com/stretchr/testify/require"
)

// Frames of the tests: 4 ASCII digits of MTI, 6 of STAN, any text.
func testKey(frame []byte) (key [32]byte, kind uint8, err error) {
	if len(frame) < 10 {
		return key, KindOther, errors.New("frame of less than ten bytes")
	}
	copy(key[:], frame[:2])
	key[2] = frame[2] &^ 1 // request and answer share the function
	copy(key[3:], frame[4:10])
	if kind = KindRequest; frame[2]&1 == 1 {
		kind = KindResponse
	}
	return key, kind, nil
}

func request(mti string, stan int, text string) []byte {
	return fmt.Appendf(nil, "%s%06d%s", mti, stan, text)
}

// answer turns a request into its answer in place of the handler's reply.
func answer(_ *Conn, frame, reply []byte) ([]byte, error) {
	reply = append(reply, frame...)
	reply[2]++
	return reply, nil
}

func binary2(t testing.TB) Framing {
	f, err := FramingByName("binary2")
	require.NoError(t, err)
	return f
}

func testConfig(t testing.TB) Config {
	return Config{Framing: binary2(t), Key: testKey, Timeout: 5 * time.Second}
}

// startServer serves on loopback until the test ends.
func startServer(t testing.TB, s *Server) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	t.Cleanup(func() {
		s.Close()
		require.ErrorIs(t, <-served, ErrServerClosed)
		s.running.Wait()
	})
	return ln.Addr().String()
}

func dial(t testing.TB, address string, cfg Config) *Conn {
	c, err := Dial(context.Background(), "tcp", address, cfg)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func TestExchange(t *testing.T) {
	cfg := testConfig(t)
	cfg.Handler = answer
	c := dial(t, startServer(t, &Server{Config: cfg}), testConfig(t))
	reply, err := c.Exchange(context.Background(), request("0200", 1, "hello"), []byte("kept "))
	require.NoError(t, err)
	require.Equal(t, "kept 0210000001hello", string(reply))
}

func TestManySendersGetTheirOwnAnswers(t *testing.T) {
	for _, order := range []Order{OrderNone, OrderConn, OrderKey} {
		cfg := testConfig(t)
		cfg.Handler, cfg.Order = answer, order
		server := &Server{Config: cfg}
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
		require.Zero(t, stats.InFlight+stats.Waiting+stats.Queued)
		require.EqualValues(t, 6400, server.Stats().Frames.Inbound)
	}
}

func TestExchangeAllocatesNothing(t *testing.T) {
	cfg := testConfig(t)
	cfg.Handler = answer
	c := dial(t, startServer(t, &Server{Config: cfg}), testConfig(t))
	frame, dst := request("0200", 1, string(make([]byte, 290))), make([]byte, 0, 512)
	var stan atomic.Uint32
	allocs := testing.AllocsPerRun(2000, func() {
		binary.BigEndian.PutUint32(frame[4:], stan.Add(1))
		if _, err := c.Exchange(context.Background(), frame, dst); err != nil {
			panic(err)
		}
	})
	require.Zero(t, allocs, "both sides together")
}
