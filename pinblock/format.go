package pinblock

import (
	"fmt"
	"strings"
)

// A Format is the layout of a PIN block, with the two things some layouts leave open: the pad digit (WithPad) and the
// length of the PIN (WithLength). It is comparable; the zero Format is none and refused. ISO 9564-1 section 9.
type Format uint32

// The formats, of ISO 9564-1 and of those who had their own before it. Those that differ only in name share a value.
const (
	ISO0          Format = iota + 1 // ISO 9564-1 format 0: length, PIN, F; with the PAN
	ISO1                            // ISO 9564-1 format 1: length, PIN, random digits; no PAN
	ISO2                            // ISO 9564-1 format 2: length, PIN, F; no PAN; for the chip of a card only
	ISO3                            // ISO 9564-1 format 3: as format 0, random A to F instead of F
	ISO4                            // ISO 9564-1 format 4: 16 bytes, enciphered together with the PAN
	VISA2                           // length, PIN of 4 to 6 with zeros up to 6, pad digits 0 to 9
	VISA3                           // PIN, F, pad digits 0 to F
	VISA4                           // as format 0 with the leftmost 12 digits of the PAN
	ECI2                            // PIN of 4, random digits
	ECI3                            // length, PIN of 4 to 6 with zeros up to 6, random digits
	OEM1                            // PIN, pad digits 0 to F
	IBM3624                         // PIN, pad digits 0 to F
	UnionPaySM4                     // as format 0 over 16 bytes, for SM4 keys
	UnionPayPlain                   // as format 0 without the PAN (field 53 begins with 1)

	ANSIX98 = ISO0 // ANSI X9.8
	VISA1   = ISO0
	ECI1    = ISO0
	ECI4    = ISO1
	Docutel = VISA2 // payShield 02
	Diebold = OEM1  // payShield 03, IBM and NCR machines
	Plus    = VISA4 // payShield 04, the Plus network
)

// A Format keeps its kind, pad digit and PIN length in a byte each.
const (
	padShift    = 8
	lengthShift = 16
)

// WithPad returns the format with its pad digit, '0' to '9' or 'A' to 'F'. VISA2, VISA3, OEM1 and IBM3624 have one.
// Without it VISA2 pads with 0, VISA3 and OEM1 with F, and all three read blocks padded with any digit repeated that is
// told from the PIN; IBM3624 writes and reads F.
func (f Format) WithPad(digit byte) Format {
	return f&^(0xff<<padShift) | Format(digit)<<padShift
}

// WithLength returns the format for PINs of exactly n digits: others are refused in both directions. It is for IBM3624
// and OEM1, whose end of the PIN does not show behind a decimal pad digit. Formats that say where the PIN ends do not
// take it: a reader that accepts one length only would answer how long a PIN is.
func (f Format) WithLength(n int) Format {
	if n < 0 || n > 0xff {
		n = 0xff
	}
	return f&^(0xff<<lengthShift) | Format(n)<<lengthShift
}

func (f Format) kind() Format { return f & 0xff }
func (f Format) pad() byte    { return byte(f >> padShift) }
func (f Format) length() int  { return int(f >> lengthShift & 0xff) }

// Size returns the length of a block in bytes, 8 or 16; 0 for no format.
func (f Format) Size() int {
	if l := f.layout(); l != nil {
		return l.size
	}
	return 0
}

// UsesPAN reports whether the block is bound to the card's number.
func (f Format) UsesPAN() bool {
	l := f.layout()
	return l != nil && l.pan != noPAN
}

// String returns the format's name, as in "ISO-0" or "IBM 3624, pad A, 4 digits".
func (f Format) String() string {
	l := f.layout()
	if l == nil {
		return "no PIN block format"
	}
	name := l.name
	if f.pad() != 0 {
		name += ", pad " + strings.ToValidUTF8(string(rune(f.pad())), "?")
	}
	if f.length() != 0 {
		name += fmt.Sprintf(", %d digits", f.length())
	}
	return name
}

// check returns the layout, or an ErrFormat for what the format does not allow.
func (f Format) check() (*layout, error) {
	l := f.layout()
	switch {
	case l == nil:
		return nil, ErrFormat
	case f.pad() != 0 && !strings.ContainsRune(l.pads, rune(f.pad())):
		return nil, fmt.Errorf("%w: pad digit of %s", ErrFormat, l.name)
	case f.length() != 0 && (l.fill != fillPad || f.length() < minimumPIN || f.length() > l.longest):
		return nil, fmt.Errorf("%w: PIN length of %s", ErrFormat, l.name)
	case l.fill == fillPad && '0' <= f.pad() && f.pad() <= '9' && f.length() == 0:
		return nil, fmt.Errorf("%w: %s with a decimal pad digit needs the PIN's length", ErrFormat, l.name)
	}
	return l, nil
}
