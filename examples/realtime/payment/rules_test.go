package payment

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// shelf is a View of a few rows.
type shelf struct {
	marks   map[Origin]Mark
	rows    map[int64]Row
	claimed bool
	used    int64
	epochs  map[int32]int64
	dead    map[int32]bool
}

func (s *shelf) Mark(o Origin) (Mark, bool)            { m, ok := s.marks[o]; return m, ok }
func (s *shelf) Row(id int64) (Row, bool)              { r, ok := s.rows[id]; return r, ok }
func (s *shelf) Claim(string, string) bool             { return s.claimed }
func (s *shelf) Used(string, int32) int64              { return s.used }
func (s *shelf) Node(node int32) (epoch int64, _ bool) { return s.epochs[node], !s.dead[node] }

func from(stan string) Origin {
	return Origin{Acquirer: "48025800", Terminal: "10000001", Batch: "000001", STAN: stan}
}

// newShelf has one row of a kind and state under STAN 000001, owned by node 1 in its epoch 5.
func newShelf(row Row) *shelf {
	row.ID, row.Origin, row.Rev, row.Owner, row.Epoch = 1, from("000001"), 3, 1, 5
	row.Merchant, row.Currency, row.Order, row.Hash, row.Day, row.FeePPM = "m", "156", "D-1", "hash", 20261130, 6000
	row.Channel, row.Line, row.Payer = "bank", "line 1", "621797*********2002"
	return &shelf{marks: map[Origin]Mark{row.Origin: {ID: 1}}, rows: map[int64]Row{1: row}, epochs: map[int32]int64{1: 5, 2: 7}, dead: map[int32]bool{}}
}

// TestLegal goes through all changes of a state: these are allowed, and no others.
func TestLegal(t *testing.T) {
	reversible := strings.Fields(`
		SENT->SENT SENT->SENTa SENT->SENTg SENTa->SENTa SENTa->SENTg SENTg->SENTa SENTg->SENTg
		SENT->UNKNOWNa SENT->UNKNOWNg SENTa->UNKNOWNa SENTa->UNKNOWNg SENTg->UNKNOWNa SENTg->UNKNOWNg
		SENT->APPROVED UNKNOWN->APPROVED
		UNKNOWN->UNKNOWN UNKNOWN->UNKNOWNa UNKNOWN->UNKNOWNg UNKNOWNa->UNKNOWNa UNKNOWNa->UNKNOWNg UNKNOWNg->UNKNOWNa UNKNOWNg->UNKNOWNg
		SENT->DECLINED SENT->DECLINEDa SENT->DECLINEDg SENTa->DECLINED SENTa->DECLINEDa SENTa->DECLINEDg SENTg->DECLINED SENTg->DECLINEDa SENTg->DECLINEDg
		UNKNOWN->DECLINED UNKNOWN->DECLINEDa UNKNOWN->DECLINEDg UNKNOWNa->DECLINED UNKNOWNa->DECLINEDa UNKNOWNa->DECLINEDg UNKNOWNg->DECLINED UNKNOWNg->DECLINEDa UNKNOWNg->DECLINEDg
		SENTa->REVERSEDa SENTa->REVERSEDg SENTg->REVERSEDa SENTg->REVERSEDg
		UNKNOWNa->REVERSEDa UNKNOWNa->REVERSEDg UNKNOWNg->REVERSEDa UNKNOWNg->REVERSEDg
		APPROVED->APPROVED APPROVED->APPROVEDa APPROVED->APPROVEDg APPROVEDa->APPROVEDa APPROVEDa->APPROVEDg APPROVEDg->APPROVEDa APPROVEDg->APPROVEDg
		APPROVEDa->REVERSEDa APPROVEDa->REVERSEDg APPROVEDg->REVERSEDa APPROVEDg->REVERSEDg`)
	letters := [undos]string{"", "a", "g"}
	for kind := Sale; kind < kinds; kind++ {
		want := make(map[string]bool)
		for _, name := range reversible {
			to := strings.TrimRight(name[strings.Index(name, ">")+1:], "ag")
			never := kind.Carried() && (to == "REVERSED" || to == "UNKNOWN" && !strings.HasPrefix(name, "UNKNOWN")) || kind == Void && to == "DECLINED"
			want[name] = !never
		}
		for a := Sent; a < states; a++ {
			for b := Sent; b < states; b++ {
				for u := Keep; u < undos; u++ {
					for v := Keep; v < undos; v++ {
						name := fmt.Sprint(a, letters[u], "->", b, letters[v])
						was, row := Row{Kind: kind, State: a, Undo: u, Amount: 10}, Row{Kind: kind, State: b, Undo: v, Amount: 10, Approved: 10}
						require.Equal(t, want[name], legal(&was, &row), "%v: %s", kind, name)
					}
				}
			}
		}
	}
	for approved, good := range map[int64]bool{-1: false, 0: false, 1: true, 10: true, 11: false} {
		require.Equal(t, good, legal(&Row{State: Sent}, &Row{State: Approved, Amount: 10, Approved: approved}), approved)
	}
	for _, change := range []func(r *Row){func(r *Row) { r.Refunded = 1 }, func(r *Row) { r.Captured = 1 }, func(r *Row) { r.Void = 9 }} {
		was := Row{Kind: Sale, State: Approved, Undo: Asked}
		require.True(t, legal(&was, &Row{Kind: Sale, State: Reversed, Undo: Asked}))
		change(&was)
		require.False(t, legal(&was, &Row{Kind: Sale, State: Reversed, Undo: Asked}), "what something else rests on is not reversed")
	}
}

