package ledger

import (
	"context"
	"database/sql"
	"errors"
)

// Session is what is known of a terminal that has signed in.
type Session struct {
	Terminal string
	Batch    int    // 1 to 999999
	Day      string // business day of the sign-in, YYYY-MM-DD
	WorkKeys []byte // as field 62 carries them, under the terminal master key
}

// Session returns a terminal's session, or ErrNotFound.
func (l *Ledger) Session(ctx context.Context, terminal string) (*Session, error) {
	s := Session{Terminal: terminal}
	err := l.read.QueryRowContext(ctx, "SELECT batch, day, work_keys FROM terminal_session WHERE terminal = ?", terminal).
		Scan(&s.Batch, &s.Day, &s.WorkKeys)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return &s, err
}

// SignIn records new work keys and the day, and sets s.Batch: a new day begins a new batch.
func (l *Ledger) SignIn(ctx context.Context, s *Session) error {
	return l.change(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `INSERT INTO terminal_session (terminal, batch, day, work_keys) VALUES (?, 1, ?, ?)
			ON CONFLICT (terminal) DO UPDATE SET batch = CASE day WHEN excluded.day THEN batch ELSE batch % 999999 + 1 END,
			day = excluded.day, work_keys = excluded.work_keys RETURNING batch`, s.Terminal, s.Day, s.WorkKeys).Scan(&s.Batch)
	})
}
