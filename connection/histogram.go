package connection

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Histogram counts durations in buckets whose width grows with their value: eight for each doubling, so that a
// quantile is at most an eighth too high. The zero value is ready; its methods may be called concurrently. Times up to 1 µs share
// a bucket, as do those beyond an hour.
type Histogram struct {
	buckets [histogramBuckets]atomic.Uint64
	sum     atomic.Int64
	max     atomic.Int64
}

const (
	histogramShift   = 10 // the unit is 1024 ns
	histogramOctaves = 32
	histogramBuckets = 8 * histogramOctaves
)

// Record counts one duration; one below zero is none.
func (h *Histogram) Record(d time.Duration) {
	h.buckets[bucketOf(d)].Add(1)
	h.sum.Add(int64(max(d, 0)))
	for old := h.max.Load(); int64(d) > old && !h.max.CompareAndSwap(old, int64(d)); old = h.max.Load() {
	}
}

// bucketOf returns the index for d: values below 8 units have one bucket each, then each octave has eight.
func bucketOf(d time.Duration) int {
	units := uint64(max(d, 0)) >> histogramShift
	if units < 8 {
		return int(units)
	}
	octave := bits.Len64(units) - 3
	return min(octave<<3|int(units>>(octave-1)&7), histogramBuckets-1)
}

// upperBound returns the first duration that does not belong to bucket i any more.
func upperBound(i int) time.Duration {
	if i < 8 {
		return time.Duration(i+1) << histogramShift
	}
	octave, step := i>>3, i&7
	return time.Duration(8+step+1) << (octave - 1 + histogramShift)
}

// Count returns how many durations were recorded.
func (h *Histogram) Count() (n uint64) {
	for i := range h.buckets {
		n += h.buckets[i].Load()
	}
	return n
}

// Mean returns the average, 0 if there is none.
func (h *Histogram) Mean() time.Duration {
	n := h.Count()
	if n == 0 {
		return 0
	}
	return time.Duration(h.sum.Load() / int64(n))
}

// Max returns the longest duration recorded.
func (h *Histogram) Max() time.Duration { return time.Duration(h.max.Load()) }

// Quantile returns the duration that the fraction q (0 to 1) of the recorded ones did not exceed, as the upper bound
// of its bucket but never more than Max; 0 if nothing was recorded.
func (h *Histogram) Quantile(q float64) time.Duration {
	n := h.Count()
	if n == 0 {
		return 0
	}
	rank := uint64(q * float64(n))
	var seen uint64
	for i := range h.buckets {
		if seen += h.buckets[i].Load(); seen > rank || seen == n {
			return min(upperBound(i), h.Max())
		}
	}
	return h.Max()
}
