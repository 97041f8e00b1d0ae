package scenario

import (
	"encoding/json"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/simulator"
	"github.com/posline/posline/examples/realtime/terminal"
)

// goodBooks are those of one sale that stands, one by pay code that was voided, and one that was declined.
func goodBooks() *books {
	const merchant = "898440354110001"
	origin := func(stan string) ledger.Origin {
		return ledger.Origin{Terminal: "10000001", Batch: "000001", STAN: stan}
	}
	b := &books{
		terminals: map[ledger.Origin]terminal.Entry{
			origin("000001"): {Order: "D-1", Amount: 100, Status: terminal.Approved},
			origin("000002"): {Order: "D-2", Amount: 200, Status: terminal.Voided},
			origin("000003"): {Void: true, Amount: 200, Status: terminal.Approved},
			origin("000004"): {Order: "D-3", Amount: 300, Status: terminal.Declined},
		},
		transactions: []*ledger.Transaction{
			{ID: 1, Kind: ledger.Sale, Channel: "bank", Origin: origin("000001"), Order: "D-1", Amount: 100, State: ledger.Approved},
			{ID: 2, Kind: ledger.Sale, Channel: "wallet", Origin: origin("000002"), Order: "D-2", Amount: 200, State: ledger.Reversed, Undo: ledger.Voided},
			{ID: 3, Kind: ledger.Void, Channel: "wallet", Origin: origin("000003"), Amount: 200, State: ledger.Approved},
			{ID: 4, Kind: ledger.Sale, Channel: "bank", Origin: origin("000004"), Order: "D-3", Amount: 300, State: ledger.Declined},
		},
		holdings: map[string]map[string]simulator.Holding{
			"bank":   {"000000000001": {Amount: 100, State: simulator.Held}, "000000000004": {Amount: 300}},
			"wallet": {"000000000002": {Amount: 200, State: simulator.Undone}},
		},
		notices: map[string]map[string]ledger.Notice{merchant: {}},
		streams: map[string][]simulator.StreamEvent{},
	}
	for i, p := range []struct {
		transaction int64
		kind        string
		entries     map[string]int64
	}{
		{1, "paid", map[string]int64{"receivable:bank": 100, "payable:" + merchant: -99, ledger.Fees: -1}},
		{2, "paid", map[string]int64{"receivable:wallet": 200, "payable:" + merchant: -199, ledger.Fees: -1}},
		{2, "reversed", map[string]int64{"receivable:wallet": -200, "payable:" + merchant: 199, ledger.Fees: 1}},
	} {
		id := int64(i + 1)
		b.postings = append(b.postings, ledger.Posting{ID: id, Transaction: p.transaction, Kind: p.kind, Entries: p.entries})
		n := ledger.Notice{Key: "key " + strconv.Itoa(i), Type: p.kind}
		body, _ := json.Marshal(n)
		b.events = append(b.events, ledger.Event{ID: id, Key: n.Key, Posting: id, Transaction: p.transaction, Merchant: merchant, Body: body, Delivered: true})
		b.notices[merchant][n.Key] = n
		b.streams[merchant] = append(b.streams[merchant], simulator.StreamEvent{ID: strconv.Itoa(i + 1), Notice: n})
	}
	return b
}

