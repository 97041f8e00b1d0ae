package payment_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/payment"
)

func TestApproval(t *testing.T) {
	l := newLife(t, approves)
	sale := l.sale("000001")
	l.request(sale)
	require.Equal(t, []string{"do 000001"}, l.asked)
	require.Equal(t, []string{"00"}, l.replies)
	require.Equal(t, "A00001", l.replied.Auth)
	row := l.find("000001")
	require.Equal(t, payment.Approved, row.State)
	require.Equal(t, int64(5588), row.Approved)
	require.Equal(t, "4200000000202611290000000001", row.ChannelRef, "28 digits")
	require.Zero(t, row.Due)
	require.Equal(t, []string{"paid"}, l.posted())
	require.Equal(t, int64(34), l.book.Postings()[0].Fee, "0.6 % of 55.88, rounded half up")
	require.Len(t, l.book.Notices(), 1)

	again := sale
	again.ID++
	l.request(again)
	require.Equal(t, []string{"00", "00"}, l.replies, "the same answer again")
	for _, change := range []func(r *payment.Row){
		func(r *payment.Row) { r.Amount++ }, func(r *payment.Row) { r.Hash = "another" },
		func(r *payment.Row) { r.Order = "another" }, func(r *payment.Row) { r.Kind = payment.Auth },
	} {
		other := again
		change(&other)
		l.request(other)
		require.Equal(t, "94", l.replies[len(l.replies)-1], "the same number for something else")
	}
	second := l.sale("000002")
	l.request(second)
	require.Equal(t, "94", l.replies[len(l.replies)-1], "the order is paid")
	l.request(second)
	require.Equal(t, "94", l.replies[len(l.replies)-1], "a copy of what was refused")
	require.Equal(t, []string{"do 000001"}, l.asked)
}

func TestPartialApproval(t *testing.T) {
	partial := approves
	partial.Code, partial.Amount = "10", 5000
	l := newLife(t, partial, undone)
	l.request(l.sale("000001"))
	require.Equal(t, []string{"10"}, l.replies)
	require.Equal(t, int64(5000), l.find("000001").Approved)
	require.Equal(t, int64(5000), l.book.Postings()[0].Amount)
	l.child(payment.Void, "000002", "000001", 5588)
	require.Equal(t, "64", l.replies[1], "a void is of what was approved")
	l.child(payment.Void, "000003", "000001", 5000)
	require.Equal(t, "00", l.replies[2])
	require.Equal(t, []string{"paid", "reversed"}, l.posted())
}

func TestDecline(t *testing.T) {
	l := newLife(t, declines, approves)
	sale := l.sale("000001")
	l.request(sale)
	l.request(sale)
	l.reverse(sale)
	require.Equal(t, []string{"51", "51", "00"}, l.replies)
	l.request(l.sale("000002"))
	require.Equal(t, "00", l.replies[3], "the order is free")
	require.Equal(t, []string{"paid"}, l.posted())
}

func TestUnsent(t *testing.T) {
	l := newLife(t, unsent)
	l.request(l.sale("000001"))
	require.Equal(t, []string{"92"}, l.replies)
	require.Equal(t, payment.Declined, l.find("000001").State)
	require.Equal(t, []string{"do 000001"}, l.asked)
}

func TestSilentBankIsReversed(t *testing.T) {
	l := newLife(t, silence, silence, undone)
	l.request(l.sale("000001"))
	require.Equal(t, []string{"98"}, l.replies)
	require.Equal(t, []string{"do 000001", "take 000001", "take 000001 again"}, l.asked)
	require.Equal(t, payment.Reversed, l.find("000001").State)
	require.Empty(t, l.posted())
}

// TestAbsentIsNotFinal: a bank that has not heard of a payment would still do it when it comes.
func TestAbsentIsNotFinal(t *testing.T) {
	l := newLife(t, silence, absent, absent)
	began := l.now
	l.request(l.sale("000001"))
	require.Equal(t, []string{"do 000001", "take 000001", "take 000001 again"}, l.asked)
	require.GreaterOrEqual(t, l.now-began, l.rules.Patience+l.rules.FrameLife)
	require.Equal(t, payment.Reversed, l.find("000001").State)
}

