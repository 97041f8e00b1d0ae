package pool

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
)

var soak = flag.Duration("pool.soak", 2*time.Second, "how long TestSoak runs; make soak takes ten minutes")

const soakSenders = 64

// Frames of the soak: 4 digits of MTI, sender and number in binary.
func soakKey(frame []byte) (key [32]byte, kind uint8, err error) {
	if len(frame) != 12 {
		return key, connection.KindOther, errors.New("not a frame of the soak")
	}
	copy(key[:], frame)
	key[2] &^= 1
	if kind = connection.KindRequest; frame[2]&1 == 1 {
		kind = connection.KindResponse
	}
	return key, kind, nil
}

func soakFrame(sender, number int) []byte {
	frame := append(make([]byte, 0, 12), "0200"...)
	frame = binary.BigEndian.AppendUint32(frame, uint32(sender))
	return binary.BigEndian.AppendUint32(frame, uint32(number))
}

// books account for the requests of one sender: what was told of each, and how often it arrived.
type books struct {
	mu      sync.Mutex
	told    []byte // by number: 0 under way, then 1 + connection.Sent of its end, or answered
	arrived []byte
	wrong   []string
}

const (
	answered = 10
	soakEcho = soakSenders // the sender of what the lines say for themselves
)

// soakHost is a host that answers after a while, on the line that asked or on any.
type soakHost struct {
	books    []*books
	server   *connection.Server
	anywhere bool
	echoes   uint32
	mu       sync.Mutex
}

func (h *soakHost) handle(c *connection.Conn, frame, reply []byte) ([]byte, error) {
	sender, number := binary.BigEndian.Uint32(frame[4:]), binary.BigEndian.Uint32(frame[8:])
	if sender < soakSenders {
		b := h.books[sender]
		b.mu.Lock()
		for len(b.arrived) <= int(number) {
			b.arrived = append(b.arrived, 0)
		}
		b.arrived[number]++
		b.mu.Unlock()
	}
	switch draw := rand.IntN(1000); {
	case draw == 0 && sender < soakSenders:
		return nil, nil // never
	case draw < 50:
		time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
	}
	answer := append(append([]byte(nil), frame[:2]...), frame[2]+1)
	answer = append(answer, frame[3:]...)
	if h.anywhere && sender < soakSenders {
		if conns := h.server.Conns(); len(conns) > 0 {
			conns[rand.IntN(len(conns))].TryPost(answer)
		}
		return nil, nil
	}
	return append(reply, answer...), nil
}

// network is the sign-on and the echo.
func (h *soakHost) network(ctx context.Context, c *connection.Conn) error {
	h.mu.Lock()
	h.echoes++
	n := h.echoes
	h.mu.Unlock()
	_, err := c.Exchange(ctx, soakFrame(soakEcho, int(n)), nil)
	return err
}

// TestSoak sends from 64 senders over four lines on real sockets while lines are killed, cut off without a word, slowed
// down and refused. Every request is accounted for exactly once: one that was answered arrived once, one that was said
// not to have left never arrived, and none arrived twice.
func TestSoak(t *testing.T) {
	for i, change := range []struct {
		name string
		set  func(c *Config)
	}{
		{"balanced", func(c *Config) {}},
		{"fill, small windows", func(c *Config) {
			c.Pick = PickFill
			for i := range c.Lines {
				c.Lines[i].Window = 5
			}
		}},
		{"answers on any line", func(c *Config) { c.SharedKeys = true }},
		{"standby, on demand", func(c *Config) { c.Lines[1].Standby, c.Lines[2].OnDemand, c.Lines[3].OnDemand = true, true, true }},
	} {
		t.Run(change.name, func(t *testing.T) {
			seed := uint64(time.Now().UnixNano()) + uint64(i)
			t.Logf("%v, faults drawn with %d", *soak/4, seed)
			soakOnce(t, change.set, rand.New(rand.NewPCG(seed, 0)))
		})
	}
}

