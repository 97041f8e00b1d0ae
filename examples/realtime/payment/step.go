package payment

// alarmAfter is how many tries without success make people look.
const alarmAfter = 10

// Step lets an event happen to a flight: it returns the flight as it is now, and appends to commands what is to be done.
// An event that the flight does not wait for, such as an answer that comes too late, changes nothing.
func Step(f Flight, e *Event, commands []Command) (Flight, []Command) {
	seedEvent(&f, e)
	s := step{Flight: f, now: e.Now, commands: commands}
	switch e.Kind {
	case Requested, ReversalAsked, Adopted:
		if f.Phase == Idle {
			s.begin(e)
		}
	case Committed:
		if e.ID == f.ID {
			s.committed(&e.Result)
		}
	case Answered:
		if e.ID == f.ID {
			s.answered(&e.Answer)
		}
	case Fired:
		if e.ID == f.ID {
			s.fired()
		}
	}
	s.commands = seedCommands(&s.Flight, s.commands)
	return s.Flight, s.commands
}

// step is one step in the making.
type step struct {
	Flight
	now      int64
	commands []Command
}

func (s *step) begin(e *Event) {
	switch e.Kind {
	case Requested:
		s.Flight.Reply = true
		row := e.Row
		row.Owner, row.Epoch, row.Due = s.Node, s.Epoch, row.At+s.Rules.Patience
		s.commit(Admitting, Op{Kind: Admit, Row: row, Original: e.Original, Ceiling: e.Ceiling})
	case ReversalAsked:
		s.Flight.Reply = true
		s.commit(Looking, Op{Kind: Bar, Row: e.Row})
	case Adopted:
		row := e.Row
		row.Owner, row.Epoch, row.Due = s.Node, s.Epoch, s.now+s.Rules.Patience
		if row.State == Sent && row.Undo == Keep && !row.Kind.Carried() && !s.Rules.Queries {
			row.State, row.Undo = Unknown, GivenUp
		}
		s.commit(Adopting, Op{Kind: Change, Row: row})
	}
}

// commit asks for an operation and waits for its result in that phase.
func (s *step) commit(phase Phase, op Op) {
	op.Node, op.Epoch = s.Node, s.Epoch
	s.Phase, s.Op = phase, op
	s.ID++
	s.commands = append(s.commands, Command{Kind: Commit, ID: s.ID, Op: op})
}

// change commits the row as it is to be.
func (s *step) change(phase Phase, row Row) { s.commit(phase, Op{Kind: Change, Row: row}) }

func (s *step) ask(phase Phase, verb Verb, row Row, again bool, within int64) {
	s.Phase = phase
	s.ID++
	s.commands = append(s.commands, Command{Kind: Ask, ID: s.ID, Verb: verb, Row: row, Parent: s.Parent, Again: again, Within: within})
}

func (s *step) arm(phase Phase, pause int64) {
	s.Phase = phase
	s.ID++
	s.commands = append(s.commands, Command{Kind: Arm, ID: s.ID, Within: max(pause, 1)})
}

// reply lets the terminal go, with a code or without one. It is told once.
func (s *step) reply(code string) {
	if s.Flight.Reply {
		s.Flight.Reply = false
		s.commands = append(s.commands, Command{Kind: Reply, Row: s.Row, Parent: s.Parent, Code: code})
	}
}

// end is the last thing a flight does.
func (s *step) end(code string) {
	s.reply(code)
	s.Phase = Ended
	s.Op = Op{}
	s.ID++
}

func (s *step) deadline() int64 { return s.Row.At + s.Rules.Patience }

// committed takes the result of the operation that the flight waits for.
func (s *step) committed(r *Result) {
	switch r.Kind {
	case ResultUnknown, Failed:
		s.resubmit(r.Kind)
		return
	case Fenced:
		s.end("")
		return
	}
	switch s.Phase {
	case Admitting:
		s.admitted(r)
	case Deciding, GivingUp, Closing:
		s.changed(r)
	case Looking:
		s.looked(r)
	case Flagging:
		s.flagged(r)
	case Adopting:
		s.adopted(r)
	}
}

// resubmit repeats an operation of which the store does not say what became: a repeated one that was done shows itself
// as Duplicate or Stale. Nothing that stands behind it happens before.
func (s *step) resubmit(result ResultKind) {
	if s.Phase == Admitting && result == Failed {
		s.end(codeFailed)
		return
	}
	if s.now >= s.Op.Row.At+s.Rules.Patience {
		s.reply(codeFailed)
	}
	s.After = s.Phase
	s.arm(Resubmit, s.Rules.Pause)
}

