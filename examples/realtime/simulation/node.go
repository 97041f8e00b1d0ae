package simulation

import (
	"context"
	"errors"
	"time"

	"github.com/posline/posline/examples/realtime/acquirer"
	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/payment"
)

// The patience of the simulated switch.
const (
	patience   = 5 * time.Second
	tendEvery  = 500 * time.Millisecond
	relayEvery = time.Second
)

// node is a machine with a switch on it. What reaches it while it stands still waits.
type node struct {
	w      *world
	number int32
	sw     *acquirer.Switch
	up     bool
	life   int           // counts the starts: what an earlier life waited for is gone
	offset time.Duration // of its clock
	still  bool          // stands still, as a machine that swaps, or one that was suspended
	held   []func()
	relay  relay
}

var _ acquirer.Clock = (*node)(nil)

// Now implements acquirer.Clock.
func (n *node) Now() time.Time { return beginning.Add(n.w.now + n.offset) }

// AfterFunc implements acquirer.Clock.
func (n *node) AfterFunc(d time.Duration, f func()) (stop func()) {
	stopped := false
	n.after(d, func() {
		if !stopped {
			f()
		}
	})
	return func() { stopped = true }
}

// after plans something on this machine.
func (n *node) after(d time.Duration, f func()) {
	life := n.life
	n.w.after(d, func() { n.run(life, f) })
}

// run does something on this machine, unless it has been started anew since.
func (n *node) run(life int, f func()) {
	switch {
	case !n.up || n.life != life:
	case n.still:
		n.held = append(n.held, func() { n.run(life, f) })
	default:
		f()
	}
}

// nodeStore is the store as a node has it: results reach it only while it lives.
type nodeStore struct {
	*store
	n *node
}

// Submit implements ledger.Store.
func (s nodeStore) Submit(op payment.Op, done func(payment.Result)) {
	life := s.n.life
	s.store.Submit(op, func(r payment.Result) { s.n.run(life, func() { done(r) }) })
}

// start starts the switch.
func (n *node) start() {
	n.life++
	n.up, n.still, n.held = true, false, nil
	w := n.w
	config := acquirer.Config{Store: nodeStore{w.store, n}, Node: n.number, Terminals: w.registry(), ZonePIN: w.keys.zonePIN,
		PayerHash: w.keys.hash, Clock: n, Merchants: terms(),
		Channels: map[string]acquirer.Route{
			acquirer.Bank:   {Channel: &line{n: n, bank: true}, Rules: bankRules()},
			acquirer.Wallet: {Channel: &line{n: n}, Rules: walletRules()},
		}}
	sw, err := acquirer.New(context.Background(), config)
	if err != nil {
		w.violation("node %d does not start: %v", n.number, err)
		return
	}
	n.sw = sw
	n.relay = relay{n: n, flying: make(map[int64]bool)}
	w.log("#### node %d starts", n.number)
	n.after(0, n.tend)
	n.after(relayEvery, n.relay.tick)
}

func (n *node) tend() {
	if err := n.sw.Tend(context.Background()); errors.Is(err, ledger.ErrFenced) {
		n.crash()
		n.w.after(time.Second, n.start)
		return
	}
	n.after(tendEvery, n.tend)
}

// wake has the relay look: there may be notices.
func (n *node) wake() {
	n.run(n.life, n.relay.look)
}

func (n *node) crash() {
	if !n.up {
		return
	}
	n.w.log("#### node %d crashes", n.number)
	n.w.crashes++
	n.up = false
	n.sw.Close()
}

// thaw goes on after standing still.
func (n *node) thaw() {
	n.still = false
	held := n.held
	n.held = nil
	for _, f := range held {
		f()
	}
}

func bankRules() payment.Rules {
	ms := patience.Milliseconds()
	return payment.Rules{Patience: ms, Ask: ms, Pause: ms / 10, MaxPause: 2 * ms, FrameLife: 3 * ms, MaxAge: 24 * 3600 * 1000}
}

func walletRules() payment.Rules {
	r := bankRules()
	r.Queries, r.Ask, r.Pause = true, r.Patience/2, r.Patience/32
	return r
}
