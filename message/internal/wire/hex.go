package wire

import "unsafe"

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

// HexDigit returns the value of a hexadecimal character, 255 if it is none.
func HexDigit(c byte, coding Coding) byte {
	if coding == HexEBCDIC {
		return hexEBCDIC[c]
	}
	return hexValues[c]
}

// HexChar returns the upper-case hexadecimal character of a nibble.
func HexChar(nibble byte, coding Coding) byte {
	if coding == HexEBCDIC {
		if nibble < 10 {
			return 0xF0 + nibble
		}
		return 0xC1 + nibble - 10
	}
	return "0123456789ABCDEF"[nibble]
}

// AppendHex appends the bytes that hexadecimal text stands for; ok is false if it is none.
func AppendHex(dst, text []byte) (out []byte, ok bool) {
	if len(text)%2 != 0 {
		return dst, false
	}
	for i := 0; i < len(text); i += 2 {
		high, low := HexDigit(text[i], HexASCII), HexDigit(text[i+1], HexASCII)
		if high|low > 15 {
			return dst, false
		}
		dst = append(dst, high<<4|low)
	}
	return dst, true
}

// AppendUpperHex appends bytes as hexadecimal text.
func AppendUpperHex(dst, b []byte) []byte {
	for _, c := range b {
		dst = append(dst, pairs[c][0], pairs[c][1])
	}
	return dst
}

// Hexed makes the bytes of b from an offset on hexadecimal text, in place as far as b has room.
func Hexed(b []byte, from int) []byte {
	n := len(b) - from
	b = append(b, b[from:]...)
	for i := n - 1; i >= 0; i-- {
		*(*[2]byte)(b[from+2*i:]) = pairs[b[from+i]]
	}
	return b
}

// BytesOf reads a string as bytes without copying. The bytes must not be written to or kept.
func BytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
