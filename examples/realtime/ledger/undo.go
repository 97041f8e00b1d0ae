package ledger

import (
	"context"
	"database/sql"
	"errors"

	"github.com/posline/posline/examples/realtime/internal/defect"
)

// RequestReversal records that the transaction of that origin is to be undone, and returns it as it is then: REVERSED or
// DECLINED when nothing is left to do. One that is not known is remembered, so that it will not be taken when it comes
// late, and nil is returned. A void is not undone: once it is here, it will be carried through.
func (l *Ledger) RequestReversal(ctx context.Context, o Origin) (t *Transaction, err error) {
	err = l.change(ctx, func(tx *sql.Tx) error {
		t, err = byOrigin(ctx, tx, o)
		if errors.Is(err, ErrNotFound) {
			t = nil
			if defect.ForgetEarlyReversal() {
				return nil
			}
			return bar(ctx, tx, o)
		}
		if err != nil || t.Kind != Sale {
			return err
		}
		if err := requestReversal(ctx, tx, t); err != nil {
			return err
		}
		t, err = byID(ctx, tx, t.ID)
		return err
	})
	return t, err
}

// bar sees to it that no request of that origin will be taken.
func bar(ctx context.Context, tx *sql.Tx, o Origin) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO barred (terminal, batch, stan, created_at) VALUES (?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, o.Terminal, o.Batch, o.STAN, now())
	return err
}

func requestReversal(ctx context.Context, tx *sql.Tx, t *Transaction) error {
	switch {
	case t.State == Created:
		return one(ctx, tx, "UPDATE txn SET state = 'DECLINED', code = '98', updated_at = ? WHERE id = ? AND state = 'CREATED'", now(), t.ID)
	case t.State == Declined || t.State == Reversed || t.Undo != Keep:
		return nil
	}
	return one(ctx, tx, `UPDATE txn SET undo = 'REVERSAL', updated_at = ? WHERE id = ? AND undo = ''
		AND state IN ('SENT', 'UNKNOWN', 'APPROVED')`, now(), t.ID)
}

// GiveUp records that a sale whose outcome is not known is to be undone at its channel.
func (l *Ledger) GiveUp(ctx context.Context, id int64) error {
	return l.change(ctx, func(tx *sql.Tx) error {
		return one(ctx, tx, `UPDATE txn SET state = 'UNKNOWN', undo = CASE undo WHEN '' THEN 'REVERSAL' ELSE undo END, updated_at = ?
			WHERE id = ? AND kind = 'SALE' AND state IN ('SENT', 'UNKNOWN')`, now(), id)
	})
}

// CreateVoid records a void as SENT, and on its original that it is to be undone; t holds the origin, day, MTI and amount
// of the void. It fills in the rest. The original must be an approved sale of the same terminal and batch with the
// same amount: ErrNotFound and ErrState tell that it is not. The other errors are those of Create.
func (l *Ledger) CreateVoid(ctx context.Context, t *Transaction, original Origin) error {
	return l.changeOrBar(ctx, t.Origin, func(tx *sql.Tx) error {
		if err := fresh(ctx, tx, t.Origin); err != nil {
			return err
		}
		sale, err := byOrigin(ctx, tx, original)
		if err != nil {
			return err
		}
		if sale.Kind != Sale || sale.Amount != t.Amount || sale.Currency != t.Currency || sale.Merchant != t.Merchant ||
			original.Terminal != t.Origin.Terminal || original.Batch != t.Origin.Batch {
			return ErrNotFound
		}
		if sale.State != Approved || sale.Undo != Keep {
			return ErrState
		}
		t.Kind, t.Original, t.Channel, t.Payer, t.PayerHash = Void, sale.ID, sale.Channel, sale.Payer, sale.PayerHash
		if err := insert(ctx, tx, t); err != nil {
			return err
		}
		err = one(ctx, tx, "UPDATE txn SET undo = 'VOID', updated_at = ? WHERE id = ? AND state = 'APPROVED' AND undo = ''", now(), sale.ID)
		if err != nil {
			return err
		}
		t.State = Sent
		return one(ctx, tx, "UPDATE txn SET state = 'SENT' WHERE id = ? AND state = 'CREATED'", t.ID)
	})
}
