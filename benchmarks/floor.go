package main

import (
	"encoding/binary"
	"fmt"
)

// A floor is what a good programmer writes by hand for one message and nothing else: straight-line code that knows
// every offset. It does what the library does for that message: it keeps a copy of the bytes, finds every field, checks
// bounds, lengths and characters field by field, so that an error names the field, and leaves the values as they
// stand on the wire.
type floor struct {
	image  []byte
	fields [65][]byte // by number, without length prefix
	count  [65]int    // digits of packed fields that vary in length
	edit   [8]byte    // a packed field that was set
}

// byHand is the hand-written code for one sample.
type byHand struct {
	unpack func(f *floor, wire []byte) error
	pack   func(f *floor, dst []byte) []byte

	// build packs values, checking each.
	build func(dst []byte, values *[65][]byte) ([]byte, error)

	// set encodes and checks the two fields that "edit" sets.
	set func(f *floor, stan, terminal []byte) error

	// read appends the six values that "unpack+read" reads, as text.
	read func(f *floor, dst []byte) []byte

	// scan appends the three values that "scan" reads, straight from the bytes: it checks these and measures the rest.
	scan func(dst, wire []byte) ([]byte, error)
}

// floorError is the number of the field that is at fault.
type floorError int

func (e floorError) Error() string { return fmt.Sprintf("benchmarks: field %d", int(e)) }

const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// digits tells whether b is ASCII digits only, eight a step; the last step overlaps the one before.
func digits(b []byte) bool {
	if len(b) < 8 {
		return fewDigits(b)
	}
	bad := notDigits(binary.LittleEndian.Uint64(b[len(b)-8:]))
	for ; len(b) > 8; b = b[8:] {
		bad |= notDigits(binary.LittleEndian.Uint64(b))
	}
	return bad == 0
}

func fewDigits(b []byte) bool {
	if len(b) >= 4 {
		x := uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[len(b)-4:]))<<32
		return notDigits(x) == 0
	}
	for _, c := range b {
		if c-'0' > 9 {
			return false
		}
	}
	return true
}

// notDigits is zero if every byte of x has the high nibble 3 and keeps it when 6 is added.
func notDigits(x uint64) uint64 {
	return ((x ^ 0x30*ones) | ((x + 6*ones) ^ 0x30*ones)) & (0xF0 * ones)
}

// packed tells whether every nibble of b is a decimal digit.
func packed(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if notPacked(binary.LittleEndian.Uint64(b)) != 0 {
			return false
		}
	}
	if len(b) >= 4 {
		if notPacked(uint64(binary.LittleEndian.Uint32(b))) != 0 {
			return false
		}
		b = b[4:]
	}
	for _, c := range b {
		if c > 0x99 || c&15 > 9 {
			return false
		}
	}
	return true
}

// notPacked is zero if no nibble of x carries when 6 is added.
func notPacked(x uint64) uint64 {
	return ((x&(0x0F*ones) + 6*ones) | (x>>4&(0x0F*ones) + 6*ones)) & (0x10 * ones)
}

// printable tells whether b is ASCII from blank to tilde only.
func printable(b []byte) bool {
	if len(b) < 8 {
		for _, c := range b {
			if c-' ' > '~'-' ' {
				return false
			}
		}
		return true
	}
	bad := notPrintable(binary.LittleEndian.Uint64(b[len(b)-8:]))
	for ; len(b) > 8; b = b[8:] {
		bad |= notPrintable(binary.LittleEndian.Uint64(b))
	}
	return bad == 0
}

func notPrintable(x uint64) uint64 {
	return (x | ^((x | highs) - 0x20*ones) | (x&^highs + ones)) & highs
}

// isTrack holds the track code set and the letters A to F.
var isTrack = func() (t [256]bool) {
	for c := '0'; c <= '?'; c++ {
		t[c] = true
	}
	for c := 'A'; c <= 'F'; c++ {
		t[c] = true
	}
	return t
}()

func track(b []byte) bool {
	for _, c := range b {
		if !isTrack[c] {
			return false
		}
	}
	return true
}

// twoDigits reads a length of two ASCII digits at the start of b, -1 if there is none.
func twoDigits(b []byte) int {
	if len(b) < 2 || b[0]-'0' > 9 || b[1]-'0' > 9 {
		return -1
	}
	return int(b[0]-'0')*10 + int(b[1]-'0')
}

// twoPacked reads a length of two packed digits, -1 if there is none.
func twoPacked(b []byte) int {
	if len(b) < 1 || b[0] > 0x99 || b[0]&15 > 9 {
		return -1
	}
	return int(b[0]>>4)*10 + int(b[0]&15)
}

// threePacked reads a length of three packed digits in two bytes, -1 if there is none.
func threePacked(b []byte) int {
	if len(b) < 2 || b[0] > 9 || b[1] > 0x99 || b[1]&15 > 9 {
		return -1
	}
	return int(b[0])*100 + int(b[1]>>4)*10 + int(b[1]&15)
}

// leftDigits checks packed digits of which an odd number leaves a 0 nibble behind.
func leftDigits(b []byte, count int) bool {
	return packed(b) && (count%2 == 0 || b[len(b)-1]&15 == 0)
}

// appendPacked packs digits two a byte; an odd one gets a 0 behind it.
func appendPacked(dst, digits []byte) []byte {
	for ; len(digits) >= 2; digits = digits[2:] {
		dst = append(dst, nibble(digits[0])<<4|nibble(digits[1]))
	}
	if len(digits) == 1 {
		dst = append(dst, nibble(digits[0])<<4)
	}
	return dst
}

func nibble(c byte) byte {
	if c >= 'A' {
		return c - 'A' + 10
	}
	return c & 15
}

// appendUnpacked appends the digits of packed bytes.
func appendUnpacked(dst, packed []byte) []byte {
	for _, b := range packed {
		dst = append(dst, '0'+b>>4, '0'+b&15)
	}
	return dst
}
