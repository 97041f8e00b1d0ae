package wire

import (
	"strconv"
	"strings"

	"github.com/posline/posline/message/internal/fault"
)

// Values are set from the characters of text and digits or the bytes of binary data. The functions of this file make
// them of other forms.

// AppendFromText appends a value given as text: hexadecimal for binary data.
func (f *Form) AppendFromText(dst, text []byte) ([]byte, *fault.Fault) {
	if f.Content != Any {
		return append(dst, text...), nil
	}
	dst, ok := AppendHex(dst, text)
	if !ok {
		return dst, fault.Of(fault.Digit, f.Path, fault.Detail("binary data is set as hexadecimal text"))
	}
	return dst, nil
}

// AppendFromInt appends a value given as a number.
func (f *Form) AppendFromInt(dst []byte, x int64) ([]byte, *fault.Fault) {
	if x < 0 {
		return f.AppendFromNumber(dst, uint64(-x), true) // also for the least int64, whose negative wraps to its magnitude
	}
	return f.AppendFromNumber(dst, uint64(x), false)
}

// AppendFromNumber appends a value given as a magnitude, with the sign that the form has. A negative one needs a form
// that is signed or zoned. Binary data is no number, since Magnitude reads none from it.
func (f *Form) AppendFromNumber(dst []byte, magnitude uint64, negative bool) ([]byte, *fault.Fault) {
	if f.Content == Any {
		return dst, notNumber(f)
	}
	var buf [20]byte
	digits := strconv.AppendUint(buf[:0], magnitude, 10)
	switch {
	case f.Signed:
		plus, minus := byte('C'), byte('D')
		if strings.IndexByte(f.Signs, minus) < 0 {
			plus, minus = '+', '-'
		}
		if negative {
			plus = minus
		}
		dst = append(dst, plus)
		for range f.Min - len(digits) {
			dst = append(dst, '0')
		}
	case negative && f.Coding == Zoned:
		dst = append(dst, '-')
	case negative:
		return dst, fault.Of(fault.Type, f.Path, fault.Detail("a negative number needs a sign"))
	}
	return append(dst, digits...), nil
}

// UnitsSet is the length of a value that has been written, padding included.
func (f *Form) UnitsSet(value []byte) int {
	units := len(value)
	if f.Signed {
		units--
	}
	if f.Coding == Zoned && units > 0 && value[0] == '-' {
		units--
	}
	return units + f.Padding(units)
}