func TestQueriedWallet(t *testing.T) {
	l := newLife(t, silence, silence, approves)
	l.rules.Queries = true
	l.request(l.sale("000001"))
	require.Equal(t, []string{"do 000001", "query 000001", "query 000001 again"}, l.asked)
	require.Equal(t, []string{"00"}, l.replies)
	l = newLife(t, silence, declines)
	l.rules.Queries = true
	l.request(l.sale("000001"))
	require.Equal(t, []string{"51"}, l.replies)
	l = newLife(t)
	l.rules.Queries = true
	l.says = []payment.Answer{silence, absent, absent, absent, absent, absent, absent}
	l.says = append(l.says[:6], undone)
	l.request(l.sale("000001"))
	require.Equal(t, []string{"98"}, l.replies)
	require.Equal(t, payment.Reversed, l.find("000001").State, "%v", l.asked)
}

func TestReversal(t *testing.T) {
	l := newLife(t, approves, undone)
	sale := l.sale("000001")
	l.request(sale)
	for _, change := range []func(r *payment.Row){
		func(r *payment.Row) { r.Amount = 1 }, func(r *payment.Row) { r.Kind = payment.Auth },
		func(r *payment.Row) { r.Entry = "051" }, func(r *payment.Row) { r.Merchant = "other" },
	} {
		other := sale
		change(&other)
		l.reverse(other)
		require.Equal(t, "64", l.replies[len(l.replies)-1], "it is not what was asked for")
	}
	require.Equal(t, []string{"do 000001"}, l.asked)
	l.reverse(sale)
	require.Equal(t, "00", l.replies[len(l.replies)-1])
	require.Equal(t, payment.Reversed, l.find("000001").State)
	require.Equal(t, []string{"paid", "reversed"}, l.posted())
	l.reverse(sale)
	require.Equal(t, "00", l.replies[len(l.replies)-1])
	require.Equal(t, []string{"paid", "reversed"}, l.posted(), "once")
	l.request(sale)
	require.Equal(t, "22", l.replies[len(l.replies)-1], "a copy of what was reversed")
}

func TestReversalIsTooLate(t *testing.T) {
	l := newLife(t, approves)
	l.rules.MaxAge = 50
	sale := l.sale("000001")
	l.request(sale)
	l.now += 100
	l.reverse(sale)
	require.Equal(t, []string{"00", "40"}, l.replies)
	require.Equal(t, payment.Approved, l.find("000001").State)
}

func TestReversalFirst(t *testing.T) {
	l := newLife(t, approves)
	sale := l.sale("000001")
	l.reverse(sale)
	l.reverse(sale)
	l.request(sale)
	require.Equal(t, []string{"25", "25", "22"}, l.replies)
	require.Empty(t, l.asked)
}

func TestVoid(t *testing.T) {
	l := newLife(t, approves, silence, undone, approves)
	l.request(l.sale("000001"))
	l.child(payment.Void, "000002", "000009", 5588)
	l.child(payment.Void, "000003", "000001", 5587)
	require.Equal(t, []string{"00", "25", "64"}, l.replies)
	l.child(payment.Void, "000004", "000001", 5588)
	require.Equal(t, "00", l.replies[3])
	require.Equal(t, []string{"do 000001", "take 000001", "take 000001 again"}, l.asked)
	require.Equal(t, payment.Reversed, l.find("000001").State)
	require.Equal(t, payment.Approved, l.find("000004").State)
	require.Equal(t, []string{"paid", "reversed"}, l.posted())
	l.child(payment.Void, "000005", "000001", 5588)
	require.Equal(t, "12", l.replies[4], "it is taken back already")
	void := l.row(payment.Void, "000004", 5588)
	l.reverse(void)
	require.Equal(t, "22", l.replies[5], "it stands")
	l.request(l.sale("000006"))
	require.Equal(t, "00", l.replies[6], "the order is free")
}

func TestRefund(t *testing.T) {
	l := newLife(t, approves, approves, declines, silence, approves)
	l.request(l.sale("000001"))
	l.child(payment.Refund, "000002", "000001", 3000)
	l.child(payment.Refund, "000003", "000001", 2589)
	require.Equal(t, []string{"00", "00", "64"}, l.replies, "more than is left")
	l.child(payment.Refund, "000004", "000001", 2588)
	require.Equal(t, "51", l.replies[3])
	l.child(payment.Refund, "000005", "000001", 2588)
	require.Equal(t, "00", l.replies[4], "what was declined is left again")
	require.Equal(t, []string{"do 000001", "do 000002", "do 000004", "do 000005", "do 000005 again"}, l.asked)
	require.Equal(t, []string{"paid", "refunded", "refunded"}, l.posted())
	require.Equal(t, int64(5588), l.find("000001").Refunded)
	l.child(payment.Void, "000006", "000001", 5588)
	require.Equal(t, "12", l.replies[5])
	l.reverse(l.sale("000001"))
	require.Equal(t, "40", l.replies[6], "what is refunded is not reversed as well")
}

