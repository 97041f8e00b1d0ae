package connection

import "sync"

// buffer is memory for reading or writing. Idle plain connections hold none; one that waits for the rest of a frame
// holds a small one, as an idle TLS connection does.
type buffer struct {
	b []byte
}

const (
	smallBuffer = 4 << 10   // for a few frames
	largeBuffer = 64 << 10  // for all that one read returns or one write takes
	keepBuffer  = 256 << 10 // larger ones are not kept
)

var (
	smallBuffers = sync.Pool{New: func() any { return &buffer{make([]byte, 0, smallBuffer)} }}
	largeBuffers = sync.Pool{New: func() any { return &buffer{make([]byte, 0, largeBuffer)} }}
)

func newSmallBuffer() *buffer { return smallBuffers.Get().(*buffer) }

func newLargeBuffer() *buffer { return largeBuffers.Get().(*buffer) }

// appended notes what others have appended to the buffer, for release to wipe. What they return may be memory of their own:
// then nobody knows how much of the buffer they used, and theirs is left alone.
func (b *buffer) appended(result []byte) {
	own := b.b[:cap(b.b)]
	if b.b = own; cap(result) == cap(own) && len(result) > 0 && &result[0] == &own[0] {
		b.b = result
	}
}

// release wipes what the buffer held, card data in all likelihood, and returns it.
func (b *buffer) release() {
	clear(b.b)
	b.b = b.b[:0]
	if pool := b.pool(); pool != nil {
		pool.Put(b)
	}
}

// pool returns where the buffer goes when nobody needs it; nil if it is not kept.
func (b *buffer) pool() *sync.Pool {
	switch size := cap(b.b); {
	case size < smallBuffer:
		return nil
	case size < largeBuffer:
		return &smallBuffers
	case size <= keepBuffer:
		return &largeBuffers
	}
	return nil
}