// TestMayOwn is who may change what, and who may take a row over.
func TestMayOwn(t *testing.T) {
	type owner struct {
		node  int32
		epoch int64
	}
	row := Row{Kind: Sale, State: Sent, Amount: 100}
	for _, c := range []struct {
		name    string
		change  func(s *shelf)
		to      owner
		state   State
		by      owner
		allowed bool
	}{
		{"its owner decides", nil, owner{1, 5}, Declined, owner{1, 5}, true},
		{"its owner notes something", nil, owner{1, 5}, Sent, owner{1, 5}, true},
		{"another notes something, such as a reversal", nil, owner{1, 5}, Sent, owner{2, 7}, true},
		{"another decides", nil, owner{1, 5}, Declined, owner{2, 7}, false},
		{"another takes it over from one that lives", nil, owner{2, 7}, Sent, owner{2, 7}, false},
		{"its owner takes it anew", func(s *shelf) { s.epochs[1] = 6 }, owner{1, 6}, Sent, owner{1, 6}, true},
		{"it is given to a third", func(s *shelf) { s.dead[1] = true }, owner{3, 1}, Sent, owner{2, 7}, false},
		{"it is given to another epoch", func(s *shelf) { s.dead[1] = true }, owner{2, 6}, Sent, owner{2, 7}, false},
		{"another takes it over when the lease is over", func(s *shelf) { s.dead[1] = true }, owner{2, 7}, Sent, owner{2, 7}, true},
		{"another takes it over when the process is gone", func(s *shelf) { s.epochs[1] = 6 }, owner{2, 7}, Sent, owner{2, 7}, true},
		{"another takes it over and decides", func(s *shelf) { s.dead[1] = true }, owner{2, 7}, Declined, owner{2, 7}, true},
		{"a process that is gone", func(s *shelf) { s.epochs[1] = 6 }, owner{1, 5}, Sent, owner{1, 5}, false},
	} {
		s := newShelf(row)
		if c.change != nil {
			c.change(s)
		}
		to := s.rows[1]
		to.Owner, to.Epoch, to.State = c.to.node, c.to.epoch, c.state
		result, w := Apply(s, &Op{Kind: Change, Row: to, Node: c.by.node, Epoch: c.by.epoch}, 9)
		require.Equal(t, c.allowed, result.Kind == Done, "%s: %v", c.name, result.Kind)
		if !c.allowed {
			require.Empty(t, w, c.name)
		}
	}
	ended := newShelf(Row{Kind: Sale, State: Approved, Amount: 100, Approved: 100})
	to := ended.rows[1]
	to.Owner, to.Epoch, to.Undo = 2, 7, Asked
	result, _ := Apply(ended, &Op{Kind: Change, Row: to, Node: 2, Epoch: 7}, 9)
	require.Equal(t, Done, result.Kind, "what has ended is anybody's to begin with again")
}

