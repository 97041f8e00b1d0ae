package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/payment"
)

// run executes a statement of a change; an error of the database fails the whole group.
func run(ctx context.Context, conn *sql.Conn, statement string, args ...any) (n int64, err error) {
	result, err := conn.ExecContext(ctx, statement, args...)
	if err == nil {
		n, err = result.RowsAffected()
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", errWrite, err)
	}
	return n, err
}

// runPrepared executes one of the writer's statements.
func runPrepared(ctx context.Context, statement *sql.Stmt, args ...any) error {
	if _, err := statement.ExecContext(ctx, args...); err != nil {
		return fmt.Errorf("%w: %w", errWrite, err)
	}
	return nil
}

// Join implements ledger.Store.
func (s *Store) Join(ctx context.Context, node int32) (int64, error) {
	var epoch int64 // which the writer may still set when the context has ended
	err := s.change(ctx, func(ctx context.Context, conn *sql.Conn) error {
		err := conn.QueryRowContext(ctx, `INSERT INTO node (id, epoch, until) VALUES (?, 1, ?)
			ON CONFLICT (id) DO UPDATE SET epoch = epoch + 1, until = excluded.until RETURNING epoch`,
			node, s.now().UnixMilli()+ledger.LeaseTime).Scan(&epoch)
		if err != nil {
			return fmt.Errorf("%w: %w", errWrite, err)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return epoch, nil
}

// Renew implements ledger.Store.
func (s *Store) Renew(ctx context.Context, node int32, epoch int64) error {
	return s.change(ctx, func(ctx context.Context, conn *sql.Conn) error {
		n, err := run(ctx, conn, "UPDATE node SET until = ? WHERE id = ? AND epoch = ?", s.now().UnixMilli()+ledger.LeaseTime, node, epoch)
		if err == nil && n == 0 {
			err = ledger.ErrFenced
		}
		return err
	})
}

// Open implements ledger.Store.
func (s *Store) Open(ctx context.Context, node int32, epoch, now int64, limit int) ([]payment.Row, error) {
	return s.rows(ctx, `SELECT `+rowColumns+` FROM txn WHERE due > 0 AND (owner = ? AND epoch = ? AND due <= ? OR
		epoch <> (SELECT n.epoch FROM node n WHERE n.id = owner) OR
		owner <> ? AND ? >= (SELECT n.until FROM node n WHERE n.id = owner)) ORDER BY due, id LIMIT ?`,
		node, epoch, now, node, s.now().UnixMilli(), limit)
}

// LastID implements ledger.Store. A node's IDs share their time with those of others, so it is the greatest of them all:
// those that the node gives are greater in any case.
func (s *Store) LastID(ctx context.Context, _ int32) (id int64, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT coalesce(max(id), 0) FROM txn").Scan(&id)
	return id, err
}

// SignIn implements ledger.Store.
func (s *Store) SignIn(ctx context.Context, t *ledger.TerminalSession) error {
	args := []any{t.Terminal, t.Batch, t.Keys, list(t.Before), t.At, list(t.Asked), t.Version, t.Terminal}
	err := s.change(ctx, func(ctx context.Context, conn *sql.Conn) error {
		n, err := run(ctx, conn, `INSERT INTO terminal_session (terminal, version, batch, keys, before, at, asked) SELECT ?, 1, ?, ?, ?, ?, ?
			WHERE ? = coalesce((SELECT version FROM terminal_session WHERE terminal = ?), 0)
			ON CONFLICT (terminal) DO UPDATE SET version = version + 1, batch = excluded.batch, keys = excluded.keys, before = excluded.before,
			at = excluded.at, asked = excluded.asked`, args...)
		if err == nil && n == 0 {
			err = ledger.ErrStale
		}
		return err
	})
	if err == nil {
		t.Version++ // not before the commit, which may fail, or take more than one try
	}
	return err
}

// Session implements ledger.Store.
func (s *reader) Session(ctx context.Context, terminal string) (t ledger.TerminalSession, err error) {
	var before, asked []byte
	err = s.db.QueryRowContext(ctx, "SELECT terminal, version, batch, keys, before, at, asked FROM terminal_session WHERE terminal = ?", terminal).
		Scan(&t.Terminal, &t.Version, &t.Batch, &t.Keys, &before, &t.At, &asked)
	if errors.Is(err, sql.ErrNoRows) {
		err = ledger.ErrNotFound
	}
	if err == nil {
		err = errors.Join(readList(before, &t.Before), readList(asked, &t.Asked))
	}
	if err != nil {
		return ledger.TerminalSession{}, err
	}
	return t, nil
}

// list is how a list is kept in one column: as JSON, or NULL without elements.
func list[T any](elements []T) any {
	if len(elements) == 0 {
		return nil
	}
	text, _ := json.Marshal(elements) // numbers and bytes, which cannot fail
	return text
}

func readList[T any](text []byte, elements *[]T) error {
	if text == nil {
		return nil
	}
	if err := json.Unmarshal(text, elements); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}

// Used implements ledger.Store.
func (s *Store) Used(ctx context.Context, terminal string, version int64) error {
	return s.change(ctx, func(ctx context.Context, conn *sql.Conn) error {
		_, err := run(ctx, conn, "UPDATE terminal_session SET before = NULL WHERE terminal = ? AND version = ?", terminal, version)
		return err
	})
}

// Prune implements ledger.Store.
func (s *Store) Prune(ctx context.Context, before int64) (int, error) {
	var n int64 // which the writer may still set when the context has ended
	err := s.change(ctx, func(ctx context.Context, conn *sql.Conn) (err error) {
		n, err = run(ctx, conn, "DELETE FROM origin WHERE txn = 0 AND at < ?", before)
		return err
	})
	if err != nil {
		return 0, err
	}
	return int(n), nil
}
