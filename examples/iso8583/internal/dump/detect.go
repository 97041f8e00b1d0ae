package dump

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// Detect tells what forms an input may have by its first bytes, the likeliest first: one at least, or a Refusal.
func Detect(head []byte) ([]Form, error) {
	if c, ok := charsetOf(head); ok {
		head = c.text(head)
	}
	if !readable(head) {
		if r := refuseBytes(head); r != nil {
			return nil, r
		}
		return []Form{Raw}, nil
	}
	text := string(head)
	if isMemory(text) {
		return nil, &memory
	}
	if form := formOf(text); form != Auto {
		return []Form{form}, nil
	}
	first, _, _ := strings.Cut(strings.TrimLeft(text, " \t\r\n"), "\n")
	first = strings.TrimRight(first, " \t\r")
	switch {
	case (isListed(text) || isCutListing(text)) && (!isHex(first) || wideOffset(first)):
		return nil, refuseText(text)
	case isHex(first) && isColumns(text):
		return []Form{Hex, Array}, nil
	case isHex(first):
		return []Form{Hex, Text}, nil
	case isBase64(first) && !looksHex(first):
		return []Form{Base64}, nil
	case beginsMessage(first) && isLog(head):
		return []Form{Text, Log}, nil
	case beginsMessage(first):
		return []Form{Text}, nil
	case isLog(head):
		return []Form{Log}, nil
	case isJSON(text):
		return nil, &object
	case looksHex(first):
		return []Form{Hex}, nil // with a fault that is better told than hidden
	}
	return nil, refuseText(text)
}

// wideOffset tells an offset at the start of a line by its size: that of a message type or a bitmap in groups is another one.
func wideOffset(line string) bool {
	word, _, more := strings.Cut(line, " ")
	return more && len(word) >= 6 && len(word) != 16
}

// formOf is the form of a text that no other can have; Auto for none.
func formOf(text string) Form {
	switch {
	case isFields(text):
		return Fields
	case isListing(text):
		return Listing
	case isArray([]byte(text)), isBareList([]byte(text)):
		return Array
	case isEscaped(text):
		return Escaped
	}
	return Auto
}

// isEscaped finds escapes of two hexadecimal or three octal digits.
func isEscaped(text string) bool {
	for at := range text {
		if text[at] != '\\' || isBytea(text, at) {
			continue
		}
		behind := text[at+1:]
		if len(behind) >= 3 && (behind[0] == 'x' && allDigits(behind[1:3]) || strings.Trim(behind[:3], "01234567") == "") {
			return true
		}
	}
	return false
}

// isBytea tells the \x before the digits of a message, as PostgreSQL writes bytes: not the first escape of a string of
// C or Python, of which characters that happen to be digits follow.
func isBytea(text string, at int) bool {
	before, digits := text[:at], text[at+1:]
	if !strings.HasPrefix(digits, "x") || strings.HasSuffix(before, "b'") || strings.HasSuffix(before, `"`) {
		return false
	}
	size := leadingDigits(digits[1:])
	return size >= leastRun && (size%2 == 0 || 1+size == len(digits) && len(text) >= headSize-utf8.UTFMax)
}

// leadingDigits counts the hexadecimal digits that a text begins with.
func leadingDigits(text string) (n int) {
	for n < len(text) {
		if _, ok := hexDigit(text[n]); !ok {
			break
		}
		n++
	}
	return n
}

// isColumns tells numbers of two digits that stand apart as columns of od do that are decimal.
func isColumns(text string) bool {
	if strings.TrimSpace(text) == "" {
		return false
	}
	for _, line := range headLines(text) {
		if line == "" {
			continue
		}
		if !strings.HasPrefix(line, "  ") {
			return false
		}
		for _, word := range strings.Split(strings.TrimSpace(line), "  ") {
			if word = strings.TrimLeft(word, " "); len(word) != 2 || strings.Trim(word, "0123456789") != "" {
				return false
			}
		}
	}
	return true
}

// readable tells text from bytes.
func readable(head []byte) bool {
	for len(head) > 0 {
		c, size := utf8.DecodeRune(head)
		if c == utf8.RuneError && size == 1 && len(head) >= utf8.UTFMax {
			return false
		}
		if c < ' ' && !bytes.ContainsRune([]byte("\t\n\r\f\v"), c) || c == 0x7F {
			return false
		}
		head = head[size:]
	}
	return true
}

// isHex tells that a line has nothing but digits and what may stand between them, and not each digit alone.
func isHex(line string) bool {
	d := Reader{}
	words := strings.Fields(line)
	alone := len(words) > 1 && !slices.ContainsFunc(words, func(word string) bool { return len(word) != 1 })
	return !alone && d.digits([]byte(line), 0) == nil
}

// shortest is the least number of characters of a message: type and bitmap.
const shortest = 20

// looksHex tells hexadecimal with a fault in it from the characters of a message.
func looksHex(line string) bool {
	digits, others := 0, 0
	for i := range len(line) {
		if _, ok := hexDigit(line[i]); ok {
			digits++
		} else if !isSeparator(line[i]) {
			others++
		}
	}
	return others <= 1 || digits+others < shortest
}

// isListing finds a row with offset zero that plain hexadecimal would not have: its offset is written otherwise than its
// groups, or the offset of the next row follows from it.
func isListing(text string) bool {
	if notationOf(text) != usual {
		return true
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines[:min(len(lines), 64)] {
		r, ok := parseRow(strings.TrimRight(line, "\r"))
		if !ok || !zero(r.offset) || r.group == 0 {
			if i == 0 && isHex(line) && strings.TrimSpace(line) != "" {
				return false
			}
			continue
		}
		if r.colon || len(r.offset) != r.group {
			return true
		}
		if i+1 < len(lines) {
			next, ok := parseRow(strings.TrimRight(lines[i+1], "\r"))
			l := listing{}
			if size, follows := l.distance(r, next); ok && follows && size == len(r.bytes) {
				return true
			}
		}
		return false
	}
	return false
}
