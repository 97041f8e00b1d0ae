package spec

import (
	"encoding/hex"
	"math"
	"slices"
	"strconv"
)

// field checks one field and all inside it. d is what it takes from its surroundings.
func (k *checker) field(d defaults, path string, f Field, depth int) {
	if k.fields++; k.fields > maxFields {
		if k.fields == maxFields+1 {
			k.fault(path, "more than %d fields in all", maxFields)
		}
		return
	}
	format, err := ParseFormat(f.Format)
	if err != nil {
		k.fault(path, "%v", err)
		return
	}
	k.enums(path, f)
	r := d.field(Field{Format: f.Format, Encoding: f.Encoding, Prefix: f.Prefix, Pad: f.Pad, Reserve: f.Reserve,
		ToEnd: f.ToEnd, Terminator: f.Terminator, Signs: f.Signs, Separator: f.Separator, Align: f.Align, Min: f.Min})
	k.value(path, f, r, format)
	if !format.Fixed() && !f.ToEnd && f.Terminator == "" {
		k.prefix(path, r, format)
	}
	k.conditions(d, path, f, depth)
	k.inside(d, path, f, r.Encoding, f.Layout, depth)
	for i, c := range f.Cases {
		k.inside(d, path+"(case "+strconv.Itoa(i+1)+")", f, r.Encoding, c.Layout, depth)
	}
}

// enums refuses numbers that no enum has.
func (k *checker) enums(path string, f Field) {
	if !encodingNames.has(uint8(f.Encoding)) || !encodingNames.has(uint8(f.Prefix.Encoding)) ||
		!charsetNames.has(uint8(f.Charset)) || !unitNames.has(uint8(f.Prefix.Unit)) || !sideNames.has(uint8(f.Align)) ||
		!sideNames.has(uint8(f.Pad.Side)) || !maskNames.has(uint8(f.Mask)) {
		k.fault(path, "an option has a value that does not exist")
	}
}

// value checks how the value is written; r is f with its defaults.
func (k *checker) value(path string, f, r Field, format Format) {
	if !fits(format, r.Encoding) {
		k.fault(path, "%s is not written in %s", format.Content, r.Encoding)
	}
	if f.Align == Neither {
		k.fault(path, "digits stand left or right")
	}
	if f.Filler > 15 {
		k.fault(path, "filler %d is no nibble", f.Filler)
	}
	if r.Encoding == BCD && r.Prefix.Unit == Bytes && !format.Fixed() && f.Filler <= 9 && format.Content != ContentB {
		k.fault(path, "a length in bytes needs a filler that is no digit")
	}
	if len(r.Pad.Char) != 1 {
		k.fault(path, "the pad is one character")
	}
	if f.Min < 0 || f.Min > format.Max {
		k.fault(path, "minimum %d is out of range", f.Min)
	}
	if f.Pad.To < 0 || f.Pad.To > format.Max || f.Pad.To > 0 && format.Fixed() && !f.ToEnd && f.Terminator == "" {
		k.fault(path, "padding to %d is out of range", f.Pad.To)
	}
	if len(r.Separator) != 1 {
		k.fault(path, "the separator is one character")
	}
	if f.ToEnd && f.Terminator != "" || (f.ToEnd || f.Terminator != "") && f.Reserve {
		k.fault(path, "has two ways to end")
	}
	if f.Reserve && format.Fixed() {
		k.fault(path, "only a variable field reserves room")
	}
	switch {
	case f.Terminator == "" || r.Encoding.IsText():
	case r.Encoding != Raw:
		k.fault(path, "a value in %s has no terminator", r.Encoding)
	default:
		if _, err := hex.DecodeString(f.Terminator); err != nil {
			k.fault(path, "the terminator of a raw value is hexadecimal")
		}
	}
}

// fits tells whether a content can be written in an encoding.
func fits(format Format, e Encoding) bool {
	switch {
	case format.Sign && e == ZonedEBCDIC:
		return false
	case e == HexASCII || e == HexEBCDIC:
		return !format.Sign
	case format.Content == ContentN, format.Content == ContentZ, format.Content == ContentH:
		return e.IsText() || e == BCD || e == ZonedEBCDIC && format.Content == ContentN && format.Fixed() && format.Max > 0
	case format.Content == ContentB:
		return e == Raw || e.IsEBCDIC()
	default:
		return e.IsText()
	}
}

