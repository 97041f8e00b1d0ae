package payment

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// flying plays a flight event by event, and looks at each command.
type flying struct {
	t *testing.T
	Flight
	now int64
}

var askRules = Rules{Patience: 100, Ask: 50, Pause: 10, MaxPause: 35, FrameLife: 200}

func fly(t *testing.T, rules Rules) *flying {
	return &flying{t: t, Flight: Flight{Rules: rules, Node: 1, Epoch: 5}, now: 1000}
}

// event returns the commands, each with a greater ID than those before where something comes of it.
func (f *flying) event(e Event) []Command {
	f.t.Helper()
	e.Now = f.now
	before := f.ID
	var commands []Command
	f.Flight, commands = Step(f.Flight, &e, nil)
	for _, c := range commands {
		if c.Kind == Commit || c.Kind == Ask || c.Kind == Arm {
			require.Greater(f.t, c.ID, before)
			require.Equal(f.t, f.ID, c.ID)
		}
	}
	return commands
}

func (f *flying) result(r Result) []Command {
	return f.event(Event{Kind: Committed, ID: f.ID, Result: r})
}
func (f *flying) answer(a Answer) []Command {
	return f.event(Event{Kind: Answered, ID: f.ID, Answer: a})
}
func (f *flying) fire() []Command { return f.event(Event{Kind: Fired, ID: f.ID}) }

// done is the result of what was asked for last.
func (f *flying) done() []Command { return f.result(Result{Kind: Done, Row: f.Op.Row.committed()}) }

// one requires a single command of that kind.
func (f *flying) one(kind CommandKind, commands []Command) *Command {
	f.t.Helper()
	require.Len(f.t, commands, 1)
	require.Equal(f.t, kind, commands[0].Kind)
	return &commands[0]
}

func asked() Row {
	return Row{ID: 1, Kind: Sale, Origin: from("000001"), Merchant: "m", Order: "D-1", Hash: "hash", Amount: 100, Currency: "156", Entry: "021", At: 1000}
}

// admitted is a flight whose sale has been admitted after that time, and what it commands.
func admitted(t *testing.T, rules Rules, after int64) (*flying, []Command) {
	f := fly(t, rules)
	c := f.one(Commit, f.event(Event{Kind: Requested, Row: asked(), Original: from("000009"), Ceiling: 7}))
	want := asked()
	want.Owner, want.Epoch, want.Due = 1, 5, 1100
	require.Equal(t, Op{Kind: Admit, Row: want, Original: from("000009"), Ceiling: 7, Node: 1, Epoch: 5}, c.Op)
	want.State, want.Rev = Sent, 1
	f.now += after
	return f, f.result(Result{Kind: Done, Row: want})
}

// TestInTime: the channel hears of a payment while there is time, and not when another may take it back already.
func TestInTime(t *testing.T) {
	f, commands := admitted(t, askRules, 99)
	c := f.one(Ask, commands)
	require.Equal(t, Command{Kind: Ask, ID: f.ID, Verb: Do, Row: f.Row, Within: 50}, *c)
	f, commands = admitted(t, askRules, 100)
	c = f.one(Commit, commands)
	require.Equal(t, []any{Deciding, Declined, "96"}, []any{f.Phase, c.Op.Row.State, c.Op.Row.Code})
	require.Equal(t, []string{"96"}, replies(f.done()))
}

func replies(commands []Command) (codes []string) {
	for _, c := range commands {
		if c.Kind == Reply {
			codes = append(codes, c.Code)
		}
	}
	return codes
}

