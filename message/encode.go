package message

import (
	"strings"

	"github.com/posline/posline/spec"
)

// appendWire appends the field as it stands on the wire for a value: the characters of text and digits, the bytes of
// b. Nothing is appended when there is an error.
func (n *node) appendWire(dst, value []byte) ([]byte, *Error) {
	var sign byte
	if n.sign {
		if len(value) == 0 || strings.IndexByte(n.signs, value[0]) < 0 {
			return dst, fault(ErrCharacter, n.path, -1, detail("sign is not one of "+n.signs))
		}
		sign, value = value[0], value[1:]
	}
	units, minus := len(value), false
	if n.coding == spec.ZonedEBCDIC && units > 0 && value[0] == '-' {
		minus, value, units = true, value[1:], units-1
	}
	pad := n.padding(units)
	units += pad
	if err := n.acceptable(value, units); err != nil {
		return dst, err
	}
	if n.ending == endPrefix {
		dst = n.prefix.appendTo(dst, n.count(units))
	}
	if n.sign {
		dst = append(dst, n.wireChar(sign))
	}
	dst = n.appendContent(dst, value, pad)
	if minus {
		dst[len(dst)-1] &^= 0x20
	}
	if n.reserve {
		for range n.wireSize(n.max) - n.wireSize(units) {
			dst = append(dst, n.wireChar(n.padChar))
		}
	}
	return append(dst, n.mark...), nil
}

// takes tells whether a plain field takes a value as it is, without padding.
func (n *node) takes(value []byte) bool {
	if !n.plain || len(value) < n.min || len(value) > n.max {
		return false
	}
	switch n.check {
	case checkDigits, checkBCD:
		return allDigits(value)
	case checkPrintable:
		return allPrintable(value)
	case checkSeven:
		return allSeven(value)
	case checkTrack:
		return allTrack(value)
	case checkNothing, checkHex:
		return true
	default:
		return firstOutside(value, n.classes) < 0
	}
}

// appendPackedPlain appends a value that the field takes as it is, in BCD or hexadecimal.
func (n *node) appendPackedPlain(dst, value []byte) []byte {
	if n.coding != spec.BCD {
		return n.appendContent(dst, value, 0)
	}
	if len(value)%2 == 1 && !n.left {
		dst = append(dst, n.filler<<4|packedNibble(value[0]))
		value = value[1:]
	}
	return n.appendPairs(dst, value)
}

// padding is how many pad characters a value of so many units gets.
func (n *node) padding(units int) int {
	switch {
	case n.ending == endPrefix && n.coding == spec.BCD && n.prefix.unit == spec.Nibbles:
		return units & 1
	case n.padSide == spec.Neither || n.reserve:
		return 0
	default:
		return max(0, max(n.min, n.padTo)-units)
	}
}

// count is the number that the length prefix of a value holds.
func (n *node) count(units int) int {
	switch n.prefix.unit {
	case spec.Bytes:
		return n.wireSize(units)
	case spec.Nibbles:
		if n.coding != spec.BCD {
			return 2 * n.wireSize(units)
		}
	}
	if n.sign {
		return units + 1
	}
	return units
}

// acceptable checks the value before padding, and its length with padding.
func (n *node) acceptable(value []byte, units int) *Error {
	switch {
	case units > n.max:
		return fault(ErrTooLong, n.path, -1, lengths{"length and maximum:", units, n.max})
	case units < n.min:
		return fault(ErrTooShort, n.path, -1, lengths{"length and minimum:", units, n.min})
	case n.ending == endPrefix && !n.prefix.fits(n.count(units)):
		return fault(ErrTooLong, n.path, -1, detail("the length does not fit its prefix"))
	}
	good := true
	switch n.check {
	case checkNothing:
	case checkDigits, checkBCD, checkZoned:
		good = allDigits(value)
	case checkPrintable:
		good = allPrintable(value)
	case checkHex: // the value is bytes
	default:
		good = firstOutside(value, n.classes) < 0
	}
	if good && n.ending == endMark {
		good = !strings.Contains(string(n.appendContent(nil, value, 0)), n.mark)
	}
	if !good {
		kind := ErrCharacter
		if n.content == spec.ContentN {
			kind = ErrDigit
		}
		return fault(kind, n.path, -1, detail("content is "+n.content.String()))
	}
	return nil
}

