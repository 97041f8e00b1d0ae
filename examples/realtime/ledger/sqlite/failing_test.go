package sqlite

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fault is how a call of the database driver fails.
type fault string

const (
	before  fault = "before" // nothing was done
	after   fault = "after"  // it was done, and yet the answer is an error
	spoiled fault = "spoilt" // a row with values of another type
)

var errInjected = errors.New("injected")

// failing is the real driver with a call that fails: see arm.
type failing struct {
	sqldriver.Driver

	mu      sync.Mutex
	fault   fault
	skip    int      // calls before the one that fails
	times   int      // how many fail
	fired   []string // the statements of those that failed
	commits int
}

var broken = func() *failing {
	db, err := sql.Open(driver, "")
	if err != nil {
		panic(err)
	}
	f := &failing{Driver: db.Driver()}
	sql.Register("failing", f)
	return f
}()

// breakable lets the stores of a test work through the failing driver.
func breakable(t *testing.T) {
	was := driver
	driver = "failing"
	t.Cleanup(func() { driver = was })
}

// arm lets the n-th of the calls that can fail in that way fail, and those after it until it is so many.
func (f *failing) arm(way fault, n, times int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault, f.skip, f.times, f.fired, f.commits = way, n-1, times, nil, 0
}

// disarm ends the faults and returns the statements that failed.
func (f *failing) disarm() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = ""
	return f.fired
}

// fails reports whether a call fails at a point where it can in that way.
func (f *failing) fails(way fault, statement string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fault != way || f.times == 0 {
		return nil
	}
	if f.skip > 0 {
		f.skip--
		return nil
	}
	f.times--
	f.fired = append(f.fired, statement)
	return errInjected
}

// call makes a call of the driver that may fail before and after; undo takes back what it made.
func call[T any](f *failing, statement string, do func() (T, error), undo func(T)) (result T, err error) {
	if err := f.fails(before, statement); err != nil {
		return result, err
	}
	made, err := do()
	if err != nil {
		return result, err
	}
	if err := f.fails(after, statement); err != nil {
		undo(made)
		return result, err
	}
	return made, nil
}

func (f *failing) OpenConnector(name string) (sqldriver.Connector, error) {
	if err := f.fails(before, "connector"); err != nil {
		return nil, err
	}
	return connector{f, name}, nil
}

type connector struct {
	*failing
	name string
}

func (c connector) Driver() sqldriver.Driver { return c.failing }

func (c connector) Connect(context.Context) (sqldriver.Conn, error) {
	conn, err := call(c.failing, "connect", func() (sqldriver.Conn, error) { return c.Open(c.name) }, func(conn sqldriver.Conn) { conn.Close() })
	if err != nil {
		return nil, err
	}
	return failingConn{conn, c.failing}, nil
}

type failingConn struct {
	sqldriver.Conn
	f *failing
}

func (c failingConn) ExecContext(ctx context.Context, query string, args []sqldriver.NamedValue) (sqldriver.Result, error) {
	return c.f.exec(query, func() (sqldriver.Result, error) {
		return c.Conn.(sqldriver.ExecerContext).ExecContext(ctx, query, args)
	})
}

func (c failingConn) QueryContext(ctx context.Context, query string, args []sqldriver.NamedValue) (sqldriver.Rows, error) {
	return c.f.query(query, func() (sqldriver.Rows, error) {
		return c.Conn.(sqldriver.QueryerContext).QueryContext(ctx, query, args)
	})
}

func (c failingConn) PrepareContext(ctx context.Context, query string) (sqldriver.Stmt, error) {
	stmt, err := call(c.f, query, func() (sqldriver.Stmt, error) {
		return c.Conn.(sqldriver.ConnPrepareContext).PrepareContext(ctx, query)
	},
		func(stmt sqldriver.Stmt) { stmt.Close() })
	if err != nil {
		return nil, err
	}
	return failingStmt{stmt, c.f, query}, nil
}

type failingStmt struct {
	sqldriver.Stmt
	f     *failing
	query string
}

func (s failingStmt) ExecContext(ctx context.Context, args []sqldriver.NamedValue) (sqldriver.Result, error) {
	return s.f.exec(s.query, func() (sqldriver.Result, error) { return s.Stmt.(sqldriver.StmtExecContext).ExecContext(ctx, args) })
}

func (s failingStmt) QueryContext(ctx context.Context, args []sqldriver.NamedValue) (sqldriver.Rows, error) {
	return s.f.query(s.query, func() (sqldriver.Rows, error) { return s.Stmt.(sqldriver.StmtQueryContext).QueryContext(ctx, args) })
}

func (f *failing) exec(query string, do func() (sqldriver.Result, error)) (sqldriver.Result, error) {
	result, err := call(f, query, do, func(sqldriver.Result) {})
	if err != nil {
		return nil, err
	}
	if query == "COMMIT" {
		f.mu.Lock()
		f.commits++
		f.mu.Unlock()
	}
	return failingResult{result, f, query}, nil
}

func (f *failing) query(query string, do func() (sqldriver.Rows, error)) (sqldriver.Rows, error) {
	rows, err := call(f, query, do, func(rows sqldriver.Rows) { rows.Close() })
	if err != nil {
		return nil, err
	}
	return failingRows{rows, f, query}, nil
}

type failingResult struct {
	sqldriver.Result
	f     *failing
	query string
}

func (r failingResult) RowsAffected() (int64, error) {
	if err := r.f.fails(before, r.query); err != nil {
		return 0, err
	}
	return r.Result.RowsAffected()
}

func (r failingResult) LastInsertId() (int64, error) {
	if err := r.f.fails(before, r.query); err != nil {
		return 0, err
	}
	return r.Result.LastInsertId()
}

type failingRows struct {
	sqldriver.Rows
	f     *failing
	query string
}

func (r failingRows) Next(dest []sqldriver.Value) error {
	if err := r.f.fails(before, r.query); err != nil {
		return err
	}
	err := r.Rows.Next(dest)
	if err == nil && r.f.fails(spoiled, r.query) != nil {
		copy(dest, slices.Repeat([]sqldriver.Value{time.Time{}}, len(dest)))
	}
	return err
}

// TestFailingOpen: opening tells of every fault, leaves nothing locked or open, and works when tried again.
func TestFailingOpen(t *testing.T) {
	breakable(t)
	for _, way := range []fault{before, after, spoiled} {
		path := t.TempDir() + "/ledger.db"
		for _, file := range []string{"new", "old"} {
			for n := 1; ; n++ {
				broken.arm(way, n, 1)
				s, err := Open(path, Options{})
				fired := broken.disarm()
				if len(fired) == 0 {
					require.NoError(t, err)
					require.NoError(t, s.Close())
					require.Greater(t, n, 1, "%s: no fault in %s", way, file)
					break
				}
				require.Error(t, err, "%s %d: %s", way, n, fired)
				require.Nil(t, s)
				if way != spoiled {
					require.ErrorIs(t, err, errInjected)
				}
			}
		}
	}
}
