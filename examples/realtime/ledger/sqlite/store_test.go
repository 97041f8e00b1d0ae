package sqlite

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/ledger/storetest"
	"github.com/posline/posline/examples/realtime/payment"
)

func open(t *testing.T) (*Store, string) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	s, err := Open(path, Options{})
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return s, path
}

func TestOneProcess(t *testing.T) {
	_, path := open(t)
	_, err := Open(path, Options{})
	require.ErrorIs(t, err, ErrInUse)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

func TestDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	require.NoError(t, os.WriteFile(path, []byte("this is no database, and never was one"), 0o600))
	_, err := Open(path, Options{})
	require.ErrorIs(t, err, ErrDamaged)
}

func TestLease(t *testing.T) {
	s, _ := open(t)
	first, err := s.Join(t.Context(), 1)
	require.NoError(t, err)
	require.NoError(t, s.Renew(t.Context(), 1, first))
	second, err := s.Join(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, first+1, second)
	require.ErrorIs(t, s.Renew(t.Context(), 1, first), ledger.ErrFenced)
}

func TestSessions(t *testing.T) {
	s, _ := open(t)
	_, err := s.Session(t.Context(), "10000001")
	require.ErrorIs(t, err, ledger.ErrNotFound)
	first := ledger.TerminalSession{Terminal: "10000001", Batch: 1, Keys: []byte("old"), At: 1, Asked: []int64{10}}
	require.NoError(t, s.SignIn(t.Context(), &first))
	second := ledger.TerminalSession{Terminal: "10000001", Batch: 1, Keys: []byte("new"), Before: [][]byte{[]byte("older"), []byte("old")}, At: 2,
		Asked: []int64{10, 11}, Version: first.Version}
	require.NoError(t, s.SignIn(t.Context(), &second))
	require.Equal(t, first.Version+1, second.Version)
	for _, version := range []int64{0, first.Version, second.Version + 1} {
		require.ErrorIs(t, s.SignIn(t.Context(), &ledger.TerminalSession{Terminal: "10000001", Batch: 2, Keys: []byte("late"), Version: version}), ledger.ErrStale)
	}
	require.NoError(t, s.Used(t.Context(), "10000001", first.Version))
	now, err := s.Session(t.Context(), "10000001")
	require.NoError(t, err)
	require.Equal(t, second, now, "another version's use does not count")
	require.NoError(t, s.Used(t.Context(), "10000001", second.Version))
	now, err = s.Session(t.Context(), "10000001")
	require.NoError(t, err)
	require.Nil(t, now.Before)
	_, err = s.write.ExecContext(t.Context(), "UPDATE terminal_session SET asked = x'2A2A'")
	require.NoError(t, err)
	_, err = s.Session(t.Context(), "10000001")
	require.ErrorIs(t, err, ErrDamaged)
}

// TestOutbox: numbers without a gap in the order of the postings, the first notice about a payment first, dead letters
// out of the way.
func TestOutbox(t *testing.T) {
	s, _ := open(t)
	epoch, err := s.Join(t.Context(), 1)
	require.NoError(t, err)
	changed := s.Changed()
	var running sync.WaitGroup
	submit := func(op payment.Op) payment.Result {
		result := make(chan payment.Result, 1)
		op.Node, op.Epoch = 1, epoch
		s.Submit(op, func(r payment.Result) { result <- r })
		return <-result
	}
	for _, stan := range []string{"000001", "000002", "000003"} {
		running.Go(func() {
			row := payment.Row{ID: int64(stan[5]), Kind: payment.Sale, Origin: payment.Origin{STAN: stan}, Merchant: "m", Order: stan, Amount: 100,
				Currency: "156", Owner: 1, Epoch: epoch, Due: 1}
			row = submit(payment.Op{Kind: payment.Admit, Row: row}).Row
			row.State, row.Approved = payment.Approved, 100
			row = submit(payment.Op{Kind: payment.Change, Row: row}).Row
			row.Undo = payment.Asked
			row = submit(payment.Op{Kind: payment.Change, Row: row}).Row
			row.State = payment.Reversed
			submit(payment.Op{Kind: payment.Change, Row: row})
		})
	}
	running.Wait()
	<-changed
	ctx, late := t.Context(), int64(1)<<60
	merchants, next, err := s.Waiting(ctx, late)
	require.NoError(t, err)
	require.Equal(t, []string{"m"}, merchants)
	require.Zero(t, next)
	none, err := s.Due(ctx, "m", late, 10)
	require.NoError(t, err)
	require.Empty(t, none, "without a number nothing goes")
	require.NoError(t, s.Number(ctx, "m"))
	due, err := s.Due(ctx, "m", late, 10)
	require.NoError(t, err)
	require.Len(t, due, 3, "of two about one payment only the first")
	for i, o := range due {
		require.Equal(t, "paid", o.Tell.Type)
		if i > 0 {
			require.Greater(t, o.Tell.Sequence, due[i-1].Tell.Sequence)
		}
	}
	require.NoError(t, s.Delivered(ctx, []int64{due[0].ID}, 5))
	require.NoError(t, s.Failed(ctx, due[1].ID, 0))
	require.NoError(t, s.Failed(ctx, due[2].ID, late+1))
	due, err = s.Due(ctx, "m", late, 10)
	require.NoError(t, err)
	require.Len(t, due, 2, "behind what is delivered, and behind a dead letter")
	all, err := s.After(ctx, "m", 0, 10)
	require.NoError(t, err)
	require.Len(t, all, 6)
	for i, o := range all {
		require.Equal(t, int64(i+1), o.Tell.Sequence)
	}
}

