package sqlite

import (
	"context"
	"database/sql"

	"github.com/posline/posline/examples/realtime/payment"
)

// statements are the writer's.
type statements struct {
	begin, commit, rollback                 *sql.Stmt
	mark, row, claimed, taken, node         *sql.Stmt
	setMark, insert, update, claim, release *sql.Stmt
	take, post, entry, event                *sql.Stmt
	number, delivered, failed               *sql.Stmt
	all                                     []*sql.Stmt
}

const rowColumns = `id, kind, state, undo, acquirer, terminal, batch, stan, merchant, order_no, amount, currency, entry_mode, payer,
	payer_hash, parent, approved, captured, refunded, voided_by, fee_ppm, day, settled, channel, line, channel_ref, auth, code,
	at, owner, epoch, due, rev`

func (s *statements) prepare(ctx context.Context, conn *sql.Conn) error {
	for _, p := range []struct {
		to   **sql.Stmt
		text string
	}{
		{&s.begin, "BEGIN IMMEDIATE"},
		{&s.commit, "COMMIT"},
		{&s.rollback, "ROLLBACK"},
		{&s.mark, `SELECT txn, code, amount, payer_hash, order_no, at FROM origin WHERE terminal = ? AND batch = ? AND stan = ? AND acquirer = ?`},
		{&s.row, "SELECT " + rowColumns + " FROM txn WHERE id = ?"},
		{&s.claimed, "SELECT 1 FROM order_claim WHERE merchant = ? AND order_no = ?"},
		{&s.taken, "SELECT amount FROM taken WHERE merchant = ? AND day = ?"},
		{&s.node, "SELECT epoch, until FROM node WHERE id = ?"},
		{&s.setMark, `INSERT INTO origin (acquirer, terminal, batch, stan, txn, code, amount, payer_hash, order_no, at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&s.insert, "INSERT INTO txn (" + rowColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
			?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&s.update, `UPDATE txn SET state = ?, undo = ?, approved = ?, captured = ?, refunded = ?, voided_by = ?, settled = ?, channel = ?,
			line = ?, channel_ref = ?, auth = ?, code = ?, owner = ?, epoch = ?, due = ?, rev = ? WHERE id = ? AND rev = ?`},
		{&s.claim, "INSERT INTO order_claim (merchant, order_no, txn) VALUES (?, ?, ?)"},
		{&s.release, "DELETE FROM order_claim WHERE merchant = ? AND order_no = ? AND txn = ?"},
		{&s.take, `INSERT INTO taken (merchant, day, amount) VALUES (?, ?, ?)
			ON CONFLICT (merchant, day) DO UPDATE SET amount = amount + excluded.amount`},
		{&s.post, "INSERT INTO posting (txn, kind, amount, fee, at) VALUES (?, ?, ?, ?, ?)"},
		{&s.entry, "INSERT INTO entry (posting, side, account, amount) VALUES (?, ?, ?, ?)"},
		{&s.event, "INSERT INTO event (id, merchant, due, txn, about) VALUES (?, ?, ?, ?, ?)"},
		{&s.number, `UPDATE event SET seq = numbered.seq FROM (
			SELECT id, row_number() OVER (ORDER BY id) +
				(SELECT coalesce(max(seq), 0) FROM event WHERE merchant = ?1 AND seq IS NOT NULL) AS seq
			FROM event WHERE merchant = ?1 AND seq IS NULL) AS numbered WHERE event.id = numbered.id`},
		{&s.delivered, "UPDATE event SET due = 0, delivered = ? WHERE id = ? AND delivered = 0"},
		{&s.failed, "UPDATE event SET tries = tries + 1, due = ?1, dead = (?1 = 0) WHERE id = ?2 AND delivered = 0"},
	} {
		prepared, err := conn.PrepareContext(ctx, p.text)
		if err != nil {
			return err
		}
		*p.to = prepared
		s.all = append(s.all, prepared)
	}
	return nil
}

func (s *statements) close() {
	for _, prepared := range s.all {
		prepared.Close()
	}
}

func rowValues(r *payment.Row) []any {
	return []any{r.ID, r.Kind, r.State, r.Undo, r.Origin.Acquirer, r.Origin.Terminal, r.Origin.Batch, r.Origin.STAN, r.Merchant, r.Order,
		r.Amount, r.Currency, r.Entry, r.Payer, r.Hash, r.Parent, r.Approved, r.Captured, r.Refunded, r.Void, r.FeePPM, r.Day,
		r.Settled, r.Channel, r.Line, r.ChannelRef, r.Auth, r.Code, r.At, r.Owner, r.Epoch, r.Due, r.Rev}
}

// scanner is a row of a result.
type scanner interface{ Scan(dest ...any) error }

func scanRow(row scanner) (r payment.Row, err error) {
	err = row.Scan(&r.ID, &r.Kind, &r.State, &r.Undo, &r.Origin.Acquirer, &r.Origin.Terminal, &r.Origin.Batch, &r.Origin.STAN,
		&r.Merchant, &r.Order, &r.Amount, &r.Currency, &r.Entry, &r.Payer, &r.Hash, &r.Parent, &r.Approved, &r.Captured,
		&r.Refunded, &r.Void, &r.FeePPM, &r.Day, &r.Settled, &r.Channel, &r.Line, &r.ChannelRef, &r.Auth, &r.Code, &r.At,
		&r.Owner, &r.Epoch, &r.Due, &r.Rev)
	return r, err
}
