package wire

import (
	"encoding/binary"
	"math/bits"
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

// AllDigits tells whether b is ASCII digits only.
func AllDigits(b []byte) bool {
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

// AllBCD tells whether every nibble of b is a decimal digit.
func AllBCD(b []byte) bool {
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

// AllPrintable tells whether b is ASCII from blank to tilde only.
func AllPrintable(b []byte) bool {
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

// AllSeven tells whether b is ASCII, control characters included.
func AllSeven(b []byte) bool {
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

// AllTrack tells whether b is track data: the code set 30 to 3F of ISO/IEC 7813, and the letters that stand for
// nibbles.
func AllTrack(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		x := binary.LittleEndian.Uint64(b)
		for odd := x&(0xF0*ones) ^ 0x30*ones; odd != 0; {
			at := bits.TrailingZeros64(odd) / 8 // most often the one letter that separates
			if classes[b[at]]&Track == 0 {
				return false
			}
			odd &^= 0xFF << (8 * at)
		}
	}
	return FirstOutside(b, Track) < 0
}
