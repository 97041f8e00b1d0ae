package routing

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
)

func TestNewRefuses(t *testing.T) {
	routes, _ := peersOf("A", "B")
	with := func(change func(c *Config)) Config {
		c := Config{Routes: append([]Route(nil), routes...)}
		change(&c)
		return c
	}
	for name, c := range map[string]struct {
		config Config
		want   string
	}{
		"no routes":       {Config{}, "0 routes"},
		"too many routes": {with(func(c *Config) { c.Routes = make([]Route, 17) }), "17 routes"},
		"no name":         {with(func(c *Config) { c.Routes[1].Name = "" }), "route 2 has no name"},
		"a name twice":    {with(func(c *Config) { c.Routes[1].Name = "A" }), `"A" stands there twice`},
		"no peer":         {with(func(c *Config) { c.Routes[0].Peer = nil }), `"A" has no peer`},
		"a weight":        {with(func(c *Config) { c.Routes[0].Weight = -1 }), "weight -1"},
		"a large weight":  {with(func(c *Config) { c.Routes[0].Weight = 1<<30 + 1 }), "weight 1073741825"},
		"a share":         {with(func(c *Config) { c.Explore = 1.5 }), "Explore 1.5"},
		"a margin":        {with(func(c *Config) { c.Margin = -0.1 }), "Margin -0.1"},
		"a breaker":       {with(func(c *Config) { c.Host.Open = -1 }), "Host is negative"},
		"an issuer":       {with(func(c *Config) { c.Issuer.Failures = -1 }), "Issuer is negative"},
		"a time":          {with(func(c *Config) { c.EchoEvery = -1 }), "EchoEvery is negative"},
	} {
		r, err := New(c.config)
		require.ErrorIs(t, err, ErrConfig, name)
		require.ErrorContains(t, err, c.want, name)
		require.Nil(t, r, name)
	}
	sixteen := with(func(c *Config) {
		for len(c.Routes) < MaxRoutes {
			c.Routes = append(c.Routes, Route{Name: strings.Repeat("x", len(c.Routes)), Peer: routes[0].Peer})
		}
	})
	routerOf(t, sixteen)
	_, err := New(with(func(c *Config) { c.Routes[0].Name, c.Margin = "", 2 }))
	require.ErrorContains(t, err, "no name")
	require.ErrorContains(t, err, "Margin 2") // all faults at once
}

func TestTheZeroRouterRefuses(t *testing.T) {
	var r Router
	var d Decision
	require.ErrorIs(t, r.Decide(&Request{}, &d), ErrClosed)
	r.Report(&d, HostFault)
	require.NoError(t, r.Close())
}

