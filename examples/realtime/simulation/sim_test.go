package simulation

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSimulate(t *testing.T) {
	seed := uint64(time.Now().UnixNano()) % 1_000_000
	s, err := Simulate(Simulation{Seed: seed, Hours: 0.2})
	require.NoError(t, err)
	t.Logf("seed %d: %d payments, %d approved, %d faults, %d crashes", seed, s.Payments, s.Approved, s.Faults, s.Crashes)
	require.Empty(t, s.Violations, "seed %d: %q", seed, s.Trace)
	require.NotZero(t, s.Approved)
	require.NotZero(t, s.Faults)
	again, err := Simulate(Simulation{Seed: seed, Hours: 0.2})
	require.NoError(t, err)
	require.Equal(t, s, again, "the same seed is the same run")
	other, err := Simulate(Simulation{Seed: seed + 1, Hours: 0.2})
	require.NoError(t, err)
	require.NotEqual(t, s.Kinds, other.Kinds)
}
