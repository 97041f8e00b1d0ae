package connection_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/stretchr/testify/require"
)

// TestSlowHookHoldsNobodyUp: what is queued is written before a hook runs.
func TestSlowHookHoldsNobodyUp(t *testing.T) {
	for name, stray := range map[string]string{"unmatched": "0210000009", "malformed": "x", "late": "0210000001"} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(t)
			cfg.Timeout = time.Second
			var slow atomic.Int32
			nap := func() { slow.Add(1); time.Sleep(180 * time.Millisecond) }
			cfg.Hooks.Unmatched = func(*connection.Conn, connection.Unmatched) { nap() }
			cfg.Hooks.Malformed = func(*connection.Conn, []byte, error) { nap() }
			cfg.Hooks.Late = func(*connection.Conn, [32]byte, []byte) { nap() }
			left := time.Duration(-1)
			play(t, cfg, func(p *connectiontest.Peer) {
				p.Receive()
				time.Sleep(2 * time.Second) // the first request times out
				second, _ := p.Receive()
				third, _ := p.Receive()
				start := time.Now()
				both, _ := binary2(t).AppendFrame(nil, nil, answerTo(second)) // its completion starts another request
				both, _ = binary2(t).AppendFrame(both, nil, []byte(stray))
				both, _ = binary2(t).AppendFrame(both, nil, answerTo(third))
				p.SendRaw(both)
				p.Receive()
				left = time.Since(start)
				silent(p)
			}, func(t *testing.T, c *connection.Conn) {
				_, err := c.Exchange(t.Context(), request("0200", 1, ""), nil)
				require.ErrorIs(t, err, connection.ErrTimeout)
				for i := range 2 {
					_, err = c.Start(request("0200", 2+i, ""), nil, time.Now().Add(time.Minute), completeFunc(func([]byte, error) {
						c.Start(request("0200", 20+i, ""), nil, time.Time{}, newTold())
					}))
					require.NoError(t, err)
				}
				time.Sleep(10 * time.Second)
				synctest.Wait()
				require.Zero(t, left, "the request that the first answer brought about left before the hook ran")
				require.EqualValues(t, 1, slow.Load())
			})
		})
	}
}

// TestSlowCodeHoldsNobodyUp: code of the program that runs for every frame may take its time; what others queue
// meanwhile, and what was queued before, leaves after two milliseconds at most.
func TestSlowCodeHoldsNobodyUp(t *testing.T) {
	const slow = 200 * time.Millisecond
	nap := func(frame []byte) {
		if len(frame) == 11 && frame[10] == 's' {
			time.Sleep(slow)
		}
	}
	for name, c := range map[string]struct {
		frame string // what keeps the reader
		set   func(cfg *connection.Config)
	}{
		"Key": {"0210000009s", func(cfg *connection.Config) {
			cfg.Key = func(frame []byte) ([32]byte, uint8, error) { nap(frame); return testKey(frame) }
		}},
		"Reject": {"0210000009s", func(cfg *connection.Config) {
			cfg.Reject = func(frame []byte) (key [32]byte, ok bool) { nap(frame); return key, false }
		}},
		"OrderBy": {"0800000009s", func(cfg *connection.Config) {
			cfg.Handler, cfg.Order = answer, connection.OrderKey
			cfg.OrderBy = func(frame []byte) ([32]byte, uint8, error) { nap(frame); return testKey(frame) }
		}},
		"Elsewhere": {"0210000009s", func(cfg *connection.Config) {
			cfg.Elsewhere = func(_ *connection.Conn, _ [32]byte, frame []byte) bool { nap(frame); return true }
		}},
		"Completion": {"0210000002s", func(*connection.Config) {}},
		"rejected": {"0210000002s", func(cfg *connection.Config) {
			cfg.Reject = func(frame []byte) (key [32]byte, ok bool) { key, _, _ = testKey(frame); return key, len(frame) == 11 }
		}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(t)
			c.set(&cfg)
			var left []time.Duration
			play(t, cfg, func(p *connectiontest.Peer) {
				p.Receive()
				p.Receive()
				start := time.Now()
				both, _ := binary2(t).AppendFrame(nil, nil, request("0210", 1, "")) // its completion starts another request
				both, _ = binary2(t).AppendFrame(both, nil, []byte(c.frame))
				p.SendRaw(both)
				for range 2 {
					p.Receive()
					left = append(left, time.Since(start))
				}
				silent(p)
			}, func(t *testing.T, conn *connection.Conn) {
				start := func(stan int, done completeFunc) {
					_, err := conn.Start(request("0200", stan, ""), nil, time.Now().Add(time.Minute), done)
					require.NoError(t, err)
				}
				other := func([]byte, error) {}
				start(1, func([]byte, error) { start(10, other) })
				start(2, func([]byte, error) { time.Sleep(slow) })
				time.Sleep(100 * time.Millisecond) // the reader sleeps
				synctest.Wait()
				start(11, other)
				time.Sleep(time.Second)
				synctest.Wait()
				require.Equal(t, []time.Duration{time.Millisecond, 101 * time.Millisecond}, left)
			})
		})
	}
}
