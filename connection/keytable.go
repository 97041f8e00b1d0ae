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
	if t.used == 0 {
		return entry{}
	}
	return t.slots[t.index(key)].entry
}

// remove forgets a key. The entries behind it that its slot kept from their own places move up.
func (t *keyTable) remove(key *[32]byte) {
	if t.used == 0 {
		return
	}
	hole := t.index(key)
	if t.slots[hole].entry == (entry{}) {
		return
	}
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
	a := binary.LittleEndian.Uint64(key[0:]) ^ t.seed[0]
	b := binary.LittleEndian.Uint64(key[8:]) ^ t.seed[1]
	c := binary.LittleEndian.Uint64(key[16:]) ^ t.seed[2]
	d := binary.LittleEndian.Uint64(key[24:]) ^ t.seed[3]
	hi1, lo1 := bits.Mul64(a, b)
	hi2, lo2 := bits.Mul64(c, d)
	return int(hi1^lo1^hi2^lo2) & (len(t.slots) - 1)
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
