package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/ledger/model"
	"github.com/posline/posline/examples/realtime/ledger/storetest"
)

// bench is a store of the file and its model, side by side.
type bench struct {
	t     *testing.T
	path  string
	now   time.Time
	store *Store
	model model.Store
	other *sql.Conn // another connection to the file
	told  []error
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, path: filepath.Join(t.TempDir(), "ledger.db"), now: time.UnixMilli(1_800_000_000_000)}
	b.model.Now = func() int64 { return b.now.UnixMilli() }
	real, err := connect(b.path, "_pragma=query_only(1)")
	require.NoError(t, err)
	breakable(t)
	b.store, err = Open(b.path, Options{Now: func() time.Time { return b.now }, Trouble: func(err error) { b.told = append(b.told, err) }})
	require.NoError(t, err)
	b.other, err = real.Conn(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, b.other.Close())
		require.NoError(t, real.Close())
		require.NoError(t, b.store.Close())
	})
	return b
}

// version changes when anything is committed to the file.
func (b *bench) version() (v int) {
	require.NoError(b.t, b.other.QueryRowContext(b.t.Context(), "PRAGMA data_version").Scan(&v))
	return v
}

// same compares the file with the model.
func (b *bench) same() {
	ctx := b.t.Context()
	rows, err := b.store.Rows(ctx)
	require.NoError(b.t, err)
	require.Equal(b.t, b.model.Book.Rows(), rows)
	postings, err := b.store.Postings(ctx)
	require.NoError(b.t, err)
	require.Equal(b.t, b.model.Book.Postings(), postings)
	notices, err := b.store.Notices(ctx)
	require.NoError(b.t, err)
	require.Equal(b.t, b.model.Book.Notices(), notices)
	for id, r := range b.store.open {
		want, _ := b.model.Book.Row(id)
		require.Equal(b.t, want, r)
		require.False(b.t, r.Ended())
	}
}

// fail does a step with the n-th call failing, and reports whether there was one.
func (b *bench) fail(s *storetest.Step, way fault, n, times int) bool {
	t, ctx := b.t, b.t.Context()
	changed, version, postings := b.store.Changed(), b.version(), len(b.model.Book.Postings())
	b.told = nil
	broken.arm(way, n, times)
	got, err := s.Do(ctx, b.store)
	fired := broken.disarm()
	name := fmt.Sprintf("%s, %s, call %d: %q", s.Name, way, n, fired)
	if len(fired) == 0 {
		want, wantErr := s.Do(ctx, &b.model)
		require.ErrorIs(t, err, wantErr, name)
		require.Equal(t, want, got, name)
		require.Equal(t, len(b.model.Book.Postings()) > postings, isClosed(changed), name)
		b.same()
		return false
	}
	require.Error(t, err, name)
	for _, value := range got {
		require.Zero(t, value, name)
	}
	if errors.Is(err, storetest.ErrFailed) || errors.Is(err, storetest.ErrUnknown) {
		require.Equal(t, fired[0] == "COMMIT", errors.Is(err, storetest.ErrUnknown), name)
		require.NotEmpty(t, b.told, name)
		require.Contains(t, b.told[0].Error(), "make space", name)
		err = b.told[0]
	}
	if way != spoiled {
		require.ErrorIs(t, err, errInjected, name)
	}
	b.afterwards(s, way, fired, version, name)
	if fired[0] != "COMMIT" {
		require.False(t, isClosed(changed), name)
	} else if len(b.model.Book.Postings()) > postings {
		require.True(t, isClosed(changed), name)
	}
	return true
}

// afterwards holds that a step that failed left nothing, or all where the commit alone looked as if it had failed.
func (b *bench) afterwards(s *storetest.Step, way fault, fired []string, version int, name string) {
	t, ctx := b.t, b.t.Context()
	if way == after && fired[0] == "COMMIT" {
		s.Do(ctx, &b.model)
		b.same()
	} else {
		require.Equal(t, version, b.version(), "%s: something was committed", name)
	}
	if slices.Contains(fired[1:], "ROLLBACK") {
		b.store.Prune(ctx, 0) // may find the transaction of before, and ends it
		require.Equal(t, version, b.version(), "%s: something was committed later", name)
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// TestFaults lets each call of the database fail in each operation of a store, before and after it did its work, with a row
// that makes no sense, and together with the call behind it: the operation tells an error and nothing else, nothing of it is
// in the file, and the same operation tried again does what it does in the model.
func TestFaults(t *testing.T) {
	for _, c := range []struct {
		way   fault
		times int
	}{{before, 1}, {after, 1}, {spoiled, 1}, {before, 2}} {
		t.Run(fmt.Sprint(c.way, c.times), func(t *testing.T) {
			b := newBench(t)
			faults := 0
			for _, s := range append(storetest.Script(), counted(b.path)) {
				b.now = b.now.Add(s.Wait)
				n := 1
				for b.fail(&s, c.way, n, c.times) {
					require.Less(t, n, 100, s.Name)
					n++
				}
				faults += n - 1
			}
			t.Log(faults, "faults")
			require.Greater(t, faults, 50)
			if c.way != spoiled {
				return
			}
			for _, r := range b.model.Book.Rows() { // as no commit failed, all that are not at an end are in memory
				_, open := b.store.open[r.ID]
				require.Equal(t, !r.Ended(), open)
			}
		})
	}
}

// counted is a step that counts what a Reader counts.
func counted(path string) storetest.Step {
	return storetest.Step{Name: "reader", Do: func(ctx context.Context, s ledger.Store) ([]any, error) { return counts(ctx, s, path) }}
}

func counts(ctx context.Context, s ledger.Store, path string) ([]any, error) {
	if _, file := s.(*Store); file {
		r, err := OpenReader(path)
		if err != nil {
			return []any{r}, err
		}
		rows, waiting, notices, err := r.Open(ctx)
		if err := errors.Join(r.Close(), r.db.PingContext(ctx)); err == nil || err.Error() != "sql: database is closed" {
			return nil, fmt.Errorf("a closed reader: %w", err)
		}
		return []any{rows, waiting, notices}, err
	}
	open, waiting := 0, 0
	rows, _ := s.Rows(ctx)
	for _, r := range rows {
		if !r.Ended() {
			open++
		}
	}
	notices, _ := s.Notices(ctx)
	for _, o := range notices {
		if o.Due > 0 {
			waiting++
		}
	}
	return []any{open, waiting, len(notices)}, nil
}
