package message

import (
	"strconv"

	"github.com/posline/posline/spec"
)

// prefix reads and writes length prefixes.
type prefix struct {
	size      int // bytes on the wire; 0 for BER, whose size depends on the value
	coding    spec.Encoding
	unit      spec.Unit
	inclusive bool
	digits    uint8 // decimal digits; bytes of a binary or hexadecimal number
	limit     int32 // the largest number that fits
}

func newPrefix(p spec.Prefix) prefix {
	out := prefix{coding: p.Encoding, digits: uint8(p.Digits), size: p.Digits, unit: p.Unit, inclusive: p.Inclusive}
	switch p.Encoding {
	case spec.BCD:
		out.size = (p.Digits + 1) / 2
	case spec.HexASCII, spec.HexEBCDIC:
		out.size = 2 * p.Digits
	}
	base, limit := 10, 1
	if p.Encoding == spec.Binary || p.Encoding == spec.HexASCII || p.Encoding == spec.HexEBCDIC {
		base = 256
	}
	for range p.Digits {
		limit = min(limit*base, 8*spec.MaxLength)
	}
	out.limit = int32(limit - 1)
	if p.Encoding == spec.BER {
		out.size, out.limit = 0, spec.MaxLength
	}
	return out
}

// quick returns the number at pos for the most usual prefixes when all is well with it, and a negative number
// otherwise: read then tells more.
func (p *prefix) quick(buf []byte, pos int) int {
	if pos+p.size > len(buf) {
		return -1
	}
	head := buf[pos:]
	switch {
	case p.coding == spec.ASCII && p.size == 2:
		if high, low := head[0]-'0', head[1]-'0'; high <= 9 && low <= 9 {
			return int(high)*10 + int(low)
		}
	case p.coding == spec.ASCII && p.size == 3:
		if high, mid, low := head[0]-'0', head[1]-'0', head[2]-'0'; high <= 9 && mid <= 9 && low <= 9 {
			return int(high)*100 + int(mid)*10 + int(low)
		}
	case p.coding == spec.BCD && p.size == 1 && p.digits == 2:
		return packedPair[head[0]]
	case p.coding == spec.BCD && p.size == 2:
		high := packedPair[head[0]]
		if low := packedPair[head[1]]; low >= 0 && (p.digits == 4 || high <= 9) {
			return high*100 + low
		}
	}
	return -1
}

// packedPair is the number that a byte of two packed digits holds; out of reach below zero where a nibble is no digit.
var packedPair = makePackedPair()

func makePackedPair() (t [256]int) {
	for c := range t {
		if t[c] = c>>4*10 + c&15; c>>4 > 9 || c&15 > 9 {
			t[c] = -1 << 20
		}
	}
	return t
}

// read returns the number at pos and the size of the prefix. The error has no path yet.
func (p *prefix) read(buf []byte, pos int) (count, size int, err *Error) {
	if p.coding == spec.BER {
		return readBERLength(buf, pos)
	}
	if pos+p.size > len(buf) {
		return 0, 0, fault(ErrTruncated, "", pos, detail("in the length"))
	}
	head := buf[pos : pos+p.size]
	ok := true
	switch p.coding {
	case spec.ASCII:
		for _, c := range head {
			ok = ok && c-'0' <= 9
			count = count*10 + int(c-'0')
		}
	case spec.BCD:
		ok = allBCD(head) && (p.digits%2 == 0 || head[0]>>4 == 0)
		for _, c := range head {
			count = count*100 + int(c>>4)*10 + int(c&15)
		}
	case spec.Binary:
		for _, c := range head {
			count = min(count, maxImage>>8)<<8 | int(c) // stays within 32 bits
		}
	case spec.HexASCII, spec.HexEBCDIC:
		for _, c := range head {
			digit := hexDigit(c, p.coding)
			ok = ok && digit < 16
			count = min(count, maxImage>>4)<<4 | int(digit&15)
		}
	default: // the digits of every EBCDIC page are F0 to F9
		for _, c := range head {
			ok = ok && c-0xF0 <= 9
			count = count*10 + int(c-0xF0)
		}
	}
	if p.inclusive {
		count -= p.size
		ok = ok && count >= 0
	}
	if !ok {
		return 0, 0, fault(ErrLength, "", pos, nil)
	}
	return count, p.size, nil
}

