package main

import (
	"encoding/binary"
	"encoding/hex"
	"math/bits"
)

// The floor of the mix is what a good programmer writes by hand for messages whose types differ: a loop over the bits of
// the bitmap and one case a field, which checks it and keeps where it stands.

// unpackMix leaves the message type in fields[0] and the bitmap in fields[1].
func unpackMix(f *floor, wire []byte) error {
	f.image = append(f.image[:0], wire...)
	b := f.image
	if len(b) < 20 || !digits(b[:4]) {
		return floorError(0)
	}
	var raw [8]byte
	if _, err := hex.Decode(raw[:], b[4:20]); err != nil || raw[0]&0x80 != 0 {
		return floorError(1)
	}
	f.fields[0], f.fields[1], b = b[:4], b[4:20], b[20:]
	f.fields[11], f.fields[41] = nil, nil // which are packed where they are set
	f.edit = raw
	for word := binary.BigEndian.Uint64(raw[:]); word != 0; {
		number := bits.LeadingZeros64(word) + 1
		word &^= 1 << (64 - number)
		size, head := 0, 0
		switch number {
		case 3, 11, 12:
			size = 6
		case 4, 37:
			size = 12
		case 7:
			size = 10
		case 13, 14, 18:
			size = 4
		case 22, 49:
			size = 3
		case 25, 39:
			size = 2
		case 38:
			size = 6
		case 41:
			size = 8
		case 42:
			size = 15
		case 43:
			size = 40
		case 2, 32, 35:
			head, size = 2, twoDigits(b)
			if size < 0 || size > mixLongest(number) {
				return floorError(number)
			}
		default:
			return floorError(number)
		}
		if len(b) < head+size {
			return floorError(number)
		}
		value := b[head : head+size]
		switch number {
		case 35:
			if !track(value) {
				return floorError(number)
			}
		case 37, 38, 39, 41, 42, 43, 49:
			if !printable(value) {
				return floorError(number)
			}
		default:
			if !digits(value) {
				return floorError(number)
			}
		}
		f.fields[number], b = value, b[head+size:]
	}
	if len(b) != 0 {
		return floorError(0)
	}
	return nil
}

func mixLongest(number int) int {
	switch number {
	case 2:
		return 19
	case 32:
		return 11
	default:
		return 37
	}
}

// packMix packs what unpackMix read, fields 11 and 41 perhaps set since.
func packMix(f *floor, dst []byte) []byte {
	dst = append(dst, f.fields[0]...)
	word := binary.BigEndian.Uint64(f.edit[:])
	if f.fields[11] != nil {
		word |= 1 << (64 - 11)
	}
	if f.fields[41] != nil {
		word |= 1 << (64 - 41)
	}
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], word)
	for _, c := range raw {
		dst = append(dst, "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
	}
	for word != 0 {
		number := bits.LeadingZeros64(word) + 1
		word &^= 1 << (64 - number)
		value := f.fields[number]
		switch number {
		case 2, 32, 35:
			dst = append(dst, '0'+byte(len(value)/10), '0'+byte(len(value)%10))
		}
		dst = append(dst, value...)
	}
	return dst
}
