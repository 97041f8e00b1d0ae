package model

import (
	"context"

	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/payment"
)

// Store is a ledger.Store on a Book, without a disk and without goroutines: what is submitted is done, and its result told,
// before Submit returns. It is not safe for concurrent use.
type Store struct {
	Book
	Now func() int64 // milliseconds since 1970
}

var _ ledger.Store = (*Store)(nil)

// Submit implements ledger.Store.
func (s *Store) Submit(op payment.Op, done func(payment.Result)) {
	r := s.Apply(&op, s.Now())
	s.Sync()
	done(r)
}

// Join implements ledger.Store.
func (s *Store) Join(_ context.Context, node int32) (int64, error) {
	return s.Book.Join(node, s.Now()), nil
}

// Renew implements ledger.Store.
func (s *Store) Renew(_ context.Context, node int32, epoch int64) error {
	return s.Book.Renew(node, epoch, s.Now())
}

// Row implements ledger.Store.
func (s *Store) Row(_ context.Context, id int64) (payment.Row, error) {
	if r, ok := s.Book.Row(id); ok {
		return r, nil
	}
	return payment.Row{}, ledger.ErrNotFound
}

// Open implements ledger.Store.
func (s *Store) Open(_ context.Context, node int32, epoch, now int64, limit int) ([]payment.Row, error) {
	return s.Book.Open(node, epoch, now, s.Now(), limit), nil
}

// SignIn implements ledger.Store.
func (s *Store) SignIn(_ context.Context, t *ledger.TerminalSession) error {
	return s.Book.SignIn(t)
}

// Session implements ledger.Store.
func (s *Store) Session(_ context.Context, id string) (ledger.TerminalSession, error) {
	if t, ok := s.Book.Session(id); ok {
		return t, nil
	}
	return ledger.TerminalSession{}, ledger.ErrNotFound
}

// Used implements ledger.Store.
func (s *Store) Used(_ context.Context, id string, version int64) error {
	s.UsedKeys(id, version)
	return nil
}

// Prune implements ledger.Store.
func (s *Store) Prune(_ context.Context, before int64) (int, error) { return s.Book.Prune(before), nil }

// LastID implements ledger.Store.
func (s *Store) LastID(context.Context, int32) (int64, error) { return s.Book.LastID(), nil }

// Close implements ledger.Store.
func (s *Store) Close() error { return nil }

// Waiting implements ledger.Outbox.
func (s *Store) Waiting(_ context.Context, now int64) ([]string, int64, error) {
	merchants, next := s.Book.Waiting(now)
	return merchants, next, nil
}

// Number implements ledger.Outbox.
func (s *Store) Number(_ context.Context, merchant string) error {
	s.Book.Number(merchant)
	return nil
}

// Due implements ledger.Outbox.
func (s *Store) Due(_ context.Context, merchant string, now int64, limit int) ([]ledger.Outgoing, error) {
	return s.Book.Due(merchant, now, limit), nil
}

// Delivered implements ledger.Outbox.
func (s *Store) Delivered(_ context.Context, ids []int64, _ int64) error {
	s.Book.Delivered(ids)
	return nil
}

// Failed implements ledger.Outbox.
func (s *Store) Failed(_ context.Context, id, again int64) error {
	s.Book.Failed(id, again)
	return nil
}

// After implements ledger.Outbox.
func (s *Store) After(_ context.Context, merchant string, seq int64, limit int) ([]ledger.Outgoing, error) {
	return s.Book.After(merchant, seq, limit), nil
}

// Changed implements ledger.Outbox. Nobody is woken: whoever works with a model looks by himself.
func (s *Store) Changed() <-chan struct{} { return nil }

// Rows implements ledger.Reader.
func (s *Store) Rows(context.Context) ([]payment.Row, error) { return s.Book.Rows(), nil }

// Postings implements ledger.Reader.
func (s *Store) Postings(context.Context) ([]ledger.Posted, error) { return s.Book.Postings(), nil }

// Notices implements ledger.Reader.
func (s *Store) Notices(context.Context) ([]ledger.Outgoing, error) { return s.Book.Notices(), nil }