func TestDecide(t *testing.T) {
	refuse := func(reason string) func(*Request) string { return func(*Request) string { return reason } }
	cost := func(amount int64) func(*Request) int64 { return func(*Request) int64 { return amount } }
	for name, c := range map[string]struct {
		change func(routes []Route, peers []*scripted)
		config func(c *Config)
		before func(t *testing.T, r *Router)
		want   string
		err    error
	}{
		"a contract":        {change: func(r []Route, _ []*scripted) { r[0].Accepts = refuse("no foreign cards") }, want: "A:refused B:fit"},
		"no line":           {change: func(_ []Route, p []*scripted) { p[1].down.Store(true) }, want: "A:fit B:no line ready"},
		"priority":          {change: func(r []Route, _ []*scripted) { r[0].Priority = 1 }, want: "A:lower priority B:fit"},
		"a better priority": {change: func(r []Route, _ []*scripted) { r[0].Priority = -1 }, want: "A:fit B:lower priority"},
		"priority before cost": {change: func(r []Route, _ []*scripted) { r[0].Priority, r[1].Cost = -1, cost(-5) },
			want: "A:fit B:lower priority"},
		"cost":               {change: func(r []Route, _ []*scripted) { r[0].Cost, r[1].Cost = cost(60), cost(40) }, want: "A:dearer B:fit"},
		"a cost of one more": {change: func(r []Route, _ []*scripted) { r[0].Cost, r[1].Cost = cost(41), cost(40) }, want: "A:dearer B:fit"},
		"a host that fails": {before: func(t *testing.T, r *Router) { tell(t, r, "A", Request{}, HostFault, 5) },
			want: "A:host's breaker open B:fit"},
		"one failure less": {before: func(t *testing.T, r *Router) { tell(t, r, "A", Request{}, HostFault, 4) },
			config: func(c *Config) { c.Minimum = 5 }, want: "A:fit B:not drawn"},
		"lines are the pool's business": {before: func(t *testing.T, r *Router) { tell(t, r, "A", Request{}, LineFault, 50) },
			config: func(c *Config) { c.Minimum = 51 }, want: "A:fit B:not drawn"},
		"a worse score": {before: func(t *testing.T, r *Router) {
			tell(t, r, "A", Request{}, Good, 18)
			tell(t, r, "A", Request{}, LineFault, 2)
		}, want: "A:worse score B:fit"},
		"a score within the margin": {before: func(t *testing.T, r *Router) {
			tell(t, r, "A", Request{}, Good, 19)
			tell(t, r, "A", Request{}, LineFault, 1)
		}, want: "A:fit B:not drawn"},
		"too few for a score": {before: func(t *testing.T, r *Router) { tell(t, r, "A", Request{}, LineFault, 19) },
			want: "A:fit B:not drawn"},
		"score before cost": {change: func(r []Route, _ []*scripted) { r[1].Cost = cost(40) },
			before: func(t *testing.T, r *Router) { tell(t, r, "A", Request{}, LineFault, 20) }, want: "A:worse score B:fit"},
		"neutral outcomes": {before: func(t *testing.T, r *Router) { tell(t, r, "A", Request{}, Neutral, 100) },
			want: "A:fit B:not drawn"},
		"an issuer out of reach": {before: func(t *testing.T, r *Router) { tell(t, r, "A", Request{Issuer: "4321"}, IssuerFault, 5) },
			want: "A:issuer's breaker open B:fit"},
		"another issuer": {before: func(t *testing.T, r *Router) { tell(t, r, "A", Request{Issuer: "4322"}, IssuerFault, 5) },
			want: "A:fit B:not drawn"},
		"an issuer out of reach everywhere": {before: func(t *testing.T, r *Router) {
			tell(t, r, "A", Request{Issuer: "4321"}, IssuerFault, 5)
			tell(t, r, "B", Request{Issuer: "4321"}, IssuerFault, 5)
		}, want: "A:fit B:not drawn"},
		"nobody": {change: func(_ []Route, p []*scripted) { p[0].down.Store(true); p[1].down.Store(true) },
			want: "A:no line ready B:no line ready", err: ErrNoRoute},
		"too few": {change: func(_ []Route, p []*scripted) { p[0].down.Store(true) }, config: func(c *Config) { c.MinFit = 0.6 },
			want: "A:no line ready B:fit", err: ErrScarce},
		"just enough": {change: func(_ []Route, p []*scripted) { p[0].down.Store(true) }, config: func(c *Config) { c.MinFit = 0.5 },
			want: "A:no line ready B:fit"},
		"what a contract forbids is not scarce": {change: func(r []Route, _ []*scripted) { r[0].Accepts = refuse("x") },
			config: func(c *Config) { c.MinFit = 1 }, want: "A:refused B:fit"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				routes, peers := peersOf("A", "B")
				routes[0].Weight = 1 << 30 // equals are drawn: A but for one time in 10^9
				if c.change != nil {
					c.change(routes, peers)
				}
				config := Config{Routes: routes}
				if c.config != nil {
					c.config(&config)
				}
				r := routerOf(t, config)
				if c.before != nil {
					c.before(t, r)
				}
				var d Decision
				require.ErrorIs(t, r.Decide(&Request{Issuer: "4321", Amount: 100}, &d), c.err)
				require.Equal(t, c.want, removals(&d))
				if c.err != nil {
					require.Empty(t, d.Route)
				}
				require.NoError(t, r.Close())
			})
		})
	}
}

// A reversal goes where its original went, or nowhere.
func TestWhatFollowsAnOriginal(t *testing.T) {
	routes, peers := peersOf("A", "B", "C")
	routes[1].Priority, routes[1].Cost = 9, func(*Request) int64 { return 1 << 40 }
	routes[1].Accepts = func(*Request) string { return "the contract is over" } // for what is new
	r := routerOf(t, Config{Routes: routes, MinFit: 1})
	request := Request{Original: "B"}
	var d Decision
	require.NoError(t, r.Decide(&request, &d))
	require.Equal(t, "B", d.Route)
	require.Equal(t, "A:not the original's route B:fit C:not the original's route", removals(&d))

	peers[1].down.Store(true)
	d.Reset()
	require.ErrorIs(t, r.Decide(&request, &d), ErrOriginal)
	require.Empty(t, d.Route)
	d.Reset()
	require.ErrorIs(t, r.Decide(&Request{Original: "gone"}, &d), ErrOriginal)
}