// prefix checks that the length prefix can hold every length. r is resolved.
func (k *checker) prefix(path string, r Field, format Format) {
	p := r.Prefix
	longest := format.Max
	if p.Unit == Nibbles && r.Encoding != BCD {
		longest *= 2
	}
	if p.Inclusive {
		longest += prefixBytes(p)
	}
	var limit float64
	switch {
	case p.Encoding == BER:
		return
	case p.Encoding == Binary, p.Encoding == HexASCII, p.Encoding == HexEBCDIC:
		limit = math.Pow(256, float64(p.Digits)) - 1
	case p.Encoding.IsText(), p.Encoding == BCD:
		limit = math.Pow(10, float64(p.Digits)) - 1
	default:
		k.fault(path, "a length is not written in %s", p.Encoding)
		return
	}
	if p.Digits < 1 || p.Digits > 8 {
		k.fault(path, "a length prefix of %d digits", p.Digits)
	} else if float64(longest) > limit {
		k.fault(path, "%d does not fit a length prefix that ends at %.0f", longest, limit)
	}
}

// prefixBytes is the size of a length prefix on the wire; a BER length has none before its value is known.
func prefixBytes(p Prefix) int {
	switch p.Encoding {
	case BCD:
		return (p.Digits + 1) / 2
	case HexASCII, HexEBCDIC:
		return 2 * p.Digits
	default:
		return p.Digits
	}
}

// conditions checks the patterns by which a field depends on the message type and on other fields.
func (k *checker) conditions(d defaults, path string, f Field, depth int) {
	for _, p := range f.Presence {
		if !isPattern(p.MTI) || !requirementNames.has(uint8(p.Is)) {
			k.fault(path, "presence by message type %q", p.MTI)
		}
	}
	for _, a := range f.ByMTI {
		if !isPattern(a.MTI) || len(a.Field.ByMTI) > 0 || depth > 0 {
			k.fault(path, "definition for message type %q", a.MTI)
			continue
		}
		k.field(d, path+"("+a.MTI+")", a.Field, depth)
	}
	for i, c := range f.Cases {
		at := path + "(case " + strconv.Itoa(i+1) + ")"
		if c.MTI != "" && !isPattern(c.MTI) {
			k.fault(at, "message type %q", c.MTI)
		}
		if (c.Path == "") != (len(c.Values) == 0) {
			k.fault(at, "a path goes with values")
		}
		if c.Size < 0 {
			k.fault(at, "size %d", c.Size)
		}
	}
}

// inside checks a layout of f, whose value is written in encoding.
func (k *checker) inside(d defaults, path string, f Field, encoding Encoding, l *Layout, depth int) {
	if l == nil {
		return
	}
	if depth >= maxDepth {
		k.fault(path, "layouts nest deeper than %d", maxDepth)
		return
	}
	if !layoutNames.has(uint8(l.Kind)) {
		k.fault(path, "layout of no kind")
		return
	}
	k.family(path, l.Encoding)
	if encoding == ZonedEBCDIC {
		k.fault(path, "a signed number has no parts")
	}
	if len(l.Fields) == 0 && l.Kind != BERTLV && l.Unknown == nil {
		k.fault(path, "layout without fields")
	}
	if l.Short && (l.Kind != Positional || l.Fill) {
		k.fault(path, "only a positional layout that fills nothing may end inside a part")
	}
	if l.Ordered && l.Kind != Tagged && l.Kind != BERTLV {
		k.fault(path, "only a layout of tags is ordered: the others have an order")
	}
	inner := d.inside(Field{Encoding: encoding}, l)
	for i, sub := range l.Fields {
		k.subfield(inner, path, l, i, sub, encoding, depth)
	}
	for _, special := range []*Field{l.Unknown, l.Lead} {
		if special != nil {
			k.field(inner, join(path, "*"), *special, depth+1)
		}
	}
	switch l.Kind {
	case Tagged:
		k.tagFormat(path, l, inner)
	case Bitmapped:
		k.bitmap(path, inner.bitmap(l.Bitmap, l.Fields))
		if l.Bitmap.Absent {
			k.fault(path, "subfields without a bitmap are positional")
		}
	}
}

