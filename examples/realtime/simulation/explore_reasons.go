package simulation

import "github.com/posline/posline/examples/realtime/payment"

// reason says why a pair does not occur in the small worlds.
func reason(phase payment.Phase, e *payment.Event) string {
	if e.Kind == payment.Committed {
		return resultReason(phase, e.Result.Kind)
	}
	switch e.Answer.Outcome {
	case payment.OutcomeUnsent:
		return "the small world's lines take every frame; a line that takes none is in the tests of package payment"
	case payment.OutcomeUndone:
		if phase != payment.Undoing {
			return "only Take is answered with it"
		}
	case payment.OutcomeApproved:
		if phase == payment.Undoing {
			return "Take is never answered with it"
		}
	case payment.OutcomeDeclined:
		if phase == payment.Undoing {
			return "the small world's channel answers Take with undone whenever it knows the payment"
		}
	case payment.OutcomeAbsent:
		if phase == payment.Asking {
			return "a channel that is asked to do something has heard of it"
		}
	}
	return ""
}

func resultReason(phase payment.Phase, result payment.ResultKind) string {
	admits, bars := phase == payment.Admitting, phase == payment.Looking
	switch result {
	case payment.Duplicate, payment.Barred:
		if !admits && !bars {
			return "a change finds its row by ID, and neither its origin nor its order"
		}
	case payment.OrderTaken, payment.OverLimit:
		if !admits {
			return "only what is new takes an order or a limit"
		}
		if result == payment.OverLimit {
			return "the small world has no limits; they are in the tests of package payment"
		}
	case payment.Stale:
		if admits || bars {
			return "only a change starts from a revision"
		}
	case payment.Failed:
		return "the small world's store does what it is asked or does not say; one that fails is in the tests of package payment"
	case payment.Refused:
		if bars {
			return "a reversal is refused by the flight and not by the store"
		}
		if !admits && phase != payment.Adopting {
			return "a change that the rules forbid would be a fault of the flight, and raises an alarm"
		}
	case payment.Fenced:
		return "in the small world a process is gone before another takes its node; both at a time are in the tests of package payment"
	}
	return ""
}
