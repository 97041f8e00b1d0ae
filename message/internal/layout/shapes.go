package layout

import (
	"sync"
	"sync/atomic"

	"github.com/posline/posline/message/internal/wire"
)

// The shapes that a codec keeps, whatever bitmaps a peer sends: sets of a few ways, so that a lookup compares a few
// bitmaps.
const (
	shapeSets = 64
	shapeWays = 4
	maxShapes = shapeSets * shapeWays

	// sightings is how often a bitmap must come, more often than the other newcomers of its set, before its shape takes
	// the place of one in a full set. A peer that sends a new bitmap each time therefore gets no shape in, and costs no
	// memory; one that repeats its bitmaps gets in, and so does an honest peer whose shape it has pushed out.
	sightings = 16
)

// Shapes are a codec's shapes by bitmap. A lookup takes no lock. The table has a fixed size, so that there can be no
// more shapes than its places.
type Shapes struct {
	seed uint64 // of the sets, so that a peer cannot aim at one

	mutex sync.Mutex // held to put one in
	sets  [shapeSets]shapeSet
}

// shapeSet is the places that the shapes of some bitmaps may have.
type shapeSet struct {
	ways [shapeWays]atomic.Pointer[Shape]

	// Under the mutex:
	newcomer uint64 // a bitmap that is not in, by its hash, and by how much it came more often than others
	score    int
	hand     int // the way that is looked at first for the next eviction
}

// used tells whether a shape was found since the hand passed.
type used struct{ atomic.Bool }

func (u *used) touch() {
	if !u.Load() {
		u.Store(true)
	}
}

func (s *Shapes) hash(words *[3]uint64) uint64 {
	h := words[0] ^ s.seed
	for _, word := range words[1:] {
		h = (h^h>>29)*0xBF58476D1CE4E5B9 + word
	}
	h = (h ^ h>>32) * 0x94D049BB133111EB
	return h ^ h>>29
}

// Find returns the shape of a bitmap, nil if it is not known.
func (s *Shapes) Find(words *[3]uint64) *Shape {
	set := &s.sets[s.hash(words)%shapeSets]
	for i := range set.ways {
		if known := set.ways[i].Load(); known != nil && known.Words == *words {
			known.used.touch()
			return known
		}
	}
	return nil
}

// Learn puts in the shape of a bitmap, which the message at hand has on the wire in the given form, and returns it; nil
// where there is no room for it. All fields of the bitmap must be in the spec.
func (c *Compiled) Learn(words *[3]uint64, bitmaps []byte, count int) *Shape {
	if c.Bitmap.Tertiary != 0 || c.Bitmap.Absent {
		return nil
	}
	s := &c.Shapes
	hash := s.hash(words)
	set := &s.sets[hash%shapeSets]
	if !s.mutex.TryLock() {
		return nil // another time: nobody waits for a shape
	}
	defer s.mutex.Unlock()
	at := set.place(hash, words)
	if at < 0 {
		return nil
	}
	learned := c.shape(words)
	learned.Wire, learned.Bitmaps = string(bitmaps), count
	learned.used.Store(true)
	set.ways[at].Store(learned)
	return learned
}

// place returns the way for a new shape, -1 if it gets none.
func (s *shapeSet) place(hash uint64, words *[3]uint64) int {
	free := -1
	for i := range s.ways {
		switch known := s.ways[i].Load(); {
		case known == nil:
			free = i
		case known.Words == *words:
			return i // two messages taught it at the same time
		}
	}
	if free >= 0 {
		return free
	}
	switch {
	case s.newcomer == hash:
		s.score++
	case s.score > 0:
		s.score--
	default:
		s.newcomer, s.score = hash, 1
	}
	if s.newcomer != hash || s.score < sightings {
		return -1
	}
	s.score = 0
	return s.evict()
}

// evict returns the first way from the hand on that was not used lately, having forgotten the use of the others.
func (s *shapeSet) evict() int {
	for range shapeWays {
		if !s.ways[s.hand].Load().used.Swap(false) {
			break
		}
		s.hand = (s.hand + 1) % shapeWays
	}
	at := s.hand
	s.hand = (s.hand + 1) % shapeWays
	return at
}

// knowsAll tells whether the spec has every field of a bitmap.
func (c *Compiled) knowsAll(words *[3]uint64) bool {
	for number := range wire.Bits(words) {
		if c.Fields[number] == nil {
			return false
		}
	}
	return true
}
