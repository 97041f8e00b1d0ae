// Package sqlite is the ledger in one SQLite file, for one process at a time.
//
// One goroutine writes. It takes all operations that have queued while its last commit ran and commits them together,
// so that a lone terminal waits for nothing and two hundred share a sync of the disk. Statements are prepared once.
// Rows that are not at an end are kept in memory, which is right because nobody else writes the file: Open locks it.
package sqlite

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the database driver

	"github.com/posline/posline/examples/realtime/internal/lock"
	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/payment"
)

//go:embed schema.sql
var schema string

// Options are what Open may be told. The zero value is good.
type Options struct {
	Logger *slog.Logger     // of trouble with the file; default: none
	Now    func() time.Time // default: the machine's clock

	// Trouble is told, besides the log, when the file cannot be written, with what to do. It must not block.
	Trouble func(err error)
}

// Store is an open ledger. It implements ledger.Store and is safe for concurrent use.
type Store struct {
	reader
	write  *sql.Conn
	pool   *sql.DB
	lock   *os.File
	log    *slog.Logger
	tell   func(error)
	now    func() time.Time
	stmts  statements
	open   map[int64]payment.Row // rows that are not at an end, as committed
	writer sync.WaitGroup

	mu      sync.Mutex
	queue   []task
	idle    sync.Cond // the writer waits for work
	closed  bool
	changed chan struct{} // closed and replaced when there are new notices
}

var _ ledger.Store = (*Store)(nil)

// ErrDamaged is the error of a file that is not a sound database. Nothing is written to it.
var ErrDamaged = errors.New("sqlite: the database is damaged: restore it from a copy, or begin with an empty folder")

// ErrInUse is the error of a file that another process has open.
var ErrInUse = fmt.Errorf("sqlite: the database: %w", lock.ErrInUse)

// ErrClosed is the error of a store that is closed.
var ErrClosed = errors.New("sqlite: closed")

// Open opens or creates the file, which nobody but its owner may read. It fails with ErrInUse while another process has
// it, and with ErrDamaged when it is not sound.
func Open(path string, options Options) (_ *Store, err error) {
	s := &Store{log: options.Logger, now: options.Now, tell: options.Trouble, open: make(map[int64]payment.Row), changed: make(chan struct{})}
	s.idle.L = &s.mu
	if s.tell == nil {
		s.tell = func(error) {}
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.lock, err = lock.File(path + ".lock"); errors.Is(err, lock.ErrInUse) {
		return nil, ErrInUse
	} else if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.release()
		}
	}()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // SQLite gives its own files the same mode
	if err != nil {
		return nil, err
	}
	file.Close()
	if s.pool, err = connect(path, "_txlock=immediate&_pragma=journal_mode(WAL)"); err != nil {
		return nil, err
	}
	if err := s.prepare(); err != nil {
		return nil, err
	}
	if s.reader.db, err = connect(path, "_pragma=query_only(1)"); err != nil {
		return nil, err
	}
	s.reader.db.SetMaxOpenConns(4)
	s.writer.Go(s.work)
	return s, nil
}

// driver is the name of the database driver.
var driver = "sqlite"

// connect opens a pool of connections whose commits are on the disk when they return.
func connect(path, options string) (*sql.DB, error) {
	const always = "_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)"
	return sql.Open(driver, "file:"+url.PathEscape(path)+"?"+options+"&"+always)
}

// prepare checks the file, makes its tables and prepares the writer's statements.
func (s *Store) prepare() (err error) {
	ctx := context.Background()
	if s.write, err = s.pool.Conn(ctx); err != nil {
		return fmt.Errorf("%w (%w)", ErrDamaged, err)
	}
	var sound string
	if err := s.write.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&sound); err != nil || sound != "ok" {
		return errors.Join(ErrDamaged, err)
	}
	if _, err := s.write.ExecContext(ctx, schema); err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	return s.stmts.prepare(ctx, s.write)
}

// Close ends the store after what was submitted before.
func (s *Store) Close() error {
	s.mu.Lock()
	s.closed = true
	s.idle.Signal()
	s.mu.Unlock()
	s.writer.Wait()
	return s.release()
}

func (s *Store) release() (err error) {
	s.stmts.close()
	if s.write != nil {
		err = s.write.Close()
	}
	for _, db := range []*sql.DB{s.reader.db, s.pool} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	return errors.Join(err, s.lock.Close())
}
