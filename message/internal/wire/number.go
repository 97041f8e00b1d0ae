package wire

import (
	"bytes"
	"math"

	"github.com/posline/posline/message/internal/fault"
)

// Magnitude reads the content of a value as a number. The sign of x+n counts, D and - being negative, and so does a minus
// in front of digits. Blanks around the digits of text are padding.
func (f *Form) Magnitude(content []byte, units int) (magnitude uint64, negative bool, err *fault.Fault) {
	if f.Content == Any {
		return 0, false, notNumber(f)
	}
	var buf [64]byte
	text := f.AppendValue(buf[:0], content, units)
	if f.Content != Digit {
		text = bytes.Trim(text, " ")
	}
	if len(text) > 0 && (f.Signed || text[0] == '-') {
		negative, text = text[0] == 'D' || text[0] == '-', text[1:]
	}
	if len(text) == 0 || !AllDigits(text) {
		return 0, false, fault.Of(fault.Type, f.Path, fault.Detail("no number"))
	}
	for _, c := range text {
		digit := uint64(c - '0')
		if magnitude > (math.MaxUint64-digit)/10 {
			return 0, false, fault.Of(fault.TooLong, f.Path, nil)
		}
		magnitude = magnitude*10 + digit
	}
	return magnitude, negative, nil
}

func notNumber(f *Form) *fault.Fault {
	return fault.Of(fault.Type, f.Path, fault.Detail("binary data is no number"))
}

// Int64 is Magnitude for an int64.
func (f *Form) Int64(content []byte, units int) (int64, *fault.Fault) {
	magnitude, negative, err := f.Magnitude(content, units)
	switch {
	case err != nil:
		return 0, err
	case negative && magnitude <= 1<<63:
		return -int64(magnitude), nil // the least int64 is its own negative
	case magnitude > math.MaxInt64:
		return 0, fault.Of(fault.TooLong, f.Path, nil)
	default:
		return int64(magnitude), nil
	}
}
