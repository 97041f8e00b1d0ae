package emv

// ActionCodes are the three masks over the TVR that decide what becomes of a transaction.
type ActionCodes struct {
	Denial  TVR // any of these: decline offline
	Online  TVR // any of these: ask the issuer
	Default TVR // any of these, when the issuer cannot be asked: decline
}

// IssuerActionCodes reads tags 9F0E, 9F0F and 9F0D of a card. What the card leaves out is as EMV Book 3 section 10.7 has
// it: no reason to decline, every reason to go online, and every reason to decline when that fails. So is a value of
// another size than 5 octets.
func IssuerActionCodes(d TLV) ActionCodes {
	all := TVR{0xFF, 0xFF, 0xFF, 0xFF, 0xFF}
	return ActionCodes{
		Denial:  actionCode(d, 0x9F0E, TVR{}),
		Online:  actionCode(d, 0x9F0F, all),
		Default: actionCode(d, 0x9F0D, all),
	}
}

func actionCode(d TLV, t Tag, missing TVR) TVR {
	v, _ := d.Lookup(t)
	if code, err := parseFixed[TVR](t, v); err == nil {
		return code
	}
	return missing
}

// ActionInput is what terminal action analysis looks at. The terminal's own codes are zero when it has none.
type ActionInput struct {
	TVR      TVR
	Issuer   ActionCodes // of the card; IssuerActionCodes reads them
	Terminal ActionCodes

	Capability OnlineCapability

	// UnableToGoOnline is set when an online authorisation was asked for and no answer came: the analysis then runs a
	// second time, before the second GENERATE AC.
	UnableToGoOnline bool
}

// ActionAnalysis decides which cryptogram the terminal asks the card for. The card may answer with a lesser one. It
// holds EMV Book 3 section 10.7: the denial codes come first; a terminal that can go online then looks at the online
// codes, one that cannot, or could not, at the default codes. An online-only terminal asks the issuer about everything
// that is not denied, and declines when it cannot.
func ActionAnalysis(in ActionInput) CryptogramType {
	switch {
	case matches(in.TVR, in.Issuer.Denial, in.Terminal.Denial):
		return AAC
	case in.Capability == OnlineOnly && in.UnableToGoOnline:
		return AAC
	case in.Capability == OnlineOnly:
		return ARQC
	case in.Capability == OfflineOnly || in.UnableToGoOnline:
		if matches(in.TVR, in.Issuer.Default, in.Terminal.Default) {
			return AAC
		}
		return TC
	case matches(in.TVR, in.Issuer.Online, in.Terminal.Online):
		return ARQC
	}
	return TC
}

// matches reports whether a bit of the TVR is set in either code.
func matches(tvr, issuer, terminal TVR) bool {
	for i := range tvr {
		if tvr[i]&(issuer[i]|terminal[i]) != 0 {
			return true
		}
	}
	return false
}