// TestChangeIsOfNow: what is not here, or has changed since, is not changed.
func TestChangeIsOfNow(t *testing.T) {
	s := newShelf(Row{Kind: Sale, State: Sent, Amount: 100})
	for _, rev := range []int64{2, 4} {
		row := s.rows[1]
		row.Rev, row.State = rev, Declined
		result, w := Apply(s, &Op{Kind: Change, Row: row, Node: 1, Epoch: 5}, 9)
		require.Equal(t, Result{Kind: Stale, Row: s.rows[1]}, result)
		require.Empty(t, w)
	}
	row := s.rows[1]
	row.ID = 2
	result, _ := Apply(s, &Op{Kind: Change, Row: row, Node: 1, Epoch: 5}, 9)
	require.Equal(t, Result{Kind: Refused, Code: "96"}, result)
	result, _ = Apply(s, &Op{Kind: 9, Row: row, Node: 1, Epoch: 5}, 9)
	require.Equal(t, Result{Kind: Refused, Code: "96"}, result)
	result, _ = Apply(s, &Op{Kind: Change, Row: s.rows[1], Node: 1, Epoch: 4}, 9)
	require.Equal(t, Fenced, result.Kind)
}

// TestFollows is what each end of a row does to orders, limits and money.
func TestFollows(t *testing.T) {
	sale := Row{Kind: Sale, State: Sent, Amount: 55_88}
	for _, c := range []struct {
		name     string
		was      Row
		change   func(r *Row)
		release  bool
		use      int64
		postings []string
	}{
		{"approved", sale, func(r *Row) { r.State, r.Approved = Approved, 55_88 }, false, 0, []string{"paid 5588 fee 34"}},
		{"approved in part", sale, func(r *Row) { r.State, r.Approved = Approved, 50_00 }, false, -5_88, []string{"paid 5000 fee 30"}},
		{"declined", sale, func(r *Row) { r.State = Declined }, true, -55_88, nil},
		{"given up", sale, func(r *Row) { r.State, r.Undo = Unknown, GivenUp }, false, 0, nil},
		{"undone", Row{Kind: Sale, State: Unknown, Undo: GivenUp, Amount: 55_88}, func(r *Row) { r.State = Reversed }, true, -55_88, nil},
		{"reversed", Row{Kind: Sale, State: Approved, Undo: Asked, Amount: 55_88, Approved: 50_00}, func(r *Row) { r.State = Reversed }, true, -50_00, []string{"reversed 5000 fee 30"}},
		{"flagged", Row{Kind: Sale, State: Approved, Amount: 55_88, Approved: 55_88}, func(r *Row) { r.Undo = Asked }, false, 0, nil},
		{"reserved", Row{Kind: Auth, State: Sent, Amount: 55_88}, func(r *Row) { r.State, r.Approved = Approved, 50_00 }, false, 0, nil},
		{"not reserved", Row{Kind: Auth, State: Sent, Amount: 55_88}, func(r *Row) { r.State = Declined }, true, 0, nil},
		{"reservation reversed", Row{Kind: Auth, State: Approved, Undo: Asked, Amount: 55_88, Approved: 55_88}, func(r *Row) { r.State = Reversed }, true, 0, nil},
		{"completed", Row{Kind: Completion, State: Sent, Amount: 55_88, Parent: 2}, func(r *Row) { r.State, r.Approved = Approved, 55_88 }, false, 0, []string{"paid 5588 fee 34"}},
		{"not completed", Row{Kind: Completion, State: Sent, Amount: 55_88, Parent: 2}, func(r *Row) { r.State = Declined }, false, -55_88, nil},
		{"refunded", Row{Kind: Refund, State: Sent, Amount: 10_00, Parent: 2}, func(r *Row) { r.State, r.Approved = Approved, 10_00 }, false, 0, []string{"refunded 1000 fee 0"}},
		{"not refunded", Row{Kind: Refund, State: Sent, Amount: 10_00, Parent: 2}, func(r *Row) { r.State = Declined }, false, 0, nil},
	} {
		s := newShelf(c.was)
		s.rows[2] = Row{ID: 2, Kind: Auth, State: Approved, Amount: 100_00, Approved: 100_00, Captured: 55_88, Refunded: 10_00, Rev: 1}
		row := s.rows[1]
		c.change(&row)
		result, w := Apply(s, &Op{Kind: Change, Row: row, Node: 1, Epoch: 5}, 99)
		require.Equal(t, Done, result.Kind, c.name)
		row.Rev++
		row.Due = w.Rows[0].Due
		require.Equal(t, row, w.Rows[0], c.name)
		require.Equal(t, row, result.Row)
		require.Equal(t, !row.Ended(), row.Due > 0, c.name)
		require.Equal(t, c.release, len(w.Release) == 1 && w.Release[0].ID == 1, c.name)
		var use int64
		for _, u := range w.Use {
			require.Equal(t, Use{"m", 20261130, u.Amount}, u)
			use += u.Amount
		}
		require.Equal(t, c.use, use, c.name)
		var postings []string
		for _, p := range w.Postings {
			require.EqualValues(t, 99, p.At)
			require.Equal(t, row, p.Row)
			postings = append(postings, fmt.Sprintf("%v %d fee %d", p.Kind, p.Amount, p.Fee))
		}
		require.Equal(t, c.postings, postings, c.name)
		require.False(t, w.Marked)
		require.Empty(t, w.Claim)
	}
}

