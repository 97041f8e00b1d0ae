package emv

// RestrictionInput is the terminal's side of the processing restrictions.
type RestrictionInput struct {
	Date    Date    // of the transaction, the terminal's local date
	Version [2]byte // application version number of the terminal, tag 9F09
	Country uint16  // of the terminal, ISO 3166-1 numeric, tag 9F1A
	Kind    TransactionKind
	ATM     bool // the terminal is a cash machine
}

// Restrictions checks a card's application against version, usage control and dates and returns the TVR bits that
// follow. The card's objects are found at any depth. What a card leaves out restricts nothing, but the expiry date (5F24)
// is mandatory: without it, and for a value that cannot be read, "card data missing" is set. It holds EMV Book 3 sections
// 7.5 and 10.4.
func Restrictions(card TLV, in RestrictionInput) TVR {
	var tvr TVR
	if version, ok := card.Lookup(0x9F08); ok && string(version) != string(in.Version[:]) {
		tvr.Set(TVRVersionsDiffer)
	}
	if !usageAllowed(card, in, &tvr) {
		tvr.Set(TVRServiceNotAllowed)
	}
	if effective, ok := cardDate(card, 0x5F25, &tvr); ok && in.Date.Compare(effective) < 0 {
		tvr.Set(TVRNotYetEffective)
	}
	switch expiry, ok := cardDate(card, 0x5F24, &tvr); {
	case !ok:
		tvr.Set(TVRCardDataMissing)
	case in.Date.Compare(expiry) > 0:
		tvr.Set(TVRExpired)
	}
	return tvr
}

// cardDate reads a date of the card and notes one that is none.
func cardDate(card TLV, t Tag, tvr *TVR) (Date, bool) {
	v, ok := card.Lookup(t)
	if !ok {
		return Date{}, false
	}
	d, err := ParseDate(v)
	if err != nil {
		tvr.Set(TVRCardDataMissing)
		return Date{}, false
	}
	return d, true
}

// usageAllowed holds the application usage control against the terminal and the transaction.
func usageAllowed(card TLV, in RestrictionInput, tvr *TVR) bool {
	v, ok := card.Lookup(0x9F07)
	if !ok {
		return true
	}
	auc, err := ParseAUC(v)
	if err != nil {
		tvr.Set(TVRCardDataMissing)
		return true
	}
	place := AUCNotATM
	if in.ATM {
		place = AUCATM
	}
	if !auc.Has(place) {
		return false
	}
	issuer, ok := card.Lookup(0x5F28)
	if !ok {
		return true
	}
	country, err := threeDigits(issuer)
	if err != nil {
		tvr.Set(TVRCardDataMissing)
		return false
	}
	return auc.allows(in.Kind, country == in.Country)
}

// allows reports whether the application may be used for the kind of transaction. A terminal does not say whether a
// purchase is of goods or of services, so either will do.
func (v AUC) allows(kind TransactionKind, domestic bool) bool {
	cash, goods, services, cashback := AUCInternationalCash, AUCInternationalGoods, AUCInternationalServices, AUCInternationalCashback
	if domestic {
		cash, goods, services, cashback = AUCDomesticCash, AUCDomesticGoods, AUCDomesticServices, AUCDomesticCashback
	}
	switch kind {
	case ManualCash, UnattendedCash:
		return v.Has(cash)
	case PurchaseWithCashback:
		return v.Has(cashback) && (v.Has(goods) || v.Has(services))
	}
	return v.Has(goods) || v.Has(services)
}
