//go:build amd64 || arm64

package moovspec_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/encoding"
	"github.com/moov-io/iso8583/field"
	"github.com/moov-io/iso8583/padding"
	"github.com/moov-io/iso8583/prefix"
	moovsort "github.com/moov-io/iso8583/sort"
)

// generator makes random moov specs, and values for them that moov itself can write and read back. What moov cannot is
// left out here and stands in the table of defects.
type generator struct{ *rand.Rand }

// element is a field of a generated spec: a leaf, or a composite with its parts in wire order.
type element struct {
	moov  field.Field
	key   string // in moov
	ours  string // in our paths
	hex   bool   // moov's value is the hexadecimal text of ours
	parts []*element
	all   bool // no part may be left out
	rest  bool // takes all that is left
	whole bool // of fixed length, with all its parts

	needed bool // its composite has no way to leave it out
}

func pick[T any](g generator, from ...T) T { return from[g.IntN(len(from))] }

func (g generator) chance(percent int) bool { return g.IntN(100) < percent }

// message returns a spec and its data elements.
func (g generator) message() (*iso8583.MessageSpec, []*element) {
	ms := &iso8583.MessageSpec{Name: "random", Fields: map[int]field.Field{0: g.messageType()}}
	bitmap := &field.Spec{Length: pick(g, 0, 8, 8), Enc: pick[encoding.Encoder](g, encoding.Binary, encoding.BytesToASCIIHex), Pref: prefix.Hex.Fixed}
	highest := pick(g, 64, 128, 128, 192)
	if g.chance(25) {
		bitmap.DisableAutoExpand, bitmap.Length = true, highest/8
	}
	ms.Fields[1] = field.NewBitmap(bitmap)
	var elements []*element
	count := 1 + g.IntN(6)
	numbers := map[int]bool{}
	for range count {
		if n := 2 + g.IntN(highest-1); bitmap.DisableAutoExpand || n%64 != 1 {
			numbers[n] = true
		}
	}
	inOrder := slices.Sorted(maps.Keys(numbers)) // not of the map: a seed makes the same messages every time
	for _, n := range inOrder {
		e := g.element(0, n == inOrder[len(inOrder)-1])
		e.key = strconv.Itoa(n)
		e.ours = e.key
		ms.Fields[n] = e.moov
		elements = append(elements, e)
	}
	return ms, elements
}

func (g generator) messageType() field.Field {
	enc := pick[encoding.Encoder](g, encoding.ASCII, encoding.BCD, encoding.LBCD, encoding.EBCDIC, encoding.EBCDIC1047,
		encoding.Binary, encoding.BytesToASCIIHex)
	if g.chance(10) {
		return field.NewString(&field.Spec{Length: 2, Enc: encoding.ASCIIHexToBytes, Pref: prefix.Hex.Fixed})
	}
	s := &field.Spec{Length: 4, Enc: enc, Pref: pick(g, prefix.ASCII, prefix.BCD, prefix.Binary, prefix.EBCDIC, prefix.EBCDIC1047).Fixed}
	if g.chance(20) {
		s.Pad = padding.Left('0')
		return field.NewNumeric(s)
	}
	return field.NewString(s)
}

// element returns a field at some depth of composites; one that may take all that is left is the last.
func (g generator) element(depth int, last bool) *element {
	if depth < 3 && g.chance(30) {
		return g.composite(depth, last)
	}
	return g.leaf(last)
}

var variable = []prefix.Prefixers{prefix.ASCII, prefix.BCD, prefix.Binary, prefix.Hex, prefix.EBCDIC, prefix.EBCDIC1047}

// varying returns a length prefix and the longest length to go with it.
func (g generator) varying() (prefix.Prefixer, int) {
	p := pick(g, variable...)
	if p != prefix.Binary && g.chance(15) { // of which moov does not read back lengths of five bytes
		return pick(g, p.LLLLL, p.LLLLLL), 1 + g.IntN(40)
	}
	return pick(g,
		func() (prefix.Prefixer, int) { return p.L, 1 + g.IntN(9) },
		func() (prefix.Prefixer, int) { return p.LL, 1 + g.IntN(30) },
		func() (prefix.Prefixer, int) { return p.LLL, 1 + g.IntN(200) },
		func() (prefix.Prefixer, int) { return p.LLLL, 1 + g.IntN(40) },
		func() (prefix.Prefixer, int) { return prefix.BerTLV, 1 + g.IntN(200) },
	)()
}

