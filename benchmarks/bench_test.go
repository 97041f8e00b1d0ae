package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkCases gives every side of every case to go test -bench.
func BenchmarkCases(b *testing.B) {
	for _, c := range cases() {
		b.Run(c.Name, func(b *testing.B) {
			v, err := c.Prepare()
			if err != nil {
				b.Fatal(err)
			}
			if v.Close != nil {
				defer v.Close()
			}
			for _, s := range []struct {
				name string
				work Work
			}{{"ours", v.Ours}, {v.PeerName, v.Peer}, {"floor", v.Floor}} {
				if s.work == nil {
					continue
				}
				b.Run(s.name, func(b *testing.B) {
					b.ReportAllocs()
					s.work(b.N)
				})
			}
		})
	}
}

// TestCasesRun runs every side of every case a few times: a benchmark that no longer works fails here.
func TestCasesRun(t *testing.T) {
	for _, c := range cases() {
		t.Run(c.Name, func(t *testing.T) {
			v, err := c.Prepare()
			if err != nil {
				t.Fatal(err)
			}
			if v.Close != nil {
				defer v.Close()
			}
			if v.Memory != nil {
				bytes, err := v.Memory(50)
				require.NoError(t, err)
				require.Positive(t, bytes)
			}
			for _, work := range []Work{v.Ours, v.Peer, v.Floor} {
				if work != nil {
					work(3)
				}
			}
		})
	}
}
