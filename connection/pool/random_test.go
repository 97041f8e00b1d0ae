package pool

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
)

var (
	seed   = flag.Uint64("pool.seed", 0, "seed of the random faults; 0 draws one")
	rounds = flag.Int("pool.rounds", 12, "how many pools the random faults break")
)

// TestRandomFaults: over lines that break, stall, refuse, answer late, twice, on other lines and not at all, each request
// ends exactly once, in time; no answer reaches another's caller; what is said of the bytes is true: a request that is
// safe to retry never left, one that came more than once was said to be unsent each time but the last.
func TestRandomFaults(t *testing.T) {
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	for i := range *rounds {
		s := s + uint64(i)
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			t.Logf("go test -run TestRandomFaults -pool.seed %d -pool.rounds 1", s)
			synctest.Test(t, func(t *testing.T) { breakAPool(t, rand.New(rand.NewPCG(s, 0))) })
		})
	}
}

// trouble makes a host misbehave as its own random numbers have it.
type trouble struct {
	*host
	mu     sync.Mutex
	random *rand.Rand
	shared bool
	held   [][]byte // answers for later, on whatever line
}

func (b *trouble) draw(n int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.random.IntN(n)
}

func (b *trouble) answer(l *hostLine, frame []byte) {
	answer := answerTo(frame)
	where := l
	if b.shared {
		if other := b.live([]string{"a", "b", "c"}[b.draw(3)]); other != nil {
			where = other
		}
	}
	switch b.draw(20) {
	case 0: // never
	case 1:
		where.send(answer)
		where.send(answer)
	case 2:
		l.Reset()
	case 3:
		l.sending.Lock()
		l.SendRaw([]byte{0, 30, '0', '2'}) // half a frame, then silence
		l.sending.Unlock()
	case 4:
		l.CloseWrite()
	case 5:
		b.mu.Lock()
		b.held = append(b.held, answer)
		b.mu.Unlock()
	case 6:
		where.send(answer)
		l.Close()
	default:
		wait := time.Duration(b.draw(1500)) * time.Millisecond
		time.AfterFunc(wait, func() { where.send(answer) })
	}
}

// run breaks and mends lines, and lets loose what was held, until the context ends.
func (b *trouble) run(ctx context.Context) {
	for ctx.Err() == nil {
		time.Sleep(time.Duration(b.draw(2000)) * time.Millisecond)
		line := []string{"a", "b", "c"}[b.draw(3)]
		switch b.draw(5) {
		case 0:
			b.set(func() { b.refuse[line] = errors.New("refused") })
		case 1, 2:
			b.set(func() { delete(b.refuse, line) })
		case 3:
			if l := b.live(line); l != nil {
				l.Reset()
			}
		case 4:
			b.mu.Lock()
			held := b.held
			b.held = nil
			b.mu.Unlock()
			if l := b.live(line); l != nil && b.shared {
				for _, answer := range held {
					l.send(answer)
				}
			}
		}
	}
}

// ledger accounts for each request.
type ledger struct {
	mu    sync.Mutex
	sent  map[string]connection.Sent // as told; missing while under way
	times map[string]int             // how often its end was told
	text  []string                   // what was wrong
}

func (g *ledger) end(frame, reply string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.times[frame]++
	g.sent[frame] = connection.SentYes
	switch {
	case err != nil:
		g.sent[frame] = connection.SentOf(err)
	case reply != string(answerTo([]byte(frame))):
		g.text = append(g.text, fmt.Sprintf("%s got %s", frame, reply))
	}
}

// one is a started request.
type one struct {
	ledger *ledger
	frame  string
	ended  func()
}

func (o *one) Complete(reply []byte, err error) {
	o.ledger.end(o.frame, string(reply), err)
	o.ended()
}

