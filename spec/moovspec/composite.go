//go:build amd64 || arm64

package moovspec

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"

	"github.com/posline/posline/spec"
)

// composite returns the definition of a field with parts; ok is false for one that is left out, with a warning. Its
// length counts bytes, whatever the prefix is written in. It is text where all that stands in it is ASCII: moov's Field
// takes the bytes of such a field as text, and so does Set.
func (im *importer) composite(path string, s *field.Spec, depth int) (f spec.Field, ok bool) {
	f = spec.Field{Name: s.Description, Encoding: spec.Raw, Pad: spec.Pad{Side: spec.Neither}}
	e, ok := extentOf(s.Pref)
	switch {
	case !ok:
		im.fault(path, "has no prefix of moov's")
		return f, true
	case (s.Tag == nil) == (s.Bitmap == nil):
		im.fault(path, "a composite has a tag or a bitmap")
		return f, true
	}
	if e.ending == endHexFixed {
		im.warn(path, "moov demands twice the length when it writes: not here")
	}
	content := "b"
	f.Layout = im.inside(path, s, depth)
	if im.unreadable(f.Layout, s, e) {
		im.warn(path, "has no parts that moov could read: left out")
		return f, false
	}
	if set, ok := textual(f.Layout); ok {
		content, f.Encoding, f.Charset = "ans", spec.ASCII, set
	}
	im.framed(path, &f, content, e, s.Length)
	return f, true
}

// unreadable tells whether moov cannot read a composite, for want of parts that were left out: one without tags and
// bitmap is read to its last part, unless a length ends it before.
func (im *importer) unreadable(l *spec.Layout, s *field.Spec, e extent) bool {
	if l == nil || len(l.Fields) == len(s.Subfields) || len(im.faults) > 0 {
		return false
	}
	switch l.Kind {
	case spec.Positional:
		return len(l.Fields) == 0 || e.ending != endPrefix
	case spec.Tagged:
		return len(l.Fields) == 0 && l.Unknown == nil
	}
	return false
}

// inside returns the layout of a composite, nil for one without parts.
func (im *importer) inside(path string, s *field.Spec, depth int) *spec.Layout {
	switch {
	case len(s.Subfields) == 0 && (s.Tag == nil || s.Tag.Enc != encoding.BerTLVTag):
		im.warn(path, "has no subfields: bytes without parts here")
		return nil
	case s.Bitmap != nil:
		return im.bitmapped(path, s, depth)
	case s.Tag.Enc == nil:
		return im.positional(path, s, depth)
	case s.Tag.Enc == encoding.BerTLVTag:
		return im.berTLV(path, s, depth)
	default:
		return im.tagged(path, s, depth)
	}
}

// textual tells whether all that a layout puts on the wire is ASCII, and which characters that may be. What unknown tags
// hold is bytes in moov, but no more so than the text of a String that is written as bytes.
func textual(l *spec.Layout) (set spec.Charset, ok bool) {
	if l == nil || l.Kind != spec.Positional && (l.Kind != spec.Tagged || l.Tag.Encoding != spec.ASCII) {
		return 0, false
	}
	set = spec.CharsetASCII7
	for _, f := range l.Fields {
		bytes := f.Encoding == spec.Raw && f.Charset == spec.CharsetASCII7
		if !inASCII(f.Prefix) || f.Encoding != spec.ASCII && !bytes {
			return 0, false
		}
		if f.Charset == spec.CharsetUTF8 {
			set = spec.CharsetUTF8
		}
	}
	if l.Unknown != nil {
		return spec.CharsetUTF8, inASCII(l.Unknown.Prefix)
	}
	return set, true
}

// inASCII tells whether a length, if there is one, is written in ASCII.
func inASCII(p spec.Prefix) bool {
	return p.Encoding == spec.EncodingDefault || p.Encoding == spec.ASCII
}

// inOrder returns the keys of the subfields in the order that moov writes them in.
func (im *importer) inOrder(path string, s *field.Spec) []string {
	keys := slices.Sorted(maps.Keys(s.Subfields))
	if s.Tag == nil {
		return keys
	}
	if s.Tag.Sort == nil {
		im.fault(path, "a tag has an order")
		return nil
	}
	s.Tag.Sort(keys)
	return keys
}

