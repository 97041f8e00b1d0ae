package emv

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

func (p *printer) say(en, zh string) string { return text{en, zh}.in(p.Language) }

func (p *printer) track(v Value) (meaning, bool) {
	t, err := ParseTrack2(v)
	if err != nil {
		return meaning{}, false
	}
	return inParentheses(t.PAN + "=" + t.Expiry + t.ServiceCode + t.Discretionary), true
}

// format1 words a response in format 1, which is values without tags: those of GET PROCESSING OPTIONS when they can be
// read as such, or else those of GENERATE AC.
func (p *printer) format1(v Value) (meaning, bool) {
	response := AppendTLV(nil, tagFormat1, v)
	if options, err := ParseProcessingOptions(response); err == nil && len(options.AFL) > 0 {
		return p.parts(AppendTLV(AppendTLV(nil, 0x82, options.AIP[:]), 0x94, options.AFL)), true
	}
	c, err := ParseCryptogram(response)
	if err != nil || len(c.IAD) > 32 {
		return meaning{}, false
	}
	d := AppendTLV(AppendTLV(AppendTLV(nil, 0x9F27, v[:1]), 0x9F36, v[1:3]), 0x9F26, c.AC)
	if len(c.IAD) > 0 {
		d = AppendTLV(d, 0x9F10, c.IAD)
	}
	return p.parts(d), true
}

// parts words the objects that a value without tags stands for.
func (p *printer) parts(d TLV) meaning {
	var m meaning
	for t, v := range d.All() {
		e, _ := p.Dictionary.find(t, p.Context, len(v))
		part := p.meaning(e, v)
		m.lines = append(m.lines, t.String()+" "+e.In(p.Language)+": "+nibbles(v)+part.text)
		for _, line := range part.lines {
			m.lines = append(m.lines, "  "+line)
		}
	}
	return m
}

func (p *printer) script(v Value) (meaning, bool) {
	return inParentheses(ScriptCommand(v).Text(p.Language)), true
}

func (p *printer) responseCode(v Value) (meaning, bool) {
	a, err := ParseARC(v)
	if err != nil {
		return meaning{}, false
	}
	s := strconv.Quote(a.String())
	if t := a.Text(p.Language); t != "" {
		s += ", " + t
	}
	return inParentheses(s), true
}

func (p *printer) cvmList(v Value) (meaning, bool) {
	l, err := ParseCVMList(v)
	if err != nil {
		return meaning{}, false
	}
	m := meaning{lines: []string{fmt.Sprintf("X %s, Y %s", p.currency.Format(uint64(l.X())), p.currency.Format(uint64(l.Y())))}}
	for i, r := range l.Rules() {
		m.lines = append(m.lines, strconv.Itoa(i+1)+": "+p.rule(r)+p.orElse(r))
	}
	return m, true
}

func (p *printer) rule(r CVRule) string {
	return r.Condition().Text(p.Language) + p.say(": ", "：") + r.Method().Text(p.Language)
}

func (p *printer) orElse(r CVRule) string {
	if r.ApplyNext() {
		return p.say("; if that fails, the next rule", "；失败则应用下一条规则")
	}
	return p.say("; if that fails, verification fails", "；失败则持卡人验证失败")
}

func (p *printer) cvmResults(v Value) (meaning, bool) {
	r, err := ParseCVMResults(v)
	if err != nil {
		return meaning{}, false
	}
	return inParentheses(p.rule(r.Rule()) + p.say("; ", "；") + r.Outcome().Text(p.Language)), true
}

// issuerAuthentication words tag 91 by its length: an ARPC of 8 octets with a response code of 2 or, in method 2, an
// ARPC of 4 with the card status update. Ten octets can be either; the older one is taken.
func (p *printer) issuerAuthentication(v Value) (meaning, bool) {
	switch {
	case len(v) == 10:
		code := printable(v[8:])
		if v[8] < '0' || v[9] < '0' || strings.Contains(code, ".") {
			code = nibbles(v[8:])
		}
		return meaning{lines: []string{"ARPC: " + nibbles(v[:8]), p.say("response code: ", "响应码：") + code}}, true
	case len(v) >= 8 && len(v) <= 16:
		m := meaning{lines: []string{"ARPC: " + nibbles(v[:4]), p.say("card status update: ", "卡片状态更新：") + nibbles(v[4:8])}}
		m.lines = append(m.lines, p.statusUpdate(CSU(v[4:8]))...)
		if len(v) > 8 {
			m.lines = append(m.lines, p.say("proprietary data: ", "专有数据：")+nibbles(v[8:]))
		}
		return m, true
	}
	return meaning{}, false
}

