package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
)

// posting kinds, and the types of their events.
const (
	paid     = "paid"
	reversed = "reversed"
)

// The acquirer keeps six tenths of a per cent, rounded to the nearest minor unit.
const feePerThousand = 6

func fee(amount int64) int64 { return (amount*feePerThousand + 500) / 1000 }

// Accounts of the acquirer.
const (
	Fees = "income:fees"
)

// Receivable is what a channel owes.
func Receivable(channel string) string { return "receivable:" + channel }

// Payable is what is owed to a merchant.
func Payable(merchant string) string { return "payable:" + merchant }

// legs are the entries of a posting, by account.
type legs map[string]int64

func legsOf(t *Transaction, kind string) legs {
	l := legs{Receivable(t.Channel): t.Amount, Payable(t.Merchant): fee(t.Amount) - t.Amount, Fees: -fee(t.Amount)}
	if kind == reversed {
		for account := range l {
			l[account] = -l[account]
		}
	}
	return l
}

// post writes a posting with its entries and its notice.
func post(ctx context.Context, tx *sql.Tx, t *Transaction, kind string) error {
	l := legsOf(t, kind)
	var sum int64
	for _, amount := range l {
		sum += amount
	}
	if sum != 0 {
		return fmt.Errorf("%w: transaction %d", ErrUnbalanced, t.ID)
	}
	result, err := tx.ExecContext(ctx, "INSERT INTO posting (txn, kind, created_at) VALUES (?, ?, ?)", t.ID, kind, now())
	if err != nil {
		return err
	}
	posting, err := result.LastInsertId()
	if err != nil {
		return err
	}
	for _, account := range slices.Sorted(maps.Keys(l)) {
		if l[account] == 0 {
			continue // the fee on a very small amount
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO entry (posting, account, amount, currency) VALUES (?, ?, ?, ?)",
			posting, account, l[account], t.Currency)
		if err != nil {
			return err
		}
	}
	return notice(ctx, tx, t, posting, kind)
}

// Balance is what an account holds.
type Balance struct {
	Account, Currency string
	Amount            int64 // minor units
}

// Balances returns the balances of all accounts, in order.
func (l *Ledger) Balances(ctx context.Context) ([]Balance, error) {
	rows, err := l.read.QueryContext(ctx, "SELECT account, currency, sum(amount) FROM entry GROUP BY account, currency ORDER BY account, currency")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Balance
	for rows.Next() {
		var b Balance
		if err := rows.Scan(&b.Account, &b.Currency, &b.Amount); err != nil {
			return nil, err
		}
		list = append(list, b)
	}
	return list, rows.Err()
}

// Posting is one posting as it stands.
type Posting struct {
	ID, Transaction int64
	Kind            string           // "paid" or "reversed"
	Entries         map[string]int64 // by account
	Sum             int64            // over all entries: zero, or the ledger is wrong
}

// Postings returns every posting.
func (l *Ledger) Postings(ctx context.Context) ([]Posting, error) {
	rows, err := l.read.QueryContext(ctx, `SELECT p.id, p.txn, p.kind, coalesce(e.account, ''), coalesce(e.amount, 0)
		FROM posting p LEFT JOIN entry e ON e.posting = p.id ORDER BY p.id`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Posting
	for rows.Next() {
		var p Posting
		var account string
		var amount int64
		if err := rows.Scan(&p.ID, &p.Transaction, &p.Kind, &account, &amount); err != nil {
			return nil, err
		}
		if len(list) == 0 || list[len(list)-1].ID != p.ID {
			p.Entries = map[string]int64{}
			list = append(list, p)
		}
		last := &list[len(list)-1]
		last.Entries[account] += amount
		last.Sum += amount
	}
	return list, rows.Err()
}
