package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/payment"
)

// desk is a terminal on a table: what it commands is looked at, and what comes of it is told by the test.
type desk struct {
	t *testing.T
	State
	commands []Command
}

func (d *desk) happens(e Event) *desk {
	d.t.Helper()
	d.State, d.commands = Step(d.State, &e, nil)
	return d
}

// comes is an event for what the terminal waits for.
func (d *desk) comes(e Event) *desk {
	d.t.Helper()
	e.ID = d.ID
	return d.happens(e)
}

func (d *desk) saved() *desk           { return d.comes(Event{Kind: Saved}) }
func (d *desk) fires() *desk           { return d.comes(Event{Kind: Fired}) }
func (d *desk) answers(a Answer) *desk { return d.comes(Event{Kind: Answered, Answer: a}) }
func (d *desk) says(code string) *desk { return d.answers(Answer{Code: code}) }

// all requires that nothing else was commanded. A zero ID stands for the latest.
func (d *desk) all(want ...Command) []Command {
	d.t.Helper()
	for i := range want {
		if want[i].ID == 0 && want[i].Kind != Show {
			want[i].ID = d.ID
		}
	}
	if len(want) == 0 {
		want = nil
	}
	require.Equal(d.t, want, d.commands)
	return d.commands
}

func wish(kind payment.Kind) Transaction {
	x := Transaction{Kind: kind, Batch: "000007", Order: "D-1", Amount: 55_88, Entry: "021"}
	if kind != payment.Sale && kind != payment.Auth {
		x.Order, x.Ref = "", "0TQVAZ490400"
		x.Original = payment.Origin{Batch: "000007", STAN: "000041"}
	}
	return x
}

// pressed is a terminal whose 42nd transaction has been keyed in and recorded, and has left.
func pressed(t *testing.T, kind payment.Kind) (*desk, Transaction) {
	d := &desk{t: t, State: State{Kept: Kept{STAN: 41}}}
	x := wish(kind)
	d.happens(Event{Kind: Pressed, Transaction: x})
	x.STAN = 42
	d.all(Command{Kind: Save, Kept: Kept{42, x}})
	require.Equal(t, Recording, d.Phase)
	before := d.ID
	d.saved().all(Command{Kind: Send, Transaction: x})
	require.Greater(t, d.ID, before, "what is late has another number")
	require.Equal(t, Waiting, d.Phase)
	return d, x
}

// ends requires that a result goes to the disk, and is shown only then.
func (d *desk) ends(x Transaction, r Result) {
	d.t.Helper()
	d.all(Command{Kind: Save, Kept: Kept{STAN: x.STAN}, Transaction: x, Result: r})
	require.Equal(d.t, x, d.Open, "until it is on the disk")
	d.saved().all(Command{Kind: Show, Transaction: x, Result: r})
	require.Equal(d.t, State{Kept: Kept{STAN: x.STAN}, Result: r, Reason: d.Reason, Tries: d.Tries, ID: d.ID}, d.State)
}

var kinds = []payment.Kind{payment.Sale, payment.Auth, payment.Completion, payment.Void, payment.Refund}

