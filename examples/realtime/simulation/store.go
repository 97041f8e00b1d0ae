package simulation

import (
	"time"

	"github.com/posline/posline/examples/realtime/books"
	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/ledger/model"
	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/examples/realtime/terminal"
)

// store is a ledger.Store in virtual time over the model: operations that come while a commit runs go together in the
// next, and a power cut takes what was not synced. It is a machine of its own: nodes outlive it, and it outlives them.
type store struct {
	model.Store // all but Submit is durable at once, and takes no time
	w           *world
	queue       []submitted
	busy        bool
	power       int // counts the power cuts: what was under way before the last is gone
}

type submitted struct {
	op   payment.Op
	done func(payment.Result)
}

var _ ledger.Store = (*store)(nil)

// milli is the store's own clock.
func (w *world) milli() int64 { return beginning.Add(w.now).UnixMilli() }

// Submit implements ledger.Store.
func (s *store) Submit(op payment.Op, done func(payment.Result)) {
	s.queue = append(s.queue, submitted{op, done})
	s.next()
}

// next begins a commit if none runs.
func (s *store) next() {
	if s.busy || len(s.queue) == 0 {
		return
	}
	s.busy = true
	group := s.queue
	s.queue = nil
	power := s.power
	s.w.after(s.w.between(100*time.Microsecond, time.Millisecond), func() {
		if s.power != power {
			s.lose(group)
			return
		}
		sync := s.w.between(200*time.Microsecond, 5*time.Millisecond)
		if s.w.chance(400) {
			s.w.fault("store slow")
			sync = s.w.between(0, 2*patience)
		}
		s.w.after(sync, func() { s.synced(group, power) })
	})
}

// apply does an operation, or fails to.
func (s *store) apply(op *payment.Op) payment.Result {
	if s.w.chance(800) {
		s.w.fault("store refuses")
		return payment.Result{Kind: payment.Failed}
	}
	r := s.Book.Apply(op, s.w.milli())
	s.w.log("store: %v of %v %s at node %d: %v %s %v %v", op.Kind, op.Row.Kind, rowName(&op.Row), op.Node, r.Kind, r.Code, op.Row.State, op.Row.Undo)
	return r
}

// rowName names a row by its reference, or what a reversal names.
func rowName(r *payment.Row) string {
	if r.ID == 0 {
		return r.Origin.Terminal + "-" + r.Origin.Batch + "-" + r.Origin.STAN
	}
	return r.Reference() + " " + r.Origin.Terminal + "-" + r.Origin.Batch + "-" + r.Origin.STAN
}

// synced is the end of a commit. Nobody sees what is not on the disk, so that it is applied only now.
func (s *store) synced(group []submitted, power int) {
	if s.power != power {
		s.lose(group)
		return
	}
	results := make([]payment.Result, len(group))
	for i := range group {
		results[i] = s.apply(&group[i].op)
	}
	s.Book.Sync()
	s.busy = false
	for i := range group {
		if s.w.chance(500) {
			s.w.fault("store silent")
			results[i] = payment.Result{Kind: payment.ResultUnknown}
		}
		group[i].done(results[i])
	}
	s.next()
	for _, n := range s.w.nodes {
		n.wake()
	}
}

// cut is a power cut. The store is back at once.
func (s *store) cut() {
	s.w.log("#### the store loses its power")
	s.w.crashes++
	s.power++
	s.Book.Lose()
	if !s.busy {
		s.lose(s.queue)
		s.queue = nil
	}
}

// lose tells those who wait that nobody knows.
func (s *store) lose(group []submitted) {
	s.busy = false
	for _, g := range group {
		s.w.after(s.w.between(0, 200*time.Millisecond), func() { g.done(payment.Result{Kind: payment.ResultUnknown}) })
	}
	s.next()
}

func (s *store) books() *books.Books {
	return &books.Books{Terminals: make(map[string][]terminal.Entry), Merchants: make(map[string]string), Told: make(map[string][]ledger.Tell),
		Rows: s.Book.Rows(), Postings: s.Book.Postings(), Notices: s.Book.Notices()}
}
