//go:build amd64 || arm64

package moovspec

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/sort"

	"github.com/posline/posline/spec"
)

// composite returns moov's composite; nil for a field without parts, or, with a warning, for one whose parts moov cannot
// tell.
func (x *exporter) composite(path string, f spec.Field) field.Field {
	if f.Layout == nil {
		return nil
	}
	if f.Encoding != spec.Raw && !f.Encoding.IsText() {
		x.warn(path, "one value: moov has no parts of a value in %s", f.Encoding)
		return nil
	}
	format, _ := spec.ParseFormat(f.Format)
	s := &field.Spec{Description: f.Name, Length: format.Max, Subfields: map[string]field.Field{}}
	if format.Content == spec.ContentB && format.Fixed() {
		s.Length /= 8
	}
	problem := lengthPrefix(s, f, format)
	if format.Sign || f.Reserve || f.Terminator != "" {
		problem = "parts of such a field"
	}
	if problem == "" {
		problem = arrangement(s, f.Layout)
	}
	if problem == "" {
		problem = x.parts(path, s, f.Layout)
	}
	if problem != "" {
		x.warn(path, "one value: moov has no %s", problem)
		return nil
	}
	return field.NewComposite(s)
}

// arrangement sets tag or bitmap of a composite, or says what moov lacks.
func arrangement(s *field.Spec, l *spec.Layout) string {
	if l.Lead != nil && (l.Kind != spec.Positional || l.Lead.StartsWith != "") {
		return "part that leads"
	}
	s.Tag = &field.TagSpec{Sort: sort.StringsByInt}
	switch l.Kind {
	case spec.Positional:
	case spec.BERTLV:
		s.Tag = &field.TagSpec{Enc: encoding.BerTLVTag, Sort: order(l.Fields)}
	case spec.Tagged:
		return tagSpec(s.Tag, l)
	case spec.Bitmapped:
		bitmap, ok := bitmapSpec(l.Bitmap)
		if !ok || !l.Bitmap.Plain {
			return "such a bitmap before parts"
		}
		s.Tag, s.Bitmap = nil, field.NewBitmap(bitmap)
	default:
		return "records"
	}
	if l.Kind == spec.BERTLV {
		return unknownTags(s.Tag, l)
	}
	return ""
}

func tagSpec(t *field.TagSpec, l *spec.Layout) string {
	if l.LengthFirst || l.CountsTag {
		return "length before a tag"
	}
	t.Length, t.Sort = l.Tag.Digits, order(l.Fields)
	switch l.Tag.Encoding {
	case spec.ASCII:
		t.Enc = encoding.ASCII
	case spec.EBCDICDataStage:
		t.Enc = encoding.EBCDIC
	case spec.EBCDIC1047:
		t.Enc = encoding.EBCDIC1047
	case spec.BCD:
		t.Enc = encoding.BCD
	case spec.Raw:
		t.Enc = encoding.ASCIIHexToBytes
	default:
		return "tags in " + l.Tag.Encoding.String()
	}
	return unknownTags(t, l)
}

// order is the function that puts tags in the order of the spec, which is that in which structs are marshalled: one of
// moov's where it does.
func order(fields []spec.Field) sort.StringSlice {
	var tags []string
	for _, f := range fields {
		tags = append(tags, f.Tag)
	}
	for _, known := range []sort.StringSlice{sort.StringsByHex, sort.StringsByInt, sort.Strings} {
		sorted := slices.Sorted(slices.Values(tags))
		if known(sorted); slices.Equal(sorted, tags) {
			return known
		}
	}
	return func(keys []string) {
		slices.SortFunc(keys, func(a, b string) int {
			return cmp.Or(place(tags, a)-place(tags, b), strings.Compare(a, b))
		})
	}
}

// place is where a tag stands in the spec; those it does not have come last.
func place(tags []string, tag string) int {
	if i := slices.Index(tags, tag); i >= 0 {
		return i
	}
	return len(tags)
}

// unknownTags keeps the tags that the spec does not list, where the layout takes any.
func unknownTags(t *field.TagSpec, l *spec.Layout) string {
	if l.Unknown == nil {
		t.SkipUnknownTLVTags, t.StoreUnknownTLVTags = l.Kind == spec.BERTLV, l.Kind == spec.BERTLV
		return ""
	}
	format, _ := spec.ParseFormat(l.Unknown.Format)
	var s field.Spec
	if problem := lengthPrefix(&s, *l.Unknown, format); problem != "" || format.Fixed() {
		return "unknown tags of this form"
	}
	t.SkipUnknownTLVTags, t.StoreUnknownTLVTags, t.PrefUnknownTLV = true, true, s.Pref
	return ""
}

// parts adds the subfields, or says what moov lacks for one of them: without it none behind it is found.
func (x *exporter) parts(path string, s *field.Spec, l *spec.Layout) string {
	fields := l.Fields
	if l.Lead != nil {
		lead := *l.Lead
		lead.Number = 0
		fields = append([]spec.Field{lead}, fields...)
	}
	if l.Fill {
		x.warn(path, "lost: filling of parts that are left out")
	}
	if l.Short {
		x.warn(path, "lost: values that end inside a part")
	}
	for _, f := range fields {
		if format, _ := spec.ParseFormat(f.Format); format.Fixed() && format.Max == 0 && !f.ToEnd {
			continue // it only holds a place, which moov's keys may leave out
		}
		key := f.Tag
		if key == "" {
			key = strconv.Itoa(f.Number)
		}
		x.losses(path+"."+key, f)
		sub := x.composite(path+"."+key, f)
		if sub == nil {
			leaf, problem := leafOf(f)
			if problem != "" {
				return problem + ", as part " + key + " has"
			}
			sub = leaf
		}
		s.Subfields[key] = sub
	}
	return ""
}