func breakAPool(t *testing.T, random *rand.Rand) {
	b := &trouble{host: newHost(t), random: rand.New(rand.NewPCG(random.Uint64(), 1)), shared: random.IntN(2) == 0}
	b.host.play = func(l *hostLine, frame []byte) {
		if frame[1] == '8' {
			l.send(answerTo(frame))
			return
		}
		b.answer(l, frame)
	}
	c := b.config("a", "b", "c")
	c.SharedKeys = b.shared
	c.Connection.SignOn, c.Connection.Timeout = exchange0800("on"), time.Second
	c.Connection.FrameTimeout = 700 * time.Millisecond
	c.Echo, c.EchoIdle, c.EchoTimeout = exchange0800("echo"), 3*time.Second, time.Second
	c.RetryMin, c.RetryMax = 20*time.Millisecond, time.Second
	c.SuspectAfter = random.IntN(4)
	c.Pick = Pick(random.IntN(2))
	c.Lines[2].Standby = random.IntN(2) == 0
	c.Lines[1].OnDemand = random.IntN(2) == 0
	for i := range c.Lines {
		c.Lines[i].Window = 1 + random.IntN(8)
	}
	p := open(t, c)
	ctx, stop := context.WithCancel(t.Context())
	var breaking sync.WaitGroup
	breaking.Go(func() { b.run(ctx) })

	g := &ledger{sent: map[string]connection.Sent{}, times: map[string]int{}}
	var all sync.WaitGroup
	total := 0
	for worker := range 8 {
		n := 100 + random.IntN(100)
		starts := random.IntN(2) == 0
		r := rand.New(rand.NewPCG(random.Uint64(), 2))
		first := 100_000 * (worker + 1)
		total += n
		all.Go(func() {
			for i := range n {
				g.send(t, p, sale(first+i), starts, r)
				time.Sleep(time.Duration(r.IntN(300)) * time.Millisecond)
			}
		})
	}
	all.Wait()
	stop()
	breaking.Wait()
	for _, l := range []string{"a", "b", "c"} {
		p.drained(t, l)
	}
	require.Zero(t, p.Stats().Waiting)
	require.NoError(t, p.Close())
	g.check(t, b.host, total)
}

// drained waits until nothing is on a line, not even an echo.
func (p *Pool) drained(t *testing.T, name string) {
	for range 1000 {
		for _, s := range p.Lines() {
			if s.Name == name && s.InFlight == 0 {
				return
			}
		}
		time.Sleep(7 * time.Millisecond)
	}
	t.Errorf("something stays on line %s", name)
}

// send sends a request one way or the other and waits for its end; what was safe to retry is tried once more.
func (g *ledger) send(t *testing.T, p *Pool, frame []byte, starts bool, r *rand.Rand) {
	limit := time.Duration(200+r.IntN(1500)) * time.Millisecond
	start := time.Now()
	if !starts {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		reply, err := p.Exchange(ctx, frame, nil)
		g.end(string(frame), string(reply), err)
	} else {
		done := make(chan struct{})
		var took time.Duration
		o := &one{g, string(frame), func() { took = time.Since(start); close(done) }}
		pending, err := p.Start(frame, nil, start.Add(limit), o)
		if err != nil {
			g.end(string(frame), "", err)
			return
		}
		if r.IntN(8) == 0 {
			time.Sleep(time.Duration(r.IntN(500)) * time.Millisecond)
			pending.Cancel(nil)
		}
		<-done
		start = time.Now().Add(-took)
	}
	if took := time.Since(start); took > limit+20*time.Millisecond {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.text = append(g.text, fmt.Sprintf("%s took %v of %v", frame, took, limit))
	}
}

func (g *ledger) check(t *testing.T, h *host, total int) {
	require.Empty(t, g.text)
	require.Len(t, g.times, total)
	arrived := map[string]int{}
	for _, s := range h.all() {
		if _, frame, _ := cut(s); strings.HasPrefix(frame, "0200") {
			arrived[frame]++
		}
	}
	outcomes := map[connection.Sent]int{}
	for frame, times := range g.times {
		require.Equal(t, 1, times, "ends of %s", frame)
		require.LessOrEqual(t, arrived[frame], 1, "%s reached the peer twice", frame)
		outcomes[g.sent[frame]]++
		if g.sent[frame] == connection.SentNo {
			require.Zero(t, arrived[frame], "%s was said not to have left", frame)
		}
	}
	t.Logf("%d requests, %d reached the host, %v", total, len(arrived), outcomes)
}
