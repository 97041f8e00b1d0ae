package emv

import "iter"

// TSI is the Transaction Status Information, tag 9B: what the terminal has done. EMV Book 3 Annex C6.
type TSI [2]byte

// TSIBit is one bit of a TSI.
type TSIBit uint8

// The bits of a TSI.
const (
	TSIODAPerformed          TSIBit = octet1 + bit8
	TSICVMPerformed          TSIBit = octet1 + bit7
	TSICardRiskPerformed     TSIBit = octet1 + bit6
	TSIIssuerAuthPerformed   TSIBit = octet1 + bit5
	TSITerminalRiskPerformed TSIBit = octet1 + bit4
	TSIScriptPerformed       TSIBit = octet1 + bit3
)

var tsiText = [...]text{
	TSIODAPerformed:          {"offline data authentication was performed", "已进行脱机数据认证"},
	TSICVMPerformed:          {"cardholder verification was performed", "已进行持卡人验证"},
	TSICardRiskPerformed:     {"card risk management was performed", "已进行卡片风险管理"},
	TSIIssuerAuthPerformed:   {"issuer authentication was performed", "已进行发卡行认证"},
	TSITerminalRiskPerformed: {"terminal risk management was performed", "已进行终端风险管理"},
	TSIScriptPerformed:       {"issuer script was processed", "已进行脚本处理"},
}

// ParseTSI reads the value of tag 9B, 2 octets.
func ParseTSI(b []byte) (TSI, error) { return parseFixed[TSI](0x9B, b) }

// Has reports whether the bit is set.
func (v TSI) Has(b TSIBit) bool { return hasBit(v, b) }

// Set sets the bit.
func (v *TSI) Set(b TSIBit) { putBit(v, b, true) }

// Clear clears the bit.
func (v *TSI) Clear(b TSIBit) { putBit(v, b, false) }

// Bits iterates over the bits that are set, from byte 1 bit 8 downwards.
func (v TSI) Bits() iter.Seq[TSIBit] { return eachBit[TSIBit](v) }

// String returns what the bit means, in English.
func (b TSIBit) String() string { return b.Text(English) }

// Text returns what the bit means.
func (b TSIBit) Text(l Language) string { return bitText(tsiText[:], b, l) }
