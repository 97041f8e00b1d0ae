package books

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/examples/realtime/simulator"
	"github.com/posline/posline/examples/realtime/terminal"
)

const (
	shop = "898440354110001"
	till = "10000001"
)

var merchantOf = map[string]string{till: shop}

// good are books that agree: a sale, one that was voided, one that was refunded in part, one that was declined.
func good() *Books {
	b := &Books{Merchants: merchantOf, Terminals: make(map[string][]terminal.Entry), Told: make(map[string][]ledger.Tell), Streamed: make(map[string][]ledger.Tell),
		Holdings: map[string]map[string]simulator.Holding{"bank": {}}}
	ref := payment.Reference
	b.Terminals[till] = []terminal.Entry{
		{Kind: payment.Sale, Order: "D-1", Amount: 100_00, Asked: 100_00, STAN: "000001", Status: terminal.Approved, Reference: ref(1)},
		{Kind: payment.Sale, Order: "D-2", Amount: 200_00, Asked: 200_00, STAN: "000002", Status: terminal.Voided, Reference: ref(2)},
		{Kind: payment.Void, Amount: 200_00, Asked: 200_00, STAN: "000003", Status: terminal.Approved, Reference: ref(3)},
		{Kind: payment.Sale, Order: "D-4", Amount: 50_00, Asked: 80_00, STAN: "000004", Status: terminal.Approved, Reference: ref(4)},
		{Kind: payment.Refund, Amount: 20_00, Asked: 20_00, STAN: "000005", Status: terminal.Approved, Reference: ref(5)},
		{Kind: payment.Sale, Order: "D-6", Amount: 9_00, Asked: 9_00, STAN: "000006", Status: terminal.Declined, Code: "51", Reference: ref(6)},
		{Kind: payment.Auth, Order: "D-7", Amount: 70_00, Asked: 70_00, STAN: "000007", Status: terminal.Approved, Reference: ref(7)},
	}
	for i := range b.Terminals[till] {
		e := &b.Terminals[till][i]
		e.Batch, e.Pressed = "000001", time.UnixMilli(1_000)
	}
	b.Terminals[till][2].Original, b.Terminals[till][2].OriginalBatch = "000002", "000001"
	hold := func(id, amount, held int64, state simulator.HoldingState, kind simulator.HoldingKind, original int64) {
		h := simulator.Holding{Reference: ref(id), Amount: amount, Held: held, State: state, Kind: kind, Merchant: shop}
		if original != 0 {
			h.Original = ref(original)
		}
		b.Holdings["bank"][ref(id)] = h
	}
	hold(1, 100_00, 100_00, simulator.Held, simulator.HoldSale, 0)
	hold(2, 200_00, 200_00, simulator.Undone, simulator.HoldSale, 0)
	hold(4, 80_00, 50_00, simulator.Held, simulator.HoldSale, 0)
	hold(5, 20_00, 20_00, simulator.Held, simulator.HoldRefund, 4)
	hold(6, 9_00, 0, simulator.Refused, simulator.HoldSale, 0)
	hold(7, 70_00, 70_00, simulator.Held, simulator.HoldAuth, 0)
	for i, p := range []struct {
		row, parent int64
		kind        payment.PostingKind
		amount, fee int64
		order       string
	}{{1, 0, payment.Paid, 100_00, 60, "D-1"}, {2, 0, payment.Paid, 200_00, 1_20, "D-2"}, {2, 0, payment.TakenBack, 200_00, 1_20, "D-2"},
		{4, 0, payment.Paid, 50_00, 30, "D-4"}, {5, 4, payment.Refunded, 20_00, 0, "D-4"}} {
		id := int64(i + 1)
		posting := payment.Posting{Row: payment.Row{ID: p.row, Merchant: shop, Channel: "bank", Currency: "156", Order: p.order,
			Origin: payment.Origin{Terminal: till}, Payer: "621797****2002"}, Kind: p.kind, Amount: p.amount, Fee: p.fee, At: 2_000}
		b.Postings = append(b.Postings, ledger.Posted{ID: id, Row: p.row, Kind: p.kind, Merchant: shop, Amount: p.amount, Fee: p.fee, Currency: "156", Entries: posting.Entries()})
		n := ledger.NewOutgoing(id, &posting)
		n.Delivered, n.Tell.Sequence = true, id
		b.Notices = append(b.Notices, n)
		b.Told[shop] = append(b.Told[shop], n.Tell)
		b.Streamed[shop] = append(b.Streamed[shop], n.Tell)
	}
	return b
}

func TestGood(t *testing.T) { require.Empty(t, good().Check()) }

