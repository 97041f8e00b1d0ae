// Package channel is the acquirer's way to those who hold the payers' money: a bank over ISO 8583 and a wallet over
// HTTP. What a channel is asked to do comes from package payment; here it becomes a message, and the message that comes
// back becomes an answer again.
//
// What matters most is what is not known. An answer says Declined only when the channel holds no money for certain, and
// Unknown whenever it may. An answer that is not one to its request, in amount, terminal, merchant, number or date, is
// none.
//
// BankCodec and WalletCodec do the messages and no I/O; the simulation uses them. Bank and Wallet are the lines.
package channel

import (
	"errors"
	"time"

	"github.com/posline/posline/examples/realtime/payment"
)

// Ask is what a channel is asked.
type Ask struct {
	Verb   payment.Verb
	Row    payment.Row
	Parent payment.Row // of a completion, void or refund
	Again  bool        // it may have been asked before
	Card   Card        // Do of a sale or pre-authorisation
}

// Card is what only the request knows of the payer. It is never kept.
type Card struct {
	Track2   string
	PAN      string
	PINBlock []byte // ISO 9564 format 0 under the zone's PIN key; nil without PIN
	PayCode  string // a wallet's
}

// Channel asks. Its methods may be called concurrently.
type Channel interface {
	// Ask asks, does not block, and tells done what the channel says: once, from another goroutine, and at the latest
	// when the time is over. It keeps nothing of a.Card after that.
	Ask(within time.Duration, a *Ask, done func(payment.Answer))
}

// Institution is the acquirer's identification code, field 32.
const Institution = "48025800"

// Errors of an answer that is none; test for them with errors.Is.
var (
	ErrMismatch    = errors.New("channel: the answer is not one to the request")
	ErrUnsupported = errors.New("channel: it does not do that")
)

// unsent is the answer where nothing has left: to a query or an undoing it says nothing.
func unsent(a *Ask) payment.Answer {
	if a.Verb == payment.Do {
		return payment.Answer{Outcome: payment.OutcomeUnsent}
	}
	return payment.Answer{}
}
