package jposxml

import (
	"slices"

	"github.com/posline/posline/spec"
)

// parts makes the layout of a composite.
type parts struct {
	*importer
	owner   *member
	frame   frame
	depth   int
	members []member
}

func (p *parts) find(id int) *member {
	for i := range p.members {
		if p.members[i].id == id {
			return &p.members[i]
		}
	}
	return nil
}

// bitmapMember is the field that announces the others; nil when there is none.
func (p *parts) bitmapMember() *member {
	if !p.frame.emitBitmap {
		return nil
	}
	if m := p.find(p.frame.bitmapField); m != nil && m.isBitmap() {
		return m
	}
	for i := range p.members {
		if m := &p.members[i]; m.isBitmap() {
			p.warn(p.owner.element, p.owner.path, "field %d is no bitmap: the one in field %d is used; jPOS cannot pack this composite", p.frame.bitmapField, m.id)
			return m
		}
	}
	p.warn(p.owner.element, p.owner.path, "there is no bitmap: the subfields stand one after the other; jPOS cannot pack this composite")
	return nil
}

// first is the number of the first subfield.
func (p *parts) first(bitmap *member) int {
	switch {
	case p.frame.firstField >= 0:
		return p.frame.firstField
	case len(p.members) > 0 && p.members[len(p.members)-1].id == 0:
		return 0 // there is nothing else
	case bitmap == nil && p.frame.emitBitmap && p.find(1) != nil:
		return 0 // jPOS cannot pack it: nothing is to be left out
	case p.find(1) != nil && p.find(1).isBitmap():
		return 2
	}
	return 1
}

// generic is a message inside a field: header, message type, bitmap, subfields.
func (p *parts) generic() *spec.Layout {
	bitmap := p.bitmapMember()
	mti := p.find(0)
	if mti != nil && !mti.usable() {
		mti = nil
	}
	if bitmap == nil && p.frame.headerLength == 0 {
		first := p.first(nil)
		if mti != nil {
			first = 0
		}
		return p.positional(first, false)
	}
	lead := p.front(mti)
	if bitmap == nil {
		l := p.positional(max(1, p.first(nil)), false)
		if l != nil {
			l.Lead = lead
		}
		return l
	}
	l := p.bitmapped(bitmap, max(1, p.first(bitmap)))
	if l != nil {
		l.Lead = lead
	}
	return l
}

// front is what stands before the bitmap of a message inside a field: a header, a message type, or both.
func (p *parts) front(mti *member) *spec.Field {
	var list []spec.Field
	if p.frame.headerLength > 0 {
		list = append(list, p.header(p.owner.element, p.owner.path, p.frame.headerLength))
	}
	if mti != nil {
		list = append(list, p.build(mti, p.depth))
	}
	return p.joined(list)
}

// joined makes one field of several that stand one after the other; all but the last must have a fixed length.
func (p *parts) joined(list []spec.Field) *spec.Field {
	switch len(list) {
	case 0:
		return nil
	case 1:
		return &list[0]
	}
	size := 0
	for i := range list {
		format, err := spec.ParseFormat(list[i].Format)
		if err != nil || !format.Fixed() || list[i].ToEnd {
			p.fault(p.owner.element, p.owner.path, "several subfields without a tag or bit cannot vary in length")
			return nil
		}
		list[i].Number = i + 1
		size += wireSize(list[i], format)
	}
	return &spec.Field{Name: "Front", Format: spec.Format{Content: spec.ContentB, Max: 8 * size}.String(), Encoding: raw,
		Layout: &spec.Layout{Kind: spec.Positional, Fields: list}}
}

// wireSize is the number of bytes of a fixed field.
func wireSize(f spec.Field, format spec.Format) int {
	size := format.Max
	switch {
	case format.Content == spec.ContentB && f.Encoding == raw:
		size /= 8
	case format.Content == spec.ContentB:
		size /= 4
	case f.Encoding == bcd:
		size = (size + 1) / 2
	}
	if format.Sign {
		size++
	}
	return size
}

// genericSubField is subfields behind a bitmap, or one after the other with the missing ones filled in.
func (p *parts) genericSubField() *spec.Layout {
	bitmap := p.bitmapMember()
	if bitmap == nil {
		return p.positional(p.first(nil), true)
	}
	return p.bitmapped(bitmap, max(1, p.first(bitmap)))
}

// base1 is subfields from 1 behind the bitmap in subfield 0, or all of them one after the other.
func (p *parts) base1() *spec.Layout {
	if m := p.find(0); m != nil && m.isBitmap() {
		return p.bitmapped(m, 1)
	}
	return p.positional(0, false)
}

// positional makes subfields that stand one after the other. One that cannot be read makes all of them one value.
func (p *parts) positional(first int, fill bool) *spec.Layout {
	l := &spec.Layout{Kind: spec.Positional, Fill: fill}
	if len(p.members) > 0 && !slices.ContainsFunc(p.members, func(m member) bool { return m.class.tag.Digits == 0 }) {
		return p.tagged(taggedForm{}) // each subfield says itself which one it is
	}
	for i := range p.members {
		m := &p.members[i]
		switch {
		case m.id < first:
			p.warn(m.element, m.path, "is below the first subfield, %d: it is left out", first)
			continue
		case !m.usable(), m.writesTag():
			p.warn(m.element, m.path, "cannot be read, nor what follows it: field %s is read as one value", p.owner.path)
			return nil
		}
		f := p.build(m, p.depth)
		f.Number = m.id
		l.Fields = append(l.Fields, f)
	}
	if len(l.Fields) == 0 {
		p.warn(p.owner.element, p.owner.path, "has no subfields: it is read as one value")
		return nil
	}
	return l
}

// bitmapped makes subfields that a bitmap announces.
func (p *parts) bitmapped(bitmap *member, first int) *spec.Layout {
	highest := 0
	for i := range p.members {
		if p.members[i].usable() && p.members[i].id <= 192 {
			highest = max(highest, p.members[i].id)
		}
	}
	form := p.bitmap(bitmap, highest)
	if form.Max == 1 {
		form.Plain = true // nothing follows, so that the first bit is one like the others
	}
	l := &spec.Layout{Kind: spec.Bitmapped, Bitmap: form}
	for i := range p.members {
		m := &p.members[i]
		switch {
		case m == bitmap, m.id == 0 && first > 0, !m.usable():
			continue
		case m.writesTag():
			p.warn(m.element, m.path, "%s writes a tag, which a bitmap leaves no room for: the subfield is left out", m.className())
			continue
		case m.id < first, m.id > 8*form.Bytes*form.Max, m.id == 1 && !form.Plain, m.id == 65 && form.Max == 3 && !form.Plain:
			p.warn(m.element, m.path, "no bit announces the subfield: it is left out")
			continue
		}
		f := p.build(m, p.depth)
		f.Number = m.id
		l.Fields = append(l.Fields, f)
	}
	if len(l.Fields) == 0 {
		p.warn(p.owner.element, p.owner.path, "has no subfields: it is read as one value")
		return nil
	}
	return l
}
