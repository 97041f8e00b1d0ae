package payment

import (
	"testing"

	"github.com/stretchr/testify/require"
)

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
