package simulation

import (
	"slices"

	"github.com/posline/posline/examples/realtime/payment"
)

// desk is the store of the small world: a few rows in slices, so that it is copied and hashed in no time. What an
// operation does is payment.Apply's to say, as in every store.
type desk struct {
	rows    []payment.Row
	marks   []deskMark
	claims  []deskClaim
	posted  []deskPosting
	epochs  [2]int64
	expired [2]bool
}

type deskMark struct {
	origin payment.Origin
	mark   payment.Mark
}

type deskClaim struct {
	merchant, order string
	row             int64
}

type deskPosting struct {
	row  int64
	kind payment.PostingKind
	sum  int64 // of its entries
}

var _ payment.View = (*desk)(nil)

func (d *desk) clone() *desk {
	c := *d
	c.rows, c.marks, c.claims, c.posted = slices.Clone(d.rows), slices.Clone(d.marks), slices.Clone(d.claims), slices.Clone(d.posted)
	return &c
}

// Mark implements payment.View.
func (d *desk) Mark(o payment.Origin) (payment.Mark, bool) {
	for i := range d.marks {
		if d.marks[i].origin == o {
			return d.marks[i].mark, true
		}
	}
	return payment.Mark{}, false
}

// Row implements payment.View.
func (d *desk) Row(id int64) (payment.Row, bool) {
	for i := range d.rows {
		if d.rows[i].ID == id {
			return d.rows[i], true
		}
	}
	return payment.Row{}, false
}

// Claim implements payment.View.
func (d *desk) Claim(merchant, order string) bool {
	return slices.ContainsFunc(d.claims, func(c deskClaim) bool { return c.merchant == merchant && c.order == order })
}

// Used implements payment.View: there are no limits here.
func (d *desk) Used(string, int32) int64 { return 0 }

// Node implements payment.View.
func (d *desk) Node(node int32) (int64, bool) { return d.epochs[node-1], !d.expired[node-1] }

// apply does an operation; whoever calls it owns the desk.
func (d *desk) apply(op *payment.Op) payment.Result {
	result, w := payment.Apply(d, op, 0)
	if w.Marked {
		d.marks = append(d.marks, deskMark{w.Origin, w.Mark})
	}
	for _, r := range w.Rows {
		if i := slices.IndexFunc(d.rows, func(old payment.Row) bool { return old.ID == r.ID }); i >= 0 {
			d.rows[i] = r
		} else {
			d.rows = append(d.rows, r)
		}
	}
	for _, r := range w.Claim {
		d.claims = append(d.claims, deskClaim{r.Merchant, r.Order, r.ID})
	}
	for _, r := range w.Release {
		d.claims = slices.DeleteFunc(d.claims, func(c deskClaim) bool { return c.row == r.ID })
	}
	for i := range w.Postings {
		p := deskPosting{row: w.Postings[i].Row.ID, kind: w.Postings[i].Kind}
		for _, e := range w.Postings[i].Entries() {
			p.sum += e.Amount
		}
		d.posted = append(d.posted, p)
	}
	return result
}

func (d *desk) find(o payment.Origin) (payment.Row, bool) {
	mark, _ := d.Mark(o)
	return d.Row(mark.ID)
}

// adoptable reports whether a node may take a row over at that time.
func (d *desk) adoptable(row *payment.Row, node int32, due int64) bool {
	epoch, alive := d.Node(row.Owner)
	own := row.Owner == node && row.Epoch == d.epochs[node-1] && row.Due <= due
	return !row.Ended() && (own || epoch != row.Epoch || !alive && row.Owner != node)
}
