package pool

import (
	"sync/atomic"
	"time"
)

// latency is an average that rises at once with a sample above it and comes down slowly: by samples below it and by time,
// so that a line which is avoided for its latency is tried again.
type latency struct {
	value atomic.Int64 // nanoseconds, as of at
	at    atomic.Int64 // nanoseconds of the pool's clock
}

const (
	halfLife = int64(10 * time.Second) // of the average, without samples

	// sampleShare is the weight, as a shift, of a sample below the average.
	sampleShare = 6

	mostLatency  = int64(time.Minute)
	leastLatency = int64(time.Microsecond) // so that requests in flight count on a line of which nothing is known
)

// now is the average at a time. Between two halvings it falls along a straight line.
func (l *latency) now(at int64) int64 {
	value, past := l.value.Load(), at-l.at.Load()
	if past > 0 {
		halvings := min(past/halfLife, 62)
		value >>= halvings
		value -= value * (past % halfLife >> 10) / (2 * halfLife >> 10)
	}
	return max(value, leastLatency)
}

// record adds a sample. Samples that come at the same time may be lost: the next ones make up for it.
func (l *latency) record(took, at int64) {
	took = min(took, mostLatency)
	value := l.now(at)
	if took > value {
		value = took
	} else {
		value -= (value - took) >> sampleShare
	}
	l.value.Store(value)
	l.at.Store(at)
}
