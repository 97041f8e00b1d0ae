package routing

import (
	"math"
	"time"
)

// breakerState is what a breaker lets through.
type breakerState uint8

const (
	closed   breakerState = iota // everything
	open                         // nothing; echoes look whether the host is back
	halfOpen                     // a few requests, more with each good one: the slow start
)

var stateNames = [...]string{"closed", "open", "half open"}

// breaker takes a host, or an issuer behind it, out when requests fail, and puts it back with care. The Router's lock
// guards it.
type breaker struct {
	state      breakerState
	since      time.Time // of the state; while half open, when a request was let through last
	generation uint32    // outcomes of requests from before the last change do not count
	failures   int       // in a row
	recent     window
	trips      int // openings one soon after another: each is longer
	jitter     float64
	echoes     int // good ones in a row while open
	proven     int // good requests in a row while half open
	inFlight   int // while half open, not reported yet
}

// BreakerConfig says when a host is taken out and how it comes back. Zero means the default told here.
type BreakerConfig struct {
	Failures int           // in a row that open it; default 5
	Share    float64       // of failures in Window that opens it; default 0.5
	Minimum  int           // of outcomes in Window before Share counts; default 20
	Window   time.Duration // default 10 s

	Open    time.Duration // how long it stays open at least, times the number of openings; default 5 s
	OpenMax time.Duration // default 60 s; a slow start waits no longer for the outcome of what it let through
	Clean   time.Duration // after so long without an opening one of them is forgotten; default 60 s

	Echoes int // good ones in a row before it is half open; default 3
	Proven int // good requests in a row that close it; default 10
}

func (c BreakerConfig) withDefaults() BreakerConfig {
	def(&c.Failures, 5)
	def(&c.Share, 0.5)
	def(&c.Minimum, 20)
	def(&c.Window, 10*time.Second)
	def(&c.Open, 5*time.Second)
	def(&c.OpenMax, time.Minute)
	def(&c.Clean, time.Minute)
	def(&c.Echoes, 3)
	def(&c.Proven, 10)
	return c
}

// def gives v its default where it is not set.
func def[T int | int64 | float64 | time.Duration](v *T, value T) {
	if *v == 0 {
		*v = value
	}
}

// to changes the state.
func (b *breaker) to(state breakerState, now time.Time) {
	b.state, b.since = state, now
	b.generation++
	b.failures, b.echoes, b.proven, b.inFlight = 0, 0, 0, 0
	if state != halfOpen {
		b.recent = window{}
	}
}

// trip opens the breaker. jitter, from 0 to 1, spreads the return of several.
func (b *breaker) trip(c *BreakerConfig, now time.Time, jitter float64) {
	b.forget(c, now)
	b.trips++
	b.jitter = jitter
	b.to(open, now)
}

// forget takes off an opening for each clean stretch since the breaker closed.
func (b *breaker) forget(c *BreakerConfig, now time.Time) {
	if b.state == closed && b.trips > 0 {
		b.trips = max(0, b.trips-int(now.Sub(b.since)/c.Clean))
	}
}

// openFor is how long an open breaker stays so at least, a fifth of it spread by jitter.
func (b *breaker) openFor(c *BreakerConfig) time.Duration {
	stay, times := c.OpenMax, time.Duration(max(b.trips, 1))
	if c.Open < stay/times {
		stay = c.Open * times
	}
	return stay + min(time.Duration(b.jitter*0.2*float64(stay)), math.MaxInt64-stay) // who wants 292 years gets them
}

// admits reports whether a request may go through now.
func (b *breaker) admits(c *BreakerConfig, now time.Time) bool {
	switch b.state {
	case open:
		return false
	case halfOpen:
		if now.Sub(b.since) >= c.OpenMax {
			b.inFlight = 0 // nobody reports these decisions any more: they must not keep the others out for ever
		}
		return b.inFlight < 1<<min(b.proven, 3)
	}
	return true
}

// enter counts a request that goes through, and reports whether it takes one of the places of a slow start.
func (b *breaker) enter(now time.Time) (counted bool) {
	if b.state != halfOpen {
		return false
	}
	b.inFlight++
	b.since = now
	return true
}

// leave gives the place of a request back.
func (b *breaker) leave() { b.inFlight = max(0, b.inFlight-1) }

// record counts the outcome of a request.
func (b *breaker) record(c *BreakerConfig, now time.Time, good bool, jitter float64) {
	switch b.state {
	case closed:
		b.recordClosed(c, now, good, jitter)
	case halfOpen:
		b.recordHalfOpen(c, now, good, jitter)
	}
}

func (b *breaker) recordClosed(c *BreakerConfig, now time.Time, good bool, jitter float64) {
	slot := slotNumber(now, c.Window)
	b.recent.add(slot, good)
	if good {
		b.failures = 0
		return
	}
	b.failures++
	goods, bads := b.recent.sum(slot)
	if b.failures >= c.Failures || goods+bads >= c.Minimum && float64(bads) >= c.Share*float64(goods+bads) {
		b.trip(c, now, jitter)
	}
}

func (b *breaker) recordHalfOpen(c *BreakerConfig, now time.Time, good bool, jitter float64) {
	if !good {
		b.trip(c, now, jitter)
		return
	}
	if b.proven++; b.proven >= c.Proven {
		b.to(closed, now)
	}
}

// echo counts an echo. While closed a bad one is a failure like any other, so that a host with three payments an hour is
// found out within seconds of the first that failed; a good one proves nothing about payments. While open, good ones in
// a row after the time is over begin the slow start.
func (b *breaker) echo(c *BreakerConfig, now time.Time, good bool, jitter float64) {
	switch {
	case b.state == closed && !good:
		b.record(c, now, false, jitter)
	case b.state == open && !good:
		b.echoes = 0
	case b.state == open:
		if b.echoes++; b.echoes >= c.Echoes && now.Sub(b.since) >= b.openFor(c) {
			b.to(halfOpen, now)
		}
	}
}

// wantsEcho reports whether an echo would tell something: the breaker is open, or failures in a row were counted.
func (b *breaker) wantsEcho() bool { return b.state == open || b.state == closed && b.failures > 0 }

// lapse lets requests through again where no echo can ask, for an issuer, when the time is over. The first failure then
// opens it for longer.
func (b *breaker) lapse(c *BreakerConfig, now time.Time) {
	if b.state == open && now.Sub(b.since) >= b.openFor(c) {
		b.to(halfOpen, now)
	}
}