func (g generator) leaf(last bool) *element {
	e := &element{}
	s := &field.Spec{Description: "leaf"}
	switch roll := g.IntN(100); {
	case roll < 45:
		s.Length, s.Pref = 1+g.IntN(20), pick(g, prefix.ASCII, prefix.BCD, prefix.Binary, prefix.EBCDIC, prefix.EBCDIC1047).Fixed
	case roll < 92 || !last:
		s.Pref, s.Length = g.varying()
	default:
		s.Pref, s.Length, e.rest = prefix.None.Fixed, 1+g.IntN(20), true
	}
	encoders := []encoding.Encoder{encoding.ASCII, encoding.Binary, encoding.EBCDIC, encoding.EBCDIC1047}
	if !e.rest {
		encoders = append(encoders, encoding.BCD, encoding.LBCD, encoding.BytesToASCIIHex)
	}
	s.Enc = pick(g, encoders...)
	g.typed(e, s)
	return e
}

// typed makes a leaf of some type that goes with the encoding.
func (g generator) typed(e *element, s *field.Spec) {
	digits := s.Enc == encoding.BCD || s.Enc == encoding.LBCD
	switch roll := g.IntN(100); {
	case roll < 6 && (e.rest || s.Pref == prefix.ASCII.Fixed):
		s.Enc, e.hex = encoding.ASCIIHexToBytes, true
		if !e.rest {
			s.Pref = prefix.Hex.Fixed
		}
		e.moov = field.NewString(s)
	case roll < 40:
		s.Pad = g.pad(digits, '0', ' ', 'x', '*')
		e.moov = field.NewString(s)
	case roll < 60:
		s.Length = min(s.Length, 18)
		s.Pad = g.pad(digits, '0', ' ')
		e.moov = field.NewNumeric(s)
	case roll < 80 || digits:
		if digits {
			s.Pad = g.pad(true, '0')
			e.moov = field.NewString(s)
			return
		}
		s.Pad = g.pad(false, 0, 'F', ' ')
		e.moov = field.NewBinary(s)
	case roll < 92:
		s.Pad = g.pad(false, 0, '0')
		e.moov = field.NewHex(s)
	case s.Length < 12 || s.Pad != nil:
		e.moov = field.NewString(s)
	default:
		s.Pref, s.Length, e.rest = prefix.ASCII.LL, 37, false
		e.moov = pick[field.Field](g, field.NewTrack1(s), field.NewTrack2(s), field.NewTrack3(s))
	}
}

func (g generator) pad(digits bool, chars ...rune) padding.Padder {
	if g.chance(50) {
		return pick(g, nil, padding.None)
	}
	if digits {
		chars = []rune{'0'}
	}
	return pick(g, padding.Left, padding.Right)(pick(g, chars...))
}

func (g generator) composite(depth int, last bool) *element {
	e := &element{}
	s := &field.Spec{Description: "composite", Subfields: map[string]field.Field{}}
	fixed := g.chance(15)
	switch {
	case fixed:
		s.Pref = pick(g, prefix.ASCII, prefix.BCD, prefix.Binary, prefix.EBCDIC).Fixed
	case last && g.chance(10):
		s.Pref, e.rest, e.all = prefix.None.Fixed, true, true
	default:
		p := pick(g, variable...)
		s.Pref, s.Length = pick(g, p.LLL, p.LLLL), 999
		if p == prefix.Binary || p == prefix.Hex || g.chance(10) {
			s.Pref = pick[prefix.Prefixer](g, p.LLL, prefix.BerTLV)
		}
	}
	switch kind := g.IntN(4); {
	case fixed, kind == 0:
		g.positional(e, s, depth, fixed)
	case kind == 1:
		g.tagged(e, s, depth)
	case kind == 2:
		g.berTLV(e, s)
	default:
		g.bitmapped(e, s, depth)
	}
	for _, part := range e.parts {
		part.needed = e.all
	}
	e.moov = field.NewComposite(s)
	return e
}

