package pool

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/routing"
)

var _ routing.Peer = (*Pool)(nil)

// TestRoutesOverPools: a router over two pools whose lines break at random. No request that may have left appears at two
// hosts, no answer reaches another's caller, each ends once, and a reversal arrives at its original's host or nowhere.
func TestRoutesOverPools(t *testing.T) {
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	for i := range max(1, *rounds/4) {
		s := s + uint64(i)
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			t.Logf("go test -run TestRoutesOverPools -pool.seed %d -pool.rounds 1", s)
			synctest.Test(t, func(t *testing.T) { breakRoutes(t, rand.New(rand.NewPCG(s, 0))) })
		})
	}
}

func breakRoutes(t *testing.T, random *rand.Rand) {
	hosts := map[string]*trouble{}
	var routes []routing.Route
	var breaking sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	for _, name := range []string{"east", "west"} {
		b := &trouble{host: newHost(t), random: rand.New(rand.NewPCG(random.Uint64(), 1))}
		b.host.play = func(l *hostLine, frame []byte) {
			if frame[1] == '8' {
				l.send(answerTo(frame))
				return
			}
			b.answer(l, frame)
		}
		c := b.config("a", "b", "c")
		c.Connection.SignOn, c.Connection.Timeout = exchange0800("on"), time.Second
		c.Connection.FrameTimeout = 700 * time.Millisecond
		c.Echo, c.EchoIdle, c.EchoTimeout = exchange0800("echo"), 3*time.Second, time.Second
		c.RetryMin, c.RetryMax, c.Wait = 20*time.Millisecond, time.Second, 100*time.Millisecond
		hosts[name] = b
		routes = append(routes, routing.Route{Name: name, Peer: open(t, c)})
		breaking.Go(func() { b.run(ctx) })
	}
	router, err := routing.New(routing.Config{Routes: routes, Seed: random.Uint64()})
	require.NoError(t, err)
	g := &ledger{sent: map[string]connection.Sent{}, times: map[string]int{}}
	undone := map[string]string{} // reversals, and the route they name
	var all sync.WaitGroup
	for worker := range 8 {
		first, r := 100_000*(worker+1), rand.New(rand.NewPCG(random.Uint64(), 2))
		all.Go(func() {
			for i := range 120 {
				var d routing.Decision
				frame := sale(first + i)
				reply, err := router.Exchange(t.Context(), &routing.Request{Frame: frame, Issuer: "622588"}, nil, &d)
				g.end(string(frame), string(reply), err)
				if err != nil && !connection.SafeToRetry(err) {
					reversal := request("0420", first+i, "")
					g.mu.Lock()
					undone[string(reversal)] = d.Route
					g.mu.Unlock()
					reply, err := router.Exchange(t.Context(), &routing.Request{Frame: reversal, Original: d.Route}, nil, nil)
					g.end(string(reversal), string(reply), err)
				}
				time.Sleep(time.Duration(r.IntN(200)) * time.Millisecond)
			}
		})
	}
	all.Wait()
	stop()
	breaking.Wait()
	require.NoError(t, router.Close())
	reckonRoutes(t, g, hosts, undone)
}

func reckonRoutes(t *testing.T, g *ledger, hosts map[string]*trouble, undone map[string]string) {
	require.Empty(t, g.text)
	arrived := map[string][]string{}
	for name, h := range hosts {
		for _, seen := range h.all() {
			if _, frame, _ := cut(seen); !strings.HasPrefix(frame, "0800") {
				arrived[frame] = append(arrived[frame], name)
			}
		}
	}
	outcomes := map[connection.Sent]int{}
	for frame, times := range g.times {
		outcomes[g.sent[frame]]++
		require.Equal(t, 1, times, "ends of %s", frame)
		require.LessOrEqual(t, len(arrived[frame]), 1, "%s at %v", frame, arrived[frame])
		if g.sent[frame] == connection.SentNo {
			require.Empty(t, arrived[frame], "%s was said not to have left", frame)
		}
	}
	for reversal, route := range undone {
		for _, at := range arrived[reversal] {
			require.Equal(t, route, at, "reversal %s", reversal)
		}
	}
	t.Logf("%d requests, %d of them reversals, %d arrived, %v", len(g.times), len(undone), len(arrived), outcomes)
	require.NotEmpty(t, arrived)
}

// TestRouteTakesTheOtherPool: what a pool has no line for goes to the next route; what left does not.
func TestRouteTakesTheOtherPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		east, west := newHost(t), newHost(t)
		pools := map[*host]*Pool{}
		for _, h := range []*host{east, west} {
			c := h.config("a")
			c.Wait = -1
			pools[h] = open(t, c)
			require.NoError(t, pools[h].WaitReady(t.Context()))
		}
		router, err := routing.New(routing.Config{Seed: 1, Routes: []routing.Route{
			{Name: "east", Peer: pools[east]}, {Name: "west", Peer: pools[west], Priority: 1},
		}})
		require.NoError(t, err)
		defer router.Close()
		exchange := func(stan int) error {
			_, err := router.Exchange(t.Context(), &routing.Request{Frame: sale(stan)}, nil, nil)
			return err
		}
		require.NoError(t, exchange(1))
		require.Equal(t, 1, east.count("", "0200"))
		stale(pools[east]) // it looks ready and is not
		east.set(func() { east.refuse["a"] = errors.New("down") })
		east.live("a").Reset()
		synctest.Wait()
		require.False(t, pools[east].Ready())
		require.NoError(t, exchange(2))
		require.Equal(t, 1, west.count("", "0200"))

		west.set(func() { west.play = silence })
		err = exchange(3)
		require.ErrorIs(t, err, connection.ErrTimeout)
		require.False(t, connection.SafeToRetry(err))
		require.Equal(t, 1, east.count("", "0200"))
		require.Equal(t, 2, west.count("", "0200"))
	})
}
