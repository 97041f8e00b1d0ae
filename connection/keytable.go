package connection

import (
	"encoding/binary"
	"iter"
	"math/bits"
	"math/rand/v2"
)

// keyTable finds entries by key. It does what a map does at a third of the cost: open addressing with linear probing
// in a power of two of slots, at most half of them in use, seeded so that a peer cannot choose keys that collide. The
// zero value is empty and holds no memory.
type keyTable struct {
	slots []slot
	used  int
	seed  [4]uint64
}

// slot is in use if its entry is not zero.
type slot struct {
	key [32]byte
	entry
}

// entry is what the table knows about a key: the call that waits for its answer, or, if call is nil, the tombstone of
// one that does not wait any more.
type entry struct {
	call *call
	tomb uint64
}

const minSlots = 16

// find returns the slot of a key, or a free one where it can be put; the slot is good until the table changes.
func (t *keyTable) find(key *[32]byte) *slot {
	if 2*t.used >= len(t.slots) {
		t.grow()
	}
	return &t.slots[t.index(key)]
}

// put sets the entry of the slot that find returned for a key.
func (t *keyTable) put(s *slot, key *[32]byte, e entry) {
	if s.entry == (entry{}) {
		s.key = *key
		t.used++
	}
	s.entry = e
}

// get returns the entry of a key, zero if there is none.
func (t *keyTable) get(key *[32]byte) entry {
	_, e := t.look(key)
	return e
}

// look returns the entry of a key, zero if there is none, and its place for removeAt, good until the table changes.
func (t *keyTable) look(key *[32]byte) (place int, e entry) {
	if t.used == 0 {
		return 0, entry{}
	}
	place = t.index(key)
	return place, t.slots[place].entry
}

// remove forgets a key.
func (t *keyTable) remove(key *[32]byte) {
	if place, e := t.look(key); e != (entry{}) {
		t.removeAt(place)
	}
}

// removeAt forgets the key at a place. The entries behind it that its slot kept from their own places move up.
func (t *keyTable) removeAt(hole int) {
	mask := len(t.slots) - 1
	for i := (hole + 1) & mask; t.slots[i].entry != (entry{}); i = (i + 1) & mask {
		if home := t.home(&t.slots[i].key); (i-home)&mask >= (i-hole)&mask {
			t.slots[hole] = t.slots[i]
			hole = i
		}
	}
	t.slots[hole] = slot{}
	t.used--
}

func (t *keyTable) index(key *[32]byte) int {
	mask := len(t.slots) - 1
	i := t.home(key)
	for t.slots[i].entry != (entry{}) && t.slots[i].key != *key {
		i = (i + 1) & mask
	}
	return i
}

func (t *keyTable) home(key *[32]byte) int {
	var sum uint64
	for i := 0; i < len(t.seed); i += 2 {
		a := binary.LittleEndian.Uint64(key[8*i:]) ^ t.seed[i]
		b := binary.LittleEndian.Uint64(key[8*i+8:]) ^ t.seed[i+1]
		sum ^= fold(a, b)
	}
	return int(fold(sum, golden)) & (len(t.slots) - 1)
}

// golden spreads what differs in few bits: the fraction of the golden ratio.
const golden = 0x9E3779B97F4A7C15

func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

func (t *keyTable) grow() {
	old := t.slots
	if old == nil {
		t.seed = [4]uint64{rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64()}
	}
	t.slots = make([]slot, max(minSlots, 2*len(old)))
	for i := range old {
		if old[i].entry != (entry{}) {
			t.slots[t.index(&old[i].key)] = old[i]
		}
	}
}

// all yields every key with its entry. The table must not change meanwhile.
func (t *keyTable) all() iter.Seq2[*[32]byte, entry] {
	return func(yield func(*[32]byte, entry) bool) {
		for i := range t.slots {
			if s := &t.slots[i]; s.entry != (entry{}) && !yield(&s.key, s.entry) {
				return
			}
		}
	}
}
