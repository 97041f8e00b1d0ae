package simulation

import (
	"hash/maphash"

	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/examples/realtime/terminal/engine"
)

// What a state is: two worlds have the same hash when they cannot be told apart by anything that will happen. So times
// are kept as what is left of them, revisions as whether they are the latest, and what a flight or terminal will never
// read again not at all.

var seed = maphash.MakeSeed()

// digest mixes numbers and texts.
type digest uint64

func (d *digest) add(numbers ...int64) {
	h := uint64(*d)
	for _, n := range numbers {
		h ^= uint64(n)
		h *= 0x9E3779B97F4A7C15
		h ^= h >> 29
	}
	*d = digest(h)
}

func (d *digest) text(s string) { d.add(int64(maphash.String(seed, s))) }

func (d *digest) truth(b bool) {
	if b {
		d.add(1)
	} else {
		d.add(2)
	}
}

// set adds the elements of a set, whatever their order.
func set[T any](d *digest, list []T, one func(d *digest, v *T)) {
	var sum uint64
	for i := range list {
		e := digest(0x1234567)
		one(&e, &list[i])
		sum += uint64(e) * (uint64(e)>>31 | 1)
	}
	d.add(int64(len(list)), int64(sum))
}

// hash is that of the world's state: what is on its way is a set, and has no order.
func (w *small) hash() uint64 {
	return min(w.hashAs(0), w.hashAs(1)) // which of the nodes is the first makes no difference
}

// hashAs hashes the world with node first in the place of the first one.
func (w *small) hashAs(first int) uint64 {
	w.first = first
	d := digest(0xABCDEF)
	d.add(int64(w.faults), int64(w.crashes), int64(w.leases))
	w.hashDesk(&d)
	for i := range w.terms {
		w.hashTerminal(&d, &w.terms[i])
	}
	for k := range w.nodes {
		i := k ^ first
		n := &w.nodes[i]
		d.truth(n.up)
		d.truth(n.epoch == w.desk.epochs[i])
		d.truth(w.desk.expired[i])
		d.add(int64(len(n.flights)))
		for _, f := range n.flights {
			w.hashFlight(&d, f)
		}
	}
	set(&d, w.toNode, func(d *digest, m *request) {
		d.add(int64(m.from), int64(m.late), int64(m.tx.Kind), int64(m.tx.STAN))
		d.truth(m.reverse)
	})
	set(&d, w.toTerm, func(d *digest, m *reply) {
		d.add(int64(m.to), int64(m.late), int64(m.stan), m.answer.Amount)
		d.truth(m.reverse)
		d.text(m.answer.Code)
	})
	set(&d, w.toBank, func(d *digest, m *asked) {
		d.add(w.placeOf(int(m.node)), int64(m.flight), int64(m.verb), m.id, int64(m.late))
	})
	set(&d, w.fromBank, func(d *digest, m *told) {
		d.add(w.placeOf(int(m.node)), int64(m.flight), int64(m.answer.Outcome), int64(m.late))
	})
	set(&d, w.bank, func(d *digest, h *holding) { d.add(h.id, int64(h.state)) })
	return uint64(d)
}

// placeOf is where a node stands in the hash that is being made; -1 for none.
func (w *small) placeOf(node int) int64 {
	if node < 0 {
		return -1
	}
	return int64(node ^ w.first)
}

func (w *small) hashDesk(d *digest) {
	k := w.desk
	set(d, k.rows, func(d *digest, r *payment.Row) { w.hashRow(d, r, r.Rev) })
	set(d, k.marks, func(d *digest, m *deskMark) {
		d.text(m.origin.Terminal)
		d.text(m.origin.STAN)
		d.add(m.mark.ID)
		d.text(m.mark.Code)
	})
	set(d, k.claims, func(d *digest, c *deskClaim) { d.add(c.row) })
	set(d, k.posted, func(d *digest, p *deskPosting) { d.add(p.row, int64(p.kind), p.sum) })
}

// hashRow adds a row as it stands in the desk, or as a flight remembers it when the latest revision is another.
func (w *small) hashRow(d *digest, r *payment.Row, latest int64) {
	d.add(r.ID, int64(r.Kind), int64(r.State), int64(r.Undo), r.Parent, r.Approved, r.Captured, r.Refunded, r.Void, min(r.Rev, 2),
		min(max(latest-r.Rev, -1), 2))
	d.text(r.Code)
	if r.Ended() {
		return // what has ended is nobody's any more, and nothing of it is due
	}
	d.truth(r.Owner > 0 && r.Epoch == w.desk.epochs[r.Owner-1])
	d.add(w.placeOf(int(r.Owner)-1), max(r.Due-w.now, -tick), min(w.now-r.At, oldest))
}

// oldest is an age at which everything that depends on it has happened.
const oldest = (frameTicks + 3) * tick

func (w *small) hashFlight(d *digest, f *work) {
	d.add(int64(f.Phase), int64(f.After), int64(f.Tries), int64(f.from), int64(f.stan), f.Parent.ID)
	d.truth(f.Epoch == w.desk.epochs[f.Node-1])
	d.truth(f.Flight.Reply)
	d.truth(f.reverse)
	d.truth(f.commit)
	if f.timer >= 0 {
		d.add(1 + max(f.timer-w.now, 0))
	}
	if f.Row.ID != 0 || f.Row.Kind != 0 {
		w.hashRow(d, &f.Row, w.latest(f.Row.ID))
	}
	if f.commit || f.Phase == payment.Resubmit {
		d.add(int64(f.Op.Kind))
		w.hashRow(d, &f.Op.Row, w.latest(f.Op.Row.ID))
		d.text(f.Op.Row.Origin.Terminal)
		d.text(f.Op.Row.Origin.STAN)
		d.text(f.Op.Original.STAN)
	}
}

// latest is the revision of a row in the desk; 0 if it is not there.
func (w *small) latest(id int64) int64 {
	r, _ := w.desk.Row(id)
	return r.Rev
}

func (w *small) hashTerminal(d *digest, t *till) {
	d.add(int64(t.Phase), int64(t.STAN), int64(t.step))
	d.truth(t.saving)
	for i := range t.shown {
		d.add(int64(t.shown[i].kind), int64(t.shown[i].stan), int64(t.shown[i].status))
	}
	if t.Phase == engine.Idle {
		return
	}
	d.add(int64(t.Open.Kind), int64(t.Open.STAN), int64(t.Tries), int64(t.Result.Status))
	d.text(t.Reason)
}
