package simulator

import "github.com/posline/posline/examples/payshield"

// commands are those that the simulator knows.
var commands = map[string]func(*job) error{
	"NC": (*job).diagnose,
	"NO": (*job).status,
	"B2": (*job).echo,

	"A0": (*job).generateKey,
	"A6": (*job).importKey,
	"A8": (*job).exportKey,
	"BU": (*job).checkValueOfKey,
	"KA": (*job).checkValueOfOldKey,
	"HC": (*job).newTerminalKey,
	"FA": func(j *job) error { return j.fromZone("001") },
	"FC": func(j *job) error { return j.fromZone("002") },
	"GC": func(j *job) error { return j.toZone("001") },
	"FE": func(j *job) error { return j.toZone("002") },

	"CA": func(j *job) error { return j.translate(j.terminalPIN()) },
	"CC": func(j *job) error { return j.translate("001") },
	"G0": (*job).translateDUKPT,
	"CI": (*job).translateOldDUKPT,

	"DC": func(j *job) error { return j.verifyPVV(j.terminalPIN()) },
	"EC": func(j *job) error { return j.verifyPVV("001") },
	"DG": (*job).pvvOfPIN,
	"FW": (*job).pvvOfBlock,
	"CU": (*job).changePVV,

	"DA": func(j *job) error { return j.verifyOffset(j.terminalPIN()) },
	"EA": func(j *job) error { return j.verifyOffset("001") },
	"DE": (*job).offsetOfPIN,
	"BK": (*job).offsetOfBlock,
	"CK": (*job).verifyOffsetDUKPT,

	"CW": (*job).cvv,
	"CY": (*job).verifyCVV,

	"M6": (*job).mac,
	"M8": (*job).verifyMAC,
	"MA": (*job).oldMAC,

	"KQ": (*job).cryptogram,
}

// terminalPIN is the type of terminals' PIN keys.
func (j *job) terminalPIN() payshield.KeyType {
	if j.config.Separated {
		return payshield.TPK2
	}
	return payshield.TPK
}

// terminalMaster is the type of terminals' master keys.
func (j *job) terminalMaster() payshield.KeyType {
	if j.config.Separated {
		return payshield.TMK2
	}
	return payshield.TMK
}
