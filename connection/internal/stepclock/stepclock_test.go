package stepclock

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestClock(t *testing.T) {
	require.Equal(t, unsafe.Sizeof(time.Time{}), unsafe.Sizeof(layout{}))
	synctest.Test(t, func(t *testing.T) {
		c := New()
		first := c.Now()
		require.True(t, first.Equal(time.Now()), "it is right")
		require.True(t, strings.Contains(first.String(), " m=+"), "%s", first)
		for _, step := range []time.Duration{24 * time.Hour, -48 * time.Hour, time.Nanosecond} {
			before := c.Now()
			c.Step(step)
			time.Sleep(3 * time.Second)
			after := c.Now()
			require.Equal(t, 3*time.Second, after.Sub(before), "what has passed")
			require.Equal(t, 3*time.Second+step, after.Round(0).Sub(before.Round(0)), "the time of day")
			require.True(t, before.Add(3*time.Second+1).After(after))
		}
	})
}
