package wire

import (
	"encoding/binary"
	"math/bits"

	"github.com/posline/posline/message/internal/fault"
)

// Bitmap is how bitmaps are written. Bits are kept in words of 64, bit 1 the highest of the first word.
type Bitmap struct {
	Coding   Coding
	Bytes    int       // of one bitmap
	Max      int       // bitmaps
	Min      int       // bitmaps that there always are; 0 and 1 are the same
	Plain    bool      // the first bits are ordinary ones: there are always Max bitmaps
	Tertiary int       // data element that carries the third bitmap; 0 for none
	Absent   bool      // there are no bitmaps
	All      [3]uint64 // where bitmaps are absent: all data elements of the format
}

// FirstBit is bit 1 of a word.
const FirstBit = 1 << 63

// Highest is the highest bit there can be.
func (f *Bitmap) Highest() int { return 8 * f.Bytes * f.Max }

// InFront is how many bitmaps may stand together before the first field.
func (f *Bitmap) InFront() int {
	if f.Tertiary != 0 {
		return min(f.Max, 2)
	}
	return f.Max
}

// WireSize is the size of one bitmap on the wire.
func (f *Bitmap) WireSize() int {
	if f.Coding == Raw {
		return f.Bytes
	}
	return 2 * f.Bytes
}

// Read reads the bitmaps at pos into words, without their continuation bits. The error has no path.
func (f *Bitmap) Read(buf []byte, pos int, words *[3]uint64) (size, count int, err *fault.Fault) {
	*words = [3]uint64{}
	if f.Absent {
		*words = f.All // those that the bytes do not reach are not there
		return 0, 0, nil
	}
	for {
		word, err := f.ReadOne(buf, pos+size)
		if err != nil {
			return 0, 0, err
		}
		size += f.WireSize()
		if f.Plain && count+1 < f.Max {
			words[count] = word
			count++
			continue
		}
		more := word&FirstBit != 0 && !f.Plain
		if more && count+1 < f.InFront() {
			words[count] = word &^ FirstBit
			count++
			continue
		}
		if more && count+1 == f.Max && count == 0 {
			return 0, 0, fault.New(fault.Bitmap, "", pos, fault.Detail("announces a second bitmap"))
		}
		if count+1 < f.Min {
			return 0, 0, fault.New(fault.Bitmap, "", pos, fault.Detail("announces too few bitmaps"))
		}
		words[count] = word
		return size, count + 1, nil
	}
}

// ReadOne reads one bitmap into the high bits of a word.
func (f *Bitmap) ReadOne(buf []byte, pos int) (uint64, *fault.Fault) {
	size := f.WireSize()
	if pos+size > len(buf) {
		return 0, fault.New(fault.Truncated, "", pos, fault.Lengths{What: "bytes left, needed:", Got: len(buf) - pos, Want: size})
	}
	if f.Coding == Raw && f.Bytes == 8 {
		return binary.BigEndian.Uint64(buf[pos:]), nil
	}
	var word uint64
	if f.Coding == Raw {
		for _, c := range buf[pos : pos+size] {
			word = word<<8 | uint64(c)
		}
		return word << (64 - 8*f.Bytes), nil
	}
	digits := &hexValues
	if f.Coding == HexEBCDIC {
		digits = &hexEBCDIC
	}
	for i, c := range buf[pos : pos+size] {
		digit := digits[c]
		if digit > 15 {
			return 0, fault.New(fault.Bitmap, "", pos+i, fault.Detail("not a hexadecimal digit"))
		}
		word = word<<4 | uint64(digit)
	}
	return word << (64 - 8*f.Bytes), nil
}

// Needed is how many bitmaps the bits need in front of the fields.
func (f *Bitmap) Needed(words *[3]uint64) int {
	switch {
	case f.Absent:
		return 0
	case f.Plain:
		return f.Max
	case words[2] != 0 && f.InFront() > 2:
		return 3
	case words[1]|words[2] != 0:
		return max(2, f.Min)
	default:
		return max(1, f.Min)
	}
}

// Append writes so many bitmaps, with their continuation bits.
func (f *Bitmap) Append(dst []byte, words *[3]uint64, count int) []byte {
	for i := range count {
		word := words[i]
		if i+1 < count && !f.Plain {
			word |= FirstBit
		}
		dst = f.AppendOne(dst, word)
	}
	return dst
}

func (f *Bitmap) AppendOne(dst []byte, word uint64) []byte {
	if f.Coding == Raw && f.Bytes == 8 {
		return binary.BigEndian.AppendUint64(dst, word)
	}
	if f.Coding == Raw {
		for i := range f.Bytes {
			dst = append(dst, byte(word>>(56-8*i)))
		}
		return dst
	}
	var coded [8]byte
	binary.BigEndian.PutUint64(coded[:], word)
	var text [16]byte
	unpackDigits(text[:], coded[:])
	if f.Coding == HexEBCDIC {
		for i, c := range text {
			text[i] = HexChar(HexDigit(c, HexASCII), HexEBCDIC)
		}
	}
	return append(dst, text[:2*f.Bytes]...)
}

// Bits yields the numbers of the bits that are set, ascending.
func Bits(words *[3]uint64) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for w, word := range words {
			for ; word != 0; word &^= FirstBit >> bits.LeadingZeros64(word) {
				if !yield(64*w + bits.LeadingZeros64(word) + 1) {
					return
				}
			}
		}
	}
}

func BitOf(number int) (word int, mask uint64) {
	i := uint(number - 1)
	return int(i / 64), FirstBit >> (i % 64)
}
