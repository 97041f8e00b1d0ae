package simulator

import "sync"

// Holding is a payment, or a refund of one, as a bank or a wallet has it.
type Holding struct {
	Reference string // the acquirer's
	Amount    int64  // asked for, minor units
	Held      int64  // what it holds, or has given back for a refund, while State is Held
	State     HoldingState
	Code      string // response code it was answered with
	Name      string // authorisation code or transaction number
	Kind      HoldingKind
	Original  string // reference, of a completion or refund
	Refunded  int64  // by refunds of it
	Merchant  string
	Terminal  string
	number    string // STAN and transmission time, for a repeat and a reversal to be compared with
	payer     string
	left      int // queries until the payer has typed the password
}

// HoldingKind is what was asked for.
type HoldingKind uint8

// The kinds.
const (
	HoldSale HoldingKind = iota
	HoldAuth
	HoldCompletion
	HoldRefund
)

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
	file     *diary
	also     *Holding // changed together with what with is about
}

// with runs f with the holding of that reference, nil when there is none; what it returns is kept.
func (b *book) with(reference string, f func(h *Holding) *Holding) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.holdings == nil {
		b.holdings = make(map[string]*Holding)
	}
	b.also = nil
	if h := f(b.holdings[reference]); h != nil {
		h.Reference = reference
		b.holdings[reference] = h
		b.file.write(entriesOf(h, b.also))
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

// giveBack takes a refund out of what it belongs to. That no more is given back than was taken is for the acquirer to
// see to. The book is locked.
func (b *book) giveBack(original string, amount int64) bool {
	h := b.holdings[original]
	if h == nil || h.State != Held || h.Kind == HoldRefund {
		return false
	}
	h.Refunded += amount
	b.also = h
	return true
}