// TestAnswers is what each answer to a request leads to.
func TestAnswers(t *testing.T) {
	for _, kind := range kinds {
		for _, c := range []struct {
			answer Answer
			result Result // zero: it is not known
		}{
			{Answer{Code: "00", Ref: "R", Auth: "A"}, Result{Approved, "00", 55_88, "R", "A"}},
			{Answer{Code: "00", Amount: 1}, Result{Status: Approved, Code: "00", Amount: 55_88}},
			{Answer{Code: "11"}, Result{Status: Approved, Code: "11", Amount: 55_88}},
			{Answer{Code: "A2"}, Result{Status: Approved, Code: "A2", Amount: 55_88}},
			{Answer{Code: "10", Amount: 55_88}, Result{Status: Approved, Code: "10", Amount: 55_88}},
			{Answer{Code: "10", Amount: 1, Ref: "R", Auth: "A"}, Result{Approved, "10", 1, "R", "A"}},
			{Answer{Code: "51", Ref: "R"}, Result{Status: Declined, Code: "51"}},
			{Answer{Code: "77"}, Result{Status: Declined, Code: "77"}},
			{Answer{Unsent: true}, Result{Status: Declined}},
			{Answer{Code: "10"}, Result{}},                // in part, and of nothing
			{Answer{Code: "10", Amount: -1}, Result{}},    // of less than nothing
			{Answer{Code: "10", Amount: 55_89}, Result{}}, // of more than was asked for
			{Answer{}, Result{}},                      // silence
			{Answer{Code: "98"}, Result{}},            // the switch does not know
			{Answer{Code: "Z9"}, Result{}},            // nobody knows what it says
			{Answer{Bad: true, Code: "00"}, Result{}}, // an approval that nobody has signed
			{Answer{Bad: true, Code: "51"}, Result{}}, // a refusal that nobody has signed
			{Answer{Bad: true, Code: "10", Amount: 1}, Result{}},
			{Answer{Bad: true}, Result{}},
		} {
			d, x := pressed(t, kind)
			d.answers(c.answer)
			switch reason := map[bool]string{false: NoAnswer, true: WrongMAC}[c.answer.Bad]; {
			case c.result != Result{}:
				d.ends(x, c.result)
			case kind == payment.Refund:
				d.all(Command{Kind: Pause, Tries: 1})
				d.fires().all(Command{Kind: Send, Transaction: x, Again: true})
			default:
				d.all(Command{Kind: Show, Transaction: x, Result: Result{Status: Uncertain, Code: c.answer.Code}},
					Command{Kind: Reverse, Transaction: x, Reason: reason})
				require.Equal(t, Reversing, d.Phase)
			}
		}
	}
}

// TestRefundAgain: what comes after the first try says something about the first only where it must.
func TestRefundAgain(t *testing.T) {
	for _, again := range []Answer{{Unsent: true}, {Code: "77"}, {Code: "97"}, {Code: "99"}, {Code: "A0"}, {}, {Code: "96"}, {Bad: true, Code: "51"}} {
		d, x := pressed(t, payment.Refund)
		d.answers(Answer{}).all(Command{Kind: Pause, Tries: 1})
		d.fires().answers(again).all(Command{Kind: Pause, Tries: 2})
		d.fires().all(Command{Kind: Send, Transaction: x, Again: true})
		d.says("51").ends(x, Result{Status: Declined, Code: "51"})
	}
	d, x := pressed(t, payment.Refund)
	d.answers(Answer{}).fires().says("00").ends(x, Result{Status: Approved, Code: "00", Amount: 55_88})
	d.happens(Event{Kind: Pressed, Transaction: wish(payment.Sale)})
	require.Zero(t, d.Tries, "a new one begins anew")
}

// TestReversalAnswers is what each answer to a reversal leads to.
func TestReversalAnswers(t *testing.T) {
	for _, kind := range []payment.Kind{payment.Sale, payment.Auth, payment.Completion, payment.Void} {
		begin := func() (*desk, Transaction) {
			d, x := pressed(t, kind)
			return d.answers(Answer{}), x
		}
		for _, code := range []string{"00", "12", "25"} {
			d, x := begin()
			d.says(code).ends(x, Result{Status: Undone, Code: code})
		}
		for _, a := range []Answer{{}, {Unsent: true}, {Bad: true, Code: "00"}, {Code: "96"}, {Code: "98"}, {Code: "Z9"}, {Code: "77"}, {Code: "97"}, {Code: "99"}, {Code: "A0"}} {
			d, x := begin()
			for tries := 1; tries < 8; tries++ { // for ever
				d.answers(a).all(Command{Kind: Pause, Tries: tries})
				require.Equal(t, Pausing, d.Phase)
				d.fires().all(Command{Kind: Reverse, Transaction: x, Reason: NoAnswer})
			}
			d.says("00").ends(x, Result{Status: Undone, Code: "00"})
		}
		for _, code := range []string{"40", "64", "22"} {
			d, x := begin()
			if code == "22" && kind == payment.Void {
				d.answers(Answer{Code: "22", Ref: "R", Auth: "A"}).ends(x, Result{Approved, "22", 55_88, "R", "A"})
				continue
			}
			d.says(code).all(Command{Kind: Pause, Tries: 1})
			d.fires().says(code).all(Command{Kind: Pause, Tries: 2})
			d.fires().says(code).ends(x, Result{Status: Failed, Code: code})
		}
	}
}

