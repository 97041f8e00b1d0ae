package connection

// appendLength writes v, which the caller has checked to fit, as a length of the given width.
func appendLength(dst []byte, e LengthEncoding, width int, v uint64) []byte {
	start := len(dst)
	for range width {
		dst = append(dst, 0)
	}
	field := dst[start:]
	if e == LittleEndian {
		for i := range field {
			field[i] = byte(v)
			v >>= 8
		}
		return dst
	}
	for i := width - 1; i >= 0; i-- {
		switch e {
		case BigEndian:
			field[i] = byte(v)
			v >>= 8
		case BCD:
			field[i] = byte(v/10%10<<4 | v%10)
			v /= 100
		case ASCII:
			field[i] = '0' + byte(v%10)
			v /= 10
		case EBCDIC:
			field[i] = 0xF0 + byte(v%10)
			v /= 10
		case ASCIIHex:
			field[i] = "0123456789abcdef"[v&15]
			v >>= 4
		}
	}
	return dst
}

// parseLength reads a length strictly: no sign, no blank, no digit outside the encoding's ten or sixteen.
func parseLength(field []byte, e LengthEncoding) (v uint64, ok bool) {
	if e == LittleEndian {
		for i := len(field) - 1; i >= 0; i-- {
			v = v<<8 | uint64(field[i])
		}
		return v, true
	}
	for _, c := range field {
		switch e {
		case BigEndian:
			v = v<<8 | uint64(c)
		case BCD:
			if c>>4 > 9 || c&15 > 9 {
				return 0, false
			}
			v = v*100 + uint64(c>>4)*10 + uint64(c&15)
		case ASCII:
			if c < '0' || c > '9' {
				return 0, false
			}
			v = v*10 + uint64(c-'0')
		case EBCDIC:
			if c < 0xF0 || c > 0xF9 {
				return 0, false
			}
			v = v*10 + uint64(c-0xF0)
		case ASCIIHex:
			digit, ok := hexDigit(c)
			if !ok {
				return 0, false
			}
			v = v<<4 | uint64(digit)
		}
	}
	return v, true
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