// TestFollowsParent is what the end of a row does to the one that it belongs to.
func TestFollowsParent(t *testing.T) {
	for _, c := range []struct {
		name   string
		parent Row
		was    Row
		change func(r *Row)
		want   func(parent *Row) // nil: it is not touched
		books  string
	}{
		{"voided", Row{Kind: Sale, State: Approved, Amount: 60_00, Approved: 55_88, Void: 1, Due: 7}, Row{Kind: Void, State: Sent, Amount: 55_88},
			func(r *Row) { r.State, r.Approved = Approved, 55_88 }, func(p *Row) { p.State, p.Due = Reversed, 0 }, "reversed of 2: 5588; free 2; use -5588"},
		{"a reservation voided", Row{Kind: Auth, State: Approved, Amount: 55_88, Approved: 55_88, Void: 1}, Row{Kind: Void, State: Sent, Amount: 55_88},
			func(r *Row) { r.State, r.Approved = Approved, 55_88 }, func(p *Row) { p.State = Reversed }, "free 2"},
		{"not refunded", Row{Kind: Sale, State: Approved, Approved: 55_88, Refunded: 30_00}, Row{Kind: Refund, State: Sent, Amount: 10_00},
			func(r *Row) { r.State = Declined }, func(p *Row) { p.Refunded = 20_00 }, ""},
		{"refunded", Row{Kind: Sale, State: Approved, Approved: 55_88, Refunded: 30_00}, Row{Kind: Refund, State: Sent, Amount: 10_00},
			func(r *Row) { r.State, r.Approved = Approved, 10_00 }, nil, "refunded of 1: 1000"},
		{"completed", Row{Kind: Auth, State: Approved, Approved: 60_00, Captured: 55_88}, Row{Kind: Completion, State: Sent, Amount: 55_88},
			func(r *Row) { r.State, r.Approved = Approved, 55_88 }, func(*Row) {}, "paid of 1: 5588"},
		{"completed in part", Row{Kind: Auth, State: Approved, Approved: 60_00, Captured: 55_88}, Row{Kind: Completion, State: Sent, Amount: 55_88},
			func(r *Row) { r.State, r.Approved = Approved, 50_00 }, func(p *Row) { p.Captured = 50_00 }, "paid of 1: 5000; use -588"},
		{"not completed", Row{Kind: Auth, State: Approved, Approved: 60_00, Captured: 55_88}, Row{Kind: Completion, State: Sent, Amount: 55_88},
			func(r *Row) { r.State = Declined }, func(p *Row) { p.Captured = 0 }, "use -5588"},
		{"completion undone", Row{Kind: Auth, State: Approved, Approved: 60_00, Captured: 55_88}, Row{Kind: Completion, State: Unknown, Undo: GivenUp, Amount: 55_88},
			func(r *Row) { r.State = Reversed }, func(p *Row) { p.Captured = 0 }, "use -5588"},
		{"completion in part reversed", Row{Kind: Auth, State: Approved, Approved: 60_00, Captured: 50_00}, Row{Kind: Completion, State: Approved, Undo: Asked, Amount: 55_88, Approved: 50_00},
			func(r *Row) { r.State = Reversed }, func(p *Row) { p.Captured = 0 }, "reversed of 1: 5000; use -5000"},
		{"completion given up", Row{Kind: Auth, State: Approved, Approved: 60_00, Captured: 55_88}, Row{Kind: Completion, State: Sent, Amount: 55_88},
			func(r *Row) { r.State, r.Undo = Unknown, GivenUp }, nil, ""},
	} {
		c.was.Parent = 2
		s := newShelf(c.was)
		c.parent.ID, c.parent.Rev, c.parent.Merchant, c.parent.Day = 2, 4, "m", 20261129
		s.rows[2] = c.parent
		row := s.rows[1]
		c.change(&row)
		result, w := Apply(s, &Op{Kind: Change, Row: row, Node: 1, Epoch: 5}, 99)
		require.Equal(t, Done, result.Kind, c.name)
		want := c.parent
		if c.want != nil {
			c.want(&want)
			want.Rev++
			require.Len(t, w.Rows, 2, c.name)
			require.Equal(t, want, w.Rows[1], c.name)
		} else {
			require.Len(t, w.Rows, 1, c.name)
		}
		require.Equal(t, want, result.Parent, c.name)
		var books []string
		for _, p := range w.Postings {
			books = append(books, fmt.Sprintf("%v of %d: %d", p.Kind, p.Row.ID, p.Amount))
		}
		for _, r := range w.Release {
			books = append(books, fmt.Sprint("free ", r.ID))
		}
		for _, u := range w.Use {
			day := map[string]int32{"voided": 20261129}[c.name]
			if day == 0 {
				day = 20261130
			}
			require.Equal(t, day, u.Day, "what is given back goes to the day that it was taken from")
			books = append(books, fmt.Sprint("use ", u.Amount))
		}
		require.Equal(t, c.books, strings.Join(books, "; "), c.name)
	}
}

