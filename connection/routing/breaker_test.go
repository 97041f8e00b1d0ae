package routing

import (
	"errors"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// changes collects what Config.Changed tells.
type changes struct {
	mu  sync.Mutex
	all []string
}

func (c *changes) add(route, state string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, route+" "+state)
}

func (c *changes) list() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.all...)
}

// bubble runs a test in virtual time with a Router as lastResort makes it.
func bubble(t *testing.T, config Config, run func(t *testing.T, r *Router, a *scripted, told *changes)) {
	synctest.Test(t, func(t *testing.T) {
		r, a, told := lastResort(t, config)
		run(t, r, a, told)
	})
}

// lastResort makes a Router over A and B, which is the last resort, so that what is removed of A shows.
func lastResort(t *testing.T, config Config) (r *Router, a *scripted, told *changes) {
	routes, peers := peersOf("A", "B")
	routes[1].Priority = 1
	told = new(changes)
	config.Routes, config.Changed = routes, told.add
	return routerOf(t, config), peers[0], told
}

// onA says why A is not chosen, or Fit.
func onA(t *testing.T, r *Router) Removal {
	var d Decision
	require.NoError(t, r.Decide(&Request{}, &d))
	r.Report(&d, Neutral)
	return d.Candidates()[0].Removal
}

// The way of a host out and back: failures, echoes, slow start, closed.
func TestAHostGoesOutAndComesBack(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, r *Router, a *scripted, told *changes) {
		a.deaf.Store(true)
		tell(t, r, "A", Request{}, HostFault, 5)
		require.Equal(t, HostOpen, onA(t, r))
		require.Equal(t, []string{"A open"}, told.list())

		time.Sleep(30*time.Second + time.Millisecond) // long over: but no echo comes back
		require.Equal(t, HostOpen, onA(t, r))
		require.Equal(t, 30, a.echoCount())

		a.deaf.Store(false)
		time.Sleep(2 * time.Second)
		require.Equal(t, HostOpen, onA(t, r)) // two good echoes of three
		a.deaf.Store(true)
		time.Sleep(time.Second)
		a.deaf.Store(false) // in a row is meant
		time.Sleep(2 * time.Second)
		require.Equal(t, HostOpen, onA(t, r))
		time.Sleep(time.Second)
		require.Equal(t, Fit, onA(t, r))
		require.Equal(t, []string{"A open", "A half open"}, told.list())
		require.Empty(t, a.seen(), "a payment was used to look whether the host is back")

		echoes := a.echoCount()
		slowStart(t, r)
		require.Equal(t, []string{"A open", "A half open", "A closed"}, told.list())
		time.Sleep(time.Minute)
		require.Equal(t, echoes, a.echoCount(), "a host in order is not asked")
	})
}

// slowStart takes A from half open to closed: 1, 2, 4, 8 requests may be in flight.
func slowStart(t *testing.T, r *Router) {
	flight := func(want int) (all []Decision) {
		for {
			var d Decision
			require.NoError(t, r.Decide(&Request{}, &d))
			if d.Route != "A" {
				require.Equal(t, HostSlowStart, d.Candidates()[0].Removal)
				require.Len(t, all, want)
				return all
			}
			all = append(all, d)
		}
	}
	proven := 0
	for _, want := range []int{1, 2, 4, 8} {
		all := flight(want)
		r.Report(&all[0], Good)
		proven++
		for i := range all[1:] {
			r.Report(&all[1+i], Neutral) // gives its place back, proves nothing
		}
	}
	for ; proven < 9; proven++ {
		d := flight(8)
		r.Report(&d[0], Good)
		for i := range d[1:] {
			r.Report(&d[1+i], LineFault)
		}
	}
	d := flight(8)
	r.Report(&d[0], Good)
	require.Equal(t, Fit, onA(t, r))
	for range 20 {
		var d Decision
		require.NoError(t, r.Decide(&Request{}, &d))
		require.Equal(t, "A", d.Route)
	}
}

