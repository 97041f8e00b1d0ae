package jposxml

import (
	"fmt"
	"slices"
	"strings"

	"github.com/posline/posline/spec"
)

// maxComposites is how deep composites may nest: what a spec allows.
const maxComposites = 8

// packagerNames are the packagers of composites that jPOS has.
var packagerNames = []string{"GenericPackager", "GenericValidatingPackager", "GenericSubFieldPackager", "Base1SubFieldPackager", "CTCSubFieldPackager",
	"CTCSubElementPackager", "EuroSubFieldPackager", "MasterCardEBCDICSubFieldPackager", "GICCSubFieldPackager", "GenericTaggedFieldsPackager",
	"TaggedSequencePackager", "BinaryHexTaggedSequencePackager", "BERTLVBinaryPackager", "BERTLVAsciiHexPackager", "BERTLVEbcdicHexPackager",
	"DatasetPackager", "ICCDataPackager"}

// composite puts the inside of an isofieldpackager into its field.
func (im *importer) composite(m *member, f *spec.Field, depth int) {
	if depth >= maxComposites {
		im.fault(m.element, m.path, "composites nest deeper than %d", maxComposites)
		return
	}
	name := m.packagerName()
	if name == "" {
		im.fault(m.element, m.path, `attribute "packager" is missing`)
		return
	}
	before := len(im.faults)
	layout := im.layout(m, f, name, depth)
	if layout == nil || len(im.faults) > before {
		return
	}
	if !im.fit(m, f, layout) {
		im.warn(m.element, m.path, "the subfields are not characters of its class %s: it is read as one value", m.className())
		return
	}
	f.Layout = layout
}

// layout makes the inside by the packager; nil is a value without parts.
func (im *importer) layout(m *member, f *spec.Field, name string, depth int) *spec.Layout {
	foreign := !strings.HasPrefix(name, "org.jpos.") && strings.Contains(name, ".")
	if foreign && im.packagers != nil {
		if layout, ok := im.packagers(m.exported(m.path)); ok {
			return layout
		}
	}
	if foreign && slices.Contains(packagerNames, simpleName(name)) {
		im.warn(m.element, m.path, "packager %s is taken for the one of jPOS named %s", name, simpleName(name))
	}
	if layout, ok := im.dataObjects(m, f, simpleName(name)); ok {
		if len(m.children) > 0 {
			im.warn(m.element, m.path, "its data objects have the tags of BER-TLV or datasets: the %d elements inside are not looked at", len(m.children))
		}
		return layout
	}
	parts := &parts{importer: im, owner: m, frame: im.frame(m.element, m.path), depth: depth + 1, members: im.members(m.element, m.path)}
	switch simpleName(name) {
	case "GenericPackager", "GenericValidatingPackager":
		return parts.generic()
	case "GenericSubFieldPackager":
		return parts.genericSubField()
	case "Base1SubFieldPackager":
		return parts.base1()
	case "CTCSubFieldPackager":
		return parts.positional(0, false)
	case "CTCSubElementPackager":
		return parts.tagged(taggedForm{tag: spec.TagFormat{Encoding: ascii, Digits: 2}})
	case "EuroSubFieldPackager":
		return parts.tagged(taggedForm{tag: spec.TagFormat{Encoding: ascii, Digits: 2}, lead: true})
	case "MasterCardEBCDICSubFieldPackager":
		return parts.tagged(taggedForm{tag: spec.TagFormat{Encoding: ebcdic, Digits: 2}, lead: true})
	case "GICCSubFieldPackager":
		return parts.tagged(taggedForm{tag: spec.TagFormat{Encoding: ebcdic, Digits: 2}, lead: true, leadStarts: " "})
	case "GenericTaggedFieldsPackager":
		return parts.mapped()
	case "TaggedSequencePackager":
		return parts.sequence(ascii)
	case "BinaryHexTaggedSequencePackager":
		return parts.sequence(raw)
	}
	im.warn(m.element, m.path, "packager %s is not one of jPOS: the field is read as one value", name)
	return nil
}

// dataObjects makes the inside of a field whose packager knows by itself what may be there.
func (im *importer) dataObjects(m *member, f *spec.Field, packager string) (layout *spec.Layout, ok bool) {
	switch packager {
	case "BERTLVBinaryPackager", "ICCDataPackager":
		return &spec.Layout{Kind: spec.BERTLV}, true
	case "BERTLVAsciiHexPackager":
		return im.hexTLV(m, f, spec.HexASCII), true
	case "BERTLVEbcdicHexPackager":
		return im.hexTLV(m, f, spec.HexEBCDIC), true
	case "DatasetPackager":
		return datasets(), true
	}
	return nil, false
}

