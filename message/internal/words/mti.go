package words

// The words for the digits of a message type (ISO 8583:1987 4.1, :1993 4.1, :2003 5.2).
var (
	versions   = [10]string{0: "ISO 8583:1987", 1: "ISO 8583:1993", 2: "ISO 8583:2003", 8: "national use", 9: "private use"}
	classNames = [10]string{1: "authorisation", 2: "financial", 3: "file action", 4: "reversal", 5: "reconciliation",
		6: "administrative", 7: "fee collection", 8: "network management"}
	functions = [10]string{0: "request", 1: "request response", 2: "advice", 3: "advice response", 4: "notification",
		5: "notification acknowledgement", 6: "instruction", 7: "instruction acknowledgement"}
	origins = [10]string{0: "acquirer", 1: "acquirer, repeat", 2: "issuer", 3: "issuer, repeat", 4: "other", 5: "other, repeat"}
)

// AppendMessageType puts a message type into words.
func AppendMessageType(dst []byte, mti [4]byte) []byte {
	dst = append(append(dst, known(&classNames, mti[1])...), ' ')
	dst = append(append(dst, known(&functions, mti[2])...), ", from "...)
	dst = append(append(dst, known(&origins, mti[3])...), ", "...)
	return append(dst, known(&versions, mti[0])...)
}

func known(words *[10]string, digit byte) string {
	if i := digit - '0'; i < 10 && words[i] != "" {
		return words[i]
	}
	return "reserved"
}
