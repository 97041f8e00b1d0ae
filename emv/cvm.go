package emv

import (
	"encoding/binary"
	"iter"
)

// CVMMethod is how a cardholder is verified: the low six bits of a CVM code. EMV Book 3 Annex C3.
type CVMMethod uint8

// The methods of EMV. 06 to 0F are biometric, by the card when even and online when odd; 20 to 2F are the payment
// system's own and 30 to 3E the issuer's.
const (
	CVMFail                      CVMMethod = 0x00
	CVMPlaintextPIN              CVMMethod = 0x01
	CVMOnlinePIN                 CVMMethod = 0x02
	CVMPlaintextPINAndSignature  CVMMethod = 0x03
	CVMEncipheredPIN             CVMMethod = 0x04
	CVMEncipheredPINAndSignature CVMMethod = 0x05
	CVMSignature                 CVMMethod = 0x1E
	CVMNone                      CVMMethod = 0x1F // no verification required
	CVMNotPerformed              CVMMethod = 0x3F // in CVM results only
)

var cvmMethods = [...]text{
	CVMFail:                      {"fail cardholder verification", "持卡人验证失败处理"},
	CVMPlaintextPIN:              {"plaintext PIN verified by the card", "IC卡明文PIN验证"},
	CVMOnlinePIN:                 {"enciphered PIN verified online", "联机加密PIN验证"},
	CVMPlaintextPINAndSignature:  {"plaintext PIN verified by the card, and signature", "IC卡明文PIN验证加签名"},
	CVMEncipheredPIN:             {"enciphered PIN verified by the card", "IC卡加密PIN验证"},
	CVMEncipheredPINAndSignature: {"enciphered PIN verified by the card, and signature", "IC卡加密PIN验证加签名"},
	0x06:                         {"face verified by the card", "卡片人脸验证"},
	0x07:                         {"face verified online", "联机人脸验证"},
	0x08:                         {"finger verified by the card", "卡片指纹验证"},
	0x09:                         {"finger verified online", "联机指纹验证"},
	0x0A:                         {"palm verified by the card", "卡片掌纹验证"},
	0x0B:                         {"palm verified online", "联机掌纹验证"},
	0x0C:                         {"iris verified by the card", "卡片虹膜验证"},
	0x0D:                         {"iris verified online", "联机虹膜验证"},
	0x0E:                         {"voice verified by the card", "卡片声纹验证"},
	0x0F:                         {"voice verified online", "联机声纹验证"},
	CVMSignature:                 {"signature on paper", "签名（纸）"},
	CVMNone:                      {"no verification required", "无需持卡人验证"},
	0x20:                         {"verified by the consumer device", "持卡人证件验证／消费者设备验证"},
	CVMNotPerformed:              {"no method was performed", "未执行持卡人验证"},
}

// String returns the method in English.
func (m CVMMethod) String() string { return m.Text(English) }

// Text returns the method.
func (m CVMMethod) Text(l Language) string { return bitText(cvmMethods[:], m, l) }

// Known reports whether EMV gives the method a meaning. A terminal may know others.
func (m CVMMethod) Known() bool {
	return m <= 0x0F || m == CVMSignature || m == CVMNone
}

func (m CVMMethod) isPIN() bool { return m >= CVMPlaintextPIN && m <= CVMEncipheredPINAndSignature }

// CVMCondition is when a rule applies. EMV Book 3 Annex C3.
type CVMCondition uint8

// The conditions of EMV. Under and over are strict, and hold only for amounts in the application's currency.
const (
	CVMAlways CVMCondition = iota
	CVMIfUnattendedCash
	CVMIfNotCash // neither unattended nor manual cash, nor cashback
	CVMIfSupported
	CVMIfManualCash
	CVMIfCashback
	CVMIfUnderX
	CVMIfOverX
	CVMIfUnderY
	CVMIfOverY
)

