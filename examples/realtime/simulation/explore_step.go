package simulation

import (
	"fmt"
	"slices"

	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/examples/realtime/terminal/engine"
)

// move is something that may happen next.
type move struct {
	fault  bool // it costs one of the faults, crashes or leases
	do     func(w *small)
	format string
	args   []any
}

func (m *move) String() string { return fmt.Sprintf(m.format, m.args...) }

// moves returns all that may happen next.
func (w *small) moves() (list []move) {
	add := func(fault bool, do func(w *small), format string, args ...any) {
		list = append(list, move{fault, do, format, args})
	}
	for i := range w.terms {
		if w.terms[i].saving { // which nobody else sees: what else may happen can as well happen after it
			w.terminalMoves(i, add)
			return list
		}
	}
	if !w.anyTime && w.urgent(add) {
		return list
	}
	for i := range w.terms {
		w.terminalMoves(i, add)
	}
	for i := range w.nodes {
		w.nodeMoves(i, add)
	}
	if w.anyTime {
		w.urgentMoves(add)
	}
	w.messageMoves(false, add)
	if w.mayTick() {
		add(false, (*small).tick, "time passes")
	}
	return list
}

// urgent are moves that come before all others, where the order with others makes no difference: a step that only one
// party sees, and what can go wrong with it. What a flight wants to commit is committed at once, because what made it
// want so can as well happen later; and a terminal hears what is for it, because it can as well react later. Only that a
// terminal tries again is never urgent: it may do so for ever.
func (w *small) urgent(add adder) bool {
	for i := range w.nodes {
		for j, f := range w.nodes[i].flights {
			if f.commit {
				w.commitMoves(i, j, add)
				return true
			}
		}
	}
	for i := range w.nodes {
		for j, f := range w.nodes[i].flights {
			if f.timer >= 0 && f.timer <= w.now && f.Phase != payment.Resubmit { // which may commit at another time
				add(false, func(w *small) { w.flight(i, j, payment.Event{Kind: payment.Fired}) }, "node %d flight %d: timer", i, j)
				return true
			}
		}
	}
	for i := range w.terms {
		t := &w.terms[i]
		waits := t.Phase == engine.Waiting || t.Phase == engine.Reversing
		if t.Phase == engine.Idle && t.step < len(w.scripts[i]) && w.mayPress(i) ||
			waits && !w.onItsWay(i, t.Phase == engine.Reversing, t.Open.STAN) {
			w.terminalMoves(i, add)
			return true
		}
	}
	for k := range w.toTerm {
		m := &w.toTerm[k]
		if t := &w.terms[m.to]; m.late == 0 && t.Open.STAN == m.stan && (t.Phase == engine.Waiting || t.Phase == engine.Reversing && m.reverse) {
			w.terminalMoves(int(m.to), add)
			w.replyMoves(k, add)
			return true
		}
	}
	if !w.fresh() {
		return false
	}
	w.messageMoves(true, add)
	for i := range w.nodes {
		w.crashMoves(i, add)
	}
	for i := range w.terms {
		w.powerMoves(i, add)
	}
	return true
}

// urgentMoves are those that urgent has happen before others, but for what terminals and timers do at any time.
func (w *small) urgentMoves(add adder) {
	for i := range w.nodes {
		for j, f := range w.nodes[i].flights {
			if f.commit {
				w.commitMoves(i, j, add)
			}
		}
	}
	w.messageMoves(true, add)
}

// fresh reports whether a message is on its way that is not late.
func (w *small) fresh() bool {
	return slices.ContainsFunc(w.toNode, func(m request) bool { return m.late == 0 }) ||
		slices.ContainsFunc(w.toBank, func(m asked) bool { return m.late == 0 }) ||
		slices.ContainsFunc(w.fromBank, func(m told) bool { return m.late == 0 })
}

// commitMoves are what may come of a commit: done, done or not without a word, or a kill just before or after it.
func (w *small) commitMoves(i, j int, add adder) {
	f := w.nodes[i].flights[j]
	add(false, func(w *small) { w.store(i, j) }, "node %d flight %d: %v is committed", i, j, f.Op.Kind)
	if w.faults > 0 {
		add(true, func(w *small) { w.faults--; w.storeSilently(i, j, true) }, "node %d flight %d: committed, but it does not hear so", i, j)
		add(true, func(w *small) { w.faults--; w.storeSilently(i, j, false) }, "node %d flight %d: not committed, and it does not hear so", i, j)
	}
	if w.crashes > 0 {
		add(true, func(w *small) { w.crash(i) }, "node %d: is killed before its commit", i)
		add(true, func(w *small) { w.own().apply(&w.nodes[i].flights[j].Op); w.crash(i) }, "node %d: is killed after its commit", i)
	}
}