func (g generator) positional(e *element, s *field.Spec, depth int, fixed bool) {
	s.Tag = &field.TagSpec{Sort: moovsort.StringsByInt}
	number, count := -g.IntN(2), 1+g.IntN(5)
	for i := range count {
		number++
		if g.chance(10) {
			number += g.IntN(3)
		}
		var part *element
		if fixed {
			part = g.exact()
			s.Length += wireLength(part)
		} else {
			part = g.element(depth+1, i == count-1)
		}
		g.join(e, s, part, strconv.Itoa(number))
	}
	e.all, e.whole = e.all || fixed, fixed
}

// exact is a leaf that always has the same number of bytes.
func (g generator) exact() *element {
	s := &field.Spec{Length: 1 + g.IntN(12), Enc: pick[encoding.Encoder](g, encoding.ASCII, encoding.BCD, encoding.BytesToASCIIHex), Pref: prefix.ASCII.Fixed}
	return &element{moov: field.NewString(s)}
}

func wireLength(e *element) int {
	switch s := e.moov.Spec(); s.Enc {
	case encoding.BCD:
		return (s.Length + 1) / 2
	case encoding.BytesToASCIIHex:
		return 2 * s.Length
	default:
		return s.Length
	}
}

func (g generator) join(e *element, s *field.Spec, part *element, key string) {
	part.key, part.ours = key, key
	s.Subfields[key] = part.moov
	e.parts = append(e.parts, part)
}

func (g generator) tagged(e *element, s *field.Spec, depth int) {
	width := 1 + g.IntN(4)
	s.Tag = &field.TagSpec{Length: width}
	s.Tag.Enc = pick[encoding.Encoder](g, encoding.ASCII, encoding.EBCDIC, encoding.EBCDIC1047, encoding.BCD, encoding.LBCD,
		encoding.ASCIIHexToBytes, encoding.BytesToASCIIHex, encoding.Binary)
	if s.Tag.Enc == encoding.LBCD {
		s.Tag.Length = 2 * (width/2 + 1)
		width = s.Tag.Length
	}
	characters := width
	if s.Tag.Enc == encoding.ASCIIHexToBytes {
		characters *= 2
	} else if g.chance(40) {
		s.Tag.Pad = padding.Left('0')
	}
	letters := s.Tag.Enc != encoding.BCD && s.Tag.Enc != encoding.LBCD && g.chance(30)
	s.Tag.Sort = g.order(letters, s.Tag)
	for range 1 + g.IntN(5) {
		key := g.tag(characters, letters, s.Tag)
		if s.Subfields[key] != nil {
			continue
		}
		part := g.element(depth+1, false)
		g.join(e, s, part, key)
		full := []byte(key)
		if s.Tag.Pad != nil {
			full = s.Tag.Pad.Pad(full, s.Tag.Length)
		}
		if part.ours = string(full); s.Tag.Enc == encoding.BytesToASCIIHex {
			part.ours = fmt.Sprintf("%X", full)
		}
	}
	e.sort(s.Tag.Sort)
	if g.chance(20) {
		s.Tag.SkipUnknownTLVTags, s.Tag.StoreUnknownTLVTags = true, g.chance(50)
		s.Tag.PrefUnknownTLV = pick(g, nil, prefix.ASCII.LL)
	}
}

// sort puts the parts in the order that moov writes them in.
func (e *element) sort(order moovsort.StringSlice) {
	var keys []string
	for _, part := range e.parts {
		keys = append(keys, part.key)
	}
	slices.Sort(keys)
	order(keys)
	slices.SortFunc(e.parts, func(a, b *element) int { return slices.Index(keys, a.key) - slices.Index(keys, b.key) })
}