// appendTo writes the prefix of a length. The caller has checked that it fits.
func (p *prefix) appendTo(dst []byte, count int) []byte {
	if p.coding == spec.BER {
		return appendBERLength(dst, count)
	}
	if p.inclusive {
		count += p.size
	}
	start := len(dst)
	for range p.size {
		dst = append(dst, 0)
	}
	for i := len(dst) - 1; i >= start; i-- {
		switch p.coding {
		case spec.ASCII:
			dst[i], count = '0'+byte(count%10), count/10
		case spec.BCD:
			dst[i], count = byte(count%10)|byte(count/10%10)<<4, count/100
		case spec.Binary:
			dst[i], count = byte(count), count>>8
		case spec.HexASCII, spec.HexEBCDIC:
			dst[i], count = hexChar(byte(count&15), p.coding), count>>4
		default:
			dst[i], count = 0xF0+byte(count%10), count/10
		}
	}
	return dst
}

// appendQuick is appendTo for the prefix of a plain field, which counts the value alone, with the most usual ones
// written out.
func (p *prefix) appendQuick(dst []byte, count int) []byte {
	switch {
	case p.coding == spec.ASCII && p.size == 2:
		return append(dst, '0'+byte(count/10), '0'+byte(count%10))
	case p.coding == spec.ASCII && p.size == 3:
		return append(dst, '0'+byte(count/100), '0'+byte(count/10%10), '0'+byte(count%10))
	case p.coding == spec.BCD && p.size == 1:
		return append(dst, byte(count/10)<<4|byte(count%10))
	}
	return p.appendTo(dst, count)
}

// fits tells whether a length can be written.
func (p *prefix) fits(count int) bool {
	if p.inclusive {
		count += p.size
	}
	return count <= int(p.limit)
}

// readBERLength reads a BER-TLV length of at most four bytes (ISO/IEC 8825-1, 8.1.3). Indefinite lengths are refused:
// payment data has none.
func readBERLength(buf []byte, pos int) (count, size int, err *Error) {
	if pos >= len(buf) {
		return 0, 0, fault(ErrTruncated, "", pos, detail("in the length"))
	}
	first := buf[pos]
	if first < 0x80 {
		return int(first), 1, nil
	}
	n := int(first & 0x7F)
	if n == 0 || n > 4 {
		return 0, 0, fault(ErrLength, "", pos, detail("length of "+strconv.Itoa(n)+" bytes"))
	}
	if pos+1+n > len(buf) {
		return 0, 0, fault(ErrTruncated, "", pos, detail("in the length"))
	}
	for _, c := range buf[pos+1 : pos+1+n] {
		count = min(count, maxImage>>8)<<8 | int(c)
	}
	return count, 1 + n, nil
}

// appendBERLength writes a BER-TLV length in its shortest form.
func appendBERLength(dst []byte, count int) []byte {
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

// hexValues holds the value of every hexadecimal character in ASCII, 255 for the other bytes; hexEBCDIC in EBCDIC.
var hexValues, hexEBCDIC = makeHexValues()

func makeHexValues() (ascii, ebcdic [256]byte) {
	for c := range 256 {
		ascii[c], ebcdic[c] = 255, 255
	}
	for i := range byte(10) {
		ascii['0'+i], ebcdic[0xF0+i] = i, i
	}
	for i := range byte(6) {
		ascii['A'+i], ascii['a'+i] = 10+i, 10+i
		ebcdic[0xC1+i], ebcdic[0x81+i] = 10+i, 10+i
	}
	return ascii, ebcdic
}

// hexDigit returns the value of a hexadecimal character, 255 if it is none.
func hexDigit(c byte, coding spec.Encoding) byte {
	if coding == spec.HexEBCDIC {
		return hexEBCDIC[c]
	}
	return hexValues[c]
}

// hexChar returns the upper-case hexadecimal character of a nibble.
func hexChar(nibble byte, coding spec.Encoding) byte {
	if coding == spec.HexEBCDIC {
		if nibble < 10 {
			return 0xF0 + nibble
		}
		return 0xC1 + nibble - 10
	}
	return "0123456789ABCDEF"[nibble]
}
