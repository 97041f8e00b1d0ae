package payment_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/ledger/model"
	"github.com/posline/posline/examples/realtime/payment"
)

// life plays flights on a book: commits are done at once, channels answer from a script.
type life struct {
	t       *testing.T
	book    model.Book
	now     int64
	node    int32
	epoch   int64
	rules   payment.Rules
	says    []payment.Answer     // what the channel answers next; then silence
	results []payment.ResultKind // what becomes of the next commits instead; 0 for what the book says
	asked   []string
	replies []string
	replied payment.Row
	alarms  int
}

var (
	approves = payment.Answer{Outcome: payment.OutcomeApproved, Code: "00", Auth: "A00001", Ref: "4200000000202611290000000001"}
	declines = payment.Answer{Outcome: payment.OutcomeDeclined, Code: "51"}
	silence  = payment.Answer{}
	unsent   = payment.Answer{Outcome: payment.OutcomeUnsent}
	absent   = payment.Answer{Outcome: payment.OutcomeAbsent}
	undone   = payment.Answer{Outcome: payment.OutcomeUndone}
)

func newLife(t *testing.T, says ...payment.Answer) *life {
	l := &life{t: t, node: 1, now: 1000, says: says, rules: payment.Rules{Patience: 100, Ask: 50, Pause: 10, MaxPause: 40, FrameLife: 200}}
	l.epoch = l.book.Join(1, 0)
	return l
}

func origin(stan string) payment.Origin {
	return payment.Origin{Acquirer: "48025800", Terminal: "10000001", Batch: "000001", STAN: stan}
}

// row is what a terminal asks for.
func (l *life) row(kind payment.Kind, stan string, amount int64) payment.Row {
	return payment.Row{ID: payment.NextID(0, 1_800_000_000_000+l.now, l.node) + l.now, Kind: kind, Origin: origin(stan), Merchant: "m",
		Order: "order", Amount: amount, Currency: "156", Entry: "021", Hash: "hash", Channel: "bank", FeePPM: 6000, Day: 20261129, At: l.now}
}

func (l *life) sale(stan string) payment.Row { return l.row(payment.Sale, stan, 5588) }

// run plays an event and all that follows from it.
func (l *life) run(e payment.Event) payment.Flight {
	f := payment.Flight{Rules: l.rules, Node: l.node, Epoch: l.epoch}
	events := []payment.Event{e}
	for steps := 0; len(events) > 0; steps++ {
		require.Less(l.t, steps, 200, "it does not end")
		l.now++
		e, events = events[0], events[1:]
		e.Now = l.now
		var commands []payment.Command
		f, commands = payment.Step(f, &e, nil)
		for i := range commands {
			events = append(events, l.do(&commands[i])...)
		}
	}
	return f
}

// do carries out a command and returns what follows.
func (l *life) do(c *payment.Command) []payment.Event {
	switch c.Kind {
	case payment.Commit:
		var forced payment.ResultKind
		if len(l.results) > 0 {
			forced, l.results = l.results[0], l.results[1:]
		}
		e := payment.Event{Kind: payment.Committed, ID: c.ID, Result: payment.Result{Kind: forced}}
		if forced != payment.Failed {
			if result := l.book.Apply(&c.Op, l.now); forced == 0 {
				e.Result = result
			}
		}
		return []payment.Event{e}
	case payment.Ask:
		what := map[payment.Verb]string{payment.Do: "do", payment.Query: "query", payment.Take: "take"}[c.Verb] + " " + c.Row.Origin.STAN
		if c.Again {
			what += " again"
		}
		l.asked = append(l.asked, what)
		if len(l.says) == 0 {
			l.now += c.Within
			return []payment.Event{{Kind: payment.Answered, ID: c.ID}}
		}
		e := payment.Event{Kind: payment.Answered, ID: c.ID, Answer: l.says[0]}
		l.says = l.says[1:]
		return []payment.Event{e}
	case payment.Arm:
		require.Positive(l.t, c.Within)
		l.now += c.Within
		return []payment.Event{{Kind: payment.Fired, ID: c.ID}}
	case payment.Reply:
		l.replies, l.replied = append(l.replies, c.Code), c.Row
	case payment.Alarm:
		l.alarms++
	}
	return nil
}

func (l *life) request(row payment.Row) { l.run(payment.Event{Kind: payment.Requested, Row: row}) }

func (l *life) child(kind payment.Kind, stan, of string, amount int64) {
	row := l.row(kind, stan, amount)
	row.Order, row.Hash = "", ""
	l.run(payment.Event{Kind: payment.Requested, Row: row, Original: origin(of)})
}

func (l *life) reverse(row payment.Row) {
	row.ID, row.At = 0, l.now
	l.run(payment.Event{Kind: payment.ReversalAsked, Row: row})
}

func (l *life) find(stan string) payment.Row {
	r, ok := l.book.Find(origin(stan))
	require.True(l.t, ok, stan)
	return r
}

// posted are the postings in their order, with the amount that the merchant has from each.
func (l *life) posted() (list []string) {
	for _, p := range l.book.Postings() {
		list = append(list, p.Kind.String())
		sum := int64(0)
		for _, e := range p.Entries {
			sum += e.Amount
		}
		require.Zero(l.t, sum, "a posting balances")
	}
	return list
}
