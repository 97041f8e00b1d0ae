package simulation

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/examples/realtime/terminal/engine"
)

// Exploration is what the explorer found.
type Exploration struct {
	Mode        string   `json:"mode"`
	Complete    bool     `json:"complete"` // every state was looked at; else the limit came first
	States      int      `json:"states"`
	Transitions int      `json:"transitions"`
	Outcomes    []string `json:"outcomes"` // how the worlds end, each once
	Unseen      []Unseen `json:"unseen"`
	Violations  []string `json:"violations"`
	Trace       []string `json:"trace,omitempty"` // of the first violation: the shortest way to it
}

// edge goes from a state to another by one of its moves.
type edge struct {
	to    int32
	move  int16
	fault bool
}

type explorer struct {
	*Exploration
	name     string
	start    *small
	known    map[uint64]int32
	edges    [][]edge // by state
	ended    []bool   // by state: it is settled
	stack    []pending
	outcomes map[string]bool
	limit    int
	tell     func()       // after each tellStates
	found    *atomic.Bool // a violation, in any of the worlds: then nobody need go on
}

// tellStates is after how many states progress is told.
const tellStates = 10_000

type pending struct {
	number int32
	world  *small
}

// Explore goes through all interleavings of bounded worlds, some of them at the same time, or until it has seen so many
// states of a world (0 for no limit). progress is told how many states there are so far, now and then; it may be nil.
func Explore(limit int, progress func(states int)) Exploration {
	all := Exploration{Mode: "explore", Complete: true, Violations: []string{}}
	outcomes, seen := make(map[string]bool), make(pairs)
	worlds := smallWorlds()
	found := make([]explorer, len(worlds))
	var running sync.WaitGroup
	var violated atomic.Bool
	var states atomic.Int64
	tell := func() {
		if n := states.Add(tellStates); progress != nil {
			progress(int(n))
		}
	}
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, w := range worlds {
		running.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			w.world.seen = make(pairs)
			x := &found[i]
			*x = explorer{Exploration: &Exploration{Complete: true}, name: w.name, start: w.world, known: make(map[uint64]int32), outcomes: make(map[string]bool), limit: limit,
				found: &violated, tell: tell}
			x.run()
			x.known, x.edges, x.ended, x.stack = nil, nil, nil, nil
		})
	}
	running.Wait()
	for i := range found {
		x := &found[i]
		all.States += x.States
		all.Transitions += x.Transitions
		all.Complete = all.Complete && x.Complete
		all.Violations = append(all.Violations, x.Violations...)
		if all.Trace == nil {
			all.Trace = x.Trace
		}
		maps.Copy(outcomes, x.outcomes)
		seen.merge(x.start.seen)
	}
	all.Outcomes = slices.Sorted(maps.Keys(outcomes))
	all.Unseen = seen.missing(all.Complete)
	return all
}

type namedWorld struct {
	name  string
	world *small
}

// smallWorlds are the worlds with what may go wrong in each: faults of lines and of the store, crashes of anybody, leases
// that end. One payment meets everything together; where there are two, either the crash comes without the lease or one
// fault comes with both, because all of it together has ten times as many states.
func smallWorlds() (list []namedWorld) {
	bank := payment.Rules{Patience: tick, Ask: 1, Pause: 1, MaxPause: 1, FrameLife: frameTicks * tick}
	wallet := bank
	wallet.Queries = true
	sale := []payment.Kind{payment.Sale}
	add := func(name string, rules payment.Rules, faults, crashes, leases int, scripts ...[]payment.Kind) {
		list = append(list, namedWorld{name, newSmall(rules, faults, crashes, leases, scripts...)})
	}
	add("two terminals, one order", bank, 2, 1, 0, sale, sale)
	add("a sale over a channel that can be asked", wallet, 2, 1, 1, sale)
	add("a sale", bank, 2, 1, 1, sale)
	for _, bounds := range [][3]int{{2, 1, 0}, {1, 1, 1}} {
		faults, crashes, leases := bounds[0], bounds[1], bounds[2]
		if leases > 0 {
			add("two terminals, one order", bank, faults, crashes, leases, sale, sale)
		}
		add("a sale and its void", bank, faults, crashes, leases, []payment.Kind{payment.Sale, payment.Void})
		add("a sale and its refund", bank, faults, crashes, leases, []payment.Kind{payment.Sale, payment.Refund})
		add("a pre-authorisation and its completion", bank, faults, crashes, leases, []payment.Kind{payment.Auth, payment.Completion})
	}
	return list
}

func (x *explorer) run() {
	x.add(x.start.clone())
	for len(x.stack) > 0 && !x.found.Load() {
		p := x.stack[len(x.stack)-1]
		x.stack = x.stack[:len(x.stack)-1]
		x.expand(p)
	}
	x.States += len(x.edges)
	x.Complete = len(x.stack) == 0 && (x.limit == 0 || len(x.edges) < x.limit)
	if !x.found.Load() {
		x.settles()
	}
}

// add notes a state and returns its number.
func (x *explorer) add(w *small) int32 {
	w.prune()
	key := w.hash()
	if number, ok := x.known[key]; ok {
		return number
	}
	number := int32(len(x.edges))
	x.known[key] = number
	if number%tellStates == tellStates-1 {
		x.tell()
	}
	full := x.limit > 0 && len(x.edges) >= x.limit
	x.edges, x.ended = append(x.edges, nil), append(x.ended, full)
	if !full {
		x.stack = append(x.stack, pending{number, w})
	}
	return number
}

