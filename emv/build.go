package emv

import "slices"

// AppendTLV appends a data object to dst, the length in its shortest form. It never leaves the length octet out: an
// empty value is 00. Values of 16 MiB and more, which EMV cannot carry, get a length of four octets that strict
// readers refuse.
func AppendTLV(dst []byte, t Tag, v []byte) []byte {
	if n := len(v); n < 0x80 && t < 1<<16 {
		if t < 1<<8 {
			dst = append(dst, byte(t), byte(n))
		} else {
			dst = append(dst, byte(t>>8), byte(t), byte(n))
		}
		return append(dst, v...)
	}
	return append(appendLength(t.Append(dst), len(v)), v...)
}

// appendLength appends the length n in its shortest form.
func appendLength(dst []byte, n int) []byte {
	if n < 0x80 {
		return append(dst, byte(n))
	}
	return appendLongLength(dst, n, octetsOf(n))
}

// appendLongLength appends the length n in the long form, with the given number of octets behind the first.
func appendLongLength(dst []byte, n, octets int) []byte {
	dst = append(dst, 0x80|byte(octets))
	for i := octets - 1; i >= 0; i-- {
		dst = append(dst, byte(n>>(8*i)))
	}
	return dst
}

func octetsOf(n int) int {
	octets := 1
	for n >>= 8; n > 0; n >>= 8 {
		octets++
	}
	return octets
}

// AppendTemplate appends an object whose value is what f appends:
//
//	dst = emv.AppendTemplate(dst, 0x70, func(dst []byte) []byte {
//		return emv.AppendTLV(dst, 0x5A, pan)
//	})
//
// The length is put in afterwards, in its shortest form; only values of 128 bytes and more are moved for it.
func AppendTemplate(dst []byte, t Tag, f func(dst []byte) []byte) []byte {
	dst = append(t.Append(dst), 0)
	from := len(dst)
	dst = f(dst)
	n := len(dst) - from
	if n < 0x80 {
		dst[from-1] = byte(n)
		return dst
	}
	var length [5]byte
	return slices.Replace(dst, from-1, from, appendLength(length[:0], n)...)
}

// AppendN appends an object of format n: the number in packed decimal digits, right-justified in the given number of
// octets with zeros before it. 9F02 of 19.99 yuan is AppendN(dst, 0x9F02, 1999, 6). It returns dst unchanged and
// ErrDigits when the number does not fit. EMV Book 3 section 4.3.
func AppendN(dst []byte, t Tag, n uint64, octets int) ([]byte, error) {
	rest := n
	for range octets {
		rest /= 100
	}
	if rest != 0 || octets < 0 {
		return dst, &ValueError{Tag: t, Err: ErrDigits}
	}
	out := appendLength(t.Append(dst), octets)
	from := len(out)
	out = append(out, make([]byte, octets)...)
	for i := len(out) - 1; i >= from; i-- {
		out[i] = byte(n/10%10)<<4 | byte(n%10)
		n /= 100
	}
	return out, nil
}

// AppendCN appends an object of format cn: packed decimal digits, left-justified, with an F at the end when their
// number is odd. It returns dst unchanged and ErrDigits when digits holds anything else. EMV Book 3 section 4.3.
func AppendCN(dst []byte, t Tag, digits string) ([]byte, error) {
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return dst, &ValueError{Tag: t, Offset: i, Err: ErrDigits}
		}
	}
	out := appendLength(t.Append(dst), (len(digits)+1)/2)
	for i := 0; i < len(digits); i += 2 {
		low := byte(0xF)
		if i+1 < len(digits) {
			low = digits[i+1] - '0'
		}
		out = append(out, (digits[i]-'0')<<4|low)
	}
	return out, nil
}
