package dump

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

const (
	// leastElements is how many elements tell a list of bytes from a size in brackets or the words of a call.
	leastElements = 8

	noByte = "not a byte: a number from -128 to 255 or 0x00 to 0xff"
)

// span is where in a text a list stands, without its brackets.
type span struct{ from, to int }

// lists finds the lists of bytes in a text, or of those that are too short the longest: what stands between two brackets
// and, without any, all of the text.
func lists(text []byte) (found []span) {
	var longest span
	most := -1
	for i, c := range text {
		closing := closers[c]
		if closing == 0 {
			continue
		}
		inside := text[i+1:]
		others := "{}[]<>"
		if c == '(' {
			others += "()" // casts stand in other lists
		}
		end := bytes.IndexAny(inside, others)
		if end >= 0 && inside[end] != closing {
			continue
		}
		if end < 0 {
			end = len(inside)
		}
		one := span{i + 1, i + 1 + end}
		switch n := elementsIn(inside[:end]); {
		case n >= leastElements:
			found = append(found, one)
		case n > most && end > 0:
			longest, most = one, n
		}
	}
	if len(found) == 0 && most >= 0 {
		found = append(found, longest)
	}
	return found
}

var closers = map[byte]byte{'{': '}', '[': ']', '<': '>', '(': ')'}

// elementsIn counts the elements at the start of a list.
func elementsIn(list []byte) (n int) {
	for in := newElements(list); in.next(); {
		n++
	}
	return n
}

// elements reads a list.
type elements struct {
	text  []byte
	at    int  // of what comes next, or of what is no element
	pairs bool // of hexadecimal digits, without 0x

	value byte
}

// nodeBuffer begins what Node.js prints of bytes.
var nodeBuffer = []byte("Buffer ")

func newElements(list []byte) *elements {
	if bytes.HasPrefix(list, nodeBuffer) {
		return &elements{text: list, at: len(nodeBuffer), pairs: true}
	}
	return &elements{text: list, pairs: inPairs(list)}
}

// next reads an element. It returns false at the end, and where there is none.
func (e *elements) next() bool {
	for e.at < len(e.text) && (isSeparator(e.text[e.at]) && e.text[e.at] != '-' || e.text[e.at] == '\n') {
		e.at++
	}
	rest := e.text[e.at:]
	rest = rest[len(cast(rest)):]
	size := 0
	var ok bool
	switch {
	case len(rest) >= 3 && rest[0] == '\'' && rest[2] == '\'' && rest[1] != '\\':
		e.value, size, ok = rest[1], 3, true
	default:
		size = bytes.IndexFunc(rest, func(c rune) bool { return !isWord(c) })
		if size < 0 {
			size = len(rest)
		}
		e.value, ok = e.number(string(rest[:size]))
	}
	if !ok {
		return false
	}
	e.at = len(e.text) - len(rest) + size
	if e.at < len(e.text) && isLetter(e.text[e.at]) {
		return false
	}
	return true
}

// isLetter tells the letters that are no digits.
func isLetter(c byte) bool { return c|0x20 >= 'g' && c|0x20 <= 'z' }

