package wire

import (
	"encoding/binary"
	"slices"
)

// Packed digits are turned into characters and back eight at a step. A value whose length is no multiple of the step has
// its last step overlap the one before.

// unpack8 spreads the nibbles of 4 packed bytes over the characters of 8.
func unpack8(packed uint32) uint64 {
	x := uint64(packed)
	x = (x | x<<16) & 0x0000FFFF_0000FFFF
	x = (x | x<<8) & 0x00FF00FF_00FF00FF
	x = x>>4&(0x000F*0x0001_0001_0001_0001) | x<<8&(0x0F00*0x0001_0001_0001_0001)
	return x + '0'*ones + (x+6*ones)>>4&ones*('A'-'9'-1)
}

// pack8 is the reverse of unpack8. Where letters stand for a nibble they are A to F; of the track code set the low half
// is the nibble.
func pack8(text uint64) uint32 {
	x := text&(0x0F*ones) + text>>6&ones*9
	x = (x<<4 | x>>8) & 0x00FF00FF_00FF00FF
	x = (x | x>>8) & 0x0000FFFF_0000FFFF
	return uint32(x | x>>16)
}

// unpackDigits writes two characters for each byte of b.
func unpackDigits(text, b []byte) {
	n := len(b)
	text = text[:2*n]
	for i := 0; i+4 <= n; i += 4 {
		binary.LittleEndian.PutUint64(text[2*i:], unpack8(binary.LittleEndian.Uint32(b[i:])))
	}
	switch {
	case n%4 == 0:
	case n > 4:
		binary.LittleEndian.PutUint64(text[2*n-8:], unpack8(binary.LittleEndian.Uint32(b[n-4:])))
	case n == 3:
		x := unpack8(uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16)
		binary.LittleEndian.PutUint32(text, uint32(x))
		binary.LittleEndian.PutUint16(text[4:], uint16(x>>32))
	case n == 2:
		binary.LittleEndian.PutUint32(text, uint32(unpack8(uint32(binary.LittleEndian.Uint16(b)))))
	default:
		*(*[2]byte)(text) = pairs[b[0]]
	}
}

// packDigits writes a byte for each two characters of text, of which there is an even number.
func packDigits(b, text []byte) {
	n := len(text)
	b = b[:n/2]
	for i := 0; i+8 <= n; i += 8 {
		binary.LittleEndian.PutUint32(b[i/2:], pack8(binary.LittleEndian.Uint64(text[i:])))
	}
	switch {
	case n%8 == 0:
	case n > 8:
		binary.LittleEndian.PutUint32(b[n/2-4:], pack8(binary.LittleEndian.Uint64(text[n-8:])))
	case n == 6:
		x := pack8(uint64(binary.LittleEndian.Uint32(text)) | uint64(binary.LittleEndian.Uint16(text[4:]))<<32)
		binary.LittleEndian.PutUint16(b, uint16(x))
		b[2] = byte(x >> 16)
	case n == 4:
		binary.LittleEndian.PutUint16(b, uint16(pack8(uint64(binary.LittleEndian.Uint32(text)))))
	default:
		b[0] = packedNibble(text[0])<<4 | packedNibble(text[1])
	}
}

// AppendDigits appends the digits of packed content.
func (f *Form) AppendDigits(dst, b []byte, units int) []byte {
	if units%2 == 1 && !f.Left {
		dst = append(dst, hexDigits[b[0]&15])
		b, units = b[1:], units-1
	}
	from := len(dst)
	dst = slices.Grow(dst, units)[:from+units]
	unpackDigits(dst[from:], b[:units/2])
	if units%2 == 1 {
		dst[from+units-1] = hexDigits[b[units/2]>>4]
	}
	return dst
}

// appendPairs appends digits that start a byte.
func (f *Form) appendPairs(dst, value []byte) []byte {
	from, even := len(dst), len(value)&^1
	dst = slices.Grow(dst, even/2)[:from+even/2]
	packDigits(dst[from:], value[:even])
	if even < len(value) {
		dst = append(dst, packedNibble(value[even])<<4|f.Filler)
	}
	return dst
}

const hexDigits = "0123456789ABCDEF"

// pairs are the characters of the two nibbles of a byte.
var pairs = func() (t [256][2]byte) {
	for c := range t {
		t[c] = [2]byte{hexDigits[c>>4], hexDigits[c&15]}
	}
	return t
}()

// packedNibble is the nibble of a digit or track character: 0-9, A-F, and the track code set's : to ?, of which = is
// the separator D.
func packedNibble(c byte) byte {
	if c >= 'A' {
		return c - 'A' + 10
	}
	return c & 15
}
