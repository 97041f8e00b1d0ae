package simulation

import (
	"slices"

	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/examples/realtime/terminal/engine"
)

// small is the bounded world of the explorer: terminals with scripts, two nodes, a store and a channel, and what is on
// its way between them. Time goes in steps of a patience.
type small struct {
	rules   payment.Rules
	scripts [2][]payment.Kind // what each terminal asks for, one after the other while it is approved
	twins   bool              // both have the same script
	anyTime bool              // nothing is urgent
	plain   bool              // no state stands for another: to see that it makes no difference

	desk *desk
	now  int64
	budget
	terms    [2]till
	nodes    [2]machine
	toNode   []request
	toTerm   []reply
	toBank   []asked
	fromBank []told
	bank     []holding
	seen     pairs // shared by all worlds
}

// budget is what may still go wrong: faults of lines and of the store, crashes of anybody, leases that end.
type budget struct{ faults, crashes, leases int8 }

func (b budget) total() int { return int(b.faults + b.crashes + b.leases) }

// covers reports whether all that may go wrong with o may go wrong with b.
func (b budget) covers(o budget) bool {
	return b.faults >= o.faults && b.crashes >= o.crashes && b.leases >= o.leases
}

// till is a terminal with what it has shown.
type till struct {
	engine.State
	step   int  // of its script
	saving bool // a Save is under way
	shown  [3]shown
}

type shown struct {
	kind   payment.Kind
	stan   uint32
	status engine.Status
}

// machine is a node. Its flights are gone when it is down.
type machine struct {
	up      bool
	epoch   int64
	flights []*work // never changed, but replaced
}

// work is a flight and what it waits for. Its commands' IDs are always written as 1, so that what differs only in how
// often it was tried is one state.
type work struct {
	payment.Flight
	from    int8 // terminal that waits; -1 for none
	reverse bool // and for what
	stan    uint32
	commit  bool
	timer   int64 // when it fires; -1 for none
}

type request struct {
	from    int8
	reverse bool
	tx      engine.Transaction
	late    int8 // 0: not; else steps of time it has been late, from 1
}

type reply struct {
	to      int8
	reverse bool
	stan    uint32
	answer  engine.Answer
	late    int8
}

type asked struct {
	node, flight int8 // -1: nobody waits any more
	verb         payment.Verb
	id           int64
	late         int8
}

type told struct {
	node, flight int8
	answer       payment.Answer
	late         int8
}

// holding is a payment as the channel has it.
type holding struct {
	id    int64
	state byte // 'h'eld, 'r'efused, 'u'ndone
}

const (
	tick        = 10 // of time: a patience
	smallAmount = 1000
)

func newSmall(rules payment.Rules, may budget, scripts ...[]payment.Kind) *small {
	w := &small{rules: rules, desk: new(desk), seen: make(pairs), budget: may}
	copy(w.scripts[:], scripts)
	w.twins = slices.Equal(w.scripts[0], w.scripts[1])
	for i := range w.nodes {
		w.desk.epochs[i]++
		w.nodes[i] = machine{up: true, epoch: w.desk.epochs[i]}
	}
	return w
}

func (w *small) clone() *small {
	c := *w
	for i := range c.nodes {
		c.nodes[i].flights = slices.Clone(w.nodes[i].flights)
	}
	c.toNode, c.toTerm = slices.Clone(w.toNode), slices.Clone(w.toTerm)
	c.toBank, c.fromBank, c.bank = slices.Clone(w.toBank), slices.Clone(w.fromBank), slices.Clone(w.bank)
	return &c
}