// TestQueries are asked after growing pauses, each for what time is left, until there is none.
func TestQueries(t *testing.T) {
	rules := askRules
	rules.Queries = true
	f, _ := admitted(t, rules, 0)
	f.now = 1050
	require.EqualValues(t, 10, f.one(Arm, f.answer(Answer{})).Within)
	require.Equal(t, Waiting, f.Phase)
	f.now = 1060
	c := f.one(Ask, f.fire())
	require.Equal(t, []any{Query, false, int64(40)}, []any{c.Verb, c.Again, c.Within})
	for i, pause := range []int64{10, 20, 35} {
		f.now++
		require.EqualValues(t, pause, f.one(Arm, f.answer(Answer{Outcome: OutcomeAbsent})).Within, i)
		c := f.one(Ask, f.fire())
		require.Equal(t, []any{Query, true, 1100 - f.now}, []any{c.Verb, c.Again, c.Within})
	}
	f.now = 1099
	f.one(Arm, f.answer(Answer{}))
	require.EqualValues(t, 10, f.one(Ask, f.fire()).Within, "at least a pause")
	f.now = 1100
	c = f.one(Commit, f.answer(Answer{}))
	require.Equal(t, []any{GivingUp, Unknown, GivenUp, "98"}, []any{f.Phase, c.Op.Row.State, c.Op.Row.Undo, c.Op.Row.Code})
	commands := f.done()
	require.Equal(t, []string{"98"}, replies(commands))
	require.Equal(t, []any{Take, int64(100), true}, []any{commands[1].Verb, commands[1].Within, commands[1].Again})
}

// TestDecisions is what an answer makes of a row.
func TestDecisions(t *testing.T) {
	for _, c := range []struct {
		answer Answer
		change func(r *Row)
	}{
		{Answer{Outcome: OutcomeApproved, Code: "00", Auth: "A1", Ref: "R1"}, func(r *Row) { r.State, r.Approved, r.Code, r.Auth, r.ChannelRef = Approved, 100, "00", "A1", "R1" }},
		{Answer{Outcome: OutcomeApproved, Code: "10", Amount: 1}, func(r *Row) { r.State, r.Approved, r.Code = Approved, 1, "10" }},
		{Answer{Outcome: OutcomeApproved, Code: "10", Amount: 101}, func(r *Row) { r.State, r.Approved, r.Code = Approved, 100, "10" }},
		{Answer{Outcome: OutcomeDeclined, Code: "51"}, func(r *Row) { r.State, r.Code = Declined, "51" }},
		{Answer{Outcome: OutcomeUnsent}, func(r *Row) { r.State, r.Code = Declined, "92" }},
	} {
		f, _ := admitted(t, askRules, 0)
		want := f.Row
		c.change(&want)
		require.Equal(t, want, f.one(Commit, f.answer(c.answer)).Op.Row)
		require.Equal(t, Deciding, f.Phase)
		commands := f.done()
		require.Equal(t, []string{want.Code}, replies(commands))
		require.Equal(t, want.committed(), f.one(Reply, commands).Row)
		require.Equal(t, []any{Ended, Op{}}, []any{f.Phase, f.Op})
	}
}

// TestResults is what comes of an admission that is none.
func TestResults(t *testing.T) {
	begin := func() *flying {
		f := fly(t, askRules)
		f.event(Event{Kind: Requested, Row: asked()})
		return f
	}
	for _, r := range []Result{{Kind: OrderTaken, Code: "94"}, {Kind: Barred, Code: "22"}, {Kind: OverLimit, Code: "61"}, {Kind: Refused, Code: "12"}, {Kind: Failed, Code: "96"}} {
		f := begin()
		require.Equal(t, []string{r.Code}, replies(f.result(r)))
		require.Equal(t, Ended, f.Phase)
	}
	own := begin().Op.Row
	own.State, own.Rev = Sent, 1
	f := begin()
	require.Equal(t, Do, f.one(Ask, f.result(Result{Kind: Duplicate, Row: own})).Verb, "its own admission, whose result was not heard")
	for code, change := range map[string]func(r *Row){
		"00": func(r *Row) { r.State, r.Code = Approved, "00" },
		"51": func(r *Row) { r.State, r.Code = Declined, "51" },
		"22": func(r *Row) { r.State, r.Code = Reversed, "00" },
	} {
		f := begin()
		row := own
		change(&row)
		require.Equal(t, []string{code}, replies(f.result(Result{Kind: Duplicate, Row: row})))
	}
	for _, change := range []func(r *Row){func(r *Row) { r.ID = 2 }, func(r *Row) { r.State = Unknown }, func(r *Row) { r.Undo = Asked }, func(r *Row) { r.Owner = 2 },
		func(r *Row) { r.State, r.Undo = Approved, Asked }} {
		f := begin()
		row := own
		change(&row)
		require.Equal(t, []string{""}, replies(f.result(Result{Kind: Duplicate, Row: row})), "the first will be answered")
		require.Equal(t, Ended, f.Phase)
	}
	f = begin()
	require.Equal(t, []string{""}, replies(f.result(Result{Kind: Fenced})))
}

