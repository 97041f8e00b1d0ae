package emv

// Outcome is how a contactless transaction goes on when the card has answered. Book A section 6.2.
type Outcome uint8

// The outcomes of a tap. The zero value declines.
const (
	OutcomeDeclined            Outcome = iota
	OutcomeApproved                    // offline
	OutcomeOnline                      // ask the issuer
	OutcomeTryAnotherInterface         // insert the card
	OutcomeEndApplication              // the card's answer cannot be: try another card
)

var outcomes = [...]text{
	OutcomeDeclined:            {"declined", "拒绝"},
	OutcomeApproved:            {"approved offline", "脱机批准"},
	OutcomeOnline:              {"online request", "联机请求"},
	OutcomeTryAnotherInterface: {"try another interface", "请改用其他界面"},
	OutcomeEndApplication:      {"end application", "终止应用"},
}

// String returns the outcome in English.
func (o Outcome) String() string { return o.Text(English) }

// Text returns the outcome.
func (o Outcome) Text(l Language) string { return bitText(outcomes[:], o, l) }

// OutcomeCVM is what is to be done about the cardholder. Book A section 6.2.
type OutcomeCVM uint8

// The ways a tapping cardholder is verified.
const (
	OutcomeNoCVM     OutcomeCVM = iota
	OutcomeOnlinePIN            // ask for the PIN
	OutcomeSignature            // on the receipt
	OutcomeDeviceCVM            // done on the phone: nothing to do
)

var outcomeCVMs = [...]text{
	OutcomeNoCVM:     {"no CVM", "无需CVM"},
	OutcomeOnlinePIN: {"online PIN", "联机PIN"},
	OutcomeSignature: {"signature", "签名"},
	OutcomeDeviceCVM: {"verified on the consumer device", "已在消费者设备上验证（CDCVM）"},
}

// String returns the verification in English.
func (c OutcomeCVM) String() string { return c.Text(English) }

// Text returns the verification.
func (c OutcomeCVM) Text(l Language) string { return bitText(outcomeCVMs[:], c, l) }

// TapInput is what the decision about a tap looks at.
type TapInput struct {
	TTQ  TTQ // as it was sent to the card
	CID  CID // of the card's answer, from CardCID
	Kind TransactionKind

	// Card holds the card's answer and records. Of them the qualifiers count, tag 9F6C, and for a device that verified its
	// holder the copy of them under the card's signature, tag 9F69; for cash machines the usage control, tag 9F07.
	Card TLV

	// Expired is set when the application is over or does not say when: TVRExpired or TVRCardDataMissing of Restrictions.
	Expired bool

	// NotAllowed is set when the usage control forbids the service: TVRServiceNotAllowed of Restrictions. It counts for
	// cash and cashback, where the terminal checks that.
	NotAllowed bool

	// OnExceptionFile is set when the terminal's exception file has the card.
	OnExceptionFile bool

	// ODAFailed is set when the card approved offline and its signature did not hold, or when there was none.
	ODAFailed bool
}

// TapDecision is the outcome of a tap.
type TapDecision struct {
	Outcome Outcome
	CVM     OutcomeCVM
}

// DecideTap decides what becomes of a tap when a card of Visa's or UnionPay's kind has answered: which cryptogram it gave,
// what it asks of the terminal in its qualifiers, and whether the terminal can do it. An approval by the card where the
// terminal required an online cryptogram goes online. A card that cannot be verified as the terminal asks is declined. It
// holds Book C-3 sections 5.4.3 to 5.9; UnionPay's qualifiers (Book C-7) are read alike.
func DecideTap(in TapInput) TapDecision {
	ctq, hasCTQ, err := in.qualifiers()
	if err != nil {
		return TapDecision{Outcome: OutcomeEndApplication}
	}
	outcome := in.outcome(ctq)
	if outcome != OutcomeApproved && outcome != OutcomeOnline {
		return TapDecision{Outcome: outcome}
	}
	cvm, ok := in.verification(ctq, hasCTQ)
	if !ok {
		return TapDecision{Outcome: OutcomeDeclined}
	}
	if cvm == OutcomeOnlinePIN {
		outcome = OutcomeOnline // somebody has to verify it
	}
	return TapDecision{outcome, cvm}
}

func (in TapInput) qualifiers() (CTQ, bool, error) {
	v, ok := in.Card.Lookup(0x9F6C)
	if !ok {
		return CTQ{}, false, nil
	}
	ctq, err := ParseCTQ(v)
	return ctq, true, err
}

