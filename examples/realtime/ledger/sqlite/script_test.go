package sqlite

import (
	"context"
	"errors"
	"time"

	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/payment"
)

// step is one thing that is done to a store. It returns what the store does.
type step struct {
	name string
	wait time.Duration // before it
	do   func(ctx context.Context, s ledger.Store) ([]any, error)
}

// teller writes a script.
type teller struct {
	steps []step
	epoch map[int32]int64 // of the nodes, as they last joined
}

// script is every operation of a store, with every result.
func script(path string) []step {
	t := &teller{epoch: make(map[int32]int64)}
	t.add("none yet", func(ctx context.Context, s ledger.Store) ([]any, error) { return results(s.LastID(ctx, 1)) })
	for _, node := range []int32{1, 2} {
		t.add("join", func(ctx context.Context, s ledger.Store) ([]any, error) {
			epoch, err := s.Join(ctx, node)
			if err == nil {
				t.epoch[node] = epoch
			}
			return []any{epoch}, err
		})
	}
	t.payments()
	t.takeover()
	t.outbox()
	t.sessions()
	t.add("rows", func(ctx context.Context, s ledger.Store) ([]any, error) { return results(s.Rows(ctx)) })
	t.add("postings", func(ctx context.Context, s ledger.Store) ([]any, error) { return results(s.Postings(ctx)) })
	t.add("last ID", func(ctx context.Context, s ledger.Store) ([]any, error) { return results(s.LastID(ctx, 1)) })
	t.add("reader", func(ctx context.Context, s ledger.Store) ([]any, error) { return counts(ctx, s, path) })
	t.add("prune", func(ctx context.Context, s ledger.Store) ([]any, error) { return results(s.Prune(ctx, 1<<60)) })
	return t.steps
}

func (t *teller) add(name string, do func(ctx context.Context, s ledger.Store) ([]any, error)) {
	t.steps = append(t.steps, step{name: name, do: do})
}

// wait lets time pass before the latest step.
func (t *teller) wait(d time.Duration) { t.steps[len(t.steps)-1].wait = d }

func results[T any](value T, err error) ([]any, error) { return []any{value}, err }

func (t *teller) payments() {
	noLimit := func(*payment.Op) {}
	t.admit("sale", 1, payment.Sale, func(op *payment.Op) { op.Ceiling = 1000 })
	t.admit("the same again", 1, payment.Sale, noLimit)
	t.admit("another of the order", 2, payment.Sale, func(op *payment.Op) { op.Row.Order = "D-1" })
	t.admit("more than the day's limit", 3, payment.Sale, func(op *payment.Op) { op.Ceiling = 199 })
	t.admit("to be a partial approval", 4, payment.Sale, noLimit)
	t.admit("to be declined", 5, payment.Sale, noLimit)
	t.admit("to be void", 6, payment.Sale, noLimit)
	t.admit("to stay open", 7, payment.Sale, noLimit)
	bar := payment.Op{Kind: payment.Bar, Row: sale(8)}
	t.add("bar", func(ctx context.Context, s ledger.Store) ([]any, error) { return t.submit(ctx, s, bar) })
	t.admit("barred", 8, payment.Sale, noLimit)
	t.change("approve", 1, func(r *payment.Row) { r.State, r.Approved, r.Code, r.ChannelRef = payment.Approved, 100, "00", "ref" })
	t.change("approve in part", 4, func(r *payment.Row) { r.State, r.Approved = payment.Approved, 60 })
	t.change("decline", 5, func(r *payment.Row) { r.State, r.Code = payment.Declined, "51" })
	t.change("approve", 6, func(r *payment.Row) { r.State, r.Approved = payment.Approved, 100 })
	t.change("another revision", 7, func(r *payment.Row) { r.Rev++ })
	of := func(n int) func(op *payment.Op) {
		return func(op *payment.Op) { op.Original, op.Row.Order = sale(n).Origin, "" }
	}
	t.admit("refund", 9, payment.Refund, of(1))
	t.change("refunded", 9, func(r *payment.Row) { r.State, r.Approved = payment.Approved, 100 })
	t.admit("void", 10, payment.Void, of(6))
	t.change("voided", 10, func(r *payment.Row) { r.State, r.Approved = payment.Approved, 100 })
	t.change("take back", 4, func(r *payment.Row) { r.Undo = payment.Asked })
	t.change("taken back", 4, func(r *payment.Row) { r.State = payment.Reversed })
	t.row(1)
	t.row(99)
}

func (t *teller) row(id int64) {
	t.add("row", func(ctx context.Context, s ledger.Store) ([]any, error) { return results(s.Row(ctx, id)) })
}

// admit asks for a payment of a number, as node 1.
func (t *teller) admit(name string, n int, kind payment.Kind, with func(op *payment.Op)) {
	t.add(name, func(ctx context.Context, s ledger.Store) ([]any, error) {
		op := payment.Op{Kind: payment.Admit, Row: sale(n)}
		op.Row.Kind, op.Row.Due = kind, int64(n)
		with(&op)
		return t.submit(ctx, s, op)
	})
}

// change changes a row, as node 1.
func (t *teller) change(name string, id int64, how func(r *payment.Row)) {
	t.add(name, func(ctx context.Context, s ledger.Store) ([]any, error) {
		r, err := s.Row(ctx, id)
		if err != nil {
			return []any{r}, err
		}
		how(&r)
		return t.submit(ctx, s, payment.Op{Kind: payment.Change, Row: r})
	})
}

