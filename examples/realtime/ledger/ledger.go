package ledger

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the database driver
)

//go:embed schema.sql
var schema string

// Errors of this package; test for them with errors.Is.
var (
	ErrNotFound   = errors.New("ledger: no such transaction")
	ErrState      = errors.New("ledger: the transaction is not in a state for this")
	ErrDuplicate  = errors.New("ledger: terminal, batch and STAN are taken")
	ErrOrderPaid  = errors.New("ledger: the order is paid, or being paid")
	ErrReversed   = errors.New("ledger: it was reversed, or refused, before it came")
	ErrUnbalanced = errors.New("ledger: a posting does not balance")
)

// Ledger is an open database. It is safe for concurrent use; one process writes at a time.
type Ledger struct {
	write *sql.DB // one connection: SQLite has one writer
	read  *sql.DB

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when there are new events
}

// Open opens or creates the database file. A commit is on the disk when it returns.
func Open(path string) (*Ledger, error) {
	write, err := open(path, "_txlock=immediate&_pragma=journal_mode(WAL)")
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	if _, err := write.Exec(schema); err != nil {
		write.Close()
		return nil, fmt.Errorf("ledger: %w", err)
	}
	read, err := open(path, "_pragma=query_only(1)")
	if err != nil {
		write.Close()
		return nil, err
	}
	read.SetMaxOpenConns(4)
	return &Ledger{write: write, read: read, changed: make(chan struct{})}, nil
}

func open(path, options string) (*sql.DB, error) {
	const always = "_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)"
	return sql.Open("sqlite", "file:"+url.PathEscape(path)+"?"+options+"&"+always)
}

// Close closes the database.
func (l *Ledger) Close() error { return errors.Join(l.read.Close(), l.write.Close()) }

// Changed returns a channel that is closed when events have been added after the call.
func (l *Ledger) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

func (l *Ledger) announce() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.changed)
	l.changed = make(chan struct{})
}

// change runs a database transaction.
func (l *Ledger) change(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := l.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// one runs an UPDATE that must change one row; another number is ErrState.
func one(ctx context.Context, tx *sql.Tx, statement string, args ...any) error {
	result, err := tx.ExecContext(ctx, statement, args...)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(ErrState, err)
	}
	return nil
}

func now() int64 { return time.Now().UnixMilli() }