func soakOnce(t *testing.T, change func(c *Config), random *rand.Rand) {
	h := &soakHost{}
	for range soakSenders {
		h.books = append(h.books, new(books))
	}
	framing := binary2(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	h.server = &connection.Server{Config: connection.Config{Framing: framing, Handler: h.handle}}
	go h.server.Serve(ln)
	t.Cleanup(func() { h.server.Close() })

	c := Config{
		Connection: connection.Config{Framing: framing, Key: soakKey, Timeout: 600 * time.Millisecond, SignOn: h.network, HandshakeTimeout: 500 * time.Millisecond},
		Echo:       h.network, EchoIdle: 300 * time.Millisecond, EchoTimeout: 300 * time.Millisecond,
		RetryMin: 20 * time.Millisecond, RetryMax: 300 * time.Millisecond,
	}
	var wires []*wire
	for i := range 4 {
		w := newWire(t, ln.Addr().String())
		wires = append(wires, w)
		c.Lines = append(c.Lines, Line{Name: fmt.Sprint("line ", i+1), Address: w.address()})
	}
	change(&c)
	h.anywhere = c.SharedKeys
	p := open(t, c)
	require.NoError(t, p.WaitReady(t.Context()))

	length := *soak / 4
	if testing.Short() {
		length /= 10
	}
	ctx, stop := context.WithTimeout(context.Background(), length)
	defer stop()
	var all sync.WaitGroup
	for sender := range soakSenders {
		all.Go(func() { h.books[sender].send(ctx, p, sender) })
	}
	kills := breakWires(ctx, wires, random)
	all.Wait()
	require.NoError(t, p.Close())
	time.Sleep(200 * time.Millisecond) // what is on the wire arrives
	reckon(t, h.books, kills)
}

// breakWires breaks one line after another until ctx ends, and mends them.
func breakWires(ctx context.Context, wires []*wire, random *rand.Rand) (kills map[string]int) {
	kills = map[string]int{}
	var mending sync.WaitGroup
	defer mending.Wait()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(random.IntN(200)) * time.Millisecond):
		}
		w := wires[random.IntN(len(wires))]
		length := time.Duration(random.IntN(1500)) * time.Millisecond
		mend := func(f func()) {
			mending.Go(func() {
				select {
				case <-ctx.Done():
				case <-time.After(length):
				}
				f()
			})
		}
		switch random.IntN(4) {
		case 0:
			kills["killed"]++
			w.reset()
		case 1:
			kills["cut off"]++
			w.dark.Store(true)
			mend(func() { w.dark.Store(false) })
		case 2:
			kills["slowed"]++
			w.slow.Store(int64(random.IntN(100)) * int64(time.Millisecond))
			mend(func() { w.slow.Store(0) })
		case 3:
			kills["refused"]++
			w.deny.Store(true)
			w.reset()
			mend(func() { w.deny.Store(false) })
		}
	}
	return kills
}

// send sends request after request, waited for and started by turns.
func (b *books) send(ctx context.Context, p *Pool, sender int) {
	for number := 0; ctx.Err() == nil; number++ {
		frame := soakFrame(sender, number)
		b.mu.Lock()
		b.told = append(b.told, 0)
		b.mu.Unlock()
		if number%2 == 0 {
			reply, err := p.Exchange(context.Background(), frame, nil)
			b.end(number, frame, reply, err)
		} else {
			done := make(chan struct{})
			_, err := p.Start(frame, nil, time.Time{}, &soakOne{b, number, frame, done})
			if err != nil {
				b.end(number, frame, nil, err)
			} else {
				<-done
			}
		}
		time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
	}
}

type soakOne struct {
	books  *books
	number int
	frame  []byte
	done   chan struct{}
}

func (o *soakOne) Complete(reply []byte, err error) {
	o.books.end(o.number, o.frame, reply, err)
	close(o.done) // panics if it is told twice
}

func (b *books) end(number int, frame, reply []byte, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.told[number] != 0 {
		b.wrong = append(b.wrong, fmt.Sprintf("request %d was told twice", number))
	}
	b.told[number] = 1 + byte(connection.SentOf(err))
	if err == nil {
		b.told[number] = answered
		if len(reply) != len(frame) || string(reply[3:]) != string(frame[3:]) || reply[2] != frame[2]+1 {
			b.wrong = append(b.wrong, fmt.Sprintf("request %d got %x", number, reply))
		}
	}
}

// reckon compares what the senders were told with what arrived.
func reckon(t *testing.T, all []*books, kills map[string]int) {
	outcomes := map[string]int{}
	for sender, b := range all {
		b.mu.Lock()
		defer b.mu.Unlock()
		require.Empty(t, b.wrong, "sender %d", sender)
		for number, told := range b.told {
			arrived := byte(0)
			if number < len(b.arrived) {
				arrived = b.arrived[number]
			}
			where := fmt.Sprintf("request %d of sender %d", number, sender)
			switch told {
			case 0:
				t.Fatal(where, "has no end")
			case answered:
				outcomes["answered"]++
				require.EqualValues(t, 1, arrived, where)
			case 1 + byte(connection.SentNo):
				outcomes["not sent"]++
				require.Zero(t, arrived, where)
			default:
				outcomes["unknown"]++
				require.LessOrEqual(t, arrived, byte(1), where)
			}
		}
	}
	t.Logf("requests %v, lines %v", outcomes, kills)
	require.Positive(t, outcomes["answered"])
}
