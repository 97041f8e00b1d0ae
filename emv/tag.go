package emv

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// Tag is the tag of a data object with all its octets as one big-endian number: 0x82, 0x9F02, 0xDF8129. Tags of the
// same number of octets order as their encodings do. Coding: EMV Book 3 Annex B1.
type Tag uint32

// MaxTagOctets is how many octets a tag has at most. EMV itself needs two, kernel 2 three; nothing in use has more
// than four.
const MaxTagOctets = 4

// Class is who gives a tag its meaning, from the two leading bits of the tag.
type Class uint8

// The classes of ISO/IEC 8825-1.
const (
	ClassUniversal Class = iota
	ClassApplication
	ClassContextSpecific
	ClassPrivate
)

// String returns the name of the class.
func (c Class) String() string {
	switch c {
	case ClassUniversal:
		return "universal"
	case ClassApplication:
		return "application"
	case ClassContextSpecific:
		return "context-specific"
	case ClassPrivate:
		return "private"
	}
	return fmt.Sprintf("class %d", uint8(c))
}

// ParseTag reads a tag from hexadecimal digits, "9F02" or "9f02". It refuses what is not one whole tag.
func ParseTag(s string) (Tag, error) {
	octets, err := hex.DecodeString(s)
	if err != nil {
		return 0, fmt.Errorf("emv: tag %q is not written in pairs of hexadecimal digits", s)
	}
	if len(octets) == 0 || len(octets) > MaxTagOctets {
		return 0, fmt.Errorf("emv: tag %q has %d octets, want 1 to %d", s, len(octets), MaxTagOctets)
	}
	var t Tag
	for _, c := range octets {
		t = t<<8 | Tag(c)
	}
	if !t.Valid() || t.Len() != len(octets) {
		return 0, fmt.Errorf("emv: %q is not the coding of one tag", s)
	}
	return t, nil
}

// Valid reports whether t is the coding of one whole tag. 0 is not: it is padding.
func (t Tag) Valid() bool {
	n := t.Len()
	if t == 0 {
		return false
	}
	if t.first()&moreOctets != moreOctets {
		return n == 1
	}
	if n == 1 {
		return false
	}
	for i := n - 2; i > 0; i-- {
		if byte(t>>(8*i))&0x80 == 0 {
			return false
		}
	}
	return byte(t)&0x80 == 0
}

// Len returns how many octets the tag has, 1 to 4.
func (t Tag) Len() int {
	switch {
	case t < 1<<8:
		return 1
	case t < 1<<16:
		return 2
	case t < 1<<24:
		return 3
	}
	return 4
}

func (t Tag) first() byte { return byte(t >> (8 * (t.Len() - 1))) }

// Class returns the tag's class.
func (t Tag) Class() Class { return Class(t.first() >> 6) }

// Constructed reports whether the tag says that its value is itself made of data objects. Cards set the bit on other
// values too, so a reader keeps the raw bytes and is ready to find none inside.
func (t Tag) Constructed() bool { return t.first()&0x20 != 0 }

// Append appends the tag's octets to dst.
func (t Tag) Append(dst []byte) []byte {
	switch {
	case t < 1<<8:
		return append(dst, byte(t))
	case t < 1<<16:
		return append(dst, byte(t>>8), byte(t))
	case t < 1<<24:
		return append(dst, byte(t>>16), byte(t>>8), byte(t))
	}
	return append(dst, byte(t>>24), byte(t>>16), byte(t>>8), byte(t))
}

// String returns the tag in hexadecimal digits: "9F02".
func (t Tag) String() string {
	const digits = "0123456789ABCDEF"
	var out [2 * MaxTagOctets]byte
	n := 2 * t.Len()
	for i := range n {
		out[i] = digits[t>>(4*(n-1-i))&0xF]
	}
	return string(out[:n])
}

// MarshalText writes the tag as String does, so that tags are the keys of JSON objects.
func (t Tag) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what ParseTag reads.
func (t *Tag) UnmarshalText(text []byte) (err error) {
	*t, err = ParseTag(string(text))
	return err
}

// Path is the tags from the outermost template down to an object.
type Path []Tag

// String returns the tags with slashes between them: "6F/A5/BF0C".
func (p Path) String() string {
	var s strings.Builder
	for i, t := range p {
		if i > 0 {
			s.WriteByte('/')
		}
		s.WriteString(t.String())
	}
	return s.String()
}
