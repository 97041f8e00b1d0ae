package pool

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestLater holds that a deadline beyond the end of the clock is its end, and never one in the past.
func TestLater(t *testing.T) {
	require.Equal(t, int64(5), later(2, 3))
	require.Equal(t, int64(1), later(2, -1))
	require.Equal(t, int64(math.MaxInt64), later(1, math.MaxInt64))
	require.Equal(t, int64(math.MaxInt64), later(2, time.Until(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))))
	require.Equal(t, int64(math.MaxInt64), later(math.MaxInt64-1, 1))
}
