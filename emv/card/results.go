package card

import "github.com/posline/posline/emv"

// verificationResults is where a layout of the issuer application data tells what happened in the transaction, beside the
// octet that says which cryptograms the card gave, from which its places are counted.
type verificationResults struct {
	pinVerified, pinWrong, pinBlocked, issuerWrong place
}

// place is a bit of an octet.
type place struct {
	at  int
	bit byte
}

// The layouts whose results are public: those of Visa, which UnionPay's follow, and of EMV Book 3 Annex C9.
var (
	resultsVisa = &verificationResults{
		pinVerified: place{0, 0x04}, pinWrong: place{0, 0x02}, pinBlocked: place{1, 0x40}, issuerWrong: place{0, 0x08},
	}
	resultsCCD = &verificationResults{
		pinVerified: place{1, 0x08}, pinWrong: place{1, 0x04}, pinBlocked: place{1, 0x02}, issuerWrong: place{0, 0x01},
	}
)

// resultsOf returns the places of a layout; nil when they are not known.
func resultsOf(f emv.IADFormat) *verificationResults {
	switch f {
	case emv.IADVisa, emv.IADUnionPay:
		return resultsVisa
	case emv.IADCCD:
		return resultsCCD
	}
	return nil
}

// tellResults writes into the CVR what happened in the transaction so far.
func (c *Card) tellResults() {
	if c.results == nil {
		return
	}
	for _, r := range []struct {
		place
		happened bool
	}{
		{c.results.pinVerified, c.deal.pinVerified}, {c.results.pinWrong, c.deal.pinWrong},
		{c.results.pinBlocked, c.pinBlocked()}, {c.results.issuerWrong, c.deal.issuerWrong},
	} {
		octet := &c.config.IAD[c.cvr+r.at]
		*octet &^= r.bit
		if r.happened {
			*octet |= r.bit
		}
	}
}

func (c *Card) pinBlocked() bool { return c.pin != "" && c.tries == 0 }

// cid returns the cryptogram information data: of a card that declines, why.
func (c *Card) cid(kind emv.CryptogramType) emv.CID {
	reason := emv.NoReason
	switch {
	case kind != emv.AAC:
	case c.deal.issuerWrong:
		reason = emv.IssuerAuthenticationFailed
	case c.pinBlocked():
		reason = emv.PINTryLimitExceeded
	}
	return emv.CID(kind)<<6 | emv.CID(reason)
}
