package message

import (
	"strings"

	"github.com/posline/posline/spec"
)

// valid checks the content of a value of so many units, without its length prefix.
func (n *node) valid(b []byte, units int) bool {
	if n.sign {
		if strings.IndexByte(n.signs, n.latin1(b[0])) < 0 {
			return false
		}
		b = b[1:]
	}
	return n.validContent(b, units)
}

// validContent is valid without the sign.
func (n *node) validContent(b []byte, units int) bool {
	switch n.check {
	case checkDigits:
		return allDigits(b)
	case checkPrintable:
		return allPrintable(b)
	case checkTrack:
		return allTrack(b)
	case checkClass:
		return firstOutside(b, n.classes) < 0
	case checkBCD, checkNibbles:
		return n.validNibbles(b, units)
	case checkSeven:
		return allSeven(b)
	case checkHex:
		return n.firstNoHex(b) < 0
	case checkHexText:
		return n.firstNoHexText(b) < 0
	case checkPage:
		return n.firstOffPage(b) < 0
	case checkZoned:
		return firstNotZoned(b) < 0
	}
	return true
}

func (n *node) validNibbles(b []byte, units int) bool {
	if units%2 == 0 {
		return n.check == checkNibbles || allBCD(b)
	}
	last := len(b) - 1
	edge, digit, whole := b[0]>>4, b[0]&15, b[1:]
	if n.left {
		edge, digit, whole = b[last]&15, b[last]>>4, b[:last]
	}
	if edge != n.filler && !n.anyFiller {
		return false
	}
	return n.check == checkNibbles || digit <= 9 && allBCD(whole)
}

func (n *node) firstNoHex(b []byte) int {
	for i, c := range b {
		if hexDigit(c, n.coding) > 15 {
			return i
		}
	}
	return -1
}

func (n *node) firstNoHexText(b []byte) int {
	for i := 0; i+1 < len(b); i += 2 {
		high, low := hexDigit(b[i], n.coding), hexDigit(b[i+1], n.coding)
		if high|low > 15 || classes[high<<4|low]&n.classes == 0 {
			return i
		}
	}
	return -1
}

func (n *node) firstOffPage(b []byte) int {
	for i, c := range b {
		if classes[n.page.toLatin1[c]]&n.classes == 0 {
			return i
		}
	}
	return -1
}

func firstNotZoned(b []byte) int {
	for i, c := range b {
		if c-0xF0 > 9 && (i < len(b)-1 || c-0xD0 > 9) {
			return i
		}
	}
	return -1
}

// explain makes the error for content that valid has refused; at is the offset of b in the message.
func (n *node) explain(b []byte, at, units int) *Error {
	if n.sign {
		if strings.IndexByte(n.signs, n.latin1(b[0])) < 0 {
			return fault(ErrCharacter, n.path, at, detail("sign is not one of "+n.signs))
		}
		b, at = b[1:], at+1
	}
	kind, i := ErrCharacter, 0
	switch n.check {
	case checkDigits:
		kind, i = ErrDigit, firstOutside(b, classDigit)
	case checkPrintable:
		i = firstOutside(b, classLetter|classDigit|classSpecial|classBlank)
	case checkTrack, checkClass, checkSeven:
		i = firstOutside(b, n.classes)
	case checkHex:
		kind, i = ErrDigit, n.firstNoHex(b)
	case checkHexText:
		i = n.firstNoHexText(b)
	case checkPage:
		i = n.firstOffPage(b)
	case checkZoned:
		kind, i = ErrDigit, firstNotZoned(b)
	case checkBCD, checkNibbles:
		return n.explainNibbles(b, at, units)
	}
	return fault(kind, n.path, at+i, detail("content is "+n.content.String()))
}

func (n *node) explainNibbles(b []byte, at, units int) *Error {
	for i := range 2 * len(b) {
		nibble := b[i/2] >> (4 * (1 - i%2)) & 15
		edge := units%2 == 1 && (n.left && i == 2*len(b)-1 || !n.left && i == 0)
		switch {
		case edge && nibble != n.filler && !n.anyFiller:
			return fault(ErrFiller, n.path, at+i/2, nil)
		case !edge && nibble > 9 && n.check == checkBCD:
			return fault(ErrDigit, n.path, at+i/2, nil)
		}
	}
	return fault(ErrDigit, n.path, at, nil)
}

// latin1 returns the character of a byte of text on the wire.
func (n *node) latin1(c byte) byte {
	if n.page != nil {
		return n.page.toLatin1[c]
	}
	return c
}

// appendValue appends the value as it is read: the characters of text and digits, the bytes of b.
func (n *node) appendValue(dst, b []byte, units int) []byte {
	if n.sign {
		dst = append(dst, n.latin1(b[0]))
		b = b[1:]
	}
	switch n.coding {
	case spec.BCD:
		return n.appendDigits(dst, b, units)
	case spec.HexASCII, spec.HexEBCDIC:
		for i := 0; i+1 < len(b); i += 2 {
			dst = append(dst, hexDigit(b[i], n.coding)<<4|hexDigit(b[i+1], n.coding))
		}
		return dst
	case spec.ZonedEBCDIC:
		if last := b[len(b)-1]; last < 0xF0 {
			dst = append(dst, '-')
		}
		for _, c := range b {
			dst = append(dst, '0'+c&15)
		}
		return dst
	}
	if n.page != nil {
		for _, c := range b {
			dst = append(dst, n.page.toLatin1[c])
		}
		return dst
	}
	return append(dst, b...)
}

// appendDigits appends the digits of packed content. Nibble D of track data reads as the declared separator.
func (n *node) appendDigits(dst, b []byte, units int) []byte {
	at := 0
	if units%2 == 1 && !n.left {
		at = 1
	}
	for i := at; i < at+units; i++ {
		nibble := b[i/2] >> (4 * (1 - i&1)) & 15
		c := "0123456789ABCDEF"[nibble]
		if nibble == 0xD && n.content == spec.ContentZ {
			c = n.separator
		}
		dst = append(dst, c)
	}
	return dst
}
