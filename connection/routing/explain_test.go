package routing

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
)

// What a record says must be so, also where there is little to say.

func TestExplainsScarce(t *testing.T) {
	routes, peers := peersOf("A", "B")
	r := routerOf(t, Config{Routes: routes, MinFit: 0.9})
	peers[1].down.Store(true)
	var d Decision
	require.ErrorIs(t, r.Decide(&Request{}, &d), ErrScarce)
	require.Equal(t, "too few routes are fit; A: fit, score 1.000 of 0 by nothing, cost 0, weight 1; B: no line ready; draw 0 of seed 1", d.String())
	peers[0].down.Store(true)
	require.ErrorIs(t, r.Decide(&Request{}, &d), ErrNoRoute)
	require.Equal(t, "no route is fit (attempt 2); A: no line ready; B: no line ready; draw 0 of seed 1", d.String())
}

func TestExplainsClosed(t *testing.T) {
	routes, _ := peersOf("A")
	r := routerOf(t, Config{Routes: routes})
	var d Decision
	require.NoError(t, r.Decide(&Request{}, &d))
	require.NoError(t, r.Close())
	require.ErrorIs(t, r.Decide(&Request{}, &d), ErrClosed)
	require.Equal(t, "nothing was decided; draw 0 of seed 0", d.String())
}

func TestExplainsCost(t *testing.T) {
	routes, _ := peersOf("A", "B", "C")
	for i := range routes {
		routes[i].Cost = func(*Request) int64 { return int64(250 + i) }
	}
	routes[2].Priority = 1
	explorer := routerOf(t, Config{Routes: routes, Explore: 1, ExploreLimit: 100})
	costs := func(r *Router, request Request) (all []int64) {
		var d Decision
		require.NoError(t, r.Decide(&request, &d))
		for _, c := range d.Candidates() {
			all = append(all, c.Cost)
		}
		return all
	}
	require.Equal(t, []int64{250, 251, 0}, costs(explorer, Request{Amount: 1}), "explored")
	require.Equal(t, []int64{250, 251, 0}, costs(explorer, Request{Amount: 101}), "not explored")
	require.Equal(t, []int64{0, 251, 0}, costs(explorer, Request{Original: "B"}))
	tell(t, explorer, "A", Request{}, LineFault, 20)
	require.Equal(t, []int64{250, 251, 0}, costs(explorer, Request{Amount: 101}), "a worse score has a cost too")
}

// What follows an original has no score, so that is 1.
func TestExplainsOriginal(t *testing.T) {
	routes, _ := peersOf("A", "B")
	r := routerOf(t, Config{Routes: routes})
	tell(t, r, "A", Request{}, LineFault, 30)
	var d Decision
	require.NoError(t, r.Decide(&Request{Original: "A"}, &d))
	require.Equal(t, 1.0, d.Candidates()[0].Score)
	require.Equal(t, NoBasis, d.Candidates()[0].Basis)
}

// Requests without an issuer say nothing of one, whatever they say of the method.
func TestNoIssuerNoBreaker(t *testing.T) {
	routes, _ := peersOf("A", "B")
	r := routerOf(t, Config{Routes: routes, Minimum: 31})
	tell(t, r, "A", Request{Method: "qr"}, Good, 31)
	tell(t, r, "B", Request{Method: "qr"}, IssuerFault, 31)
	scores := func(request Request) (basis []Basis, why string) {
		var d Decision
		require.NoError(t, r.Decide(&request, &d))
		return []Basis{d.Candidates()[0].Basis, d.Candidates()[1].Basis}, removals(&d)
	}
	basis, why := scores(Request{})
	require.Equal(t, []Basis{RouteBasis, RouteBasis}, basis)
	require.Equal(t, "A:fit B:worse score", why)
	basis, why = scores(Request{Method: "qr"})
	require.Equal(t, []Basis{IssuerAndMethod, IssuerAndMethod}, basis)
	require.Equal(t, "A:fit B:worse score", why)
}

// An answer that stands because nobody else could be asked comes with the decision for its route.
func TestTheDecisionBehindAnAnswer(t *testing.T) {
	for name, script := range map[string]func(b *scripted){
		"nobody ready":  func(b *scripted) { b.down.Store(true) },
		"B did not get": func(b *scripted) { b.answers = always(failure(connection.SentNo, connection.ErrPeerClosed)) },
	} {
		routes, peers := peersOf("A", "B")
		routes[0].HoldsNoMoney, routes[1].Priority = is91, 1
		peers[0].answers = says("91")
		script(peers[1])
		r := routerOf(t, Config{Routes: routes})
		var d Decision
		answer, err := r.Exchange(t.Context(), &Request{Renew: renew}, nil, &d)
		require.NoError(t, err, name)
		require.Equal(t, "91", string(answer), name)
		require.Equal(t, "A", d.Route, name)
		require.Equal(t, 1, d.Attempt, name)
	}
}

// Equal weights are equal shares, however large they may be.
func TestLargeWeights(t *testing.T) {
	routes, _ := peersOf("A", "B", "C", "D")
	for i := range routes {
		routes[i].Weight = 1 << 30
	}
	r := routerOf(t, Config{Routes: routes})
	count := map[string]int{}
	for range 4000 {
		var d Decision
		require.NoError(t, r.Decide(&Request{}, &d))
		count[d.Route]++
	}
	for name, n := range count {
		require.InDelta(t, 1000, n, 100, name) // the seed is fixed
	}
}

// several is an error that cannot be compared.
type several []error

func (s several) Error() string   { return "several" }
func (s several) Unwrap() []error { return s }

func TestErrorsThatCannotBeCompared(t *testing.T) {
	routes, peers := peersOf("A")
	peers[0].answers = always(several{failure(connection.SentNo, errors.New("refused"))})
	r := routerOf(t, Config{Routes: routes})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := r.Exchange(ctx, &Request{}, nil, nil)
	require.True(t, connection.SafeToRetry(err))
	require.Equal(t, "route: several (not sent)", err.Error(), "told once")
	_, err = r.Exchange(t.Context(), &Request{}, nil, nil)
	require.ErrorIs(t, err, ErrNoRoute)
	require.ErrorContains(t, err, "several")
}
