package acquirer

// bucket holds what may be done now; it fills with time. The zero value is full.
type bucket struct {
	left  float64
	since int64 // milliseconds; 0 before the first time
}

// take takes one, if there is one. A clock that was set back fills the bucket.
func (b *bucket) take(now int64, most, perSecond float64) bool {
	if elapsed := now - b.since; b.since == 0 || elapsed < 0 {
		b.left = most
	} else {
		b.left = min(most, b.left+float64(elapsed)/1000*perSecond)
	}
	b.since = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}
