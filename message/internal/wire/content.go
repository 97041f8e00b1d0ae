package wire

import (
	"strings"

	"github.com/posline/posline/message/internal/fault"
)

// Valid checks the content of a value of so many units, without its length prefix.
func (f *Form) Valid(b []byte, units int) bool {
	if f.Signed {
		if strings.IndexByte(f.Signs, f.Latin1(b[0])) < 0 {
			return false
		}
		b = b[1:]
	}
	return f.ValidContent(b, units)
}

// ValidContent is valid without the sign.
func (f *Form) ValidContent(b []byte, units int) bool {
	switch f.Check {
	case CheckDigits:
		return AllDigits(b)
	case CheckPrintable:
		return AllPrintable(b)
	case CheckTrack:
		return AllTrack(b)
	case CheckClass:
		return FirstOutside(b, f.Classes) < 0
	case CheckBCD, CheckNibbles:
		return f.validNibbles(b, units)
	case CheckSeven:
		return AllSeven(b)
	case CheckHex:
		return f.firstNoHex(b) < 0
	case CheckHexText:
		return f.firstNoHexText(b) < 0
	case CheckPage:
		return f.firstOffPage(b) < 0
	case CheckZoned:
		return firstNotZoned(b) < 0
	}
	return true
}

func (f *Form) validNibbles(b []byte, units int) bool {
	if units%2 == 0 {
		return f.Check == CheckNibbles || AllBCD(b)
	}
	last := len(b) - 1
	edge, digit, whole := b[0]>>4, b[0]&15, b[1:]
	if f.Left {
		edge, digit, whole = b[last]&15, b[last]>>4, b[:last]
	}
	if edge != f.Filler && !f.AnyFiller {
		return false
	}
	return f.Check == CheckNibbles || digit <= 9 && AllBCD(whole)
}

func (f *Form) firstNoHex(b []byte) int {
	for i, c := range b {
		if HexDigit(c, f.Coding) > 15 {
			return i
		}
	}
	return -1
}

func (f *Form) firstNoHexText(b []byte) int {
	for i := 0; i+1 < len(b); i += 2 {
		high, low := HexDigit(b[i], f.Coding), HexDigit(b[i+1], f.Coding)
		if high|low > 15 || classes[high<<4|low]&f.Classes == 0 {
			return i
		}
	}
	return -1
}

func (f *Form) firstOffPage(b []byte) int {
	for i, c := range b {
		if classes[f.Page.ToLatin1[c]]&f.Classes == 0 {
			return i
		}
	}
	return -1
}

func firstNotZoned(b []byte) int {
	for i, c := range b {
		if c-0xF0 > 9 && (i < len(b)-1 || c-0xD0 > 9) {
			return i
		}
	}
	return -1
}

// Explain makes the error for content that valid has refused; at is the offset of b in the message.
func (f *Form) Explain(b []byte, at, units int) *fault.Fault {
	if f.Signed {
		if strings.IndexByte(f.Signs, f.Latin1(b[0])) < 0 {
			return fault.New(fault.Character, f.Path, at, fault.Detail("sign is not one of "+f.Signs))
		}
		b, at = b[1:], at+1
	}
	kind, i := fault.Character, 0
	switch f.Check {
	case CheckDigits:
		kind, i = fault.Digit, FirstOutside(b, Digit)
	case CheckPrintable:
		i = FirstOutside(b, Letter|Digit|Special|Blank)
	case CheckTrack, CheckClass, CheckSeven:
		i = FirstOutside(b, f.Classes)
	case CheckHex:
		kind, i = fault.Digit, f.firstNoHex(b)
	case CheckHexText:
		i = f.firstNoHexText(b)
	case CheckPage:
		i = f.firstOffPage(b)
	case CheckZoned:
		kind, i = fault.Digit, firstNotZoned(b)
	case CheckBCD, CheckNibbles:
		return f.explainNibbles(b, at, units)
	}
	return fault.New(kind, f.Path, at+i, fault.Detail("content is "+f.Notation))
}

func (f *Form) explainNibbles(b []byte, at, units int) *fault.Fault {
	for i := range 2 * len(b) {
		nibble := b[i/2] >> (4 * (1 - i%2)) & 15
		edge := units%2 == 1 && (f.Left && i == 2*len(b)-1 || !f.Left && i == 0)
		switch {
		case edge && nibble != f.Filler && !f.AnyFiller:
			return fault.New(fault.Filler, f.Path, at+i/2, nil)
		case !edge && nibble > 9 && f.Check == CheckBCD:
			return fault.New(fault.Digit, f.Path, at+i/2, nil)
		}
	}
	return fault.New(fault.Digit, f.Path, at, nil)
}

// Latin1 returns the character of a byte of text on the wire.
func (f *Form) Latin1(c byte) byte {
	if f.Page != nil {
		return f.Page.ToLatin1[c]
	}
	return c
}

// AppendValue appends the value as it is read: the characters of text and digits, the bytes of b.
func (f *Form) AppendValue(dst, b []byte, units int) []byte {
	if f.Signed {
		dst = append(dst, f.Latin1(b[0]))
		b = b[1:]
	}
	switch f.Coding {
	case BCD:
		if f.Content == Track {
			return f.appendTrack(dst, b, units)
		}
		return f.AppendDigits(dst, b, units)
	case HexASCII, HexEBCDIC:
		for i := 0; i+1 < len(b); i += 2 {
			dst = append(dst, HexDigit(b[i], f.Coding)<<4|HexDigit(b[i+1], f.Coding))
		}
		return dst
	case Zoned:
		if last := b[len(b)-1]; last < 0xF0 {
			dst = append(dst, '-')
		}
		for _, c := range b {
			dst = append(dst, '0'+c&15)
		}
		return dst
	}
	if f.Page != nil {
		for _, c := range b {
			dst = append(dst, f.Page.ToLatin1[c])
		}
		return dst
	}
	return append(dst, b...)
}

// appendTrack is AppendDigits for track data, whose nibble D reads as the declared separator.
func (f *Form) appendTrack(dst, b []byte, units int) []byte {
	from := len(dst)
	dst = f.AppendDigits(dst, b, units)
	for i := from; i < len(dst); i++ {
		if dst[i] == 'D' {
			dst[i] = f.Separator
		}
	}
	return dst
}