// wireChar is a character as it stands on the wire.
func (n *node) wireChar(c byte) byte {
	if n.page != nil {
		return n.page.fromLatin1[c]
	}
	return c
}

// appendContent appends pad characters and value in the field's encoding.
func (n *node) appendContent(dst, value []byte, pad int) []byte {
	before, after := 0, pad
	if n.padSide == spec.Left {
		before, after = pad, 0
	}
	switch n.coding {
	case spec.BCD:
		if n.prefix.unit == spec.Nibbles && n.ending == endPrefix {
			before, after = 0, pad
			if !n.left {
				before, after = pad, 0
			}
		}
		return n.appendPacked(dst, value, before, after)
	case spec.HexASCII, spec.HexEBCDIC:
		return n.appendHexPairs(dst, value, before, after)
	case spec.ZonedEBCDIC:
		for range before {
			dst = append(dst, 0xF0)
		}
		for _, c := range value {
			dst = append(dst, 0xF0|c&15)
		}
		return dst
	}
	for range before {
		dst = append(dst, n.wireChar(n.padChar))
	}
	if n.page == nil {
		dst = append(dst, value...)
	} else {
		for _, c := range value {
			dst = append(dst, n.page.fromLatin1[c])
		}
	}
	for range after {
		dst = append(dst, n.wireChar(n.padChar))
	}
	return dst
}

// appendHexPairs appends bytes or characters as hexadecimal, with pad characters before or after them.
func (n *node) appendHexPairs(dst, value []byte, before, after int) []byte {
	high, low := hexChar(n.padChar>>4, n.coding), hexChar(n.padChar&15, n.coding)
	for range before {
		dst = append(dst, high, low)
	}
	for _, c := range value {
		dst = append(dst, hexChar(c>>4, n.coding), hexChar(c&15, n.coding))
	}
	for range after {
		dst = append(dst, high, low)
	}
	return dst
}

// appendPacked appends digits two a byte, with pad digits before or after them and the filler beside an odd number.
func (n *node) appendPacked(dst, value []byte, before, after int) []byte {
	total := before + len(value) + after
	shift := 0 // nibbles before the first digit
	if total%2 == 1 && !n.left {
		shift = 1
	}
	start := len(dst)
	if before+after == 0 && shift == 0 {
		return n.appendPairs(dst, value)
	}
	for range (total + 1) / 2 {
		dst = append(dst, n.filler|n.filler<<4)
	}
	pad := packedNibble(n.padChar)
	if n.prefix.unit == spec.Nibbles {
		pad = n.filler
	}
	for i := range total {
		nibble := pad
		if i >= before && i < before+len(value) {
			nibble = packedNibble(value[i-before])
		}
		at, low := start+(i+shift)/2, (i+shift)%2 == 1
		if low {
			dst[at] = dst[at]&0xF0 | nibble
		} else {
			dst[at] = dst[at]&0x0F | nibble<<4
		}
	}
	return dst
}

// appendPairs appends digits that start a byte.
func (n *node) appendPairs(dst, value []byte) []byte {
	for ; len(value) >= 2; value = value[2:] {
		dst = append(dst, packedNibble(value[0])<<4|packedNibble(value[1]))
	}
	if len(value) == 1 {
		dst = append(dst, packedNibble(value[0])<<4|n.filler)
	}
	return dst
}

// packedNibble is the nibble of a digit or track character: 0-9, A-F, and the track code set's : to ?, of which = is
// the separator D.
func packedNibble(c byte) byte {
	if c >= 'A' {
		return c - 'A' + 10
	}
	return c & 15
}