func (x *explorer) expand(p pending) {
	if v := p.world.always(); v != "" {
		x.violation(p.number, v)
		return
	}
	calm := 0
	moves := p.world.moves()
	edges := make([]edge, len(moves))
	for i := range moves {
		next := p.world.clone()
		moves[i].do(next)
		edges[i] = edge{x.add(next), int16(i), moves[i].fault}
		if !moves[i].fault {
			calm++
		}
	}
	x.edges[p.number] = edges
	x.Transitions += len(edges)
	if p.world.settled() {
		x.ended[p.number] = true
		if v := p.world.atEnd(); v != "" {
			x.violation(p.number, v)
		}
		x.outcomes[x.name+": "+p.world.outcome()] = true
	} else if calm == 0 {
		x.violation(p.number, "nothing can happen any more, and it is not settled")
	}
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
	type step struct {
		from int32
		move int16
	}
	came := map[int32]step{0: {}}
	for queue := []int32{0}; len(queue) > 0; queue = queue[1:] {
		for _, e := range x.edges[queue[0]] {
			if _, ok := came[e.to]; !ok {
				came[e.to] = step{queue[0], e.move}
				queue = append(queue, e.to)
			}
		}
	}
	var way []int16
	for ; number != 0; number = came[number].from {
		way = append(way, came[number].move)
	}
	w := x.start.clone()
	for _, i := range slices.Backward(way) {
		m := w.moves()[i]
		names = append(names, m.String())
		m.do(w)
		w.prune()
	}
	return names
}

// settles checks that from every state there is a way without faults to one that is settled.
func (x *explorer) settles() {
	back := make([][]int32, len(x.edges))
	var queue []int32
	for number, edges := range x.edges {
		for _, e := range edges {
			if !e.fault {
				back[e.to] = append(back[e.to], int32(number))
			}
		}
		if x.ended[number] {
			queue = append(queue, int32(number))
		}
	}
	reached := make([]bool, len(x.edges))
	for len(queue) > 0 {
		number := queue[0]
		queue = queue[1:]
		if !reached[number] {
			reached[number] = true
			queue = append(queue, back[number]...)
		}
	}
	if number := slices.Index(reached, false); number >= 0 {
		x.violation(int32(number), "it cannot settle any more without another fault")
	}
}

// always returns what is wrong with a state, whatever will follow.
func (w *small) always() string {
	paid, shownPaid := 0, 0
	for _, r := range w.desk.rows {
		if r.Posted() && r.Parent == 0 {
			paid++
		}
		if r.Kind != payment.Void && r.State == payment.Approved && r.Undo == payment.Keep && r.Void == 0 {
			if h := w.holding(r.ID); h == nil || h.state != 'h' {
				return fmt.Sprintf("%v %s is approved and nobody holds the money", r.Kind, r.Reference())
			}
		}
	}
	if paid > 1 {
		return "the order is posted as paid twice"
	}
	for _, t := range w.terms {
		if t.shown[0].status == engine.Approved && t.shown[1].kind != payment.Void {
			shownPaid++
		}
	}
	if shownPaid > 1 {
		return "the order was shown as paid twice"
	}
	return w.postings()
}

// postings checks that each kind is there once a row, a taking back only after its payment, and that all balance.
func (w *small) postings() string {
	done := make(map[string]bool)
	for _, p := range w.desk.posted {
		key := func(k payment.PostingKind) string { return fmt.Sprint(p.row, k) }
		if p.sum != 0 || done[key(p.kind)] || p.kind == payment.TakenBack && !done[key(payment.Paid)] {
			return fmt.Sprintf("the posting %v of %s", p.kind, payment.Reference(p.row))
		}
		done[key(p.kind)] = true
	}
	return ""
}

// settled reports whether nothing is on its way and nothing is to be done.
func (w *small) settled() bool {
	if len(w.toNode)+len(w.toTerm)+len(w.toBank)+len(w.fromBank) > 0 {
		return false
	}
	for _, n := range w.nodes {
		if !n.up || len(n.flights) > 0 {
			return false
		}
	}
	for i, t := range w.terms {
		if t.Phase != engine.Idle || t.step < len(w.scripts[i]) && w.mayPress(i) {
			return false
		}
	}
	return !slices.ContainsFunc(w.desk.rows, func(r payment.Row) bool { return !r.Ended() })
}

// atEnd returns what is wrong with a settled state: who holds money, who was told so, and who is told that it is gone.
func (w *small) atEnd() string {
	for _, h := range w.bank {
		r, ok := w.desk.Row(h.id)
		approved := ok && r.State == payment.Approved
		if (h.state == 'h') != approved {
			return fmt.Sprintf("the channel has %s as %c, the ledger as %v", payment.Reference(h.id), h.state, r.State)
		}
	}
	for i, t := range w.terms {
		for step, s := range t.shown {
			r, ok := w.desk.find(w.origin(i, s.stan))
			voided := step == 0 && t.shown[1].kind == payment.Void && t.shown[1].status == engine.Approved
			approved := ok && r.State == payment.Approved
			if s.kind != 0 && !voided && (s.status == engine.Approved) != approved {
				return fmt.Sprintf("terminal %d has shown its %v as %v, the ledger has %v", i, s.kind, s.status, r.State)
			}
		}
	}
	return ""
}

// outcome tells how a settled world has ended.
func (w *small) outcome() string {
	var parts []string
	for _, r := range w.desk.rows {
		parts = append(parts, fmt.Sprintf("%v %v", r.Kind, r.State))
	}
	for _, t := range w.terms {
		for _, s := range t.shown {
			if s.kind != 0 {
				parts = append(parts, fmt.Sprintf("shown %v", s.status))
			}
		}
	}
	return strings.Join(parts, ", ")
}