// A host that answers echoes is not back before its time is over, which grows with each opening and shrinks again.
func TestOpenTimesGrow(t *testing.T) {
	bubble(t, Config{Host: BreakerConfig{Open: 10 * time.Second, OpenMax: 25 * time.Second}}, func(t *testing.T, r *Router, a *scripted, _ *changes) {
		openFor := func() time.Duration {
			began := time.Now()
			for onA(t, r) == HostOpen {
				time.Sleep(100 * time.Millisecond)
			}
			return time.Since(began)
		}
		within := func(least, most time.Duration) {
			t.Helper()
			took := openFor()
			require.GreaterOrEqual(t, took, least)
			require.LessOrEqual(t, took, most+time.Second) // echoes come once a second
		}
		tell(t, r, "A", Request{}, HostFault, 5)
		within(10*time.Second, 12*time.Second)
		tell(t, r, "A", Request{}, HostFault, 1) // the slow start is over at its first failure
		within(20*time.Second, 24*time.Second)
		tell(t, r, "A", Request{}, HostFault, 1)
		within(25*time.Second, 30*time.Second)

		tell(t, r, "A", Request{}, Good, 10)
		time.Sleep(2*time.Minute + time.Second) // two clean minutes: two of three openings are forgotten
		tell(t, r, "A", Request{}, HostFault, 5)
		within(20*time.Second, 24*time.Second)
	})
}

// TestOpenForEver: a host whose breaker may stay open for longer than a clock can count does.
func TestOpenForEver(t *testing.T) {
	bubble(t, Config{Host: BreakerConfig{Open: math.MaxInt64, OpenMax: math.MaxInt64}}, func(t *testing.T, r *Router, a *scripted, told *changes) {
		tell(t, r, "A", Request{}, HostFault, 5)
		time.Sleep(24 * time.Hour)
		require.Equal(t, HostOpen, onA(t, r))
		require.Equal(t, []string{"A open"}, told.list())
		require.Greater(t, a.echoCount(), 3)
	})
}

// With three payments an hour nobody waits for five of them to fail: echoes find out after the first.
func TestAQuietHostIsFoundOutByEchoes(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, r *Router, a *scripted, told *changes) {
		a.deaf.Store(true)
		tell(t, r, "A", Request{}, HostFault, 1)
		require.Equal(t, Fit, onA(t, r))
		time.Sleep(4*time.Second + time.Millisecond)
		require.Equal(t, HostOpen, onA(t, r))
		require.Equal(t, []string{"A open"}, told.list())
	})
	bubble(t, Config{}, func(t *testing.T, r *Router, a *scripted, told *changes) {
		for range 4 { // a host that answers echoes but no payment still goes out
			tell(t, r, "A", Request{}, HostFault, 1)
			time.Sleep(20 * time.Minute)
			require.Equal(t, Fit, onA(t, r))
		}
		tell(t, r, "A", Request{}, HostFault, 1)
		require.Equal(t, HostOpen, onA(t, r))
	})
}

// grpc's failure percentage, gobreaker's ready-to-trip: a share needs a minimum.
func TestShareOfFailures(t *testing.T) {
	rising := func(fail, of int) (out []Health) {
		for i := range of {
			if i%of*fail/of != (i%of+1)*fail/of {
				out = append(out, HostFault)
			} else {
				out = append(out, Good)
			}
		}
		return out
	}
	for name, c := range map[string]struct {
		outcomes []Health
		want     Removal
	}{
		"half of twenty":          {rising(10, 20), HostOpen},
		"half of nineteen":        {rising(9, 18), Fit},
		"less than half":          {rising(9, 20), Fit},
		"issuers do not count":    {append(rising(0, 10), IssuerFault, IssuerFault, IssuerFault, IssuerFault, IssuerFault, IssuerFault), Fit},
		"successes in between":    {[]Health{HostFault, HostFault, HostFault, HostFault, Good, HostFault, HostFault}, Fit},
		"neutral ones in between": {[]Health{HostFault, HostFault, HostFault, HostFault, Neutral, HostFault}, HostOpen},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, Config{Minimum: 1000}, func(t *testing.T, r *Router, _ *scripted, _ *changes) {
				for _, health := range c.outcomes {
					if onA(t, r) == Fit {
						tell(t, r, "A", Request{}, health, 1)
					}
				}
				require.Equal(t, c.want, onA(t, r))
			})
		})
	}
}