func TestCompletion(t *testing.T) {
	l := newLife(t, approves, approves, undone, approves)
	l.request(l.row(payment.Auth, "000001", 10000))
	require.Empty(t, l.posted(), "nothing is taken yet")
	l.child(payment.Completion, "000002", "000001", 11501)
	require.Equal(t, "64", l.replies[1], "more than 115 %")
	l.child(payment.Completion, "000003", "000001", 11500)
	require.Equal(t, "00", l.replies[2])
	require.Equal(t, int64(11500), l.find("000001").Captured)
	l.child(payment.Completion, "000004", "000001", 1)
	require.Equal(t, "12", l.replies[3], "once")
	require.Equal(t, []string{"paid"}, l.posted())
	completion := l.row(payment.Completion, "000003", 11500)
	l.reverse(completion)
	require.Equal(t, "00", l.replies[4])
	require.Zero(t, l.find("000001").Captured)
	l.child(payment.Completion, "000005", "000001", 9000)
	require.Equal(t, "00", l.replies[5])
	require.Equal(t, []string{"paid", "reversed", "paid"}, l.posted())
}

func TestCeiling(t *testing.T) {
	l := newLife(t, declines, approves, undone, approves)
	ask := func(stan string) string {
		row := l.sale(stan)
		row.Order = stan
		l.run(payment.Event{Kind: payment.Requested, Row: row, Ceiling: 6000})
		return l.replies[len(l.replies)-1]
	}
	require.Equal(t, "51", ask("000001"))
	require.Equal(t, "00", ask("000002"), "what was declined is not counted")
	require.Equal(t, "61", ask("000003"))
	row := l.sale("000002")
	row.Order = "000002"
	l.reverse(row)
	require.Equal(t, "00", ask("000004"), "nor what was reversed")
}

// TestUnknownCommit: what stands behind a commit waits until its result is known, and is then done once.
func TestUnknownCommit(t *testing.T) {
	l := newLife(t, approves)
	l.results = []payment.ResultKind{payment.ResultUnknown, 0, payment.ResultUnknown, payment.ResultUnknown, 0}
	l.request(l.sale("000001"))
	require.Equal(t, []string{"do 000001"}, l.asked)
	require.Equal(t, []string{"00"}, l.replies)
	require.Equal(t, []string{"paid"}, l.posted())

	l = newLife(t, approves)
	l.results = []payment.ResultKind{payment.Failed}
	l.request(l.sale("000001"))
	require.Equal(t, []string{"96"}, l.replies)
	require.Empty(t, l.asked)

	l = newLife(t, approves)
	for range 30 {
		l.results = append(l.results, payment.ResultUnknown)
	}
	l.request(l.sale("000001"))
	require.Equal(t, []string{"96"}, l.replies, "the terminal is let go")
	require.Empty(t, l.asked, "and the channel does not hear of it any more")
	require.Equal(t, payment.Declined, l.find("000001").State)

	l = newLife(t, approves)
	l.results = []payment.ResultKind{payment.Fenced}
	l.request(l.sale("000001"))
	require.Equal(t, []string{""}, l.replies, "another process has the node")
}

