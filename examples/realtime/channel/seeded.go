//go:build seeded

package channel

import (
	"github.com/posline/posline/examples/realtime/internal/defect"
	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/message"
)

// seedTrusted believes a bank's answer without its code.
func seedTrusted() bool { return defect.Is("bank-unverified") }

// seedUnmatched takes any answer for the one to a request.
func seedUnmatched() bool { return defect.Is("bank-unmatched") }

// seedJudged spoils what a bank's answer means.
func seedJudged(a *payment.Answer) {
	switch {
	case defect.Is("only-00-approved") && a.Outcome == payment.OutcomeApproved && a.Code != "00":
		a.Outcome = payment.OutcomeDeclined
	case defect.Is("unknown-is-declined") && a.Outcome == payment.OutcomeUnknown:
		a.Outcome, a.Code = payment.OutcomeDeclined, "91"
	}
}

// seedRequest spoils what a bank is asked.
func seedRequest(m *message.Message, a *Ask) {
	if defect.Is("field-90-date") && a.Verb == payment.Take {
		m.Set(90, m.Field(90).Text()[:10]+"0101000000"+m.Field(90).Text()[20:])
	}
}

// seedWallet takes any answer of the wallet.
func seedWallet(name string) bool { return defect.Is(name) }
