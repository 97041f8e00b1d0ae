package emv

import "iter"

// TerminalCapabilities, tag 9F33, is how the terminal reads cards, verifies cardholders and authenticates cards.
// EMV Book 4 (4.4) Annex A2.
type TerminalCapabilities [3]byte

// CapabilityBit is one bit of TerminalCapabilities.
type CapabilityBit uint8

// The bits of a TerminalCapabilities.
const (
	CapManualEntry    CapabilityBit = octet1 + bit8
	CapMagneticStripe CapabilityBit = octet1 + bit7
	CapContacts       CapabilityBit = octet1 + bit6

	CapPlaintextPIN  CapabilityBit = octet2 + bit8
	CapOnlinePIN     CapabilityBit = octet2 + bit7
	CapSignature     CapabilityBit = octet2 + bit6
	CapEncipheredPIN CapabilityBit = octet2 + bit5
	CapNoCVM         CapabilityBit = octet2 + bit4

	CapOnlineBiometric  CapabilityBit = octet2 + bit3
	CapOfflineBiometric CapabilityBit = octet2 + bit2
	CapEncipheredPINECC CapabilityBit = octet2 + bit1

	CapSDA         CapabilityBit = octet3 + bit8
	CapDDA         CapabilityBit = octet3 + bit7
	CapCardCapture CapabilityBit = octet3 + bit6
	CapCDA         CapabilityBit = octet3 + bit4
	CapXDA         CapabilityBit = octet3 + bit3
)

var capabilityText = [...]text{
	CapManualEntry:      {"card data input: manual key entry", "卡数据输入：手工键盘输入"},
	CapMagneticStripe:   {"card data input: magnetic stripe", "卡数据输入：磁条"},
	CapContacts:         {"card data input: chip with contacts", "卡数据输入：接触式IC卡"},
	CapPlaintextPIN:     {"verification: plaintext PIN by the card", "持卡人验证：IC卡明文PIN验证"},
	CapOnlinePIN:        {"verification: enciphered PIN online", "持卡人验证：联机加密PIN验证"},
	CapSignature:        {"verification: signature on paper", "持卡人验证：签名（纸）"},
	CapEncipheredPIN:    {"verification: enciphered PIN by the card", "持卡人验证：脱机加密PIN验证"},
	CapNoCVM:            {"verification: none required", "持卡人验证：无需CVM"},
	CapOnlineBiometric:  {"verification: biometric online", "持卡人验证：联机生物特征验证"},
	CapOfflineBiometric: {"verification: biometric by the card", "持卡人验证：脱机生物特征验证"},
	CapEncipheredPINECC: {"verification: PIN enciphered with elliptic curves, by the card", "持卡人验证：脱机加密PIN验证（ECC）"},
	CapSDA:              {"security: static data authentication", "安全能力：静态数据认证"},
	CapDDA:              {"security: dynamic data authentication", "安全能力：动态数据认证"},
	CapCardCapture:      {"security: card capture", "安全能力：吞卡"},
	CapCDA:              {"security: combined DDA and AC generation", "安全能力：复合动态数据认证/应用密文生成"},
	CapXDA:              {"security: extended data authentication", "安全能力：扩展数据认证（XDA）"},
}

// ParseTerminalCapabilities reads the value of tag 9F33, 3 octets.
func ParseTerminalCapabilities(b []byte) (TerminalCapabilities, error) {
	return parseFixed[TerminalCapabilities](0x9F33, b)
}

// Has reports whether the bit is set.
func (v TerminalCapabilities) Has(b CapabilityBit) bool { return hasBit(v, b) }

// Set sets the bit.
func (v *TerminalCapabilities) Set(b CapabilityBit) { putBit(v, b, true) }

// Clear clears the bit.
func (v *TerminalCapabilities) Clear(b CapabilityBit) { putBit(v, b, false) }

// Bits iterates over the bits that are set, from byte 1 bit 8 downwards.
func (v TerminalCapabilities) Bits() iter.Seq[CapabilityBit] { return eachBit[CapabilityBit](v) }

// String returns what the bit means, in English.
func (b CapabilityBit) String() string { return b.Text(English) }

// Text returns what the bit means.
func (b CapabilityBit) Text(l Language) string { return bitText(capabilityText[:], b, l) }
