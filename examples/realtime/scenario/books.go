package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/posline/posline/examples/realtime/acquirer"
	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/simulator"
	"github.com/posline/posline/examples/realtime/terminal"
)

// books are the records of all sides after a run. Each side kept its own.
type books struct {
	terminals    map[ledger.Origin]terminal.Entry
	transactions []*ledger.Transaction
	postings     []ledger.Posting
	events       []ledger.Event
	balances     []ledger.Balance
	holdings     map[string]map[string]simulator.Holding // by channel and reference
	notices      map[string]map[string]ledger.Notice     // by merchant and key
	streams      map[string][]simulator.StreamEvent      // by merchant
	pending      int                                     // reversals that terminals still have
}

// collect reads the books. The switch must not be working on anything any more.
func (w *World) collect(ctx context.Context) (*books, error) {
	l, err := ledger.Open(w.config.Database)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	b := &books{terminals: make(map[ledger.Origin]terminal.Entry), notices: make(map[string]map[string]ledger.Notice),
		streams: make(map[string][]simulator.StreamEvent)}
	if b.transactions, err = l.All(ctx); err != nil {
		return nil, err
	}
	if b.postings, err = l.Postings(ctx); err != nil {
		return nil, err
	}
	if b.events, err = l.Events(ctx); err != nil {
		return nil, err
	}
	if b.balances, err = l.Balances(ctx); err != nil {
		return nil, err
	}
	b.holdings = map[string]map[string]simulator.Holding{acquirer.Bank: w.bank.Holdings(), acquirer.Wallet: w.wallet.Holdings()}
	for id, m := range w.merchants {
		b.notices[id], b.streams[id] = m.Notices(), m.Stream()
	}
	for i, t := range w.terminals {
		b.pending += t.Pending()
		for _, e := range t.Journal() {
			b.terminals[ledger.Origin{Terminal: w.config.Terminals[i].ID, Batch: e.Batch, STAN: e.STAN}] = e
		}
	}
	return b, nil
}

// check returns what is wrong, in words; nothing if all books agree.
func (b *books) check() []string {
	var v violations
	b.checkPostings(&v)
	b.checkStates(&v)
	b.checkTerminals(&v)
	b.checkHoldings(&v)
	b.checkOrders(&v)
	b.checkEvents(&v)
	b.checkMerchants(&v)
	return v
}

type violations []string

func (v *violations) add(format string, args ...any) { *v = append(*v, fmt.Sprintf(format, args...)) }

// checkPostings: every posting balances, and so does the whole.
func (b *books) checkPostings(v *violations) {
	var sum int64
	for _, p := range b.postings {
		if p.Sum != 0 || len(p.Entries) < 2 {
			v.add("posting %d of transaction %d does not balance: %d", p.ID, p.Transaction, p.Sum)
		}
	}
	for _, balance := range b.balances {
		sum += balance.Amount
	}
	if sum != 0 {
		v.add("the accounts do not sum to zero: %d", sum)
	}
}

// checkStates: everything is settled, and posted as its state says.
func (b *books) checkStates(v *violations) {
	posted := make(map[int64][]string)
	for _, p := range b.postings {
		posted[p.Transaction] = append(posted[p.Transaction], p.Kind)
	}
	for _, t := range b.transactions {
		undecided := t.State == ledger.Created || t.State == ledger.Sent || t.State == ledger.Unknown
		if undecided || t.Kind == ledger.Sale && t.State == ledger.Approved && t.Undo != ledger.Keep {
			v.add("transaction %d is not settled: %s %s", t.ID, t.State, t.Undo)
		}
		kinds, want := posted[t.ID], 0
		switch {
		case t.Kind == ledger.Sale && t.State == ledger.Approved:
			want = 1
		case t.Kind == ledger.Sale && t.State == ledger.Reversed:
			want = len(kinds) / 2 * 2 // none, or paid and reversed
		}
		if len(kinds) != want || want > 0 && kinds[0] != "paid" || want > 1 && kinds[1] != "reversed" {
			v.add("transaction %d is %s and posted as %v", t.ID, t.State, kinds)
		}
	}
	if b.pending > 0 {
		v.add("terminals have %d reversals that are not through", b.pending)
	}
}