// TestResubmits: an operation whose result is not known is repeated until it is; the terminal waits only so long.
func TestResubmits(t *testing.T) {
	f := fly(t, askRules)
	op := f.one(Commit, f.event(Event{Kind: Requested, Row: asked()})).Op
	for _, now := range []int64{1010, 1099} {
		f.now = now
		require.EqualValues(t, 10, f.one(Arm, f.result(Result{Kind: ResultUnknown})).Within)
		require.Equal(t, []Phase{Resubmit, Admitting}, []Phase{f.Phase, f.After})
		require.Equal(t, op, f.one(Commit, f.fire()).Op)
		require.Equal(t, Admitting, f.Phase)
	}
	f.now = 1100
	require.Equal(t, []string{"96"}, replies(f.result(Result{Kind: ResultUnknown})))
	f.fire()
	require.Empty(t, replies(f.result(Result{Kind: ResultUnknown})), "once")
	f.fire()
	f.now = 1001
	own := op.Row
	own.State, own.Rev = Sent, 1
	require.Equal(t, Declined, f.one(Commit, f.result(Result{Kind: Done, Row: own})).Op.Row.State, "nobody waits any more")

	for _, kind := range []ResultKind{ResultUnknown, Failed} { // of an outcome: it is recorded at the end
		f, _ := admitted(t, askRules, 0)
		op := f.one(Commit, f.answer(Answer{Outcome: OutcomeApproved, Code: "00"})).Op
		f.one(Arm, f.result(Result{Kind: kind}))
		require.Equal(t, op, f.one(Commit, f.fire()).Op)
		require.Equal(t, []string{"00"}, replies(f.result(Result{Kind: Stale, Row: op.Row.committed()})), "the first time it was done")
	}
}

// TestUndoing goes on until the channel has undone it; of what it has never heard, until it cannot come any more.
func TestUndoing(t *testing.T) {
	begin := func() *flying {
		f, _ := admitted(t, askRules, 0)
		f.now = 1050
		f.answer(Answer{})
		require.Equal(t, []string{"98"}, replies(f.done()))
		require.Equal(t, Undoing, f.Phase)
		return f
	}
	for _, outcome := range []Outcome{OutcomeUndone, OutcomeDeclined} {
		f := begin()
		c := f.one(Commit, f.answer(Answer{Outcome: outcome}))
		require.Equal(t, []any{Closing, Reversed}, []any{f.Phase, c.Op.Row.State})
		require.Empty(t, f.done(), "the terminal has been told")
	}
	f := begin()
	for i, pause := range []int64{10, 20, 35, 35, 35, 35, 35, 35, 35} {
		require.EqualValues(t, pause, f.one(Arm, f.answer(Answer{Outcome: Outcome(i % 2)})).Within, i) // unknown, or an approval, which is no answer
		c := f.one(Ask, f.fire())
		require.Equal(t, []any{Take, true, int64(100)}, []any{c.Verb, c.Again, c.Within})
	}
	commands := f.answer(Answer{})
	require.Equal(t, []CommandKind{Alarm, Arm}, []CommandKind{commands[0].Kind, commands[1].Kind}, "after the tenth try people look")
	require.Equal(t, f.Row, commands[0].Row)
	f.fire()
	f.one(Arm, f.answer(Answer{}))

	const over = 1000 + 100 + 200 + 100
	f = begin()
	f.now = 1300
	require.EqualValues(t, over-1300, f.one(Arm, f.answer(Answer{Outcome: OutcomeAbsent})).Within)
	require.Equal(t, Again, f.Phase)
	f.now = over - 1
	require.Equal(t, Take, f.one(Ask, f.fire()).Verb)
	require.EqualValues(t, 1, f.one(Arm, f.answer(Answer{Outcome: OutcomeAbsent})).Within)
	f.now = over
	f.fire()
	require.Equal(t, Reversed, f.one(Commit, f.answer(Answer{Outcome: OutcomeAbsent})).Op.Row.State)
}