// outcome decides without regard to the cardholder.
func (in TapInput) outcome(ctq CTQ) Outcome {
	if in.CID.Type() != TC && in.CID.Type() != ARQC {
		return OutcomeDeclined
	}
	if refused, ok := in.serviceRefused(ctq); ok {
		return refused
	}
	canGoOnline := !in.TTQ.Has(TTQOfflineOnly)
	if in.CID.Type() == ARQC {
		return onlineOrDecline(canGoOnline)
	}
	// What follows is about a card that approves. Its signature is of no matter to a transaction that goes online.
	switch {
	case in.OnExceptionFile:
		return OutcomeDeclined
	case in.Expired:
		return onlineOrDecline(canGoOnline && ctq.Has(CTQOnlineIfExpired))
	case in.TTQ.Has(TTQOnlineCryptogramRequired), in.Kind == UnattendedCash:
		return onlineOrDecline(canGoOnline)
	case !in.ODAFailed:
		return OutcomeApproved
	case ctq.Has(CTQOnlineIfODAFails) && canGoOnline:
		return OutcomeOnline
	case ctq.Has(CTQSwitchIfODAFails):
		return in.switchOrDecline()
	}
	return OutcomeDeclined
}

// serviceRefused returns the outcome for cash and cashback that the card does not allow over contactless. Book C-3
// sections 5.5.1.3 to 5.5.1.5.
func (in TapInput) serviceRefused(ctq CTQ) (Outcome, bool) {
	cash := in.Kind == ManualCash || in.Kind == UnattendedCash
	var atChip bool // whether the card allows it over contacts
	switch {
	case in.NotAllowed && cash:
		atChip = ctq.Has(CTQSwitchForCash)
	case in.NotAllowed && in.Kind == PurchaseWithCashback:
		atChip = ctq.Has(CTQSwitchForCashback)
	case in.Kind == UnattendedCash && ctq.Has(CTQNotForATM):
		v, _ := in.Card.Lookup(0x9F07)
		auc, _ := ParseAUC(v) // nothing is allowed by what cannot be read
		atChip = auc.Has(AUCATM)
	default:
		return 0, false
	}
	if atChip {
		return in.switchOrDecline(), true
	}
	return OutcomeDeclined, true
}

func onlineOrDecline(canGoOnline bool) Outcome {
	if canGoOnline {
		return OutcomeOnline
	}
	return OutcomeDeclined
}

func (in TapInput) switchOrDecline() Outcome {
	if in.TTQ.Has(TTQContactChip) {
		return OutcomeTryAnotherInterface
	}
	return OutcomeDeclined
}

// verification chooses how the cardholder is verified; false when it is required and there is no way. Book C-3 section
// 5.7.
func (in TapInput) verification(ctq CTQ, hasCTQ bool) (OutcomeCVM, bool) {
	canGoOnline := !in.TTQ.Has(TTQOfflineOnly)
	switch {
	case ctq.Has(CTQOnlinePIN) && in.TTQ.Has(TTQOnlinePIN) && canGoOnline:
		return OutcomeOnlinePIN, true
	case ctq.Has(CTQConsumerDeviceCVMDone):
		return OutcomeDeviceCVM, in.deviceCVMHolds(ctq)
	case ctq.Has(CTQSignature) && in.TTQ.Has(TTQSignature):
		return OutcomeSignature, true
	case !in.TTQ.Has(TTQCVMRequired):
		return OutcomeNoCVM, true
	case hasCTQ:
		return OutcomeNoCVM, false
	case in.TTQ.Has(TTQSignature):
		return OutcomeSignature, true
	case in.TTQ.Has(TTQOnlinePIN) && canGoOnline:
		return OutcomeOnlinePIN, true
	}
	return OutcomeNoCVM, false
}

// deviceCVMHolds reports whether the device's word that it verified its holder can be believed: the copy of the
// qualifiers in tag 9F69, which the card signs, says the same; where there is none, the issuer checks the ARQC.
func (in TapInput) deviceCVMHolds(ctq CTQ) bool {
	v, ok := in.Card.Lookup(0x9F69)
	if !ok {
		return in.CID.Type() == ARQC
	}
	signed, err := ParseCardAuthenticationData(v)
	return err == nil && len(v) >= 7 && signed.CTQ == ctq
}