func (im *importer) bitmapped(path string, s *field.Spec, depth int) *spec.Layout {
	if isNil(s.Bitmap) {
		im.fault(path, "the bitmap has no spec")
		return nil
	}
	form, ok := im.bitmapForm(path, s.Bitmap.Spec())
	if !ok {
		return nil
	}
	form.Plain = true
	l := &spec.Layout{Kind: spec.Bitmapped, Encoding: spec.ASCII, Bitmap: form}
	for _, key := range im.inOrder(path, s) {
		at := path + "." + key
		bit, err := strconv.Atoi(key)
		switch highest := 8 * form.Bytes * form.Max; {
		case err != nil || strconv.Itoa(bit) != key:
			im.warn(at, "is no number of a bit, moov does not read it: left out")
			continue
		case bit < 1 || bit > highest:
			im.warn(at, "the bitmap announces 1 to %d, moov writes the field without its bit: left out", highest)
			continue
		}
		if sub, ok := im.field(at, s.Subfields[key], depth+1); ok {
			sub.Number = bit
			l.Fields = append(l.Fields, sub)
		}
	}
	slices.SortFunc(l.Fields, func(a, b spec.Field) int { return a.Number - b.Number })
	return l
}

// positional returns subfields one after the other. A key means the same part in both.
func (im *importer) positional(path string, s *field.Spec, depth int) *spec.Layout {
	l := &spec.Layout{Kind: spec.Positional, Encoding: spec.ASCII}
	keys := im.inOrder(path, s)
	if !im.countUp(path, keys) {
		return l
	}
	for i, key := range keys {
		number, err := strconv.Atoi(key)
		if err != nil {
			number = i + 1
			im.warn(path+"."+key, "positional parts are numbered here: %d", number)
		} else if strconv.Itoa(number) != key {
			im.warn(path+"."+key, "is %d in paths here", number)
		}
		sub, ok := im.field(path+"."+key, s.Subfields[key], depth+1)
		if !ok {
			im.behind(path, keys[i+1:])
			return l
		}
		sub.Number = number
		l.Fields = append(l.Fields, sub)
	}
	return l
}

// behind reports the positional parts behind one that is left out.
func (im *importer) behind(path string, keys []string) {
	for _, key := range keys {
		im.warn(path+"."+key, "stands behind a part that moov cannot read: left out")
	}
}

// countUp tells whether the keys of positional subfields, in wire order, are numbers that count up, or no numbers at
// all. Others would name another part here than in moov.
func (im *importer) countUp(path string, keys []string) bool {
	last, numbers := -1, 0
	for _, key := range keys {
		number, err := strconv.Atoi(key)
		if err != nil {
			continue
		}
		numbers++
		if number <= last {
			im.fault(path+"."+key, "keys of positional subfields count up in the order on the wire")
			return false
		}
		last = number
	}
	if numbers > 0 && numbers < len(keys) {
		im.fault(path, "keys of positional subfields are all numbers, or none is")
		return false
	}
	return true
}

func (im *importer) berTLV(path string, s *field.Spec, depth int) *spec.Layout {
	l := &spec.Layout{Kind: spec.BERTLV, Encoding: spec.Raw, Ordered: true}
	for _, key := range im.inOrder(path, s) {
		at := path + "." + key
		sub, ok := im.field(at, s.Subfields[key], depth+1)
		if !ok {
			continue
		}
		if sub.Tag = strings.ToUpper(key); sub.Tag != key {
			im.warn(at, "tags are in upper case: moov does not find this one when it reads")
		}
		if sub.Format != "" && (sub.ToEnd || !strings.Contains(sub.Format, ".")) {
			im.fault(at, "a data object behind a BER tag has a length")
		}
		sub.Mask = cmp.Or(sub.Mask, berMasks[sub.Tag])
		l.Fields = append(l.Fields, sub)
	}
	im.unknown(path, l, s.Tag)
	return l
}

// berMasks are the data objects that identify or authorise a cardholder. Those that a spec does not list are hidden.
var berMasks = map[string]spec.Mask{"5A": spec.MaskPAN, "57": spec.MaskTrack, "56": spec.MaskTrack, "9F6B": spec.MaskTrack,
	"99": spec.MaskHidden, "5F24": spec.MaskHidden, "9F1F": spec.MaskHidden, "9F20": spec.MaskHidden}

