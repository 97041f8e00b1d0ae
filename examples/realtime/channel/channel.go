// Package channel is the acquirer's way to those who hold the payers' money: a bank over ISO 8583 and a wallet over
// HTTP. Both are asked to pay and to undo; the wallet can also be asked how a payment went.
//
// What matters most is what is not known. A channel says that a payment is Declined only when it holds no money for
// certain, and Unknown whenever it may.
package channel

import (
	"context"
	"errors"
)

// Outcome is what is known about a payment. The zero value is the careful one.
type Outcome uint8

// The outcomes.
const (
	Unknown  Outcome = iota // it may hold money
	Approved                // it does
	Declined                // it does not, and never will
	Absent                  // the channel has never heard of it, but it may still be on its way
)

// Answer is what a channel says about a payment.
type Answer struct {
	Outcome       Outcome
	Code          string // response code for the terminal, field 39
	Authorisation string // what the channel calls the payment; up to 6 characters
}

// Payment is what a channel is asked for.
type Payment struct {
	Reference string // 12 digits, the acquirer's own: it names the payment ever after
	Amount    int64  // minor units
	Currency  string // ISO 4217, three digits
	Terminal  string
	Merchant  string

	// A card's.
	Track2    string
	PAN       string
	EntryMode string
	PINBlock  []byte // ISO 9564 format 0 under the zone's PIN key; nil without PIN

	PayCode string // a wallet's
}

// Undoing is a payment that must not hold money any more.
type Undoing struct {
	Reference, Currency, Terminal, Merchant string
	Amount                                  int64
	Again                                   bool // it may have been asked for before
}

// Channel moves money. Both methods return an error only together with Unknown or an unconfirmed undoing.
type Channel interface {
	Pay(ctx context.Context, p Payment) (Answer, error)

	// Undo returns nil when the channel has confirmed that the payment holds no money and never will, even if it was
	// never heard of.
	Undo(ctx context.Context, u Undoing) error
}

// Querier is a Channel that can be asked.
type Querier interface {
	Query(ctx context.Context, reference string) (Answer, error)
}

// ErrRefused is the error of an undoing that the channel does not confirm.
var ErrRefused = errors.New("channel: undoing not confirmed")