// flagged is the flight of a reversal that has found this row, and what it commands.
func flagged(t *testing.T, row Row, rules Rules) (*flying, []Command) {
	f := fly(t, rules)
	f.now = 5000
	named := Row{Kind: row.Kind, Origin: row.Origin, Merchant: row.Merchant, Amount: row.Amount, Entry: row.Entry, At: 5000}
	c := f.one(Commit, f.event(Event{Kind: ReversalAsked, Row: named}))
	require.Equal(t, Op{Kind: Bar, Row: named, Node: 1, Epoch: 5}, c.Op)
	return f, f.result(Result{Kind: Duplicate, Row: row})
}

func open(state State, undo Undo) Row {
	row := asked()
	row.State, row.Undo, row.Rev, row.Owner, row.Epoch, row.Due = state, undo, 3, 2, 7, 1100
	return row
}

// TestReversals is what a reversal does to what it finds.
func TestReversals(t *testing.T) {
	with := func(r Row, change func(r *Row)) Row { change(&r); return r }
	rules := askRules
	rules.MaxAge = 4000
	for _, c := range []struct {
		row  Row
		code string
	}{
		{open(Declined, Keep), "00"}, {open(Reversed, Asked), "00"}, {open(Sent, Asked), "00"}, {open(Unknown, GivenUp), "00"}, {open(Approved, GivenUp), "00"},
		{with(open(Approved, Keep), func(r *Row) { r.Void = 9 }), "00"},
		{with(open(Approved, Keep), func(r *Row) { r.Refunded = 1 }), "40"},
		{with(open(Approved, Keep), func(r *Row) { r.Captured = 1 }), "40"},
		{with(open(Approved, Keep), func(r *Row) { r.Settled = 1 }), "40"},
		{with(open(Approved, Keep), func(r *Row) { r.At = 999 }), "40"},
		{with(open(Approved, Keep), func(r *Row) { r.Kind = Void }), "22"},
		{with(open(Declined, Keep), func(r *Row) { r.Kind = Refund }), "00"},
		{with(open(Sent, Keep), func(r *Row) { r.Kind = Refund }), ""},
		{with(open(Sent, Keep), func(r *Row) { r.Kind = Void }), ""},
	} {
		f, commands := flagged(t, c.row, rules)
		require.Equal(t, []string{c.code}, replies(commands), c.row)
		require.Equal(t, Ended, f.Phase)
	}

	f, commands := flagged(t, open(Sent, Keep), rules)
	want := open(Sent, Keep)
	want.Undo = Asked
	require.Equal(t, want, f.one(Commit, commands).Op.Row, "its owner keeps it")
	require.Equal(t, []string{"00"}, replies(f.done()))
	require.Equal(t, Ended, f.Phase, "and finds the reason")

	f, commands = flagged(t, open(Approved, Keep), rules) // at the very age that is allowed
	want = open(Approved, Keep)
	want.Undo, want.Owner, want.Epoch, want.Due = Asked, 1, 5, 5100
	require.Equal(t, want, f.one(Commit, commands).Op.Row, "who reverses it has it now")
	commands = f.done()
	require.Equal(t, []string{"00"}, replies(commands))
	require.Equal(t, []any{Take, want.committed()}, []any{commands[1].Verb, commands[1].Row})
}

