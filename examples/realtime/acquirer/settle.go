package acquirer

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/posline/posline/examples/realtime/channel"
	"github.com/posline/posline/examples/realtime/ledger"
)

// flight is the work on one transaction. Only one goroutine has it at a time.
type flight struct {
	active bool
	tries  int
	due    time.Time
}

const (
	lookEvery  = 100 * time.Millisecond // for transactions to settle
	retryFirst = 100 * time.Millisecond // doubled with each failure
	retryMost  = 2 * time.Second
	settlers   = 16 // transactions settled at the same time
)

// fly takes a transaction; done gives it back. It is false while somebody else has it.
func (s *Switch) fly(id int64) (done func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.inFlight[id]
	if f == nil {
		f = new(flight)
		s.inFlight[id] = f
	}
	if f.active {
		return nil, false
	}
	f.active = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		f.active = false
	}, true
}

// flyDue is fly for a transaction that is to be settled, if its pause is over; tries counts the calls.
func (s *Switch) flyDue(id int64) (done func(), tries int, ok bool) {
	s.mu.Lock()
	f := s.inFlight[id]
	early := f != nil && time.Now().Before(f.due)
	s.mu.Unlock()
	if early {
		return nil, 0, false
	}
	if done, ok = s.fly(id); !ok {
		return nil, 0, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f = s.inFlight[id]
	f.due = time.Now().Add(min(retryMost, retryFirst<<min(f.tries, 10)))
	f.tries++
	return done, f.tries, true
}

// kick makes Settle look at once.
func (s *Switch) kick() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Settle brings to an end, until its context ends, what is not at one: what an earlier process left behind, and whatever
// the handlers gave up.
func (s *Switch) Settle(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	slots := make(chan struct{}, settlers)
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for ctx.Err() == nil {
		list, err := s.cfg.Ledger.Unsettled(ctx)
		if err != nil && ctx.Err() == nil {
			s.cfg.Logger.Error("looking for what to settle", "error", err)
		}
		s.forget(list)
		for _, t := range list {
			if t.Kind == ledger.Void {
				continue // ends with its sale
			}
			if s.fresh(t) {
				continue
			}
			done, tries, ok := s.flyDue(t.ID)
			if !ok {
				continue
			}
			slots <- struct{}{}
			running.Go(func() {
				defer func() { done(); <-slots }()
				if err := s.settle(ctx, t.ID, tries); err != nil && ctx.Err() == nil {
					s.cfg.Logger.Info("settling", "reference", t.Reference(), "state", t.State, "try", tries, "error", err)
				}
			})
		}
		select {
		case <-ticker.C:
		case <-s.wake:
		case <-ctx.Done():
		}
	}
}

// forget drops the flights of transactions that are settled.
func (s *Switch) forget(unsettled []*ledger.Transaction) {
	s.mu.Lock()
	defer s.mu.Unlock()
	keep := make(map[int64]bool, len(unsettled))
	for _, t := range unsettled {
		keep[t.ID] = true
	}
	for id, f := range s.inFlight {
		if !keep[id] && !f.active {
			delete(s.inFlight, id)
		}
	}
}

// fresh reports whether the handler of a transaction is about to take it. Settle must not be faster, even for a moment.
func (s *Switch) fresh(t *ledger.Transaction) bool {
	return t.State == ledger.Created && time.Since(t.Created) < s.cfg.Patience
}

// settle takes one transaction a step further. It reads it anew: the list may be older than its last step.
func (s *Switch) settle(ctx context.Context, id int64, tries int) error {
	t, err := s.cfg.Ledger.Get(ctx, id)
	if err != nil {
		return err
	}
	over := s.channel(t)
	querier, canAsk := over.(channel.Querier)
	switch {
	case t.State == ledger.Created:
		return s.cfg.Ledger.Decline(ctx, id, "96") // the channel has not heard of it
	case t.Undo != ledger.Keep && t.State != ledger.Reversed && t.State != ledger.Declined:
		return s.undo(t, tries > 1 || t.Created.Before(s.started))
	case t.State != ledger.Sent && t.State != ledger.Unknown:
		return nil
	case canAsk:
		return s.ask(ctx, querier, t)
	}
	s.kick()
	return s.cfg.Ledger.GiveUp(ctx, id)
}

// ask queries how a payment went. What is not decided when patience ends is cancelled.
func (s *Switch) ask(ctx context.Context, over channel.Querier, t *ledger.Transaction) error {
	answer, err := over.Query(ctx, t.Reference())
	switch {
	case err == nil && answer.Outcome == channel.Approved:
		return s.cfg.Ledger.Approve(ctx, t.ID, answer.Authorisation)
	case err == nil && answer.Outcome == channel.Declined:
		return s.cfg.Ledger.Decline(ctx, t.ID, answer.Code)
	case time.Since(t.Created) > 2*s.cfg.Patience:
		s.kick()
		return errors.Join(err, s.cfg.Ledger.GiveUp(ctx, t.ID))
	}
	return err
}
