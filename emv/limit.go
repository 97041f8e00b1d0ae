package emv

// Limit is an amount in minor units that may or may not be configured; the zero value is not. LimitOf makes one.
type Limit struct {
	Amount uint64
	Set    bool
}

// LimitOf returns the limit of an amount in minor units; 0 is a limit too.
func LimitOf(amount uint64) Limit { return Limit{amount, true} }

// reached reports whether the amount is the limit's or above.
func (l Limit) reached(amount uint64) bool { return l.Set && amount >= l.Amount }

// exceeded reports whether the amount is above the limit.
func (l Limit) exceeded(amount uint64) bool { return l.Set && amount > l.Amount }
