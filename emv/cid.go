package emv

// CryptogramType is which application cryptogram a terminal asks for or a card gives. EMV Book 3 section 6.5.5.
type CryptogramType uint8

// The cryptograms, as coded in the two leading bits of the CID.
const (
	AAC  CryptogramType = iota // transaction declined
	TC                         // transaction approved offline
	ARQC                       // online authorisation requested
	AAR                        // reserved; once a referral
)

// String returns the abbreviation the EMV books use.
func (c CryptogramType) String() string {
	return [4]string{"AAC", "TC", "ARQC", "RFU"}[c&3]
}

var cryptogramText = [...]text{
	AAC:  {"AAC, declined", "AAC，拒绝"},
	TC:   {"TC, approved offline", "TC，脱机批准"},
	ARQC: {"ARQC, online authorisation requested", "ARQC，请求联机授权"},
	AAR:  {"RFU", "保留"},
}

// CID is the Cryptogram Information Data, tag 9F27. EMV Book 3 section 6.5.5.
type CID byte

// Type returns which cryptogram the card gave.
func (c CID) Type() CryptogramType { return CryptogramType(c >> 6) }

// Scheme returns bits 6 and 5, which each payment system uses as it likes.
func (c CID) Scheme() byte { return byte(c) & 0x30 }

// Advice reports whether the card asks for an advice message.
func (c CID) Advice() bool { return c&8 != 0 }

// Reason is why the card decided as it did.
type Reason uint8

// The reasons a CID gives.
const (
	NoReason Reason = iota
	ServiceNotAllowed
	PINTryLimitExceeded
	IssuerAuthenticationFailed
)

var reasonText = [...]text{
	NoReason:                   {"no information given", "无信息"},
	ServiceNotAllowed:          {"service not allowed", "不允许服务"},
	PINTryLimitExceeded:        {"PIN try limit exceeded", "PIN重试次数超限"},
	IssuerAuthenticationFailed: {"issuer authentication failed", "发卡行认证失败"},
}

// Reason returns why the card decided so. Values above IssuerAuthenticationFailed are reserved.
func (c CID) Reason() Reason { return Reason(c & 7) }

// String returns the reason in English.
func (r Reason) String() string { return r.Text(English) }

// Text returns the reason.
func (r Reason) Text(l Language) string { return bitText(reasonText[:], r, l) }

// CardCID returns the CID of what a card answered, found at any depth. A tapped card of Visa's or UnionPay's may leave tag
// 9F27 out; which cryptogram it gave then stands in the card verification results of tag 9F10. Where they are, the AID among
// the objects tells (84, 4F) or else their shape, see ParseIAD; of no known layout it is the fifth octet, as Book C-3 section
// 5.4.3.1 has it. Errors, in a *ValueError: ErrLength, or ErrMissing when neither is there.
func CardCID(card TLV) (CID, error) {
	if v, ok := card.Lookup(0x9F27); ok {
		if len(v) != 1 {
			return 0, &ValueError{Tag: 0x9F27, Err: ErrLength}
		}
		return CID(v[0]), nil
	}
	v, ok := card.Lookup(0x9F10)
	if !ok {
		return 0, &ValueError{Tag: 0x9F27, Err: ErrMissing}
	}
	name, ok := card.Lookup(0x84)
	if !ok {
		name, _ = card.Lookup(0x4F)
	}
	iad, err := ParseIAD(RIDOf(name), v)
	if err != nil {
		return 0, err
	}
	given, ok := iad.firstGiven()
	if !ok {
		return 0, &ValueError{Tag: 0x9F10, Err: ErrLength}
	}
	return CID(given & 0x30 << 2), nil
}

// firstGiven returns the octet of the card verification results that has the first cryptogram in bits 6 and 5; false when
// there is none. It is the first one behind their length, in the layouts that have such.
func (d IAD) firstGiven() (byte, bool) {
	at := 0
	switch d.Format {
	case IADVisa, IADAmex, IADJCB, IADUnionPay:
		at = 1
	case IADUnknown:
		if len(d.Raw) < 5 {
			return 0, false
		}
		return d.Raw[4], true
	}
	return d.CVR[at], true
}
