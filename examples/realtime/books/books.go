// Package books compares what all sides have in their books when a run is over and everything has settled.
//
// What should be in the ledger, and what merchants should have been told, is computed from the books of the terminals and
// of the channels alone, with the rules written down here a second time: an approval that a channel holds is posted once,
// with its fee, and told once; what was given back was posted and told not at all, or both ways. So the ledger and the
// code that writes it are checked against something that owes them nothing.
package books

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/examples/realtime/simulator"
	"github.com/posline/posline/examples/realtime/terminal"
)

// Books are those of all sides.
type Books struct {
	Terminals map[string][]terminal.Entry             // by terminal, oldest first
	Merchants map[string]string                       // of terminals
	Holdings  map[string]map[string]simulator.Holding // by channel and reference
	Told      map[string][]ledger.Tell                // what merchants were told, each key once, in the order in which it came
	Streamed  map[string][]ledger.Tell                // what their streams brought, in order; nil where nobody listens
	Pending   int                                     // transactions that terminals still have open

	Rows     []payment.Row // the ledger's
	Postings []ledger.Posted
	Notices  []ledger.Outgoing
}

// FeePPM is the fee of every merchant here, in millionths.
const FeePPM = 6_000

// fee rounds half up to the minor unit, in other words than the ledger's.
func fee(amount int64) int64 {
	whole, rest := amount*FeePPM/1_000_000, amount*FeePPM%1_000_000
	if 2*rest >= 1_000_000 {
		whole++
	}
	return whole
}

// held is a holding with its channel and what a terminal has of it.
type held struct {
	simulator.Holding
	channel string
	entry   *terminal.Entry // nil if no terminal knows its reference
	by      string          // the terminal
	given   int64           // back by refunds
}

// check is a comparison in the making.
type check struct {
	*Books
	faults   []string
	held     map[string]*held           // by reference
	postings map[string][]ledger.Posted // by reference of their rows
	told     map[string][]ledger.Tell   // by transaction
}