// TestReversalMeetsChange: between looking and flagging somebody else was faster.
func TestReversalMeetsChange(t *testing.T) {
	begin := func() *flying {
		f, commands := flagged(t, open(Sent, Keep), askRules)
		f.one(Commit, commands)
		return f
	}
	f := begin()
	require.Equal(t, []string{"00"}, replies(f.result(Result{Kind: Stale, Row: open(Declined, Keep)})), "nothing is held")
	f = begin()
	now := open(Approved, Keep)
	now.Rev = 4
	c := f.one(Commit, f.result(Result{Kind: Stale, Row: now}))
	require.Equal(t, []any{Flagging, Asked, int64(4), int32(1)}, []any{f.Phase, c.Op.Row.Undo, c.Op.Row.Rev, c.Op.Row.Owner})
	other := now
	other.Amount = 99
	require.Equal(t, []string{"64"}, replies(f.result(Result{Kind: Stale, Row: other})), "what was asked for is still known")
	f = begin()
	require.Equal(t, []string{"00"}, replies(f.result(Result{Kind: Stale, Row: f.Op.Row.committed()})), "its own change, whose result was not heard")
	f = begin()
	require.Equal(t, []string{"96"}, replies(f.result(Result{Kind: Refused, Code: "40"})))
	f = fly(t, askRules)
	f.event(Event{Kind: ReversalAsked, Row: asked()})
	require.Equal(t, []string{"96"}, replies(f.result(Result{Kind: Refused})))
}

// TestMeetsChange: an outcome, a giving up or a closing finds the row changed.
func TestMeetsChange(t *testing.T) {
	flag := func(f *flying) Row {
		row := f.Op.Row
		row.State, row.Undo, row.Rev = Sent, Asked, row.Rev+1
		row.Approved, row.Code = 0, ""
		return row
	}
	deciding := func(a Answer) *flying {
		f, _ := admitted(t, askRules, 0)
		f.one(Commit, f.answer(a))
		return f
	}
	f := deciding(Answer{Outcome: OutcomeApproved, Code: "00"})
	row := flag(f)
	commands := f.result(Result{Kind: Stale, Row: row})
	require.Equal(t, []string{""}, replies(commands), "the terminal has asked for it back")
	require.Equal(t, []any{Take, row, Undoing}, []any{commands[1].Verb, commands[1].Row, f.Phase})

	f = deciding(Answer{Outcome: OutcomeDeclined, Code: "51"})
	row = flag(f)
	c := f.one(Commit, f.result(Result{Kind: Stale, Row: row}))
	want := row
	want.State, want.Code = Declined, "51"
	require.Equal(t, []any{Deciding, want}, []any{f.Phase, c.Op.Row})

	f = deciding(Answer{Outcome: OutcomeDeclined, Code: "22"})
	row = flag(f)
	row.State, row.Approved = Approved, row.Amount
	commands = f.result(Result{Kind: Stale, Row: row})
	require.Equal(t, []string{""}, replies(commands))
	require.Equal(t, []any{Take, Undoing}, []any{commands[1].Verb, f.Phase}, "an approval that was posted meanwhile is no refusal any more: it is taken back")

	for _, change := range []func(r *Row){func(r *Row) { r.Owner = 2 }, func(r *Row) { r.Epoch = 6 }, func(r *Row) { r.State = Declined }} {
		f = deciding(Answer{Outcome: OutcomeApproved, Code: "00"})
		row = flag(f)
		change(&row)
		require.Equal(t, []string{""}, replies(f.result(Result{Kind: Stale, Row: row})))
		require.Equal(t, Ended, f.Phase, "somebody else works on it, or nobody need")
	}

	f = deciding(Answer{Outcome: OutcomeApproved, Code: "00"})
	commands = f.result(Result{Kind: Refused, Code: "96"})
	require.Equal(t, []CommandKind{Alarm, Reply}, []CommandKind{commands[0].Kind, commands[1].Kind})
	require.Equal(t, []string{""}, replies(commands))

	f, _ = admitted(t, askRules, 0) // closing, while a reversal is recorded as well
	f.answer(Answer{})
	f.done()
	f.one(Commit, f.answer(Answer{Outcome: OutcomeUndone}))
	require.Equal(t, Closing, f.Phase)
	row = f.Row
	row.Undo, row.Rev = Asked, row.Rev+1
	c = f.one(Commit, f.result(Result{Kind: Stale, Row: row}))
	want = row
	want.State = Reversed
	require.Equal(t, []any{Closing, want}, []any{f.Phase, c.Op.Row}, "the channel need not be asked again")
}