func (s *step) admitted(r *Result) {
	switch r.Kind {
	case Done:
	case Duplicate:
		if r.Row != s.asAdmitted(&r.Row) {
			s.Row, s.Parent = r.Row, r.Parent
			s.repeated()
			return
		}
	default:
		s.Row = s.Op.Row
		s.end(r.Code)
		return
	}
	s.Row, s.Parent = r.Row, r.Parent
	switch {
	case s.Row.Kind == Void:
		s.take()
	case s.Row.Kind.Carried() || s.Flight.Reply && s.now < s.deadline():
		s.ask(Asking, Do, s.Row, false, s.Rules.Ask)
	default: // it took so long that another may take it back already; the channel has not heard of it
		row := s.Row
		row.State, row.Code = Declined, codeFailed
		s.change(Deciding, row)
	}
}

// asAdmitted is the row of the flight's own Admit as the store has it when nobody has touched it since. What a store
// takes from a parent is taken over.
func (s *step) asAdmitted(row *Row) Row {
	own := s.Op.Row
	own.State, own.Rev = Sent, 1
	if row.Parent != 0 {
		own.Parent, own.Order, own.Channel, own.Line, own.FeePPM = row.Parent, row.Order, row.Channel, row.Line, row.FeePPM
		own.Payer, own.Hash = row.Payer, row.Hash
	}
	return own
}

// repeated answers a request that was here before as it was answered then; while it is not decided, not at all: the
// first will be answered.
func (s *step) repeated() {
	switch {
	case s.Row.State == Approved && s.Row.Undo == Keep, s.Row.State == Declined:
		s.end(s.Row.Code)
	case s.Row.State == Reversed:
		s.end(codeBarred)
	default:
		s.end("")
	}
}

// answered takes what the channel says.
func (s *step) answered(a *Answer) {
	switch s.Phase {
	case Asking:
		s.asked(a)
	case Querying:
		if a.Outcome == OutcomeApproved || a.Outcome == OutcomeDeclined {
			s.decide(a)
		} else if s.now < s.deadline() {
			s.Tries++
			s.arm(Waiting, s.backoff())
		} else {
			s.giveUp()
		}
	case Undoing:
		s.undone(a)
	}
}

func (s *step) asked(a *Answer) {
	switch {
	case a.Outcome == OutcomeApproved || a.Outcome == OutcomeDeclined:
		s.decide(a)
	case s.Row.Kind.Carried():
		s.tryAgain()
	case a.Outcome == OutcomeUnsent:
		s.decide(&Answer{Outcome: OutcomeDeclined, Code: codeNotSent})
	case s.Rules.Queries:
		s.arm(Waiting, s.Rules.Pause)
	default:
		s.giveUp()
	}
}

// decide commits an outcome.
func (s *step) decide(a *Answer) {
	row := s.Row
	row.Code, row.Auth, row.ChannelRef = a.Code, a.Auth, a.Ref
	row.State = Declined
	if a.Outcome == OutcomeApproved {
		row.State, row.Approved = Approved, row.Amount
		if a.Amount > 0 {
			row.Approved = min(a.Amount, row.Amount)
		}
	}
	s.change(Deciding, row)
}

// giveUp commits that the payment is to be taken back.
func (s *step) giveUp() {
	row := s.Row
	row.State, row.Undo, row.Code = Unknown, max(row.Undo, GivenUp), codeUnknown
	s.change(GivingUp, row)
}

// changed takes the result of a change of the flight's own row.
func (s *step) changed(r *Result) {
	if r.Kind == Stale && r.Row == s.Op.Row.committed() {
		r.Kind = Done // the first time its result was not known
	}
	switch {
	case r.Kind == Stale && (r.Row.Owner != s.Node || r.Row.Epoch != s.Epoch || r.Row.Ended()):
		s.end("") // somebody else works on it, or nobody need
	case r.Kind == Stale:
		s.Row = r.Row
		s.overtaken()
	case r.Kind != Done:
		s.commands = append(s.commands, Command{Kind: Alarm, Row: s.Row, Code: r.Code})
		s.end("")
	case s.Phase == GivingUp:
		s.Row = r.Row
		s.reply(codeUnknown)
		s.take()
	default:
		s.Row = r.Row
		if r.Parent.ID != 0 {
			s.Parent = r.Parent
		}
		s.end(s.Row.Code)
	}
}

// overtaken goes on after a reversal was faster than an outcome.
func (s *step) overtaken() {
	if s.Phase == Deciding && s.Op.Row.State == Declined && s.Row.State != Approved {
		row := s.Row
		row.State, row.Code = Declined, s.Op.Row.Code
		s.change(Deciding, row)
		return
	}
	if s.Phase == Closing {
		s.close()
		return
	}
	s.reply("")
	s.take()
}

// take asks the channel to take the money back: that of the row, or of the row that a void is for.
func (s *step) take() {
	target := s.Row
	if s.Row.Kind == Void {
		target = s.Parent
	}
	s.ask(Undoing, Take, target, s.Tries > 0, s.Rules.Patience)
}

