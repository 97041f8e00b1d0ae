package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEMVSidesDoTheSameWork holds what our side of each case computes against what the floor does.
func TestEMVSidesDoTheSameWork(t *testing.T) {
	compared := 0
	for _, c := range emvCases() {
		v, err := c.Prepare()
		require.NoError(t, err)
		if v.Floor == nil || c.Name == "emv/validate" { // which only says that there is no fault
			continue
		}
		result := func(work Work) int {
			before := emvSink
			work(1)
			return emvSink - before
		}
		require.NotZero(t, result(v.Ours), c.Name)
		require.Equal(t, result(v.Floor), result(v.Ours), c.Name)
		compared++
	}
	require.Equal(t, 5, compared)
}
