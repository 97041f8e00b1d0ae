package emv

import "iter"

// AIP is the Application Interchange Profile, tag 82: what the card application can do. What byte 2 means depends on
// the scheme; the names are kernel 2's. EMV Book 3 Annex C1, Book C-2 Annex A.
type AIP [2]byte

// AIPBit is one bit of an AIP.
type AIPBit uint8

// The bits of a AIP.
const (
	AIPXDA          AIPBit = octet1 + bit8
	AIPSDA          AIPBit = octet1 + bit7
	AIPDDA          AIPBit = octet1 + bit6
	AIPCVM          AIPBit = octet1 + bit5
	AIPTerminalRisk AIPBit = octet1 + bit4
	AIPIssuerAuth   AIPBit = octet1 + bit3
	AIPOnDeviceCVM  AIPBit = octet1 + bit2
	AIPCDA          AIPBit = octet1 + bit1

	AIPEMVMode         AIPBit = octet2 + bit8
	AIPMobile          AIPBit = octet2 + bit7
	AIPContactless     AIPBit = octet2 + bit6
	AIPRelayResistance AIPBit = octet2 + bit1
)

var aipText = [...]text{
	AIPXDA:             {"extended data authentication supported", "支持扩展数据认证"},
	AIPSDA:             {"static data authentication supported", "支持静态数据认证"},
	AIPDDA:             {"dynamic data authentication supported", "支持动态数据认证"},
	AIPCVM:             {"cardholder verification supported", "支持持卡人验证"},
	AIPTerminalRisk:    {"terminal risk management to be performed", "需执行终端风险管理"},
	AIPIssuerAuth:      {"issuer authentication with EXTERNAL AUTHENTICATE supported", "支持发卡行认证"},
	AIPOnDeviceCVM:     {"on-device cardholder verification supported", "支持设备上持卡人验证"},
	AIPCDA:             {"combined DDA and AC generation supported", "支持复合动态数据认证/应用密文生成"},
	AIPEMVMode:         {"contactless EMV mode supported (Visa: magnetic stripe mode)", "支持非接触EMV模式（Visa：磁条模式）"},
	AIPMobile:          {"mobile phone", "移动设备"},
	AIPContactless:     {"contactless transaction", "非接触交易"},
	AIPRelayResistance: {"relay resistance protocol supported", "支持中继抵抗协议"},
}

// ParseAIP reads the value of tag 82, 2 octets.
func ParseAIP(b []byte) (AIP, error) { return parseFixed[AIP](0x82, b) }

// Has reports whether the bit is set.
func (v AIP) Has(b AIPBit) bool { return hasBit(v, b) }

// Set sets the bit.
func (v *AIP) Set(b AIPBit) { putBit(v, b, true) }

// Clear clears the bit.
func (v *AIP) Clear(b AIPBit) { putBit(v, b, false) }

// Bits iterates over the bits that are set, from byte 1 bit 8 downwards.
func (v AIP) Bits() iter.Seq[AIPBit] { return eachBit[AIPBit](v) }

// String returns what the bit means, in English.
func (b AIPBit) String() string { return b.Text(English) }

// Text returns what the bit means.
func (b AIPBit) Text(l Language) string { return bitText(aipText[:], b, l) }
