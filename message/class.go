package message

import (
	"encoding/binary"
	"math/bits"

	"github.com/posline/posline/spec"
)

// Checks of whole values look at eight bytes a step. word makes a step of what is left of a short value.

// word returns the 1 to 7 bytes of b spread over a uint64, some of them twice, so that a check of every byte of the
// word is a check of every byte of b.
func word(b []byte) uint64 {
	switch n := len(b); {
	case n >= 4:
		return uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[n-4:]))<<32
	case n == 3:
		return (uint64(binary.LittleEndian.Uint16(b)) | uint64(b[2])<<16 | uint64(b[2])<<24) * 0x1_0000_0001
	case n == 2:
		return uint64(binary.LittleEndian.Uint16(b)) * 0x1_0001_0001_0001
	default:
		return uint64(b[0]) * ones
	}
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// allDigits tells whether b is ASCII digits only.
func allDigits(b []byte) bool {
	n := len(b)
	if n >= 8 {
		var bad uint64
		for i := 0; i+8 <= n; i += 8 {
			bad |= notDigits(binary.LittleEndian.Uint64(b[i:]))
		}
		return bad|notDigits(binary.LittleEndian.Uint64(b[n-8:])) == 0
	}
	return n == 0 || notDigits(word(b)) == 0
}

// notDigits is zero if every byte of x is an ASCII digit: the high nibble is 3, and stays 3 when 6 is added.
func notDigits(x uint64) uint64 {
	return (x&(0xF0*ones) ^ 0x30*ones) | ((x+6*ones)&(0xF0*ones) ^ 0x30*ones)
}

// allBCD tells whether every nibble of b is a decimal digit.
func allBCD(b []byte) bool {
	n := len(b)
	if n >= 8 {
		var bad uint64
		for i := 0; i+8 <= n; i += 8 {
			bad |= notBCD(binary.LittleEndian.Uint64(b[i:]))
		}
		return bad|notBCD(binary.LittleEndian.Uint64(b[n-8:])) == 0
	}
	return n == 0 || notBCD(word(b)) == 0
}

// notBCD is zero if every nibble of x is at most 9: adding 6 carries out of the larger ones.
func notBCD(x uint64) uint64 {
	return ((x&(0x0F*ones) + 6*ones) | (x>>4&(0x0F*ones) + 6*ones)) & (0x10 * ones)
}

// allPrintable tells whether b is ASCII from blank to tilde only.
func allPrintable(b []byte) bool {
	n := len(b)
	if n >= 8 {
		var bad uint64
		for i := 0; i+8 <= n; i += 8 {
			bad |= notPrintable(binary.LittleEndian.Uint64(b[i:]))
		}
		return bad|notPrintable(binary.LittleEndian.Uint64(b[n-8:])) == 0
	}
	return n == 0 || notPrintable(word(b)) == 0
}

// allSeven tells whether b is ASCII, control characters included.
func allSeven(b []byte) bool {
	var high uint64
	for ; len(b) >= 8; b = b[8:] {
		high |= binary.LittleEndian.Uint64(b)
	}
	for _, c := range b {
		high |= uint64(c)
	}
	return high&highs == 0
}

// notPrintable is zero if no byte of x has its high bit set, is below 20 or is 7F.
func notPrintable(x uint64) uint64 {
	return (x | ^((x | highs) - 0x20*ones) | (x&^highs + ones)) & highs
}

// allTrack tells whether b is track data: the code set 30 to 3F of ISO/IEC 7813, and the letters that stand for
// nibbles.
func allTrack(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		x := binary.LittleEndian.Uint64(b)
		for odd := x&(0xF0*ones) ^ 0x30*ones; odd != 0; {
			at := bits.TrailingZeros64(odd) / 8 // most often the one letter that separates
			if classes[b[at]]&classTrack == 0 {
				return false
			}
			odd &^= 0xFF << (8 * at)
		}
	}
	return firstOutside(b, classTrack) < 0
}

// Character classes of single bytes, one bit each.
const (
	classLetter  = uint8(spec.ContentA)
	classDigit   = uint8(spec.ContentN)
	classSpecial = uint8(spec.ContentS)
	classBlank   = uint8(spec.ContentP)
	classTrack   = uint8(spec.ContentZ)
	classHex     = uint8(spec.ContentH)
	classAny     = uint8(spec.ContentB) // every byte
	classSeven   = uint8(1 << 7)        // ASCII, control characters included
)

var classes = makeClasses()

func makeClasses() (t [256]uint8) {
	for c := range t {
		t[c] = classAny
		if c < 0x80 {
			t[c] |= classSeven
		}
	}
	for c := byte(0x20); c < 0x7F; c++ {
		switch {
		case c >= '0' && c <= '9':
			t[c] |= classDigit | classTrack | classHex
		case c >= 'A' && c <= 'F':
			t[c] |= classLetter | classTrack | classHex
		case c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z':
			t[c] |= classLetter
		case c == ' ':
			t[c] |= classBlank
		default:
			t[c] |= classSpecial
		}
		if c > '9' && c <= '?' {
			t[c] |= classTrack // the track code set of ISO/IEC 7813 is 30 to 3F
		}
	}
	return t
}

// firstOutside returns the position of the first byte of b that is in none of the classes, or -1.
func firstOutside(b []byte, allowed uint8) int {
	for i, c := range b {
		if classes[c]&allowed == 0 {
			return i
		}
	}
	return -1
}

// allowedClasses are the classes a content takes in a character set. Blank pads everything but pure digits.
func allowedClasses(c spec.Content, set spec.Charset) uint8 {
	switch {
	case c.IsText() && set == spec.CharsetASCII7:
		return classSeven
	case c.IsText() && set != spec.CharsetASCII:
		return classAny
	case c == spec.ContentN:
		return classDigit
	case c == spec.ContentZ:
		return classTrack
	case c == spec.ContentH:
		return classHex
	default:
		return uint8(c&spec.ContentANS) | classBlank
	}
}
