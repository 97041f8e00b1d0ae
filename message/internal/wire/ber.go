package wire

import (
	"slices"
	"strconv"

	"github.com/posline/posline/message/internal/fault"
)

// ReadBERLength reads a BER-TLV length of at most four bytes (ISO/IEC 8825-1, 8.1.3). Indefinite lengths are refused:
// payment data has none.
func ReadBERLength(buf []byte, pos int) (count, size int, err *fault.Fault) {
	if pos >= len(buf) {
		return 0, 0, fault.New(fault.Truncated, "", pos, fault.Detail("in the length"))
	}
	first := buf[pos]
	if first < 0x80 {
		return int(first), 1, nil
	}
	n := int(first & 0x7F)
	if n == 0 || n > 4 {
		return 0, 0, fault.New(fault.Length, "", pos, fault.Detail("length of "+strconv.Itoa(n)+" bytes"))
	}
	if pos+1+n > len(buf) {
		return 0, 0, fault.New(fault.Truncated, "", pos, fault.Detail("in the length"))
	}
	for _, c := range buf[pos+1 : pos+1+n] {
		count = min(count, MaxImage>>8)<<8 | int(c)
	}
	return count, 1 + n, nil
}

// AppendBERLength writes a BER-TLV length in its shortest form.
func AppendBERLength(dst []byte, count int) []byte {
	switch {
	case count < 0x80:
		return append(dst, byte(count))
	case count < 0x100:
		return append(dst, 0x81, byte(count))
	case count < 0x10000:
		return append(dst, 0x82, byte(count>>8), byte(count))
	default:
		return append(dst, 0x83, byte(count>>16), byte(count>>8), byte(count))
	}
}

// BERTagSize returns the size of the BER tag at the start of b, 1 to 4; 0 if there is none.
func BERTagSize(b []byte) int {
	if len(b) > 0 && b[0]&0x1F != 0x1F {
		return 1
	}
	for i := 1; i < len(b) && i < 4; i++ {
		if b[i]&0x80 == 0 {
			return i + 1
		}
	}
	return 0
}

// Objects tells in one go that BER-TLV data objects are sound: those whose values may be any bytes, up to a length, and
// those of packed digits. It is for the good case: a walk finds out what is wrong.
type Objects struct {
	Longest int // the least of the longest values that are any bytes

	first [256]uint8 // by the last byte of the tag: where its special objects start, from 1; 0 for none
	list  []special
}

// special is an object that is more than any bytes.
type special struct {
	tag       uint32
	low, high int // bytes that its digits take; low above high for one that only a walk can judge
}

// Special adds an object that is not any bytes. form is nil where only a walk can judge it.
func (o *Objects) Special(tag uint32, form *Form) {
	one := special{tag: tag, low: 1}
	if form != nil && form.Coding == BCD && form.Content == Digit && form.Prefix.Unit == Bytes && !form.Signed && form.Filler > 9 && form.Max%2 == 0 {
		one.low, one.high = (form.Min+1)/2, form.Max/2
	}
	at := len(o.list)
	for i := range o.list {
		if byte(o.list[i].tag) == byte(tag) {
			at = i
			break
		}
	}
	o.list = slices.Insert(o.list, at, one)
	o.first = [256]uint8{}
	for i := len(o.list) - 1; i >= 0; i-- {
		o.first[byte(o.list[i].tag)] = uint8(i + 1)
	}
}

// Sound tells whether b is sound objects. Zero bytes may stand between them (EMV Book 3, annex B1).
func (o *Objects) Sound(b []byte) bool {
	for len(b) > 0 {
		if b[0] == 0 {
			b = b[1:]
			continue
		}
		tag := BERTagSize(b)
		if tag == 0 || tag >= len(b) {
			return false
		}
		size, head := int(b[tag]), tag+1
		if size >= 0x80 {
			count, used, err := ReadBERLength(b, tag)
			if err != nil {
				return false
			}
			size, head = count, tag+used
		}
		if size > len(b)-head {
			return false
		}
		if first := o.first[b[tag-1]]; first == 0 {
			if size > o.Longest {
				return false
			}
		} else if !o.soundSpecial(int(first)-1, b[:tag], b[head:head+size]) {
			return false
		}
		b = b[head+size:]
	}
	return true
}

// soundSpecial looks for the tag among the special ones from index i on.
func (o *Objects) soundSpecial(i int, tag, value []byte) bool {
	var key uint32
	for _, c := range tag {
		key = key<<8 | uint32(c)
	}
	for ; i < len(o.list) && byte(o.list[i].tag) == byte(key); i++ {
		if one := &o.list[i]; one.tag == key {
			return len(value) >= one.low && len(value) <= one.high && AllBCD(value)
		}
	}
	return len(value) <= o.Longest
}
