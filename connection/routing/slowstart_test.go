package routing

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A slow start does not wait for ever for decisions that nobody reports: the program gave them up, or lost them.
func TestSlowStartOutlivesLostDecisions(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, r *Router, a *scripted, _ *changes) {
		tell(t, r, "A", Request{}, HostFault, 5)
		time.Sleep(time.Minute)
		var d, other Decision
		require.NoError(t, r.Decide(&Request{}, &other))
		require.Equal(t, "A", other.Route)
		require.NoError(t, r.Decide(&Request{}, &other))
		require.Equal(t, "B", other.Route)
		other.Reset()
		require.NoError(t, r.Decide(&Request{}, &d))
		require.Equal(t, "A", d.Route, "the first decision was given up")
		require.NoError(t, r.Decide(&Request{}, &other))
		require.Equal(t, HostSlowStart, other.Candidates()[0].Removal)
		time.Sleep(time.Minute - time.Millisecond)
		require.Equal(t, HostSlowStart, onA(t, r))
		time.Sleep(time.Millisecond)
		require.NoError(t, r.Decide(&Request{}, &other))
		require.Equal(t, "A", other.Route, "the one before is lost")
		time.Sleep(time.Minute - time.Millisecond)
		require.Equal(t, HostSlowStart, onA(t, r), "its time begins when it was let through")
		r.Report(&d, Good) // after all: it proves the host as any other
		r.Report(&other, Good)
		require.Equal(t, 2, r.routes[0].breaker.proven)
		require.Zero(t, r.routes[0].breaker.inFlight)
	})
}

// An issuer that is reached again gets a few requests first too.
func TestSlowStartOfAnIssuer(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, r *Router, _ *scripted, _ *changes) {
		request := &Request{Issuer: "4321"}
		flight := func() (on []*Decision) {
			for range 20 {
				d := new(Decision)
				require.NoError(t, r.Decide(request, d))
				if d.Route == "A" {
					on = append(on, d)
				} else {
					require.Equal(t, "A:issuer in slow start B:fit", removals(d))
					r.Report(d, Neutral)
				}
			}
			return on
		}
		tell(t, r, "A", *request, IssuerFault, 5)
		time.Sleep(time.Minute)
		for _, want := range []int{1, 2, 4, 8, 8} {
			on := flight()
			require.Len(t, on, want)
			r.Report(on[0], Good)
			for _, d := range on[1:] {
				r.Report(d, Neutral)
			}
		}
		lost := flight()
		require.Len(t, lost, 8)
		time.Sleep(10*time.Minute - time.Millisecond)
		require.Empty(t, flight())
		time.Sleep(time.Millisecond)
		require.Len(t, flight(), 8, "those before are lost")
		for range 5 {
			d := lost[0]
			lost = lost[1:]
			r.Report(d, Good)
		}
		require.Len(t, flight(), 20, "ten good ones")
	})
}

// Where no route reaches the issuer but in a slow start, it holds nobody up.
func TestSlowStartOfAnIssuerEverywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		routes, _ := peersOf("A")
		r := routerOf(t, Config{Routes: routes})
		request := Request{Issuer: "4321"}
		tell(t, r, "A", request, IssuerFault, 5)
		time.Sleep(time.Minute)
		for range 5 {
			var d Decision
			require.NoError(t, r.Decide(&request, &d))
			require.Equal(t, "A", d.Route)
		}
	})
}

// A place that is given back is one place, and one that belongs to this slow start.
func TestPlacesOfASlowStart(t *testing.T) {
	for name, c := range map[string]struct {
		request Request
		fault   Health
		full    Removal
	}{
		"host":   {Request{}, HostFault, HostSlowStart},
		"issuer": {Request{Issuer: "4321"}, IssuerFault, IssuerSlowStart},
	} {
		bubble(t, Config{}, func(t *testing.T, r *Router, _ *scripted, _ *changes) {
			flight := func() (on []*Decision) {
				for {
					d := new(Decision)
					require.NoError(t, r.Decide(&c.request, d))
					if d.Route != "A" {
						require.Equal(t, c.full, d.Candidates()[0].Removal, name)
						r.Report(d, Neutral)
						return on
					}
					on = append(on, d)
				}
			}
			fail := func(times int) {
				tell(t, r, "A", c.request, c.fault, times)
				time.Sleep(2 * time.Minute)
			}
			var early Decision
			require.NoError(t, r.Decide(&c.request, &early))
			fail(5)
			before := flight()
			require.Len(t, before, 1, name)
			r.Report(before[0], Good)
			before = flight()
			require.Len(t, before, 2, name)
			r.Report(before[0], Neutral)
			again := flight()
			require.Len(t, again, 1, name)
			r.Report(again[0], c.fault)
			time.Sleep(2 * time.Minute)
			require.Len(t, flight(), 1, name)
			r.Report(before[1], Neutral) // of the slow start before
			r.Report(&early, Neutral)    // had no place
			require.Empty(t, flight(), name)
		})
	}
}