// statusUpdate words what a card status update has the card do.
func (p *printer) statusUpdate(c CSU) []string {
	var lines []string
	if !c.Has(CSUApproved) {
		lines = append(lines, p.say("  issuer declines the transaction", "  发卡行拒绝联机交易"))
	}
	for b := range (CSU{c[0], c[1]}).Bits() { // the other octets have no meaning for all
		lines = append(lines, "  "+b.Text(p.Language))
	}
	if c.Has(CSUUpdatePINTries) {
		lines = append(lines, "  "+p.say("PIN tries: ", "PIN重试次数：")+strconv.Itoa(c.PINTries()))
	}
	return append(lines, "  "+c.Counters().Text(p.Language))
}

func (p *printer) fileLocator(v Value) (meaning, bool) {
	afl, err := ParseAFL(v)
	if err != nil {
		return meaning{}, false
	}
	var m meaning
	for e := range afl.Entries() {
		m.lines = append(m.lines, fmt.Sprintf(p.say("file %d: records %d to %d, %d for offline data authentication",
			"文件%d：记录%d至%d，其中%d条用于脱机数据认证"), e.SFI, e.First, e.Last, e.ODA))
	}
	return m, true
}

var transactionTypes = map[byte]text{
	0x00: {"goods and services", "消费"}, 0x01: {"cash", "取现"}, 0x09: {"goods and services with cashback", "消费返现"},
	0x17: {"cash disbursement", "现金支付"}, 0x20: {"refund", "退货"}, 0x21: {"deposit", "存款"}, 0x30: {"inquiry", "查询"},
	0x31: {"balance inquiry", "余额查询"}, 0x40: {"transfer", "转账"}, 0x60: {"load from the bound account", "指定账户圈存"},
	0x62: {"load from another account", "非指定账户圈存"}, 0x63: {"cash load", "现金圈存"},
}

func (p *printer) transactionType(v Value) (meaning, bool) { return p.oneOf(transactionTypes, v) }

var entryModes = map[byte]text{
	0x00: {"unknown", "未知"}, 0x01: {"manual", "手工输入"}, 0x02: {"magnetic stripe", "磁条"}, 0x03: {"bar code or QR code", "条码或二维码"},
	0x04: {"optical character reading", "光学字符识别"}, 0x05: {"chip with contacts", "接触式IC卡"},
	0x07: {"contactless chip", "非接触IC卡"}, 0x10: {"credentials on file", "留存凭证"},
	0x80: {"fallback from chip to magnetic stripe", "IC卡降级磁条"}, 0x90: {"magnetic stripe, track read whole", "磁条（完整磁道）"},
	0x91: {"contactless magnetic stripe", "非接触磁条模式"}, 0x95: {"chip, CVV may be unreliable", "IC卡（CVV可能不可靠）"},
	0x98: {"contactless e-cash", "非接触电子现金"}, 0x99: {"as the original transaction", "同原交易"},
}

func (p *printer) entryMode(v Value) (meaning, bool) { return p.oneOf(entryModes, v) }

// oneOf words a value of one octet.
func (p *printer) oneOf(names map[byte]text, v Value) (meaning, bool) {
	if len(v) != 1 {
		return meaning{}, false
	}
	name, ok := names[v[0]]
	return inParentheses(name.in(p.Language)), ok
}

func (p *printer) terminalType(v Value) (meaning, bool) {
	if len(v) != 1 {
		return meaning{}, false
	}
	return inParentheses(TerminalType(v[0]).Text(p.Language)), true
}

func (p *printer) cryptogramInformation(v Value) (meaning, bool) {
	if len(v) != 1 {
		return meaning{}, false
	}
	c := CID(v[0])
	m := inParentheses(bitText(cryptogramText[:], c.Type(), p.Language))
	if c.Scheme() != 0 {
		m.lines = append(m.lines, fmt.Sprintf(p.say("scheme bits %02X", "支付系统位%02X"), c.Scheme()))
	}
	if c.Advice() {
		m.lines = append(m.lines, p.say("advice required", "需要通知"))
	}
	if c.Reason() != NoReason {
		m.lines = append(m.lines, p.say("reason: ", "原因：")+c.Reason().Text(p.Language))
	}
	return m, true
}

