package storetest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/payment"
)

// Step is one thing that is done to a store. Do returns what the store does.
type Step struct {
	Name string
	Wait time.Duration // before it
	Do   func(ctx context.Context, s ledger.Store) ([]any, error)
}

// teller writes a script.
type teller struct {
	steps []Step
	epoch map[int32]int64 // of the nodes, as they last joined
}

// Script is every operation of a store that begins empty, with every result. Time passes between its steps alone.
func Script() []Step {
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
	for _, before := range []int64{2, 3, 1 << 60} {
		t.add("prune", func(ctx context.Context, s ledger.Store) ([]any, error) { return results(s.Prune(ctx, before)) })
	}
	return t.steps
}

func (t *teller) add(name string, do func(ctx context.Context, s ledger.Store) ([]any, error)) {
	t.steps = append(t.steps, Step{Name: name, Do: do})
}

// wait lets time pass before the latest step.
func (t *teller) wait(d time.Duration) { t.steps[len(t.steps)-1].Wait = d }

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
	t.limits()
	t.add("fenced", func(ctx context.Context, s ledger.Store) ([]any, error) {
		t.epoch[1]++
		defer func() { t.epoch[1]-- }()
		return t.submit(ctx, s, payment.Op{Kind: payment.Bar, Row: sale(20)})
	})
}

// limits tries what ended payments have left free: their orders and their part of the day's limit.
func (t *teller) limits() {
	t.admit("the order of the one declined", 11, payment.Sale, func(op *payment.Op) { op.Row.Order, op.Row.Due = "D-5", 3 })
	t.admit("the order of the void one", 12, payment.Sale, func(op *payment.Op) { op.Row.Order, op.Ceiling = "D-6", 400 })
	t.admit("one too many", 13, payment.Sale, func(op *payment.Op) { op.Ceiling = 499 })
	t.admit("on another day", 14, payment.Sale, func(op *payment.Op) { op.Row.Day, op.Ceiling = 20261130, 100 })
	t.admit("of another merchant", 15, payment.Sale, func(op *payment.Op) { op.Row.Merchant, op.Row.Order, op.Ceiling = "k", "D-1", 100 })
	t.change("approve", 15, func(r *payment.Row) { r.State, r.Approved = payment.Approved, 100 })
	t.change("unknown", 14, func(r *payment.Row) { r.State, r.Undo = payment.Unknown, payment.Asked })
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
		return nil, ErrFailed
	case payment.Result{Kind: payment.ResultUnknown}:
		return nil, ErrUnknown
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
	own := func(name string, asked int64, limit int) {
		t.add(name, func(ctx context.Context, s ledger.Store) ([]any, error) {
			return results(s.Open(ctx, 1, t.epoch[1], asked, limit))
		})
	}
	own("open, none due", 2, 10)
	own("open, the first due", 1<<60, 1)
	own("open, all of a time", 12, 10)
	renew("renew", 0, lease-time.Millisecond)
	renew("renew what another has", 1, time.Millisecond)
	take("take what another works on", lease-2*time.Millisecond)
	take("take what nobody works on", time.Millisecond)
	own("open without the one taken", 1<<60, 10)
}

func (t *teller) outbox() {
	const soon, late = 1_800_000_100_000, 1_900_000_000_000
	waiting := func(now int64) {
		t.add("waiting", func(ctx context.Context, s ledger.Store) ([]any, error) {
			merchants, next, err := s.Waiting(ctx, now)
			return []any{merchants, next}, err
		})
	}
	due := func(merchant string, limit int) {
		t.add("due", func(ctx context.Context, s ledger.Store) ([]any, error) {
			return results(s.Due(ctx, merchant, soon, limit))
		})
	}
	number := func(merchant string) {
		t.add("number", func(ctx context.Context, s ledger.Store) ([]any, error) { return nil, s.Number(ctx, merchant) })
	}
	failed := func(id, again int64) {
		t.add("failed", func(ctx context.Context, s ledger.Store) ([]any, error) { return nil, s.Failed(ctx, id, again) })
	}
	after := func(seq int64, limit int) {
		t.add("after", func(ctx context.Context, s ledger.Store) ([]any, error) {
			return results(s.After(ctx, "m", seq, limit))
		})
	}
	waiting(0)
	waiting(soon)
	due("m", 10)
	number("m")
	due("m", 10)
	due("m", 1)
	for _, before := range []int64{1, 0} {
		t.add("due to the millisecond", func(ctx context.Context, s ledger.Store) ([]any, error) {
			return results(s.Due(ctx, "m", Start.UnixMilli()-before, 1))
		})
	}
	due("k", 10)
	for range 2 {
		t.add("delivered", func(ctx context.Context, s ledger.Store) ([]any, error) {
			return nil, s.Delivered(ctx, []int64{1, 2}, soon)
		})
	}
	failed(1, late) // which is too late
	failed(3, late)
	failed(4, 0)
	failed(5, late-5)
	due("m", 10)
	failed(6, late-1)
	waiting(soon)
	waiting(late - 5)
	t.change("one more", 11, func(r *payment.Row) { r.State, r.Approved = payment.Approved, 100 })
	number("k")
	number("m")
	due("m", 10)
	due("k", 10)
	after(2, 10)
	after(2, 1)
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
	used := func(version int64) {
		t.add("used", func(ctx context.Context, s ledger.Store) ([]any, error) { return nil, s.Used(ctx, "10000001", version) })
		session("session", "10000001")
	}
	used(0)
	signIn("sign in", 0)
	used(1)
	signIn("sign in again", 1)
	signIn("sign in late", 1)
	used(0)
	used(1)
	used(3)
	used(2)
	session("no session", "10000002")
}

// What Do returns when a submitted operation was not done, or nobody knows.
var (
	ErrFailed  = errors.New("the result is failed")
	ErrUnknown = errors.New("the result is unknown")
)

func sale(n int) payment.Row {
	return payment.Row{ID: int64(n), Kind: payment.Sale, Origin: payment.Origin{Acquirer: "a", Terminal: "t", Batch: "000001", STAN: fmt.Sprintf("%06d", n)},
		Merchant: "m", Order: fmt.Sprint("D-", n), Amount: 100, Currency: "156", Channel: "bank", Payer: "****", FeePPM: 6000, Day: 20261129, At: int64(n)}
}
