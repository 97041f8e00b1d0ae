package layout

import (
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/posline/posline/message/internal/wire"
	"github.com/posline/posline/spec"
)

// Compiled is a compiled spec. It is safe for concurrent use.
type Compiled struct {
	Header []*Node
	MTI    *Node
	Bitmap wire.Bitmap
	Fields []*Node // by number; nil where the spec has none

	Ignored [3]uint64 // numbers that are no fields, but no error either where one is set
	Parted  [3]uint64 // fields that have parts
	Depends bool      // some layout is chosen by other fields or the message type
	Slots   int       // decoded values that parts are read from
	Shapes  Shapes

	front front
}

// Compile works out everything about a spec that does not depend on a message.
func Compile(config *spec.Config) *Compiled {
	c := &Compiled{Bitmap: newBitmap(config.Bitmap)}
	c.Shapes.seed = rand.Uint64()
	c.Fields = make([]*Node, c.Bitmap.Highest()+1)
	for i := range config.Header {
		c.Header = append(c.Header, compileField(&config.Header[i], "header."+strconv.Itoa(i+1)))
	}
	for i := range config.Fields {
		f := &config.Fields[i]
		n := c.top(f, strconv.Itoa(f.Number))
		if f.Number == 0 {
			c.MTI = n
			continue
		}
		c.Fields[f.Number] = n
		w, bit := wire.BitOf(f.Number)
		c.Bitmap.All[w] |= bit
		if n.HasParts() || len(n.ByMTI) > 0 {
			c.Parted[w] |= bit
		}
	}
	for _, number := range config.Ignored {
		w, bit := wire.BitOf(number)
		c.Ignored[w] |= bit
	}
	c.fixFront()
	return c
}

// Ignores tells whether setting a number that is no data element does nothing.
func (c *Compiled) Ignores(number int) bool {
	if number < 1 || number > 64*len(c.Ignored) {
		return false
	}
	w, bit := wire.BitOf(number)
	return c.Ignored[w]&bit != 0
}

// top compiles a data element or header part, with a slot where parts are read from a decoded value.
func (c *Compiled) top(f *spec.Field, path string) *Node {
	n := compileField(f, path)
	c.slot(n)
	for _, alternative := range f.ByMTI {
		other := compileField(&alternative.Field, path)
		c.slot(other)
		n.Framed = true
		n.ByMTI = append(n.ByMTI, Framing{mti: Pattern(alternative.MTI), Node: other})
		c.Depends = c.Depends || other.Depends
	}
	c.Depends = c.Depends || n.Depends
	n.Simple = n.Plain && !n.Framed && !n.HasParts()
	return n
}

func (c *Compiled) slot(n *Node) {
	if n.HasParts() && n.Decodes() {
		n.Derived = int16(c.Slots)
		c.Slots++
	}
}

// MessageType is the message type as a value of its own, whatever its encoding in the spec.
var MessageType = compileField(&spec.Field{Name: "Message type indicator", Format: "n 4", Min: 4, Encoding: spec.ASCII,
	Pad: spec.Pad{Side: spec.Neither, Char: "0"}, Separator: "D"}, "0")

func compileField(f *spec.Field, path string) *Node {
	n := &Node{Form: form(f, path), Key: path[strings.LastIndexByte(path, '.')+1:], Name: f.Name, Number: f.Number, Mask: f.Mask,
		Field: f, Derived: -1, Layout: compileLayout(f.Layout, path)}
	for _, c := range f.Cases {
		one := Case{mti: Pattern(c.MTI), values: c.Values, Size: c.Size, Layout: compileLayout(c.Layout, path)}
		if c.Path != "" {
			one.Path = strings.Split(c.Path, ".")
		}
		n.Cases = append(n.Cases, one)
	}
	n.settle()
	return n
}

// settle works out what is known of the layouts of a field beforehand.
func (n *Node) settle() {
	n.parted = n.Layout != nil || len(n.Cases) > 0
	n.Depends = len(n.Cases) > 0 || n.Layout != nil && n.Layout.depends()
	if n.Content == wire.Digit && n.Decodes() && n.Layout != nil && n.Layout.Kind == spec.Positional {
		n.Layout.sizes = n.Layout.digitSizes()
	}
}

// depends tells whether some part has a layout that other fields or the message type choose.
func (l *Layout) depends() bool {
	for _, n := range append([]*Node{l.Unknown, l.Lead}, l.Fields...) {
		if n != nil && n.Depends {
			return true
		}
	}
	return false
}

