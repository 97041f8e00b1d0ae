package emv

import "iter"

// MastercardRiskData is the Terminal Risk Management Data, tag 9F1D, as kernels 2 and 8 have it: what the terminal can do
// beside its capabilities. Terminals of other schemes use the tag as they like. EMV Book C-2 Annex A, M/Chip
// Requirements.
type MastercardRiskData [8]byte

// MastercardRiskBit is one bit of MastercardRiskData.
type MastercardRiskBit uint8

// The bits of MastercardRiskData.
const (
	MastercardRiskRestart                 MastercardRiskBit = octet1 + bit8
	MastercardRiskContactlessOnlinePIN    MastercardRiskBit = octet1 + bit7
	MastercardRiskContactlessSignature    MastercardRiskBit = octet1 + bit6
	MastercardRiskContactlessOfflinePIN   MastercardRiskBit = octet1 + bit5
	MastercardRiskContactlessNoCVM        MastercardRiskBit = octet1 + bit4
	MastercardRiskContactlessDeviceCVM    MastercardRiskBit = octet1 + bit3
	MastercardRiskContactlessPlaintextPIN MastercardRiskBit = octet1 + bit2
	MastercardRiskPresentAndHold          MastercardRiskBit = octet1 + bit1

	MastercardRiskCVMLimitExceeded    MastercardRiskBit = octet2 + bit8
	MastercardRiskContactOnlinePIN    MastercardRiskBit = octet2 + bit7
	MastercardRiskContactSignature    MastercardRiskBit = octet2 + bit6
	MastercardRiskContactOfflinePIN   MastercardRiskBit = octet2 + bit5
	MastercardRiskContactNoCVM        MastercardRiskBit = octet2 + bit4
	MastercardRiskContactDeviceCVM    MastercardRiskBit = octet2 + bit3
	MastercardRiskContactPlaintextPIN MastercardRiskBit = octet2 + bit2

	MastercardRiskNoMagStripeMode     MastercardRiskBit = octet3 + bit8
	MastercardRiskNoEMVMode           MastercardRiskBit = octet3 + bit7
	MastercardRiskDeviceCVMWithoutCDA MastercardRiskBit = octet3 + bit6

	MastercardRiskDeviceCVMBypass MastercardRiskBit = octet4 + bit8
	MastercardRiskSCAExempt       MastercardRiskBit = octet4 + bit7
)

var mastercardRiskText = [...]text{
	MastercardRiskRestart:                 {"restart supported", "支持重启"},
	MastercardRiskContactlessOnlinePIN:    {"enciphered PIN online (contactless)", "联机加密PIN（非接触）"},
	MastercardRiskContactlessSignature:    {"signature (contactless)", "签名（非接触）"},
	MastercardRiskContactlessOfflinePIN:   {"enciphered PIN by the card (contactless)", "脱机加密PIN（非接触）"},
	MastercardRiskContactlessNoCVM:        {"no verification (contactless)", "无需CVM（非接触）"},
	MastercardRiskContactlessDeviceCVM:    {"consumer device verification (contactless)", "消费者设备验证（CDCVM）（非接触）"},
	MastercardRiskContactlessPlaintextPIN: {"plaintext PIN by the card (contactless)", "脱机明文PIN（非接触）"},
	MastercardRiskPresentAndHold:          {"present and hold supported", "支持持续贴卡"},
	MastercardRiskCVMLimitExceeded:        {"CVM limit exceeded", "超过CVM限额"},
	MastercardRiskContactOnlinePIN:        {"enciphered PIN online (contact)", "联机加密PIN（接触）"},
	MastercardRiskContactSignature:        {"signature (contact)", "签名（接触）"},
	MastercardRiskContactOfflinePIN:       {"enciphered PIN by the card (contact)", "脱机加密PIN（接触）"},
	MastercardRiskContactNoCVM:            {"no verification (contact)", "无需CVM（接触）"},
	MastercardRiskContactDeviceCVM:        {"consumer device verification (contact)", "消费者设备验证（CDCVM）（接触）"},
	MastercardRiskContactPlaintextPIN:     {"plaintext PIN by the card (contact)", "脱机明文PIN（接触）"},
	MastercardRiskNoMagStripeMode:         {"magnetic stripe mode not supported (contactless)", "不支持磁条模式（非接触）"},
	MastercardRiskNoEMVMode:               {"EMV mode not supported (contactless)", "不支持EMV模式（非接触）"},
	MastercardRiskDeviceCVMWithoutCDA:     {"consumer device verification without CDA supported", "支持无CDA的消费者设备验证"},
	MastercardRiskDeviceCVMBypass:         {"bypass of consumer device verification requested", "请求跳过消费者设备验证"},
	MastercardRiskSCAExempt:               {"exempt from strong customer authentication", "豁免强客户认证"},
}

// ParseMastercardRiskData reads the value of tag 9F1D, 8 octets.
func ParseMastercardRiskData(b []byte) (MastercardRiskData, error) {
	return parseFixed[MastercardRiskData](0x9F1D, b)
}

// Has reports whether the bit is set.
func (v MastercardRiskData) Has(b MastercardRiskBit) bool { return hasBit(v, b) }

// Set sets the bit.
func (v *MastercardRiskData) Set(b MastercardRiskBit) { putBit(v, b, true) }

// Clear clears the bit.
func (v *MastercardRiskData) Clear(b MastercardRiskBit) { putBit(v, b, false) }

// Bits iterates over the bits that are set, from byte 1 bit 8 downwards.
func (v MastercardRiskData) Bits() iter.Seq[MastercardRiskBit] { return eachBit[MastercardRiskBit](v) }

// String returns what the bit means, in English.
func (b MastercardRiskBit) String() string { return b.Text(English) }

// Text returns what the bit means.
func (b MastercardRiskBit) Text(l Language) string { return bitText(mastercardRiskText[:], b, l) }
