package emv

// TransactionKind is what the cardholder does, as CVM conditions and usage control tell it apart.
type TransactionKind uint8

// The kinds of transaction. Unattended cash is cash from a machine, manual cash is cash from a person.
const (
	Purchase TransactionKind = iota
	PurchaseWithCashback
	ManualCash
	UnattendedCash
)

// CVMInput is what the choice of a cardholder verification method looks at.
type CVMInput struct {
	Kind   TransactionKind
	Amount uint64 // amount authorised, in minor units

	// ApplicationCurrency is whether the transaction is in the currency of the application, tag 9F42. X and Y count for
	// no other.
	ApplicationCurrency bool

	// Supports says which methods the terminal can perform; TerminalCapabilities.Supports does for most.
	Supports func(CVMMethod) bool
}

// Supports reports whether the terminal can perform the method. Biometric methods and those of a payment system or
// issuer are not in the terminal capabilities: a terminal that knows them has a function of its own.
func (v TerminalCapabilities) Supports(m CVMMethod) bool {
	switch m {
	case CVMFail:
		return true
	case CVMPlaintextPIN:
		return v.Has(CapPlaintextPIN)
	case CVMOnlinePIN:
		return v.Has(CapOnlinePIN)
	case CVMPlaintextPINAndSignature:
		return v.Has(CapPlaintextPIN) && v.Has(CapSignature)
	case CVMEncipheredPIN:
		return v.Has(CapEncipheredPIN)
	case CVMEncipheredPINAndSignature:
		return v.Has(CapEncipheredPIN) && v.Has(CapSignature)
	case CVMSignature:
		return v.Has(CapSignature)
	case CVMNone:
		return v.Has(CapNoCVM)
	}
	return false
}

// CVMStep is what to do next about the cardholder.
type CVMStep struct {
	// Action says whether to perform the Rule, or why not.
	Action CVMAction

	// Rule is the rule to perform or, when verification failed, the one it failed at, zero when none applied.
	Rule CVRule

	// Next is the rule to go on with when this one is performed and fails, and its ApplyNext is set.
	Next int

	// TVR has the bits that this step sets.
	TVR TVR
}

// CVMAction is the outcome of a step of the choice.
type CVMAction uint8

// The outcomes of a step.
const (
	PerformCVM CVMAction = iota // perform the rule
	FailCVM                     // verification failed
	NoCVMRules                  // the card has no list, or no rules in it: verification does not take place
)

// SelectCVM chooses the method by which the cardholder is verified, from the rule with the number from on: 0 at first.
// When the chosen rule fails in the terminal's hands and has ApplyNext set, SelectCVM goes on from Next:
//
//	for from := 0; ; {
//		step := emv.SelectCVM(list, in, from)
//		if step.Action != emv.PerformCVM || perform(step.Rule) || !step.Rule.ApplyNext() {
//			break
//		}
//		from = step.Next
//	}
//
// It holds EMV Book 3 section 10.5 and changes nothing; the caller takes over the TVR bits.
func SelectCVM(list CVMList, in CVMInput, from int) CVMStep {
	if len(list) < minCVMList {
		step := CVMStep{Action: NoCVMRules}
		step.TVR.Set(TVRCardDataMissing)
		return step
	}
	var step CVMStep
	for i, rule := range list.Rules() {
		if i < from || !in.satisfies(rule, list) {
			continue
		}
		step.Rule, step.Next = rule, i+1
		if rule.Method() != CVMFail && in.Supports != nil && in.Supports(rule.Method()) {
			step.Action = PerformCVM
			return step
		}
		step.noteUnsupported(rule.Method())
		if rule.Method() == CVMFail || !rule.ApplyNext() {
			break
		}
	}
	step.Action = FailCVM
	step.TVR.Set(TVRCVMFailed)
	return step
}

// Results returns the CVM results, tag 9F34, of the step: the rule with the outcome it had in the terminal's hands or,
// where there was no method to perform, 3F0001, or 3F0000 when verification did not take place at all. EMV Book 4
// section 6.3.4.5.
func (s CVMStep) Results(outcome CVMOutcome) CVMResults {
	switch {
	case s.Action == NoCVMRules:
		return CVMResults{byte(CVMNotPerformed), 0, byte(CVMUnknown)}
	case s.Action == FailCVM && s.Rule.Method() == CVMFail:
		return CVMResults{byte(CVMNotPerformed), 0, byte(CVMFailed)}
	case s.Action == FailCVM:
		outcome = CVMFailed
	}
	return CVMResults{s.Rule[0], s.Rule[1], byte(outcome)}
}

// noteUnsupported sets the bit that says why the terminal could not perform the method.
func (s *CVMStep) noteUnsupported(m CVMMethod) {
	switch {
	case !m.Known():
		s.TVR.Set(TVRCVMUnrecognised)
	case m.isPIN():
		s.TVR.Set(TVRPINPadMissing)
	}
}

// satisfies reports whether the condition of a rule holds.
func (in CVMInput) satisfies(r CVRule, list CVMList) bool {
	switch r.Condition() {
	case CVMAlways:
		return true
	case CVMIfUnattendedCash:
		return in.Kind == UnattendedCash
	case CVMIfNotCash:
		return in.Kind == Purchase
	case CVMIfSupported:
		return r.Method() == CVMFail || in.Supports != nil && in.Supports(r.Method())
	case CVMIfManualCash:
		return in.Kind == ManualCash
	case CVMIfCashback:
		return in.Kind == PurchaseWithCashback
	case CVMIfUnderX:
		return in.ApplicationCurrency && in.Amount < uint64(list.X())
	case CVMIfOverX:
		return in.ApplicationCurrency && in.Amount > uint64(list.X())
	case CVMIfUnderY:
		return in.ApplicationCurrency && in.Amount < uint64(list.Y())
	case CVMIfOverY:
		return in.ApplicationCurrency && in.Amount > uint64(list.Y())
	}
	return false
}
