package payment

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

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
