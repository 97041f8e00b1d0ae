// Package stepclock is a clock for tests that is set forwards and back, as NTP or a person sets that of a machine.
package stepclock

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"
)

// Clock gives the time of a machine whose clock has been set. The time that has passed between two of its readings is what
// has passed, whatever happened to the time of day: readings have a monotonic part, as those of time.Now have, inside a
// synctest bubble too, where time.Now gives none.
type Clock struct {
	began time.Time
	set   atomic.Int64
}

// New makes a clock that shows the right time.
func New() *Clock { return &Clock{began: time.Now()} }

// Step sets the clock forwards by d, or back.
func (c *Clock) Step(d time.Duration) { c.set.Add(int64(d)) }

// Now is time.Now by this clock.
func (c *Clock) Now() time.Time {
	now := time.Now()
	return reading(now.Add(time.Duration(c.set.Load())), now.Sub(c.began)+1)
}

// Each tells a story on a machine whose clock is right and on machines whose clock is set, by much and by little, forwards
// and back; each time in a synctest bubble of its own.
func Each(t *testing.T, story func(t *testing.T, clock *Clock, step time.Duration)) {
	const day = 24 * time.Hour
	for _, step := range []time.Duration{0, day, -day, 7 * day, -3 * time.Second} {
		t.Run(step.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { story(t, New(), step) })
		})
	}
}

// layout is time.Time's own; the test of this package holds it.
type layout struct {
	wall     uint64 // a mark, seconds since 1885, nanoseconds
	ext      int64  // monotonic nanoseconds
	location *time.Location
}

const (
	hasMonotonic = 1 << 63
	secondsShift = 30
)

var year1885 = time.Date(1885, 1, 1, 0, 0, 0, 0, time.UTC).Unix()

// reading is the time of day with a monotonic part.
func reading(day time.Time, monotonic time.Duration) (t time.Time) {
	*(*layout)(unsafe.Pointer(&t)) = layout{
		wall:     hasMonotonic | uint64(day.Unix()-year1885)<<secondsShift | uint64(day.Nanosecond()),
		ext:      int64(monotonic),
		location: time.Local,
	}
	return t
}
