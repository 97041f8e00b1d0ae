package routing

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection/internal/stepclock"
)

// TestTheClockIsSet: how long a host stays out does not depend on the time of day. The record has the time that the clock
// shows.
func TestTheClockIsSet(t *testing.T) {
	stepclock.Each(t, func(t *testing.T, clock *stepclock.Clock, step time.Duration) {
		r, a, told := lastResort(t, Config{clock: clock.Now})
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
}

// TestTheClockIsSetWhileCounting: what is counted over time does not depend on it either.
func TestTheClockIsSetWhileCounting(t *testing.T) {
	stepclock.Each(t, func(t *testing.T, clock *stepclock.Clock, step time.Duration) {
		r, _, told := lastResort(t, Config{clock: clock.Now})
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
}
