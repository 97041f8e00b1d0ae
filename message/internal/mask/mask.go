// Package mask hides card data in text: card numbers, tracks, and what looks like them. The text may stand right behind
// dst in the same memory: what is written never overtakes what is read.
package mask

import (
	"bytes"

	"github.com/posline/posline/message/internal/wire"
)

// The shortest and longest PAN (ISO/IEC 7812-1, 4.1, with the 13 digits of old card numbers as the floor).
const (
	shortestPAN = 13
	longestPAN  = 19
)

// BIN is how many digits in front of a card number are shown.
type BIN int

// The fronts. Eight digits are shown of numbers of at least 16 digits (PCI DSS 3.4.1).
const (
	ShortBIN BIN = 6
	LongBIN  BIN = 8

	shortestLong = 16
)

// shown is how many digits in front of a number of so many digits are shown.
func (b BIN) shown(digits int) int {
	if digits < shortestLong {
		return int(ShortBIN)
	}
	return int(b)
}

// AppendPAN appends a card number with the digits of its BIN and the last four alone (PCI DSS 3.4.1). Blanks behind
// it, and nothing else, may be there.
func AppendPAN(dst, text []byte, bin BIN) []byte {
	number := bytes.TrimRight(text, " ")
	shown := len(number) >= shortestPAN && wire.AllDigits(number)
	front := bin.shown(len(number))
	for i, c := range number {
		if !shown || i >= front && i < len(number)-4 {
			c = '*'
		}
		dst = append(dst, c)
	}
	return dst
}

// AppendTrack appends a track with its card number masked and all behind it hidden. Track 1 starts with a format
// code, tracks 2 and 3 with digits; sentinels may be there (ISO/IEC 7813).
func AppendTrack(dst, text []byte, separator byte, bin BIN) []byte {
	start := 0
	if len(text) > 0 && (text[0] == ';' || text[0] == '%') {
		start = 1
	}
	if len(text) > start && (text[start]|0x20 == 'b') {
		start++
	}
	end := start + digitsAt(text[start:])
	separated := end < len(text) && (isSeparator(text[end]) || text[end] == separator)
	if !separated || end-start < 8 || end-start > longestPAN+2 { // track 3 has two digits of format code in front
		return AppendStars(dst, len(text))
	}
	dst = append(dst, text[:start]...)
	dst = AppendPAN(dst, text[start:end], bin)
	dst = append(dst, text[end])
	return AppendStars(dst, len(text)-end-1)
}

func isSeparator(c byte) bool { return c == 'D' || c == 'd' || c == '=' || c == '^' }

// digitsAt is the number of digits at the start of text.
func digitsAt(text []byte) int {
	n := 0
	for n < len(text) && text[n]-'0' <= 9 {
		n++
	}
	return n
}

// LongDigits tells whether text has so many digits in a row, blanks and hyphens not counted, that they could be a PAN.
func LongDigits(text []byte) bool {
	run := 0
	for _, c := range text {
		switch {
		case c-'0' <= 9:
			run++
		case c != ' ' && c != '-':
			run = 0
		}
		if run == shortestPAN {
			return true
		}
	}
	return false
}

// AppendStars appends n stars.
func AppendStars(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, '*')
	}
	return dst
}

// AppendWithout appends text that should hold no card data, masking what looks like it all the same: runs of 13 to
// 19 digits, leading zeros not counted, that pass the Luhn check, with all that follows a separator behind them, and
// in values of no fixed form any longer run; and digits in groups, with a blank or a hyphen between them, that are such a
// run without it.
func AppendWithout(dst, text []byte, fixed bool, bin BIN) []byte {
	for len(text) > 0 {
		run := digitsAt(text)
		if run == 0 {
			dst, text = append(dst, text[0]), text[1:]
			continue
		}
		if grouped := groupsAt(text); grouped > run {
			dst, text = appendGroups(dst, text[:grouped]), text[grouped:]
			continue
		}
		digits := text[:run]
		text = text[run:]
		number := bytes.TrimLeft(digits, "0")
		switch {
		case len(number) > longestPAN && !fixed:
			dst = AppendStars(dst, run)
		case len(number) >= shortestPAN && len(number) <= longestPAN && luhn(number):
			dst = append(dst, digits[:run-len(number)]...)
			dst = AppendPAN(dst, number, bin)
			if len(text) > 0 && isSeparator(text[0]) {
				return AppendStars(append(dst, text[0]), len(text)-1)
			}
		default:
			dst = append(dst, digits...)
		}
	}
	return dst
}

// groupsAt is the size of a card number at the start of text that is written in groups, as it is on a card: "4761 7390
// 0101 0119"; 0 where there is none.
func groupsAt(text []byte) int {
	var number [longestPAN]byte
	count, size := 0, 0
	for i := 0; i < len(text) && count < longestPAN; i++ {
		switch c := text[i]; {
		case c-'0' <= 9:
			number[count] = c
			count++
			if more := i+1 < len(text) && text[i+1]-'0' <= 9; count >= shortestPAN && !more && luhn(number[:count]) {
				size = i + 1
			}
		case c != ' ' && c != '-' || i+1 == len(text) || text[i+1]-'0' > 9:
			return size
		}
	}
	return size
}

// appendGroups is AppendPAN for a number in groups, of which it shows no more than the last four digits.
func appendGroups(dst, text []byte) []byte {
	for i, c := range text {
		if c-'0' <= 9 && i < len(text)-4 {
			c = '*'
		}
		dst = append(dst, c)
	}
	return dst
}

// luhn tells whether the check digit of a card number is right (ISO/IEC 7812-1, annex B).
func luhn(number []byte) bool {
	sum := 0
	for i, c := range number {
		d := int(c - '0')
		if (len(number)-i)%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
