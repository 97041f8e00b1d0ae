package terminal

import "time"

// clock is the acquirer's as far as the terminal knows it. No two sign-ins have the same second, so that none is taken
// for one that was heard and sent again.
type clock struct {
	ahead time.Duration // the acquirer's is before the terminal's own
	last  time.Time     // of a sign-in
}

// next returns the time for a sign-in.
func (c *clock) next(own time.Time) time.Time {
	at := own.Add(c.ahead).Truncate(time.Second)
	if after := c.last.Add(time.Second); at.Before(after) && after.Sub(at) < most {
		at = after
	}
	c.last = at
	return at
}

// most is how far sign-ins may run ahead of the clock.
const most = 10 * time.Second

// set sets the clock by an answer's, unless there is none.
func (c *clock) set(acquirers, own time.Time) {
	if !acquirers.IsZero() {
		c.ahead = acquirers.Sub(own)
	}
}
