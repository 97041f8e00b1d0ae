package emv

// ARC is the Authorisation Response Code, tag 8A: two characters, those of ISO 8583 field 39 or the terminal's own. Whether
// a code approves is not told here: that differs from one host to the other. UnionPay's approve with 16, A2 and A4 to A6
// besides 00 and 11, and 10 is an approval of a part alone. EMV Book 4 Annex A6.
type ARC [2]byte

// The codes a terminal sets itself.
var (
	ARCOfflineApproved      = ARC{'Y', '1'}
	ARCOfflineDeclined      = ARC{'Z', '1'}
	ARCUnableOnlineApproved = ARC{'Y', '3'}
	ARCUnableOnlineDeclined = ARC{'Z', '3'}
)

// ParseARC reads the value of tag 8A, 2 octets.
func ParseARC(b []byte) (ARC, error) { return parseFixed[ARC](0x8A, b) }

var arcText = map[ARC]text{
	{'0', '0'}:              {"approved", "批准"},
	{'0', '1'}:              {"refer to card issuer", "查询发卡行"},
	{'0', '3'}:              {"invalid merchant", "无效商户"},
	{'0', '4'}:              {"pick up the card", "没收卡"},
	{'0', '5'}:              {"do not honour", "不予承兑"},
	{'0', '8'}:              {"approved with identification", "验证身份后批准"},
	{'1', '0'}:              {"partially approved", "部分批准"},
	{'1', '1'}:              {"approved, VIP", "VIP批准"},
	{'1', '2'}:              {"invalid transaction", "无效交易"},
	{'1', '3'}:              {"invalid amount", "无效金额"},
	{'1', '4'}:              {"invalid card number", "无效卡号"},
	{'3', '0'}:              {"format error", "格式错误"},
	{'4', '1'}:              {"lost card", "挂失卡"},
	{'4', '3'}:              {"stolen card", "被窃卡"},
	{'5', '1'}:              {"insufficient funds", "资金不足"},
	{'5', '4'}:              {"expired card", "过期卡"},
	{'5', '5'}:              {"incorrect PIN", "密码错误"},
	{'5', '7'}:              {"not permitted to cardholder", "不允许持卡人进行的交易"},
	{'5', '8'}:              {"not permitted to terminal", "不允许终端进行的交易"},
	{'6', '1'}:              {"exceeds amount limit", "超出金额限制"},
	{'6', '2'}:              {"restricted card", "受限制的卡"},
	{'6', '5'}:              {"exceeds frequency limit", "超出次数限制"},
	{'7', '5'}:              {"PIN tries exceeded", "密码输入次数超限"},
	{'9', '1'}:              {"issuer or switch inoperative", "发卡行或交换中心不可用"},
	{'9', '6'}:              {"system malfunction", "系统故障"},
	ARCOfflineApproved:      {"approved offline", "脱机批准"},
	ARCOfflineDeclined:      {"declined offline", "脱机拒绝"},
	{'Y', '2'}:              {"approved after referral", "人工授权批准"},
	{'Z', '2'}:              {"declined after referral", "人工授权拒绝"},
	ARCUnableOnlineApproved: {"unable to go online, approved offline", "无法联机，脱机批准"},
	ARCUnableOnlineDeclined: {"unable to go online, declined offline", "无法联机，脱机拒绝"},
}

// Text returns what the code means; "" when it is none of the common ones.
func (a ARC) Text(l Language) string { return arcText[a].in(l) }

// String returns the two characters.
func (a ARC) String() string { return printable(a[:]) }
