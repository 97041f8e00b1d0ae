package simulation

import (
	"fmt"
	"slices"

	"github.com/posline/posline/examples/realtime/payment"
)

// Unseen is a pair of phase and event that never occurred, and why.
type Unseen struct {
	Phase  string `json:"phase"`
	Event  string `json:"event"`
	Reason string `json:"reason"` // empty when nobody has written one
}

// pairs counts what happened to flights, by phase and event.
type pairs map[[2]string]int

func (p pairs) note(phase payment.Phase, e *payment.Event) {
	p[[2]string{phase.String(), eventText(e)}]++
}

func (p pairs) merge(o pairs) {
	for pair, n := range o {
		p[pair] += n
	}
}

// eventText names an event with its result or outcome.
func eventText(e *payment.Event) string {
	switch e.Kind {
	case payment.Committed:
		return fmt.Sprintf("%v %v", e.Kind, e.Result.Kind)
	case payment.Answered:
		return fmt.Sprintf("%v %v", e.Kind, e.Answer.Outcome)
	}
	return e.Kind.String()
}

// awaited are the kinds of event that a phase waits for. A flight has one command under way, and its kind follows from
// the phase; an event of another kind cannot have its number.
var awaited = map[payment.Phase][]payment.EventKind{
	payment.Idle:      {payment.Requested, payment.ReversalAsked, payment.Adopted},
	payment.Admitting: {payment.Committed}, payment.Deciding: {payment.Committed}, payment.GivingUp: {payment.Committed},
	payment.Closing: {payment.Committed}, payment.Looking: {payment.Committed}, payment.Flagging: {payment.Committed},
	payment.Adopting: {payment.Committed},
	payment.Asking:   {payment.Answered}, payment.Querying: {payment.Answered}, payment.Undoing: {payment.Answered},
	payment.Waiting: {payment.Fired}, payment.Again: {payment.Fired}, payment.Resubmit: {payment.Fired},
}

// events returns one event of a kind for each result or outcome.
func events(kind payment.EventKind) (list []payment.Event) {
	switch kind {
	case payment.Committed:
		for r := payment.Done; r <= payment.ResultUnknown; r++ {
			list = append(list, payment.Event{Kind: kind, Result: payment.Result{Kind: r}})
		}
	case payment.Answered:
		for o := payment.OutcomeUnknown; o <= payment.OutcomeUndone; o++ {
			list = append(list, payment.Event{Kind: kind, Answer: payment.Answer{Outcome: o}})
		}
	default:
		list = append(list, payment.Event{Kind: kind})
	}
	return list
}

// missing returns the pairs that a flight could meet by its phase and has not met.
func (p pairs) missing(complete bool) []Unseen {
	list := []Unseen{}
	for phase := payment.Idle; phase <= payment.Ended; phase++ {
		for _, kind := range awaited[phase] {
			for _, e := range events(kind) {
				if p[[2]string{phase.String(), eventText(&e)}] == 0 {
					u := Unseen{phase.String(), eventText(&e), reason(phase, &e)}
					if u.Reason == "" && !complete {
						u.Reason = "not met among the states that were looked at before the limit"
					}
					list = append(list, u)
				}
			}
		}
	}
	return slices.Clip(list)
}