func (p *printer) issuerData(v Value) (meaning, bool) {
	iad, err := ParseIAD(p.Context.RID, v)
	if err != nil || iad.Format == IADUnknown {
		return meaning{}, false
	}
	m := inParentheses(iadNames[iad.Format].in(p.Language))
	m.lines = append(m.lines, fmt.Sprintf("DKI %02X, CVN %02X, CVR %X", iad.DKI, iad.CVN, iad.CVR))
	for _, part := range []struct {
		name  text
		value []byte
	}{
		{text{"DAC or ICC dynamic number", "DAC或IC卡动态数"}, iad.DAC},
		{text{"counters", "计数器"}, iad.Counters},
		{text{"further counters", "其他计数器"}, iad.Extra},
		{text{"discretionary data", "自定义数据"}, iad.IDD},
	} {
		if len(part.value) > 0 {
			m.lines = append(m.lines, part.name.in(p.Language)+": "+nibbles(part.value))
		}
	}
	switch iad.Algorithm {
	case 1:
		m.lines = append(m.lines, p.say("algorithm: 3DES", "算法：3DES"))
	case 4:
		m.lines = append(m.lines, p.say("algorithm: SM4", "算法：SM4"))
	}
	return m, true
}

func (p *printer) scriptResults(v Value) (meaning, bool) {
	results, err := ParseScriptResults(v)
	if err != nil {
		return meaning{}, false
	}
	var m meaning
	for _, r := range results {
		id := r.ID()
		s := p.say("script ", "脚本") + nibbles(id[:]) + p.say(": ", "：") + r.Outcome().Text(p.Language)
		if r.Sequence() > 0 {
			s += fmt.Sprintf(p.say(" at command %d", "，第%d条命令"), r.Sequence())
		}
		m.lines = append(m.lines, s)
	}
	return m, true
}

func (p *printer) formFactor(v Value) (meaning, bool) {
	f, err := ParseVisaFormFactor(v)
	if err != nil {
		return meaning{}, false
	}
	m := inParentheses(f.Text(p.Language))
	m.lines = f.Features(p.Language)
	return m, true
}

// capabilities words the Application Capabilities Information of kernel 2.
func (p *printer) capabilities(v Value) (meaning, bool) {
	if len(v) != 3 {
		return meaning{}, false
	}
	m := meaning{lines: []string{
		fmt.Sprintf(p.say("version %d, data storage version %d", "版本%d，数据存储版本%d"), v[0]>>4, v[0]&0xF),
	}}
	for bit, name := range []text{
		{"CDA with every cryptogram", "CDA支持所有密文"}, {"balance reading supported", "支持余额读取"},
		{"field off detection supported", "支持离场检测"},
	} {
		if v[1]>>bit&1 == 1 {
			m.lines = append(m.lines, name.in(p.Language))
		}
	}
	if v[2] != 0 {
		m.lines = append(m.lines, fmt.Sprintf(p.say("standalone data storage scheme %d", "独立数据存储方案%d"), v[2]))
	}
	return m, true
}

func (p *printer) languages(v Value) (meaning, bool) {
	if len(v) == 0 || len(v)%2 != 0 {
		return meaning{}, false
	}
	var codes []string
	for i := 0; i < len(v); i += 2 {
		codes = append(codes, printable(v[i:i+2]))
	}
	return inParentheses(strings.Join(codes, ", ")), true
}

// latin words text in code table 1 of ISO/IEC 8859, which holds for a card that names no other.
func (p *printer) latin(v Value) (meaning, bool) {
	var s strings.Builder
	for _, c := range v {
		if c >= 0xA0 {
			s.WriteRune(rune(c))
		} else {
			s.WriteString(printable([]byte{c}))
		}
	}
	if !utf8.ValidString(s.String()) {
		return meaning{}, false
	}
	return inParentheses(strconv.Quote(s.String())), true
}

func (p *printer) aid(v Value) (meaning, bool) {
	s := RIDOf(v).Scheme()
	if s == AnyScheme {
		if RIDOf(v) == RIDInterac {
			return inParentheses("Interac"), true
		}
		return meaning{}, false
	}
	return inParentheses(s.String()), true
}

func (p *printer) currencies(v Value) (meaning, bool) {
	if len(v) == 0 || len(v)%2 != 0 {
		return meaning{}, false
	}
	var names []string
	for i := 0; i < len(v); i += 2 {
		code, err := ParseN(v[i : i+2])
		c, known := CurrencyByCode(uint16(code))
		if err != nil || !known {
			return meaning{}, false
		}
		names = append(names, c.Alpha)
	}
	return inParentheses(strings.Join(names, ", ")), true
}

