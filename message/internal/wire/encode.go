package wire

import (
	"strings"

	"github.com/posline/posline/message/internal/fault"
)

// AppendWire appends the field as it stands on the wire for a value: the characters of text and digits, the bytes of
// b. Nothing is appended when there is an error.
func (f *Form) AppendWire(dst, value []byte) ([]byte, *fault.Fault) {
	var sign byte
	if f.Signed {
		if len(value) == 0 || strings.IndexByte(f.Signs, value[0]) < 0 {
			return dst, fault.Of(fault.Character, f.Path, fault.Detail("sign is not one of "+f.Signs))
		}
		sign, value = value[0], value[1:]
	}
	units, minus := len(value), false
	if f.Coding == Zoned && units > 0 && value[0] == '-' {
		minus, value, units = true, value[1:], units-1
	}
	pad := f.Padding(units)
	units += pad
	if err := f.acceptable(value, units); err != nil {
		return dst, err
	}
	if f.Ending == EndPrefix {
		dst = f.Prefix.AppendTo(dst, f.Count(units))
	}
	if f.Signed {
		dst = append(dst, f.WireChar(sign))
	}
	dst = f.AppendContent(dst, value, pad)
	if minus {
		dst[len(dst)-1] &^= 0x20
	}
	if f.Reserve {
		for range f.WireSize(f.Max) - f.WireSize(units) {
			dst = append(dst, f.WireChar(f.PadChar))
		}
	}
	return append(dst, f.Mark...), nil
}

// Takes tells whether a plain field takes a value as it is, without padding.
func (f *Form) Takes(value []byte) bool {
	if !f.Plain || len(value) < f.Min || len(value) > f.Max {
		return false
	}
	switch f.Check {
	case CheckDigits, CheckBCD:
		return AllDigits(value)
	case CheckPrintable:
		return AllPrintable(value)
	case CheckSeven:
		return AllSeven(value)
	case CheckTrack:
		return AllTrack(value)
	case CheckNothing, CheckHex:
		return true
	default:
		return FirstOutside(value, f.Classes) < 0
	}
}

// AppendPackedPlain appends a value that the field takes as it is, in BCD or hexadecimal.
func (f *Form) AppendPackedPlain(dst, value []byte) []byte {
	if f.Coding != BCD {
		return f.AppendContent(dst, value, 0)
	}
	if len(value)%2 == 1 && !f.Left {
		dst = append(dst, f.Filler<<4|packedNibble(value[0]))
		value = value[1:]
	}
	return f.appendPairs(dst, value)
}

// Padding is how many pad characters a value of so many units gets.
func (f *Form) Padding(units int) int {
	switch {
	case f.Ending == EndPrefix && f.Coding == BCD && f.Prefix.Unit == Nibbles:
		return units & 1
	case f.PadSide == Neither || f.Reserve:
		return 0
	default:
		return max(0, max(f.Min, f.PadTo)-units)
	}
}

// Count is the number that the length prefix of a value holds.
func (f *Form) Count(units int) int {
	switch f.Prefix.Unit {
	case Bytes:
		return f.WireSize(units)
	case Nibbles:
		if f.Coding != BCD {
			return 2 * f.WireSize(units)
		}
	}
	if f.Signed {
		return units + 1
	}
	return units
}

// acceptable checks the value before padding, and its length with padding.
func (f *Form) acceptable(value []byte, units int) *fault.Fault {
	switch {
	case units > f.Max:
		return fault.Of(fault.TooLong, f.Path, fault.Lengths{What: "length and maximum:", Got: units, Want: f.Max})
	case units < f.Min:
		return fault.Of(fault.TooShort, f.Path, fault.Lengths{What: "length and minimum:", Got: units, Want: f.Min})
	case f.Ending == EndPrefix && !f.Prefix.Fits(f.Count(units)):
		return fault.Of(fault.TooLong, f.Path, fault.Detail("the length does not fit its prefix"))
	}
	good := true
	switch f.Check {
	case CheckNothing:
	case CheckDigits, CheckBCD, CheckZoned:
		good = AllDigits(value)
	case CheckPrintable:
		good = AllPrintable(value)
	case CheckHex: // the value is bytes
	default:
		good = FirstOutside(value, f.Classes) < 0
	}
	if good && f.Ending == EndMark {
		good = !strings.Contains(string(f.AppendContent(nil, value, 0)), f.Mark)
	}
	if !good {
		kind := fault.Character
		if f.Content == Digit {
			kind = fault.Digit
		}
		return fault.Of(kind, f.Path, fault.Detail("content is "+f.Notation))
	}
	return nil
}

// WireChar is a character as it stands on the wire.
func (f *Form) WireChar(c byte) byte {
	if f.Page != nil {
		return f.Page.FromLatin1[c]
	}
	return c
}

// AppendContent appends pad characters and value in the field's encoding.
func (f *Form) AppendContent(dst, value []byte, pad int) []byte {
	before, after := 0, pad
	if f.PadSide == Left {
		before, after = pad, 0
	}
	switch f.Coding {
	case BCD:
		if f.Prefix.Unit == Nibbles && f.Ending == EndPrefix {
			before, after = 0, pad
			if !f.Left {
				before, after = pad, 0
			}
		}
		return f.appendPacked(dst, value, before, after)
	case HexASCII, HexEBCDIC:
		return f.appendHexPairs(dst, value, before, after)
	case Zoned:
		for range before {
			dst = append(dst, 0xF0)
		}
		for _, c := range value {
			dst = append(dst, 0xF0|c&15)
		}
		return dst
	}
	for range before {
		dst = append(dst, f.WireChar(f.PadChar))
	}
	if f.Page == nil {
		dst = append(dst, value...)
	} else {
		for _, c := range value {
			dst = append(dst, f.Page.FromLatin1[c])
		}
	}
	for range after {
		dst = append(dst, f.WireChar(f.PadChar))
	}
	return dst
}

// appendHexPairs appends bytes or characters as hexadecimal, with pad characters before or after them.
func (f *Form) appendHexPairs(dst, value []byte, before, after int) []byte {
	high, low := HexChar(f.PadChar>>4, f.Coding), HexChar(f.PadChar&15, f.Coding)
	for range before {
		dst = append(dst, high, low)
	}
	for _, c := range value {
		dst = append(dst, HexChar(c>>4, f.Coding), HexChar(c&15, f.Coding))
	}
	for range after {
		dst = append(dst, high, low)
	}
	return dst
}

// appendPacked appends digits two a byte, with pad digits before or after them and the filler beside an odd number.
func (f *Form) appendPacked(dst, value []byte, before, after int) []byte {
	total := before + len(value) + after
	shift := 0 // nibbles before the first digit
	if total%2 == 1 && !f.Left {
		shift = 1
	}
	start := len(dst)
	if before+after == 0 && shift == 0 {
		return f.appendPairs(dst, value)
	}
	for range (total + 1) / 2 {
		dst = append(dst, f.Filler|f.Filler<<4)
	}
	pad := packedNibble(f.PadChar)
	if f.Prefix.Unit == Nibbles {
		pad = f.Filler
	}
	for i := range total {
		nibble := pad
		if i >= before && i < before+len(value) {
			nibble = packedNibble(value[i-before])
		}
		at, low := start+(i+shift)/2, (i+shift)%2 == 1
		if low {
			dst[at] = dst[at]&0xF0 | nibble
		} else {
			dst[at] = dst[at]&0x0F | nibble<<4
		}
	}
	return dst
}
