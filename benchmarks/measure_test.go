package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// requireRatios holds that the ratios of a line are those of the figures beside them, to the two digits of both.
func requireRatios(t *testing.T, r Result) {
	t.Helper()
	ratio := func(of, to float64) float64 {
		if of == 0 || to == 0 {
			return 0
		}
		return round(of / to)
	}
	require.InDelta(t, ratio(r.PeerNS, r.OursNS), r.VsPeer, 0.0051, "%s: times the peer's speed", r.Case)
	require.InDelta(t, ratio(r.OursNS, r.FloorNS), r.VsFloor, 0.0051, "%s: times the floor", r.Case)
}

// TestRatiosAreThoseOfTheFigures: what a table says of a case can be computed from the table, in the file and in whatever
// is measured anew. The processor times have no columns; their ratio is that of the medians.
func TestRatiosAreThoseOfTheFigures(t *testing.T) {
	lines, err := readBaseline("baseline.jsonl")
	require.NoError(t, err)
	ratios := 0
	for _, r := range lines {
		requireRatios(t, r)
		if r.VsPeer != 0 || r.VsFloor != 0 {
			ratios++
		}
	}
	require.NotZero(t, ratios)

	spin := func(times int) Work {
		return func(n int) {
			for i := range n * times {
				emvSink += i
			}
		}
	}
	for range 20 {
		r, err := measure(Case{Name: "spin", Prepare: func() (Variants, error) {
			return Variants{Ours: spin(10), Peer: spin(40), PeerName: "more", Floor: spin(5), CPU: true}, nil
		}}, Effort{Rounds: 3, Slice: 5 * time.Microsecond})
		require.NoError(t, err)
		requireRatios(t, r)
		require.Positive(t, r.PeerNS+r.FloorNS)
	}

	r, err := measure(Case{Name: "alone", Prepare: func() (Variants, error) {
		return Variants{Ours: spin(10)}, nil
	}}, Effort{Rounds: 3, Slice: 5 * time.Microsecond})
	require.NoError(t, err)
	require.Zero(t, r.VsPeer+r.VsFloor+r.CPUVsPeer, "no ratio to nothing")
}
