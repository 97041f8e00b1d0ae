package simulation

import (
	"fmt"
	"slices"
	"strings"

	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/examples/realtime/terminal/engine"
)

// always returns what is wrong with a state, whatever will follow.
func (w *small) always() string {
	paid, shownPaid := 0, 0
	for _, r := range w.desk.rows {
		if r.Posted() && r.Parent == 0 {
			paid++
		}
		if r.Kind != payment.Void && r.State == payment.Approved && r.Undo == payment.Keep && r.Void == 0 {
			if h := w.holding(r.ID); h == nil || h.state != 'h' {
				return fmt.Sprintf("%v %s is approved and nobody holds the money", r.Kind, r.Reference())
			}
		}
	}
	if paid > 1 {
		return "the order is posted as paid twice"
	}
	for _, t := range w.terms {
		if t.shown[0].status == engine.Approved && t.shown[1].kind != payment.Void {
			shownPaid++
		}
	}
	if shownPaid > 1 {
		return "the order was shown as paid twice"
	}
	return w.postings()
}

// postings checks that each kind is there once a row, a taking back only after its payment, and that all balance.
func (w *small) postings() string {
	for i, p := range w.desk.posted {
		before := func(kind payment.PostingKind) bool {
			return slices.ContainsFunc(w.desk.posted[:i], func(o deskPosting) bool { return o.row == p.row && o.kind == kind })
		}
		if p.sum != 0 || before(p.kind) || p.kind == payment.TakenBack && !before(payment.Paid) {
			return fmt.Sprintf("the posting %v of %s", p.kind, payment.Reference(p.row))
		}
	}
	return ""
}

// settled reports whether nothing is on its way and nothing is to be done.
func (w *small) settled() bool {
	if len(w.toNode)+len(w.toTerm)+len(w.toBank)+len(w.fromBank) > 0 {
		return false
	}
	for _, n := range w.nodes {
		if !n.up || len(n.flights) > 0 {
			return false
		}
	}
	for i, t := range w.terms {
		if t.Phase != engine.Idle || t.step < len(w.scripts[i]) && w.mayPress(i) {
			return false
		}
	}
	return !slices.ContainsFunc(w.desk.rows, func(r payment.Row) bool { return !r.Ended() })
}

// atEnd returns what is wrong with a settled state: who holds money, who was told so, and who is told that it is gone.
func (w *small) atEnd() string {
	for _, h := range w.bank {
		r, ok := w.desk.Row(h.id)
		approved := ok && r.State == payment.Approved
		if (h.state == 'h') != approved {
			return fmt.Sprintf("the channel has %s as %c, the ledger as %v", payment.Reference(h.id), h.state, r.State)
		}
	}
	for i, t := range w.terms {
		for step, s := range t.shown {
			r, ok := w.desk.find(w.origin(i, s.stan))
			voided := step == 0 && t.shown[1].kind == payment.Void && t.shown[1].status == engine.Approved
			approved := ok && r.State == payment.Approved
			if s.kind != 0 && !voided && (s.status == engine.Approved) != approved {
				return fmt.Sprintf("terminal %d has shown its %v as %v, the ledger has %v", i, s.kind, s.status, r.State)
			}
		}
	}
	return ""
}

// outcome tells how a settled world has ended.
func (w *small) outcome() string {
	var parts []string
	for _, r := range w.desk.rows {
		parts = append(parts, fmt.Sprintf("%v %v", r.Kind, r.State))
	}
	shown := len(parts)
	for _, t := range w.terms {
		for _, s := range t.shown {
			if s.kind != 0 {
				parts = append(parts, fmt.Sprintf("shown %v", s.status))
			}
		}
	}
	if w.twins {
		slices.Sort(parts[shown:])
	}
	return strings.Join(parts, ", ")
}
