package connection

import "time"

// tomb marks when a tombstone may go.
type tomb struct {
	key     [32]byte
	id      uint64
	owed    int // answers that may still come: a request and its repeats have one each
	expires time.Duration
}

// minTombs is how many tombstones are kept at least, however few requests a connection has in flight at a time: one after
// another may time out within LateWindow.
const minTombs = 1024

// bury leaves a tombstone, so that so many late answers are known as such and the key is not used for something else.
func (r *requests) bury(key [32]byte, owed int) {
	if len(r.tombs) >= max(r.c.cfg.MaxInFlight, minTombs) {
		r.dropTomb()
	}
	r.nextTomb++
	r.table.put(r.table.find(&key), &key, entry{tomb: r.nextTomb})
	r.tombs = append(r.tombs, tomb{key, r.nextTomb, owed, later(r.c.now(), r.c.cfg.LateWindow)})
	if len(r.keyed) > 0 {
		r.armSweeper(r.tombEnd())
	}
}

// owed is how many answers may still come for a tombstone; 0 if there is none of this number.
func (r *requests) owed(id uint64) int {
	if t := r.tomb(id); t != nil {
		return t.owed
	}
	return 0
}

// tomb returns a tombstone by its number, nil if it has gone. They are numbered one after another.
func (r *requests) tomb(id uint64) *tomb {
	if len(r.tombs) == 0 || id < r.tombs[0].id {
		return nil
	}
	return &r.tombs[id-r.tombs[0].id]
}

// answeredLate notes a late answer for the tombstone at a place, which goes with the last.
func (r *requests) answeredLate(place int, id uint64) {
	if t := r.tomb(id); t != nil && t.owed > 1 {
		t.owed--
		return
	}
	r.table.removeAt(place)
}

// dropTombs removes the tombstones whose time is over.
func (r *requests) dropTombs() {
	if len(r.tombs) == 0 {
		return
	}
	for now := r.c.now(); len(r.tombs) > 0 && r.tombs[0].expires <= now; {
		r.dropTomb()
	}
}

func (r *requests) dropTomb() {
	oldest := r.tombs[0]
	if r.tombs = r.tombs[1:]; len(r.tombs) == 0 {
		r.tombs = nil
	}
	if e := r.table.get(&oldest.key); e.call == nil && e.tomb == oldest.id {
		r.table.remove(&oldest.key)
		if len(r.keyed) > 0 {
			r.armSweeper(r.c.now()) // it starts those that waited for the key
		}
	}
}

// tombEnd is when the next tombstone goes, or the end of time.
func (r *requests) tombEnd() time.Duration {
	if len(r.tombs) == 0 {
		return never
	}
	return r.tombs[0].expires
}
