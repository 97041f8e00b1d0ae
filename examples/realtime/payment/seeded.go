//go:build seeded

package payment

import "github.com/posline/posline/examples/realtime/internal/defect"

// seedEvent spoils what a flight is told.
func seedEvent(f *Flight, e *Event) {
	switch e.Kind {
	case Answered:
		seedAnswer(f, &e.Answer)
	case Committed:
		seedResult(f, e)
	case Fired, Requested, ReversalAsked, Adopted:
	}
}

func seedAnswer(f *Flight, a *Answer) {
	switch {
	case defect.Is("guess-declined") && f.Phase == Asking && !f.Rules.Queries && a.Outcome == OutcomeUnknown:
		*a = Answer{Outcome: OutcomeDeclined, Code: "91"}
	case defect.Is("absent-is-undone") && f.Phase == Undoing && a.Outcome == OutcomeAbsent,
		defect.Is("undo-once") && f.Phase == Undoing && a.Outcome == OutcomeUnknown:
		a.Outcome = OutcomeUndone
	case defect.Is("absent-is-declined") && f.Phase == Querying && a.Outcome == OutcomeAbsent:
		*a = Answer{Outcome: OutcomeDeclined, Code: "14"}
	case defect.Is("partial-as-whole"):
		a.Amount = 0
	}
}

func seedResult(f *Flight, e *Event) {
	r := &e.Result
	switch {
	case defect.Is("unknown-commit-done") && r.Kind == ResultUnknown, defect.Is("stale-is-done") && r.Kind == Stale:
		*r = Result{Kind: Done, Row: f.Op.Row.committed(), Parent: r.Parent}
		if f.Op.Kind == Admit {
			r.Row = f.Op.Row
			r.Row.State, r.Row.Rev = Sent, 1
		}
	}
}

// seedCommands spoils what a flight commands.
func seedCommands(f *Flight, commands []Command) []Command {
	if len(commands) == 0 {
		return commands
	}
	last := &commands[len(commands)-1]
	switch {
	case defect.Is("reply-before-commit") && f.Phase == Deciding && f.Reply && last.Kind == Commit && last.Op.Row.State == Approved:
		f.Reply = false
		return append([]Command{{Kind: Reply, Row: last.Op.Row, Code: last.Op.Row.Code}}, commands...)
	case defect.Is("reversal-unflagged") && f.Phase == Flagging && last.Kind == Commit:
		f.Phase = Ended
		*last = Command{Kind: Reply, Row: f.Row, Code: codeApproved}
	case defect.Is("give-up-quietly") && f.Phase == Undoing && last.Kind == Ask && f.Row.Undo == GivenUp:
		f.Phase = Ended
		return commands[:len(commands)-1]
	}
	return commands
}

// seedOp spoils what a store is asked.
func seedOp(v View, op *Op) {
	switch {
	case defect.Is("limit-ignored"):
		op.Ceiling = 0
	case defect.Is("lost-update") && op.Kind == Change:
		if r, ok := v.Row(op.Row.ID); ok {
			op.Row.Rev = r.Rev
		}
	case defect.Is("epoch-ignored"):
		op.Epoch, _ = v.Node(op.Node)
		if op.Kind == Change {
			if r, ok := v.Row(op.Row.ID); ok {
				op.Row.Owner, op.Row.Epoch, op.Row.Rev = r.Owner, r.Epoch, r.Rev
			}
		}
	case defect.Is("currency-lost") && op.Kind == Admit && op.Row.Amount%7 == 0:
		op.Row.Currency = "840"
	}
}

// seedWrite spoils what a store writes.
func seedWrite(op *Op, r *Result, w *Write) {
	switch {
	case defect.Is("order-unclaimed"):
		w.Claim = nil
	case defect.Is("order-not-freed"):
		w.Release = nil
	case defect.Is("forget-early-reversal") && op.Kind == Bar && r.Kind == Done:
		w.Marked = false
	case defect.Is("limit-not-freed"):
		kept := w.Use[:0]
		for _, u := range w.Use {
			if u.Amount > 0 {
				kept = append(kept, u)
			}
		}
		w.Use = kept
	case defect.Is("void-unposted") && op.Row.Kind == Void && op.Kind == Change:
		w.Postings = nil
	}
	for i := range w.Postings {
		seedPosting(&w.Postings[i])
	}
}

func seedPosting(p *Posting) {
	switch {
	case defect.Is("fee-kept") && p.Kind == TakenBack:
		p.Fee = 0
	case defect.Is("fee-rounded-down"):
		if p.Kind != Refunded {
			p.Fee = p.Amount * p.Row.FeePPM / 1_000_000
		}
	case defect.Is("posting-of-asked"):
		p.Amount = p.Row.Amount
	case defect.Is("refund-twice") && p.Kind == Refunded:
		p.Amount *= 2
	}
}

// seedUnmatched takes what has the number of an earlier request for that one, or for its reversal, without looking further.
func seedUnmatched(name string) bool { return defect.Is(name) }
