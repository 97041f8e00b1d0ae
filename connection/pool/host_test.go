package pool

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/posline/posline/connection/internal/stepclock"
)

// Frames of the tests: 4 ASCII digits of MTI, 6 of STAN, any text.
func testKey(frame []byte) (key [32]byte, kind uint8, err error) {
	if len(frame) < 10 {
		return key, connection.KindOther, errors.New("frame of less than ten bytes")
	}
	copy(key[:], frame[:2])
	key[2] = frame[2] &^ 1
	copy(key[3:], frame[4:10])
	if kind = connection.KindRequest; frame[2]&1 == 1 {
		kind = connection.KindResponse
	}
	return key, kind, nil
}

func request(mti string, stan int, text string) []byte {
	return fmt.Appendf(nil, "%s%06d%s", mti, stan, text)
}

func sale(stan int) []byte { return request("0200", stan, "") }

func answerTo(frame []byte) []byte {
	answer := append([]byte(nil), frame...)
	answer[2]++
	return answer
}

func binary2(t testing.TB) connection.Framing {
	f, err := connection.FramingByName("binary2")
	require.NoError(t, err)
	return f
}

// host is the peer of a pool: it accepts every dial, answers what it is asked on the same line, and remembers it. Its
// fields may be set before it is used; set changes them later.
type host struct {
	framing connection.Framing
	clock   *stepclock.Clock // of the pool's machine, where a test sets it
	network *network         // to the pool, where it is not perfect

	mu     sync.Mutex
	refuse map[string]error                // dials of an address
	slow   map[string]time.Duration        // before every answer on an address
	play   func(l *hostLine, frame []byte) // instead of answering
	lines  []*hostLine
	seen   []string // requests, "address:frame"
	dials  []dialed
}

type dialed struct {
	address string
	at      time.Time
}

// hostLine is one connection to the host.
type hostLine struct {
	*connectiontest.Peer
	host    *host
	address string
	sending sync.Mutex
}

func newHost(t testing.TB) *host {
	return &host{framing: binary2(t), refuse: map[string]error{}, slow: map[string]time.Duration{}}
}

func (h *host) set(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

// dial is for connection.Config.Dialer.
func (h *host) dial(ctx context.Context, _, address string) (net.Conn, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dials = append(h.dials, dialed{address, time.Now()})
	if err := h.refuse[address]; err != nil {
		return nil, err
	}
	client, server := connectiontest.Pipe()
	l := &hostLine{Peer: connectiontest.NewPeer(server, h.framing), host: h, address: address}
	h.lines = append(h.lines, l)
	go l.serve()
	return client, nil
}

func (l *hostLine) serve() {
	defer l.Close()
	for {
		frame, err := l.Receive()
		if err != nil {
			return
		}
		l.host.mu.Lock()
		l.host.seen = append(l.host.seen, l.address+":"+string(frame))
		play, slow := l.host.play, l.host.slow[l.address]
		l.host.mu.Unlock()
		switch {
		case play != nil:
			play(l, frame)
		case slow > 0:
			time.AfterFunc(slow, func() { l.send(answerTo(frame)) })
		default:
			l.send(answerTo(frame))
		}
	}
}

func (l *hostLine) send(frame []byte) error {
	l.sending.Lock()
	defer l.sending.Unlock()
	return l.Send(frame)
}

// live returns the last connection on an address.
func (h *host) live(address string) *hostLine {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := len(h.lines) - 1; i >= 0; i-- {
		if h.lines[i].address == address {
			return h.lines[i]
		}
	}
	return nil
}

// closeAll closes every connection there has been.
func (h *host) closeAll() {
	h.set(func() {
		for _, l := range h.lines {
			l.Close()
		}
	})
}

// all returns the requests that have come, "address:frame".
func (h *host) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.seen)
}

// opened returns how many connections there have been.
func (h *host) opened() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.lines)
}

// count returns how many requests of an MTI came over an address; over any if it is "".
func (h *host) count(address, mti string) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.seen {
		at, frame, _ := cut(s)
		if (address == "" || at == address) && frame[:4] == mti {
			n++
		}
	}
	return n
}

func cut(seen string) (address, frame string, _ bool) {
	for i := range seen {
		if seen[i] == ':' {
			return seen[:i], seen[i+1:], true
		}
	}
	return "", seen, false
}

func (h *host) dialTimes(address string) (at []time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range h.dials {
		if d.address == address {
			at = append(at, d.at)
		}
	}
	return at
}

// exchange0800 is the sign-on, the echo and the sign-off of the tests, told apart by what follows the STAN.
func exchange0800(what string) func(context.Context, *connection.Conn) error {
	var stan atomic.Int32
	return func(ctx context.Context, c *connection.Conn) error {
		frame := request("0800", int(stan.Add(1)), what)
		reply, err := c.Exchange(ctx, frame, nil)
		if err == nil && string(reply) != string(answerTo(frame)) {
			err = errors.New("host refused")
		}
		return err
	}
}

// config is one of lines with these addresses, which are their names too.
func (h *host) config(addresses ...string) Config {
	c := Config{
		Connection: connection.Config{Framing: h.framing, Key: testKey, Timeout: 5 * time.Second, Dialer: h.dial},
		EchoIdle:   -1,
	}
	for _, a := range addresses {
		c.Lines = append(c.Lines, Line{Name: a, Address: a})
	}
	return c
}

// within runs a test in virtual time with a pool that is ready.
func within(t *testing.T, config func(h *host) Config, test func(t *testing.T, h *host, p *Pool)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		p := open(t, config(h))
		require.NoError(t, p.WaitReady(t.Context()))
		synctest.Wait()
		test(t, h, p)
	})
}

// open makes a pool that the test closes.
func open(t testing.TB, config Config) *Pool {
	p, err := New(config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	return p
}

// async exchanges in a goroutine; the function returned waits for the outcome.
func async(over connection.Exchanger, frame []byte) func() (string, error) {
	type outcome struct {
		reply string
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		reply, err := over.Exchange(context.Background(), frame, nil)
		done <- outcome{string(reply), err}
	}()
	return func() (string, error) {
		o := <-done
		return o.reply, o.err
	}
}

// states are the lines' states in order.
func states(p *Pool) (all []State) {
	for _, l := range p.Lines() {
		all = append(all, l.State)
	}
	return all
}
