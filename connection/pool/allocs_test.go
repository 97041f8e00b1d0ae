package pool

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
)

// served makes a pool of lines to a server in this process.
func served(t testing.TB, change func(c *Config), lines ...string) *Pool {
	cfg := connection.Config{Framing: binary2(t), Key: testKey, Handler: func(_ *connection.Conn, frame, reply []byte) ([]byte, error) {
		reply = append(reply, frame...)
		reply[2]++
		return reply, nil
	}}
	listener := connectiontest.Listen()
	s := &connection.Server{Config: cfg}
	go s.Serve(listener)
	t.Cleanup(func() { s.Close() })
	c := Config{Connection: connection.Config{Framing: cfg.Framing, Key: testKey, Dialer: listener.Dial}}
	for _, name := range lines {
		c.Lines = append(c.Lines, Line{Name: name, Address: name})
	}
	change(&c)
	p := open(t, c)
	require.NoError(t, p.WaitReady(t.Context()))
	for _, l := range lines {
		require.NoError(t, p.On(l).waitReady(t.Context()))
	}
	return p
}

func (b *Bound) waitReady(ctx context.Context) error {
	_, err := b.Exchange(ctx, request("0800", 1, b.line.Name), nil)
	return err
}

// again is a completion that tells a channel.
type again chan struct{}

func (a again) Complete([]byte, error) { a <- struct{}{} }

// TestAllocations: a request allocates nothing, waited for or started, on one line or several, with shared keys too. What
// the sockets in memory of this test allocate is not counted: a bare connection over them is measured beside.
func TestAllocations(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates")
	}
	for name, change := range map[string]func(c *Config){
		"balanced": func(c *Config) {},
		"fill":     func(c *Config) { c.Pick = PickFill },
		"tied":     func(c *Config) { c.Affinity = func(frame []byte) (uint64, bool) { return 7, true } },
		"shared":   func(c *Config) { c.SharedKeys = true },
	} {
		p := served(t, change, "a", "b", "c", "d")
		bare := p.lines[0].link.Load().conn
		frame, dst, ctx := sale(1), make([]byte, 0, 64), context.Background()
		exchange := func(over connection.Exchanger) float64 {
			return testing.AllocsPerRun(1000, func() {
				if _, err := over.Exchange(ctx, frame, dst); err != nil {
					t.Error(err)
				}
			})
		}
		base := exchange(bare)
		require.LessOrEqual(t, exchange(p), base, "%s: Exchange", name)
		done := make(again, 1)
		require.LessOrEqual(t, testing.AllocsPerRun(1000, func() {
			if _, err := p.Start(frame, dst, time.Time{}, done); err != nil {
				t.Error(err)
			}
			<-done
		}), base, "%s: Start", name)
	}
}

// TestAllocationsOfWaiting: nor does one that has to wait for room.
func TestAllocationsOfWaiting(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates")
	}
	p := served(t, func(c *Config) { c.Lines[0].Window = 1 }, "a")
	bare := p.lines[0].link.Load().conn
	run := func(over connection.Exchanger, workers int) float64 {
		var wg sync.WaitGroup
		begin := make(chan struct{})
		for w := range workers {
			go func() {
				frame, dst := sale(w), make([]byte, 0, 64)
				for range begin {
					for range 50 {
						if _, err := over.Exchange(context.Background(), frame, dst); err != nil {
							t.Error(err)
						}
					}
					wg.Done()
				}
			}()
		}
		defer close(begin)
		return testing.AllocsPerRun(10, func() {
			wg.Add(workers)
			for range workers {
				begin <- struct{}{}
			}
			wg.Wait()
		}) / float64(50*workers)
	}
	base := run(bare, 1)
	require.Less(t, run(p, 8), base+0.2)
}
