package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/posline/posline/examples/realtime/payment"
)

// view is what payment.Apply sees of the tables within a group. An error stays in err.
type view struct {
	s      *Store
	ctx    context.Context
	now    int64
	rows   map[int64]payment.Row // written in the group
	posted bool
	err    error
}

var _ payment.View = (*view)(nil)

// do carries out a task.
func (v *view) do(t *task) error {
	if t.change != nil {
		t.err = t.change(v.ctx, v.s.write)
		if errors.Is(t.err, errWrite) {
			return t.err
		}
		return nil
	}
	result, w := payment.Apply(v, &t.op, v.now)
	if v.err == nil {
		v.write(&w)
	}
	t.result = result
	return v.err
}

// errWrite marks an error of the database, as opposed to one that tells of what is in it.
var errWrite = errors.New("sqlite: write")

// note keeps the first error that is not a missing row.
func (v *view) note(err error) bool {
	if err != nil && !errors.Is(err, sql.ErrNoRows) && v.err == nil {
		v.err = err
	}
	return err == nil
}

// Mark implements payment.View.
func (v *view) Mark(o payment.Origin) (m payment.Mark, ok bool) {
	row := v.s.stmts.mark.QueryRowContext(v.ctx, o.Terminal, o.Batch, o.STAN, o.Acquirer)
	ok = v.note(row.Scan(&m.ID, &m.Code, &m.Amount, &m.Hash, &m.Order, &m.At))
	return m, ok
}

// Row implements payment.View.
func (v *view) Row(id int64) (payment.Row, bool) {
	if r, ok := v.rows[id]; ok {
		return r, true
	}
	if r, ok := v.s.open[id]; ok {
		return r, true
	}
	r, err := scanRow(v.s.stmts.row.QueryRowContext(v.ctx, id))
	return r, v.note(err)
}

// Claim implements payment.View.
func (v *view) Claim(merchant, order string) bool {
	var one int
	return v.note(v.s.stmts.claimed.QueryRowContext(v.ctx, merchant, order).Scan(&one))
}

// Used implements payment.View.
func (v *view) Used(merchant string, day int32) (amount int64) {
	v.note(v.s.stmts.taken.QueryRowContext(v.ctx, merchant, day).Scan(&amount))
	return amount
}

// Node implements payment.View.
func (v *view) Node(node int32) (epoch int64, alive bool) {
	var until int64
	v.note(v.s.stmts.node.QueryRowContext(v.ctx, node).Scan(&epoch, &until))
	return epoch, until > v.now
}

func (v *view) exec(s *sql.Stmt, args ...any) sql.Result {
	if v.err != nil {
		return nil
	}
	result, err := s.ExecContext(v.ctx, args...)
	v.err = err
	return result
}

// write writes what an operation changes.
func (v *view) write(w *payment.Write) {
	st := &v.s.stmts
	if w.Marked {
		o, m := &w.Origin, &w.Mark
		v.exec(st.setMark, o.Acquirer, o.Terminal, o.Batch, o.STAN, m.ID, m.Code, m.Amount, m.Hash, m.Order, m.At)
	}
	for i := range w.Rows {
		v.writeRow(&w.Rows[i])
	}
	for i := range w.Claim {
		v.exec(st.claim, w.Claim[i].Merchant, w.Claim[i].Order, w.Claim[i].ID)
	}
	for i := range w.Release {
		v.exec(st.release, w.Release[i].Merchant, w.Release[i].Order, w.Release[i].ID)
	}
	for _, u := range w.Use {
		v.exec(st.take, u.Merchant, u.Day, u.Amount)
	}
	for i := range w.Postings {
		v.post(&w.Postings[i])
	}
}

func (v *view) writeRow(r *payment.Row) {
	v.rows[r.ID] = *r
	if r.Rev == 1 {
		v.exec(v.s.stmts.insert, rowValues(r)...)
		return
	}
	result := v.exec(v.s.stmts.update, r.State, r.Undo, r.Approved, r.Captured, r.Refunded, r.Void, r.Settled, r.Channel, r.Line,
		r.ChannelRef, r.Auth, r.Code, r.Owner, r.Epoch, r.Due, r.Rev, r.ID, r.Rev-1)
	if v.err != nil {
		return
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		v.err = errors.Join(fmt.Errorf("sqlite: row %s is not at revision %d", r.Reference(), r.Rev-1), err)
	}
}

func (v *view) post(p *payment.Posting) {
	st := &v.s.stmts
	result := v.exec(st.post, p.Row.ID, p.Kind, p.Amount, p.Fee, p.At)
	if v.err != nil {
		return
	}
	var id int64
	id, v.err = result.LastInsertId()
	for side, e := range p.Entries() {
		v.exec(st.entry, id, side, e.Account, e.Amount)
	}
	if seedNotice(p) {
		return
	}
	about := p.Row.ID
	if p.Row.Kind == payment.Refund {
		about = p.Row.Parent
	}
	v.exec(st.event, id, p.Row.Merchant, p.At, p.Row.ID, about)
	v.posted = true
}
