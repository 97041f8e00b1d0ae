package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/posline/posline/examples/realtime/payment"
)

// task is one piece of work for the writer: an operation, or anything else that changes the tables.
type task struct {
	op   payment.Op
	done func(payment.Result)

	change func(ctx context.Context, conn *sql.Conn) error
	ended  func(error)

	result payment.Result
	err    error
}

// groupMost is how many tasks a commit may have: more would keep the first of them waiting.
const groupMost = 256

// Submit implements ledger.Store.
func (s *Store) Submit(op payment.Op, done func(payment.Result)) {
	if !s.enqueue(task{op: op, done: done}) {
		go done(payment.Result{Kind: payment.Failed})
	}
}

// change does something else with the tables, together with whatever else is in its group, and waits for its commit.
func (s *Store) change(ctx context.Context, f func(ctx context.Context, conn *sql.Conn) error) error {
	ended := make(chan error, 1)
	if !s.enqueue(task{change: f, ended: func(err error) { ended <- err }}) {
		return ErrClosed
	}
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Store) enqueue(t task) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.queue = append(s.queue, t)
	s.idle.Signal()
	return true
}

// work commits group after group until the store is closed and nothing is left. Another goroutine tells the results, so
// that what follows from them runs while the next group is written.
func (s *Store) work() {
	told := make(chan []task, 1)
	s.writer.Go(func() {
		for group := range told {
			for i := range group {
				group[i].tell()
			}
		}
	})
	defer close(told)
	for {
		group := s.next()
		if group == nil {
			return
		}
		s.commit(group)
		told <- group
	}
}

func (t *task) tell() {
	if t.done != nil {
		t.done(t.result)
	} else {
		t.ended(t.err)
	}
}

// next waits for work and returns it; nil when there will be none.
func (s *Store) next() []task {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) == 0 {
		if s.closed {
			return nil
		}
		s.idle.Wait()
	}
	n := min(len(s.queue), groupMost)
	group := s.queue[:n:n]
	s.queue = s.queue[n:]
	return group
}

// unwritable says what is wrong, what to do, and that nothing is lost by it.
const unwritable = "the ledger cannot be written: make space on its disk, or look for its health; until then no payment is taken, and what is under way waits"

// commit writes a group. When that fails before the commit, each task is tried alone: one must not take the others down.
func (s *Store) commit(group []task) {
	err, sure := s.try(group)
	if err == nil {
		return
	}
	s.log.Error(unwritable, "error", err, "operations", len(group))
	s.tell(fmt.Errorf("%s (%w)", unwritable, err))
	if sure && len(group) > 1 {
		for i := range group {
			s.commit(group[i : i+1])
		}
		return
	}
	for i := range group {
		group[i].err = err
		group[i].result = payment.Result{Kind: payment.Failed}
		if !sure {
			group[i].result.Kind = payment.ResultUnknown
		}
	}
}

// try writes a group in one transaction of the database. With an error, sure tells that nothing was written.
func (s *Store) try(group []task) (err error, sure bool) {
	ctx := context.Background()
	if _, err := s.stmts.begin.ExecContext(ctx); err != nil {
		s.stmts.rollback.ExecContext(ctx) // a transaction that is open nevertheless would be in the way for ever
		return err, true
	}
	v := view{s: s, ctx: ctx, rows: make(map[int64]payment.Row), now: s.now().UnixMilli()}
	for i := range group {
		if err := v.do(&group[i]); err != nil {
			s.stmts.rollback.ExecContext(ctx)
			return err, true
		}
	}
	seedTell(group)
	_, err = s.stmts.commit.ExecContext(ctx)
	if v.posted {
		s.announce() // also where nobody knows whether there is a notice: a look too many costs nothing
	}
	if err != nil {
		s.stmts.rollback.ExecContext(ctx)
		for id := range v.rows {
			delete(s.open, id) // the file alone knows how it is now
		}
		return err, false
	}
	for id, r := range v.rows {
		if r.Ended() {
			delete(s.open, id)
		} else {
			s.open[id] = r
		}
	}
	return nil, true
}

// Changed implements ledger.Outbox.
func (s *Store) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

func (s *Store) announce() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.changed)
	s.changed = make(chan struct{})
}
