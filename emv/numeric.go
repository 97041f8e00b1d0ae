package emv

import "strings"

// ParseN reads a value of format n: packed decimal digits with zeros before them, in minor units when it is an amount.
// It takes up to 10 octets and refuses a number above 18446744073709551615. EMV Book 3 section 4.3.
func ParseN(b []byte) (uint64, error) {
	var n uint64
	for i, c := range b {
		high, low := uint64(c>>4), uint64(c&0xF)
		if high > 9 || low > 9 {
			return 0, &ValueError{Offset: i, Err: ErrDigits}
		}
		next := n*100 + high*10 + low
		if n > (1<<64-1)/100 || next < n {
			return 0, &ValueError{Offset: i, Err: ErrDigits}
		}
		n = next
	}
	return n, nil
}

// ParseCN reads a value of format cn: packed decimal digits from the left, then F to the end. EMV Book 3 section 4.3.
func ParseCN(b []byte) (string, error) {
	digits := nibbles(b)
	n := len(strings.TrimRight(digits, "F"))
	if i := strings.IndexFunc(digits[:n], notDigit); i >= 0 {
		return "", &ValueError{Offset: i / 2, Err: ErrDigits}
	}
	return digits[:n], nil
}

// ParseB reads a value of format b that is a number: an amount in tag 81, a floor limit, a counter. It takes up to 8
// octets, the highest first.
func ParseB(b []byte) (uint64, error) {
	if len(b) > 8 {
		return 0, &ValueError{Err: ErrLength}
	}
	var n uint64
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return n, nil
}

// nibbles writes the octets as upper-case hexadecimal digits.
func nibbles(b []byte) string {
	const digits = "0123456789ABCDEF"
	var s strings.Builder
	s.Grow(2 * len(b))
	for _, c := range b {
		s.WriteByte(digits[c>>4])
		s.WriteByte(digits[c&0xF])
	}
	return s.String()
}

func notDigit(r rune) bool { return r < '0' || r > '9' }
