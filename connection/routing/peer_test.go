package routing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
)

// scripted is a Peer that does what its fields say.
type scripted struct {
	name    string
	down    atomic.Bool // not Ready
	deaf    atomic.Bool // echoes fail
	mad     atomic.Bool // echoes panic
	answers func(frame []byte) ([]byte, error)

	mu     sync.Mutex
	frames []string // what reached it
	echoes int
}

func (p *scripted) Ready() bool { return !p.down.Load() }

func (p *scripted) Echo(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.echoes++
	if p.mad.Load() {
		panic("echo")
	}
	if p.deaf.Load() {
		return errors.New("no echo")
	}
	return nil
}

func (p *scripted) Exchange(_ context.Context, frame, dst []byte) ([]byte, error) {
	answer, err := []byte("ok "+p.name), error(nil)
	if p.answers != nil {
		answer, err = p.answers(frame)
	}
	if !connection.SafeToRetry(err) {
		p.mu.Lock()
		p.frames = append(p.frames, string(frame))
		p.mu.Unlock()
	}
	if err != nil {
		return dst, err
	}
	return append(dst, answer...), nil
}

func (p *scripted) seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.frames...)
}

func (p *scripted) echoCount() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.echoes
}

func failure(sent connection.Sent, err error) error {
	return &connection.Error{Op: "exchange", Sent: sent, Err: err}
}

func always(err error) func([]byte) ([]byte, error) {
	return func([]byte) ([]byte, error) { return nil, err }
}

// routerOf makes a Router that the test closes.
func routerOf(t testing.TB, config Config) *Router {
	if config.Seed == 0 {
		config.Seed = 1
	}
	r, err := New(config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

// peersOf makes routes of equal rank over scripted peers.
func peersOf(names ...string) (routes []Route, peers []*scripted) {
	for _, name := range names {
		p := &scripted{name: name}
		peers = append(peers, p)
		routes = append(routes, Route{Name: name, Peer: p})
	}
	return routes, peers
}

// removals shows what a decision says of its routes: "A:fit B:not drawn".
func removals(d *Decision) string {
	var out []string
	for _, c := range d.Candidates() {
		out = append(out, fmt.Sprintf("%s:%s", c.Route, c.Removal))
	}
	return strings.Join(out, " ")
}

// tell counts outcomes of a route, for an issuer, without asking a peer.
func tell(t testing.TB, r *Router, route string, request Request, health Health, times int) {
	for range times {
		request.Original = route
		var d Decision
		require.NoError(t, r.Decide(&request, &d))
		r.Report(&d, health)
	}
}
