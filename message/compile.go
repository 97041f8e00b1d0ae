package message

import (
	"errors"
	"strconv"
	"strings"
	"sync"

	"github.com/posline/posline/spec"
)

// Codec is a compiled spec. It is safe for concurrent use.
type Codec struct {
	spec   *spec.Spec
	header []*node
	mti    *node
	bitmap bitmapForm
	fields []*node // by number; nil where the spec has none

	parted    [3]uint64 // fields that have parts
	slots     int       // decoded values that parts are read from
	shapes    shapes
	responses []derivation
	reversals []derivation

	plans sync.Map // of Go struct types: reflect.Type to *planned
}

// Compile works out everything about a spec that does not depend on a message. Do it once and keep the Codec.
func Compile(s *spec.Spec) (*Codec, error) {
	if s == nil {
		return nil, errors.New("message: no spec")
	}
	config := s.Resolved()
	c := &Codec{spec: s, bitmap: newBitmapForm(config.Bitmap)}
	c.fields = make([]*node, c.bitmap.highest()+1)
	for i := range config.Header {
		c.header = append(c.header, c.top(&config.Header[i], "header."+strconv.Itoa(i+1)))
	}
	for i := range config.Fields {
		f := &config.Fields[i]
		n := c.top(f, strconv.Itoa(f.Number))
		if f.Number == 0 {
			c.mti = n
			continue
		}
		c.fields[f.Number] = n
		w, bit := bitOf(f.Number)
		c.bitmap.all[w] |= bit
		if n.hasParts() || len(n.byMTI) > 0 {
			c.parted[w] |= bit
		}
	}
	c.responses, c.reversals = compileDerivations(config.Responses), compileDerivations(config.Reversals)
	return c, nil
}

// MustCompile is Compile for specs that are literals: it panics on an error.
func MustCompile(s *spec.Spec) *Codec {
	c, err := Compile(s)
	if err != nil {
		panic(err)
	}
	return c
}

// Spec returns the spec that was compiled.
func (c *Codec) Spec() *spec.Spec { return c.spec }

// top compiles a data element or header part, with a slot where parts are read from a decoded value.
func (c *Codec) top(f *spec.Field, path string) *node {
	n := compileField(f, path)
	c.slot(n)
	for _, alternative := range f.ByMTI {
		other := compileField(&alternative.Field, path)
		c.slot(other)
		n.framed = true
		n.byMTI = append(n.byMTI, framing{mti: pattern(alternative.MTI), node: other})
	}
	return n
}

func (c *Codec) slot(n *node) {
	if n.hasParts() && n.decodes() {
		n.derived = int16(c.slots)
		c.slots++
	}
}

// decodes tells whether parts are found in the decoded value instead of the content on the wire.
func (n *node) decodes() bool {
	return n.coding == spec.BCD || n.coding == spec.HexASCII || n.coding == spec.HexEBCDIC
}

func compileField(f *spec.Field, path string) *node {
	format, _ := spec.ParseFormat(f.Format) // New has parsed it
	n := &node{
		path: path, key: path[strings.LastIndexByte(path, '.')+1:], name: f.Name, number: f.Number, mask: f.Mask, field: f,
		content: format.Content, coding: f.Encoding, page: codePages[f.Encoding], sign: format.Sign, signs: f.Signs,
		min: f.Min, max: format.Max, prefix: newPrefix(f.Prefix), reserve: f.Reserve,
		left: f.Align == spec.Left, filler: f.Filler, anyFiller: f.AnyFiller,
		padSide: f.Pad.Side, padChar: f.Pad.Char[0], padTo: f.Pad.To, separator: f.Separator[0],
		derived: -1,
	}
	if format.Content == spec.ContentB && format.Fixed() {
		n.max /= 8
	}
	if n.page == nil && (f.Encoding == spec.ZonedEBCDIC || f.Encoding == spec.HexEBCDIC) {
		n.page = codePages[spec.EBCDIC1047]
	}
	n.classes = allowedClasses(format.Content, f.Charset)
	n.check = n.checkOf()
	if f.Encoding == spec.ZonedEBCDIC || f.Encoding == spec.HexEBCDIC {
		n.page = nil
	}
	switch {
	case f.ToEnd:
		n.ending = endRest
	case f.Terminator != "":
		n.ending = endMark
	case !format.Fixed():
		n.ending = endPrefix
	}
	n.mark = n.terminator()
	n.size = n.wireSize(n.max)
	n.plain = n.isPlain()
	n.packed = n.decodes()
	if n.ending == endPrefix {
		n.head = n.prefix.size
	}
	n.layout = compileLayout(f.Layout, path)
	for _, c := range f.Cases {
		one := choice{mti: pattern(c.MTI), values: c.Values, size: c.Size, layout: compileLayout(c.Layout, path)}
		if c.Path != "" {
			one.path = strings.Split(c.Path, ".")
		}
		n.cases = append(n.cases, one)
	}
	n.settle()
	return n
}

// settle works out what is known of the layouts of a field beforehand.
func (n *node) settle() {
	n.depends = len(n.cases) > 0 || n.layout != nil && n.layout.depends()
	if n.content == spec.ContentN && n.decodes() && n.layout != nil && n.layout.kind == spec.Positional {
		n.layout.sizes = n.layout.digitSizes()
	}
}

