package pool

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
)

// network is what lies between a pool and its host, as TCP makes of it: bytes are never lost and never change places, but
// they wait. The zero value adds nothing.
type network struct {
	latency   time.Duration // one way
	bandwidth int           // bytes a second; 0 for any number
	lost      func() bool   // of the next packet; sent again after 200 ms, 400 ms and so on
	gone      atomic.Bool   // nothing gets through, and nobody is told
}

// retransmit is how long TCP waits at first before it sends a packet again.
const retransmit = 200 * time.Millisecond

// dial puts the network into a way to the host.
func (n *network) dial(way dialFunc) dialFunc {
	return func(ctx context.Context, to, address string) (net.Conn, error) {
		server, err := way(ctx, to, address)
		if err != nil {
			return nil, err
		}
		client, near := connectiontest.Pipe()
		go n.carry(near, server)
		go n.carry(server, near)
		return client, nil
	}
}

// packet is bytes on their way, or the end of them.
type packet struct {
	b   []byte
	due time.Time
}

// carry takes what comes in at one side to the other.
func (n *network) carry(from, to net.Conn) {
	flight := make(chan packet, 10_000)
	go func() {
		defer close(flight)
		var due time.Time
		for {
			b := make([]byte, 1460)
			size, err := from.Read(b)
			if err != nil {
				return
			}
			due = n.arrival(due, size)
			flight <- packet{b[:size], due}
		}
	}()
	for p := range flight {
		time.Sleep(time.Until(p.due))
		if !n.gone.Load() {
			to.Write(p.b)
		}
	}
	if !n.gone.Load() {
		to.(interface{ CloseWrite() error }).CloseWrite()
	}
}

// arrival is when a packet is there: not before the one that was sent before it.
func (n *network) arrival(before time.Time, size int) time.Time {
	at := time.Now().Add(n.latency)
	for again := retransmit; n.lost != nil && n.lost(); again *= 2 {
		at = at.Add(again)
	}
	if before.After(at) {
		at = before
	}
	if n.bandwidth > 0 {
		at = at.Add(time.Duration(size) * time.Second / time.Duration(n.bandwidth))
	}
	return at
}

// losing is a network in which each of the first packets is lost so many times.
func losing(times ...int) *network {
	var mu sync.Mutex
	return &network{lost: func() bool {
		mu.Lock()
		defer mu.Unlock()
		if len(times) == 0 {
			return false
		}
		times[0]--
		if times[0] < 0 {
			times = times[1:]
			return false
		}
		return true
	}}
}

// TestPacketLoss: over lines that lose a fifth of all packets, everything arrives once and in order; requests end with
// their own answer or, those that were stuck for too long, with a timeout at their deadline and as sent. No line is lost.
func TestPacketLoss(t *testing.T) {
	allStuck := 0
	for seed := range uint64(8) {
		synctest.Test(t, func(t *testing.T) {
			h := newHost(t)
			var mu sync.Mutex
			random := rand.New(rand.NewPCG(seed, 7))
			n := &network{latency: 30 * time.Millisecond, lost: func() bool {
				mu.Lock()
				defer mu.Unlock()
				return random.IntN(5) == 0
			}}
			c := h.config("a", "b")
			c.Connection.Timeout, c.SuspectAfter, c.Connection.Dialer = time.Second, -1, n.dial(h.dial)
			p := open(t, c)
			require.NoError(t, p.WaitReady(t.Context()))
			var answered, stuck int
			var all sync.WaitGroup
			for i := range 300 {
				all.Go(func() {
					start := time.Now()
					reply, err := p.Exchange(t.Context(), sale(i), nil)
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						answered++
						if string(reply) != string(answerTo(sale(i))) {
							t.Errorf("seed %d: %d got %s", seed, i, reply)
						}
						return
					}
					stuck++
					if !errors.Is(err, connection.ErrTimeout) || connection.SentOf(err) != connection.SentYes || time.Since(start) != time.Second {
						t.Errorf("seed %d: %d after %v: %v", seed, i, time.Since(start), err)
					}
				})
				time.Sleep(20 * time.Millisecond)
			}
			all.Wait()
			time.Sleep(time.Minute) // what was stuck arrives
			seen := map[string]int{}
			for _, s := range h.all() {
				_, frame, _ := cut(s)
				seen[frame]++
			}
			require.Len(t, seen, 300, "seed %d: nothing is lost", seed)
			require.Len(t, h.all(), 300, "seed %d: nothing comes twice", seed)
			require.Equal(t, 2, h.opened(), "seed %d: no line is lost", seed)
			late := uint64(0)
			for _, l := range p.Lines() {
				late += l.Stats.Late + l.Stats.Unmatched
			}
			require.EqualValues(t, stuck, late, "seed %d: their answers come and go to nobody", seed)
			require.Positive(t, answered, "seed %d", seed)
			t.Logf("seed %d: %d answered, %d stuck", seed, answered, stuck)
			allStuck += stuck
		})
	}
	require.Positive(t, allStuck)
}

// TestAcceptFlood: strangers who connect by the thousand to a host do not disturb lines that are up.
func TestAcceptFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		var refused atomic.Int32
		server := &connection.Server{MaxConns: 3, Config: connection.Config{Framing: h.framing, Key: testKey,
			Handler: func(_ *connection.Conn, frame, reply []byte) ([]byte, error) {
				return append(reply, answerTo(frame)...), nil
			},
			Hooks: connection.Hooks{Refused: func(net.Addr, error) { refused.Add(1) }}}}
		listener := connectiontest.Listen()
		go server.Serve(listener)
		defer server.Close()
		c := h.config("a", "b")
		c.Connection.Dialer = listener.Dial
		p := open(t, c)
		require.NoError(t, p.WaitReady(t.Context()))
		synctest.Wait()
		stranger, err := listener.Dial(t.Context(), "", "")
		require.NoError(t, err)
		synctest.Wait()
		for i := range 2000 {
			nc, err := listener.Dial(t.Context(), "", "")
			require.NoError(t, err)
			n, err := nc.Read(make([]byte, 1))
			require.Zero(t, n)
			require.Error(t, err, "closed at once")
			if i%100 == 0 {
				_, err := p.Exchange(t.Context(), sale(i), nil)
				require.NoError(t, err)
			}
		}
		synctest.Wait()
		require.EqualValues(t, 2000, refused.Load())
		require.Equal(t, 3, server.Stats().Open)
		require.Equal(t, []State{Online, Online}, states(p))
		for _, l := range p.Lines() {
			require.EqualValues(t, 1, l.Connects)
		}
		stranger.Close()
	})
}
