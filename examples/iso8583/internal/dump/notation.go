package dump

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
)

// maxRow is the most bytes that a row of a listing may have for its kind to be told by the offsets.
const maxRow = 256

// notation is how the rows of a listing write bytes.
type notation uint8

const (
	usual      notation = iota // groups of hexadecimal or octal digits; their size and a colon tell the order of bytes
	turned                     // xxd -e: behind a colon, and yet the last byte of a group first
	bits                       // xxd -b
	spaced                     // hexdump -x and -o: words far apart
	decimals                   // od -t d1 or u1
	decimals2                  // od -d, hexdump -d
	decimals4                  // od -t u4
	characters                 // od -c, hexdump -c
)

// others are the notations besides the usual one.
var others = []notation{turned, bits, spaced, characters, decimals, decimals2, decimals4}

// parse reads a line.
func (n notation) parse(text string) (row, bool) {
	if n == usual {
		return parseRow(text)
	}
	r, rest, ok := splitOffset(text)
	if !ok || strings.TrimSpace(rest) == "" {
		return r, ok
	}
	switch n {
	case turned:
		ok = r.colon && r.turned(rest)
	case bits:
		ok = r.colon && r.bits(rest)
	case spaced:
		ok = r.spaced(rest)
	case decimals, decimals2, decimals4:
		ok = r.decimals(rest, map[notation]int{decimals: 1, decimals2: 2, decimals4: 4}[n])
	case characters:
		ok = r.characters(rest)
	}
	return r, ok && len(r.bytes) > 0
}

// notationOf finds the notation in which the first rows of a listing make sense, where the usual one does not.
func notationOf(text string) notation {
	lines := headLines(text)
	if steps, agrees := usual.fits(lines); steps > 0 && agrees >= 0 || agrees > 0 {
		return usual
	}
	for _, n := range others {
		if steps, agrees := n.fits(lines); steps > 0 && agrees >= 0 || agrees > 0 {
			return n
		}
	}
	return usual
}

// headLines are the whole lines of what may be the first part of a text.
func headLines(text string) []string {
	lines := strings.Split(text, "\n")
	if len(text) >= headSize {
		lines = lines[:len(lines)-1]
	}
	lines = lines[:min(len(lines), 64)]
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], "\r")
	}
	return lines
}

// fits counts the rows whose number of bytes the next offset confirms, 0 for none where one does not, and tells whether the
// characters behind the rows agree with their bytes (1), do not (-1), or are not there.
func (n notation) fits(lines []string) (steps, agrees int) {
	var last *row
	repeat, char := false, n != characters
	defer func() {
		if !char { // all of it may as well be bytes in octal
			steps, agrees = 0, 0
		}
	}()
	for _, line := range lines {
		if strings.TrimSpace(line) == "*" {
			repeat = true
			continue
		}
		r, ok := n.parse(line)
		if !ok || last == nil && !zero(r.offset) {
			if last != nil && zero(last.offset) && strings.TrimSpace(line) != "" && isOffset(line) {
				return 0, agrees
			}
			last = nil
			continue
		}
		char = char || r.char
		switch {
		case last == nil || zero(r.offset) || last.stream != r.stream:
		case repeat && !last.rests():
			return 0, -1
		case !repeat && !follows(*last, r):
			return 0, -1
		default:
			steps++
		}
		repeat = false
		switch agree, there := r.agrees(); {
		case there && !agree:
			return steps, -1
		case there:
			agrees = 1
		}
		last = &r
	}
	return steps, agrees
}

func isOffset(line string) bool {
	_, _, ok := splitOffset(line)
	return ok
}

// follows tells whether the offset of a row is that of the one before and its bytes, of which a word may not be full.
func follows(before, r row) bool {
	return slices.ContainsFunc(offsetBases, func(base int) bool {
		from, err1 := strconv.ParseInt(before.offset, base, 64)
		to, err2 := strconv.ParseInt(r.offset, base, 64)
		n := len(before.bytes)
		return err1 == nil && err2 == nil && to-from <= int64(n) && to-from > int64(n-max(before.size(), before.pad+1))
	})
}

// rests tells a row of which no more is left than its characters may be.
func (r row) rests() bool {
	chars := strings.TrimSpace(r.chars)
	limit := len(r.bytes)
	switch {
	case strings.HasPrefix(chars, "|"), strings.HasPrefix(chars, ">"):
		limit += 2
	case limit > 8:
		limit++ // Wireshark has a blank in the middle
	}
	return len(chars) <= limit
}

// size is how many bytes a group has, or some more.
func (r row) size() int { return (r.group + 1) / 2 }

// agrees compares the characters behind a row with its bytes; there is false where none are.
func (r row) agrees() (agree, there bool) {
	chars := strings.TrimLeft(r.chars, " ")
	for _, around := range []string{"||", "><"} {
		if len(chars) == len(r.bytes)+2 && chars[0] == around[0] && chars[len(chars)-1] == around[1] {
			chars = chars[1 : len(chars)-1]
		}
	}
	if len(chars) != len(r.bytes) || len(chars) == 0 {
		return false, false
	}
	for i, b := range r.bytes {
		if b > ' ' && b <= '~' && chars[i] != b || (b < ' ' || b > '~') && chars[i] != '.' {
			return false, true
		}
	}
	return true, true
}