// checkTerminals: what terminals call approved is what the ledger calls approved, one by one.
func (b *books) checkTerminals(v *violations) {
	approved := make(map[ledger.Origin]int64)
	for _, t := range b.transactions {
		if t.Kind == ledger.Sale && t.State == ledger.Approved {
			approved[t.Origin] = t.Amount
		}
	}
	for origin, e := range b.terminals {
		amount, there := approved[origin]
		delete(approved, origin)
		switch {
		case e.Status == terminal.Uncertain:
			v.add("terminal %s does not know how STAN %s went", origin.Terminal, origin.STAN)
		case e.Void:
		case e.Status == terminal.Approved && (!there || amount != e.Amount):
			v.add("terminal %s has STAN %s approved for %d, the ledger for %d", origin.Terminal, origin.STAN, e.Amount, amount)
		case e.Status != terminal.Approved && there:
			v.add("terminal %s has STAN %s as %s, the ledger as approved for %d", origin.Terminal, origin.STAN, e.Status, amount)
		}
	}
	for origin := range approved {
		v.add("the ledger has terminal %s STAN %s approved, the terminal does not know it", origin.Terminal, origin.STAN)
	}
}

// checkHoldings: bank and wallet hold what the ledger calls approved, one by one.
func (b *books) checkHoldings(v *violations) {
	approved := make(map[string]*ledger.Transaction)
	for _, t := range b.transactions {
		if t.Kind == ledger.Sale && t.State == ledger.Approved {
			approved[t.Channel+" "+t.Reference()] = t
		}
	}
	for channel, holdings := range b.holdings {
		for reference, h := range holdings {
			t := approved[channel+" "+reference]
			delete(approved, channel+" "+reference)
			switch {
			case h.State == simulator.Waiting:
				v.add("%s still waits for the payer of %s", channel, reference)
			case h.State == simulator.Held && (t == nil || t.Amount != h.Amount):
				v.add("%s holds %d for %s, which the ledger has not approved", channel, h.Amount, reference)
			case h.State != simulator.Held && t != nil:
				v.add("the ledger has %s approved, %s holds nothing for it", reference, channel)
			}
		}
	}
	for name := range approved {
		v.add("the ledger has %s approved, which the channel does not know", name)
	}
}

// checkOrders: no order is paid twice, by nobody's record.
func (b *books) checkOrders(v *violations) {
	paid := make(map[string]int)
	for _, t := range b.transactions {
		if t.Kind == ledger.Sale && b.holdings[t.Channel][t.Reference()].State == simulator.Held {
			paid[t.Order]++
		}
	}
	for order, n := range paid {
		if n > 1 {
			v.add("order %s was paid %d times", order, n)
		}
	}
	clear(paid)
	for _, e := range b.terminals {
		if e.Status == terminal.Approved && !e.Void {
			if paid[e.Order]++; paid[e.Order] == 2 {
				v.add("terminals took order %s twice", e.Order)
			}
		}
	}
}

// checkEvents: one paid event for each posting, and one reversed event for each posting that undoes one.
func (b *books) checkEvents(v *violations) {
	events := make(map[int64]ledger.Event)
	for _, e := range b.events {
		events[e.Posting] = e
		if !e.Delivered {
			v.add("event %d was not delivered", e.ID)
		}
	}
	for _, p := range b.postings {
		var n ledger.Notice
		if json.Unmarshal(events[p.ID].Body, &n) != nil || n.Type != p.Kind {
			v.add("posting %d (%s) has no such event", p.ID, p.Kind)
		}
	}
	if len(b.events) != len(b.postings) {
		v.add("%d events for %d postings", len(b.events), len(b.postings))
	}
}

// checkMerchants: each merchant got each of its events, by webhook under its one key, and by the stream once and in order.
func (b *books) checkMerchants(v *violations) {
	for merchant, notices := range b.notices {
		var ids []string
		wanted := make(map[string]bool)
		for _, e := range b.events {
			if e.Merchant == merchant {
				ids = append(ids, strconv.FormatInt(e.ID, 10))
				wanted[e.Key] = true
				if _, got := notices[e.Key]; !got {
					v.add("merchant %s was not told of event %d", merchant, e.ID)
				}
			}
		}
		for key := range notices {
			if !wanted[key] {
				v.add("merchant %s was told of an event that is none", merchant)
			}
		}
		var streamed []string
		for _, e := range b.streams[merchant] {
			streamed = append(streamed, e.ID)
		}
		if !slices.Equal(ids, streamed) {
			v.add("merchant %s got %d events from the stream, in their order or not, of %d", merchant, len(streamed), len(ids))
		}
	}
}
