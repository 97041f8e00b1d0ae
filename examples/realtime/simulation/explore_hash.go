package simulation

import (
	"hash/maphash"
	"slices"

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

// hash is that of the world's state but for its budget. What is on its way is a set, and has no order. Which of the nodes
// is the first makes no difference, nor, where both terminals have the same script, which of them is.
func (w *small) hash() uint64 {
	h := hasher{small: w}
	if w.plain {
		return h.hash()
	}
	nodes := order(h.nodeLooks(0), h.nodeLooks(1))
	terminals := justOne
	if w.twins {
		terminals = order(terminalLooks(&w.terms[0]), terminalLooks(&w.terms[1]))
	}
	least := ^uint64(0)
	for _, h.node = range nodes {
		for _, h.terminal = range terminals {
			least = min(least, h.hash())
		}
	}
	return least
}

var justOne, justTwo, both = []int{0}, []int{1}, []int{0, 1}

// order returns which of two comes first, by how they look; both when they look the same.
func order(one, two digest) []int {
	switch {
	case one < two:
		return justOne
	case one > two:
		return justTwo
	}
	return both
}

// nodeLooks is what can be told of a node without naming others.
func (h *hasher) nodeLooks(i int) digest {
	var d digest
	n := &h.nodes[i]
	d.truth(n.up)
	d.truth(h.desk.expired[i])
	d.add(int64(len(n.flights)))
	for _, f := range n.flights {
		d.add(int64(f.Phase), int64(f.Row.ID))
	}
	return d
}

// terminalLooks is the same of a terminal.
func terminalLooks(t *till) digest {
	var d digest
	d.add(int64(t.Phase), int64(t.STAN), int64(t.step))
	d.truth(t.saving)
	d.add(int64(t.shown[0].status))
	return d
}

// hasher hashes a world with one of the nodes and one of the terminals in the place of the first one.
type hasher struct {
	*small
	node, terminal int
}

func (h *hasher) hash() uint64 {
	d := digest(0xABCDEF)
	h.addDesk(&d)
	for i := range h.terms {
		h.addTerminal(&d, &h.terms[i^h.terminal])
	}
	for k := range h.nodes {
		i := k ^ h.node
		n := &h.nodes[i]
		d.truth(n.up)
		d.truth(n.epoch == h.desk.epochs[i])
		d.truth(h.desk.expired[i])
		d.add(int64(len(n.flights)))
		for _, f := range n.flights {
			h.addFlight(&d, f)
		}
	}
	set(&d, h.toNode, func(d *digest, m *request) {
		d.add(h.terminalAt(int(m.from)), int64(m.late), int64(m.tx.Kind), int64(m.tx.STAN))
		d.truth(m.reverse)
	})
	set(&d, h.toTerm, func(d *digest, m *reply) {
		d.add(h.terminalAt(int(m.to)), int64(m.late), int64(m.stan), m.answer.Amount)
		d.truth(m.reverse)
		d.text(m.answer.Code)
	})
	set(&d, h.toBank, func(d *digest, m *asked) {
		d.add(h.nodeAt(int(m.node)), int64(m.flight), int64(m.verb), m.id, int64(m.late))
	})
	set(&d, h.fromBank, func(d *digest, m *told) {
		d.add(h.nodeAt(int(m.node)), int64(m.flight), int64(m.answer.Outcome), int64(m.late))
	})
	set(&d, h.bank, func(d *digest, b *holding) { d.add(b.id, int64(b.state)) })
	return uint64(d)
}

// nodeAt is where a node stands in the hash that is being made; -1 for none.
func (h *hasher) nodeAt(i int) int64 { return place(i, h.node) }

// terminalAt is the same for a terminal.
func (h *hasher) terminalAt(i int) int64 { return place(i, h.terminal) }

func place(i, first int) int64 {
	if i < 0 {
		return -1
	}
	return int64(i ^ first)
}

// addOrigin adds the name of a request of a terminal.
func (h *hasher) addOrigin(d *digest, o *payment.Origin) {
	if o.Terminal == "" {
		d.add(-1)
		return
	}
	d.add(h.terminalAt(int(o.Terminal[0] - '0')))
	d.text(o.STAN)
}

func (h *hasher) addDesk(d *digest) {
	k := h.desk
	set(d, k.rows, func(d *digest, r *payment.Row) { h.addRow(d, r, r.Rev) })
	set(d, k.marks, func(d *digest, m *deskMark) {
		h.addOrigin(d, &m.origin)
		d.add(m.mark.ID)
		d.text(m.mark.Code)
	})
	set(d, k.claims, func(d *digest, c *deskClaim) { d.add(c.row) })
	set(d, k.posted, func(d *digest, p *deskPosting) { d.add(p.row, int64(p.kind), p.sum) })
}

// addRow adds a row as it stands in the desk, or as a flight remembers it when the latest revision is another.
func (h *hasher) addRow(d *digest, r *payment.Row, latest int64) {
	d.add(r.ID, int64(r.Kind), int64(r.State), int64(r.Undo), r.Parent, r.Approved, r.Captured, r.Refunded, r.Void, min(r.Rev, 2),
		min(max(latest-r.Rev, -1), 2))
	d.text(r.Code)
	if r.Ended() {
		return // what has ended is nobody's any more, and nothing of it is due
	}
	current := r.Owner > 0 && r.Epoch == h.desk.epochs[r.Owner-1]
	d.truth(current)
	d.add(min(h.now-r.At, h.oldest(r)))
	if current || h.plain { // else whose it was is all the same, and anybody may take it at any time
		d.add(h.nodeAt(int(r.Owner)-1), max(r.Due-h.now, -tick))
	}
}

// oldest is an age of a row at which everything that depends on it has happened: its terminal is not kept waiting any
// more and, where the channel may say that it has never heard of it, nor can it be on its way.
func (h *hasher) oldest(r *payment.Row) int64 {
	if h.plain {
		return 2 * (frameTicks + 2) * tick
	}
	absent := func(m told) bool { return m.answer.Outcome == payment.OutcomeAbsent }
	if r.Kind.Carried() || h.holding(r.ID) != nil && !slices.ContainsFunc(h.fromBank, absent) {
		return tick
	}
	return (frameTicks + 2) * tick
}

func (h *hasher) addFlight(d *digest, f *work) {
	d.add(int64(f.Phase), int64(f.After), int64(f.Tries), h.terminalAt(int(f.from)), int64(f.stan), f.Parent.ID)
	d.truth(f.Epoch == h.desk.epochs[f.Node-1])
	d.truth(f.Flight.Reply)
	d.truth(f.reverse)
	d.truth(f.commit)
	if f.timer >= 0 {
		d.add(1 + max(f.timer-h.now, 0))
	}
	if f.Row.ID != 0 || f.Row.Kind != 0 {
		h.addRow(d, &f.Row, h.latest(f.Row.ID))
	}
	if f.commit || f.Phase == payment.Resubmit {
		d.add(int64(f.Op.Kind))
		h.addRow(d, &f.Op.Row, h.latest(f.Op.Row.ID))
		h.addOrigin(d, &f.Op.Row.Origin)
		h.addOrigin(d, &f.Op.Original)
	}
}

// latest is the revision of a row in the desk; 0 if it is not there.
func (w *small) latest(id int64) int64 {
	r, _ := w.desk.Row(id)
	return r.Rev
}

func (h *hasher) addTerminal(d *digest, t *till) {
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
