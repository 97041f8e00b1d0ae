package spec

import (
	"fmt"
	"slices"
)

// Encoding is how a value is written on the wire.
type Encoding uint8

// The encodings. The zero value takes the spec's default: for a Config it is ASCII, for a field it follows from the
// Config's Encoding and the field's content.
const (
	EncodingDefault Encoding = iota
	ASCII                    // one byte a character
	EBCDIC037                // code page 037
	EBCDIC500                // code page 500
	EBCDIC1047               // code page 1047, what jPOS and z/OS use
	EBCDICDataStage          // the 256-byte table of moov's "EBCDIC"
	BCD                      // one digit a nibble
	Raw                      // the bytes themselves
	HexASCII                 // two hexadecimal characters a byte of b or an ASCII character of text, in ASCII
	HexEBCDIC                // the same in EBCDIC
	ZonedEBCDIC              // EBCDIC digits, the sign in the zone of the last one: D for minus
	BER                      // length prefixes only: the lengths of BER-TLV
	Binary                   // length prefixes only: an unsigned big-endian number
)

// IsEBCDIC tells whether text in this encoding goes through an EBCDIC table.
func (e Encoding) IsEBCDIC() bool { return e >= EBCDIC037 && e <= EBCDICDataStage }

// IsText tells whether a character takes one byte in this encoding.
func (e Encoding) IsText() bool { return e == ASCII || e.IsEBCDIC() }

var encodingNames = names{"default", "ascii", "ebcdic-037", "ebcdic-500", "ebcdic-1047", "ebcdic-datastage", "bcd", "raw",
	"hex-ascii", "hex-ebcdic", "zoned-ebcdic", "ber", "binary"}

// Charset is the character set that the text of a field is in, for those who show it. It does not change what is
// packed or unpacked, only what text may hold: ASCII is its printable characters, ASCII7 all of it, and the others let
// bytes above 7F into the value.
type Charset uint8

// The character sets; the zero value is ASCII.
const (
	CharsetASCII Charset = iota
	CharsetLatin1
	CharsetGBK
	CharsetUTF8
	CharsetASCII7 // with the control characters
)

var charsetNames = names{"ascii", "latin1", "gbk", "utf-8", "ascii-7bit"}

// Unit is what the number in a length prefix counts.
type Unit uint8

// The units. The zero value counts what the format counts: digits, characters, or bytes of a b.
const (
	UnitDefault Unit = iota
	Bytes            // bytes of the value as it stands on the wire
	Nibbles          // half bytes as they stand on the wire, fillers included
)

var unitNames = names{"default", "bytes", "nibbles"}

// Side is the side on which a value stands (Align) or on which pad characters go (Pad).
type Side uint8

// The sides. The zero value takes the default: an odd number of digits stands right in a fixed field and left in a
// variable one; a short n is padded on the left, short text on the right.
const (
	SideDefault Side = iota
	Left
	Right
	Neither // for Pad only: a short value is an error
)

var sideNames = names{"default", "left", "right", "neither"}

// Mask is how much of a value may be shown where card data must not appear.
type Mask uint8

// The masks. The zero value shows short values and hides binary and long variable ones.
const (
	MaskDefault Mask = iota
	MaskNone         // not sensitive: shown
	MaskPAN          // first six and last four digits
	MaskTrack        // the PAN of a track as MaskPAN, the rest hidden; all of it when it is not a track
	MaskHidden       // PIN blocks, keys, verification values: only the size is shown
)

var maskNames = names{"default", "none", "pan", "track", "hidden"}

// LayoutKind is how the inside of a field is arranged.
type LayoutKind uint8

// The kinds of layout; the zero value is not valid.
const (
	_          LayoutKind = iota
	Positional            // subfields one after the other; trailing ones may be absent
	Tagged                // entries of tag, length and value in any order
	BERTLV                // entries as in EMV: BER tags and lengths
	Bitmapped             // a bitmap, then the subfields it announces
	Repeated              // records of the same subfields until the field ends
)

var layoutNames = names{"", "positional", "tagged", "ber-tlv", "bitmapped", "repeated"}

// Requirement is whether a message type must have a field.
type Requirement uint8

// The requirements, as the letters M, C, O of the standard's tables and their opposite. The zero value is optional.
const (
	Optional Requirement = iota
	Mandatory
	Conditional
	Forbidden
)

var requirementNames = names{"optional", "mandatory", "conditional", "forbidden"}

// names are the texts of an enum, in the order of its values, used in spec files and messages.
type names []string

func (n names) text(kind string, value uint8) string {
	if int(value) < len(n) {
		return n[value]
	}
	return fmt.Sprintf("%s(%d)", kind, value)
}

func (n names) parse(kind string, text []byte) (uint8, error) {
	if i := slices.Index(n, string(text)); i >= 0 && len(text) > 0 {
		return uint8(i), nil
	}
	return 0, fmt.Errorf("unknown %s %q (one of %q)", kind, text, []string(n))
}

func (n names) has(value uint8) bool { return int(value) < len(n) && n[value] != "" }

// String returns the name used in spec files.
func (e Encoding) String() string { return encodingNames.text("Encoding", uint8(e)) }

// MarshalText implements encoding.TextMarshaler.
func (e Encoding) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (e *Encoding) UnmarshalText(text []byte) (err error) {
	*(*uint8)(e), err = encodingNames.parse("encoding", text)
	return err
}

// String returns the name used in spec files.
func (c Charset) String() string { return charsetNames.text("Charset", uint8(c)) }

// MarshalText implements encoding.TextMarshaler.
func (c Charset) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (c *Charset) UnmarshalText(text []byte) (err error) {
	*(*uint8)(c), err = charsetNames.parse("charset", text)
	return err
}

// String returns the name used in spec files.
func (u Unit) String() string { return unitNames.text("Unit", uint8(u)) }

// MarshalText implements encoding.TextMarshaler.
func (u Unit) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (u *Unit) UnmarshalText(text []byte) (err error) {
	*(*uint8)(u), err = unitNames.parse("unit", text)
	return err
}

// String returns the name used in spec files.
func (s Side) String() string { return sideNames.text("Side", uint8(s)) }

// MarshalText implements encoding.TextMarshaler.
func (s Side) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Side) UnmarshalText(text []byte) (err error) {
	*(*uint8)(s), err = sideNames.parse("side", text)
	return err
}

// String returns the name used in spec files.
func (m Mask) String() string { return maskNames.text("Mask", uint8(m)) }

// MarshalText implements encoding.TextMarshaler.
func (m Mask) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *Mask) UnmarshalText(text []byte) (err error) {
	*(*uint8)(m), err = maskNames.parse("mask", text)
	return err
}

// String returns the name used in spec files.
func (k LayoutKind) String() string { return layoutNames.text("LayoutKind", uint8(k)) }

// MarshalText implements encoding.TextMarshaler.
func (k LayoutKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *LayoutKind) UnmarshalText(text []byte) (err error) {
	*(*uint8)(k), err = layoutNames.parse("layout", text)
	return err
}

// String returns the name used in spec files.
func (r Requirement) String() string { return requirementNames.text("Requirement", uint8(r)) }

// MarshalText implements encoding.TextMarshaler.
func (r Requirement) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Requirement) UnmarshalText(text []byte) (err error) {
	*(*uint8)(r), err = requirementNames.parse("requirement", text)
	return err
}
