package simulation

import (
	"slices"

	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/examples/realtime/terminal/engine"
)

// messageMoves are what may happen to what is on its way: to what is fresh, or to what is late. What is sent at the same
// time comes in any order, and before anything else happens but a crash. It costs a fault that a message is lost, comes
// twice, or is late: then it comes whenever it likes while a frame lives.
func (w *small) messageMoves(fresh bool, add adder) {
	for k, m := range w.toNode {
		if fresh != (m.late == 0) {
			continue
		}
		for i := range w.nodes {
			if i > 0 && w.alike() {
				break // until one has done something, the nodes are alike
			}
			if w.nodes[i].up {
				add(false, func(w *small) { w.toNode = slices.Delete(w.toNode, k, k+1); w.receive(i, m) }, "node %d: gets %v of terminal %d (reversal %t)", i, m.tx.Kind, m.from, m.reverse)
			}
		}
		if !w.nodes[0].up && !w.nodes[1].up {
			add(false, func(w *small) { w.toNode = slices.Delete(w.toNode, k, k+1) }, "nobody is there for terminal %d", m.from)
		}
		lossMoves(w, add, "request", func(w *small) *[]request { return &w.toNode }, k, func(m *request) *int8 { return &m.late })
	}
	for k := range w.toTerm {
		w.replyMoves(k, add)
	}
	for k, m := range w.toBank {
		if fresh != (m.late == 0) {
			continue
		}
		take := func(w *small) { w.toBank = slices.Delete(w.toBank, k, k+1) }
		if m.verb == payment.Do && w.holding(m.id) == nil {
			add(false, func(w *small) { take(w); w.bank = append(w.bank, holding{m.id, 'r'}); w.tell(m) }, "channel: declines")
			add(false, func(w *small) { take(w); w.bank = append(w.bank, holding{m.id, 'h'}); w.tell(m) }, "channel: approves")
		} else {
			add(false, func(w *small) { take(w); w.act(m); w.tell(m) }, "channel: is asked %d", m.verb)
		}
		lossMoves(w, add, "question", func(w *small) *[]asked { return &w.toBank }, k, func(m *asked) *int8 { return &m.late })
	}
	for k, m := range w.fromBank {
		if fresh != (m.late == 0) {
			continue
		}
		add(false, func(w *small) {
			w.fromBank = slices.Delete(w.fromBank, k, k+1)
			w.flight(int(m.node), int(m.flight), payment.Event{Kind: payment.Answered, Answer: m.answer})
		}, "node %d flight %d: the channel says %v", m.node, m.flight, m.answer.Outcome)
		lossMoves(w, add, "word", func(w *small) *[]told { return &w.fromBank }, k, func(m *told) *int8 { return &m.late })
	}
}

// replyMoves are what may happen to an answer.
func (w *small) replyMoves(k int, add adder) {
	m := w.toTerm[k]
	add(false, func(w *small) { w.toTerm = slices.Delete(w.toTerm, k, k+1); w.hear(m) }, "terminal %d: gets %s (reversal %t)", m.to, m.answer.Code, m.reverse)
	lossMoves(w, add, "answer", func(w *small) *[]reply { return &w.toTerm }, k, func(m *reply) *int8 { return &m.late })
}

// alike reports whether the nodes cannot be told apart.
func (w *small) alike() bool {
	return len(w.desk.marks) == 0 && len(w.nodes[0].flights)+len(w.nodes[1].flights) == 0 && w.nodes[0].up && w.nodes[1].up &&
		w.desk.epochs[0] == w.desk.epochs[1] && w.desk.expired[0] == w.desk.expired[1]
}

func lossMoves[T any](w *small, add adder, what string, list func(w *small) *[]T, k int, late func(m *T) *int8) {
	if w.faults == 0 {
		return
	}
	add(true, func(w *small) { w.faults--; l := list(w); *l = slices.Delete(*l, k, k+1) }, "%s %d: is lost", what, k)
	add(true, func(w *small) {
		w.faults--
		l := list(w)
		again := (*l)[k]
		*late(&again) = max(*late(&again), 1)
		*l = append(*l, again)
	}, "%s %d: comes twice", what, k)
	if *late(&(*list(w))[k]) == 0 {
		add(true, func(w *small) { w.faults--; *late(&(*list(w))[k]) = 1 }, "%s %d: is late", what, k)
	}
}

// receive is a terminal's request at a node.
func (w *small) receive(i int, m request) {
	row := payment.Row{Kind: m.tx.Kind, Origin: w.origin(int(m.from), m.tx.STAN), Merchant: "merchant", Order: m.tx.Order,
		Amount: m.tx.Amount, Currency: "156", Entry: m.tx.Entry, Channel: "bank", Hash: m.tx.Order, At: w.now}
	e := payment.Event{Kind: payment.ReversalAsked, Row: row}
	if !m.reverse {
		row.ID = w.freeID()
		e = payment.Event{Kind: payment.Requested, Row: row, Original: m.tx.Original}
	}
	w.launch(i, work{from: m.from, reverse: m.reverse, stan: m.tx.STAN}, e)
}

// freeID is the smallest ID that nothing has: real ones never come again, and here none is there twice.
func (w *small) freeID() int64 {
	for id := int64(1); ; id++ {
		_, taken := w.desk.Row(id)
		for i := range w.nodes {
			taken = taken || w.nodes[i].worksOn(id)
		}
		taken = taken || w.holding(id) != nil || slices.ContainsFunc(w.toBank, func(m asked) bool { return m.id == id })
		if !taken {
			return id
		}
	}
}