// order is one of moov's sort functions that orders the keys the same way each time. Where keys are only in part what a
// function compares, moov's order follows that of a Go map.
func (g generator) order(letters bool, t *field.TagSpec) moovsort.StringSlice {
	switch {
	case t.Enc == encoding.ASCIIHexToBytes && t.Pad == nil:
		return pick(g, moovsort.StringsByHex, moovsort.Strings)
	case letters || t.Enc == encoding.ASCIIHexToBytes:
		return moovsort.Strings
	case t.Pad != nil:
		return pick(g, moovsort.StringsByInt, moovsort.Strings)
	default:
		return pick(g, moovsort.StringsByInt, moovsort.StringsByHex, moovsort.Strings)
	}
}

func (g generator) tag(width int, letters bool, t *field.TagSpec) string {
	alphabet := "123456789"
	if t.Enc == encoding.ASCIIHexToBytes {
		alphabet = "123456789ABCDEF"
	} else if letters {
		alphabet = "123456789ABXYZ"
	}
	if t.Pad != nil && g.chance(50) {
		width = 1 + g.IntN(width)
	}
	var b strings.Builder
	for range width {
		b.WriteByte(alphabet[g.IntN(len(alphabet))])
	}
	return b.String()
}

func (g generator) berTLV(e *element, s *field.Spec) {
	s.Tag = &field.TagSpec{Enc: encoding.BerTLVTag, Sort: pick(g, moovsort.StringsByHex, moovsort.Strings)}
	for _, key := range []string{"82", "9F02", "5F2A", "DF8101", "9F8115", "C1", "BF0C"} {
		if g.chance(50) {
			continue
		}
		part := g.leaf(false)
		for part.moov.Spec().Pref == prefix.Hex.Fixed {
			part = g.leaf(false)
		}
		if p := part.moov.Spec(); p.Pref != prefix.ASCII.LL || g.chance(80) {
			p.Pref = prefix.BerTLV
			if p.Pad == nil && g.chance(50) && p.Enc != encoding.BCD && p.Enc != encoding.LBCD && p.Enc != encoding.BytesToASCIIHex {
				p.Length = 0
			}
		}
		g.join(e, s, part, key)
	}
	if len(e.parts) == 0 {
		g.join(e, s, &element{moov: field.NewBinary(&field.Spec{Enc: encoding.Binary, Pref: prefix.BerTLV})}, "9A")
	}
	e.sort(s.Tag.Sort)
}

func (g generator) bitmapped(e *element, s *field.Spec, depth int) {
	size := pick(g, 1, 2, 3, 4, 5, 6, 7, 8, 16, 24)
	s.Bitmap = field.NewBitmap(&field.Spec{Length: size, Enc: pick[encoding.Encoder](g, encoding.Binary, encoding.BytesToASCIIHex),
		Pref: prefix.Binary.Fixed, DisableAutoExpand: true})
	numbers := map[int]bool{}
	for range 1 + g.IntN(5) {
		numbers[1+g.IntN(8*size)] = true
	}
	for _, n := range slices.Sorted(maps.Keys(numbers)) {
		g.join(e, s, g.element(depth+1, false), strconv.Itoa(n))
	}
	e.sort(moovsort.StringsByInt)
}

// features lists what an element is made of, in moov's words.
func (e *element) features() []string {
	s := e.moov.Spec()
	family, _, _ := strings.Cut(s.Pref.Inspect(), ".")
	out := []string{strings.TrimPrefix(fmt.Sprintf("%T", e.moov), "*field."), "prefix " + s.Pref.Inspect(), "family " + family}
	if s.Enc != nil {
		out = append(out, strings.TrimPrefix(fmt.Sprintf("%T", s.Enc), "*encoding."))
	}
	if s.Pad != nil {
		out = append(out, strings.TrimPrefix(fmt.Sprintf("%T", s.Pad), "*padding."))
	}
	switch {
	case s.Bitmap != nil:
		out = append(out, "bitmapped")
	case s.Tag != nil && s.Tag.Enc == nil:
		out = append(out, "positional")
	case s.Tag != nil:
		out = append(out, "tagged by "+strings.TrimPrefix(fmt.Sprintf("%T", s.Tag.Enc), "*encoding."))
	}
	for _, part := range e.parts {
		out = append(out, part.features()...)
	}
	return out
}
