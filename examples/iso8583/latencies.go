package main

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// stepsPerDoubling is how many buckets there are between a time and its double: a quantile is at most 1/128 too high.
const (
	stepBits         = 7
	stepsPerDoubling = 1 << stepBits
)

// latencies counts times. The zero value is ready; its methods may be called concurrently.
type latencies struct {
	buckets  [(64 - stepBits + 1) * stepsPerDoubling]atomic.Int64
	count    atomic.Int64
	total    atomic.Int64
	shortest atomic.Int64 // one more than it, so that zero is none
	longest  atomic.Int64
}

// bucketOf is the number of the bucket that a time is in. Up to 127 ns each has its own.
func bucketOf(ns uint64) int {
	if ns < stepsPerDoubling {
		return int(ns)
	}
	shift := bits.Len64(ns) - stepBits - 1
	return (shift+1)*stepsPerDoubling + int(ns>>shift) - stepsPerDoubling
}

// highest is the longest time that a bucket has.
func highest(bucket int) uint64 {
	if bucket < stepsPerDoubling {
		return uint64(bucket)
	}
	shift := bucket/stepsPerDoubling - 1
	return (uint64(bucket%stepsPerDoubling+stepsPerDoubling+1) << shift) - 1
}

func (l *latencies) add(d time.Duration) {
	ns := max(d.Nanoseconds(), 0)
	l.buckets[bucketOf(uint64(ns))].Add(1)
	l.count.Add(1)
	l.total.Add(ns)
	for {
		old := l.shortest.Load()
		if old != 0 && old <= ns+1 || l.shortest.CompareAndSwap(old, ns+1) {
			break
		}
	}
	for {
		old := l.longest.Load()
		if old >= ns || l.longest.CompareAndSwap(old, ns) {
			break
		}
	}
}

// quantile is the time that a share of all is not above; 0 for none.
func (l *latencies) quantile(share float64) time.Duration {
	count := l.count.Load()
	rank := min(max(int64(share*float64(count)+0.999999), 1), count)
	for i := range l.buckets {
		if rank -= l.buckets[i].Load(); rank <= 0 && count > 0 {
			return min(time.Duration(highest(i)), time.Duration(l.longest.Load()))
		}
	}
	return 0
}

func (l *latencies) mean() time.Duration {
	if count := l.count.Load(); count > 0 {
		return time.Duration(l.total.Load() / count)
	}
	return 0
}

func (l *latencies) min() time.Duration { return time.Duration(max(l.shortest.Load()-1, 0)) }
func (l *latencies) max() time.Duration { return time.Duration(l.longest.Load()) }
