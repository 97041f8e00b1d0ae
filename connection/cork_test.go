package connection_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/posline/posline/connection"
	"github.com/stretchr/testify/require"
)

// TestHeldFramesAreWritten: some of those who got answers together send again, after a while, and the others do not
// before these are answered. However few processors they share, nobody's frame is held for those who do not come.
func TestHeldFramesAreWritten(t *testing.T) {
	address := startServer(t, &connection.Server{Config: connection.Config{Framing: binary2(t), Handler: answer}})
	wrapped := testConfig(t)
	wrapped.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
		nc, err := new(net.Dialer).DialContext(ctx, network, address)
		return struct{ net.Conn }{nc}, err // not used as a plain socket, as TLS is not
	}
	for name, cfg := range map[string]connection.Config{"socket": testConfig(t), "wrapped": wrapped} {
		for _, procs := range []int{1, 2, 4} {
			t.Run(fmt.Sprint(name, " ", procs), func(t *testing.T) {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
				c := dial(t, address, cfg)
				for round := 0; round < 300 && !t.Failed(); round++ {
					halfComeBack(t, c, round)
				}
			})
		}
	}
}

func halfComeBack(t *testing.T, c *connection.Conn, round int) {
	const senders = 24
	var all, back sync.WaitGroup
	back.Add(senders / 2)
	for i := range senders {
		all.Go(func() {
			exchange := exchange
			if round%3 > 0 && i%3 == 0 {
				exchange = start
			}
			exchange(t, c, i)
			spin(time.Duration(rand.N(20)) * time.Microsecond)
			if (i+round)%2 == 0 {
				back.Wait()
				return
			}
			exchange(t, c, i)
			back.Done()
		})
	}
	all.Wait()
}

// exchange fails if the answer takes long: a frame that is forgotten is written at last when something else happens.
func exchange(t *testing.T, c *connection.Conn, stan int) {
	began := time.Now()
	_, err := c.Exchange(context.Background(), request("0200", stan, ""), nil)
	inTime(t, stan, began, err)
}

// start is exchange by Start: a caller of the other kind on the same connection.
func start(t *testing.T, c *connection.Conn, stan int) {
	began := time.Now()
	ended := make(chan error, 1)
	_, err := c.Start(request("0200", stan, ""), nil, time.Time{}, completeFunc(func(_ []byte, err error) { ended <- err }))
	if err == nil {
		err = <-ended
	}
	inTime(t, stan, began, err)
}

func inTime(t *testing.T, stan int, began time.Time, err error) {
	if err != nil {
		t.Errorf("request %d: %v", stan, err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("request %d: answered after %v", stan, took)
	}
}

func spin(d time.Duration) {
	for start := time.Now(); time.Since(start) < d; {
	}
}

// TestFramesShareWrites: senders that come together are written together, also when each packs a while first.
func TestFramesShareWrites(t *testing.T) {
	address := startServer(t, &connection.Server{Config: connection.Config{Framing: binary2(t), Handler: answer}})
	for _, packing := range []time.Duration{0, 4 * time.Microsecond} {
		c := dial(t, address, testConfig(t))
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				for range 500 {
					exchange(t, c, i)
					spin(packing)
				}
			})
		}
		wg.Wait()
		stats := c.Stats()
		t.Logf("packing for %v: %d frames in %d writes", packing, stats.FramesSent, stats.Writes)
		require.GreaterOrEqual(t, stats.FramesSent, 6*stats.Writes)
	}
}
