package simulator

import "sync"

// Holding is a payment as a bank or a wallet has it.
type Holding struct {
	Amount int64 // minor units
	State  HoldingState
	Code   string // of a refusal
	Name   string // authorisation code or transaction number
	left   int    // queries until the payer has typed the password
}

// HoldingState is how it stands.
type HoldingState uint8

// The states.
const (
	Refused HoldingState = iota // holds no money
	Held                        // holds money
	Undone                      // held money, and gave it back
	Barred                      // undone before it came: it will be refused
	Waiting                     // for the payer
)

// book is the record of one institution, by the acquirer's reference.
type book struct {
	mu       sync.Mutex
	holdings map[string]*Holding
}

// with runs f with the holding of that reference, nil when there is none; what it returns is kept.
func (b *book) with(reference string, f func(h *Holding) *Holding) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.holdings == nil {
		b.holdings = make(map[string]*Holding)
	}
	if h := f(b.holdings[reference]); h != nil {
		b.holdings[reference] = h
	}
}

// Holdings returns a copy of the record.
func (b *book) Holdings() map[string]Holding {
	b.mu.Lock()
	defer b.mu.Unlock()
	holdings := make(map[string]Holding, len(b.holdings))
	for reference, h := range b.holdings {
		holdings[reference] = *h
	}
	return holdings
}