func (p *printer) country(v Value) (meaning, bool) {
	code, err := ParseN(v)
	if err != nil || len(v) != 2 {
		return meaning{}, false
	}
	alpha, known := CountryAlpha(uint16(code))
	return inParentheses(alpha), known
}

func (p *printer) binaryAmount(v Value) (meaning, bool) {
	n, err := ParseB(v)
	return inParentheses(p.currency.Format(n)), err == nil && len(v) > 0
}

func (p *printer) counter(v Value) (meaning, bool) {
	n, err := ParseB(v)
	return inParentheses(strconv.FormatUint(n, 10)), err == nil && len(v) > 0
}

// kernel words a kernel identifier: two bits that say who numbers it, then the number.
func (p *printer) kernel(v Value) (meaning, bool) {
	if len(v) == 0 {
		return meaning{}, false
	}
	numbering := [4]text{
		{"international", "国际"}, {"RFU", "保留"}, {"domestic, EMVCo format", "国内（EMVCo格式）"}, {"domestic, own format", "国内（自有格式）"},
	}[v[0]>>6]
	return inParentheses(fmt.Sprintf(p.say("kernel %d, ", "内核%d，"), v[0]&0x3F) + numbering.in(p.Language)), true
}

// registeredData words tag 9F0A: identifiers of two octets with a length and a value.
func (p *printer) registeredData(v Value) (meaning, bool) {
	var m meaning
	products := [...]text{1: {"debit", "借记"}, 2: {"credit", "贷记"}, 3: {"commercial", "商务"}, 4: {"prepaid", "预付"}}
	ok := p.eachRegistered(v, func(id int, value []byte) {
		if id == 1 && len(value) == 1 {
			m.lines = append(m.lines, p.say("European Cards Stakeholders Group: ", "欧洲卡组织：")+bitText(products[:], value[0], p.Language))
			return
		}
		m.lines = append(m.lines, fmt.Sprintf("%04X: %X", id, value))
	})
	return m, ok
}

// cardAuthentication words tag 9F69 of Visa and UnionPay.
func (p *printer) cardAuthentication(v Value) (meaning, bool) {
	d, err := ParseCardAuthenticationData(v)
	if err != nil {
		return meaning{}, false
	}
	m := meaning{lines: []string{
		fmt.Sprintf(p.say("fDDA version %d, unpredictable number %X", "fDDA版本%d，不可预知数%X"), d.Version, d.Number[:]),
	}}
	m.lines = append(m.lines, p.bits(d.CTQ[:], ctqText[:])...)
	return m, true
}

var accountTypes = map[byte]text{
	0x00: {"default", "缺省"}, 0x10: {"savings", "储蓄账户"}, 0x20: {"cheque or debit", "支票或借记账户"}, 0x30: {"credit", "信用账户"},
}

func (p *printer) accountType(v Value) (meaning, bool) { return p.oneOf(accountTypes, v) }

var terminalCategories = [...]text{1: {"transit gate", "公交闸机"}, 2: {"loyalty", "会员积分"}}

// categoryList words tag 9F3E: categories of two octets each.
func (p *printer) categoryList(v Value) (meaning, bool) {
	if len(v) == 0 || len(v)%2 != 0 {
		return meaning{}, false
	}
	return meaning{lines: p.categories(v)}, true
}

// categories words terminal categories of two octets each.
func (p *printer) categories(v []byte) []string {
	var lines []string
	for i := 0; i+1 < len(v); i += 2 {
		category := int(v[i])<<8 | int(v[i+1])
		lines = append(lines, p.say("terminal category: ", "终端类别：")+bitText(terminalCategories[:], category, p.Language))
	}
	return lines
}

// terminalCategories words tag 8B: under identifier 1, a list of categories of two octets.
func (p *printer) terminalCategories(v Value) (meaning, bool) {
	var m meaning
	ok := p.eachRegistered(v, func(id int, value []byte) {
		if id == 1 || id == 2 {
			m.lines = append(m.lines, p.categories(value)...)
		}
	})
	return m, ok
}

// eachRegistered reads identifiers of two octets, each with a length and a value.
func (p *printer) eachRegistered(v Value, visit func(id int, value []byte)) bool {
	for len(v) > 0 {
		if len(v) < 3 || len(v)-3 < int(v[2]) {
			return false
		}
		visit(int(v[0])<<8|int(v[1]), v[3:3+int(v[2])])
		v = v[3+int(v[2]):]
	}
	return true
}