// gobreaker: results of requests from before a change of state are ignored.
func TestOutcomesOfAnEarlierGeneration(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, r *Router, a *scripted, _ *changes) {
		old := make([]Decision, 6)
		for i := range old {
			require.NoError(t, r.Decide(&Request{}, &old[i]))
		}
		for i := range old[:5] {
			r.Report(&old[i], HostFault)
		}
		require.Equal(t, HostOpen, onA(t, r))
		for onA(t, r) == HostOpen {
			time.Sleep(time.Second)
		}
		r.Report(&old[5], HostFault) // half open by now: this one does not open it again
		require.Equal(t, Fit, onA(t, r))
		r.Report(&old[0], HostFault) // a second report of the same decision
		require.Equal(t, Fit, onA(t, r))
	})
}

// The same for what an issuer's requests of an earlier time tell.
func TestOutcomesOfAnEarlierGenerationOfAnIssuer(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, r *Router, _ *scripted, _ *changes) {
		request := Request{Issuer: "4321", Method: "chip"}
		onIssuer := func() Removal {
			var d Decision
			require.NoError(t, r.Decide(&request, &d))
			r.Report(&d, Neutral)
			return d.Candidates()[0].Removal
		}
		tell(t, r, "A", request, Good, 1)
		var old Decision
		require.NoError(t, r.Decide(&request, &old))
		tell(t, r, "A", request, IssuerFault, 5)
		require.Equal(t, IssuerOpen, onIssuer())
		time.Sleep(40 * time.Second)
		require.Equal(t, Fit, onIssuer())
		r.Report(&old, IssuerFault)
		require.Equal(t, Fit, onIssuer())
		tell(t, r, "A", request, IssuerFault, 1)
		require.Equal(t, IssuerOpen, onIssuer())
	})
}

// grpc's TestDurationOfInterval: another configuration applies what is left of its time.
func TestConfigureReArms(t *testing.T) {
	bubble(t, Config{Host: BreakerConfig{Open: time.Hour, OpenMax: time.Hour}}, func(t *testing.T, r *Router, a *scripted, _ *changes) {
		tell(t, r, "A", Request{}, HostFault, 5)
		time.Sleep(20 * time.Second)
		require.Equal(t, HostOpen, onA(t, r))

		config := r.config
		config.Host.Open = 30 * time.Second
		require.NoError(t, r.Configure(config))
		time.Sleep(8 * time.Second)
		require.Equal(t, HostOpen, onA(t, r))
		time.Sleep(10 * time.Second) // 30 s and the jitter, counted from the opening
		require.Equal(t, Fit, onA(t, r))

		require.ErrorIs(t, r.Configure(Config{}), ErrConfig)
		require.Equal(t, Fit, onA(t, r))
	})
}

// A Configure in the middle: what is under way is counted for the route of its name.
func TestConfigureKeepsWhatIsKnown(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, r *Router, a *scripted, _ *changes) {
		flying := make([]Decision, 5)
		for i := range flying {
			require.NoError(t, r.Decide(&Request{}, &flying[i]))
		}
		tell(t, r, "A", Request{Issuer: "4321"}, IssuerFault, 5)
		turned := r.config
		turned.Routes = []Route{turned.Routes[1], turned.Routes[0]}
		require.NoError(t, r.Configure(turned))
		for i := range flying {
			r.Report(&flying[i], HostFault)
		}
		var d Decision
		require.NoError(t, r.Decide(&Request{Issuer: "4321"}, &d))
		require.Equal(t, "B:fit A:host's breaker open", removals(&d))

		gone := turned
		gone.Routes = gone.Routes[:1]
		require.NoError(t, r.Configure(gone))
		r.Report(&flying[0], HostFault)
		d.Reset()
		require.NoError(t, r.Decide(&Request{}, &d))
		require.Equal(t, "B:fit", removals(&d))
	})
}

