package routing

import (
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
)

// What is known of issuers goes by the place of a route: it is kept while the places are the same, and only then.
func TestConfigureAndIssuers(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, r *Router, _ *scripted, _ *changes) {
		shown := func() string {
			var d Decision
			require.NoError(t, r.Decide(&Request{Issuer: "4321"}, &d))
			r.Report(&d, Neutral)
			require.EqualValues(t, 1, d.Seed)
			return removals(&d)
		}
		tell(t, r, "A", Request{Issuer: "4321"}, IssuerFault, 5)
		config := r.config
		config.Seed = 7
		require.NoError(t, r.Configure(config))
		require.Equal(t, "A:issuer's breaker open B:fit", shown())
		config.Routes = []Route{config.Routes[1], config.Routes[0]}
		require.NoError(t, r.Configure(config))
		require.Equal(t, "B:lower priority A:fit", shown())
	})
}

// Routes that were tried are those of one configuration.
func TestConfigureBetweenAttempts(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, r *Router, _ *scripted, _ *changes) {
		var d Decision
		for range 2 {
			require.NoError(t, r.Decide(&Request{}, &d))
		}
		require.Equal(t, "A:tried before B:fit", removals(&d))
		require.NoError(t, r.Configure(r.config))
		require.NoError(t, r.Decide(&Request{}, &d))
		require.Equal(t, "A:fit B:lower priority", removals(&d))
	})
}

// A decision counts once, however often it is reported.
func TestReportedTwice(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, r *Router, _ *scripted, _ *changes) {
		for range 4 {
			var d Decision
			require.NoError(t, r.Decide(&Request{}, &d))
			r.Report(&d, HostFault)
			r.Report(&d, HostFault)
		}
		require.Equal(t, Fit, onA(t, r))
	})
}

// What follows an original is not renewed, whatever the answer.
func TestOriginalsAreNotRenewed(t *testing.T) {
	routes, peers := peersOf("A", "B")
	routes[0].HoldsNoMoney = func([]byte) bool { return true }
	peers[0].answers = func([]byte) ([]byte, error) { return []byte("91"), nil }
	r := routerOf(t, Config{Routes: routes})
	answer, err := r.Exchange(t.Context(), &Request{Original: "A", Renew: func(*Decision) ([]byte, error) {
		t.Error("renewed")
		return nil, connection.ErrBusy
	}}, nil, nil)
	require.NoError(t, err)
	require.Equal(t, "91", string(answer))
}

// A host that has come back is judged by what happens from then on.
func TestClosedBreakerForgets(t *testing.T) {
	c := BreakerConfig{Failures: 100, Minimum: 20, Window: time.Hour, Proven: 1, Echoes: 1, Open: 1}.withDefaults()
	now := time.Unix(1000, 0)
	var b breaker
	for range 20 {
		b.record(&c, now, false, 0)
	}
	require.Equal(t, open, b.state)
	now = now.Add(time.Second)
	b.echo(&c, now, true, 0)
	require.Equal(t, halfOpen, b.state)
	b.record(&c, now, false, 0)
	require.Equal(t, open, b.state, "a failure proves nothing")
	now = now.Add(time.Minute)
	b.echo(&c, now, true, 0)
	b.record(&c, now, true, 0)
	require.Equal(t, closed, b.state)
	for range 19 {
		b.record(&c, now, false, 0)
		require.Equal(t, closed, b.state)
	}
	b.record(&c, now, false, 0)
	require.Equal(t, open, b.state)
}

// Breakers that open together do not all come back together.
func TestJitter(t *testing.T) {
	c := BreakerConfig{Open: 10 * time.Second, OpenMax: time.Hour}
	require.Equal(t, 10*time.Second, (&breaker{trips: 1}).openFor(&c))
	require.Equal(t, 12*time.Second, (&breaker{trips: 1, jitter: 1}).openFor(&c))
	require.Equal(t, 33*time.Second, (&breaker{trips: 3, jitter: 0.5}).openFor(&c))
}

// A key may be part of a message whose memory is used again.
func TestKeysAreCopied(t *testing.T) {
	s := newSegments(64)
	key := []byte("4321")
	issuer := unsafe.String(&key[0], len(key))
	s.make(issuer, issuer)
	clear(key)
	require.NotNil(t, s.find("4321", "4321"))
}

// Outcomes of a route that was taken out do not count for another that has its name.
func TestOutcomesOfAnotherRouteOfThatName(t *testing.T) {
	routes, _ := peersOf("A", "B")
	r := routerOf(t, Config{Routes: routes})
	require.NoError(t, r.Configure(Config{Routes: routes}))
	old := make([]Decision, 10)
	for i := range old {
		require.NoError(t, r.Decide(&Request{Original: "B"}, &old[i]))
	}
	require.NoError(t, r.Configure(Config{Routes: routes[:1]}))
	another, _ := peersOf("A", "B")
	require.NoError(t, r.Configure(Config{Routes: another}))
	for i := range old {
		r.Report(&old[i], HostFault)
	}
	var d Decision
	require.NoError(t, r.Decide(&Request{Original: "B"}, &d))
	tell(t, r, "A", Request{}, HostFault, 5)
	require.ErrorIs(t, r.Decide(&Request{Original: "A"}, &d), ErrOriginal, "A has been there all the time")
}

// A route that takes another's place does not inherit what was known of issuers behind that.
func TestConfigureForgetsIssuersOfOtherRoutes(t *testing.T) {
	routes, _ := peersOf("A", "B", "C")
	r := routerOf(t, Config{Routes: routes[:2]})
	tell(t, r, "B", Request{Issuer: "4321"}, IssuerFault, 5)
	decided := func() string {
		var d Decision
		require.NoError(t, r.Decide(&Request{Issuer: "4321"}, &d))
		return removals(&d)
	}
	require.Equal(t, "A:fit B:issuer's breaker open", decided())
	require.NoError(t, r.Configure(Config{Routes: routes[:2]}))
	require.Equal(t, "A:fit B:issuer's breaker open", decided())
	routes[2].Priority = -1
	require.NoError(t, r.Configure(Config{Routes: []Route{routes[0], routes[2]}}))
	require.Equal(t, "A:lower priority C:fit", decided())
}
