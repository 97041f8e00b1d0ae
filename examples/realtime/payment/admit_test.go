package payment

import (
	"testing"

	"github.com/stretchr/testify/require"
)

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
	for _, kind := range []OpKind{Admit, Bar, Change} {
		result, w = Apply(s, &Op{Kind: kind, Row: named, Node: 1, Epoch: 4}, 99)
		require.Equal(t, Result{Kind: Fenced}, result, "%v: another process has the node", kind)
		require.Empty(t, w)
	}
}
