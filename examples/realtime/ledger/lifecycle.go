package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"

	"github.com/posline/posline/examples/realtime/internal/defect"
)

// Create records a new sale as CREATED and sets its ID, state and time. ErrDuplicate means that the terminal has used the
// STAN already: Find returns what for. ErrReversed means that the reversal was here first, or that
// a copy of it was refused. ErrOrderPaid means that another sale holds, or may hold, the money.
func (l *Ledger) Create(ctx context.Context, t *Transaction) error {
	t.Kind = Sale
	return l.changeOrBar(ctx, t.Origin, func(tx *sql.Tx) error { return create(ctx, tx, t) })
}

// changeOrBar is change for a new request. When it is refused for a reason that may pass, it is barred for ever: the
// terminal will hear of the refusal, and a copy of the request that comes later must not be taken.
func (l *Ledger) changeOrBar(ctx context.Context, o Origin, f func(tx *sql.Tx) error) error {
	var refused error
	err := l.change(ctx, func(tx *sql.Tx) error {
		err := f(tx)
		if errors.Is(err, ErrOrderPaid) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrState) {
			refused = err // f has written nothing
			return bar(ctx, tx, o)
		}
		return err
	})
	return cmp.Or(err, refused)
}

func create(ctx context.Context, tx *sql.Tx, t *Transaction) error {
	if err := fresh(ctx, tx, t.Origin); err != nil {
		return err
	}
	var taken bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM txn WHERE merchant = ? AND order_number = ? AND kind = 'SALE'
		AND state IN ('CREATED', 'SENT', 'UNKNOWN', 'APPROVED'))`, t.Merchant, t.Order).Scan(&taken)
	switch {
	case err != nil:
		return err
	case taken:
		return ErrOrderPaid
	}
	return insert(ctx, tx, t)
}

// fresh checks that nothing of that origin has been here.
func fresh(ctx context.Context, tx *sql.Tx, o Origin) error {
	if _, err := byOrigin(ctx, tx, o); err == nil {
		return ErrDuplicate
	} else if !errors.Is(err, ErrNotFound) {
		return err
	}
	barred, err := isBarred(ctx, tx, o)
	switch {
	case err != nil:
		return err
	case barred:
		return ErrReversed
	}
	return nil
}

func isBarred(ctx context.Context, tx *sql.Tx, o Origin) (barred bool, err error) {
	err = tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM barred WHERE terminal = ? AND batch = ? AND stan = ?)",
		o.Terminal, o.Batch, o.STAN).Scan(&barred)
	return barred, err
}

func insert(ctx context.Context, tx *sql.Tx, t *Transaction) error {
	t.State = Created
	at := now()
	original := sql.NullInt64{Int64: t.Original, Valid: t.Original != 0}
	result, err := tx.ExecContext(ctx, `INSERT INTO txn (kind, channel, terminal, batch, stan, day, mti, merchant, order_number,
		amount, currency, payer, payer_hash, original, state, created_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		t.Kind, t.Channel, t.Origin.Terminal, t.Origin.Batch, t.Origin.STAN, t.Day, t.MTI, t.Merchant, t.Order,
		t.Amount, t.Currency, t.Payer, t.PayerHash, original, t.State, at, at)
	if err != nil {
		return err
	}
	t.ID, err = result.LastInsertId()
	return err
}

// MarkSent is the intent: it must return without an error before the channel hears of the transaction. ErrState means
// that a reversal was faster.
func (l *Ledger) MarkSent(ctx context.Context, id int64) error {
	return l.change(ctx, func(tx *sql.Tx) error {
		return one(ctx, tx, "UPDATE txn SET state = 'SENT', updated_at = ? WHERE id = ? AND state = 'CREATED'", now(), id)
	})
}

// MarkUnknown records that the channel did not answer.
func (l *Ledger) MarkUnknown(ctx context.Context, id int64) error {
	return l.change(ctx, func(tx *sql.Tx) error {
		return one(ctx, tx, "UPDATE txn SET state = 'UNKNOWN', updated_at = ? WHERE id = ? AND state = 'SENT'", now(), id)
	})
}

// Decline ends a sale that holds no money: the channel has said so, or never heard of it.
func (l *Ledger) Decline(ctx context.Context, id int64, code string) error {
	return l.change(ctx, func(tx *sql.Tx) error {
		return one(ctx, tx, `UPDATE txn SET state = 'DECLINED', code = ?, undo = '', updated_at = ?
			WHERE id = ? AND kind = 'SALE' AND state IN ('CREATED', 'SENT', 'UNKNOWN')`, code, now(), id)
	})
}

// Approve posts a sale and writes its notice. ErrState means that it is to be undone, or settled otherwise: then the
// approval counts for nothing.
func (l *Ledger) Approve(ctx context.Context, id int64, authorisation string) error {
	err := l.change(ctx, func(tx *sql.Tx) error {
		err := one(ctx, tx, `UPDATE txn SET state = 'APPROVED', code = '00', authorisation = ?, updated_at = ?
			WHERE id = ? AND kind = 'SALE' AND state IN ('SENT', 'UNKNOWN') AND undo = ''`, authorisation, now(), id)
		if err != nil {
			return err
		}
		t, err := byID(ctx, tx, id)
		if err != nil {
			return err
		}
		return post(ctx, tx, t, paid)
	})
	if err == nil && defect.NoticeOutside() {
		err = l.noticeLate(ctx, id)
	}
	if err == nil {
		l.announce()
	}
	return err
}

// Reverse ends a transaction whose channel has confirmed that it holds no money any more. If it was posted, it is posted
// back, with the notice. A void that asked for this is approved by it.
func (l *Ledger) Reverse(ctx context.Context, id int64) error {
	err := l.change(ctx, func(tx *sql.Tx) error {
		t, err := byID(ctx, tx, id)
		if err != nil {
			return err
		}
		err = one(ctx, tx, `UPDATE txn SET state = 'REVERSED', updated_at = ? WHERE id = ? AND kind = 'SALE'
			AND state = ? AND state IN ('SENT', 'UNKNOWN', 'APPROVED') AND undo <> ''`, now(), id, t.State)
		if err != nil {
			return err
		}
		if t.Undo == Voided {
			err := one(ctx, tx, `UPDATE txn SET state = 'APPROVED', code = '00', updated_at = ?
				WHERE original = ? AND kind = 'VOID' AND state IN ('SENT', 'UNKNOWN')`, now(), id)
			if err != nil {
				return err
			}
		}
		if t.State != Approved {
			return nil
		}
		return post(ctx, tx, t, reversed)
	})
	if err == nil {
		l.announce()
	}
	return err
}