type adder = func(fault bool, do func(w *small), format string, args ...any)

func (w *small) terminalMoves(i int, add adder) {
	t := &w.terms[i]
	switch {
	case t.saving:
		add(false, func(w *small) { w.terms[i].saving = false; w.terminal(i, engine.Event{Kind: engine.Saved}) }, "terminal %d: it is on the disk", i)
	case t.Phase == engine.Idle && t.step < len(w.scripts[i]) && w.mayPress(i):
		add(false, func(w *small) { w.press(i) }, "terminal %d: %v is pressed", i, w.scripts[i][t.step])
	case t.Phase == engine.Pausing:
		add(false, func(w *small) { w.terminal(i, engine.Event{Kind: engine.Fired}) }, "terminal %d: tries again", i)
	case t.Phase == engine.Waiting || t.Phase == engine.Reversing:
		free := !w.onItsWay(i, t.Phase == engine.Reversing, t.Open.STAN)
		if free || w.faults > 0 {
			add(!free, func(w *small) { w.silence(i, !free) }, "terminal %d: hears nothing (free %t)", i, free)
		}
	}
	w.powerMoves(i, add)
}

// powerMoves cut a terminal's power.
func (w *small) powerMoves(i int, add adder) {
	t := &w.terms[i]
	if w.crashes > 0 && t.Phase != engine.Idle {
		add(true, func(w *small) { w.powerCut(i, false) }, "terminal %d: power is cut", i)
		if t.saving {
			add(true, func(w *small) { w.powerCut(i, true) }, "terminal %d: power is cut just after it was on the disk", i)
		}
	}
}

// mayPress reports whether the step before was approved.
func (w *small) mayPress(i int) bool {
	t := &w.terms[i]
	return t.step == 0 || t.shown[t.step-1].status == engine.Approved
}

func (w *small) press(i int) {
	t := &w.terms[i]
	kind := w.scripts[i][t.step]
	x := engine.Transaction{Kind: kind, Batch: "000001", Amount: smallAmount, Entry: "021"}
	if t.step > 0 {
		x.Original = w.origin(i, t.shown[t.step-1].stan)
	} else {
		x.Order = "order"
	}
	w.terminal(i, engine.Event{Kind: engine.Pressed, Transaction: x})
}

func (w *small) origin(i int, stan uint32) payment.Origin {
	return payment.Origin{Terminal: "01"[i : i+1], Batch: "000001", STAN: "000000000001000002000003000004000005"[6*stan : 6*stan+6]}
}

// terminal lets an event happen to a terminal and does what it commands.
func (w *small) terminal(i int, e engine.Event) {
	t := &w.terms[i]
	e.ID = t.ID
	state, commands := engine.Step(t.State, &e, nil)
	t.State = state
	t.ID, t.Tries = 1, min(t.Tries, 1)
	for _, c := range commands {
		switch c.Kind {
		case engine.Save:
			t.saving = true
		case engine.Send, engine.Reverse:
			w.toNode = append(w.toNode, request{from: int8(i), reverse: c.Kind == engine.Reverse, tx: c.Transaction})
		case engine.Show:
			t.shown[t.step] = shown{c.Transaction.Kind, c.Transaction.STAN, c.Result.Status}
			if c.Result.Status != engine.Uncertain {
				t.step++
			}
		}
	}
}

// silence lets a terminal stop waiting; what is still on its way is late then.
func (w *small) silence(i int, late bool) {
	if late {
		w.faults--
		for j := range w.toNode {
			if w.toNode[j].from == int8(i) {
				w.toNode[j].late = max(w.toNode[j].late, 1)
			}
		}
		for j := range w.toTerm {
			if w.toTerm[j].to == int8(i) {
				w.toTerm[j].late = max(w.toTerm[j].late, 1)
			}
		}
	}
	w.terminal(i, engine.Event{Kind: engine.Answered})
}

