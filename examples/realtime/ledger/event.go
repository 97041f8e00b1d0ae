package ledger

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/posline/posline/examples/realtime/internal/defect"
)

// Notice is the body of an event, as the merchant gets it.
type Notice struct {
	Key         string    `json:"key"`  // the event's idempotency key: the same however often it is delivered
	Type        string    `json:"type"` // "paid", or "reversed" for one that was paid before
	Merchant    string    `json:"merchant"`
	Terminal    string    `json:"terminal"`
	Order       string    `json:"order"`
	Transaction string    `json:"transaction"` // the reference number on the receipt
	Channel     string    `json:"channel"`
	Amount      int64     `json:"amount"` // minor units
	Currency    string    `json:"currency"`
	Payer       string    `json:"payer"` // masked
	At          time.Time `json:"at"`
}

// Event is a notice in the outbox. Its ID ascends in the order of the postings.
type Event struct {
	ID          int64
	Key         string
	Posting     int64
	Transaction int64
	Merchant    string
	Body        []byte // the Notice in JSON
	Delivered   bool
}

// notice writes the event of a posting.
func notice(ctx context.Context, tx *sql.Tx, t *Transaction, posting int64, kind string) error {
	if kind == paid && defect.NoticeOutside() {
		return nil
	}
	return writeNotice(ctx, tx, t, posting, kind)
}

func writeNotice(ctx context.Context, tx *sql.Tx, t *Transaction, posting int64, kind string) error {
	at := time.Now()
	n := Notice{Key: rand.Text(), Type: kind, Merchant: t.Merchant, Terminal: t.Origin.Terminal, Order: t.Order,
		Transaction: t.Reference(), Channel: t.Channel, Amount: t.Amount, Currency: t.Currency, Payer: t.Payer, At: at.UTC()}
	body, err := json.Marshal(n)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO event (idempotency, posting, txn, merchant, body, created_at) VALUES (?, ?, ?, ?, ?, ?)",
		n.Key, posting, t.ID, t.Merchant, body, at.UnixMilli())
	return err
}

const eventColumns = "id, idempotency, posting, txn, merchant, body, delivered_at IS NOT NULL"

// Undelivered returns the events that a merchant has not confirmed, oldest first, at most limit of them. Of several for
// one transaction only the oldest is among them: a payment must not be taken back before it was told.
func (l *Ledger) Undelivered(ctx context.Context, merchant string, limit int) ([]Event, error) {
	return l.events(ctx, `SELECT `+eventColumns+` FROM event e WHERE merchant = ? AND delivered_at IS NULL AND NOT EXISTS
		(SELECT 1 FROM event o WHERE o.txn = e.txn AND o.id < e.id AND o.delivered_at IS NULL) ORDER BY id LIMIT ?`, merchant, limit)
}

// EventsAfter returns a merchant's events with an ID above the given one, oldest first, at most limit of them.
func (l *Ledger) EventsAfter(ctx context.Context, merchant string, id int64, limit int) ([]Event, error) {
	return l.events(ctx, "SELECT "+eventColumns+" FROM event WHERE merchant = ? AND id > ? ORDER BY id LIMIT ?", merchant, id, limit)
}

// Events returns every event.
func (l *Ledger) Events(ctx context.Context) ([]Event, error) {
	return l.events(ctx, "SELECT "+eventColumns+" FROM event ORDER BY id")
}

func (l *Ledger) events(ctx context.Context, query string, args ...any) ([]Event, error) {
	rows, err := l.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Event
	for rows.Next() {
		var e Event
		if err := rows.Scan(&e.ID, &e.Key, &e.Posting, &e.Transaction, &e.Merchant, &e.Body, &e.Delivered); err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, rows.Err()
}

// MarkDelivered records that the merchant has confirmed an event.
func (l *Ledger) MarkDelivered(ctx context.Context, id int64) error {
	return l.change(ctx, func(tx *sql.Tx) error {
		return one(ctx, tx, "UPDATE event SET delivered_at = ? WHERE id = ? AND delivered_at IS NULL", now(), id)
	})
}

// noticeLate is the seeded defect of a notice that is written after its posting.
func (l *Ledger) noticeLate(ctx context.Context, id int64) error {
	return l.change(ctx, func(tx *sql.Tx) error {
		t, err := byID(ctx, tx, id)
		if err != nil {
			return err
		}
		var posting int64
		if err := tx.QueryRowContext(ctx, "SELECT id FROM posting WHERE txn = ?", id).Scan(&posting); err != nil {
			return err
		}
		return writeNotice(ctx, tx, t, posting, paid)
	})
}
