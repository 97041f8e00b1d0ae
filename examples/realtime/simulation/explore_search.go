package simulation

import (
	"slices"
	"sync/atomic"
)

// explorer goes through the states of one world. A state that is met again with less that may still go wrong has nothing
// new to show: all that can follow from it follows from the first one too, because what may still go wrong decides which
// faults there may be, and nothing else. So what happens without another fault is looked at first.
type explorer struct {
	*Exploration
	name     string
	start    *small
	first    map[uint64]int32
	states   []state
	edges    []edge
	stack    []pending
	outcomes map[string]bool
	limit    int
	tell     func()       // after each tellStates
	found    *atomic.Bool // a violation, in any of the worlds: then nobody need go on
}

// state is a state without its world.
type state struct {
	key   uint64 // hash of all but what is left
	left  budget
	ended bool  // it is settled, or was not looked at
	next  int32 // another one of that hash; -1 for none
	edges int32 // where they begin
	moves int32 // how many there are
}

// edge goes from a state to another by one of its moves.
type edge struct {
	to    int32
	fault bool
	exact bool // it leads to that very state, and not to one that stands for less
}

type pending struct {
	number int32
	world  *small
}

// tellStates is after how many states progress is told.
const tellStates = 10_000

func newExplorer(w namedWorld, limit int, found *atomic.Bool, tell func()) *explorer {
	w.world.seen = make(pairs)
	return &explorer{Exploration: &Exploration{Complete: true}, name: w.name, start: w.world, first: make(map[uint64]int32),
		outcomes: make(map[string]bool), limit: limit, found: found, tell: tell}
}

func (x *explorer) run() {
	x.add(x.start.clone())
	for len(x.stack) > 0 && !x.found.Load() {
		p := x.stack[len(x.stack)-1]
		x.stack[len(x.stack)-1].world = nil
		x.stack = x.stack[:len(x.stack)-1]
		x.look(p)
	}
	x.Complete = x.Complete && len(x.stack) == 0
	if !x.found.Load() {
		x.settles()
	}
}

// add notes a state and returns its number, or that of one that shows all that it can.
func (x *explorer) add(w *small) (number int32, exact bool) {
	w.prune()
	key := w.hash()
	if old := x.standsFor(key, w.budget); old >= 0 {
		return old, x.states[old].left == w.budget
	}
	number = int32(len(x.states))
	next, ok := x.first[key]
	if !ok {
		next = -1
	}
	x.first[key] = number
	if number%tellStates == tellStates-1 {
		x.tell()
	}
	full := x.limit > 0 && len(x.states) >= x.limit
	x.states = append(x.states, state{key: key, left: w.budget, next: next, ended: full})
	if full {
		x.Complete = false
	} else {
		x.stack = append(x.stack, pending{number, w})
	}
	return number, true
}

// standsFor returns a state that shows all that one with this hash and so much left can show; -1 if there is none.
func (x *explorer) standsFor(key uint64, left budget) int32 {
	number, ok := x.first[key]
	if !ok {
		return -1
	}
	for ; number >= 0; number = x.states[number].next {
		if has := x.states[number].left; has == left || !x.start.plain && has.covers(left) {
			return number
		}
	}
	return -1
}

// look goes on from a state, unless one has come meanwhile that shows all it can.
func (x *explorer) look(p pending) {
	s := &x.states[p.number]
	s.edges = int32(len(x.edges))
	if other := x.standsFor(s.key, s.left); other != p.number {
		s.moves = 1
		x.edges = append(x.edges, edge{to: other})
		return
	}
	x.States++
	x.expand(p)
}

func (x *explorer) expand(p pending) {
	if v := p.world.always(); v != "" {
		x.violation(p.number, v)
		return
	}
	moves := p.world.moves()
	for i := range moves {
		if moves[i].fault {
			x.move(p.world, &moves[i])
		}
	}
	faults := len(x.edges) - int(x.states[p.number].edges)
	for i := range moves { // the stack gives them back before the faults
		if !moves[i].fault {
			x.move(p.world, &moves[i])
		}
	}
	x.states[p.number].moves = int32(len(moves))
	x.Transitions += len(moves)
	if p.world.settled() {
		x.states[p.number].ended = true
		if v := p.world.atEnd(); v != "" {
			x.violation(p.number, v)
		}
		x.outcomes[x.name+": "+p.world.outcome()] = true
	} else if faults == len(moves) {
		x.violation(p.number, "nothing can happen any more, and it is not settled")
	}
}

func (x *explorer) move(w *small, m *move) {
	next := w.clone()
	m.do(next)
	to, exact := x.add(next)
	x.edges = append(x.edges, edge{to, m.fault, exact})
}

// from returns the moves of a state.
func (x *explorer) from(number int32) []edge {
	s := &x.states[number]
	return x.edges[s.edges : s.edges+s.moves]
}

func (x *explorer) violation(number int32, text string) {
	x.found.Store(true)
	x.Violations = append(x.Violations, x.name+": "+text)
	if x.Trace == nil {
		x.Trace = x.trace(number)
	}
}

// trace tells the shortest way that was found to a state.
func (x *explorer) trace(number int32) (names []string) {
	came := map[int32]int32{0: 0}
	for queue := []int32{0}; len(queue) > 0; queue = queue[1:] {
		for _, e := range x.from(queue[0]) {
			if _, ok := came[e.to]; !ok && e.exact {
				came[e.to] = queue[0]
				queue = append(queue, e.to)
			}
		}
	}
	var way []int32
	for ; number != 0; number = came[number] {
		way = append(way, number)
	}
	w := x.start.clone()
	for _, to := range slices.Backward(way) {
		var name string
		w, name = w.towards(&x.states[to])
		names = append(names, name)
	}
	return names
}

// towards makes the move that leads to a state.
func (w *small) towards(to *state) (*small, string) {
	moves := w.moves()
	for i := range moves {
		next := w.clone()
		moves[i].do(next)
		next.prune()
		if next.budget == to.left && next.hash() == to.key {
			return next, moves[i].String()
		}
	}
	panic("simulation: no move leads where one has led before")
}

// settles checks that from every state there is a way without faults to one that is settled.
func (x *explorer) settles() {
	back := make([][]int32, len(x.states))
	var queue []int32
	for number := range x.states {
		for _, e := range x.from(int32(number)) {
			if !e.fault {
				back[e.to] = append(back[e.to], int32(number))
			}
		}
		if x.states[number].ended {
			queue = append(queue, int32(number))
		}
	}
	reached := make([]bool, len(x.states))
	for len(queue) > 0 {
		number := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if !reached[number] {
			reached[number] = true
			queue = append(queue, back[number]...)
		}
	}
	if number := slices.Index(reached, false); number >= 0 {
		x.violation(int32(number), "it cannot settle any more without another fault")
	}
}
