package emv

import "iter"

// AdditionalTerminalCapabilities, tag 9F40, is which transactions the terminal does and how it takes and shows data.
// EMV Book 4 Annex A3.
type AdditionalTerminalCapabilities [5]byte

// AdditionalCapabilityBit is one bit of AdditionalTerminalCapabilities.
type AdditionalCapabilityBit uint8

// The bits of a AdditionalTerminalCapabilities.
const (
	CapCash           AdditionalCapabilityBit = octet1 + bit8
	CapGoods          AdditionalCapabilityBit = octet1 + bit7
	CapServices       AdditionalCapabilityBit = octet1 + bit6
	CapCashback       AdditionalCapabilityBit = octet1 + bit5
	CapInquiry        AdditionalCapabilityBit = octet1 + bit4
	CapTransfer       AdditionalCapabilityBit = octet1 + bit3
	CapPayment        AdditionalCapabilityBit = octet1 + bit2
	CapAdministrative AdditionalCapabilityBit = octet1 + bit1

	CapCashDeposit AdditionalCapabilityBit = octet2 + bit8

	CapNumericKeys    AdditionalCapabilityBit = octet3 + bit8
	CapAlphabeticKeys AdditionalCapabilityBit = octet3 + bit7
	CapCommandKeys    AdditionalCapabilityBit = octet3 + bit6
	CapFunctionKeys   AdditionalCapabilityBit = octet3 + bit5

	CapPrintAttendant    AdditionalCapabilityBit = octet4 + bit8
	CapPrintCardholder   AdditionalCapabilityBit = octet4 + bit7
	CapDisplayAttendant  AdditionalCapabilityBit = octet4 + bit6
	CapDisplayCardholder AdditionalCapabilityBit = octet4 + bit5
	CapCodeTable10       AdditionalCapabilityBit = octet4 + bit2
	CapCodeTable9        AdditionalCapabilityBit = octet4 + bit1

	CapCodeTable8 AdditionalCapabilityBit = octet5 + bit8
	CapCodeTable7 AdditionalCapabilityBit = octet5 + bit7
	CapCodeTable6 AdditionalCapabilityBit = octet5 + bit6
	CapCodeTable5 AdditionalCapabilityBit = octet5 + bit5
	CapCodeTable4 AdditionalCapabilityBit = octet5 + bit4
	CapCodeTable3 AdditionalCapabilityBit = octet5 + bit3
	CapCodeTable2 AdditionalCapabilityBit = octet5 + bit2
	CapCodeTable1 AdditionalCapabilityBit = octet5 + bit1
)

var additionalCapabilityText = [...]text{
	CapCash:              {"transaction: cash", "交易类型：现金"},
	CapGoods:             {"transaction: goods", "交易类型：商品"},
	CapServices:          {"transaction: services", "交易类型：服务"},
	CapCashback:          {"transaction: cashback", "交易类型：返现"},
	CapInquiry:           {"transaction: inquiry", "交易类型：查询"},
	CapTransfer:          {"transaction: transfer", "交易类型：转账"},
	CapPayment:           {"transaction: payment", "交易类型：付款"},
	CapAdministrative:    {"transaction: administrative", "交易类型：管理"},
	CapCashDeposit:       {"transaction: cash deposit", "交易类型：存款"},
	CapNumericKeys:       {"input: numeric keys", "数据输入：数字键"},
	CapAlphabeticKeys:    {"input: alphabetic and special character keys", "数据输入：字母和特殊字符键"},
	CapCommandKeys:       {"input: command keys", "数据输入：命令键"},
	CapFunctionKeys:      {"input: function keys", "数据输入：功能键"},
	CapPrintAttendant:    {"output: print for the attendant", "数据输出：打印，服务员"},
	CapPrintCardholder:   {"output: print for the cardholder", "数据输出：打印，持卡人"},
	CapDisplayAttendant:  {"output: display for the attendant", "数据输出：显示，服务员"},
	CapDisplayCardholder: {"output: display for the cardholder", "数据输出：显示，持卡人"},
	CapCodeTable10:       {"output: code table 10", "数据输出：代码表10"},
	CapCodeTable9:        {"output: code table 9", "数据输出：代码表9"},
	CapCodeTable8:        {"output: code table 8", "数据输出：代码表8"},
	CapCodeTable7:        {"output: code table 7", "数据输出：代码表7"},
	CapCodeTable6:        {"output: code table 6", "数据输出：代码表6"},
	CapCodeTable5:        {"output: code table 5", "数据输出：代码表5"},
	CapCodeTable4:        {"output: code table 4", "数据输出：代码表4"},
	CapCodeTable3:        {"output: code table 3", "数据输出：代码表3"},
	CapCodeTable2:        {"output: code table 2", "数据输出：代码表2"},
	CapCodeTable1:        {"output: code table 1", "数据输出：代码表1"},
}

// ParseAdditionalTerminalCapabilities reads the value of tag 9F40, 5 octets.
func ParseAdditionalTerminalCapabilities(b []byte) (AdditionalTerminalCapabilities, error) {
	return parseFixed[AdditionalTerminalCapabilities](0x9F40, b)
}

// Has reports whether the bit is set.
func (v AdditionalTerminalCapabilities) Has(b AdditionalCapabilityBit) bool { return hasBit(v, b) }

// Set sets the bit.
func (v *AdditionalTerminalCapabilities) Set(b AdditionalCapabilityBit) { putBit(v, b, true) }

// Clear clears the bit.
func (v *AdditionalTerminalCapabilities) Clear(b AdditionalCapabilityBit) { putBit(v, b, false) }

// Bits iterates over the bits that are set, from byte 1 bit 8 downwards.
func (v AdditionalTerminalCapabilities) Bits() iter.Seq[AdditionalCapabilityBit] {
	return eachBit[AdditionalCapabilityBit](v)
}

// String returns what the bit means, in English.
func (b AdditionalCapabilityBit) String() string { return b.Text(English) }

// Text returns what the bit means.
func (b AdditionalCapabilityBit) Text(l Language) string {
	return bitText(additionalCapabilityText[:], b, l)
}
