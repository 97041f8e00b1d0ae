package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/payment"
)

// node joins as node 1 and returns what submits a sale's admission, or a change of its row.
func node(t *testing.T, s *Store) (submit func(op payment.Op) payment.Result) {
	epoch, err := s.Join(t.Context(), 1)
	require.NoError(t, err)
	return func(op payment.Op) payment.Result {
		op.Node, op.Epoch = 1, epoch
		op.Row.Owner, op.Row.Epoch = 1, epoch
		done := make(chan payment.Result, 1)
		s.Submit(op, func(r payment.Result) { done <- r })
		return <-done
	}
}

func sale(n int) payment.Row {
	return payment.Row{ID: int64(n), Kind: payment.Sale, Origin: payment.Origin{Acquirer: "a", Terminal: "t", Batch: "000001", STAN: fmt.Sprintf("%06d", n)},
		Merchant: "m", Order: fmt.Sprint("D-", n), Amount: 100, Currency: "156", Channel: "bank", Payer: strings.Repeat("*", 400)}
}

// TestFull: on a disk without space nothing is half there, nothing that was done is lost, somebody is told what to do, and
// when there is space again it goes on.
func TestFull(t *testing.T) {
	path := t.TempDir() + "/ledger.db"
	var told []error
	s, err := Open(path, Options{Trouble: func(err error) { told = append(told, err) }})
	require.NoError(t, err)
	submit := node(t, s)
	first := submit(payment.Op{Kind: payment.Admit, Row: sale(1)})
	require.Equal(t, payment.Done, first.Kind)
	pages := func(most int) {
		require.NoError(t, s.change(t.Context(), func(ctx context.Context, conn *sql.Conn) error {
			_, err := conn.ExecContext(ctx, fmt.Sprint("PRAGMA max_page_count = ", most))
			return err
		}))
	}
	pages(1) // no more than there are
	n := 1
	for result := payment.Done; result == payment.Done; {
		n++
		require.Less(t, n, 200)
		result = submit(payment.Op{Kind: payment.Admit, Row: sale(n)}).Kind
		if result != payment.Done {
			require.Equal(t, payment.Failed, result)
		}
	}
	require.NotEmpty(t, told)
	for _, word := range []string{"make space", "full"} {
		require.Contains(t, told[0].Error(), word)
	}
	require.Equal(t, payment.Failed, submit(payment.Op{Kind: payment.Admit, Row: sale(n)}).Kind)
	rows, err := s.Rows(t.Context())
	require.NoError(t, err)
	require.Len(t, rows, n-1)

	approved := first.Row
	approved.State, approved.Approved, approved.Code = payment.Approved, 100, "00"
	result := submit(payment.Op{Kind: payment.Change, Row: approved})
	require.Contains(t, []payment.ResultKind{payment.Done, payment.Failed}, result.Kind)
	if result.Kind == payment.Failed {
		row, err := s.Row(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, payment.Sent, row.State)
	}
	postings, err := s.Postings(t.Context())
	require.NoError(t, err)
	notices, err := s.Notices(t.Context())
	require.NoError(t, err)
	require.Len(t, notices, len(postings), "a posting and its notice, or neither")

	pages(1 << 20)
	require.Equal(t, payment.Done, submit(payment.Op{Kind: payment.Admit, Row: sale(n)}).Kind, "the order is free still")
	require.NoError(t, s.Close())
	s, err = Open(path, Options{})
	require.NoError(t, err)
	defer s.Close()
	rows, err = s.Rows(t.Context())
	require.NoError(t, err)
	require.Len(t, rows, n)
}

// TestDamagedPage: a page that is no page any more is found when the file is opened, and the file is left as it is.
func TestDamagedPage(t *testing.T) {
	s, path := open(t)
	submit := node(t, s)
	for n := 1; n <= 200; n++ {
		require.Equal(t, payment.Done, submit(payment.Op{Kind: payment.Admit, Row: sale(n)}).Kind)
	}
	require.NoError(t, s.Close())
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Greater(t, len(whole), 8*4096)
	spoilt := append([]byte(nil), whole...)
	for i := 3 * 4096; i < 6*4096; i++ {
		spoilt[i] ^= 0x5a
	}
	require.NoError(t, os.WriteFile(path, spoilt, 0o600))
	_, err = Open(path, Options{})
	require.ErrorIs(t, err, ErrDamaged)
	require.Contains(t, err.Error(), "restore it from a copy")
	now, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, len(spoilt), len(now))
	require.True(t, string(spoilt) == string(now), "nothing is written to it")
}

// TestDurable: a commit is on the disk when it returns, also where the power goes: only FULL syncs the log of each.
func TestDurable(t *testing.T) {
	s, _ := open(t)
	var level int
	var journal string
	require.NoError(t, s.change(t.Context(), func(ctx context.Context, conn *sql.Conn) error {
		if err := conn.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&level); err != nil {
			return err
		}
		return conn.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&journal)
	}))
	require.Equal(t, []any{2, "wal"}, []any{level, journal})
}
