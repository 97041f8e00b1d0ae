package emv

import "encoding/binary"

// StatusWord is SW1 SW2, the two octets that end a card's response. ISO/IEC 7816-4 section 5.6.
type StatusWord uint16

// StatusOK is the status of a command that was carried out.
const StatusOK StatusWord = 0x9000

// SplitResponse cuts the status word off a card's response to a command.
func SplitResponse(response []byte) (TLV, StatusWord, error) {
	n := len(response) - 2
	if n < 0 {
		return nil, 0, &ValueError{Err: ErrLength}
	}
	return response[:n:n], StatusWord(binary.BigEndian.Uint16(response[n:])), nil
}

// Text returns what the status says; "" when it is none of the common ones.
func (s StatusWord) Text(l Language) string {
	switch {
	case s>>8 == 0x61:
		return text{"more data available", "还有数据可取"}.in(l)
	case s>>8 == 0x6C:
		return text{"wrong length expected", "期望长度错误"}.in(l)
	case s&0xFFF0 == 0x63C0:
		return text{"PIN wrong, low digit is the tries left", "PIN错误，末位为剩余次数"}.in(l)
	}
	return statusText[s].in(l)
}

var statusText = map[StatusWord]text{
	StatusOK: {"done", "成功"},
	0x6283:   {"file invalidated", "文件已失效"},
	0x6300:   {"authentication failed", "认证失败"},
	0x6700:   {"wrong length", "长度错误"},
	0x6982:   {"security status not satisfied", "安全状态不满足"},
	0x6983:   {"authentication method blocked", "认证方法已锁定"},
	0x6984:   {"referenced data invalidated", "引用数据无效"},
	0x6985:   {"conditions of use not satisfied", "使用条件不满足"},
	0x6A81:   {"function not supported", "功能不支持"},
	0x6A82:   {"file or application not found", "文件或应用未找到"},
	0x6A83:   {"record not found", "记录未找到"},
	0x6A86:   {"incorrect P1 P2", "P1 P2错误"},
	0x6A88:   {"referenced data not found", "引用数据未找到"},
	0x6D00:   {"instruction not supported", "指令不支持"},
	0x6E00:   {"class not supported", "类别不支持"},
}

// The templates of responses: values without tags, or data objects.
const (
	tagFormat1 Tag = 0x80
	tagFormat2 Tag = 0x77
)

// ProcessingOptions is a card's response to GET PROCESSING OPTIONS. EMV Book 3 section 6.5.8.
type ProcessingOptions struct {
	AIP AIP
	AFL AFL // empty when the card names no records, as a contactless card may
}

// ParseProcessingOptions reads the response in either format, without the status word. A contactless card puts more
// into template 77; read that from the response itself.
func ParseProcessingOptions(d TLV) (ProcessingOptions, error) {
	aip, afl := Value(nil), Value(nil)
	if v, ok := d.Get(tagFormat1); ok {
		n := min(len(v), 2)
		aip, afl = v[:n], v[n:]
	} else {
		aip, _ = d.Find(tagFormat2, 0x82)
		afl, _ = d.Find(tagFormat2, 0x94)
	}
	var out ProcessingOptions
	var err error
	if out.AIP, err = ParseAIP(aip); err != nil {
		return ProcessingOptions{}, err
	}
	if len(afl) > 0 {
		out.AFL, err = ParseAFL(afl)
	}
	return out, err
}

// Cryptogram is a card's response to GENERATE AC. EMV Book 3 section 6.5.5. Slices share the memory of the response.
type Cryptogram struct {
	CID  CID
	ATC  uint16
	AC   []byte // 8 octets; nil when CDA hides it in SDAD
	IAD  []byte
	SDAD []byte // signed dynamic application data, of a card that does CDA
}

// ParseCryptogram reads the response in either format, without the status word.
func ParseCryptogram(d TLV) (Cryptogram, error) {
	var cid, atc, ac, iad, sdad Value
	if v, ok := d.Get(tagFormat1); ok {
		if len(v) < 11 {
			return Cryptogram{}, &ValueError{Tag: tagFormat1, Err: ErrLength}
		}
		cid, atc, ac, iad = v[:1:1], v[1:3:3], v[3:11:11], v[11:]
	} else {
		cid, _ = d.Find(tagFormat2, 0x9F27)
		atc, _ = d.Find(tagFormat2, 0x9F36)
		ac, _ = d.Find(tagFormat2, 0x9F26)
		iad, _ = d.Find(tagFormat2, 0x9F10)
		sdad, _ = d.Find(tagFormat2, 0x9F4B)
	}
	for _, part := range []struct {
		tag    Tag
		value  Value
		octets int
	}{{0x9F27, cid, 1}, {0x9F36, atc, 2}, {0x9F26, ac, 8}} {
		if len(part.value) != part.octets && (part.tag != 0x9F26 || ac != nil || sdad == nil) {
			return Cryptogram{}, &ValueError{Tag: part.tag, Err: ErrLength}
		}
	}
	return Cryptogram{CID: CID(cid[0]), ATC: binary.BigEndian.Uint16(atc), AC: ac, IAD: iad, SDAD: sdad}, nil
}
