package message

import "github.com/posline/posline/spec"

// The words for the digits of a message type (ISO 8583:1987 4.1, :1993 4.1, :2003 5.2).
var (
	versions   = map[byte]string{'0': "ISO 8583:1987", '1': "ISO 8583:1993", '2': "ISO 8583:2003", '8': "national use", '9': "private use"}
	classNames = map[byte]string{'1': "authorisation", '2': "financial", '3': "file action", '4': "reversal", '5': "reconciliation",
		'6': "administrative", '7': "fee collection", '8': "network management"}
	functions = map[byte]string{'0': "request", '1': "request response", '2': "advice", '3': "advice response", '4': "notification",
		'5': "notification acknowledgement", '6': "instruction", '7': "instruction acknowledgement"}
	origins = map[byte]string{'0': "acquirer", '1': "acquirer, repeat", '2': "issuer", '3': "issuer, repeat", '4': "other", '5': "other, repeat"}
)

// typeMeaning puts a message type into words.
func typeMeaning(mti string) string {
	if len(mti) != 4 {
		return ""
	}
	return known(classNames, mti[1]) + " " + known(functions, mti[2]) + ", from " + known(origins, mti[3]) + ", " + known(versions, mti[0])
}

func known(words map[byte]string, digit byte) string {
	if word, ok := words[digit]; ok {
		return word
	}
	return "reserved"
}

// meaning puts the code in a value into words, "" where there is nothing to say. The data elements are those of
// ISO 8583:1987 as card schemes and UnionPay acquirers use them; subfields of private fields go by their name.
func meaning(m *Message, v Value) string {
	if v.units > 8 || v.node.mask == spec.MaskHidden {
		return ""
	}
	switch v.node.number {
	case 3, 22, 25, 39, 70:
	default:
		if v.top {
			return ""
		}
	}
	text := v.Text()
	switch {
	case !v.top && v.node.content != spec.ContentB:
		return partMeanings[v.Name()][text]
	case v.node.number == 3 && len(text) == 6:
		return processingMeaning(text)
	case v.node.number == 22 && len(text) == 3:
		return entryMeaning(text)
	case v.node.number == 25 && len(text) == 2:
		return conditions[text]
	case v.node.number == 39 && len(text) == 2:
		return responseMeaning(m, text)
	case v.node.number == 70 && len(text) == 3:
		return networkCodes[text]
	}
	return ""
}

// responseMeaning puts field 39 into words: the answer to a request, or the reason of a reversal in one.
func responseMeaning(m *Message, code string) string {
	if mti := m.typeDigits(); len(mti) == 4 && mti[1] == '4' && (mti[2]-'0')%2 == 0 {
		if reason, ok := reversalReasons[code]; ok {
			return reason
		}
	}
	return responses[code]
}

func processingMeaning(code string) string {
	kind, ok := transactions[code[:2]]
	if !ok {
		return ""
	}
	if from := accounts[code[2:4]]; from != "" {
		kind += ", from " + from
	}
	if to := accounts[code[4:]]; to != "" {
		kind += ", to " + to
	}
	return kind
}

func entryMeaning(code string) string {
	how, ok := entries[code[:2]]
	if !ok {
		return ""
	}
	switch code[2] {
	case '1':
		return how + ", with PIN"
	case '2':
		return how + ", without PIN"
	}
	return how
}