// The finest window that has enough outcomes makes the score.
func TestScoreFallsBack(t *testing.T) {
	routes, _ := peersOf("A")
	r := routerOf(t, Config{Routes: routes})
	score := func(request Request) Candidate {
		var d Decision
		require.NoError(t, r.Decide(&request, &d))
		return d.Candidates()[0]
	}
	card := Request{Issuer: "622588", Method: "chip"}
	c := score(card)
	require.Equal(t, []any{1.0, 0, NoBasis}, []any{c.Score, c.Samples, c.Basis})

	tell(t, r, "A", Request{Issuer: "4321", Method: "chip"}, Good, 20)
	c = score(card)
	require.Equal(t, []any{1.0, 20, RouteBasis}, []any{c.Score, c.Samples, c.Basis})

	tell(t, r, "A", Request{Issuer: "622588", Method: "stripe"}, LineFault, 20)
	c = score(card)
	require.Equal(t, []any{0.0, 20, IssuerBasis}, []any{c.Score, c.Samples, c.Basis})

	tell(t, r, "A", card, Good, 15)
	tell(t, r, "A", card, LineFault, 5)
	c = score(card)
	require.Equal(t, []any{0.75, 20, IssuerAndMethod}, []any{c.Score, c.Samples, c.Basis})
	c = score(Request{Issuer: "622588"})
	require.Equal(t, []any{0.375, 40, IssuerBasis}, []any{c.Score, c.Samples, c.Basis})
}

// Old outcomes leave the window by and by.
func TestScoreForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		routes, _ := peersOf("A")
		r := routerOf(t, Config{Routes: routes, ScoreWindow: 10 * time.Minute})
		tell(t, r, "A", Request{}, LineFault, 30)
		samples := func() int {
			var d Decision
			require.NoError(t, r.Decide(&Request{}, &d))
			return d.Candidates()[0].Samples
		}
		require.Equal(t, 30, samples())
		time.Sleep(8 * time.Minute)
		require.Equal(t, 30, samples())
		time.Sleep(2*time.Minute + time.Second)
		require.Zero(t, samples())
	})
}

// Equals are drawn by their weights, and the same seed draws the same.
func TestDrawsByWeight(t *testing.T) {
	routes, _ := peersOf("A", "B", "C")
	routes[1].Weight = 3
	run := func(seed uint64) (string, map[string]int) {
		r := routerOf(t, Config{Routes: routes, Seed: seed})
		var order strings.Builder
		count := map[string]int{}
		for range 5000 {
			var d Decision
			require.NoError(t, r.Decide(&Request{}, &d))
			require.Equal(t, seed, d.Seed)
			order.WriteString(d.Route)
			count[d.Route]++
		}
		return order.String(), count
	}
	first, count := run(7)
	require.InDelta(t, 1000, count["A"], 150)
	require.InDelta(t, 3000, count["B"], 150)
	require.InDelta(t, 1000, count["C"], 150)
	again, _ := run(7)
	require.Equal(t, first, again)
	other, _ := run(8)
	require.NotEqual(t, first, other)
}

func TestExplore(t *testing.T) {
	routes, _ := peersOf("A", "B", "C")
	routes[2].Priority = 1
	r := routerOf(t, Config{Routes: routes, Explore: 0.1, ExploreLimit: 500, ScoreWindow: time.Hour})
	tell(t, r, "A", Request{}, LineFault, 20)
	explored := func(request Request) (count int) {
		for range 2000 {
			var d Decision
			require.NoError(t, r.Decide(&request, &d))
			require.NotEqual(t, "C", d.Route)
			if d.Route == "A" {
				require.True(t, d.Explored)
				count++
			}
		}
		return count
	}
	require.InDelta(t, 100, explored(Request{Amount: 500}), 40) // a tenth, half of it drawn to A
	require.Zero(t, explored(Request{Amount: 501}))
	require.Zero(t, explored(Request{Amount: 1, Original: "B"}))
}