// powerCut leaves of a terminal what is on its disk; what it was saving may be there or not.
func (w *small) powerCut(i int, saved bool) {
	w.crashes--
	t := &w.terms[i]
	kept := t.Kept
	switch {
	case t.Phase == engine.Recording && !saved:
		kept.Open = engine.Transaction{}
		t.step = len(w.scripts[i]) // nobody presses it again
	case t.Phase == engine.Finishing && saved:
		kept.Open = engine.Transaction{}
		t.shown[t.step] = shown{t.Open.Kind, t.Open.STAN, t.Result.Status} // in the journal
		t.step++
	}
	t.State, t.saving = engine.State{Kept: kept, ID: 1}, false
	w.terminal(i, engine.Event{Kind: engine.PoweredOn})
}

// onItsWay reports whether an answer to a terminal may still come.
func (w *small) onItsWay(i int, reverse bool, stan uint32) bool {
	return slices.ContainsFunc(w.toNode, func(m request) bool {
		return m.late == 0 && m.from == int8(i) && m.reverse == reverse && m.tx.STAN == stan
	}) ||
		slices.ContainsFunc(w.toTerm, func(m reply) bool { return m.late == 0 && m.to == int8(i) && m.reverse == reverse && m.stan == stan }) ||
		slices.ContainsFunc(w.nodes[:], func(n machine) bool {
			return slices.ContainsFunc(n.flights, func(f *work) bool { return f.from == int8(i) && f.reverse == reverse && f.Flight.Reply })
		})
}

func (w *small) nodeMoves(i int, add adder) {
	n := &w.nodes[i]
	if !n.up {
		add(false, func(w *small) { w.restart(i) }, "node %d: starts again", i)
		return
	}
	for j := range n.flights {
		w.flightMoves(i, j, add)
	}
	w.crashMoves(i, add)
	if w.leases > 0 && len(n.flights) > 0 && !w.desk.expired[i] {
		add(true, func(w *small) { w.leases--; w.own().expired[i] = true }, "node %d: its lease ends", i)
	}
	if w.desk.expired[i] {
		add(false, func(w *small) { w.own().expired[i] = false }, "node %d: renews its lease", i)
	}
	for k := range w.desk.rows {
		row := &w.desk.rows[k]
		if w.desk.adoptable(row, int32(i+1), w.now-tick) && !n.worksOn(row.ID) {
			add(false, func(w *small) { w.adopt(i, w.desk.rows[k]) }, "node %d: adopts row %d", i, k)
		}
	}
}

// crashMoves kill a node.
func (w *small) crashMoves(i int, add adder) {
	if n := &w.nodes[i]; w.crashes > 0 && n.up && len(n.flights) > 0 {
		add(true, func(w *small) { w.crash(i) }, "node %d: is killed", i)
	}
}

// worksOn reports whether a flight of the node has the row.
func (n *machine) worksOn(id int64) bool {
	return slices.ContainsFunc(n.flights, func(f *work) bool { return f.Row.ID == id || f.Op.Row.ID == id })
}

func (w *small) flightMoves(i, j int, add adder) {
	f := w.nodes[i].flights[j]
	if f.timer >= 0 && f.timer <= w.now {
		add(false, func(w *small) { w.flight(i, j, payment.Event{Kind: payment.Fired}) }, "node %d flight %d: timer", i, j)
	}
	if f.Phase == payment.Asking || f.Phase == payment.Querying || f.Phase == payment.Undoing {
		free := !slices.ContainsFunc(w.toBank, func(m asked) bool { return m.late == 0 && m.node == int8(i) && m.flight == int8(j) }) &&
			!slices.ContainsFunc(w.fromBank, func(m told) bool { return m.late == 0 && m.node == int8(i) && m.flight == int8(j) })
		if free || w.faults > 0 {
			add(!free, func(w *small) { w.channelSilent(i, j, !free) }, "node %d flight %d: the channel is silent (free %t)", i, j, free)
		}
	}
}

func (w *small) channelSilent(i, j int, late bool) {
	if late {
		w.faults--
		for k := range w.toBank {
			if m := &w.toBank[k]; m.node == int8(i) && m.flight == int8(j) {
				m.late = max(m.late, 1)
			}
		}
		for k := range w.fromBank {
			if m := &w.fromBank[k]; m.node == int8(i) && m.flight == int8(j) {
				m.late = max(m.late, 1)
			}
		}
	}
	w.flight(i, j, payment.Event{Kind: payment.Answered})
}

