package emv

import "iter"

// TTQ is the Terminal Transaction Qualifiers, tag 9F66: what a contactless reader can do and asks for. Visa, UnionPay
// and the other kernels after kernel 3 use it. EMV Book A section 5.7.
type TTQ [4]byte

// TTQBit is one bit of a TTQ.
type TTQBit uint8

// The bits of a TTQ.
const (
	TTQMagStripe    TTQBit = octet1 + bit8
	TTQEMVMode      TTQBit = octet1 + bit6
	TTQContactChip  TTQBit = octet1 + bit5
	TTQOfflineOnly  TTQBit = octet1 + bit4
	TTQOnlinePIN    TTQBit = octet1 + bit3
	TTQSignature    TTQBit = octet1 + bit2
	TTQODAForOnline TTQBit = octet1 + bit1

	TTQOnlineCryptogramRequired TTQBit = octet2 + bit8
	TTQCVMRequired              TTQBit = octet2 + bit7
	TTQOfflinePIN               TTQBit = octet2 + bit6
	TTQFastMode                 TTQBit = octet2 + bit5
	TTQTransit                  TTQBit = octet2 + bit4

	TTQIssuerUpdate              TTQBit = octet3 + bit8
	TTQConsumerDeviceCVM         TTQBit = octet3 + bit7
	TTQConsumerDeviceCVMTransit  TTQBit = octet3 + bit6
	TTQConsumerDeviceCVMRequired TTQBit = octet3 + bit4 // of Discover alone, Book C-6 Annex D.11

	TTQfDDA TTQBit = octet4 + bit8
)

var ttqText = [...]text{
	TTQMagStripe:                 {"magnetic stripe mode supported", "支持磁条模式"},
	TTQEMVMode:                   {"contactless EMV mode supported", "支持非接触EMV模式"},
	TTQContactChip:               {"contact chip supported", "支持接触式IC卡"},
	TTQOfflineOnly:               {"reader is offline only", "仅脱机读卡器"},
	TTQOnlinePIN:                 {"online PIN supported", "支持联机PIN"},
	TTQSignature:                 {"signature supported", "支持签名"},
	TTQODAForOnline:              {"offline data authentication for online authorisations supported", "支持联机授权的脱机数据认证"},
	TTQOnlineCryptogramRequired:  {"online cryptogram required", "要求联机密文"},
	TTQCVMRequired:               {"cardholder verification required", "要求持卡人验证"},
	TTQOfflinePIN:                {"offline PIN supported (contact chip)", "支持脱机PIN（接触式）"},
	TTQFastMode:                  {"fast mode supported", "支持快速模式"},
	TTQTransit:                   {"transit terminal", "公交终端"},
	TTQIssuerUpdate:              {"issuer update processing supported", "支持发卡行更新处理"},
	TTQConsumerDeviceCVM:         {"verification by the consumer device supported", "支持消费者设备验证（CDCVM）"},
	TTQConsumerDeviceCVMTransit:  {"verification by the consumer device for transit supported", "支持公交类消费者设备验证（CDCVM）"},
	TTQConsumerDeviceCVMRequired: {"verification by the consumer device required", "要求消费者设备验证（CDCVM）"},
	TTQfDDA:                      {"fDDA version 1 supported", "支持fDDA 01版"},
}

// ParseTTQ reads the value of tag 9F66, 4 octets.
func ParseTTQ(b []byte) (TTQ, error) { return parseFixed[TTQ](0x9F66, b) }

// Has reports whether the bit is set.
func (v TTQ) Has(b TTQBit) bool { return hasBit(v, b) }

// Set sets the bit.
func (v *TTQ) Set(b TTQBit) { putBit(v, b, true) }

// Clear clears the bit.
func (v *TTQ) Clear(b TTQBit) { putBit(v, b, false) }

// Bits iterates over the bits that are set, from byte 1 bit 8 downwards.
func (v TTQ) Bits() iter.Seq[TTQBit] { return eachBit[TTQBit](v) }

// String returns what the bit means, in English.
func (b TTQBit) String() string { return b.Text(English) }

// Text returns what the bit means.
func (b TTQBit) Text(l Language) string { return bitText(ttqText[:], b, l) }