func (c *check) add(format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

// Check returns where the books do not agree.
func (b *Books) Check() []string {
	c := &check{Books: b, held: make(map[string]*held), postings: make(map[string][]ledger.Posted), told: make(map[string][]ledger.Tell)}
	c.index()
	c.open()
	c.terminals()
	for _, reference := range c.references() {
		c.reference(reference)
	}
	c.balances()
	c.orders()
	c.notices()
	slices.Sort(c.faults)
	return most(slices.Compact(c.faults))
}

// mostFaults is how many are told: where there are more, the rest says no more.
const mostFaults = 100

func most(faults []string) []string {
	if more := len(faults) - mostFaults; more > 0 {
		return append(faults[:mostFaults:mostFaults], fmt.Sprintf("and %d more", more))
	}
	return faults
}

func (c *check) index() {
	for channel, holdings := range c.Holdings {
		for reference, h := range holdings {
			c.held[reference] = &held{Holding: h, channel: channel}
		}
	}
	for id, list := range c.Terminals {
		for i := range list {
			e := &list[i]
			if h := c.held[e.Reference]; h != nil && e.Kind != payment.Void && (h.entry == nil || e.Status == terminal.Approved) {
				h.entry, h.by = e, id
			}
		}
	}
	for _, h := range c.held {
		if of := c.held[h.Original]; of != nil && h.Kind == simulator.HoldRefund {
			of.given += holds(h)
		}
	}
	for _, p := range c.Postings {
		reference := payment.Reference(p.Row)
		c.postings[reference] = append(c.postings[reference], p)
	}
	for _, list := range c.Told {
		for _, t := range list {
			c.told[t.Transaction] = append(c.told[t.Transaction], t)
		}
	}
}

// references are all that anybody has.
func (c *check) references() (list []string) {
	for reference := range c.held {
		list = append(list, reference)
	}
	for reference := range c.postings {
		list = append(list, reference)
	}
	for reference := range c.told {
		list = append(list, reference)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// open looks for what has not come to an end.
func (c *check) open() {
	for i := range c.Rows {
		if r := &c.Rows[i]; !r.Ended() {
			c.add("%v %s is not settled: %v, to be undone: %v", r.Kind, r.Reference(), r.State, r.Undo)
		}
	}
	if c.Pending > 0 {
		c.add("terminals have %d transactions that are not decided", c.Pending)
	}
	for reference, h := range c.held {
		if h.State == simulator.Waiting {
			c.add("%s still waits for the payer of %s", h.channel, reference)
		}
	}
	for _, n := range c.Notices {
		if !n.Delivered {
			c.add("notice %s was not delivered", n.Tell.Key)
		}
	}
}

// terminals checks what was shown against what channels hold.
func (c *check) terminals() {
	for id, list := range c.Terminals {
		for i := range list {
			if fault := c.entry(&list[i]); fault != "" {
				c.add("terminal %s STAN %s: %s", id, list[i].STAN, fault)
			}
		}
	}
}

func (c *check) entry(e *terminal.Entry) string {
	h := c.held[e.Reference]
	switch {
	case e.Status == terminal.Uncertain || e.Status == terminal.Failed:
		return fmt.Sprintf("it is %s", e.Status)
	case e.Kind == payment.Void && e.Status == terminal.Approved && !sameBatch(e):
		return "a void of another batch was approved"
	case e.Kind == payment.Void:
		return ""
	case e.Status == terminal.Approved && h == nil:
		return "approved, and no channel knows it"
	case e.Status == terminal.Approved && (h.State != simulator.Held || h.Held != e.Amount || h.Amount != e.Asked):
		return fmt.Sprintf("approved for %d of %d, the channel holds %d of %d", e.Amount, e.Asked, holds(h), h.Amount)
	case e.Status == terminal.Approved && h.entry != e:
		return "approved under the reference of another"
	case e.Status != terminal.Approved && h != nil && h.entry == e && holds(h) != 0:
		return fmt.Sprintf("%s, and the channel holds %d", e.Status, holds(h))
	}
	return ""
}

// sameBatch reports whether a void is of the batch of what it voids; after that it would have to be a refund.
func sameBatch(e *terminal.Entry) bool { return e.OriginalBatch == e.Batch }

func holds(h *held) int64 {
	if h == nil || h.State != simulator.Held {
		return 0
	}
	return h.Held
}

// wanted is a posting that should be there.
type wanted struct {
	kind   payment.PostingKind
	amount int64
	fee    int64
}

// reference checks the postings and notices of one payment against what its channel and its terminal have.
func (c *check) reference(reference string) {
	h, postings := c.held[reference], c.postings[reference]
	var want []wanted
	switch {
	case h == nil || h.Kind == simulator.HoldAuth:
	case h.State == simulator.Held && h.Kind == simulator.HoldRefund:
		want = []wanted{{payment.Refunded, h.Held, 0}}
	case h.State == simulator.Held:
		want = []wanted{{payment.Paid, h.Held, fee(h.Held)}}
	case h.State == simulator.Undone && (len(postings) > 0 || h.entry != nil && h.entry.Status == terminal.Voided):
		want = []wanted{{payment.Paid, h.Held, fee(h.Held)}, {payment.TakenBack, h.Held, fee(h.Held)}}
	}
	if h != nil && h.given > holds(h) {
		c.add("%s gave back %d of %s, which holds %d", h.channel, h.given, reference, holds(h))
	}
	if holds(h) != 0 && h.entry == nil {
		c.add("%s holds %d for %s, which no terminal has approved", h.channel, h.Held, reference)
	}
	if len(postings) != len(want) {
		c.add("%s should be posted %d times, and is %d times", reference, len(want), len(postings))
		return
	}
	for i := range want {
		c.posting(h, &want[i], &postings[i])
	}
	c.tells(h, reference, want)
}

// posting checks one posting, entry by entry.
func (c *check) posting(h *held, w *wanted, p *ledger.Posted) {
	reference := payment.Reference(p.Row)
	if p.Kind != w.kind || p.Amount != w.amount || p.Fee != w.fee || p.Currency != "156" || p.Merchant != h.Merchant {
		c.add("%s is posted as %v of %d, fee %d, currency %s, for %s; not as %v of %d, fee %d, for %s", reference, p.Kind, p.Amount, p.Fee,
			p.Currency, p.Merchant, w.kind, w.amount, w.fee, h.Merchant)
	}
	sign := int64(1)
	if w.kind != payment.Paid {
		sign = -1
	}
	want := map[string]int64{"receivable:" + h.channel: sign * w.amount, "payable:" + h.Merchant: -sign * (w.amount - w.fee)}
	if w.fee != 0 {
		want["fees"] = -sign * w.fee
	}
	for _, e := range p.Entries {
		want[e.Account] -= e.Amount
	}
	for account, difference := range want {
		if difference != 0 {
			c.add("%s, %v: account %s is wrong by %d", reference, p.Kind, account, -difference)
		}
	}
}

// tells checks what the merchant was told of one payment.
func (c *check) tells(h *held, reference string, want []wanted) {
	got := c.told[reference]
	if len(got) != len(want) {
		c.add("merchants were told %d times of %s, not %d times", len(got), reference, len(want))
		return
	}
	for i, w := range want {
		t := &got[i]
		if i > 0 && t.Sequence <= got[i-1].Sequence {
			c.add("%s was told out of order", reference)
		}
		if !masked(t.Payer) {
			c.add("%s was told with its payer in the clear", reference)
		}
		order, device := "", h.Terminal
		if h.entry != nil {
			order, device = c.order(h), h.by
			if h.entry.Pressed.Sub(t.At) > mostApart || t.At.Sub(h.entry.Pressed) > mostApart {
				c.add("%s was told as of %v, and its key was pressed at %v", reference, t.At, h.entry.Pressed)
			}
		}
		if t.Type != w.kind.String() || t.Amount != w.amount || t.Merchant != h.Merchant || t.Currency != "CNY" || t.Channel != h.channel ||
			order != "" && t.Order != order || device != "" && t.Terminal != device {
			c.add("%s was told as %s of %d, order %s, terminal %s, merchant %s; not as %v of %d, order %s, terminal %s, merchant %s", reference,
				t.Type, t.Amount, t.Order, t.Terminal, t.Merchant, w.kind, w.amount, order, device, h.Merchant)
		}
	}
}

// mostApart is how far the time in a notice may be from that of the key, which it may follow once a long storm is over.
const mostApart = 3 * time.Hour

// masked reports whether a payer is hidden: no more than the first six and the last four digits are shown.
func masked(payer string) bool {
	digits := 0
	for _, c := range payer {
		if unicode.IsDigit(c) {
			digits++
		}
	}
	return digits <= 10 && strings.Contains(payer, "****")
}

// order is that of the sale at the root.
func (c *check) order(h *held) string {
	for h.entry != nil && h.entry.Order == "" && h.Original != "" && c.held[h.Original] != nil {
		h = c.held[h.Original]
	}
	if h.entry == nil {
		return ""
	}
	return h.entry.Order
}

// balances computes what each account should come to.
func (c *check) balances() {
	want := make(map[string]int64)
	for _, h := range c.held {
		amount := holds(h)
		if h.Kind == simulator.HoldAuth || amount == 0 {
			continue
		}
		kept := fee(amount)
		if h.Kind == simulator.HoldRefund {
			amount, kept = -amount, 0
		}
		want["receivable:"+h.channel] += amount
		want["payable:"+h.Merchant] -= amount - kept
		want["fees"] -= kept
	}
	for _, p := range c.Postings {
		var sum int64
		for _, e := range p.Entries {
			sum += e.Amount
			want[e.Account] -= e.Amount
		}
		if sum != 0 || len(p.Entries) < 2 {
			c.add("posting %d does not balance: %d", p.ID, sum)
		}
	}
	for account, difference := range want {
		if difference != 0 {
			c.add("account %s is wrong by %d", account, -difference)
		}
	}
}

// orders looks for orders that were paid twice, by what terminals show and by what channels hold.
func (c *check) orders() {
	paid, shown := make(map[string]int), make(map[string]int)
	for id, list := range c.Terminals {
		for _, e := range list {
			if e.Status == terminal.Approved && e.Order != "" {
				shown[c.Merchants[id]+" "+e.Order]++
			}
		}
	}
	for _, h := range c.held {
		if holds(h) != 0 && h.entry != nil && h.entry.Order != "" {
			paid[h.Merchant+" "+h.entry.Order]++
		}
	}
	for _, counts := range []map[string]int{paid, shown} {
		for order, n := range counts {
			if n > 1 {
				c.add("order %s was paid %d times", order, n)
			}
		}
	}
}

// notices checks keys, numbers and order of what each merchant was told.
func (c *check) notices() {
	for merchant, list := range c.Told {
		keys := make(map[string]bool)
		numbers := make(map[int64]string)
		for _, t := range list {
			if keys[t.Key] || numbers[t.Sequence] != "" {
				c.add("merchant %s: key %s or number %d twice", merchant, t.Key, t.Sequence)
			}
			keys[t.Key], numbers[t.Sequence] = true, t.Key
			if t.Merchant != merchant {
				c.add("merchant %s was told of %s's %s", merchant, t.Merchant, t.Transaction)
			}
		}
		for n := int64(1); n <= int64(len(list)); n++ {
			if numbers[n] == "" {
				c.add("merchant %s: number %d is missing", merchant, n)
			}
		}
		if streamed := c.Streamed[merchant]; c.Streamed != nil {
			c.stream(merchant, streamed, numbers)
		}
	}
}

// stream checks that a stream had every notice once, in order.
func (c *check) stream(merchant string, streamed []ledger.Tell, numbers map[int64]string) {
	for i, t := range streamed {
		if t.Sequence != int64(i+1) || numbers[t.Sequence] != t.Key {
			c.add("merchant %s: event %d of the stream is %s", merchant, i+1, strings.TrimSpace(t.Key+" "+fmt.Sprint(t.Sequence)))
			return
		}
	}
	if len(streamed) != len(numbers) {
		c.add("merchant %s: %d events in the stream, %d notices", merchant, len(streamed), len(numbers))
	}
}