// own returns a desk that no other world has.
func (w *small) own() *desk {
	w.desk = w.desk.clone()
	return w.desk
}

func (w *small) store(i, j int) {
	f := w.nodes[i].flights[j]
	result := w.own().apply(&f.Op)
	w.flight(i, j, payment.Event{Kind: payment.Committed, Result: result})
}

func (w *small) storeSilently(i, j int, done bool) {
	if done {
		w.own().apply(&w.nodes[i].flights[j].Op)
	}
	w.flight(i, j, payment.Event{Kind: payment.Committed, Result: payment.Result{Kind: payment.ResultUnknown}})
}

func (w *small) crash(i int) {
	w.crashes--
	n := &w.nodes[i]
	n.up, n.flights = false, nil
	w.forget(int8(i), -1)
}

func (w *small) restart(i int) {
	n := &w.nodes[i]
	k := w.own()
	k.epochs[i]++
	k.expired[i] = false
	n.up, n.epoch = true, k.epochs[i]
}

func (w *small) adopt(i int, row payment.Row) {
	w.launch(i, work{from: -1}, payment.Event{Kind: payment.Adopted, Row: row})
}

// launch begins a flight.
func (w *small) launch(i int, f work, e payment.Event) {
	n := &w.nodes[i]
	f.Flight = payment.Flight{Rules: w.rules, Node: int32(i + 1), Epoch: n.epoch}
	f.timer = -1
	n.flights = append(n.flights, &f)
	w.flight(i, len(n.flights)-1, e)
}

// flight lets an event happen to a flight and does what it commands.
func (w *small) flight(i, j int, e payment.Event) {
	own := *w.nodes[i].flights[j]
	f := &own
	w.nodes[i].flights[j] = f
	e.ID, e.Now = f.ID, w.now
	w.seen.note(f.Phase, &e)
	flight, commands := payment.Step(f.Flight, &e, nil)
	if flight.ID != f.ID {
		w.forget(int8(i), int8(j))
		f.commit, f.timer = false, -1
	}
	f.Flight = flight
	f.ID, f.Tries = 1, min(f.Tries, 1)
	for k := range commands {
		w.command(i, j, &commands[k])
	}
	if f.Phase == payment.Ended {
		w.land(i, j)
	}
}

func (w *small) command(i, j int, c *payment.Command) {
	f := w.nodes[i].flights[j]
	switch c.Kind {
	case payment.Commit:
		f.commit = true
	case payment.Ask:
		w.toBank = append(w.toBank, asked{node: int8(i), flight: int8(j), verb: c.Verb, id: c.Row.ID})
	case payment.Arm:
		f.timer = w.now
		if c.Within >= tick || f.Tries > 0 { // pauses grow: what is tried again and again is tried until time has passed
			f.timer += max(c.Within, tick)
		}
	case payment.Reply:
		if c.Code != "" && f.from >= 0 {
			w.toTerm = append(w.toTerm, reply{to: f.from, reverse: f.reverse, stan: f.stan,
				answer: engine.Answer{Code: c.Code, Amount: c.Row.Approved, Ref: c.Row.Reference()}})
		}
	}
}

// land removes a flight that has ended.
func (w *small) land(i, j int) {
	w.forget(int8(i), int8(j))
	n := &w.nodes[i]
	n.flights = slices.Delete(n.flights, j, j+1)
	for k := range w.toBank {
		if m := &w.toBank[k]; m.node == int8(i) && m.flight > int8(j) {
			m.flight--
		}
	}
	for k := range w.fromBank {
		if m := &w.fromBank[k]; m.node == int8(i) && m.flight > int8(j) {
			m.flight--
		}
	}
}

// forget makes what is on its way from and to a flight, or all of a node, nobody's.
func (w *small) forget(node, flight int8) {
	for k := range w.toBank {
		if m := &w.toBank[k]; m.node == node && (flight < 0 || m.flight == flight) {
			m.node, m.flight, m.late = -1, -1, max(m.late, 1)
		}
	}
	w.fromBank = slices.DeleteFunc(w.fromBank, func(m told) bool { return m.node == node && (flight < 0 || m.flight == flight) })
}
