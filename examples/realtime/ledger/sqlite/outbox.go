package sqlite

import (
	"context"
	"database/sql"

	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/payment"
)

// Waiting implements ledger.Outbox.
func (s *Store) Waiting(ctx context.Context, now int64) (merchants []string, next int64, err error) {
	type first struct {
		merchant string
		due      int64
	}
	firsts, err := collect(ctx, s.db, func(row scanner) (f first, err error) {
		err = row.Scan(&f.merchant, &f.due)
		return f, err
	}, "SELECT merchant, min(due) FROM event WHERE due > 0 GROUP BY merchant")
	if err != nil {
		return nil, 0, err
	}
	if err := s.db.QueryRowContext(ctx, "SELECT coalesce(min(due), 0) FROM event WHERE due > ?", now).Scan(&next); err != nil {
		return nil, 0, err
	}
	for _, f := range firsts {
		if f.due <= now {
			merchants = append(merchants, f.merchant)
		}
	}
	return merchants, next, nil
}

// Number implements ledger.Outbox.
func (s *Store) Number(ctx context.Context, merchant string) error {
	return s.change(ctx, func(ctx context.Context, _ *sql.Conn) error {
		return runPrepared(ctx, s.stmts.number, merchant)
	})
}

// Due implements ledger.Outbox.
func (s *Store) Due(ctx context.Context, merchant string, now int64, limit int) ([]ledger.Outgoing, error) {
	return s.outgoingFrom(ctx, "event e INDEXED BY event_waiting", `WHERE e.merchant = ? AND e.due > 0 AND e.due <= ? AND e.seq > 0 AND NOT EXISTS
		(SELECT 1 FROM event o INDEXED BY event_about WHERE o.due > 0 AND o.about = e.about AND o.id < e.id)
		ORDER BY e.seq LIMIT ?`, merchant, now, limit)
}

// Delivered implements ledger.Outbox.
func (s *Store) Delivered(ctx context.Context, ids []int64, at int64) error {
	return s.change(ctx, func(ctx context.Context, _ *sql.Conn) error {
		for _, id := range ids {
			if err := runPrepared(ctx, s.stmts.delivered, at, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// Failed implements ledger.Outbox.
func (s *Store) Failed(ctx context.Context, id, again int64) error {
	return s.change(ctx, func(ctx context.Context, _ *sql.Conn) error {
		return runPrepared(ctx, s.stmts.failed, again, id)
	})
}

// After implements ledger.Outbox.
func (s *Store) After(ctx context.Context, merchant string, seq int64, limit int) ([]ledger.Outgoing, error) {
	return s.outgoing(ctx, "WHERE e.merchant = ? AND e.seq > ? ORDER BY e.seq LIMIT ?", merchant, seq, limit)
}

// reader reads what is committed.
type reader struct{ db *sql.DB }

// Row implements ledger.Store.
func (r *reader) Row(ctx context.Context, id int64) (payment.Row, error) {
	list, err := r.rows(ctx, "SELECT "+rowColumns+" FROM txn WHERE id = ?", id)
	if err == nil && len(list) == 0 {
		return payment.Row{}, ledger.ErrNotFound
	}
	if err != nil {
		return payment.Row{}, err
	}
	return list[0], nil
}

// Rows implements ledger.Reader.
func (r *reader) Rows(ctx context.Context) ([]payment.Row, error) {
	return r.rows(ctx, "SELECT "+rowColumns+" FROM txn ORDER BY id")
}

func (r *reader) rows(ctx context.Context, query string, args ...any) ([]payment.Row, error) {
	return collect(ctx, r.db, scanRow, query, args...)
}

// collect returns what a query finds: all of it, or an error.
func collect[T any](ctx context.Context, db *sql.DB, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return list, nil
}

// Postings implements ledger.Reader.
func (r *reader) Postings(ctx context.Context) (list []ledger.Posted, err error) {
	type line struct {
		ledger.Posted
		account sql.NullString
		amount  sql.NullInt64
	}
	lines, err := collect(ctx, r.db, func(row scanner) (l line, err error) {
		err = row.Scan(&l.ID, &l.Row, &l.Kind, &l.Merchant, &l.Amount, &l.Fee, &l.Currency, &l.At, &l.account, &l.amount)
		return l, err
	}, `SELECT p.id, p.txn, p.kind, t.merchant, p.amount, p.fee, t.currency, p.at, e.account, e.amount
		FROM posting p JOIN txn t ON t.id = p.txn LEFT JOIN entry e ON e.posting = p.id ORDER BY p.id, e.side`)
	for _, l := range lines {
		if n := len(list); n == 0 || list[n-1].ID != l.ID {
			list = append(list, l.Posted)
		}
		if last := &list[len(list)-1]; l.account.Valid {
			last.Entries = append(last.Entries, payment.Entry{Account: l.account.String, Amount: l.amount.Int64})
		}
	}
	return list, err
}

// Notices implements ledger.Reader.
func (r *reader) Notices(ctx context.Context) ([]ledger.Outgoing, error) {
	return r.outgoing(ctx, "ORDER BY e.id")
}

func (r *reader) outgoing(ctx context.Context, where string, args ...any) ([]ledger.Outgoing, error) {
	return r.outgoingFrom(ctx, "event e", where, args...)
}

func (r *reader) outgoingFrom(ctx context.Context, from, where string, args ...any) ([]ledger.Outgoing, error) {
	return collect(ctx, r.db, scanOutgoing, `SELECT e.id, coalesce(e.seq, 0), e.due, e.delivered > 0, e.dead, e.tries, p.kind, p.amount, p.fee, p.at,
		t.id, t.kind, t.terminal, t.merchant, t.order_no, t.channel, t.currency, t.payer
		FROM `+from+` JOIN posting p ON p.id = e.id JOIN txn t ON t.id = e.txn `+where, args...)
}

func scanOutgoing(row scanner) (o ledger.Outgoing, err error) {
	var p payment.Posting
	var seq int64
	err = row.Scan(&o.ID, &seq, &o.Due, &o.Delivered, &o.Dead, &o.Tries, &p.Kind, &p.Amount, &p.Fee, &p.At, &p.Row.ID, &p.Row.Kind,
		&p.Row.Origin.Terminal, &p.Row.Merchant, &p.Row.Order, &p.Row.Channel, &p.Row.Currency, &p.Row.Payer)
	fresh := ledger.NewOutgoing(o.ID, &p)
	o.Row, o.Tell = fresh.Row, fresh.Tell
	o.Tell.Sequence = seq
	return o, err
}

// Reader is a ledger that is only read, also while another process writes it.
type Reader struct{ reader }

var _ ledger.Reader = (*Reader)(nil)

// OpenReader opens a file that is there.
func OpenReader(path string) (*Reader, error) {
	db, err := connect(path, "mode=ro&_pragma=query_only(1)")
	if err != nil {
		return nil, err
	}
	return &Reader{reader{db}}, nil
}

// Open returns how many rows are not at an end, how many notices are still to be sent, and how many notices there are.
func (r *Reader) Open(ctx context.Context) (rows, waiting, notices int, err error) {
	err = r.db.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM txn WHERE due > 0), (SELECT count(*) FROM event WHERE due > 0),
		(SELECT coalesce(max(id), 0) FROM event)`).Scan(&rows, &waiting, &notices)
	return rows, waiting, notices, err
}

// Close closes the file.
func (r *Reader) Close() error { return r.db.Close() }
