package message

import (
	"encoding/binary"
	"math/bits"

	"github.com/posline/posline/spec"
)

// bitmapForm is how bitmaps are written. Bits are kept in words of 64, bit 1 the highest of the first word.
type bitmapForm struct {
	coding   spec.Encoding
	bytes    int // of one bitmap
	max      int // bitmaps
	plain    bool
	tertiary int // data element that carries the third bitmap; 0 for none
	absent   bool
	all      [3]uint64 // where bitmaps are absent: all data elements of the spec
}

func newBitmapForm(b spec.Bitmap) bitmapForm {
	return bitmapForm{coding: b.Encoding, bytes: b.Bytes, max: b.Max, plain: b.Plain, tertiary: b.TertiaryField, absent: b.Absent}
}

const firstBit = 1 << 63

// highest is the highest bit there can be.
func (f *bitmapForm) highest() int { return 8 * f.bytes * f.max }

// inFront is how many bitmaps may stand together before the first field.
func (f *bitmapForm) inFront() int {
	if f.tertiary != 0 {
		return min(f.max, 2)
	}
	return f.max
}

// wireSize is the size of one bitmap on the wire.
func (f *bitmapForm) wireSize() int {
	if f.coding == spec.Raw {
		return f.bytes
	}
	return 2 * f.bytes
}

// read reads the bitmaps at pos into words, without their continuation bits. The error has no path.
func (f *bitmapForm) read(buf []byte, pos int, words *[3]uint64) (size, count int, err *Error) {
	*words = [3]uint64{}
	if f.absent {
		*words = f.all // those that the bytes do not reach are not there
		return 0, 0, nil
	}
	for {
		word, err := f.readOne(buf, pos+size)
		if err != nil {
			return 0, 0, err
		}
		size += f.wireSize()
		if f.plain && count+1 < f.max {
			words[count] = word
			count++
			continue
		}
		more := word&firstBit != 0 && !f.plain
		if more && count+1 < f.inFront() {
			words[count] = word &^ firstBit
			count++
			continue
		}
		if more && count+1 == f.max && count == 0 {
			return 0, 0, fault(ErrBitmap, "", pos, detail("announces a second bitmap"))
		}
		words[count] = word
		return size, count + 1, nil
	}
}

// readOne reads one bitmap into the high bits of a word.
func (f *bitmapForm) readOne(buf []byte, pos int) (uint64, *Error) {
	size := f.wireSize()
	if pos+size > len(buf) {
		return 0, fault(ErrTruncated, "", pos, lengths{"bytes left, needed:", len(buf) - pos, size})
	}
	if f.coding == spec.Raw && f.bytes == 8 {
		return binary.BigEndian.Uint64(buf[pos:]), nil
	}
	var word uint64
	if f.coding == spec.Raw {
		for _, c := range buf[pos : pos+size] {
			word = word<<8 | uint64(c)
		}
		return word << (64 - 8*f.bytes), nil
	}
	digits := &hexValues
	if f.coding == spec.HexEBCDIC {
		digits = &hexEBCDIC
	}
	for i, c := range buf[pos : pos+size] {
		digit := digits[c]
		if digit > 15 {
			return 0, fault(ErrBitmap, "", pos+i, detail("not a hexadecimal digit"))
		}
		word = word<<4 | uint64(digit)
	}
	return word << (64 - 8*f.bytes), nil
}

// needed is how many bitmaps the bits need in front of the fields.
func (f *bitmapForm) needed(words *[3]uint64) int {
	switch {
	case f.absent:
		return 0
	case f.plain:
		return f.max
	case words[2] != 0 && f.inFront() > 2:
		return 3
	case words[1]|words[2] != 0:
		return 2
	default:
		return 1
	}
}

// append writes so many bitmaps, with their continuation bits.
func (f *bitmapForm) append(dst []byte, words *[3]uint64, count int) []byte {
	for i := range count {
		word := words[i]
		if i+1 < count && !f.plain {
			word |= firstBit
		}
		dst = f.appendOne(dst, word)
	}
	return dst
}

func (f *bitmapForm) appendOne(dst []byte, word uint64) []byte {
	if f.coding == spec.Raw && f.bytes == 8 {
		return binary.BigEndian.AppendUint64(dst, word)
	}
	if f.coding == spec.Raw {
		for i := range f.bytes {
			dst = append(dst, byte(word>>(56-8*i)))
		}
		return dst
	}
	digits := "0123456789ABCDEF"
	if f.coding == spec.HexEBCDIC {
		digits = "\xF0\xF1\xF2\xF3\xF4\xF5\xF6\xF7\xF8\xF9\xC1\xC2\xC3\xC4\xC5\xC6"
	}
	var text [16]byte
	for i := range text {
		text[i] = digits[word>>(60-4*i)&15]
	}
	return append(dst, text[:2*f.bytes]...)
}

// fieldBits yields the numbers of the bits that are set, ascending.
func fieldBits(words *[3]uint64) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for w, word := range words {
			for ; word != 0; word &^= firstBit >> bits.LeadingZeros64(word) {
				if !yield(64*w + bits.LeadingZeros64(word) + 1) {
					return
				}
			}
		}
	}
}

func bitOf(number int) (word int, mask uint64) {
	i := uint(number - 1)
	return int(i / 64), firstBit >> (i % 64)
}
