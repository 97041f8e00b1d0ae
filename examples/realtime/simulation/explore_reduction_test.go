package simulation

import (
	"maps"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReductions: that one state stands for others makes no difference. The worlds with little that goes wrong end in the
// same ways, and their flights meet the same, when each state is taken for itself alone.
func TestReductions(t *testing.T) {
	search := func(w namedWorld, may budget, anyTime, plain bool) *explorer {
		world := w.world.clone()
		world.budget, world.anyTime, world.plain = may, anyTime, plain
		x := newExplorer(namedWorld{w.name, world}, 0, new(atomic.Bool), func() {})
		x.run()
		require.Empty(t, x.Violations, "%q", x.Trace)
		return x
	}
	for _, w := range smallWorlds() {
		if w.world.anyTime {
			continue
		}
		for _, may := range []budget{{}, {faults: 1}, {crashes: 1}, {leases: 1}, {faults: 1, crashes: 1}, {crashes: 1, leases: 1}} {
			anyTime := may.total() == 1 && !w.world.twins
			if may.total() > 1 && (testing.Short() || w.world.twins) {
				continue
			}
			less, all := search(w, may, anyTime, false), search(w, may, anyTime, true)
			t.Logf("%s %v: %d states of %d", w.name, may, less.States, all.States)
			require.Equal(t, slices.Sorted(maps.Keys(all.outcomes)), slices.Sorted(maps.Keys(less.outcomes)), "%s %v", w.name, may)
			for pair := range all.start.seen {
				require.Positive(t, less.start.seen[pair], "%s %v: %v", w.name, may, pair)
			}
		}
	}
}
