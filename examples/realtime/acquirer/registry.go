package acquirer

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/ledger"
)

// registered is a terminal with its session, which the ledger keeps over restarts.
type registered struct {
	Terminal

	mu      sync.Mutex
	current *ledger.Session
	keys    *dialect.WorkKeys
}

// session returns the terminal's session and work keys, or ledger.ErrNotFound before the first sign-in.
func (t *registered) session(ctx context.Context, l *ledger.Ledger) (*ledger.Session, *dialect.WorkKeys, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current != nil {
		return t.current, t.keys, nil
	}
	session, err := l.Session(ctx, t.ID)
	if err != nil {
		return nil, nil, err
	}
	keys, err := dialect.OpenWorkKeys(t.Master, session.WorkKeys)
	if err != nil {
		return nil, nil, err
	}
	t.current, t.keys = session, keys
	return session, keys, nil
}

// signIn gives the terminal new work keys. The batch in field 60 of the answer is the one to work in.
func (s *Switch) signIn(x *exchange) (code string, err error) {
	t := x.terminal
	block, err := dialect.GenerateWorkKeys(t.Master, t.MACBits)
	if err != nil {
		return "96", err
	}
	keys, err := dialect.OpenWorkKeys(t.Master, block)
	if err != nil {
		return "96", err
	}
	session := &ledger.Session{Terminal: t.ID, Day: time.Now().Format(time.DateOnly), WorkKeys: block}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := s.cfg.Ledger.SignIn(s.ctx, session); err != nil {
		return "96", err
	}
	t.current, t.keys = session, keys
	x.response.Set(60, "00"+batchText(session.Batch)+"003")
	x.response.SetBytes(62, block)
	return "00", nil
}

func batchText(batch int) string { return fmt.Sprintf("%06d", batch) }
