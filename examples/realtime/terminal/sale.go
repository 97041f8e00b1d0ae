package terminal

import (
	"context"
	"errors"
	"time"

	"github.com/posline/posline/emv/paycode"
	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/examples/realtime/terminal/engine"
	"github.com/posline/posline/pinblock"
)

// Sale is what the cashier keys in: an order, an amount, and a card or a pay code.
type Sale struct {
	Order  string // the merchant's number for what is paid, up to 32 characters
	Amount int64  // fen

	Track2 string // of a card that was swiped: PAN, D, expiry and so on
	PIN    pinblock.PIN

	PayCode paycode.Code // of a wallet
}

// ErrOriginal is the error of a void, refund or completion of something that it cannot be of.
var ErrOriginal = errors.New("terminal: not an approved transaction of the right kind")

// Sale takes a payment. The entry tells how it went; Uncertain means that the terminal does not know and is undoing it. An
// error comes with an entry that is not Approved, or with none when nothing was sent.
func (t *Terminal) Sale(ctx context.Context, s Sale) (Entry, error) {
	return t.fresh(ctx, payment.Sale, s)
}

// Authorise reserves an amount; Complete takes it.
func (t *Terminal) Authorise(ctx context.Context, s Sale) (Entry, error) {
	return t.fresh(ctx, payment.Auth, s)
}

func (t *Terminal) fresh(ctx context.Context, kind payment.Kind, s Sale) (Entry, error) {
	p := &Payer{Track2: s.Track2, PIN: s.PIN, PayCode: s.PayCode}
	x := engine.Transaction{Kind: kind, Order: s.Order, Amount: s.Amount, Entry: p.Entry(), Code: s.Track2 == ""}
	return t.press(ctx, x, p)
}

// Complete takes an amount of what an approved pre-authorisation reserves.
func (t *Terminal) Complete(ctx context.Context, auth Entry, amount int64) (Entry, error) {
	if auth.Kind != payment.Auth {
		return Entry{}, ErrOriginal
	}
	return t.about(ctx, payment.Completion, auth, amount)
}

// Void takes back an approved sale, pre-authorisation or completion of this batch. The entry is that of the void.
func (t *Terminal) Void(ctx context.Context, sale Entry) (Entry, error) {
	if sale.Kind.Carried() {
		return Entry{}, ErrOriginal
	}
	return t.about(ctx, payment.Void, sale, sale.Amount)
}

// Refund gives back an amount of an approved sale or completion. It is asked for until there is an answer.
func (t *Terminal) Refund(ctx context.Context, sale Entry, amount int64) (Entry, error) {
	if !sale.Kind.Captures() {
		return Entry{}, ErrOriginal
	}
	return t.about(ctx, payment.Refund, sale, amount)
}

func (t *Terminal) about(ctx context.Context, kind payment.Kind, e Entry, amount int64) (Entry, error) {
	if e.Reference == "" {
		return Entry{}, ErrOriginal
	}
	x := engine.Transaction{Kind: kind, Amount: amount, Entry: e.Mode, Code: e.Method == "pay code", Ref: e.Reference, Auth: e.Authorisation}
	x.Original.Batch, x.Original.STAN = e.Batch, e.STAN
	return t.press(ctx, x, nil)
}

// press waits until the terminal is free, has it signed in, and keys a transaction in.
func (t *Terminal) press(ctx context.Context, x engine.Transaction, p *Payer) (Entry, error) {
	r := &request{ctx: ctx, x: x, payer: p, pressed: time.Now(), done: make(chan outcome, 1)}
	busy := time.NewTimer(t.cfg.Timeout)
	defer busy.Stop()
	select {
	case t.presses <- r:
	case <-busy.C:
		return Entry{}, ErrPending
	case <-ctx.Done():
		return Entry{}, ctx.Err()
	case <-t.gone:
		return Entry{}, ErrClosed
	}
	o := <-r.done
	return o.entry, o.err
}