func TestPrune(t *testing.T) {
	s, _ := open(t)
	epoch, err := s.Join(t.Context(), 1)
	require.NoError(t, err)
	for i, stan := range []string{"000001", "000002"} {
		result := make(chan payment.Result, 1)
		row := payment.Row{Origin: payment.Origin{STAN: stan}, At: int64(i + 1)}
		s.Submit(payment.Op{Kind: payment.Bar, Row: row, Node: 1, Epoch: epoch}, func(r payment.Result) { result <- r })
		require.Equal(t, payment.Done, (<-result).Kind)
	}
	n, err := s.Prune(t.Context(), 2)
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

func TestClosed(t *testing.T) {
	s, _ := open(t)
	require.NoError(t, s.Close())
	result := make(chan payment.Result, 1)
	s.Submit(payment.Op{}, func(r payment.Result) { result <- r })
	require.Equal(t, payment.Failed, (<-result).Kind)
	_, err := s.Join(t.Context(), 1)
	require.ErrorIs(t, err, ErrClosed)
}

// TestTakingOver: a row of another node is taken over when that node's lease has ended, by the store's clock, and not before.
func TestTakingOver(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	s, err := Open(filepath.Join(t.TempDir(), "ledger.db"), Options{Now: func() time.Time { return now }})
	require.NoError(t, err)
	defer s.Close()
	submit := func(op payment.Op) payment.Result {
		result := make(chan payment.Result, 1)
		s.Submit(op, func(r payment.Result) { result <- r })
		return <-result
	}
	first, err := s.Join(t.Context(), 1)
	require.NoError(t, err)
	second, err := s.Join(t.Context(), 2)
	require.NoError(t, err)
	row := submit(payment.Op{Kind: payment.Admit, Node: 1, Epoch: first, Row: payment.Row{ID: 1, Kind: payment.Sale, Merchant: "m", Order: "D-1",
		Origin: payment.Origin{STAN: "000001"}, Amount: 100, Currency: "156", Owner: 1, Epoch: first, Due: 1}}).Row
	take := func() payment.Result {
		taken := row
		taken.Owner, taken.Epoch = 2, second
		return submit(payment.Op{Kind: payment.Change, Row: taken, Node: 2, Epoch: second})
	}
	now = now.Add((ledger.LeaseTime - 1) * time.Millisecond)
	require.Equal(t, payment.Refused, take().Kind)
	now = now.Add(time.Millisecond)
	require.Equal(t, payment.Done, take().Kind)
}

func TestStore(t *testing.T) {
	now := storetest.Start
	s, err := Open(filepath.Join(t.TempDir(), "ledger.db"), Options{Now: func() time.Time { return now }})
	require.NoError(t, err)
	defer s.Close()
	storetest.Run(t, s, &now)
}

// TestNoPlace: where there can be no file there is no store, and nothing stays locked.
func TestNoPlace(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "ledger.db")
	s, err := Open(filepath.Join(folder, "none", "ledger.db"), Options{})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.Nil(t, s)
	require.NoError(t, os.Mkdir(path, 0o700))
	s, err = Open(path, Options{})
	require.Error(t, err)
	require.NotErrorIs(t, err, ErrDamaged)
	require.Nil(t, s)
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.Rename(path+".lock", path+".old"))
	require.NoError(t, os.Mkdir(path+".lock", 0o700))
	s, err = Open(path, Options{})
	require.Error(t, err, "without a lock")
	require.Nil(t, s)
	require.NoFileExists(t, path)
	require.NoError(t, os.Remove(path+".lock"))
	s, err = Open(path, Options{})
	require.NoError(t, err)
	require.NoError(t, s.Close())
}

// TestEmptyLists: a list without elements is read as none.
func TestEmptyLists(t *testing.T) {
	s, _ := open(t)
	require.NoError(t, s.SignIn(t.Context(), &ledger.TerminalSession{Terminal: "10000001", Keys: []byte("k"), Before: [][]byte{}, Asked: []int64{}}))
	session, err := s.Session(t.Context(), "10000001")
	require.NoError(t, err)
	require.Nil(t, session.Before)
	require.Nil(t, session.Asked)
}