// TestClaims is what each kind may take of what it belongs to.
func TestClaims(t *testing.T) {
	sold := Row{Kind: Sale, State: Approved, Amount: 60_00, Approved: 50_00}
	held := Row{Kind: Auth, State: Approved, Amount: 100_00, Approved: 100_00}
	with := func(r Row, change func(r *Row)) Row { change(&r); return r }
	for _, c := range []struct {
		name   string
		parent Row
		kind   Kind
		amount int64
		change func(o *Op)
		code   string
		want   func(p *Row)
	}{
		{"a void", sold, Void, 50_00, nil, "", func(p *Row) { p.Void = 9 }},
		{"of a reservation", held, Void, 100_00, nil, "", func(p *Row) { p.Void = 9 }},
		{"of a completion", Row{Kind: Completion, State: Approved, Amount: 50_00, Approved: 50_00}, Void, 50_00, nil, "", func(p *Row) { p.Void = 9 }},
		{"a void of what was asked for", sold, Void, 60_00, nil, "64", nil},
		{"a void of less", sold, Void, 49_99, nil, "64", nil},
		{"twice", with(sold, func(r *Row) { r.Void = 8 }), Void, 50_00, nil, "12", nil},
		{"of what is refunded", with(sold, func(r *Row) { r.Refunded = 1 }), Void, 50_00, nil, "12", nil},
		{"of what is captured", with(held, func(r *Row) { r.Captured = 1 }), Void, 100_00, nil, "12", nil},
		{"of what is settled", with(sold, func(r *Row) { r.Settled = 20261130 }), Void, 50_00, nil, "12", nil},
		{"of what is being reversed", with(sold, func(r *Row) { r.Undo = Asked }), Void, 50_00, nil, "12", nil},
		{"of what was declined", with(sold, func(r *Row) { r.State = Declined }), Void, 50_00, nil, "12", nil},
		{"of a void", Row{Kind: Void, State: Approved, Amount: 50_00, Approved: 50_00}, Void, 50_00, nil, "12", nil},
		{"of a refund", Row{Kind: Refund, State: Approved, Amount: 50_00, Approved: 50_00}, Void, 50_00, nil, "12", nil},
		{"of another batch", sold, Void, 50_00, func(o *Op) { o.Row.Origin.Batch = "000002" }, "25", nil},
		{"of another terminal", sold, Void, 50_00, func(o *Op) { o.Row.Origin.Terminal = "10000002" }, "25", nil},
		{"of another merchant", sold, Void, 50_00, func(o *Op) { o.Row.Merchant = "other" }, "25", nil},
		{"in another currency", sold, Void, 50_00, func(o *Op) { o.Row.Currency = "840" }, "25", nil},
		{"of nothing", sold, Void, 50_00, func(o *Op) { o.Original = from("000002") }, "25", nil},
		{"of what was refused", sold, Void, 50_00, func(o *Op) { o.Original = from("000003") }, "25", nil},

		{"a refund", sold, Refund, 20_00, nil, "", func(p *Row) { p.Refunded = 20_00 }},
		{"of all that is left", with(sold, func(r *Row) { r.Refunded = 20_00 }), Refund, 30_00, nil, "", func(p *Row) { p.Refunded = 50_00 }},
		{"of more than is left", with(sold, func(r *Row) { r.Refunded = 20_00 }), Refund, 30_01, nil, "64", nil},
		{"of another day and terminal", sold, Refund, 20_00, func(o *Op) { o.Row.Origin.Batch, o.Row.Origin.Terminal = "000009", "10000009" }, "", func(p *Row) { p.Refunded = 20_00 }},
		{"of what is settled, a refund", with(sold, func(r *Row) { r.Settled = 20261130 }), Refund, 20_00, nil, "", func(p *Row) { p.Refunded = 20_00 }},
		{"of what is voided", with(sold, func(r *Row) { r.Void = 8 }), Refund, 20_00, nil, "12", nil},
		{"of a reservation, a refund", held, Refund, 20_00, nil, "12", nil},
		{"of a reservation that is voided, a refund", with(held, func(r *Row) { r.Void = 8 }), Refund, 20_00, nil, "12", nil},

		{"a completion", held, Completion, 100_00, nil, "", func(p *Row) { p.Captured = 100_00 }},
		{"of the most", held, Completion, 115_00, nil, "", func(p *Row) { p.Captured = 115_00 }},
		{"of more than the most", held, Completion, 115_01, nil, "64", nil},
		{"a second one", with(held, func(r *Row) { r.Captured = 1 }), Completion, 1, nil, "12", nil},
		{"of what is voided, a completion", with(held, func(r *Row) { r.Void = 8 }), Completion, 1, nil, "12", nil},
		{"of a sale, a completion", sold, Completion, 1, nil, "12", nil},
	} {
		s := newShelf(c.parent)
		s.marks[from("000003")] = Mark{Code: "51"}
		op := Op{Kind: Admit, Original: from("000001"), Node: 2, Epoch: 7, Row: Row{ID: 9, Kind: c.kind, Origin: from("000099"), Amount: c.amount, Merchant: "m",
			Currency: "156", Day: 20261201, At: 77, FeePPM: 1}}
		if c.change != nil {
			c.change(&op)
		}
		result, w := Apply(s, &op, 99)
		require.Equal(t, c.code, result.Code, c.name)
		require.True(t, w.Marked, c.name)
		require.Equal(t, op.Row.Origin, w.Origin)
		require.Empty(t, w.Claim, "the order is the parent's")
		if c.code != "" {
			require.Equal(t, Refused, result.Kind)
			require.Equal(t, Mark{Code: c.code, Amount: c.amount, At: 77}, w.Mark, c.name)
			require.Empty(t, w.Rows, c.name)
			continue
		}
		want := s.rows[1]
		c.want(&want)
		want.Rev++
		require.Equal(t, Done, result.Kind, c.name)
		require.Equal(t, want, w.Rows[0], c.name)
		require.Equal(t, want, result.Parent)
		own := op.Row
		own.State, own.Rev, own.Parent, own.Order, own.Channel, own.Line, own.FeePPM = Sent, 1, 1, "D-1", "bank", "line 1", 6000
		own.Payer, own.Hash = want.Payer, "hash"
		require.Equal(t, own, w.Rows[1])
		require.Equal(t, own, result.Row)
		require.Equal(t, Mark{ID: 9, At: 77}, w.Mark)
		require.Equal(t, c.kind == Completion, len(w.Use) == 1, "a completion counts for the limit")
	}
}

