package words

// The tables of codes that descriptions put into words. Codes of UnionPay terminals stand where ISO 8583:1987 leaves
// them to private use, and where UnionPay gives them another meaning they are worded for both.

var transactions = map[string]string{
	"00": "purchase", "01": "cash withdrawal", "02": "debit adjustment", "03": "pre-authorisation (ISO: cheque guarantee)",
	"04": "cheque verification", "09": "purchase with cash back", "17": "load void (UnionPay)", "20": "refund or void", "21": "deposit",
	"22": "credit adjustment", "23": "cheque deposit guarantee", "24": "cheque deposit", "30": "available funds inquiry",
	"31": "balance inquiry", "40": "transfer between accounts", "60": "electronic cash load (UnionPay)",
	"62": "electronic cash load from another account (UnionPay)", "63": "electronic cash load in cash (UnionPay)",
}

var accounts = map[string]string{
	"10": "savings account", "20": "cheque account", "30": "credit account", "40": "universal account", "50": "investment account",
}

var entries = map[string]string{
	"00": "entry unknown", "01": "keyed in", "02": "magnetic stripe", "03": "QR or bar code", "04": "optical reading",
	"05": "chip", "07": "contactless chip", "80": "fallback from chip to stripe", "90": "magnetic stripe, whole track",
	"91": "contactless, stripe data", "92": "reservation or telephone", "96": "mobile chip", "98": "contactless, full PBOC",
}

// Conditions are the values of field 25.
var Conditions = map[string]string{
	"00": "normal", "01": "customer not present", "06": "pre-authorisation", "08": "mail or telephone order",
	"18": "pre-authorisation by mail or telephone", "28": "recurring", "60": "additional pre-authorisation", "63": "coupon",
	"64": "instalment", "65": "points", "66": "reservation", "67": "reservation", "91": "electronic cash load",
}

// Network are the values of field 70.
var Network = map[string]string{"001": "sign on", "002": "sign off", "301": "echo test"}

// Parts are the codes in subfields by the subfield's name.
var Parts = map[string]map[string]string{
	"Processing requirement": {
		"0": "nothing to do", "1": "download parameters", "2": "upload status", "3": "sign in again", "4": "download scheme keys",
		"5": "download applications", "6": "update by the management system", "7": "download blacklist", "8": "download currency rates",
	},
	"Terminal read capability": {"0": "unknown", "2": "magnetic stripe", "5": "chip", "6": "contactless"},
	"Chip condition":           {"0": "chip not used, or no fault", "1": "last card had no chip, or a good one", "2": "last chip transaction failed"},
	"Transaction type": {
		"00": "management", "01": "balance inquiry", "03": "points inquiry", "07": "electronic signature", "10": "pre-authorisation",
		"11": "pre-authorisation void", "20": "completion", "21": "completion void", "22": "sale", "23": "sale void",
		"24": "completion advice", "25": "refund", "27": "electronic cash refund", "30": "offline settlement", "32": "adjustment",
		"34": "tip", "36": "offline electronic cash", "53": "reservation", "54": "reservation void",
	},
	"Network management information code": {
		"001": "sign-in, DES", "002": "sign-off", "003": "sign-in, 3DES", "004": "sign-in, 3DES with track key",
		"005": "sign-in, SM4", "006": "sign-in, SM4 with track key", "201": "settlement and stripe batch", "202": "end of batch, unbalanced",
		"203": "chip certificate, unbalanced", "204": "failed chip transaction, unbalanced", "205": "chip certificate, balanced",
		"206": "failed chip transaction, balanced", "207": "end of batch, balanced", "301": "echo test", "350": "master key download",
		"351": "master key activation", "352": "RSA key request", "360": "parameter download", "361": "end of parameter download",
		"362": "status upload", "370": "scheme key download", "371": "end of scheme key download", "372": "scheme key query",
		"380": "application download", "381": "end of application download", "382": "application query", "390": "blacklist download",
		"391": "end of blacklist download", "394": "contactless parameter download", "395": "end of contactless parameter download",
		"401": "points sign-in", "800": "electronic signature", "951": "script result",
	},
}

// reversalReasons are the values of field 39 in a reversal request.
var reversalReasons = map[string]string{
	"06": "reason: card refused after approval, or a device fault", "96": "reason: terminal fault after approval",
	"98": "reason: no answer in time", "A0": "reason: MAC of the answer was wrong",
}

// responses are the response codes of field 39 as UnionPay uses them; those of ISO 8583:1987 are among them.
var responses = map[string]string{
	"00": "approved", "01": "refer to the issuer", "02": "refer to the issuer, special conditions", "03": "merchant not valid",
	"04": "retain the card", "05": "do not honour", "06": "error", "07": "retain the card, special conditions",
	"09": "still being processed: outcome unknown", "10": "approved for a part of the amount", "11": "approved, VIP",
	"12": "transaction not valid", "13": "amount not valid", "14": "card number not valid", "15": "no such issuer",
	"16": "approved, update track 3", "21": "card not initialised or dormant", "22": "wrong operation, or too late",
	"25": "original transaction not found", "30": "format error", "34": "suspected fraud, retain the card",
	"38": "PIN tries used up", "40": "function not supported by the issuer", "41": "lost card, retain it", "43": "stolen card, retain it",
	"45": "fallback not allowed, use the chip", "46": "coupon already used", "51": "not enough funds", "54": "card expired", "55": "wrong PIN",
	"56": "no such coupon", "57": "transaction not allowed to the cardholder", "58": "transaction not allowed to the terminal",
	"59": "card verification failed", "61": "above the amount limit", "62": "restricted card", "64": "original amount differs",
	"65": "above the count limit", "68": "issuer did not answer in time: outcome unknown", "75": "PIN tries used up",
	"76": "account not valid", "77": "batch number differs, sign in again", "81": "coupon rule not met", "82": "promotion over",
	"83": "coupon expired", "90": "cut-over in progress, try later", "91": "issuer not working, try later", "92": "no line to the issuer, try later",
	"94": "duplicate transaction", "96": "switch malfunction, outcome may be unknown", "97": "terminal not registered",
	"98": "no answer from the issuer: outcome unknown", "99": "PIN format wrong, sign in again", "A0": "MAC wrong, sign in again",
	"A1": "transfer currency differs", "A2": "approved, confirm with the receiving bank", "A3": "receiving account not right",
	"A4": "approved, confirm with the receiving bank", "A5": "approved, confirm with the receiving bank",
	"A6": "approved, confirm with the receiving bank", "A7": "security processing failed", "A8": "region of the receiving card missing",
	"B1": "nothing owed", "C1": "acquirer status not valid", "N1": "too many items missing in the passbook", "P1": "no mobile number on file",
	"Y1": "approved offline", "Y3": "approved offline, no line", "Z1": "declined offline", "Z3": "declined offline, no line",
}