// hexTLV makes the value of a field, which is text in jPOS, the bytes that it holds in hexadecimal.
func (im *importer) hexTLV(m *member, f *spec.Field, coding spec.Encoding) *spec.Layout {
	format, err := spec.ParseFormat(f.Format)
	if err != nil || f.Encoding == spec.BCD || f.Encoding == spec.HexASCII || f.Encoding == spec.HexEBCDIC {
		im.warn(m.element, m.path, "the class holds no hexadecimal text: it is read as one value")
		return nil
	}
	characters := format.Max
	if format.Fixed() && format.Content == spec.ContentB {
		characters /= 8
	}
	if f.Encoding.IsEBCDIC() {
		coding = spec.HexEBCDIC
	}
	f.Encoding, f.Charset = coding, spec.CharsetASCII
	f.Format = fmt.Sprintf("b %d", characters/2*8)
	if !format.Fixed() {
		f.Format = variableFormat("b", max(1, characters/2))
		f.Prefix.Unit = spec.Bytes
	}
	return &spec.Layout{Kind: spec.BERTLV}
}

// datasets is the layout of ISO 8583:2003 datasets: identifiers up to 70 hold BER-TLV, the higher ones a bitmap of
// their own, which stays as it is.
func datasets() *spec.Layout {
	prefix := spec.Prefix{Encoding: spec.Binary, Digits: 2}
	l := &spec.Layout{Kind: spec.Tagged, Tag: spec.TagFormat{Encoding: spec.Raw, Digits: 1},
		Unknown: &spec.Field{Format: "b.....65535", Encoding: spec.Raw, Prefix: prefix}}
	for id := 1; id <= 0x70; id++ {
		l.Fields = append(l.Fields, spec.Field{Tag: fmt.Sprintf("%02X", id), Format: "b.....65535", Encoding: spec.Raw,
			Prefix: prefix, Layout: &spec.Layout{Kind: spec.BERTLV}})
	}
	return l
}

// fit makes field and inside agree on what the value is made of; false when they cannot. jPOS hands the bytes that the
// inner packager makes to the outer class, text classes get them as characters.
func (im *importer) fit(m *member, f *spec.Field, l *spec.Layout) bool {
	format, err := spec.ParseFormat(f.Format)
	switch {
	case err != nil || format.Sign || f.Encoding == spec.ZonedEBCDIC:
		return false
	case f.Encoding == spec.BCD:
		return onlyASCII(l)
	case format.Content == spec.ContentB && !f.Encoding.IsEBCDIC():
		return true
	}
	if format.Content != spec.ContentB { // digits in jPOS are characters like all others
		f.Pad = padOf(f, format)
		f.Format = spec.Format{Content: spec.ContentANS, Max: format.Max, Digits: format.Digits}.String()
		f.Charset, f.Separator = spec.CharsetLatin1, ""
	}
	if f.Encoding.IsEBCDIC() {
		return inEBCDIC(l, f.Encoding)
	}
	return true
}

// padOf keeps the zeros of a number that becomes text.
func padOf(f *spec.Field, format spec.Format) spec.Pad {
	if format.Content == spec.ContentN && f.Pad == (spec.Pad{}) && format.Fixed() {
		return spec.Pad{Side: spec.Left, Char: "0"}
	}
	return f.Pad
}

// onlyASCII tells whether all inside is characters, so that it can stand in packed digits.
func onlyASCII(l *spec.Layout) bool {
	good := l.Kind == spec.Positional
	for _, f := range l.Fields {
		good = good && f.Encoding == spec.ASCII && (f.Prefix.Encoding == spec.EncodingDefault || f.Prefix.Encoding == spec.ASCII) &&
			(f.Layout == nil || onlyASCII(f.Layout))
	}
	return good
}

// inEBCDIC turns all inside from characters into EBCDIC, as the outer class does on the wire.
func inEBCDIC(l *spec.Layout, page spec.Encoding) bool {
	turn := map[spec.Encoding]spec.Encoding{spec.ASCII: page, spec.HexASCII: spec.HexEBCDIC, spec.Raw: page,
		spec.EncodingDefault: spec.EncodingDefault}
	if l.Kind == spec.BERTLV || l.Kind == spec.Bitmapped && l.Bitmap.Encoding != spec.HexASCII || l.Kind == spec.Tagged && l.Tag.Encoding != spec.ASCII {
		return false
	}
	if l.Kind == spec.Bitmapped {
		l.Bitmap.Encoding = spec.HexEBCDIC
	}
	if l.Kind == spec.Tagged {
		l.Tag.Encoding = page
	}
	all := []*spec.Field{l.Lead, l.Unknown}
	for i := range l.Fields {
		all = append(all, &l.Fields[i])
	}
	for _, f := range all {
		if f == nil {
			continue
		}
		coding, ok := turn[f.Encoding]
		prefix, prefixOK := turn[f.Prefix.Encoding]
		if !ok || !prefixOK || f.Prefix.Encoding == spec.Raw || f.Layout != nil && !inEBCDIC(f.Layout, page) {
			return false
		}
		f.Encoding, f.Prefix.Encoding = coding, prefix
	}
	return true
}
