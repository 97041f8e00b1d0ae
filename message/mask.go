package message

import (
	"bytes"
	"strconv"

	"github.com/posline/posline/spec"
)

// shownLength is the longest variable value that the default mask shows.
const shownLength = 99

// String returns the value for people and logs, see AppendMasked.
func (v Value) String() string { return string(v.AppendMasked(nil)) }

// AppendMasked appends the value as it may be shown where card data must not appear, by its mask class:
//
//   - spec.MaskNone: as it is, b in hexadecimal.
//   - spec.MaskPAN: the first six and the last four digits; nothing of a number below 13 digits or of other text.
//   - spec.MaskTrack: the PAN of the track in the same way; all hidden where it does not parse as a track.
//   - spec.MaskHidden: the size only.
//   - spec.MaskDefault: digits and text of fixed length, or at most 99 long, without what looks like a PAN or a track
//     in them; the size only of what is longer, binary or not printable.
//
// A value with parts is shown as its parts, each by its own class: "{1:22 2:000001}".
func (v Value) AppendMasked(dst []byte) []byte { return TextForm{}.AppendValue(dst, v) }

// AppendValue appends a value with its parts on one line: masked as by Value.AppendMasked or, with CardDataInClear, in
// the clear. Nothing is appended for an absent value.
func (f TextForm) AppendValue(dst []byte, v Value) []byte {
	if !v.Present() || v.node == nil {
		return dst
	}
	if !v.HasParts() {
		return f.appendLeaf(dst, v)
	}
	dst = append(dst, '{')
	first := true
	for key, part := range v.Parts() {
		if !first {
			dst = append(dst, ' ')
		}
		first = false
		dst = append(append(dst, key...), ':')
		dst = f.AppendValue(dst, part)
	}
	return append(dst, '}')
}

// appendLeaf appends a value without parts, on one line.
func (f TextForm) appendLeaf(dst []byte, v Value) []byte {
	long := v.node.ending != endFixed && v.units > shownLength
	if v.node.content != spec.ContentB && (f.CardDataInClear || v.node.mask == spec.MaskNone || v.node.mask == spec.MaskDefault && !long) {
		plain := v.AppendBytes(dst)
		if text := plain[len(dst):]; allPrintable(text) && (f.CardDataInClear || v.node.mask == spec.MaskNone || !longDigits(text)) {
			return plain // most values
		}
	}
	text, exact := f.clearText(v)
	if f.CardDataInClear {
		return append(dst, onOneLine(text)...)
	}
	switch v.node.mask {
	case spec.MaskNone:
		return append(dst, onOneLine(text)...)
	case spec.MaskPAN:
		return appendMaskedPAN(dst, cardText(v, text))
	case spec.MaskTrack:
		return appendMaskedTrack(dst, cardText(v, text), v.node.separator)
	case spec.MaskDefault:
		if v.node.content != spec.ContentB && exact && !long {
			return appendWithoutPAN(dst, []byte(onOneLine(text)), v.node.ending == endFixed)
		}
	}
	return appendSize(dst, v)
}

// cardText is the text in which a card number or a track is found. The bytes of b hold digits, with F behind an odd
// number of them (EMV Book 3, 4.3, format cn).
func cardText(v Value, text string) []byte {
	if v.node.content == spec.ContentB {
		return bytes.TrimRight([]byte(text), "F")
	}
	return []byte(text)
}

// appendSize appends what is known of a hidden value: "<8 bytes>".
func appendSize(dst []byte, v Value) []byte {
	unit := " bytes>"
	switch {
	case v.node.content == spec.ContentN || v.node.content == spec.ContentZ || v.node.content == spec.ContentH:
		unit = " digits>"
	case v.node.content != spec.ContentB:
		unit = " characters>"
	}
	return append(strconv.AppendInt(append(dst, '<'), int64(v.units), 10), unit...)
}

// The shortest and longest PAN (ISO/IEC 7812-1, 4.1, with the 13 digits of old card numbers as the floor).
const (
	shortestPAN = 13
	longestPAN  = 19
)

// appendMaskedPAN appends a card number with the first six and last four digits alone (PCI DSS 3.4.1). Blanks behind
// it, and nothing else, may be there.
func appendMaskedPAN(dst, text []byte) []byte {
	number := bytes.TrimRight(text, " ")
	shown := len(number) >= shortestPAN && allDigits(number)
	for i, c := range number {
		if !shown || i >= 6 && i < len(number)-4 {
			c = '*'
		}
		dst = append(dst, c)
	}
	return dst
}

// appendMaskedTrack appends a track with its card number masked and all behind it hidden. Track 1 starts with a format
// code, tracks 2 and 3 with digits; sentinels may be there (ISO/IEC 7813).
func appendMaskedTrack(dst, text []byte, separator byte) []byte {
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
		return appendStars(dst, len(text))
	}
	dst = append(dst, text[:start]...)
	dst = appendMaskedPAN(dst, text[start:end])
	dst = append(dst, text[end])
	return appendStars(dst, len(text)-end-1)
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

// longDigits tells whether text has so many digits in a row that they could be a PAN.
func longDigits(text []byte) bool {
	run := 0
	for _, c := range text {
		if run++; c-'0' > 9 {
			run = 0
		}
		if run == shortestPAN {
			return true
		}
	}
	return false
}

func appendStars(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, '*')
	}
	return dst
}

// appendWithoutPAN appends text that should hold no card data, masking what looks like it all the same: runs of 13 to
// 19 digits, leading zeros not counted, that pass the Luhn check, with all that follows a separator behind them, and
// in values of no fixed form any longer run.
func appendWithoutPAN(dst, text []byte, fixed bool) []byte {
	for len(text) > 0 {
		run := digitsAt(text)
		if run == 0 {
			dst, text = append(dst, text[0]), text[1:]
			continue
		}
		digits := text[:run]
		text = text[run:]
		number := bytes.TrimLeft(digits, "0")
		switch {
		case len(number) > longestPAN && !fixed:
			dst = appendStars(dst, run)
		case len(number) >= shortestPAN && len(number) <= longestPAN && luhn(number):
			dst = append(dst, digits[:run-len(number)]...)
			dst = appendMaskedPAN(dst, number)
			if len(text) > 0 && isSeparator(text[0]) {
				return appendStars(append(dst, text[0]), len(text)-1)
			}
		default:
			dst = append(dst, digits...)
		}
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
