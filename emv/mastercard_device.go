package emv

import "strconv"

// MastercardThirdPartyData is the Third Party Data of a Mastercard card, tag 9F6E: who added what to the card, and on
// what kind of device it is. Slices share the memory of what was parsed. Book C-2 Annex A.
type MastercardThirdPartyData struct {
	Country     uint16  // ISO 3166-1 numeric
	Identifier  [2]byte // of the third party, 0000 for Mastercard's own
	DeviceType  string  // two digits: "00" card, "06" mobile phone; "" when the data have none
	Proprietary []byte
}

// ParseMastercardThirdPartyData reads the value of tag 9F6E of a Mastercard card, 5 to 32 octets. The device type is
// there when the first bit of the identifier is 0.
func ParseMastercardThirdPartyData(b []byte) (MastercardThirdPartyData, error) {
	if len(b) < 5 || len(b) > 32 {
		return MastercardThirdPartyData{}, &ValueError{Tag: 0x9F6E, Err: ErrLength}
	}
	country, err := threeDigits(b[:2])
	if err != nil {
		return MastercardThirdPartyData{}, &ValueError{Tag: 0x9F6E, Err: err}
	}
	d := MastercardThirdPartyData{Country: country, Identifier: [2]byte(b[2:4]), Proprietary: b[4:]}
	if b[2]&0x80 != 0 {
		return d, nil
	}
	if len(b) < 6 {
		return MastercardThirdPartyData{}, &ValueError{Tag: 0x9F6E, Offset: 4, Err: ErrLength}
	}
	d.DeviceType, d.Proprietary = printable(b[4:6]), b[6:]
	return d, nil
}

// thirdPartyData words tag 9F6E of a Mastercard card.
func (p *printer) thirdPartyData(v Value) (meaning, bool) {
	d, err := ParseMastercardThirdPartyData(v)
	if err != nil {
		return meaning{}, false
	}
	country, known := CountryAlpha(d.Country)
	if !known {
		country = strconv.Itoa(int(d.Country))
	}
	m := meaning{lines: []string{
		p.say("country ", "国家") + country,
		p.say("unique identifier ", "唯一标识") + nibbles(d.Identifier[:]),
	}}
	if d.DeviceType != "" {
		m.lines = append(m.lines, p.say("device type ", "设备类型")+strconv.Quote(d.DeviceType))
	}
	if len(d.Proprietary) > 0 {
		m.lines = append(m.lines, p.say("proprietary data: ", "专有数据：")+nibbles(d.Proprietary))
	}
	return m, true
}