// digitSizes is layout.sizes: nil unless every part is of fixed length and takes any digits.
func (l *Layout) digitSizes() []bool {
	sizes := []bool{true}
	for i, n := range l.Fields {
		toEnd := n.Ending == wire.EndRest && i == len(l.Fields)-1 && n.Min == 0
		if l.Lead != nil || n.HasParts() || n.Field.StartsWith != "" || n.Classes&wire.Digit == 0 || !n.Plain && !toEnd {
			return nil
		}
		if n.Ending != wire.EndFixed && !toEnd {
			return nil
		}
		for k := range n.Max {
			sizes = append(sizes, toEnd || l.short || k == n.Max-1)
		}
	}
	return sizes
}

func compileLayout(l *spec.Layout, path string) *Layout {
	if l == nil {
		return nil
	}
	out := &Layout{Kind: l.Kind, fill: l.Fill, Ordered: l.Ordered, short: l.Short, lengthFirst: l.LengthFirst, countsTag: l.CountsTag, Path: path,
		tagCoding: codingOf(l.Tag.Encoding), tagPage: pageOf(l.Tag.Encoding), tagSize: l.Tag.Digits, tagDigits: l.Tag.Digits,
		byTag: map[string]*Node{}, byBER: map[uint32]*Node{}}
	if l.Tag.Encoding == spec.BCD {
		out.tagSize = (l.Tag.Digits + 1) / 2
	}
	if l.Kind == spec.Bitmapped {
		out.Bitmap = newBitmap(l.Bitmap)
	}
	for i := range l.Fields {
		f := &l.Fields[i]
		key := f.Tag
		if key == "" {
			key = strconv.Itoa(f.Number)
		}
		n := compileField(f, path+"."+key)
		if l.Short {
			n.allowCut()
		}
		out.Fields = append(out.Fields, n)
		out.byTag[f.Tag] = n
		if l.Kind == spec.BERTLV {
			n.Ending = wire.EndPrefix
			n.Complete()
			tag, _ := strconv.ParseUint(f.Tag, 16, 32) // New has checked it
			out.byBER[uint32(tag)] = n
		}
	}
	out.Lead = compileSpecial(l.Lead, path+".0")
	out.Unknown = compileSpecial(l.Unknown, path+".*")
	if l.Kind == spec.BERTLV {
		if out.Unknown == nil {
			out.Unknown = compileField(&unknownObject, path+".*")
		}
		out.Unknown.Ending = wire.EndPrefix
		out.Unknown.Complete()
		out.objects = out.judge()
	}
	if out.Unknown != nil {
		out.Unknown.tags = out
	}
	return out
}

// allowCut lets a part of fixed length be shorter where it is the last one. Nothing is looked for inside a cut part.
func (n *Node) allowCut() {
	if n.Ending != wire.EndFixed || n.Size < 2 {
		return
	}
	cut := *n
	cut.Ending, cut.Plain, cut.Min, cut.whole = wire.EndRest, false, 1, n
	cut.Layout, cut.Cases, cut.Depends, cut.parted = nil, nil, false, false
	n.cut = &cut
}

// judge is layout.objects.
func (l *Layout) judge() *wire.Objects {
	if l.Lead != nil || !l.Unknown.takesAnything() {
		return nil
	}
	out := &wire.Objects{Longest: l.Unknown.Max}
	for tag, n := range l.byBER {
		switch {
		case n.takesAnything():
			out.Longest = min(out.Longest, n.Max)
		case n.HasParts():
			out.Special(tag, nil)
		default:
			out.Special(tag, &n.Form)
		}
	}
	return out
}

// takesAnything tells whether any bytes up to the longest value are one.
func (n *Node) takesAnything() bool {
	return n.Check == wire.CheckNothing && n.Page == nil && !n.Signed && n.Min == 0 && !n.Reserve && !n.HasParts() && n.Prefix.Unit == wire.OwnUnit
}

func compileSpecial(f *spec.Field, path string) *Node {
	if f == nil {
		return nil
	}
	return compileField(f, path)
}

// unknownObject is a BER-TLV data object that the spec does not list: any bytes, hidden when printed.
var unknownObject = spec.Field{Format: "b......999999", Encoding: spec.Raw, Mask: spec.MaskHidden,
	Prefix: spec.Prefix{Encoding: spec.BER}, Pad: spec.Pad{Side: spec.Neither, Char: "\x00"}, Separator: "D"}
