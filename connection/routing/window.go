package routing

import "time"

// buckets is how many parts a rolling window has: outcomes leave it a tenth at a time.
const buckets = 10

// window counts outcomes over a rolling stretch of time. The zero value is empty.
type window struct {
	slots [buckets]struct {
		number    int64 // which stretch of time since the epoch
		good, bad uint32
	}
}

// slotNumber is the number of the slot that holds a moment, for a window of the given length.
func slotNumber(at time.Time, length time.Duration) int64 {
	return at.UnixNano() / int64(max(length/buckets, 1))
}

func (w *window) add(slot int64, good bool) {
	s := &w.slots[uint64(slot)%buckets] // a clock may be set before 1970
	if s.number != slot {
		s.number, s.good, s.bad = slot, 0, 0
	}
	if good {
		s.good++
	} else {
		s.bad++
	}
}

// sum returns what the window holds at a slot.
func (w *window) sum(slot int64) (good, bad int) {
	for i := range w.slots {
		if s := &w.slots[i]; s.number > slot-buckets && s.number <= slot {
			good += int(s.good)
			bad += int(s.bad)
		}
	}
	return good, bad
}