// submit submits an operation as node 1, or as the node it names.
func (t *teller) submit(ctx context.Context, s ledger.Store, op payment.Op) ([]any, error) {
	if op.Node == 0 {
		op.Node = 1
	}
	op.Epoch = t.epoch[op.Node]
	op.Row.Owner, op.Row.Epoch = op.Node, op.Epoch
	result := make(chan payment.Result, 1)
	s.Submit(op, func(r payment.Result) { result <- r })
	switch r := <-result; r {
	case payment.Result{Kind: payment.Failed}:
		return nil, errFailed
	case payment.Result{Kind: payment.ResultUnknown}:
		return nil, errUnknown
	default:
		return []any{r}, nil
	}
}

// takeover lets node 2 try to take row 7 over while node 1 renews its lease, and afterwards.
func (t *teller) takeover() {
	const lease = ledger.LeaseTime * time.Millisecond
	renew := func(name string, more int64, wait time.Duration) {
		t.add(name, func(ctx context.Context, s ledger.Store) ([]any, error) { return nil, s.Renew(ctx, 1, t.epoch[1]+more) })
		t.wait(wait)
	}
	take := func(name string, wait time.Duration) {
		t.add("open", func(ctx context.Context, s ledger.Store) ([]any, error) {
			return results(s.Open(ctx, 2, t.epoch[2], 1<<60, 10))
		})
		t.wait(wait)
		t.add(name, func(ctx context.Context, s ledger.Store) ([]any, error) {
			r, err := s.Row(ctx, 7)
			if err != nil {
				return []any{r}, err
			}
			return t.submit(ctx, s, payment.Op{Kind: payment.Change, Row: r, Node: 2})
		})
	}
	renew("renew", 0, lease-time.Millisecond)
	renew("renew what another has", 1, time.Millisecond)
	take("take what another works on", lease-2*time.Millisecond)
	take("take what nobody works on", time.Millisecond)
	t.add("open for its new owner", func(ctx context.Context, s ledger.Store) ([]any, error) {
		return results(s.Open(ctx, 1, t.epoch[1], 1<<60, 10))
	})
}

func (t *teller) outbox() {
	const soon, late = 1_800_000_100_000, 1_900_000_000_000
	waiting := func(now int64) {
		t.add("waiting", func(ctx context.Context, s ledger.Store) ([]any, error) {
			merchants, next, err := s.Waiting(ctx, now)
			return []any{merchants, next}, err
		})
	}
	due := func() {
		t.add("due", func(ctx context.Context, s ledger.Store) ([]any, error) { return results(s.Due(ctx, "m", soon, 10)) })
	}
	waiting(0)
	waiting(soon)
	due()
	t.add("number", func(ctx context.Context, s ledger.Store) ([]any, error) { return nil, s.Number(ctx, "m") })
	due()
	t.add("delivered", func(ctx context.Context, s ledger.Store) ([]any, error) {
		return nil, s.Delivered(ctx, []int64{1, 2}, soon)
	})
	t.add("failed", func(ctx context.Context, s ledger.Store) ([]any, error) { return nil, s.Failed(ctx, 3, late) })
	t.add("dead", func(ctx context.Context, s ledger.Store) ([]any, error) { return nil, s.Failed(ctx, 4, 0) })
	due()
	waiting(soon)
	t.add("after", func(ctx context.Context, s ledger.Store) ([]any, error) { return results(s.After(ctx, "m", 2, 10)) })
	t.add("notices", func(ctx context.Context, s ledger.Store) ([]any, error) { return results(s.Notices(ctx)) })
}

func (t *teller) sessions() {
	signIn := func(name string, version int64) {
		t.add(name, func(ctx context.Context, s ledger.Store) ([]any, error) {
			session := ledger.TerminalSession{Terminal: "10000001", Version: version, Batch: 3, Keys: []byte("keys"), Before: [][]byte{[]byte("older")},
				At: 7, Asked: []int64{5, 6}}
			err := s.SignIn(ctx, &session)
			return []any{session.Version - version}, err
		})
	}
	session := func(name, terminal string) {
		t.add(name, func(ctx context.Context, s ledger.Store) ([]any, error) { return results(s.Session(ctx, terminal)) })
	}
	signIn("sign in", 0)
	signIn("sign in again", 1)
	signIn("sign in late", 1)
	session("session", "10000001")
	t.add("used", func(ctx context.Context, s ledger.Store) ([]any, error) { return nil, s.Used(ctx, "10000001", 2) })
	session("session, its keys used", "10000001")
	session("no session", "10000002")
}

var (
	errFailed  = errors.New("the result is failed")
	errUnknown = errors.New("the result is unknown")
)

// counts is what Reader.Open tells.
func counts(ctx context.Context, s ledger.Store, path string) ([]any, error) {
	if _, file := s.(*Store); file {
		r, err := OpenReader(path)
		if err != nil {
			return []any{r}, err
		}
		rows, waiting, notices, err := r.Open(ctx)
		return []any{rows, waiting, notices}, errors.Join(err, r.Close())
	}
	open, waiting := 0, 0
	rows, _ := s.Rows(ctx)
	for _, r := range rows {
		if !r.Ended() {
			open++
		}
	}
	notices, _ := s.Notices(ctx)
	for _, o := range notices {
		if o.Due > 0 {
			waiting++
		}
	}
	return []any{open, waiting, len(notices)}, nil
}
