package connection_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/stretchr/testify/require"
)

// TestFirstExchangeIsCheap: what a connection costs does not grow with the number of processors.
func TestFirstExchangeIsCheap(t *testing.T) {
	if underRace {
		return // the race detector's own memory counts, too
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(64))
	const conns = 200
	cfg := testConfig(t)
	var opened []*connection.Conn
	for range conns {
		client, server := connectiontest.Pipe()
		t.Cleanup(func() { client.Close() })
		go echoing(connectiontest.NewPeer(server, cfg.Framing))
		c, err := connection.NewConn(client, cfg)
		require.NoError(t, err)
		opened = append(opened, c)
	}
	exchangeAll := func() uint64 {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i, c := range opened {
			_, err := c.Exchange(context.Background(), request("0200", i, ""), nil)
			require.NoError(t, err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		return (after.HeapAlloc - min(before.HeapAlloc, after.HeapAlloc)) / conns
	}
	require.Less(t, exchangeAll(), uint64(7000), "bytes a connection, of both ends, its peer's buffer of 4096 included")
}

// TestClosedConnectionLeavesNoTimer: the timer for IdleTimeout goes with its connection.
func TestClosedConnectionLeavesNoTimer(t *testing.T) {
	cfg := testConfig(t)
	cfg.IdleTimeout = time.Hour
	collected := make(chan struct{})
	func() {
		client, server := connectiontest.Pipe()
		defer server.Close()
		c, err := connection.NewConn(client, cfg)
		require.NoError(t, err)
		runtime.AddCleanup(c, func(struct{}) { close(collected) }, struct{}{})
		require.NoError(t, c.Close())
	}()
	require.Eventually(t, func() bool {
		runtime.GC()
		select {
		case <-collected:
			return true
		default:
			return false
		}
	}, 10*time.Second, 10*time.Millisecond)
}