// An issuer out of reach comes back with time: no echo can ask for it.
func TestAnIssuerComesBack(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, r *Router, a *scripted, _ *changes) {
		issuer := func() Removal {
			var d Decision
			require.NoError(t, r.Decide(&Request{Issuer: "4321"}, &d))
			r.Report(&d, Neutral)
			return d.Candidates()[0].Removal
		}
		tell(t, r, "A", Request{Issuer: "4321"}, IssuerFault, 5)
		require.Equal(t, IssuerOpen, issuer())
		time.Sleep(29 * time.Second)
		require.Equal(t, IssuerOpen, issuer())
		time.Sleep(8 * time.Second)
		require.Equal(t, Fit, issuer())
		tell(t, r, "A", Request{Issuer: "4321"}, IssuerFault, 1) // one is enough now, and for longer
		require.Equal(t, IssuerOpen, issuer())
		time.Sleep(59 * time.Second)
		require.Equal(t, IssuerOpen, issuer())
		time.Sleep(14 * time.Second)
		tell(t, r, "A", Request{Issuer: "4321"}, Good, 10)
		tell(t, r, "A", Request{Issuer: "4321"}, IssuerFault, 4)
		require.Equal(t, Fit, issuer())
		require.Zero(t, a.echoCount())
	})
}

// Close ends the echoes and waits for the one under way.
func TestClose(t *testing.T) {
	bubble(t, Config{}, func(t *testing.T, r *Router, a *scripted, _ *changes) {
		a.deaf.Store(true)
		tell(t, r, "A", Request{}, HostFault, 5)
		time.Sleep(3 * time.Second)
		require.NoError(t, r.Close())
		count := a.echoCount()
		time.Sleep(time.Minute)
		require.Equal(t, count, a.echoCount())
		var d Decision
		require.ErrorIs(t, r.Decide(&Request{}, &d), ErrClosed)
	})
}

// Decide and Report from many goroutines, with the breaker going in and out, under the race detector.
func TestConcurrentOperations(t *testing.T) {
	routes, peers := peersOf("A", "B", "C")
	r := routerOf(t, Config{Routes: routes, EchoEvery: time.Millisecond, Host: BreakerConfig{Open: time.Millisecond, Failures: 2}})
	var workers sync.WaitGroup
	for worker := range 8 {
		workers.Go(func() {
			var d Decision
			for i := range 2000 {
				d.Reset()
				switch err := r.Decide(&Request{Issuer: "4321", Method: "chip"}, &d); {
				case errors.Is(err, ErrNoRoute):
					continue
				case err != nil:
					t.Error(err)
				}
				r.Report(&d, Health(1+(i+worker)%4))
				peers[worker%3].deaf.Store(i%7 == 0)
			}
		})
	}
	workers.Go(func() {
		for range 100 {
			if err := r.Configure(r.config); err != nil {
				t.Error(err)
			}
		}
	})
	workers.Wait()
	r.mu.Lock() // echoes go on
	defer r.mu.Unlock()
	for i := range r.routes {
		if b := &r.routes[i].breaker; b.state != halfOpen {
			require.Zero(t, b.inFlight)
		}
	}
}

func TestWindow(t *testing.T) {
	var w window
	w.add(100, true)
	w.add(100, false)
	w.add(109, false)
	for slot, want := range map[int64][2]int{99: {0, 0}, 100: {1, 1}, 109: {1, 2}, 110: {0, 1}, 118: {0, 1}, 119: {0, 0}} {
		good, bad := w.sum(slot)
		require.Equal(t, want, [2]int{good, bad}, slot)
	}
	w.add(110, true) // takes the place of slot 100
	good, bad := w.sum(110)
	require.Equal(t, []int{1, 1}, []int{good, bad})
	w.add(90, true) // the clock was set back
	good, _ = w.sum(90)
	require.Equal(t, 1, good)
	w.add(-3, true) // before 1970
	good, bad = w.sum(-3)
	require.Equal(t, []int{1, 0}, []int{good, bad})
	require.Equal(t, int64(7), slotNumber(time.Unix(0, 7*int64(time.Second)), 10*time.Second))
	require.NotPanics(t, func() { slotNumber(time.Now(), 1) })
}
