package emv

import (
	"fmt"
	"strconv"
)

// bitFields are the tags whose values are bits with names, and how many octets they have.
var bitFields = map[Tag]struct {
	octets int
	names  []text
}{
	0x95: {5, tvrText[:]}, 0x9F0D: {5, tvrText[:]}, 0x9F0E: {5, tvrText[:]}, 0x9F0F: {5, tvrText[:]},
	0xDF8120: {5, tvrText[:]}, 0xDF8121: {5, tvrText[:]}, 0xDF8122: {5, tvrText[:]},
	0x9B: {2, tsiText[:]}, 0x82: {2, aipText[:]}, 0xD8: {2, aipText[:]}, 0x9F07: {2, aucText[:]},
	0x9F33: {3, capabilityText[:]}, 0x9F40: {5, additionalCapabilityText[:]},
	0x9F66: {4, ttqText[:]}, 0x9F6C: {2, ctqText[:]}, 0x9F1D: {8, mastercardRiskText[:]},
}

// decoderOf returns what words the value of a tag as a scheme has it, nil when nothing special does. A decoder that
// cannot read a value returns false.
func decoderOf(t Tag, scheme Scheme) func(p *printer, v Value) (meaning, bool) {
	switch t {
	case 0x57, 0x9F6B:
		return (*printer).track
	case 0x80:
		return (*printer).format1
	case 0x86:
		return (*printer).script
	case 0x8A:
		return (*printer).responseCode
	case 0x8B:
		return (*printer).terminalCategories
	case 0x8E:
		return (*printer).cvmList
	case 0x91:
		return (*printer).issuerAuthentication
	case 0x94, 0xD9:
		return (*printer).fileLocator
	case 0x9C:
		return (*printer).transactionType
	case 0x9F0A:
		return (*printer).registeredData
	case 0x9F10:
		return (*printer).issuerData
	case 0x9F27:
		return (*printer).cryptogramInformation
	case 0x9F2A, 0x96:
		return (*printer).kernel
	case 0x9F34:
		return (*printer).cvmResults
	case 0x9F35:
		return (*printer).terminalType
	case 0x9F39:
		return (*printer).entryMode
	case 0x9F5B, 0xDF31:
		return (*printer).scriptResults
	case 0x9F5D:
		return (*printer).capabilities
	case 0x9F69:
		return (*printer).cardAuthentication
	case 0x9F6D:
		return (*printer).amexCapabilities
	case 0x9F6E:
		switch scheme {
		case Mastercard:
			return (*printer).thirdPartyData
		case Amex:
			return (*printer).amexEnhanced
		}
		return (*printer).formFactor
	case 0x5F57:
		return (*printer).accountType
	case 0x9F3E:
		return (*printer).categoryList
	case 0x5F2D:
		return (*printer).languages
	case 0x50, 0x9F12:
		return (*printer).latin
	case 0x4F, 0x84, 0x9F06:
		return (*printer).aid
	case 0x5F2A, 0x9F42, 0x9F3B, 0x9F3C, 0x9F51, 0x9F76, 0xC9:
		return (*printer).currencies
	case 0x5F28, 0x9F1A, 0x9F57, 0xC8:
		return (*printer).country
	case 0x81, 0x9F04, 0x9F1B, 0x9F3A:
		return (*printer).binaryAmount
	case 0x9F36, 0x9F13, 0x9F17, 0x9F14, 0x9F23:
		return (*printer).counter
	}
	return nil
}

// decodedFor is whose meaning of a tag has a decoder, where schemes disagree; everyone is the meaning of the core.
var decodedFor = map[Tag]schemes{
	0x9F51: visa | unionPay, 0x9F5B: everyone, 0x9F5D: mastercard, 0x9F66: everyone, 0x9F6B: mastercard, 0x9F6C: everyone, 0x9F6D: amex, 0x9F6E: visa | mastercard | amex, 0x9F69: visa | unionPay,
}

// decode words the value of a tag that has a decoder of its own.
func (p *printer) decode(t Tag, scheme Scheme, v Value) (meaning, bool) {
	if whose, ok := decodedFor[t]; ok && !whose.include(scheme) {
		return meaning{}, false
	}
	if f, ok := bitFields[t]; ok && len(v) == f.octets {
		return meaning{lines: p.bits(v, f.names)}, true
	}
	if decode := decoderOf(t, scheme); decode != nil {
		return decode(p, v)
	}
	return meaning{}, false
}

// bits words the bits that are set: "1.8 offline data authentication not performed".
func (p *printer) bits(v Value, names []text) []string {
	var lines []string
	for i, c := range v {
		for bit := bit8; bit >= bit1; bit-- {
			if c>>bit&1 == 1 {
				lines = append(lines, fmt.Sprintf("%d.%d %s", i+1, bit+1, bitText(names, i<<3|bit, p.Language)))
			}
		}
	}
	return lines
}

// plain words a value by its format alone; "" when it does not have that format.
func (p *printer) plain(k kind, v Value) string {
	switch k {
	case date:
		if d, err := ParseDate(v); err == nil {
			return d.String()
		}
	case timeOfDay:
		return clockTime(v)
	case amount:
		if n, err := ParseN(v); err == nil {
			return p.currency.Format(n)
		}
	case numeric:
		// Without the zeros before it, when there are any: the digits stand there as they are.
		if n, err := ParseN(v); err == nil && len(v) > 1 && v[0] < 0x10 {
			return strconv.FormatUint(n, 10)
		}
	case compressed:
		s, _ := ParseCN(v)
		return s
	case alpha, alphanumeric, special:
		return strconv.Quote(printable(v))
	}
	return ""
}

// list words the tags and lengths of a DOL, or the tags of a tag list.
func (p *printer) list(k kind, v Value) ([]string, bool) {
	var lines []string
	switch k {
	case dol:
		if _, err := DOL(v).Len(); err != nil {
			return nil, false
		}
		for t, n := range DOL(v).Entries() {
			lines = append(lines, fmt.Sprintf("%v %s [%d]", t, p.name(t), n))
		}
	case tagList:
		for at := 0; at < len(v); {
			t, next, err := readTag(v, at, quirks{})
			if err != nil {
				return nil, false
			}
			lines = append(lines, t.String()+" "+p.name(t))
			at = next
		}
	default:
		return nil, false
	}
	return lines, true
}

func (p *printer) name(t Tag) string {
	if e, ok := p.Dictionary.find(t, p.Context, anyLength); ok {
		return e.In(p.Language)
	}
	return text{"unknown tag", "未知标签"}.in(p.Language)
}
