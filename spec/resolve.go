package spec

import (
	"cmp"
	"slices"
)

// defaults is what a field takes from its surroundings.
type defaults struct {
	family Encoding
	prefix Prefix
}

// resolve fills in every default of a valid Config.
func resolve(c Config) Config {
	c = clone(c)
	if c.Encoding == EncodingDefault {
		c.Encoding = ASCII
	}
	if c.Prefix.Encoding == EncodingDefault {
		c.Prefix.Encoding = prefixEncoding(c.Encoding)
	}
	d := defaults{family: c.Encoding, prefix: c.Prefix}
	for i := range c.Header {
		c.Header[i] = d.field(c.Header[i])
	}
	if !slices.ContainsFunc(c.Fields, func(f Field) bool { return f.Number == 0 }) {
		c.Fields = append(c.Fields, Field{Name: "Message type indicator", Format: "n 4"})
	}
	c.Fields = d.fields(c.Fields)
	c.Fields = ascending(c.Fields)
	c.Bitmap = d.bitmap(c.Bitmap, c.Fields)
	return c
}

// ascending puts fields in the order of their numbers, of which each comes once and none is large. A sort of structs is
// code of its own, which every terminal would link.
func ascending(list []Field) []Field {
	at := make(map[int]int, len(list))
	for i, f := range list {
		at[f.Number] = i
	}
	sorted := make([]Field, 0, len(list))
	for number := range highestNumber(list) + 1 {
		if i, there := at[number]; there {
			sorted = append(sorted, list[i])
		}
	}
	return sorted
}

// prefixEncoding is how a family writes lengths.
func prefixEncoding(family Encoding) Encoding {
	if family == Raw {
		return Binary
	}
	return family
}

func (d defaults) bitmap(b Bitmap, fields []Field) Bitmap {
	if b.Encoding == EncodingDefault {
		b.Encoding = d.encoding(ContentB)
	}
	if b.Bytes == 0 {
		b.Bytes = 8
	}
	if b.Plain && b.Max == 0 {
		b.Max = 1
	}
	if b.Max == 0 && b.Bytes > 0 {
		b.Max = max(1, (highestNumber(fields)+8*b.Bytes-1)/(8*b.Bytes))
	}
	return b
}

func highestNumber(fields []Field) int {
	highest := 0
	for _, f := range fields {
		highest = max(highest, f.Number)
	}
	return highest
}

func (d defaults) fields(fields []Field) []Field {
	for i := range fields {
		fields[i] = d.field(fields[i])
	}
	return fields
}

func (d defaults) field(f Field) Field {
	format, err := ParseFormat(f.Format)
	if err != nil {
		return f // a field that check has refused
	}
	if f.Encoding == EncodingDefault {
		f.Encoding = d.encoding(format.Content)
	}
	f.Prefix = d.lengthPrefix(f.Prefix, format)
	if f.Align == SideDefault {
		f.Align = Left
		if format.Fixed() {
			f.Align = Right
		}
	}
	f.Pad = resolvePad(f, format)
	if f.Min == 0 && format.Fixed() && !f.ToEnd && f.Terminator == "" {
		f.Min = format.Max
		if format.Content == ContentB {
			f.Min /= 8
		}
	}
	f.Signs = cmp.Or(f.Signs, "CD")
	f.Separator = cmp.Or(f.Separator, "D")
	for i := range f.ByMTI {
		alternative := f.ByMTI[i].Field
		alternative.Number, alternative.Tag = f.Number, f.Tag
		alternative.Name = cmp.Or(alternative.Name, f.Name)
		alternative.Mask = cmp.Or(alternative.Mask, f.Mask)
		f.ByMTI[i].Field = d.field(alternative)
	}
	d.layout(f, f.Layout)
	for i := range f.Cases {
		d.layout(f, f.Cases[i].Layout)
	}
	return f
}

// encoding is how the family writes a content.
func (d defaults) encoding(c Content) Encoding {
	switch {
	case c == ContentB && d.family == ASCII:
		return HexASCII
	case c == ContentB:
		return Raw
	case c.IsText() && c != ContentN && (d.family == BCD || d.family == Raw):
		return ASCII
	case d.family == Raw:
		return BCD
	default:
		return d.family
	}
}

func (d defaults) lengthPrefix(p Prefix, format Format) Prefix {
	if p.Encoding == EncodingDefault {
		p.Encoding = d.prefix.Encoding
	}
	if p.Unit == UnitDefault {
		p.Unit = d.prefix.Unit
	}
	p.Inclusive = p.Inclusive || d.prefix.Inclusive
	if p.Digits == 0 {
		p.Digits = format.Digits
		if p.Encoding == Binary || p.Encoding == HexASCII || p.Encoding == HexEBCDIC {
			p.Digits = (format.Digits + 1) / 2
		}
	}
	return p
}

func resolvePad(f Field, format Format) Pad {
	p := f.Pad
	digits := format.Content == ContentN || format.Content == ContentH
	if p.Side == SideDefault {
		switch {
		case !format.Fixed() && !f.Reserve && p.To == 0 || format.Content == ContentZ:
			p.Side = Neither
		case f.Reserve:
			p.Side = Right
		case format.Content == ContentB:
			p.Side = Neither
		case digits:
			p.Side = Left
		default:
			p.Side = Right
		}
	}
	if p.Char == "" {
		switch {
		case digits && !f.Reserve:
			p.Char = "0"
		case format.Content == ContentB:
			p.Char = "\x00"
		default:
			p.Char = " "
		}
	}
	return p
}

// layout resolves the inside of f in place.
func (d defaults) layout(f Field, l *Layout) {
	if l == nil {
		return
	}
	inner := d.inside(f, l)
	l.Encoding = inner.family
	l.Fields = inner.fields(l.Fields)
	for _, special := range []*Field{l.Unknown, l.Lead} {
		if special != nil {
			*special = inner.field(*special)
		}
	}
	if l.Kind == Tagged && l.Tag.Encoding == EncodingDefault {
		l.Tag.Encoding = inner.family
	}
	if l.Kind == Bitmapped {
		l.Bitmap = inner.bitmap(l.Bitmap, l.Fields)
	}
}

// inside returns the defaults of the fields in a layout of f.
func (d defaults) inside(f Field, l *Layout) defaults {
	inner := defaults{family: l.Encoding}
	switch {
	case inner.family != EncodingDefault:
	case l.Kind == BERTLV:
		inner.family = BCD
	case f.Encoding == BCD:
		inner.family = ASCII // the layout sees the digits as text
	case f.Encoding.IsText():
		inner.family = f.Encoding
	default:
		return d
	}
	inner.prefix.Encoding = prefixEncoding(inner.family)
	if l.Kind == BERTLV {
		inner.prefix.Encoding = BER
	}
	return inner
}