// unknown sets what is taken of tags that the spec does not list.
func (im *importer) unknown(path string, l *spec.Layout, t *field.TagSpec) {
	if t.SkipUnknownTLVTags && !t.StoreUnknownTLVTags && (t.PrefUnknownTLV != nil || l.Kind == spec.BERTLV) {
		im.warn(path, "moov drops tags that are not listed when it reads, here they are kept: UnsetUnknown drops them")
	}
	if t.PrefUnknownTLV == nil || !t.SkipUnknownTLVTags {
		return // BERTLV takes them all, Tagged none
	}
	e, ok := extentOf(t.PrefUnknownTLV)
	if !ok || e.ending != endPrefix {
		im.fault(path, "the prefix of unknown tags tells no length")
		return
	}
	unknown := spec.Field{Encoding: spec.Raw, Mask: spec.MaskHidden, Pad: spec.Pad{Side: spec.Neither}}
	im.framed(path, &unknown, "b", e, min(e.limit(), unlimited))
	l.Unknown = &unknown
}

func (im *importer) tagged(path string, s *field.Spec, depth int) *spec.Layout {
	l := &spec.Layout{Kind: spec.Tagged, Encoding: spec.ASCII, Ordered: true}
	form, ok := im.tagForm(path, s)
	if !ok {
		return l
	}
	l.Tag = form.TagFormat
	for _, key := range im.inOrder(path, s) {
		at := path + "." + key
		sub, ok := im.field(at, s.Subfields[key], depth+1)
		if !ok {
			continue
		}
		if sub.Tag = form.tag(key, s.Tag); len(sub.Tag) != form.text {
			im.fault(at, "is no tag of %d", s.Tag.Length)
			continue
		}
		l.Fields = append(l.Fields, sub)
	}
	im.unknown(path, l, s.Tag)
	return l
}

// tagForm is how tags are written, and how they are made of moov's keys.
type tagForm struct {
	spec.TagFormat
	text int // characters of a tag as it stands in paths
	enc  encoding.Encoder
}

func (im *importer) tagForm(path string, s *field.Spec) (tagForm, bool) {
	t := s.Tag
	out := tagForm{TagFormat: spec.TagFormat{Digits: t.Length}, text: t.Length, enc: t.Enc}
	switch t.Enc {
	case encoding.ASCII:
		out.Encoding = spec.ASCII
	case encoding.EBCDIC:
		out.Encoding = spec.EBCDICDataStage
	case encoding.EBCDIC1047:
		out.Encoding = spec.EBCDIC1047
	case encoding.Binary:
		if out.Encoding = spec.ASCII; !printable(s) {
			out.Encoding, out.text = spec.Raw, 2*t.Length
			im.warn(path, "tags are bytes: in hexadecimal here")
		}
	case encoding.ASCIIHexToBytes:
		out.Encoding, out.text = spec.Raw, 2*t.Length
	case encoding.BytesToASCIIHex:
		out.Encoding, out.Digits, out.text = spec.ASCII, 2*t.Length, 2*t.Length
		im.warn(path, "tags are written in hexadecimal: in hexadecimal here")
	case encoding.BCD:
		out.Encoding = spec.BCD
	case encoding.LBCD:
		if out.Encoding = spec.BCD; t.Length%2 != 0 {
			im.fault(path, "tags of an odd number of digits stand right")
			return out, false
		}
	default:
		im.fault(path, "tags have no encoding of moov's")
		return out, false
	}
	if t.Length < 1 || t.Length > 8 || out.Digits > 8 {
		im.fault(path, "tags of %d", t.Length)
		return out, false
	}
	return out, true
}

// tag returns the tag as it stands in paths, which is as long as on the wire.
func (f tagForm) tag(key string, t *field.TagSpec) string {
	full := []byte(key)
	if t.Pad != nil {
		full = t.Pad.Pad(slices.Clone(full), t.Length)
	}
	switch {
	case f.enc == encoding.Binary && f.Encoding == spec.Raw, f.enc == encoding.BytesToASCIIHex:
		return fmt.Sprintf("%X", full)
	case f.enc == encoding.ASCIIHexToBytes:
		return strings.ToUpper(string(full))
	default:
		return string(full)
	}
}

// printable tells whether the tags of a composite are text, though they are written as bytes.
func printable(s *field.Spec) bool {
	for key := range s.Subfields {
		if strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) {
			return false
		}
	}
	_, pad, plain := padOf(s.Tag.Pad)
	return plain && (pad == "" || pad >= " " && pad <= "~")
}
