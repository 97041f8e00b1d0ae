package routing

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSharesAreShares: what is a part of something is from 0 to 1, wherever it stands.
func TestSharesAreShares(t *testing.T) {
	for name, set := range map[string]func(c *Config, x float64){
		"Margin":       func(c *Config, x float64) { c.Margin = x },
		"Explore":      func(c *Config, x float64) { c.Explore = x },
		"MinFit":       func(c *Config, x float64) { c.MinFit = x },
		"Host.Share":   func(c *Config, x float64) { c.Host.Share = x },
		"Issuer.Share": func(c *Config, x float64) { c.Issuer.Share = x },
	} {
		for _, x := range []float64{-0.01, 1.01, math.NaN()} {
			config := Config{}
			config.Routes, _ = peersOf("A")
			set(&config, x)
			_, err := New(config)
			require.ErrorIs(t, err, ErrConfig, name)
			require.ErrorContains(t, err, name)
		}
	}
}

// TestReportOfARouteThatIsGone: a request that went to a route which another configuration has no more counts for nobody.
func TestReportOfARouteThatIsGone(t *testing.T) {
	routes, _ := peersOf("A", "B")
	routes[0].Priority = 1
	r := routerOf(t, Config{Routes: routes})
	var d Decision
	require.NoError(t, r.Decide(&Request{Issuer: "4321"}, &d))
	require.Equal(t, "B", d.Route)
	require.NoError(t, r.Configure(Config{Routes: routes[:1]}))
	r.Report(&d, HostFault)
	require.Zero(t, r.routes[0].breaker.failures)
	require.Nil(t, r.segments.find("4321", ""))
}

// TestASegmentTakesOnePlace of those that it may have.
func TestASegmentTakesOnePlace(t *testing.T) {
	s := newSegments(ways)
	for n := 1; n <= ways; n++ {
		s.make(string(rune('a'+n)), "")
		taken := 0
		for _, one := range s.places[0] {
			if one != nil {
				taken++
			}
		}
		require.Equal(t, n, taken)
	}
}
