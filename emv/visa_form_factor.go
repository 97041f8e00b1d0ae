package emv

// VisaFormFactor is the Form Factor Indicator of Visa, tag 9F6E: what was tapped. EMV Book C-3 Annex A, VCPS.
type VisaFormFactor [4]byte

// ParseVisaFormFactor reads the value of tag 9F6E of a Visa card, 4 octets.
func ParseVisaFormFactor(b []byte) (VisaFormFactor, error) {
	return parseFixed[VisaFormFactor](0x9F6E, b)
}

// Version returns the version of the indicator, 0 to 7.
func (f VisaFormFactor) Version() int { return int(f[0] >> 5) }

// Device returns the kind of device, 0 to 31.
func (f VisaFormFactor) Device() int { return int(f[0] & 0x1F) }

// Technology returns how the device talks to the reader; 0 is ISO/IEC 14443 contactless.
func (f VisaFormFactor) Technology() int { return int(f[3] & 0xF) }

var formFactorDevices = [...]text{
	{"standard card", "标准卡"},
	{"mini card", "迷你卡"},
	{"other than a card", "非卡片形式"},
	{"mobile phone", "手机"},
	{"wrist-worn device", "腕戴设备"},
}

var formFactorFeatures = [...]text{
	octet2 + bit8: {"passcode capable", "支持密码"},
	octet2 + bit7: {"signature panel", "有签名条"},
	octet2 + bit6: {"hologram", "有全息图"},
	octet2 + bit5: {"CVV2 printed", "有CVV2"},
	octet2 + bit4: {"two-way messaging", "支持双向消息"},
	octet2 + bit3: {"cloud-based credentials", "云端凭证"},
	octet2 + bit2: {"biometric capable", "支持生物特征"},
}

// Features returns what the device has besides, in words.
func (f VisaFormFactor) Features(l Language) []string {
	var words []string
	for b := range eachBit[uint8](f) {
		if b>>3 == octet2>>3 {
			words = append(words, bitText(formFactorFeatures[:], b, l))
		}
	}
	return words
}

// Text returns the kind of device.
func (f VisaFormFactor) Text(l Language) string { return bitText(formFactorDevices[:], f.Device(), l) }

// String returns the kind of device in English.
func (f VisaFormFactor) String() string { return f.Text(English) }
