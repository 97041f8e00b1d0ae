package emv

import "strings"

// ParseHex reads data objects from hexadecimal digits as they are found in logs and documents: upper or lower case, with
// blanks and line ends between them. Anything else, and an odd number of digits, is ErrDigits with its offset.
func ParseHex(s string) (TLV, error) {
	d := make(TLV, 0, len(s)/2)
	half := -1
	for i := range len(s) {
		if strings.IndexByte(" \t\r\n", s[i]) >= 0 {
			continue
		}
		digit := strings.IndexByte("0123456789ABCDEFabcdef", s[i])
		switch {
		case digit < 0:
			return nil, &ValueError{Offset: i, Err: ErrDigits}
		case digit >= 16:
			digit -= 6
		}
		if half < 0 {
			half = digit
			continue
		}
		d = append(d, byte(half<<4|digit))
		half = -1
	}
	if half >= 0 {
		return nil, &ValueError{Offset: len(s), Err: ErrDigits}
	}
	return d, nil
}