// hear is an answer at a terminal: it is taken by what it is an answer to.
func (w *small) hear(m reply) {
	t := &w.terms[m.to]
	waits := t.Phase == engine.Waiting && !m.reverse || t.Phase == engine.Reversing && m.reverse
	if waits && t.Open.STAN == m.stan {
		w.terminal(int(m.to), engine.Event{Kind: engine.Answered, Answer: m.answer})
	}
}

func (w *small) holding(id int64) *holding {
	for k := range w.bank {
		if w.bank[k].id == id {
			return &w.bank[k]
		}
	}
	return nil
}

// act is what the channel does besides deciding: it takes back. It does not remember what it was asked to take back
// before it came, as real ones do not.
func (w *small) act(m asked) {
	if h := w.holding(m.id); m.verb == payment.Take && h != nil && h.state == 'h' {
		h.state = 'u'
	}
}

// tell answers with how the payment stands.
func (w *small) tell(m asked) {
	if m.node < 0 {
		return
	}
	answer := payment.Answer{Outcome: payment.OutcomeAbsent, Code: "25"}
	if h := w.holding(m.id); h != nil {
		switch {
		case m.verb == payment.Take:
			answer = payment.Answer{Outcome: payment.OutcomeUndone, Code: "00"}
		case h.state == 'h':
			answer = payment.Answer{Outcome: payment.OutcomeApproved, Code: "00"}
		case h.state == 'r':
			answer = payment.Answer{Outcome: payment.OutcomeDeclined, Code: "51"}
		default:
			answer = payment.Answer{Outcome: payment.OutcomeDeclined, Code: "22"}
		}
	}
	w.fromBank = append(w.fromBank, told{node: m.node, flight: m.flight, answer: answer, late: m.late})
}

// mayTick reports whether time may pass: something waits for it, nothing is on its way but what is late, and that
// not for longer than a frame lives, and no timer is due. Nobody sleeps while there is work.
func (w *small) mayTick() bool {
	for _, m := range w.toNode {
		if !lateEnough(m.late) {
			return false
		}
	}
	for _, m := range w.toTerm {
		if !lateEnough(m.late) {
			return false
		}
	}
	for _, m := range w.toBank {
		if !lateEnough(m.late) {
			return false
		}
	}
	for _, m := range w.fromBank {
		if !lateEnough(m.late) {
			return false
		}
	}
	waits := slices.ContainsFunc(w.desk.rows, func(r payment.Row) bool { return !r.Ended() })
	for i := range w.nodes {
		for j := range w.nodes[i].flights {
			f := w.nodes[i].flights[j]
			if f.commit || f.timer >= 0 && f.timer <= w.now {
				return false
			}
			waits = waits || f.timer > w.now
		}
	}
	return waits
}

// frameTicks is how many steps of time a frame lives.
const frameTicks = 2

func lateEnough(late int8) bool { return late > 0 && late <= frameTicks }

func (w *small) tick() {
	w.now += tick
	for k := range w.toNode {
		w.toNode[k].late++
	}
	for k := range w.toTerm {
		w.toTerm[k].late++
	}
	for k := range w.toBank {
		m := &w.toBank[k]
		if m.late++; m.late > 1 { // asked more than a patience ago
			m.node, m.flight = -1, -1
		}
	}
	for k := range w.fromBank {
		w.fromBank[k].late++
	}
	w.fromBank = slices.DeleteFunc(w.fromBank, func(m told) bool { return m.late > 1 })
}

// prune drops what can make no difference any more: answers that no terminal waits for, repeats of what has been done, and
// questions of nobody that change nothing.
func (w *small) prune() {
	w.toTerm = slices.DeleteFunc(w.toTerm, func(m reply) bool {
		t := &w.terms[m.to]
		return t.Open.STAN != m.stan || t.Phase == engine.Finishing || !m.reverse && t.Open.Kind != payment.Refund && t.Phase != engine.Waiting
	})
	w.toNode = slices.DeleteFunc(w.toNode, w.isSpent)
	w.toBank = slices.DeleteFunc(w.toBank, w.isIdle)
}

// isSpent reports whether a request is a repeat that changes nothing and whose answer nobody hears.
func (w *small) isSpent(m request) bool {
	t := &w.terms[m.from]
	if t.Open.STAN == m.tx.STAN && (t.Phase == engine.Waiting || t.Phase == engine.Reversing || t.Phase == engine.Pausing) {
		return false
	}
	mark, ok := w.desk.Mark(w.origin(int(m.from), m.tx.STAN))
	if !ok || !m.reverse {
		return ok
	}
	row, _ := w.desk.Row(mark.ID)
	return mark.ID == 0 || row.Undo != payment.Keep || row.State == payment.Declined || row.State == payment.Reversed
}

// isIdle reports whether nobody waits for the answer to a question, and the channel does nothing for it.
func (w *small) isIdle(m asked) bool {
	if m.node >= 0 {
		return false
	}
	h := w.holding(m.id)
	switch {
	case m.verb == payment.Query:
		return true
	case m.verb == payment.Do:
		return h != nil
	case h != nil:
		return h.state != 'h'
	}
	row, ok := w.desk.Row(m.id)
	return ok && row.Kind != payment.Refund && !slices.ContainsFunc(w.toBank, func(o asked) bool { return o.verb == payment.Do && o.id == m.id })
}
