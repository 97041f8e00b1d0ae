package wire

import "github.com/posline/posline/message/internal/fault"

// Unit is what the number in a length prefix counts.
type Unit uint8

// The units.
const (
	OwnUnit Unit = iota // what the form counts: digits, characters or bytes
	Bytes               // bytes of the value as it stands on the wire
	Nibbles             // half bytes as they stand on the wire, fillers included
)

// maxLength bounds every length; package spec has the same bound for what a spec declares.
const maxLength = 1 << 20

// Prefix reads and writes length prefixes.
type Prefix struct {
	Size      int // bytes on the wire; 0 for BER, whose size depends on the value
	Coding    Coding
	Unit      Unit
	Inclusive bool  // it counts its own bytes too
	Digits    uint8 // decimal digits; bytes of a binary or hexadecimal number
	usual     usual
	Limit     int32 // the largest number that fits
}

// usual are the prefixes that Quick and AppendQuick know.
type usual uint8

const (
	unusual usual = iota
	twoDigits
	threeDigits
	onePacked
	twoPackedOdd // three digits in two bytes
	twoPacked
)

func (p *Prefix) usualKind() usual {
	switch {
	case p.Coding == ASCII && p.Size == 2:
		return twoDigits
	case p.Coding == ASCII && p.Size == 3:
		return threeDigits
	case p.Coding == BCD && p.Digits == 2:
		return onePacked
	case p.Coding == BCD && p.Digits == 3:
		return twoPackedOdd
	case p.Coding == BCD && p.Digits == 4:
		return twoPacked
	default:
		return unusual
	}
}

// NewPrefix makes a prefix of so many digits, or bytes of a binary or hexadecimal number.
func NewPrefix(coding Coding, digits int, unit Unit, inclusive bool) Prefix {
	p := Prefix{Coding: coding, Digits: uint8(digits), Size: digits, Unit: unit, Inclusive: inclusive}
	base, limit := 10, 1
	switch coding {
	case BCD:
		p.Size = (digits + 1) / 2
	case HexASCII, HexEBCDIC:
		p.Size = 2 * digits
		base = 256
	case Binary:
		base = 256
	}
	for range digits {
		limit = min(limit, 8*maxLength/base) * base // which stays within 32 bits
	}
	p.Limit = int32(limit - 1)
	if coding == BER {
		p.Size, p.Limit = 0, maxLength
	}
	p.usual = p.usualKind()
	return p
}

// Quick returns the number at pos for the most usual prefixes when all is well with it, and a negative number
// otherwise: read then tells more.
func (p *Prefix) Quick(buf []byte, pos int) int {
	if pos+p.Size > len(buf) {
		return -1
	}
	head := buf[pos:]
	switch p.usual {
	case twoDigits:
		if high, low := head[0]-'0', head[1]-'0'; high <= 9 && low <= 9 {
			return int(high)*10 + int(low)
		}
	case threeDigits:
		if high, mid, low := head[0]-'0', head[1]-'0', head[2]-'0'; high <= 9 && mid <= 9 && low <= 9 {
			return int(high)*100 + int(mid)*10 + int(low)
		}
	case onePacked:
		return packedPair[head[0]]
	case twoPackedOdd, twoPacked:
		high := packedPair[head[0]]
		if low := packedPair[head[1]]; low >= 0 && (p.usual == twoPacked || high <= 9) {
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

// Read returns the number at pos and the size of the prefix. The error has no path yet.
func (p *Prefix) Read(buf []byte, pos int) (count, size int, err *fault.Fault) {
	if p.Coding == BER {
		return ReadBERLength(buf, pos)
	}
	if pos+p.Size > len(buf) {
		return 0, 0, fault.New(fault.Truncated, "", pos, fault.Detail("in the length"))
	}
	head := buf[pos : pos+p.Size]
	ok := true
	switch p.Coding {
	case ASCII:
		for _, c := range head {
			ok = ok && c-'0' <= 9
			count = count*10 + int(c-'0')
		}
	case BCD:
		ok = AllBCD(head) && (p.Digits%2 == 0 || head[0]>>4 == 0)
		for _, c := range head {
			count = count*100 + int(c>>4)*10 + int(c&15)
		}
	case Binary:
		for _, c := range head {
			count = min(count, MaxImage>>8)<<8 | int(c) // stays within 32 bits
		}
	case HexASCII, HexEBCDIC:
		for _, c := range head {
			digit := HexDigit(c, p.Coding)
			ok = ok && digit < 16
			count = min(count, MaxImage>>4)<<4 | int(digit&15)
		}
	default: // the digits of every EBCDIC page are F0 to F9
		for _, c := range head {
			ok = ok && c-0xF0 <= 9
			count = count*10 + int(c-0xF0)
		}
	}
	if p.Inclusive {
		count -= p.Size
		ok = ok && count >= 0
	}
	if !ok {
		return 0, 0, fault.New(fault.Length, "", pos, nil)
	}
	return count, p.Size, nil
}

// AppendTo writes the prefix of a length. The caller has checked that it fits.
func (p *Prefix) AppendTo(dst []byte, count int) []byte {
	if p.Coding == BER {
		return AppendBERLength(dst, count)
	}
	if p.Inclusive {
		count += p.Size
	}
	start := len(dst)
	for range p.Size {
		dst = append(dst, 0)
	}
	for i := len(dst) - 1; i >= start; i-- {
		switch p.Coding {
		case ASCII:
			dst[i], count = '0'+byte(count%10), count/10
		case BCD:
			dst[i], count = byte(count%10)|byte(count/10%10)<<4, count/100
		case Binary:
			dst[i], count = byte(count), count>>8
		case HexASCII, HexEBCDIC:
			dst[i], count = HexChar(byte(count&15), p.Coding), count>>4
		default:
			dst[i], count = 0xF0+byte(count%10), count/10
		}
	}
	return dst
}

// AppendQuick is appendTo for the prefix of a plain field, which counts the value alone, with the most usual ones
// written out.
func (p *Prefix) AppendQuick(dst []byte, count int) []byte {
	switch p.usual {
	case twoDigits:
		return append(dst, '0'+byte(count/10), '0'+byte(count%10))
	case threeDigits:
		return append(dst, '0'+byte(count/100), '0'+byte(count/10%10), '0'+byte(count%10))
	case onePacked:
		return append(dst, byte(count/10)<<4|byte(count%10))
	}
	return p.AppendTo(dst, count)
}

// Fits tells whether a length can be written.
func (p *Prefix) Fits(count int) bool {
	if p.Inclusive {
		count += p.Size
	}
	return count <= int(p.Limit)
}