func (s *step) undone(a *Answer) {
	switch a.Outcome {
	case OutcomeUndone, OutcomeDeclined:
		s.close()
		return
	case OutcomeAbsent:
		if s.Row.Kind == Void {
			break
		}
		// The request may still be on its way, and the channel would do it. The answer may be as old as it was waited for.
		if left := s.deadline() + s.Rules.FrameLife + s.Rules.Patience - s.now; left > 0 {
			s.Tries++
			s.arm(Again, left)
		} else {
			s.close()
		}
		return
	}
	s.tryAgain()
}

// tryAgain waits and then asks again, for ever.
func (s *step) tryAgain() {
	if s.now >= s.deadline() {
		s.reply(codeUnknown)
	}
	if s.Tries++; s.Tries == alarmAfter {
		s.commands = append(s.commands, Command{Kind: Alarm, Row: s.Row})
	}
	s.arm(Again, s.backoff())
}

func (s *step) backoff() int64 {
	return min(s.Rules.MaxPause, s.Rules.Pause<<min(max(s.Tries-1, 0), 20))
}

// close commits that the payment holds no money any more; for a void, that it is done.
func (s *step) close() {
	row := s.Row
	row.State = Reversed
	if row.Kind == Void {
		row.State, row.Approved, row.Code = Approved, row.Amount, codeApproved
	}
	s.change(Closing, row)
}

func (s *step) fired() {
	switch s.Phase {
	case Waiting:
		s.ask(Querying, Query, s.Row, s.Tries > 0, max(s.deadline()-s.now, s.Rules.Pause))
	case Again:
		if s.Row.Kind == Refund {
			s.ask(Asking, Do, s.Row, true, s.Rules.Patience)
		} else {
			s.take()
		}
	case Resubmit:
		s.commit(s.After, s.Op)
	}
}

// looked takes the result of a reversal's Bar.
func (s *step) looked(r *Result) {
	switch r.Kind {
	case Done, Barred:
		s.end(codeNoOriginal)
	case Duplicate:
		s.reverse(r.Row)
	default:
		s.end(codeFailed)
	}
}

// reverse answers a terminal that does not know how its request went. A success promises: what was asked for holds no
// money, or soon will not.
func (s *step) reverse(row Row) {
	asked := s.Op.Row
	if s.Phase == Flagging {
		asked = s.Row
	}
	s.Row = row
	switch {
	case !row.reversedBy(&asked) && !seedUnmatched("reversal-unmatched"):
		s.end(codeAmount)
	case row.Kind.Carried():
		s.reverseCarried()
	case row.State == Declined || row.State == Reversed || row.Undo != Keep:
		s.end(codeApproved)
	case row.Void != 0: // which will be carried through
		s.end(codeApproved)
	case row.Refunded > 0 && !seedUnmatched("refunded-reversed") || row.Captured > 0 || row.Settled != 0 || s.Rules.MaxAge > 0 && asked.At-row.At > s.Rules.MaxAge:
		s.end(codeNotAllowed)
	default:
		row.Undo = Asked
		if row.State == Approved { // its owner has ended
			row.Owner, row.Epoch, row.Due = s.Node, s.Epoch, s.now+s.Rules.Patience
		}
		s.Row = asked
		s.change(Flagging, row)
	}
}

// reverseCarried answers the reversal of a void or refund: it stands, or will.
func (s *step) reverseCarried() {
	switch s.Row.State {
	case Approved:
		s.end(codeBarred)
	case Declined:
		s.end(codeApproved)
	default:
		s.end("") // not decided: the terminal asks again
	}
}

func (s *step) flagged(r *Result) {
	if r.Kind == Stale && r.Row != s.Op.Row.committed() {
		s.reverse(r.Row)
		return
	}
	if r.Kind != Done && r.Kind != Stale {
		s.end(codeFailed)
		return
	}
	s.Row = r.Row
	s.reply(codeApproved)
	if s.Row.Owner == s.Node && s.Row.Epoch == s.Epoch && s.Row.State == Approved {
		s.take()
		return
	}
	s.end("") // its owner will find the reason
}

func (s *step) adopted(r *Result) {
	if r.Kind == Stale && r.Row == s.Op.Row.committed() {
		r.Kind = Done
	}
	if r.Kind != Done {
		s.end("")
		return
	}
	s.Row, s.Parent, s.Tries = r.Row, r.Parent, 1
	switch {
	case s.Row.Ended():
		s.end("")
	case s.Row.Kind == Refund:
		s.ask(Asking, Do, s.Row, true, s.Rules.Patience)
	case s.Row.Kind == Void || s.Row.Undo != Keep:
		s.take()
	default:
		s.ask(Querying, Query, s.Row, false, s.Rules.Patience)
	}
}