// depends tells whether some part has a layout that other fields or the message type choose.
func (l *layout) depends() bool {
	for _, n := range append([]*node{l.unknown, l.lead}, l.fields...) {
		if n != nil && n.depends {
			return true
		}
	}
	return false
}

// digitSizes is layout.sizes: nil unless every part is of fixed length and takes any digits.
func (l *layout) digitSizes() []bool {
	sizes := []bool{true}
	for i, n := range l.fields {
		toEnd := n.ending == endRest && i == len(l.fields)-1 && n.min == 0
		if l.lead != nil || n.hasParts() || n.field.StartsWith != "" || n.classes&classDigit == 0 || !n.plain && !toEnd {
			return nil
		}
		if n.ending != endFixed && !toEnd {
			return nil
		}
		for k := range n.max {
			sizes = append(sizes, toEnd || k == n.max-1)
		}
	}
	return sizes
}

// terminator is the declared terminator as it stands on the wire.
func (n *node) terminator() string {
	declared := n.field.Terminator
	if n.coding == spec.Raw {
		wire, _ := appendHex(nil, []byte(declared)) // New has checked it
		return string(wire)
	}
	var wire []byte
	for _, c := range []byte(declared) {
		wire = append(wire, n.wireChar(c))
	}
	return string(wire)
}

func (n *node) isPlain() bool {
	return !n.sign && !n.reserve && n.padTo <= n.min && n.page == nil && n.coding != spec.ZonedEBCDIC &&
		(n.ending == endFixed ||
			n.ending == endPrefix && n.prefix.unit == spec.UnitDefault && !n.prefix.inclusive && n.prefix.coding != spec.BER)
}

// checkOf chooses how content is checked.
func (n *node) checkOf() check {
	switch n.coding {
	case spec.Raw:
		return checkNothing
	case spec.HexASCII, spec.HexEBCDIC:
		if n.content != spec.ContentB {
			return checkHexText
		}
		return checkHex
	case spec.ZonedEBCDIC:
		return checkZoned
	case spec.BCD:
		if n.content == spec.ContentN {
			return checkBCD
		}
		return checkNibbles
	}
	switch {
	case n.content == spec.ContentB, n.content.IsText() && n.classes == classAny:
		return checkNothing
	case n.page != nil:
		return checkPage
	case n.classes == classSeven:
		return checkSeven
	case n.content == spec.ContentN:
		return checkDigits
	case n.content == spec.ContentZ:
		return checkTrack
	case n.content&spec.ContentANS == spec.ContentANS:
		return checkPrintable
	default:
		return checkClass
	}
}

func compileLayout(l *spec.Layout, path string) *layout {
	if l == nil {
		return nil
	}
	out := &layout{kind: l.Kind, fill: l.Fill, lengthFirst: l.LengthFirst, countsTag: l.CountsTag, path: path,
		tagCoding: l.Tag.Encoding, tagSize: l.Tag.Digits, tagDigits: l.Tag.Digits, byTag: map[string]*node{}, byBER: map[uint32]*node{}}
	if l.Tag.Encoding == spec.BCD {
		out.tagSize = (l.Tag.Digits + 1) / 2
	}
	if l.Kind == spec.Bitmapped {
		out.bitmap = newBitmapForm(l.Bitmap)
	}
	for i := range l.Fields {
		f := &l.Fields[i]
		key := f.Tag
		if key == "" {
			key = strconv.Itoa(f.Number)
		}
		n := compileField(f, path+"."+key)
		out.fields = append(out.fields, n)
		out.byTag[f.Tag] = n
		if l.Kind == spec.BERTLV {
			n.ending = endPrefix
			tag, _ := strconv.ParseUint(f.Tag, 16, 32) // New has checked it
			out.byBER[uint32(tag)] = n
		}
	}
	out.lead = compileSpecial(l.Lead, path+".0")
	out.unknown = compileSpecial(l.Unknown, path+".*")
	if l.Kind == spec.BERTLV {
		if out.unknown == nil {
			out.unknown = compileField(&unknownObject, path+".*")
		}
		out.unknown.ending = endPrefix
		out.shortest = out.leastMaximum()
	}
	return out
}

// leastMaximum is layout.shortest.
func (l *layout) leastMaximum() int {
	least := spec.MaxLength
	for _, n := range append([]*node{l.unknown}, l.fields...) {
		if n.check != checkNothing || n.page != nil || n.sign || n.min > 0 || n.reserve || n.hasParts() || n.prefix.unit != spec.UnitDefault {
			return 0
		}
		least = min(least, n.max)
	}
	return least
}

func compileSpecial(f *spec.Field, path string) *node {
	if f == nil {
		return nil
	}
	return compileField(f, path)
}

// unknownObject is a BER-TLV data object that the spec does not list: any bytes, hidden when printed.
var unknownObject = spec.Field{Format: "b......999999", Encoding: spec.Raw, Mask: spec.MaskHidden,
	Prefix: spec.Prefix{Encoding: spec.BER}, Pad: spec.Pad{Side: spec.Neither, Char: "\x00"}, Separator: "D"}
