// Package engine is what a terminal does, as a pure function: Step takes the terminal's state and an event and gives the
// state as it is now and the commands that follow. It does no I/O and reads no clock. Package terminal drives it with a
// disk and a line; the simulation and the explorer drive it with neither.
//
// A terminal has one transaction at a time. It is on the disk before it leaves, so that a terminal that wakes up with one
// reverses it. It is off the disk before the result is shown: what a customer was shown as approved is never reversed.
package engine

import "github.com/posline/posline/examples/realtime/payment"

// Transaction is what a terminal asks for. It is plain data and comparable, and has no card data.
type Transaction struct {
	Kind     payment.Kind // payment.Sale, Void, Refund and so on; 0 is no transaction
	STAN     uint32       // 1 to 999999
	Batch    string       // six digits
	Order    string
	Amount   int64 // minor units
	Entry    string
	Code     bool           // by pay code, not by card
	Original payment.Origin // of a void, refund or completion
	Ref      string         // field 37 of the original
	Auth     string         // field 38 of the original
}

// Status is how a transaction stands for the terminal.
type Status uint8

// The statuses.
const (
	Approved  Status = 1 + iota
	Declined         // or never sent
	Uncertain        // not known; it is being reversed
	Undone           // by its reversal
	Failed           // its reversal is refused: people must look
)

// Kept is what a terminal has on its disk.
type Kept struct {
	STAN uint32      // the last one used
	Open Transaction // the one that has left, or is about to, and whose outcome is not known
}

// Phase is what a terminal waits for.
type Phase uint8

// The phases, with what ends each.
const (
	Idle      Phase = iota
	Recording       // Saved: then it is sent
	Waiting         // Answered
	Reversing       // Answered, to the reversal
	Pausing         // Fired: then it is reversed, or asked for, again
	Finishing       // Saved: then the result is shown
	phases
)

var phaseNames = [phases]string{"idle", "recording", "waiting", "reversing", "pausing", "finishing"}

// String implements fmt.Stringer.
func (p Phase) String() string {
	if p >= phases {
		return "no phase"
	}
	return phaseNames[p]
}

// State is a terminal: what it has kept, and what a power cut takes.
type State struct {
	Kept
	Phase  Phase
	Result Result // to be shown when Finishing ends
	Reason string // of the reversal, field 39
	Tries  int
	ID     uint32 // of the last command
}

// Result is how a transaction went.
type Result struct {
	Status Status
	Code   string // response code; empty if there was no answer
	Amount int64  // approved
	Ref    string // field 37
	Auth   string // field 38
}

// EventKind is what happens to a terminal.
type EventKind uint8

// The events.
const (
	Pressed   EventKind = 1 + iota // somebody wants Transaction
	PoweredOn                      // with what was Kept
	Saved                          // the command ID is on the disk
	Answered                       // Answer to what ID sent
	Fired                          // the timer ID
	eventKinds
)

var eventNames = [eventKinds]string{"", "pressed", "powered on", "saved", "answered", "fired"}

// String implements fmt.Stringer.
func (k EventKind) String() string {
	if k >= eventKinds {
		return "no event"
	}
	return eventNames[k]
}

// Answer is what came back. The zero value is silence.
type Answer struct {
	Unsent bool // nothing has left the terminal
	Bad    bool // something came, but it cannot be trusted
	Code   string
	Amount int64 // field 4 of the answer
	Ref    string
	Auth   string
}

// Event is something that happens to a terminal.
type Event struct {
	Kind        EventKind
	ID          uint32
	Transaction Transaction
	Answer      Answer
}

// CommandKind is what a terminal wants done.
type CommandKind uint8

// The commands.
const (
	Save    CommandKind = 1 + iota // Kept, and with a Result the journal's line; comes as Saved
	Send                           // Transaction; the answer comes as Answered, once
	Reverse                        // Transaction, for Reason; the answer comes as Answered, once
	Pause                          // Tries says how long; comes as Fired
	Show                           // Transaction and its Result
)

// Command is something a terminal wants done.
type Command struct {
	Kind        CommandKind
	ID          uint32
	Kept        Kept
	Transaction Transaction
	Result      Result
	Reason      string
	Again       bool // Send: the same bytes may have been sent before
	Tries       int
}

// LastSTAN is the greatest; the one after it is 1.
const LastSTAN = 999_999

// The reasons of a reversal, field 39.
const (
	NoAnswer = "98"
	WrongMAC = "A0"
)

// refusals is how often a reversal may be refused before people must look.
const refusals = 3

