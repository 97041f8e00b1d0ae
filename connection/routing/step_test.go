package routing

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection/internal/stepclock"
)

// TestTheClockIsSet: what is counted over time and how long a host stays out do not depend on the time of day, so a
// machine whose clock is set a day forwards or back decides as any other. The record has the time that the clock shows.
func TestTheClockIsSet(t *testing.T) {
	for name, step := range map[string]time.Duration{"not": 0, "forwards": 24 * time.Hour, "back": -24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			clock := stepclock.New()
			bubble(t, Config{clock: clock.Now}, func(t *testing.T, r *Router, a *scripted, told *changes) {
				began := time.Now()
				for range 10 {
					tell(t, r, "A", Request{}, Good, 1)
					tell(t, r, "A", Request{}, HostFault, 1)
				}
				require.Equal(t, []string{"A open"}, told.list(), "half of twenty, as it is without a step")
				a.deaf.Store(false)
				clock.Step(step)
				time.Sleep(4 * time.Second)
				require.Equal(t, HostOpen, onA(t, r), "three echoes were good, the time is not over")
				clock.Step(step)
				time.Sleep(3 * time.Second)
				require.Equal(t, Fit, onA(t, r))
				require.Equal(t, 7*time.Second, time.Since(began))

				var d Decision
				require.NoError(t, r.Decide(&Request{}, &d))
				require.True(t, d.At.Round(0).Equal(time.Now().Add(2*step)), "%s", d.At)
			})
			bubble(t, Config{clock: clock.Now}, func(t *testing.T, r *Router, _ *scripted, told *changes) {
				for range 5 {
					tell(t, r, "A", Request{}, Good, 2)
					tell(t, r, "A", Request{}, HostFault, 1)
					tell(t, r, "A", Request{}, Good, 1)
				}
				clock.Step(step)
				tell(t, r, "A", Request{}, HostFault, 4)
				require.Empty(t, told.list(), "nine of 24 in the window")
				tell(t, r, "A", Request{}, Good, 1)
				tell(t, r, "A", Request{}, HostFault, 4)
				require.Empty(t, told.list(), "13 of 29")
				clock.Step(step)
				tell(t, r, "A", Request{}, Good, 1)
				tell(t, r, "A", Request{}, HostFault, 4)
				require.Equal(t, []string{"A open"}, told.list(), "17 of 34: nothing was forgotten and nothing counts twice")
			})
		})
	}
}