// turned reads groups as numbers, little-endian. A short one at the end is set off by blanks.
func (r *row) turned(text string) bool {
	for {
		group := strings.TrimLeft(text, " ")
		blanks := len(text) - len(group)
		end := strings.IndexByte(group+" ", ' ')
		group = group[:end]
		if r.group > 0 && blanks+end != r.group+1 {
			r.chars = text
			return true
		}
		number, ok := groupOf(group)
		if !ok {
			return r.group > 0
		}
		if r.group == 0 {
			r.group = max(end, blanks+end-1)
		}
		reverse(number)
		r.bytes = append(r.bytes, number...)
		text = text[blanks+end:]
	}
}

// groupOf decodes digits.
func groupOf(digits string) (decoded []byte, ok bool) {
	d := Reader{}
	if !allDigits(digits) || d.even([]byte(digits), 0) != nil {
		return nil, false
	}
	return d.buffer, true
}

// bits reads groups of eight binary digits.
func (r *row) bits(text string) bool {
	r.group = 1 // of a byte
	for len(text) >= 9 && text[0] == ' ' && strings.Trim(text[1:9], "01") == "" && (len(text) == 9 || text[9] == ' ') {
		value, _ := strconv.ParseUint(text[1:9], 2, 8) // digits were just seen
		r.bytes = append(r.bytes, byte(value))
		text = text[9:]
	}
	r.chars = text
	return len(r.bytes) > 0
}

// columnsIn takes a row of columns of the same width apart; nil where they are not.
func columnsIn(text string) (words []string, width int) {
	for len(text) > 0 {
		word := strings.TrimLeft(text, " ")
		end := strings.IndexByte(word+" ", ' ')
		size := len(text) - len(word) + end
		if width == 0 {
			width = size
		}
		if end == 0 && len(words) > 0 {
			break // blanks behind the last
		}
		if size != width || end == size {
			return nil, 0
		}
		words = append(words, word[:end])
		text = word[end:]
	}
	return words, width
}

// spaced reads words of four hexadecimal or six octal digits.
func (r *row) spaced(text string) bool {
	words, width := columnsIn(text)
	for _, word := range words {
		base := map[int]int{4: 16, 6: 8}[len(word)]
		if base == 0 || r.group > 0 && r.group != len(word) {
			return false
		}
		value, err := strconv.ParseUint(word, base, 16)
		if err != nil {
			return false
		}
		r.group = len(word)
		r.bytes = binary.LittleEndian.AppendUint16(r.bytes, uint16(value))
	}
	return width == 8
}

// widths are how wide od and hexdump write decimal numbers of so many bytes, with a sign and without.
var widths = map[int][]int{1: {4, 5}, 2: {6, 7, 8}, 4: {11, 12}}

// decimals reads decimal numbers, of one byte with a sign or without, or of some, little-endian.
func (r *row) decimals(text string, size int) bool {
	words, width := columnsIn(text)
	r.group = 2 * size
	for _, word := range words {
		value, err := strconv.ParseInt(word, 10, 64)
		limit := int64(1) << (8 * size)
		if err != nil || value >= limit || value < -limit/2 || size == 1 && len(word) > 1 && word[0] == '0' {
			return false
		}
		for range size {
			r.bytes = append(r.bytes, byte(value))
			value >>= 8
		}
	}
	return len(r.offset) >= 6 && slices.Contains(widths[size], width)
}

const (
	cell  = 4  // how wide a character stands in a row of them
	cells = 16 // how many, where those at the end are not blanks that were cut off
)

// characters reads cells: a character, an escape or three octal digits each.
func (r *row) characters(text string) bool {
	r.group = 1
	for text = strings.TrimRight(text, " "); len(text) > 0; text = text[cell:] {
		if len(text) < cell || text[0] != ' ' {
			return false
		}
		word := strings.TrimLeft(text[:cell], " ")
		value, ok := characterOf(word)
		if !ok {
			return false
		}
		r.char = r.char || len(word) < 3
		r.bytes = append(r.bytes, value)
	}
	for len(r.bytes) < cells {
		r.bytes = append(r.bytes, ' ')
		r.pad++
	}
	return true
}

// characterOf is the byte that a cell shows.
func characterOf(word string) (byte, bool) {
	switch {
	case word == "":
		return ' ', true
	case len(word) == 1:
		return word[0], true
	case word == `\0`:
		return 0, true
	case len(word) == 2 && word[0] == '\\':
		value, ok := simpleEscapes[word[1]]
		return value, ok
	case len(word) == 3:
		value, err := strconv.ParseUint(word, 8, 8)
		return byte(value), err == nil
	}
	return 0, false
}