// TestRepeats is what becomes of a request whose number is here already.
func TestRepeats(t *testing.T) {
	sold := Row{Kind: Sale, State: Approved, Amount: 60_00, Approved: 60_00}
	asks := func(s *shelf) Op {
		row := s.rows[1]
		return Op{Kind: Admit, Node: 2, Epoch: 7, Row: Row{ID: 9, Kind: row.Kind, Origin: row.Origin, Merchant: row.Merchant, Order: row.Order, Amount: row.Amount,
			Currency: row.Currency, Hash: row.Hash}}
	}
	s := newShelf(sold)
	op := asks(s)
	result, w := Apply(s, &op, 9)
	require.Equal(t, Result{Kind: Duplicate, Row: s.rows[1]}, result)
	require.Empty(t, w)
	for i, change := range []func(o *Op){func(o *Op) { o.Row.Amount++ }, func(o *Op) { o.Row.Order = "D-2" }, func(o *Op) { o.Row.Hash = "other" }, func(o *Op) { o.Row.Kind = Auth },
		func(o *Op) { o.Row.Currency = "840" }, func(o *Op) { o.Row.Merchant = "other" }, func(o *Op) { o.Original = from("000002") }} {
		op := asks(s)
		change(&op)
		result, w := Apply(s, &op, 9)
		require.Equal(t, Result{Kind: Refused, Code: "94"}, result, i)
		require.Empty(t, w)
	}

	s = newShelf(Row{Kind: Refund, State: Sent, Amount: 10_00, Parent: 2})
	s.rows[2] = Row{ID: 2, Origin: from("000002")}
	op = asks(s)
	op.Row.Order, op.Row.Hash, op.Original = "", "", from("000002")
	result, _ = Apply(s, &op, 9)
	require.Equal(t, Result{Kind: Duplicate, Row: s.rows[1], Parent: s.rows[2]}, result)
	op.Original = from("000003")
	result, _ = Apply(s, &op, 9)
	require.Equal(t, Result{Kind: Refused, Code: "94"}, result, "of something else")

	refused := Mark{Code: "61", Amount: 60_00, Hash: "hash", Order: "D-1"}
	for i, c := range []struct {
		mark   Mark
		change func(o *Op)
		want   Result
	}{
		{Mark{}, nil, Result{Kind: Barred, Code: "22"}},
		{refused, nil, Result{Kind: Refused, Code: "61"}},
		{refused, func(o *Op) { o.Row.Amount++ }, Result{Kind: Refused, Code: "94"}},
		{refused, func(o *Op) { o.Row.Hash = "other" }, Result{Kind: Refused, Code: "94"}},
		{refused, func(o *Op) { o.Row.Order = "D-2" }, Result{Kind: Refused, Code: "94"}},
	} {
		s := newShelf(sold)
		op := asks(s)
		s.marks[op.Row.Origin] = c.mark
		if c.change != nil {
			c.change(&op)
		}
		result, w := Apply(s, &op, 9)
		require.Equal(t, c.want, result, i)
		require.Empty(t, w)
	}
}