var cvmConditions = [...]text{
	CVMAlways:           {"always", "总是"},
	CVMIfUnattendedCash: {"if unattended cash", "如果是自助现金交易"},
	CVMIfNotCash:        {"if not cash and not with cashback", "如果不是现金交易且不带返现"},
	CVMIfSupported:      {"if the terminal supports it", "如果终端支持"},
	CVMIfManualCash:     {"if manual cash", "如果是人工现金交易"},
	CVMIfCashback:       {"if purchase with cashback", "如果是消费带返现"},
	CVMIfUnderX:         {"if in the application currency and under X", "如果使用应用货币且金额低于X"},
	CVMIfOverX:          {"if in the application currency and over X", "如果使用应用货币且金额高于X"},
	CVMIfUnderY:         {"if in the application currency and under Y", "如果使用应用货币且金额低于Y"},
	CVMIfOverY:          {"if in the application currency and over Y", "如果使用应用货币且金额高于Y"},
}

// String returns the condition in English.
func (c CVMCondition) String() string { return c.Text(English) }

// Text returns the condition.
func (c CVMCondition) Text(l Language) string { return bitText(cvmConditions[:], c, l) }

// CVRule is one rule of a CVM list: the method, whether the next rule applies when it fails, and the condition.
type CVRule [2]byte

// Method returns how the cardholder is to be verified.
func (r CVRule) Method() CVMMethod { return CVMMethod(r[0] & 0x3F) }

// ApplyNext reports whether the next rule applies when this one fails.
func (r CVRule) ApplyNext() bool { return r[0]&0x40 != 0 }

// Condition returns when the rule applies.
func (r CVRule) Condition() CVMCondition { return CVMCondition(r[1]) }

// CVMList is the list of rules, tag 8E: the amounts X and Y, then two octets a rule. EMV Book 3 Annex C3.
type CVMList []byte

// minCVMList is the amounts and one rule; what is shorter has no rules.
const minCVMList = 10

// ParseCVMList checks that b holds both amounts and whole rules and returns it as a list, without copying.
func ParseCVMList(b []byte) (CVMList, error) {
	if len(b) < 8 || len(b)%2 != 0 {
		return nil, &ValueError{Tag: 0x8E, Err: ErrLength}
	}
	return CVMList(b), nil
}

// X returns the first amount, in minor units of the application currency.
func (l CVMList) X() uint32 { return l.amount(0) }

// Y returns the second amount, in minor units of the application currency.
func (l CVMList) Y() uint32 { return l.amount(4) }

func (l CVMList) amount(at int) uint32 {
	if len(l) < 8 {
		return 0
	}
	return binary.BigEndian.Uint32(l[at:])
}

// Rules iterates over the rules with their numbers from 0.
func (l CVMList) Rules() iter.Seq2[int, CVRule] {
	return func(yield func(int, CVRule) bool) {
		for i := 8; i+1 < len(l); i += 2 {
			if !yield(i/2-4, CVRule{l[i], l[i+1]}) {
				return
			}
		}
	}
}

// CVMOutcome is how the verification went, the last octet of CVM results.
type CVMOutcome uint8

// The outcomes. A signature that somebody checks later is unknown.
const (
	CVMUnknown CVMOutcome = iota
	CVMFailed
	CVMSuccessful
)

var cvmOutcomes = [...]text{
	CVMUnknown:    {"unknown", "未知"},
	CVMFailed:     {"failed", "失败"},
	CVMSuccessful: {"successful", "成功"},
}

// String returns the outcome in English.
func (o CVMOutcome) String() string { return o.Text(English) }

// Text returns the outcome.
func (o CVMOutcome) Text(l Language) string { return bitText(cvmOutcomes[:], o, l) }

// CVMResults is tag 9F34: the rule that was performed last and its outcome. EMV Book 4 Annex A4.
type CVMResults [3]byte

// ParseCVMResults reads the value of tag 9F34, 3 octets.
func ParseCVMResults(b []byte) (CVMResults, error) { return parseFixed[CVMResults](0x9F34, b) }

// Rule returns the rule that was performed.
func (r CVMResults) Rule() CVRule { return CVRule{r[0], r[1]} }

// Outcome returns how it went.
func (r CVMResults) Outcome() CVMOutcome { return CVMOutcome(r[2]) }