// Where there is no choice nothing is learnt by it, and the record does not say so.
func TestNothingToExplore(t *testing.T) {
	routes, peers := peersOf("A", "B")
	peers[0].down.Store(true)
	r := routerOf(t, Config{Routes: routes, Explore: 1, ExploreLimit: 500})
	var d Decision
	require.NoError(t, r.Decide(&Request{}, &d))
	require.Equal(t, "A:no line ready B:fit", removals(&d))
	require.False(t, d.Explored)
	peers[0].down.Store(false)
	require.NoError(t, r.Decide(&Request{}, new(Decision)))
	d.Reset()
	require.NoError(t, r.Decide(&Request{}, &d))
	require.True(t, d.Explored)
}

// Keys that requests bring cannot make the Router grow, and make no room for more by pushing out what is in use.
func TestSegmentsAreBounded(t *testing.T) {
	routes, _ := peersOf("A")
	r := routerOf(t, Config{Routes: routes, Segments: 64})
	regular := Request{Issuer: "regular"}
	tell(t, r, "A", regular, Good, 20)
	for i := range 100_000 {
		tell(t, r, "A", Request{Issuer: string(rune('a'+i%26)) + time.Duration(i).String()}, Good, 1)
		var d Decision
		require.NoError(t, r.Decide(&regular, &d))
		require.Equal(t, IssuerBasis, d.Candidates()[0].Basis, i)
	}
	held := 0
	for _, place := range r.segments.places {
		for _, one := range place {
			if one != nil {
				held++
			}
		}
	}
	require.LessOrEqual(t, held, 64)
}

func TestDecisionsExplainThemselves(t *testing.T) {
	routes, peers := peersOf("A", "B", "C", "D")
	routes[0].Accepts = func(*Request) string { return "no foreign cards" }
	routes[2].Cost = func(*Request) int64 { return 7 }
	peers[3].down.Store(true)
	r := routerOf(t, Config{Routes: routes, Seed: 5})
	var d Decision
	require.Equal(t, "nothing was decided; draw 0 of seed 0", d.String())
	require.NoError(t, r.Decide(&Request{}, &d))
	text := d.String()
	require.Contains(t, text, "B; A: refused (no foreign cards); B: fit, score 1.000 of 0 by nothing, cost 0, weight 1; C: dearer, score 1.000 of 0 by nothing, cost 7, weight 1; D: no line ready; draw ")
	require.True(t, strings.HasSuffix(text, " of seed 5"), text)
	copied := d
	d.Reset()
	require.Equal(t, text, copied.String())
	require.Equal(t, []string{"unknown removal", "unknown basis", "unknown health"}, []string{Removal(99).String(), Basis(99).String(), Health(99).String()})
	require.Equal(t, []string{"unknown removal", "unknown basis", "unknown health"}, []string{Removal(len(removalNames)).String(),
		Basis(len(basisNames)).String(), Health(len(healthNames)).String()})
	require.NoError(t, r.Decide(&Request{}, &copied))
	require.Contains(t, copied.String(), "C (attempt 2); A: refused (no foreign cards); B: tried before; C: fit, ")
	require.Equal(t, "host in slow start, issuer and method, host fault", strings.Join([]string{HostSlowStart.String(), IssuerAndMethod.String(), HostFault.String()}, ", "))
}

func TestDecideDoesNotAllocate(t *testing.T) {
	routes, _ := peersOf("A", "B", "C", "D")
	routes[1].Cost = func(r *Request) int64 { return r.Amount / 200 }
	routes[2].Accepts = func(r *Request) string { return "not here" }
	r := routerOf(t, Config{Routes: routes, Explore: 0.02, ExploreLimit: 1000})
	request := Request{Issuer: "622588", Method: "chip", Amount: 1999}
	var d Decision
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		d.Reset()
		if r.Decide(&request, &d) != nil {
			t.Fatal("no route")
		}
		r.Report(&d, Good)
	}))
}

func TestOfError(t *testing.T) {
	for _, c := range []struct {
		err  error
		want Health
	}{
		{nil, Good},
		{failure(connection.SentYes, connection.ErrTimeout), HostFault},
		{failure(connection.SentMaybe, connection.ErrTimeout), HostFault},
		{failure(connection.SentNo, connection.ErrTimeout), LineFault},
		{failure(connection.SentNo, connection.ErrBusy), Neutral},
		{failure(connection.SentNo, connection.ErrDuplicateKey), Neutral},
		{failure(connection.SentNo, connection.ErrDraining), Neutral},
		{failure(connection.SentYes, connection.ErrPeerClosed), LineFault},
		{failure(connection.SentYes, connection.ErrRejected), HostFault},
		{errors.New("anything"), LineFault},
	} {
		require.Equal(t, c.want, OfError(c.err), "%v", c.err)
	}
}