// Step lets an event happen to a terminal. An event that it does not wait for changes nothing.
func Step(s State, e *Event, commands []Command) (State, []Command) {
	seedEvent(&s, e)
	t := step{s, commands}
	switch {
	case e.Kind == Pressed && s.Phase == Idle && e.Transaction.Kind.Known():
		t.pressed(e.Transaction)
	case e.Kind == PoweredOn && s.Phase == Idle && s.Open.Kind != 0:
		t.resume()
	case e.ID != s.ID:
	case e.Kind == Saved && s.Phase == Recording:
		t.send(false)
	case e.Kind == Saved && s.Phase == Finishing:
		t.show()
	case e.Kind == Answered && s.Phase == Waiting:
		t.answered(&e.Answer)
	case e.Kind == Answered && s.Phase == Reversing:
		t.reversed(&e.Answer)
	case e.Kind == Fired && s.Phase == Pausing && s.Open.Kind == payment.Refund:
		t.send(true)
	case e.Kind == Fired && s.Phase == Pausing:
		t.reverse()
	}
	return t.State, seedCommands(&t.State, t.commands)
}

type step struct {
	State
	commands []Command
}

func (t *step) command(phase Phase, c Command) {
	t.Phase = phase
	t.ID++
	c.ID = t.ID
	t.commands = append(t.commands, c)
}

func (t *step) pressed(x Transaction) {
	t.STAN = t.STAN%LastSTAN + 1
	x.STAN = t.STAN
	t.Open, t.Tries, t.Reason, t.Result = x, 0, "", Result{}
	t.command(Recording, Command{Kind: Save, Kept: t.Kept})
}

// resume goes on after a power cut: what has an unknown outcome is reversed, and a refund, which is never reversed, is
// asked for again.
func (t *step) resume() {
	if t.Open.Kind == payment.Refund {
		t.Tries = 1
		t.send(true)
		return
	}
	t.Reason = NoAnswer
	t.reverse()
}

func (t *step) send(again bool) {
	t.command(Waiting, Command{Kind: Send, Transaction: t.Open, Again: again})
}

func (t *step) reverse() {
	t.command(Reversing, Command{Kind: Reverse, Transaction: t.Open, Reason: t.Reason})
}

func (t *step) answered(a *Answer) {
	class := payment.ClassOf(a.Code)
	switch {
	case t.Tries > 0 && (a.Unsent || signInCode(a.Code)): // it says nothing about what was sent before
		t.pause()
	case a.Unsent:
		t.finish(Result{Status: Declined})
	case !a.Bad && class == payment.ClassApproved:
		t.finish(Result{Approved, a.Code, t.Open.Amount, a.Ref, a.Auth})
	case !a.Bad && class == payment.ClassPartial && a.Amount > 0 && a.Amount <= t.Open.Amount:
		t.finish(Result{Approved, a.Code, a.Amount, a.Ref, a.Auth})
	case !a.Bad && class == payment.ClassDeclined:
		t.finish(Result{Status: Declined, Code: a.Code})
	case t.Open.Kind == payment.Refund:
		t.pause()
	default:
		t.Reason = NoAnswer
		if a.Bad {
			t.Reason = WrongMAC
		}
		t.Result = Result{Status: Uncertain, Code: a.Code}
		t.commands = append(t.commands, Command{Kind: Show, Transaction: t.Open, Result: t.Result})
		t.reverse()
	}
}

func (t *step) reversed(a *Answer) {
	if a.Bad || a.Unsent || payment.ClassOf(a.Code) == payment.ClassUnknown || signInCode(a.Code) {
		t.pause()
		return
	}
	switch a.Code {
	case "00", "12", "25":
		t.finish(Result{Status: Undone, Code: a.Code})
	case "22": // a void stands
		if t.Open.Kind == payment.Void {
			t.finish(Result{Approved, a.Code, t.Open.Amount, a.Ref, a.Auth})
			return
		}
		t.refused(a.Code)
	default:
		t.refused(a.Code)
	}
}

// signInCode reports whether a response code asks for a new sign-in, which the driver sees to.
func signInCode(code string) bool {
	return code == "77" || code == "97" || code == "99" || code == "A0"
}

func (t *step) refused(code string) {
	if t.Tries+1 >= refusals {
		t.finish(Result{Status: Failed, Code: code})
		return
	}
	t.pause()
}

func (t *step) pause() {
	t.Tries++
	t.command(Pausing, Command{Kind: Pause, Tries: t.Tries})
}

func (t *step) finish(r Result) {
	t.Result = r
	kept := t.Kept
	kept.Open = Transaction{}
	t.command(Finishing, Command{Kind: Save, Kept: kept, Transaction: t.Open, Result: r})
}

func (t *step) show() {
	t.commands = append(t.commands, Command{Kind: Show, Transaction: t.Open, Result: t.Result})
	t.Open, t.Phase = Transaction{}, Idle
}

var statusNames = [...]string{"no status", "approved", "declined", "uncertain", "undone", "failed"}

// String implements fmt.Stringer.
func (s Status) String() string {
	if int(s) >= len(statusNames) {
		return statusNames[0]
	}
	return statusNames[s]
}