// TestAdmits is what a new sale takes, and what it leaves when it is refused.
func TestAdmits(t *testing.T) {
	for _, c := range []struct {
		name    string
		kind    Kind
		claimed bool
		used    int64
		ceiling int64
		want    ResultKind
		code    string
	}{
		{"free", Sale, false, 0, 0, Done, ""},
		{"no limit", Sale, false, 1 << 40, 0, Done, ""},
		{"up to the limit", Sale, false, 40_00, 100_00, Done, ""},
		{"beyond it", Sale, false, 40_01, 100_00, OverLimit, "61"},
		{"a reservation is not counted", Auth, false, 40_01, 100_00, Done, ""},
		{"paid", Sale, true, 0, 0, OrderTaken, "94"},
		{"paid, and reserved", Auth, true, 0, 0, OrderTaken, "94"},
	} {
		s := newShelf(Row{Kind: Sale, State: Approved})
		s.claimed, s.used = c.claimed, c.used
		row := Row{ID: 9, Kind: c.kind, State: Approved, Undo: Asked, Rev: 8, Origin: from("000009"), Merchant: "m", Order: "D-9", Hash: "hash", Amount: 60_00, Day: 20261130, At: 77}
		result, w := Apply(s, &Op{Kind: Admit, Row: row, Ceiling: c.ceiling, Node: 1, Epoch: 5}, 99)
		require.Equal(t, []any{c.want, c.code}, []any{result.Kind, result.Code}, c.name)
		require.Equal(t, row.Origin, w.Origin)
		require.True(t, w.Marked)
		if c.want != Done {
			require.Equal(t, Write{Origin: row.Origin, Marked: true, Mark: Mark{Code: c.code, Amount: 60_00, Hash: "hash", Order: "D-9", At: 77}}, w, c.name)
			continue
		}
		row.State, row.Undo, row.Rev = Sent, Keep, 1
		want := Write{Origin: row.Origin, Marked: true, Mark: Mark{ID: 9, At: 77}, Rows: []Row{row}, Claim: []Row{row}}
		if c.kind == Sale {
			want.Use = []Use{{"m", 20261130, 60_00}}
		}
		require.Equal(t, want, w, c.name)
		require.Equal(t, row, result.Row)
	}
}

