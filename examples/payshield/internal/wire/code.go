package wire

// Trailer is the byte before the text at the end of a message that a device echoes.
const Trailer = 0x19

// MaximumTrailer is the longest text there.
const MaximumTrailer = 32

// Unknown is how some simulators answer a command they do not know.
const Unknown = "ZZ"

// IsRequest reports whether two characters can be a command code: its second character is an even digit, or a letter with
// every other letter of the alphabet an answer's, A, C, E and so on.
func IsRequest(code string) bool {
	return len(code) == 2 && codeLetter(code[0]) && codeLetter(code[1]) && isRequest(code[1])
}

// IsReply reports whether two characters can be the code of an answer.
func IsReply(code string) bool {
	return len(code) == 2 && codeLetter(code[0]) && codeLetter(code[1]) && !isRequest(code[1])
}

func isRequest(c byte) bool {
	if decimal(c) {
		return c%2 == 0
	}
	return c%2 == 1
}

func codeLetter(c byte) bool { return decimal(c) || 'A' <= c && c <= 'Z' }

// ReplyTo returns the code that answers a command: its second character plus one.
func ReplyTo(code string) string { return code[:1] + string(rune(code[1]+1)) }