// TestFound: whatever is changed in the books of one side is found.
func TestFound(t *testing.T) {
	first := payment.Reference(1)
	holding := func(b *Books, id int64, change func(h *simulator.Holding)) {
		h := b.Holdings["bank"][payment.Reference(id)]
		change(&h)
		b.Holdings["bank"][payment.Reference(id)] = h
	}
	for want, spoil := range map[string]func(b *Books){
		"is not settled":               func(b *Books) { b.Rows = []payment.Row{{ID: 9, State: payment.Sent}} },
		"1 transactions that are not":  func(b *Books) { b.Pending = 1 },
		"was not delivered":            func(b *Books) { b.Notices[0].Delivered = false },
		"still waits for the payer":    func(b *Books) { holding(b, 6, func(h *simulator.Holding) { h.State = simulator.Waiting }) },
		"it is uncertain":              func(b *Books) { b.Terminals[till][5].Status = terminal.Uncertain },
		"it is failed":                 func(b *Books) { b.Terminals[till][5].Status = terminal.Failed },
		"no channel knows it":          func(b *Books) { delete(b.Holdings["bank"], payment.Reference(7)) },
		"the channel holds 0 of 10000": func(b *Books) { holding(b, 1, func(h *simulator.Holding) { h.State = simulator.Undone }) },
		"the channel holds 9999 of":    func(b *Books) { holding(b, 1, func(h *simulator.Holding) { h.Held-- }) },
		"under the reference of another": func(b *Books) {
			e := b.Terminals[till][0]
			e.STAN = "000009"
			b.Terminals[till] = append(b.Terminals[till], e)
		},
		"and the channel holds 900":          func(b *Books) { holding(b, 6, func(h *simulator.Holding) { h.State, h.Held = simulator.Held, 9_00 }) },
		"which no terminal has approved":     func(b *Books) { b.Terminals[till] = b.Terminals[till][1:] },
		"should be posted 2 times, and is 1": func(b *Books) { b.Postings = slices.Delete(b.Postings, 2, 3) },
		"should be posted 1 times, and is 0": func(b *Books) { b.Postings = b.Postings[1:] },
		"should be posted 0 times, and is 1": func(b *Books) { b.Postings[0].Row = 9 },
		"is posted as reversed":              func(b *Books) { b.Postings[0].Kind = payment.TakenBack },
		"fee 59":                             func(b *Books) { b.Postings[0].Fee-- },
		"currency 840":                       func(b *Books) { b.Postings[0].Currency = "840" },
		"for 898440354110002; not":           func(b *Books) { b.Postings[0].Merchant = "898440354110002" },
		first + ", paid: account fees is":    func(b *Books) { b.Postings[0].Entries[2].Amount++ },
		"does not balance: 1":                func(b *Books) { b.Postings[0].Entries[2].Amount++ },
		"account payable:898440354110001 is": func(b *Books) { b.Postings[0].Entries[1].Amount-- },
		"told 0 times of " + first:           func(b *Books) { b.Told[shop] = b.Told[shop][1:] },
		"was told as paid of 10001":          func(b *Books) { b.Told[shop][0].Amount++ },
		"order D-9":                          func(b *Books) { b.Told[shop][4].Order = "D-9" },
		"terminal 10000009":                  func(b *Books) { b.Told[shop][0].Terminal = "10000009" },
		"out of order":                       func(b *Books) { t := b.Told[shop]; t[1], t[2] = t[2], t[1] },
		"payer in the clear":                 func(b *Books) { b.Told[shop][0].Payer = "6217970000000042002" },
		"a void of another batch":            func(b *Books) { b.Terminals[till][2].OriginalBatch = "000002" },
		"gave back 5001 of":                  func(b *Books) { holding(b, 5, func(h *simulator.Holding) { h.Held = 50_01 }) },
		"was told as of 1970-01-01 08:00:02": func(b *Books) { b.Told[shop][0].At = b.Told[shop][0].At.Add(8 * time.Hour) },
		"was told as of 1969-12-31 16:00:02": func(b *Books) { b.Told[shop][0].At = b.Told[shop][0].At.Add(-8 * time.Hour) },
		first + " was told with its payer":   func(b *Books) { b.Told[shop][0].Payer = "6217970****042002" },
		"number 1 is missing":                func(b *Books) { b.Told[shop][0].Sequence = 9 },
		"key " + first + "-paid or number 1": func(b *Books) { b.Told[shop] = append(b.Told[shop], b.Told[shop][0]) },
		"was told of 898440354110002's":      func(b *Books) { b.Told[shop][0].Merchant = "898440354110002" },
		"event 2 of the stream is":           func(b *Books) { s := b.Streamed[shop]; s[1], s[2] = s[2], s[1] },
		"4 events in the stream":             func(b *Books) { b.Streamed[shop] = b.Streamed[shop][:4] },
		"D-1 was paid 2 times": func(b *Books) {
			b.Terminals[till][6].Order = "D-1"
		},
	} {
		b := good()
		spoil(b)
		require.True(t, slices.ContainsFunc(b.Check(), func(fault string) bool { return strings.Contains(fault, want) }), "%s: %q", want, b.Check())
	}
}

func TestMost(t *testing.T) {
	b := good()
	for i := range 3 * mostFaults {
		b.Rows = append(b.Rows, payment.Row{ID: int64(i + 100), State: payment.Sent})
	}
	faults := b.Check()
	require.Len(t, faults, mostFaults+1)
	require.Equal(t, fmt.Sprintf("and %d more", 2*mostFaults), faults[mostFaults])
}

func TestFee(t *testing.T) {
	for amount, want := range map[int64]int64{0: 0, 83: 0, 84: 1, 100: 1, 249: 1, 250: 2, 55_88: 34, 10_000: 60} {
		require.Equal(t, want, fee(amount), amount)
	}
}
