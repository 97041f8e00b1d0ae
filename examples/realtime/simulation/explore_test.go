package simulation

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestExplore(t *testing.T) {
	began := time.Now()
	x := Explore(10_000, nil)
	t.Logf("%d states, %d transitions, %d outcomes in %v", x.States, x.Transitions, len(x.Outcomes), time.Since(began))
	for _, o := range x.Outcomes {
		t.Log(o)
	}
	require.Empty(t, x.Violations, "%q", x.Trace)
}

// TestUnseenHasReasons: nothing is left out without a word.
func TestUnseenHasReasons(t *testing.T) {
	x := Explore(2_000, nil)
	require.False(t, x.Complete)
	require.NotEmpty(t, x.Unseen)
	for _, u := range x.Unseen {
		require.NotEmpty(t, u.Reason, "%s: %s", u.Phase, u.Event)
	}
}
