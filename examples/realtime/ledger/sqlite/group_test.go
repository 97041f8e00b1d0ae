package sqlite

import (
	"context"
	"database/sql"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/payment"
)

// hold keeps the writer busy until release is called; what is submitted meanwhile makes the next group.
func hold(t *testing.T, s *Store) (release func()) {
	busy, free, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- s.change(context.Background(), func(context.Context, *sql.Conn) error {
			close(busy)
			<-free
			return nil
		})
	}()
	<-busy
	return func() {
		close(free)
		require.NoError(t, <-ended)
	}
}

// group submits admissions of sales as one group, of which the n-th call fails, 0 for none, and returns their results.
func group(t *testing.T, s *Store, epoch int64, n int, sales ...int) []payment.ResultKind {
	release := hold(t, s)
	broken.arm(before, n+1, min(n, 1)) // behind the commit of what is held
	results := make(chan payment.Result, len(sales))
	for _, n := range sales {
		op := payment.Op{Kind: payment.Admit, Node: 1, Epoch: epoch, Row: sale(n)}
		op.Row.Owner, op.Row.Epoch, op.Row.Due = 1, epoch, 1
		s.Submit(op, func(r payment.Result) { results <- r })
	}
	release()
	var kinds []payment.ResultKind
	for range sales {
		kinds = append(kinds, (<-results).Kind)
	}
	return kinds
}

func joined(t *testing.T, s *Store) int64 {
	epoch, err := s.Join(t.Context(), 1)
	require.NoError(t, err)
	return epoch
}

// TestFaultInGroup: what fails for one of a group is done for each alone, and all of it is done once; only when the
// commit fails nobody knows of any.
func TestFaultInGroup(t *testing.T) {
	b := newBench(t)
	epoch := joined(t, b.store)
	committed := 0
	for n := 1; ; n++ {
		kinds := group(t, b.store, epoch, n, 3*n, 3*n+1, 3*n+2)
		fired := broken.disarm()
		rows, err := b.store.Rows(t.Context())
		require.NoError(t, err)
		if len(fired) > 0 && fired[0] == "COMMIT" {
			require.Equal(t, []payment.ResultKind{payment.ResultUnknown, payment.ResultUnknown, payment.ResultUnknown}, kinds)
			require.Len(t, rows, 3*committed)
			continue
		}
		require.Equal(t, []payment.ResultKind{payment.Done, payment.Done, payment.Done}, kinds, "%d: %q", n, fired)
		committed++
		require.Len(t, rows, 3*committed)
		if len(fired) == 0 {
			require.Greater(t, n, 12)
			return
		}
	}
}

// TestSignInTwice: a sign-in that shares its group with a fault is done again, and is not late for that.
func TestSignInTwice(t *testing.T) {
	b := newBench(t)
	epoch := joined(t, b.store)
	release := hold(t, b.store)
	session := ledger.TerminalSession{Terminal: "10000001", Keys: []byte("keys")}
	signed, admitted := make(chan error, 1), make(chan payment.Result, 1)
	go func() { signed <- b.store.SignIn(t.Context(), &session) }()
	waitQueued(b.store, 1)
	b.store.Submit(payment.Op{Kind: payment.Admit, Node: 1, Epoch: epoch, Row: sale(1)}, func(r payment.Result) { admitted <- r })
	broken.arm(before, 5, 1) // after the held group's commit: begin, sign-in and its result, and then of the sale
	release()
	require.NoError(t, <-signed)
	require.Equal(t, payment.Done, (<-admitted).Kind)
	require.NotEmpty(t, b.told)
	require.Len(t, broken.disarm(), 1)
	require.Equal(t, int64(1), session.Version)
}

// waitQueued waits until so many tasks wait for the writer.
func waitQueued(s *Store, n int) {
	for {
		s.mu.Lock()
		queued := len(s.queue)
		s.mu.Unlock()
		if queued >= n {
			return
		}
		runtime.Gosched()
	}
}

// TestGroupMost: 256 operations share a commit, and no more.
func TestGroupMost(t *testing.T) {
	b := newBench(t)
	epoch := joined(t, b.store)
	for extra := range 2 {
		sales := make([]int, 256+extra)
		for i := range sales {
			sales[i] = 1 + 1000*extra + i
		}
		group(t, b.store, epoch, 0, sales...)
		broken.mu.Lock()
		commits := broken.commits
		broken.mu.Unlock()
		require.Equal(t, 1+1+extra, commits, "the one that was held, and those of the sales")
	}
}

// TestGivenUp: who does not wait for his change does not stop the writer.
func TestGivenUp(t *testing.T) {
	s, _ := open(t)
	release := hold(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	given := make(chan error, 1)
	go func() {
		_, err := s.Join(ctx, 7)
		given <- err
	}()
	waitQueued(s, 1)
	cancel()
	require.ErrorIs(t, <-given, context.Canceled)
	release()
	epoch, err := s.Join(t.Context(), 7)
	require.NoError(t, err)
	require.Equal(t, int64(2), epoch, "it was done all the same")
}

// TestRevision: a row that is not in the file as the store knows it is not written over, and those with it in a group are.
func TestRevision(t *testing.T) {
	b := newBench(t)
	epoch := joined(t, b.store)
	require.Equal(t, []payment.ResultKind{payment.Done, payment.Done}, group(t, b.store, epoch, 0, 1, 2))
	require.NoError(t, b.store.change(t.Context(), func(ctx context.Context, conn *sql.Conn) error {
		_, err := conn.ExecContext(ctx, "UPDATE txn SET rev = 5 WHERE id = 1")
		return err
	}))
	require.Equal(t, payment.Failed, b.approve(1, epoch))
	require.Contains(t, b.told[0].Error(), "is not at revision 1")
	require.Equal(t, payment.Done, b.approve(2, epoch))
	row, err := b.store.Row(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, payment.Sent, row.State)
}

// approve changes a sale as it was admitted.
func (b *bench) approve(n int, epoch int64) payment.ResultKind {
	row := sale(n)
	row.State, row.Approved, row.Rev, row.Owner, row.Epoch, row.Due = payment.Approved, 100, 1, 1, epoch, 1
	result := make(chan payment.Result, 1)
	b.store.Submit(payment.Op{Kind: payment.Change, Node: 1, Epoch: epoch, Row: row}, func(r payment.Result) { result <- r })
	return (<-result).Kind
}

// TestSameRowInGroup: an operation sees what those before it in its group have written.
func TestSameRowInGroup(t *testing.T) {
	b := newBench(t)
	epoch := joined(t, b.store)
	release := hold(t, b.store)
	row := sale(1)
	row.Owner, row.Epoch, row.Due = 1, epoch, 1
	results := make(chan payment.Result, 2)
	b.store.Submit(payment.Op{Kind: payment.Admit, Node: 1, Epoch: epoch, Row: row}, func(r payment.Result) { results <- r })
	row.State, row.Approved, row.Rev = payment.Approved, 100, 1
	b.store.Submit(payment.Op{Kind: payment.Change, Node: 1, Epoch: epoch, Row: row}, func(r payment.Result) { results <- r })
	release()
	require.Equal(t, payment.Done, (<-results).Kind)
	require.Equal(t, payment.Done, (<-results).Kind)
}
