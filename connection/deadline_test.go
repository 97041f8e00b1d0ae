package connection

import (
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// TestDeadlineAfterAClockStep: a deadline that is known by the wall clock only is as far away as that clock says now,
// whatever steps it has made since the connection started; one with a monotonic reading does not mind them.
func TestDeadlineAfterAClockStep(t *testing.T) {
	base := time.Now()
	const hour, secondsShift = 3600, 30
	// as if the wall clock had been an hour behind when the connection started
	*(*uint64)(unsafe.Pointer(&base)) -= hour << secondsShift
	require.InDelta(t, 3600, time.Since(base.Round(0)).Seconds(), 60, "the wall clock's reading has changed")
	require.InDelta(t, 0, time.Since(base).Seconds(), 60, "the monotonic one has not")
	c := &Conn{cfg: &settings{Config: Config{Timeout: 30 * time.Second}, base: base}}
	in10 := time.Now().Add(10 * time.Second)
	for name, deadline := range map[string]time.Time{"monotonic": in10, "wall": in10.Round(0)} {
		now, at := c.deadline(deadline)
		require.InDelta(t, 10, (at - now).Seconds(), 5, name)
		require.InDelta(t, 0, now.Seconds(), 60)
	}
	now, at := c.deadline(time.Time{})
	require.Equal(t, 30*time.Second, at-now)
}
