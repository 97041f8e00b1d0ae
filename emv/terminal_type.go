package emv

// TerminalType is tag 9F35: who operates the terminal and how it goes online. Its two decimal digits are read as they
// stand: 22 is 0x22. EMV Book 4 Annex A1.
type TerminalType byte

// OnlineCapability is whether a terminal can ask the issuer.
type OnlineCapability uint8

// How a terminal goes online. The zero value can do both.
const (
	OfflineWithOnline OnlineCapability = iota
	OnlineOnly
	OfflineOnly
)

// Online returns how the terminal goes online; false when the type is not one EMV knows.
func (t TerminalType) Online() (OnlineCapability, bool) {
	if !t.Valid() {
		return 0, false
	}
	switch t & 0xF {
	case 1, 4:
		return OnlineOnly, true
	case 3, 6:
		return OfflineOnly, true
	}
	return OfflineWithOnline, true
}

// Attended reports whether somebody attends the terminal.
func (t TerminalType) Attended() bool { return t.Valid() && t&0xF <= 3 }

// Valid reports whether the type is one of those EMV knows.
func (t TerminalType) Valid() bool {
	if t.operator().en == "" {
		return false
	}
	first := TerminalType(1)
	if t>>4 == 3 { // a cardholder's own terminal is never attended
		first = 4
	}
	return t&0xF >= first && t&0xF <= 6
}

func (t TerminalType) operator() text {
	switch t >> 4 {
	case 1:
		return text{"financial institution", "金融机构"}
	case 2:
		return text{"merchant", "商户"}
	case 3:
		return text{"cardholder", "持卡人"}
	}
	return text{}
}

var terminalEnvironments = [...]text{
	1: {"attended, online only", "有人值守，仅联机"},
	2: {"attended, offline with online capability", "有人值守，脱机且可联机"},
	3: {"attended, offline only", "有人值守，仅脱机"},
	4: {"unattended, online only", "无人值守，仅联机"},
	5: {"unattended, offline with online capability", "无人值守，脱机且可联机"},
	6: {"unattended, offline only", "无人值守，仅脱机"},
}

// String returns the meaning in English: "merchant; attended, offline with online capability".
func (t TerminalType) String() string { return t.Text(English) }

// Text returns the meaning.
func (t TerminalType) Text(l Language) string {
	if !t.Valid() {
		return text{"RFU", "保留"}.in(l)
	}
	return t.operator().in(l) + text{"; ", "；"}.in(l) + terminalEnvironments[t&0xF].in(l)
}
