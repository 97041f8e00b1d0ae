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