// TestCheckFinds spoils the books in every way that they are checked for.
func TestCheckFinds(t *testing.T) {
	require.Empty(t, goodBooks().check())
	const merchant = "898440354110001"
	entry := func(b *books, stan string, change func(e *terminal.Entry)) {
		o := ledger.Origin{Terminal: "10000001", Batch: "000001", STAN: stan}
		e := b.terminals[o]
		change(&e)
		b.terminals[o] = e
	}
	for want, spoil := range map[string]func(b *books){
		"posting 1 of transaction 1 does not balance: 5":                                       func(b *books) { b.postings[0].Sum = 5 },
		"the accounts do not sum to zero: 7":                                                   func(b *books) { b.balances = []ledger.Balance{{Amount: 7}} },
		"transaction 4 is not settled: UNKNOWN ":                                               func(b *books) { b.transactions[3].State = ledger.Unknown },
		"transaction 3 is not settled: SENT ":                                                  func(b *books) { b.transactions[2].State = ledger.Sent },
		"transaction 1 is not settled: APPROVED REVERSAL":                                      func(b *books) { b.transactions[0].Undo = ledger.Reversal },
		"transaction 4 is APPROVED and posted as []":                                           func(b *books) { b.transactions[3].State = ledger.Approved },
		"transaction 2 is REVERSED and posted as [paid]":                                       func(b *books) { b.postings = b.postings[:2] },
		"transaction 1 is DECLINED and posted as [paid]":                                       func(b *books) { b.transactions[0].State = ledger.Declined },
		"terminals have 1 reversals that are not through":                                      func(b *books) { b.pending = 1 },
		"terminal 10000001 does not know how STAN 000004 went":                                 func(b *books) { entry(b, "000004", func(e *terminal.Entry) { e.Status = terminal.Uncertain }) },
		"terminal 10000001 has STAN 000004 approved for 300, the ledger for 0":                 func(b *books) { entry(b, "000004", func(e *terminal.Entry) { e.Status = terminal.Approved }) },
		"terminal 10000001 has STAN 000001 approved for 101, the ledger for 100":               func(b *books) { entry(b, "000001", func(e *terminal.Entry) { e.Amount++ }) },
		"terminal 10000001 has STAN 000001 as undone, the ledger as approved for 100":          func(b *books) { entry(b, "000001", func(e *terminal.Entry) { e.Status = terminal.Undone }) },
		"the ledger has terminal 10000001 STAN 000001 approved, the terminal does not know it": func(b *books) { clear(b.terminals) },
		"wallet still waits for the payer of 000000000009":                                     func(b *books) { b.holdings["wallet"]["000000000009"] = simulator.Holding{State: simulator.Waiting} },
		"bank holds 300 for 000000000004, which the ledger has not approved": func(b *books) {
			b.holdings["bank"]["000000000004"] = simulator.Holding{Amount: 300, State: simulator.Held}
		},
		"bank holds 101 for 000000000001, which the ledger has not approved": func(b *books) {
			b.holdings["bank"]["000000000001"] = simulator.Holding{Amount: 101, State: simulator.Held}
		},
		"the ledger has 000000000001 approved, bank holds nothing for it": func(b *books) {
			b.holdings["bank"]["000000000001"] = simulator.Holding{Amount: 100, State: simulator.Undone}
		},
		"the ledger has bank 000000000001 approved, which the channel does not know": func(b *books) { clear(b.holdings["bank"]) },
		"terminals took order D-1 twice": func(b *books) {
			entry(b, "000004", func(e *terminal.Entry) { e.Status, e.Order = terminal.Approved, "D-1" })
		},
		"order D-1 was paid 2 times": func(b *books) {
			b.transactions[3].Order = "D-1"
			b.holdings["bank"]["000000000004"] = simulator.Holding{Amount: 300, State: simulator.Held}
		},
		"event 2 was not delivered":                                                           func(b *books) { b.events[1].Delivered = false },
		"posting 3 (reversed) has no such event":                                              func(b *books) { b.events[2].Body = b.events[1].Body },
		"2 events for 3 postings":                                                             func(b *books) { b.events = b.events[:2] },
		"merchant " + merchant + " was not told of event 2":                                   func(b *books) { delete(b.notices[merchant], "key 1") },
		"merchant " + merchant + " was told of an event that is none":                         func(b *books) { b.notices[merchant]["another key"] = ledger.Notice{} },
		"merchant " + merchant + " got 2 events from the stream, in their order or not, of 3": func(b *books) { b.streams[merchant] = b.streams[merchant][:2] },
		"merchant " + merchant + " got 4 events from the stream, in their order or not, of 3": func(b *books) {
			b.streams[merchant] = append(b.streams[merchant], b.streams[merchant][0])
		},
	} {
		b := goodBooks()
		spoil(b)
		require.Contains(t, b.check(), want)
	}
}