// TestPowerOn: what left before the power went is undone; a refund is asked for again.
func TestPowerOn(t *testing.T) {
	for _, kind := range kinds {
		x := wish(kind)
		x.STAN = 42
		d := &desk{t: t, State: State{Kept: Kept{42, x}}}
		d.happens(Event{Kind: PoweredOn})
		if kind == payment.Refund {
			d.all(Command{Kind: Send, Transaction: x, Again: true})
			d.answers(Answer{Unsent: true}).all(Command{Kind: Pause, Tries: 2})
			continue
		}
		d.all(Command{Kind: Reverse, Transaction: x, Reason: NoAnswer})
		d.says("25").ends(x, Result{Status: Undone, Code: "25"})
	}
	d := &desk{t: t, State: State{Kept: Kept{STAN: 42}}}
	d.happens(Event{Kind: PoweredOn}).all()
	require.Equal(t, State{Kept: Kept{STAN: 42}}, d.State)
}

func TestNumbers(t *testing.T) {
	for last, next := range map[uint32]uint32{0: 1, 41: 42, 999_998: 999_999, 999_999: 1} {
		d := &desk{t: t, State: State{Kept: Kept{STAN: last}}}
		d.happens(Event{Kind: Pressed, Transaction: wish(payment.Sale)})
		require.Equal(t, next, d.STAN)
		require.Equal(t, next, d.Open.STAN)
	}
}

// TestNotNow: an event that the terminal does not wait for changes nothing.
func TestNotNow(t *testing.T) {
	idle := State{Kept: Kept{STAN: 41}, ID: 9}
	d := &desk{t: t, State: idle}
	for _, e := range []Event{{Kind: Saved, ID: 9}, {Kind: Answered, ID: 9}, {Kind: Fired, ID: 9}, {Kind: PoweredOn}, {Kind: Pressed}, {Kind: Pressed, Transaction: Transaction{Kind: 99}}, {}} {
		d.happens(e).all()
		require.Equal(t, idle, d.State, e)
	}
	open := wish(payment.Sale)
	open.STAN = 41
	waits := map[Phase]EventKind{Recording: Saved, Waiting: Answered, Reversing: Answered, Pausing: Fired, Finishing: Saved}
	for phase, kind := range waits {
		state := State{Kept: Kept{41, open}, Phase: phase, ID: 9}
		for e := Pressed; e < eventKinds; e++ {
			for _, id := range []uint32{8, 9, 10} {
				d := &desk{t: t, State: state}
				d.happens(Event{Kind: e, ID: id, Transaction: wish(payment.Sale)})
				if e == kind && id == 9 {
					require.NotEmpty(t, d.commands, "%v: %v", phase, e)
				} else {
					d.all()
					require.Equal(t, state, d.State, "%v: %v of %d", phase, e, id)
				}
			}
		}
	}
	require.Len(t, waits, int(phases)-1)
}

func TestNames(t *testing.T) {
	require.Equal(t, "finishing", Finishing.String())
	require.Equal(t, "no phase", phases.String())
	require.Equal(t, "fired", Fired.String())
	require.Equal(t, "no event", eventKinds.String())
	require.Equal(t, "failed", Failed.String())
	require.Equal(t, []string{"no status", "no status", "approved"}, []string{Status(0).String(), (Failed + 1).String(), Approved.String()})
}
