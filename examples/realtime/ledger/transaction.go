package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Kind is what a transaction does.
type Kind string

// The kinds.
const (
	Sale Kind = "SALE"
	Void Kind = "VOID" // undoes a sale of the same batch
)

// State is how far a transaction is.
type State string

// The states.
const (
	Created  State = "CREATED"  // recorded; its channel has not heard of it
	Sent     State = "SENT"     // its channel may have heard of it
	Approved State = "APPROVED" // posted
	Declined State = "DECLINED" // holds no money
	Unknown  State = "UNKNOWN"  // no answer: to be queried or reversed
	Reversed State = "REVERSED" // its channel has confirmed that it holds no money any more
)

// Undo is why a transaction is to be undone at its channel.
type Undo string

// The reasons.
const (
	Keep     Undo = ""
	Reversal Undo = "REVERSAL" // somebody does not know how it went
	Voided   Undo = "VOID"     // the merchant takes it back
)

// Origin is what identifies a transaction of a terminal: its STAN does not come twice in a batch.
type Origin struct {
	Terminal, Batch, STAN string
}

// Transaction is one row.
type Transaction struct {
	ID       int64
	Kind     Kind
	Channel  string // "bank" or "wallet"
	Origin   Origin
	Day      string // business day, YYYY-MM-DD
	MTI      string
	Merchant string
	Order    string // the merchant's number for what is paid; empty for a void

	Amount   int64 // minor units
	Currency string

	Payer     string // masked
	PayerHash []byte
	Original  int64 // ID of the sale that a void undoes; 0 for a sale

	State         State
	Undo          Undo
	Code          string // response code, field 39
	Authorisation string // field 38
	Created       time.Time
}

// Reference is what the channels know the transaction by: 12 digits.
func (t *Transaction) Reference() string { return fmt.Sprintf("%012d", t.ID) }

const columns = `id, kind, channel, terminal, batch, stan, day, mti, merchant, order_number, amount, currency, payer, payer_hash,
	coalesce(original, 0), state, undo, code, authorisation, created_at`

type scanner interface{ Scan(dest ...any) error }

func scan(row scanner) (*Transaction, error) {
	var t Transaction
	var created int64
	err := row.Scan(&t.ID, &t.Kind, &t.Channel, &t.Origin.Terminal, &t.Origin.Batch, &t.Origin.STAN, &t.Day, &t.MTI, &t.Merchant,
		&t.Order, &t.Amount, &t.Currency, &t.Payer, &t.PayerHash, &t.Original, &t.State, &t.Undo, &t.Code, &t.Authorisation, &created)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	t.Created = time.UnixMilli(created)
	return &t, err
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func byID(ctx context.Context, q querier, id int64) (*Transaction, error) {
	return scan(q.QueryRowContext(ctx, "SELECT "+columns+" FROM txn WHERE id = ?", id))
}

func byOrigin(ctx context.Context, q querier, o Origin) (*Transaction, error) {
	return scan(q.QueryRowContext(ctx, "SELECT "+columns+` FROM txn WHERE terminal = ? AND batch = ? AND stan = ?`, o.Terminal, o.Batch, o.STAN))
}

// Get returns a transaction as it is now, or ErrNotFound.
func (l *Ledger) Get(ctx context.Context, id int64) (*Transaction, error) {
	return byID(ctx, l.write, id)
}

// Find returns the transaction of that origin, or ErrNotFound.
func (l *Ledger) Find(ctx context.Context, o Origin) (*Transaction, error) {
	return byOrigin(ctx, l.write, o)
}

const unsettled = "state NOT IN ('DECLINED', 'REVERSED') AND NOT (state = 'APPROVED' AND undo = '')"

// Unsettled returns the transactions that wait for something: an answer, a query, a reversal. The oldest comes first.
func (l *Ledger) Unsettled(ctx context.Context) ([]*Transaction, error) {
	return l.list(ctx, unsettled)
}

// All returns every transaction.
func (l *Ledger) All(ctx context.Context) ([]*Transaction, error) { return l.list(ctx, "true") }

func (l *Ledger) list(ctx context.Context, where string) ([]*Transaction, error) {
	rows, err := l.read.QueryContext(ctx, "SELECT "+columns+" FROM txn WHERE "+where+" ORDER BY id")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []*Transaction
	for rows.Next() {
		t, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, rows.Err()
}
