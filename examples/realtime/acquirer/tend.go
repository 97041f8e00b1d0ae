package acquirer

import (
	"context"
	"time"

	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/payment"
)

const (
	lookEvery  = 100 * time.Millisecond // for rows to take up
	renewEvery = ledger.LeaseTime / 3   // milliseconds
	adoptMost  = 1000                   // rows at a time, besides those that fly
	keepMarks  = 7 * 24 * time.Hour     // of requests that nothing came of
	pruneEvery = time.Hour
)

// tended is when what was done last, in milliseconds.
type tended struct{ renewed, pruned int64 }

// Tend does once what Run does for ever; whoever calls it does so every lookEvery.
func (s *Switch) Tend(ctx context.Context) error {
	now := s.now()
	if now-s.tended.renewed >= renewEvery || now < s.tended.renewed {
		if err := s.cfg.Store.Renew(ctx, s.cfg.Node, s.epoch); err != nil {
			return err
		}
		s.tended.renewed = now
	}
	if now-s.tended.pruned >= pruneEvery.Milliseconds() || now < s.tended.pruned {
		if _, err := s.cfg.Store.Prune(ctx, now-keepMarks.Milliseconds()); err != nil {
			return err
		}
		s.tended.pruned = now
	}
	s.mu.Lock()
	limit := adoptMost + len(s.flying)
	s.mu.Unlock()
	rows, err := s.cfg.Store.Open(ctx, s.cfg.Node, s.epoch, now, limit)
	if err != nil {
		return err
	}
	for i := range rows {
		s.adopt(&rows[i])
	}
	return nil
}

// adopt takes up a row, unless somebody works on it here.
func (s *Switch) adopt(row *payment.Row) {
	s.mu.Lock()
	flies := s.flying[row.ID] > 0 || s.stopped
	s.mu.Unlock()
	if !flies && !seedAbandon() {
		s.launch(row.Channel, nil, payment.Event{Kind: payment.Adopted, Row: *row})
	}
}
