package connection_test

import (
	"context"
	"math/rand/v2"
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
	const senders = 24
	for _, procs := range []int{1, 2, 4} {
		old := runtime.GOMAXPROCS(procs)
		defer runtime.GOMAXPROCS(old)
		c := dial(t, address, testConfig(t))
		for round := range 300 {
			var all, staying sync.WaitGroup
			staying.Add(senders / 2)
			for i := range senders {
				all.Go(func() {
					exchange(t, c, i)
					spin(time.Duration(rand.N(20)) * time.Microsecond)
					if (i+round)%2 == 0 {
						staying.Wait()
						return
					}
					exchange(t, c, i)
					staying.Done()
				})
			}
			all.Wait()
			if t.Failed() {
				t.Fatalf("round %d on %d processors: %+v", round, procs, c.Stats())
			}
		}
	}
}

// exchange fails if the answer takes long: a frame that is forgotten is written at last when something else happens.
func exchange(t *testing.T, c *connection.Conn, stan int) {
	start := time.Now()
	if _, err := c.Exchange(context.Background(), request("0200", stan, ""), nil); err != nil {
		t.Errorf("request %d: %v", stan, err)
	}
	if took := time.Since(start); took > 2*time.Second {
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
