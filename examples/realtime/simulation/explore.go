package simulation

import (
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/posline/posline/examples/realtime/payment"
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

// Explore goes through all interleavings of bounded worlds, some of them at the same time, or until it has seen so many
// states of a world (0 for no limit). progress is told how many states there are so far, now and then; it may be nil.
func Explore(limit int, progress func(states int)) Exploration {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // little of what a step makes lives on
	all := Exploration{Mode: "explore", Complete: true, Violations: []string{}}
	outcomes, seen := make(map[string]bool), make(pairs)
	worlds := smallWorlds()
	found := make([]*explorer, len(worlds))
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
			x := newExplorer(w, limit, &violated, tell)
			x.run()
			x.first, x.states, x.edges, x.stack = nil, nil, nil, nil
			found[i] = x
		})
	}
	running.Wait()
	for _, x := range found {
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

// Bounds says what the explorer goes through.
const Bounds = "one order, one or two terminals, two nodes: two faults of lines or store, one crash and one lease that ends, " +
	"where what is urgent happens first; and each of them alone, at any time"

type namedWorld struct {
	name  string
	world *small
}

// smallWorlds are the worlds with what may go wrong in each. Each meets everything together: two faults of lines or of the
// store, a crash of anybody, and a lease that ends, where what is urgent happens first. And it meets each of them alone
// where nothing is urgent.
func smallWorlds() (list []namedWorld) {
	bank := payment.Rules{Patience: tick, Ask: 1, Pause: 1, MaxPause: 1, FrameLife: frameTicks * tick}
	wallet := bank
	wallet.Queries = true
	sale := []payment.Kind{payment.Sale}
	add := func(name string, rules payment.Rules, scripts ...[]payment.Kind) {
		for _, may := range []budget{{faults: 2, crashes: 1, leases: 1}, {faults: 1}, {crashes: 1}, {leases: 1}} {
			w := newSmall(rules, may, scripts...)
			w.anyTime = may.total() == 1
			list = append(list, namedWorld{name, w})
		}
	}
	add("two terminals, one order", bank, sale, sale)
	add("a pre-authorisation and its completion", bank, []payment.Kind{payment.Auth, payment.Completion})
	add("a sale and its refund", bank, []payment.Kind{payment.Sale, payment.Refund})
	add("a sale and its void", bank, []payment.Kind{payment.Sale, payment.Void})
	add("a sale over a channel that can be asked", wallet, sale)
	add("a sale", bank, sale)
	return list
}