func TestAdoption(t *testing.T) {
	leave := func(l *life, row payment.Row, original payment.Origin) payment.Row {
		row.Owner, row.Epoch = l.node, l.epoch
		result := l.book.Apply(&payment.Op{Kind: payment.Admit, Row: row, Original: original, Node: l.node, Epoch: l.epoch}, l.now)
		require.Equal(t, payment.Done, result.Kind)
		l.epoch = l.book.Join(l.node, l.now)
		open := l.book.Open(l.node, l.epoch, l.now, l.now, 10)
		require.Equal(t, []payment.Row{result.Row}, open)
		return result.Row
	}
	l := newLife(t, undone)
	l.run(payment.Event{Kind: payment.Adopted, Row: leave(l, l.sale("000001"), payment.Origin{})})
	require.Equal(t, []string{"take 000001 again"}, l.asked)
	require.Equal(t, payment.Reversed, l.find("000001").State)

	l = newLife(t, approves)
	l.rules.Queries = true
	l.run(payment.Event{Kind: payment.Adopted, Row: leave(l, l.sale("000001"), payment.Origin{})})
	require.Equal(t, []string{"query 000001"}, l.asked)
	require.Equal(t, []string{"paid"}, l.posted())

	l = newLife(t, approves, undone)
	l.request(l.sale("000001"))
	void := l.row(payment.Void, "000002", 5588)
	void.Order, void.Hash = "", ""
	l.run(payment.Event{Kind: payment.Adopted, Row: leave(l, void, origin("000001"))})
	require.Equal(t, []string{"do 000001", "take 000001 again"}, l.asked)
	require.Equal(t, []string{"paid", "reversed"}, l.posted())
	require.Empty(t, l.replies[1:], "nobody waits")

	l = newLife(t, approves, approves)
	l.request(l.sale("000001"))
	refund := l.row(payment.Refund, "000002", 100)
	l.run(payment.Event{Kind: payment.Adopted, Row: leave(l, refund, origin("000001"))})
	require.Equal(t, []string{"do 000001", "do 000002 again"}, l.asked)
}

// TestOvertaken: a reversal that another flight has recorded wins over an approval that comes after it.
func TestOvertaken(t *testing.T) {
	for name, answer := range map[string]payment.Answer{"approved": approves, "declined": declines, "silent": silence} {
		t.Run(name, func(t *testing.T) {
			l := newLife(t, undone)
			sale := l.sale("000001")
			f := payment.Flight{Rules: l.rules, Node: l.node, Epoch: l.epoch}
			f, commands := payment.Step(f, &payment.Event{Kind: payment.Requested, Now: l.now, Row: sale}, nil)
			f, commands = payment.Step(f, &l.do(&commands[0])[0], nil)
			l.reverse(sale)
			require.Equal(t, []string{"00"}, l.replies)
			require.Equal(t, payment.Sent, l.find("000001").State)
			events := []payment.Event{{Kind: payment.Answered, ID: commands[0].ID, Answer: answer}}
			for len(events) > 0 {
				e := events[0]
				e.Now = l.now
				f, commands = payment.Step(f, &e, nil)
				events = events[1:]
				for i := range commands {
					events = append(events, l.do(&commands[i])...)
				}
			}
			require.Equal(t, payment.Ended, f.Phase)
			require.Empty(t, l.posted())
			if name == "declined" {
				require.Equal(t, payment.Declined, l.find("000001").State)
				return
			}
			require.Equal(t, payment.Reversed, l.find("000001").State)
			require.Equal(t, []string{"take 000001"}, l.asked)
		})
	}
}

func TestAlarm(t *testing.T) {
	l := newLife(t, silence)
	for range 12 {
		l.says = append(l.says, silence)
	}
	l.says = append(l.says, undone)
	l.request(l.sale("000001"))
	require.Equal(t, 1, l.alarms)
}

// TestLateAnswers: what comes when nobody waits for it changes nothing.
func TestLateAnswers(t *testing.T) {
	l := newLife(t)
	f := payment.Flight{Rules: l.rules, Node: l.node, Epoch: l.epoch}
	f, commands := payment.Step(f, &payment.Event{Kind: payment.Requested, Now: 1, Row: l.sale("000001")}, nil)
	f, commands = payment.Step(f, &l.do(&commands[0])[0], nil)
	ask := commands[0].ID
	f, _ = payment.Step(f, &payment.Event{Kind: payment.Answered, ID: ask}, nil)
	require.Equal(t, payment.GivingUp, f.Phase)
	for _, e := range []payment.Event{{Kind: payment.Answered, ID: ask, Answer: approves}, {Kind: payment.Committed, ID: ask},
		{Kind: payment.Fired, ID: ask}, {Kind: payment.Fired, ID: f.ID}, {Kind: payment.Answered, ID: f.ID, Answer: approves},
		{Kind: payment.Requested, Row: l.sale("000002")}, {Kind: 99}} {
		same, commands := payment.Step(f, &e, nil)
		require.Equal(t, f, same)
		require.Empty(t, commands)
	}
}
