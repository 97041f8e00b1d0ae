//go:build seeded

package engine

import (
	"github.com/posline/posline/examples/realtime/internal/defect"
	"github.com/posline/posline/examples/realtime/payment"
)

// seedEvent spoils what a terminal is told.
func seedEvent(s *State, e *Event) {
	if e.Kind != Answered {
		return
	}
	a := &e.Answer
	switch {
	case s.Phase == Reversing:
		if defect.Is("reversal-given-up") && s.Tries >= 1 && a.Code == "" {
			a.Code = "00"
		}
	case defect.Is("bad-is-declined") && a.Bad:
		*a = Answer{Code: "91"}
	case defect.Is("silence-is-declined") && *a == Answer{}:
		a.Unsent = true
	case defect.Is("unknown-code-declined") && a.Code != "" && payment.ClassOf(a.Code) == payment.ClassUnknown:
		a.Code = "91"
	case defect.Is("partial-shown-whole") && a.Code == "10":
		a.Code = "00"
	}
}

// seedCommands spoils what a terminal commands.
func seedCommands(s *State, commands []Command) []Command {
	for i := range commands {
		c := &commands[i]
		switch {
		case c.Kind != Save:
		case defect.Is("send-unrecorded") && s.Phase == Recording:
			c.Kept.Open = Transaction{}
		case defect.Is("stan-reused"):
			c.Kept.STAN = 0
		case defect.Is("show-unrecorded") && s.Phase == Finishing && s.Result.Status == Approved:
			show := Command{Kind: Show, Transaction: s.Open, Result: s.Result}
			return append(append(commands[:i:i], show), commands[i:]...)
		}
	}
	return commands
}