// TestBars: what a reversal names, and what is not here, never comes.
func TestBars(t *testing.T) {
	s := newShelf(Row{Kind: Sale, State: Sent, Amount: 60_00})
	named := Row{Kind: Sale, Amount: 60_00, Origin: from("000009"), At: 77}
	op := Op{Kind: Bar, Row: named, Node: 1, Epoch: 5}
	result, w := Apply(s, &op, 99)
	require.Equal(t, Result{Kind: Done}, result)
	require.Equal(t, Write{Origin: named.Origin, Marked: true, Mark: Mark{Amount: 60_00, At: 77}}, w)
	s.marks[named.Origin] = w.Mark
	result, w = Apply(s, &op, 99)
	require.Equal(t, Result{Kind: Barred}, result)
	require.Empty(t, w)
	op.Row.Origin = from("000001")
	result, w = Apply(s, &op, 99)
	require.Equal(t, Result{Kind: Duplicate, Row: s.rows[1]}, result)
	require.Empty(t, w)
}

// TestEntries are both sides of each posting.
func TestEntries(t *testing.T) {
	row := Row{ID: 1, Merchant: "m", Channel: "bank"}
	for _, c := range []struct {
		posting Posting
		want    []Entry
		key     string
	}{
		{Posting{Row: row, Kind: Paid, Amount: 55_88, Fee: 34}, []Entry{{"receivable:bank", 55_88}, {"payable:m", -55_54}, {"fees", -34}}, "000000000001-paid"},
		{Posting{Row: row, Kind: TakenBack, Amount: 55_88, Fee: 34}, []Entry{{"receivable:bank", -55_88}, {"payable:m", 55_54}, {"fees", 34}}, "000000000001-reversed"},
		{Posting{Row: row, Kind: Refunded, Amount: 10_00}, []Entry{{"receivable:bank", -10_00}, {"payable:m", 10_00}}, "000000000001-refunded"},
	} {
		require.Equal(t, c.want, c.posting.Entries())
		require.Equal(t, c.key, c.posting.Key())
	}
	for amount, fee := range map[int64]int64{0: 0, 83: 0, 84: 1, 250: 2, 5588: 34, 5583: 33, 5584: 34} {
		require.Equal(t, fee, (&Row{FeePPM: 6000}).Fee(amount), amount)
	}
}

// TestEnded: a row that has not ended is due at some time.
func TestEnded(t *testing.T) {
	ends := map[State]bool{Sent: false, Unknown: false, Approved: true, Declined: true, Reversed: true}
	for state, ended := range ends {
		row := Row{State: state, Rev: 4}
		require.Equal(t, ended, row.Ended(), state)
		require.Equal(t, map[bool]int64{true: 0, false: 1}[ended], row.committed().Due, state)
		row.Due = 50
		require.Equal(t, map[bool]int64{true: 0, false: 50}[ended], row.committed().Due, state)
		require.EqualValues(t, 5, row.committed().Rev)
	}
	require.False(t, (&Row{State: Approved, Undo: GivenUp}).Ended())
	for kind := Sale; kind < kinds; kind++ {
		for state := Sent; state < states; state++ {
			require.Equal(t, state == Approved && (kind == Sale || kind == Completion), (&Row{Kind: kind, State: state}).Posted())
		}
	}
}
