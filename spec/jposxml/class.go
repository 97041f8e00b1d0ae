package jposxml

import (
	"fmt"
	"strings"

	"github.com/posline/posline/spec"
)

// kind is what sort of field a jPOS class packs.
type kind uint8

const (
	kindValue   kind = iota // a value, fixed or with a length prefix
	kindBitmap              // a bitmap
	kindRest                // all that is left
	kindMarked              // up to a terminator
	kindInitial             // there only if it starts with a letter or blank
	kindNothing             // no bytes at all
	kindUnused              // never there
)

// class is what a jPOS field packager class reads and writes.
type class struct {
	kind    kind
	content string // of the format: "ans", "n", "z", "b", "h", "x+n"
	coding  spec.Encoding
	filler  uint8 // beside an odd number of packed digits that stand left

	prefix spec.Encoding // of the length; EncodingDefault for a fixed one
	digits int           // of the prefix: decimal digits, or bytes of a binary number
	unit   spec.Unit
	limit  int // the longest length that the class can carry; 0 for any

	reserve bool   // the value area has its full length always
	mark    string // the terminator when no token is given

	tag         spec.TagFormat // of an entry of a tagged composite
	lengthFirst bool           // the length stands before the tag and counts it
	byToken     bool           // the tag is the token attribute
}

// signs are the characters that stand in the sign position of an amount: credit and debit, and all that can be printed,
// for jPOS takes any.
var signs = "CD" + printable("CD")

func printable(without string) string {
	var b strings.Builder
	for c := byte(' '); c <= '~'; c++ {
		if strings.IndexByte(without, c) < 0 {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// initials are letters and blank, by which jPOS tells that sub-field 0 of a Mastercard field 48 is there.
const initials = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz "

func fixed(content string, coding spec.Encoding) class {
	return class{content: content, coding: coding}
}

// variable is a class with a length prefix of so many decimal digits, or bytes of a binary number.
func variable(content string, coding, prefix spec.Encoding, digits int) class {
	limit := 1
	for range digits {
		if prefix == spec.Binary {
			limit *= 256
		} else {
			limit *= 10
		}
	}
	return class{content: content, coding: coding, prefix: prefix, digits: digits, limit: limit - 1}
}

func (c class) tagged(coding spec.Encoding, digits int) class {
	c.tag = spec.TagFormat{Encoding: coding, Digits: digits}
	return c
}

func (c class) tokenTagged() class { c.byToken = true; return c }
func (c class) fillF() class       { c.filler = 15; return c }
func (c class) reserved() class    { c.reserve = true; return c }

// lengthBefore puts the length before the tag, which it counts too.
func (c class) lengthBefore() class {
	c.lengthFirst = true
	c.limit -= c.tag.Digits
	return c
}

func (c class) counting(u spec.Unit, limit int) class { c.unit, c.limit = u, limit; return c }

// tail is a class whose value ends with the surroundings or at a terminator.
func tail(k kind, content string, coding spec.Encoding, mark string) class {
	return class{kind: k, content: content, coding: coding, mark: mark}
}

// field makes the field that a class describes with the attributes of an element.
func (im *importer) field(e *element, path string, c class) spec.Field {
	inclusive := c.prefix == spec.Binary && im.flag(e, path, "inclusive", false)
	length := im.length(e, path, c, inclusive)
	f := spec.Field{Encoding: c.coding, Reserve: c.reserve, Format: im.format(e, path, c, length)}
	if c.prefix != spec.EncodingDefault {
		f.Prefix = spec.Prefix{Encoding: c.prefix, Digits: c.digits, Unit: c.unit, Inclusive: inclusive}
	}
	switch c.content {
	case "ans":
		f.Charset = spec.CharsetLatin1
	case "z":
		f.Separator = "="
	case "x+n":
		f.Signs = signs
	}
	if c.coding == spec.BCD {
		im.packed(e, path, c, &f)
	}
	switch c.kind {
	case kindRest:
		f.ToEnd = true
	case kindMarked:
		f.Terminator = im.terminator(e, path, c)
	case kindInitial:
		f.StartsWith = initials
	case kindValue:
		if c.content == "ans" && c.prefix == spec.EncodingDefault && im.flag(e, path, "trim", false) {
			f.ToEnd = true
		}
	}
	return f
}

// packed sets how an odd number of digits stands: with pad="true" on the right behind a zero, otherwise on the left.
// jPOS does not look at the other nibble when it reads.
func (im *importer) packed(e *element, path string, c class, f *spec.Field) {
	right := im.flag(e, path, "pad", false) && c.unit != spec.Bytes
	format, err := spec.ParseFormat(f.Format)
	if err != nil || format.Fixed() && format.Max%2 == 0 {
		return // there is never an odd number
	}
	if right != format.Fixed() { // the default is right in a fixed field and left in a variable one
		f.Align = map[bool]spec.Side{true: spec.Right, false: spec.Left}[right]
	}
	if !right {
		f.Filler = c.filler
	}
	f.AnyFiller = c.unit == spec.UnitDefault
}

// terminator is the token attribute, or what the class ends with by itself.
func (im *importer) terminator(e *element, path string, c class) string {
	if token := e.attributes["token"]; token != "" {
		return token
	}
	if c.mark == "" {
		im.fault(e, path, "the token that ends a %s is missing", e.className())
	}
	return c.mark
}

// length reads the length attribute, cut down to what the class can carry.
func (im *importer) length(e *element, path string, c class, inclusive bool) int {
	length := im.number(e, path, "length", 0, true)
	limit := c.limit
	if inclusive {
		limit -= c.digits
	}
	switch {
	case limit > 0 && length > limit:
		im.warn(e, path, "length %d is more than %s can carry: %d is used", length, e.className(), limit)
		length = limit
	case c.content == "b" && c.prefix == spec.EncodingDefault && length > spec.MaxLength/8: // counted in bits
		im.fault(e, path, "length %d is above %d", length, spec.MaxLength/8)
		length = 1
	case length == 0 && c.prefix != spec.EncodingDefault:
		im.warn(e, path, "length 0 leaves no room for a value: 1 is used")
		length = 1
	case length == 0 && c.content == "x+n":
		im.fault(e, path, "an amount of length 0 has no room for its sign")
		length = 1
	}
	return length
}

func (im *importer) format(e *element, path string, c class, length int) string {
	switch {
	case c.kind == kindNothing:
		return "n 0"
	case c.kind == kindRest: // the length is not looked at
		return variableFormat(c.content, max(length, 9999))
	case c.unit == spec.Nibbles && c.coding == spec.BCD: // the nibble beside an odd number of digits is one of them
		return variableFormat(c.content, length+length%2)
	case c.kind == kindMarked, c.prefix != spec.EncodingDefault:
		return variableFormat(c.content, max(length, 1))
	case c.content == "b":
		return fmt.Sprintf("b %d", 8*length)
	case c.content == "x+n":
		return fmt.Sprintf("x+n %d", length-1)
	default:
		return fmt.Sprintf("%s %d", c.content, length)
	}
}

// variableFormat writes a variable length in the standard's notation, with as many dots as the number has digits.
func variableFormat(content string, length int) string {
	number := fmt.Sprint(length)
	return content + strings.Repeat(".", min(len(number), 6)) + number
}
