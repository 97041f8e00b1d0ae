package emv

import "iter"

// CTQ is the Card Transaction Qualifiers, tag 9F6C: what a contactless card asks of the terminal. EMV Book C-3 Annex A.
type CTQ [2]byte

// CTQBit is one bit of a CTQ.
type CTQBit uint8

// The bits of a CTQ.
const (
	CTQOnlinePIN         CTQBit = octet1 + bit8
	CTQSignature         CTQBit = octet1 + bit7
	CTQOnlineIfODAFails  CTQBit = octet1 + bit6
	CTQSwitchIfODAFails  CTQBit = octet1 + bit5
	CTQOnlineIfExpired   CTQBit = octet1 + bit4
	CTQSwitchForCash     CTQBit = octet1 + bit3
	CTQSwitchForCashback CTQBit = octet1 + bit2
	CTQNotForATM         CTQBit = octet1 + bit1

	CTQConsumerDeviceCVMDone CTQBit = octet2 + bit8
	CTQIssuerUpdate          CTQBit = octet2 + bit7
)

var ctqText = [...]text{
	CTQOnlinePIN:             {"online PIN required", "要求联机PIN"},
	CTQSignature:             {"signature required", "要求签名"},
	CTQOnlineIfODAFails:      {"go online if offline data authentication fails and the reader can", "脱机数据认证失败且可联机时转联机"},
	CTQSwitchIfODAFails:      {"switch to contact chip if offline data authentication fails", "脱机数据认证失败时改用接触式"},
	CTQOnlineIfExpired:       {"go online if the application has expired", "应用过期时转联机"},
	CTQSwitchForCash:         {"switch to contact chip for cash", "现金交易改用接触式"},
	CTQSwitchForCashback:     {"switch to contact chip for cashback", "返现交易改用接触式"},
	CTQNotForATM:             {"not valid for contactless ATM transactions", "不可用于非接触ATM交易"},
	CTQConsumerDeviceCVMDone: {"verification by the consumer device was performed", "已执行消费者设备验证（CDCVM）"},
	CTQIssuerUpdate:          {"card supports issuer update processing at the terminal", "卡片支持终端发卡行更新处理"},
}

// ParseCTQ reads the value of tag 9F6C, 2 octets.
func ParseCTQ(b []byte) (CTQ, error) { return parseFixed[CTQ](0x9F6C, b) }

// Has reports whether the bit is set.
func (v CTQ) Has(b CTQBit) bool { return hasBit(v, b) }

// Set sets the bit.
func (v *CTQ) Set(b CTQBit) { putBit(v, b, true) }

// Clear clears the bit.
func (v *CTQ) Clear(b CTQBit) { putBit(v, b, false) }

// Bits iterates over the bits that are set, from byte 1 bit 8 downwards.
func (v CTQ) Bits() iter.Seq[CTQBit] { return eachBit[CTQBit](v) }

// String returns what the bit means, in English.
func (b CTQBit) String() string { return b.Text(English) }

// Text returns what the bit means.
func (b CTQBit) Text(l Language) string { return bitText(ctqText[:], b, l) }
