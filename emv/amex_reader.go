package emv

// What American Express readers say of themselves: Book C-4 sections 4.3.3 and 4.3.4.

// AmexReaderCapabilities is the Contactless Reader Capabilities, tag 9F6D of American Express. The bits outside C8 are
// those of the terminal type, which some terminals put beside them.
type AmexReaderCapabilities byte

const amexCapabilityMask = 0xC8

// String returns what the reader can do, in English.
func (c AmexReaderCapabilities) String() string { return c.Text(English) }

// Text returns what the reader can do.
func (c AmexReaderCapabilities) Text(l Language) string {
	switch c & amexCapabilityMask {
	case 0x40:
		return text{"magnetic stripe, no CVM required", "磁条模式，无需CVM"}.in(l)
	case 0x48:
		return text{"magnetic stripe, CVM required", "磁条模式，需要CVM"}.in(l)
	case 0xC0:
		return text{"EMV and magnetic stripe, no CVM required", "EMV和磁条模式，无需CVM"}.in(l)
	case 0xC8:
		return text{"EMV and magnetic stripe, CVM required", "EMV和磁条模式，需要CVM"}.in(l)
	}
	return text{"deprecated", "已废弃"}.in(l)
}

// amexEnhancedText names the bits of the Enhanced Contactless Reader Capabilities, tag 9F6E of American Express. The last
// three are the version of the kernel.
var amexEnhancedText = [...]text{
	octet1 + bit8: {"contact mode supported", "支持接触模式"},
	octet1 + bit7: {"magnetic stripe mode supported", "支持磁条模式"},
	octet1 + bit6: {"EMV full online mode supported", "支持EMV完全联机模式"},
	octet1 + bit5: {"EMV partial online mode supported", "支持EMV部分联机模式"},
	octet1 + bit4: {"mobile devices supported", "支持移动设备"},
	octet1 + bit3: {"tries another interface after a decline", "拒绝后尝试其他界面"},
	octet2 + bit8: {"mobile CVM supported", "支持移动设备CVM"},
	octet2 + bit7: {"online PIN supported", "支持联机PIN"},
	octet2 + bit6: {"signature supported", "支持签名"},
	octet2 + bit5: {"plaintext offline PIN supported", "支持脱机明文PIN"},
	octet3 + bit8: {"reader is offline only", "仅脱机读卡器"},
	octet3 + bit7: {"CVM required", "需要CVM"},
	octet4 + bit8: {"exempt from no-CVM checks", "豁免无CVM检查"},
	octet4 + bit7: {"delayed authorisation", "延迟授权"},
	octet4 + bit6: {"transit terminal", "公交终端"},
	octet4 + bit3: {"kernel version, bit 3", "内核版本位3"},
	octet4 + bit2: {"kernel version, bit 2", "内核版本位2"},
	octet4 + bit1: {"kernel version, bit 1", "内核版本位1"},
}

// amexCapabilities words tag 9F6D of American Express.
func (p *printer) amexCapabilities(v Value) (meaning, bool) {
	if len(v) != 1 {
		return meaning{}, false
	}
	return inParentheses(AmexReaderCapabilities(v[0]).Text(p.Language)), true
}

// amexEnhanced words tag 9F6E of American Express.
func (p *printer) amexEnhanced(v Value) (meaning, bool) {
	if len(v) != 4 {
		return meaning{}, false
	}
	return meaning{lines: p.bits(v, amexEnhancedText[:])}, true
}