func isWord(c rune) bool {
	return c == '-' || c == 'x' || c == 'X' || c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// number is the byte that a word is.
func (e *elements) number(word string) (byte, bool) {
	if hex, ok := strings.CutPrefix(strings.ToLower(word), "0x"); ok {
		value, err := strconv.ParseUint(hex, 16, 8)
		return byte(value), err == nil && len(hex) <= 2
	}
	if e.pairs {
		value, err := strconv.ParseUint(word, 16, 8)
		return byte(value), err == nil && len(word) == 2
	}
	value, err := strconv.Atoi(word)
	return byte(value), err == nil && value >= -128 && value <= 255 && (value == 0 || word[0] != '0')
}

// longestCast is enough for (unsigned char).
const longestCast = 20

// cast is a conversion before an element, such as (byte) in Java.
func cast(text []byte) []byte {
	if len(text) == 0 || text[0] != '(' {
		return nil
	}
	end := bytes.IndexByte(text[:min(len(text), longestCast)], ')')
	if end < 2 || bytes.ContainsFunc(text[1:end], func(c rune) bool { return c != ' ' && c != '_' && (c < '0' || c > 'z') }) {
		return nil
	}
	end++
	for end < len(text) && text[end] == ' ' {
		end++
	}
	return text[:end]
}

// inPairs tells a list whose elements are two hexadecimal digits each: one at least is no decimal number.
func inPairs(list []byte) bool {
	known := false
	for word := range bytes.FieldsFuncSeq(list, func(c rune) bool { return strings.ContainsRune(", \t\r\n", c) }) {
		if len(word) != 2 {
			return false
		}
		high, ok := hexDigit(word[0])
		low, ok2 := hexDigit(word[1])
		if !ok || !ok2 {
			return false
		}
		known = known || high > 9 || low > 9 || high == 0
	}
	return known
}

// array reads the lists of a program's text, comments left out.
func (d *Reader) array(text []byte) error {
	text = uncommented(text)
	d.line, d.buffer = 1, d.buffer[:0]
	all := lists(text)
	if len(all) == 0 {
		all = []span{{0, len(text)}}
	}
	for _, one := range all {
		in := newElements(text[one.from:one.to])
		begin := len(d.buffer)
		for in.next() {
			d.buffer = append(d.buffer, in.value)
		}
		if len(bytes.TrimSpace(in.text[in.at:])) > 0 || len(d.buffer) == begin {
			return d.arrayFault(text[:one.from+in.at])
		}
		d.starts = append(d.starts, begin)
	}
	return nil
}

// arrayFault is the fault behind a text.
func (d *Reader) arrayFault(before []byte) error {
	d.line = 1 + bytes.Count(before, []byte{'\n'})
	return d.fault(len(before)-bytes.LastIndexByte(before, '\n'), noByte)
}

// toByte is the cast that Kotlin has behind a number.
var toByte = []byte(".toByte()")

// uncommented puts blanks where comments stand, and casts behind numbers.
func uncommented(text []byte) []byte {
	text = bytes.ReplaceAll(text, toByte, bytes.Repeat([]byte{' '}, len(toByte)))
	blank := func(from int, until string) {
		end := bytes.Index(text[from:], []byte(until))
		if end < 0 {
			end = len(text) - from
		} else if until != "\n" {
			end += len(until)
		}
		for i := from; i < from+end; i++ {
			if text[i] != '\n' {
				text[i] = ' '
			}
		}
	}
	for i := range text {
		switch {
		case bytes.HasPrefix(text[i:], []byte("/*")):
			blank(i, "*/")
		case bytes.HasPrefix(text[i:], []byte("//")):
			blank(i, "\n")
		}
	}
	return text
}

// hasLongNumber finds a number with 0x that is a whole message, as SQL writes one: no list of bytes has it.
func hasLongNumber(text string) bool {
	for {
		_, behind, ok := strings.Cut(text, "0x")
		if !ok {
			return false
		}
		if leadingDigits(behind) >= leastRun {
			return true
		}
		text = behind
	}
}

// isArray tells a list of bytes, of which the end may be missing.
func isArray(text []byte) bool {
	text = uncommented(text)
	if hasLongNumber(string(text)) {
		return false
	}
	return slices.ContainsFunc(lists(text), func(one span) bool {
		list := text[one.from:one.to]
		return elementsIn(list) >= leastElements || bytes.Contains(list, []byte("0x")) || bytes.HasPrefix(list, nodeBuffer)
	})
}

// isBareList tells a list without brackets that is no hexadecimal: elements with 0x of one digit or more than one of them,
// or decimal numbers of different sizes, or with a sign.
func isBareList(text []byte) bool {
	in := newElements(uncommented(text))
	n, odd := 0, false
	for from := in.at; in.next(); from = in.at {
		word := bytes.Trim(in.text[from:in.at], " ,;\t\r\n")
		odd = odd || len(word) != 2 && len(word) != 4 || word[0] == '-'
		n++
	}
	rest := bytes.TrimSpace(in.text[in.at:])
	return n > 1 && odd && !in.pairs && (len(rest) == 0 || len(text) == headSize)
}
