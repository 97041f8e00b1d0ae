package emv

import "math/bits"

// RandomSelection is how a terminal picks transactions under its floor limit for online authorisation. EMV Book 3
// section 10.6.2.
type RandomSelection struct {
	Threshold            uint64 // minor units, below the floor limit: from here on the selection is biased
	TargetPercent        int    // of transactions below the threshold, 0 to 99
	MaximumTargetPercent int    // of transactions just below the floor limit, TargetPercent to 99
}

// Selects reports whether a transaction below the floor limit is picked. The draw is a random number of 1 to 99, the
// caller's: the same one gives the same answer. Below the threshold each transaction is picked with the target
// percentage; from the threshold on with one that grows with the amount up to the maximum.
func (s RandomSelection) Selects(amount, floorLimit uint64, draw int) bool {
	percent := s.TargetPercent
	if amount >= s.Threshold && floorLimit > s.Threshold && amount < floorLimit && s.MaximumTargetPercent > percent {
		// in whole numbers of 128 bits: a quotient of floating point may fall short of the percentage it should be
		high, low := bits.Mul64(amount-s.Threshold, uint64(s.MaximumTargetPercent-percent))
		share, _ := bits.Div64(high, low, floorLimit-s.Threshold)
		percent += int(share)
	}
	return draw >= 1 && draw <= percent
}

// RiskInput is the terminal's side of terminal risk management.
type RiskInput struct {
	Amount     uint64 // authorised, in minor units
	Logged     uint64 // of the card's latest transaction in the terminal's log, against split sales; 0 without a log
	FloorLimit uint64 // terminal floor limit, tag 9F1B; 0 sends every transaction online

	Random     RandomSelection
	Draw       int // a random number of 1 to 99 for the selection; 0 leaves it out
	Capability OnlineCapability

	// Exception says whether the card is on the terminal's exception file; nil means that there is none. A card whose
	// number cannot be read lacks mandatory data.
	Exception func(pan, sequence string) bool

	ForcedOnline bool // the merchant wants the transaction online
}

// TerminalRiskManagement checks a transaction against the floor limit, selects at random, and checks the card against
// its velocity limits and the exception file. It returns the TVR bits that follow; the caller sets
// TSITerminalRiskPerformed. The card's objects are found at any depth: the limits 9F14 and 9F23, and what GET DATA gave,
// 9F36 and 9F13. It holds EMV Book 3 section 10.6; whether the card wants it is AIPTerminalRisk.
func TerminalRiskManagement(card TLV, in RiskInput) TVR {
	var tvr TVR
	if in.ForcedOnline {
		tvr.Set(TVRMerchantForcedOnline)
	}
	total := in.Amount + in.Logged
	if total < in.Amount || total >= in.FloorLimit { // the sum of two amounts of 64 bits may wrap
		tvr.Set(TVRFloorLimit)
	} else if in.Capability == OfflineWithOnline && in.Random.Selects(in.Amount, in.FloorLimit, in.Draw) {
		tvr.Set(TVRRandomOnline)
	}
	return tvr.Or(in.exceptionFile(card)).Or(velocity(card))
}

// exceptionFile looks the card up in the exception file. A card without a number that can be read is not taken for one that
// is not in it.
func (in RiskInput) exceptionFile(card TLV) (tvr TVR) {
	if in.Exception == nil {
		return tvr
	}
	pan, err := CardPAN(card)
	if err != nil {
		tvr.Set(TVRCardDataMissing)
		return tvr
	}
	sequence, _ := card.Lookup(0x5F34)
	if in.Exception(pan, nibbles(sequence)) {
		tvr.Set(TVROnExceptionFile)
	}
	return tvr
}

// velocity holds the transactions since the last one online against both limits of the card. Without both limits there
// is nothing to check; without the counters, or with ones that cannot be, both count as exceeded. EMV Book 3 section
// 10.6.3.
func velocity(card TLV) TVR {
	var tvr TVR
	lower, hasLower := card.Lookup(0x9F14)
	upper, hasUpper := card.Lookup(0x9F23)
	if !hasLower || !hasUpper {
		return tvr
	}
	counter, counterOK := card.number(0x9F36, 2)
	last, lastOK := card.number(0x9F13, 2)
	if lastOK && last == 0 {
		tvr.Set(TVRNewCard)
	}
	if !counterOK || !lastOK || last >= counter || len(lower) != 1 || len(upper) != 1 {
		tvr.Set(TVRLowerOfflineLimit)
		tvr.Set(TVRUpperOfflineLimit)
		return tvr
	}
	if counter-last > uint64(lower[0]) {
		tvr.Set(TVRLowerOfflineLimit)
	}
	if counter-last > uint64(upper[0]) {
		tvr.Set(TVRUpperOfflineLimit)
	}
	return tvr
}

// number returns the first object with the tag, at any depth, as a binary number of so many octets.
func (d TLV) number(t Tag, octets int) (uint64, bool) {
	v, ok := d.Lookup(t)
	n, err := ParseB(v)
	return n, ok && err == nil && len(v) == octets
}
