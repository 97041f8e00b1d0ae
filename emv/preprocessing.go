package emv

// ContactlessLimits is what a contactless terminal is configured with for one application and kernel. Book A section
// 5.8, Book B section 3.1.1.
type ContactlessLimits struct {
	TTQ TTQ // what the reader can do; the bits of a transaction are set by PreProcess

	TransactionLimit Limit // from here on the application is not to be tapped
	FloorLimit       Limit // above it the transaction goes online
	CVMLimit         Limit // from here on the cardholder is verified

	TerminalFloorLimit Limit // tag 9F1B, which counts where there is no FloorLimit

	StatusCheck bool // one unit of the currency asks whether the card is good
	Unit        uint64

	ZeroAmount ZeroAmount
}

// ZeroAmount is what a terminal does about an amount of zero. Book A table 5-2 has two flags for it.
type ZeroAmount uint8

// The ways to deal with an amount of zero. The first is what holds where nothing is configured.
const (
	ZeroAmountOnline  ZeroAmount = iota // it goes online; a reader that is offline only cannot take it
	ZeroAmountRefused                   // "Zero Amount Allowed" is there and 0
	ZeroAmountOffline                   // "Zero Amount for Offline Allowed": an amount like others
)

// PreProcessing is the result for one application.
type PreProcessing struct {
	Allowed bool // false: this application may not be tapped for the amount
	TTQ     TTQ  // for the card, tag 9F66

	FloorLimitExceeded bool
	CVMLimitExceeded   bool
	ZeroAmount         bool
	StatusCheck        bool
}

// PreProcess holds an amount in minor units against the limits, before any card is there. When no application of the
// terminal is allowed the outcome is TryAnotherInterface. It holds Book B section 3.1.1.
func (l ContactlessLimits) PreProcess(amount uint64) PreProcessing {
	p := PreProcessing{TTQ: l.TTQ, ZeroAmount: amount == 0 && l.ZeroAmount == ZeroAmountOnline}
	p.TTQ.Clear(TTQOnlineCryptogramRequired)
	p.TTQ.Clear(TTQCVMRequired)
	floor := l.FloorLimit
	if !floor.Set {
		floor = l.TerminalFloorLimit
	}
	p.StatusCheck = l.StatusCheck && l.Unit != 0 && amount == l.Unit
	p.FloorLimitExceeded = floor.exceeded(amount)
	p.CVMLimitExceeded = l.CVMLimit.reached(amount)

	offlineOnly := l.TTQ.Has(TTQOfflineOnly)
	if p.FloorLimitExceeded || p.StatusCheck || p.ZeroAmount && !offlineOnly {
		p.TTQ.Set(TTQOnlineCryptogramRequired)
	}
	if p.CVMLimitExceeded {
		p.TTQ.Set(TTQCVMRequired)
	}
	zeroRefused := amount == 0 && (l.ZeroAmount == ZeroAmountRefused || p.ZeroAmount && offlineOnly)
	p.Allowed = !zeroRefused && !l.TransactionLimit.reached(amount)
	return p
}
