package jposxml

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/posline/posline/spec"
)

// message makes the config of a whole file.
func (im *importer) message(root *element) spec.Config {
	c := spec.Config{Name: im.name, Encoding: spec.ASCII}
	if root.name != "isopackager" {
		im.fault(root, "", "the root element is %q: a packager file has an isopackager", root.name)
		return c
	}
	im.unknownAttributes(root, "")
	frame, members := im.frame(root, ""), im.members(root, "")
	if frame.headerLength > 0 {
		c.Header = []spec.Field{im.header(root, "", frame.headerLength)}
	}
	c.Fields = append(c.Fields, im.messageType(root, members)...)
	c.Bitmap = im.messageBitmap(root, frame, members)
	for i := range members {
		if m := &members[i]; im.isElement(frame, m, c.Bitmap) {
			f := im.build(m, 0)
			f.Number = m.id
			c.Fields = append(c.Fields, f)
		}
	}
	if len(c.Fields) < 2 {
		im.fault(root, "", "there are no data elements")
	}
	im.derivations(&c)
	return c
}

// header makes what stands before a message type.
func (im *importer) header(e *element, path string, size int) spec.Field {
	if size > spec.MaxLength/8 {
		im.fault(e, path, "headerLength %d is above %d", size, spec.MaxLength/8)
		size = 1
	}
	return spec.Field{Number: 1, Name: "Header", Format: fmt.Sprintf("b %d", 8*size), Encoding: spec.Raw, Mask: spec.MaskNone}
}

// messageType makes field 0.
func (im *importer) messageType(root *element, members []member) []spec.Field {
	if len(members) == 0 || members[0].id != 0 || !members[0].usable() || members[0].name != "isofield" {
		im.fault(root, "0", "there is no message type")
		return nil
	}
	m := &members[0]
	f := im.build(m, 0)
	coding := spec.ASCII
	switch {
	case f.Encoding == spec.BCD, f.Encoding.IsEBCDIC():
		coding = f.Encoding
	case f.Encoding != spec.ASCII:
		im.fault(m.element, m.path, "a message type is not written in %s", f.Encoding)
	}
	if format, err := spec.ParseFormat(f.Format); err != nil || !format.Fixed() || format.Max != 4 {
		im.fault(m.element, m.path, "a message type has four digits, not the format %s", f.Format)
	} else if format.Content != spec.ContentN {
		im.warn(m.element, m.path, "a message type is four digits: others are refused")
	}
	return []spec.Field{{Name: f.Name, Format: "n 4", Encoding: coding}}
}

// messageBitmap finds the bitmap field and makes its form.
func (im *importer) messageBitmap(root *element, frame frame, members []member) spec.Bitmap {
	if !frame.emitBitmap {
		return spec.Bitmap{Absent: true}
	}
	highest := 0
	var at *member
	for i := range members {
		if members[i].id == frame.bitmapField && members[i].isBitmap() {
			at = &members[i]
		}
		if members[i].usable() && members[i].id <= 192 {
			highest = max(highest, members[i].id)
		}
	}
	if at == nil {
		im.warn(root, "", "field %d is no bitmap: the file is read as ANSI X9.2, with a bitmap of 16 hexadecimal characters", frame.bitmapField)
		return spec.Bitmap{Encoding: spec.HexASCII, Bytes: 8, Max: max(1, (highest+63)/64), Plain: true}
	}
	third := frame.thirdBitmapField
	if third > 0 {
		highest = min(highest, 128)
	}
	form := im.bitmap(at, highest)
	if third > 0 {
		im.thirdBitmap(root, members, third, &form)
	}
	return form
}

// bitmap makes the form of a bitmap field whose bits must reach to highest.
func (im *importer) bitmap(m *member, highest int) spec.Bitmap {
	length := im.number(m.element, m.path, "length", 8, true)
	form := spec.Bitmap{Encoding: m.class.coding, Bytes: 8, Max: min(3, max(1, (length+7)/8))}
	switch {
	case m.class.limit > 0: // always 64 bits, the first one like the others
		form.Max, form.Plain = 1, true
		return form
	case length == 0:
		im.fault(m.element, m.path, "a bitmap of no bytes")
	case length < 8:
		form.Bytes, form.Plain = length, true
		return form
	case length%8 != 0 || length > 24:
		im.warn(m.element, m.path, "a bitmap of %d bytes is read as %d", length, 8*form.Max)
	}
	if need := (highest + 63) / 64; need > form.Max && need <= 3 {
		im.warn(m.element, m.path, "field %d needs a bitmap of %d bytes: it may be that long", highest, 8*need)
		form.Max = need
	}
	return form
}

// thirdBitmap puts the third bitmap into a data element.
func (im *importer) thirdBitmap(root *element, members []member, third int, form *spec.Bitmap) {
	for i := range members {
		m := &members[i]
		if m.id != third || !m.known {
			continue
		}
		switch {
		case form.Bytes != 8 || third <= 64 || third > 128:
			im.fault(m.element, m.path, "the third bitmap cannot be in field %d", third)
		case m.class.coding != form.Encoding:
			im.fault(m.element, m.path, "the third bitmap is not written as the others are")
		default:
			form.TertiaryField, form.Max = third, 3
		}
		return
	}
	im.fault(root, strconv.Itoa(third), "the field of the third bitmap is not defined")
}

// isElement tells whether a member is a data element of the message.
func (im *importer) isElement(frame frame, m *member, form spec.Bitmap) bool {
	switch {
	case m.id == 0, m.id == form.TertiaryField && m.id > 0, m.id == 1 && !form.Plain && !form.Absent:
		return false
	case !m.usable():
		if m.isBitmap() && !form.Absent && m.id != frame.bitmapField {
			im.warn(m.element, m.path, "a bitmap that is not the message's: the field is left out")
		}
		return false
	case m.writesTag():
		im.warn(m.element, m.path, "%s writes a tag, which no data element has: the field is left out", m.className())
		return false
	case m.id < frame.firstField:
		im.warn(m.element, m.path, "is below the first field, %d: it is left out", frame.firstField)
		return false
	case m.id > 192, m.id > 8*form.Bytes*form.Max && !form.Absent:
		im.warn(m.element, m.path, "no bitmap reaches the field: it is left out")
		return false
	case m.id == 65 && form.Max == 3 && form.TertiaryField == 0 && !form.Plain && !form.Absent:
		im.warn(m.element, m.path, "bit 65 announces the third bitmap: the field is left out")
		return false
	}
	return true
}

// derivations lets responses and reversals be made as in ISO 8583:1987, for a file says nothing about them. Original data
// elements need field 90 as the standard has it.
func (im *importer) derivations(c *spec.Config) {
	standard := spec.ISO8583v1987ASCII().Config()
	c.Responses = standard.Responses
	for _, f := range c.Fields {
		if f.Number == 90 && strings.HasSuffix(f.Format, "n 42") {
			c.Reversals = standard.Reversals
		}
	}
}