func (k *checker) subfield(inner defaults, path string, l *Layout, i int, sub Field, parent Encoding, depth int) {
	key := sub.Tag
	if key == "" {
		key = strconv.Itoa(sub.Number)
	}
	at := join(path, key)
	byTag := l.Kind == Tagged || l.Kind == BERTLV
	switch {
	case byTag != (sub.Tag != ""):
		k.fault(at, "a %s layout names its fields by %s", l.Kind, map[bool]string{true: "tag", false: "number"}[byTag])
	case !byTag && sub.Number < 1 && (l.Kind != Positional || l.Lead != nil || sub.Number < 0):
		k.fault(at, "subfields count from 1")
	case l.Kind == Positional && i > 0 && sub.Number <= l.Fields[i-1].Number:
		k.fault(at, "positional subfields are numbered in ascending order")
	case l.Kind == Repeated && sub.Number != i+1:
		k.fault(at, "the subfields of a record are numbered 1, 2, 3 in order")
	case l.Kind == BERTLV && !isBERTag(sub.Tag):
		k.fault(at, "is no BER tag in upper-case hexadecimal")
	case l.Kind == Bitmapped && sub.Number > 64*3:
		k.fault(at, "is beyond the bitmap")
	case l.Kind == Bitmapped && inner.bitmap(l.Bitmap, l.Fields).announces(sub.Number):
		k.fault(at, "the first bit announces the next bitmap")
	case slices.ContainsFunc(l.Fields[:i], func(f Field) bool { return f.Number == sub.Number && f.Tag == sub.Tag }):
		k.fault(at, "is defined twice")
	}
	if parent == BCD && sub.Encoding != EncodingDefault && sub.Encoding != ASCII {
		k.fault(at, "a part of a BCD value is digits")
	}
	k.field(inner, at, sub, depth+1)
}

func (k *checker) tagFormat(path string, l *Layout, inner defaults) {
	t := l.Tag
	if t.Encoding == EncodingDefault {
		t.Encoding = inner.family
	}
	if t.Digits < 1 || t.Digits > 8 || !t.Encoding.IsText() && t.Encoding != BCD && t.Encoding != Raw {
		k.fault(path, "tags of %d digits in %s", t.Digits, t.Encoding)
		return
	}
	for _, sub := range l.Fields {
		if want := t.textLength(); len(sub.Tag) != want {
			k.fault(join(path, sub.Tag), "a tag here is %d characters", want)
		}
	}
	if l.LengthFirst && l.Unknown == nil {
		k.fault(path, "with the length first every entry has the same prefix: declare unknown")
	}
}

// textLength is how many characters a tag has in a path: hexadecimal for raw bytes.
func (t TagFormat) textLength() int {
	if t.Encoding == Raw {
		return 2 * t.Digits
	}
	return t.Digits
}

// isBERTag tells whether s is one BER tag of at most four bytes in upper-case hexadecimal.
func isBERTag(s string) bool {
	n, err := strconv.ParseUint(s, 16, 32)
	if err != nil || len(s)%2 != 0 || s != hexUpper(n, len(s)) {
		return false
	}
	size := len(s) / 2
	first := byte(n >> (8 * (size - 1)))
	if first&0x1F != 0x1F {
		return size == 1
	}
	for i := size - 2; i > 0; i-- {
		if byte(n>>(8*i))&0x80 == 0 {
			return false
		}
	}
	return size > 1 && byte(n)&0x80 == 0
}

func hexUpper(n uint64, width int) string {
	const digits = "0123456789ABCDEF"
	b := make([]byte, width)
	for i := width - 1; i >= 0; i-- {
		b[i] = digits[n&15]
		n >>= 4
	}
	return string(b)
}
