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