// TestAdopts is how a flight goes on with what was left behind.
func TestAdopts(t *testing.T) {
	queried := askRules
	queried.Queries = true
	for _, c := range []struct {
		row   Row
		rules Rules
		flag  bool // it is given up at once
		verb  Verb
	}{
		{open(Sent, Keep), askRules, true, Take},
		{open(Sent, Keep), queried, false, Query},
		{open(Sent, Asked), queried, false, Take},
		{open(Sent, Asked), askRules, false, Take},
		{open(Unknown, GivenUp), queried, false, Take},
		{open(Approved, Asked), askRules, false, Take},
		{func() Row { r := open(Sent, Keep); r.Kind = Void; return r }(), askRules, false, Take},
		{func() Row { r := open(Sent, Keep); r.Kind = Refund; return r }(), askRules, false, Do},
	} {
		f := fly(t, c.rules)
		f.now = 5000
		want := c.row
		want.Owner, want.Epoch, want.Due = 1, 5, 5100
		if c.flag {
			want.State, want.Undo = Unknown, GivenUp
		}
		require.Equal(t, want, f.one(Commit, f.event(Event{Kind: Adopted, Row: c.row})).Op.Row)
		parent := Row{ID: 77}
		ask := f.one(Ask, f.result(Result{Kind: Done, Row: want.committed(), Parent: parent}))
		require.Equal(t, c.verb, ask.Verb, c.row)
		require.EqualValues(t, 100, ask.Within)
		require.Equal(t, c.verb != Query, ask.Again, "what was asked for before is a repeat")
		if c.row.Kind == Void {
			require.Equal(t, parent, ask.Row, "the void's money is its parent's")
		} else {
			require.Equal(t, want.committed(), ask.Row)
		}
	}
	begin := func() *flying {
		f := fly(t, askRules)
		f.event(Event{Kind: Adopted, Row: open(Sent, Asked)})
		return f
	}
	f := begin()
	require.Equal(t, Take, f.one(Ask, f.result(Result{Kind: Stale, Row: f.Op.Row.committed()})).Verb)
	for _, r := range []Result{{Kind: Stale, Row: open(Declined, Keep)}, {Kind: Refused}, {Kind: Fenced}} {
		f = begin()
		require.Empty(t, f.result(r))
		require.Equal(t, Ended, f.Phase)
	}
}

// TestCarried: a refund is asked for until there is an answer, and its terminal is let go after a while; a void takes back
// what it is for.
func TestCarried(t *testing.T) {
	f := fly(t, askRules)
	row := asked()
	row.Kind = Refund
	f.event(Event{Kind: Requested, Row: row})
	own := f.Op.Row
	own.State, own.Rev = Sent, 1
	f.now = 1500
	f.one(Ask, f.result(Result{Kind: Done, Row: own}))
	f.now = 1099
	require.EqualValues(t, 10, f.one(Arm, f.answer(Answer{Outcome: OutcomeUnsent})).Within, "unsent or not, it is carried through")
	c := f.one(Ask, f.fire())
	require.Equal(t, []any{Do, true, int64(100)}, []any{c.Verb, c.Again, c.Within})
	f.now = 1100
	commands := f.answer(Answer{})
	require.Equal(t, []string{"98"}, replies(commands))
	require.EqualValues(t, 20, commands[1].Within)
	f.fire()
	require.Equal(t, Declined, f.one(Commit, f.answer(Answer{Outcome: OutcomeDeclined, Code: "12"})).Op.Row.State)

	f = fly(t, askRules)
	row.Kind = Void
	f.event(Event{Kind: Requested, Row: row})
	own = f.Op.Row
	own.State, own.Rev, own.Parent = Sent, 1, 77
	parent := Row{ID: 77, Amount: 100}
	c = f.one(Ask, f.result(Result{Kind: Done, Row: own, Parent: parent}))
	require.Equal(t, []any{Take, parent, false}, []any{c.Verb, c.Row, c.Again})
	f.one(Arm, f.answer(Answer{Outcome: OutcomeAbsent}))
	f.fire()
	c = f.one(Commit, f.answer(Answer{Outcome: OutcomeUndone}))
	require.Equal(t, []any{Approved, int64(100), "00"}, []any{c.Op.Row.State, c.Op.Row.Approved, c.Op.Row.Code})
	require.Equal(t, []string{"00"}, replies(f.done()))
}
