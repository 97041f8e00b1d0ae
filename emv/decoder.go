package emv

import (
	"fmt"
	"slices"
)

// ParseOptions are what a strict reader does not do. The zero value, and nil, read strictly.
type ParseOptions struct {
	// SkipFF skips FF octets between objects, which some cards pad records with. EMV knows no such padding and FF
	// starts tags of its own (kernel 2: FF8106). A single FF is skipped when no template can be read from it, a run of
	// them always.
	SkipFF bool

	// LiteralLength takes the one length octet as the length, also from 80 up.
	LiteralLength bool

	// TwoByte9F8 takes 9F80 to 9F8F for whole tags, as old personalisation dumps do.
	TwoByte9F8 bool

	// Opaque names constructed tags whose values are not made of data objects; nil means none. Only what reads
	// templates asks it: Validate and Parse.
	Opaque func(Tag) bool

	// MaxDepth is how many templates may stand inside each other; 0 means 16.
	MaxDepth int
}

func (o *ParseOptions) quirks() quirks {
	if o == nil {
		return quirks{}
	}
	return quirks{literalLength: o.LiteralLength, twoByte9F8: o.TwoByte9F8}
}

func (o *ParseOptions) skipFF() bool { return o != nil && o.SkipFF }

func (o *ParseOptions) opaque(t Tag) bool { return o != nil && o.Opaque != nil && o.Opaque(t) }

func (o *ParseOptions) maxDepth() int {
	if o == nil || o.MaxDepth == 0 {
		return maxDepth
	}
	return o.MaxDepth
}

// Decoder reads the objects of one level and reports what is wrong:
//
//	d := emv.NewDecoder(field55, nil)
//	for d.Next() {
//		use(d.Tag(), d.Value())
//	}
//	if err := d.Err(); err != nil { ... }
//
// The zero value reads no data.
type Decoder struct {
	b        []byte
	o        *ParseOptions
	tag      Tag
	from, to int
	err      *SyntaxError
}

// NewDecoder returns a decoder of b, which it does not change or keep longer than the decoder lives. Options may be
// nil.
func NewDecoder(b []byte, o *ParseOptions) Decoder { return Decoder{b: b, o: o} }

// Next moves to the next object. It returns false at the end and at the first fault; Err tells which.
func (d *Decoder) Next() bool {
	if d.o == nil {
		if t, from, n := short(d.b, d.to); n >= 0 {
			d.tag, d.from, d.to = t, from, from+n
			return true
		}
	}
	return d.nextSlow()
}

// nextSlow is Next for what is not in the short form, with quirks, at a fault and at the end.
func (d *Decoder) nextSlow() bool {
	if d.err != nil {
		return false
	}
	start := skipPadding(d.b, d.to, d.o)
	if start == len(d.b) {
		d.tag, d.from, d.to = 0, start, start
		return false
	}
	t, from, to, fault := readObject(d.b, start, d.o.quirks())
	if fault != nil {
		d.err = fault
		return false
	}
	d.tag, d.from, d.to = t, from, to
	return true
}

// Format prints how much data there is and how far it is read, whatever the verb: data objects hold card numbers.
func (d Decoder) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "Decoder(%d of %d bytes)", d.to, len(d.b))
}

// Tag returns the tag of the object Next moved to.
func (d *Decoder) Tag() Tag { return d.tag }

// Value returns its value, which shares the memory the decoder reads.
func (d *Decoder) Value() Value { return d.b[d.from:d.to:d.to] }

// Offset returns where its value starts in the data.
func (d *Decoder) Offset() int { return d.from }

// Err returns the fault that ended the loop as a *SyntaxError; nil at the end of the data.
func (d *Decoder) Err() error {
	if d.err == nil {
		return nil
	}
	return d.err
}

// fault returns what ended the loop, as seen from the outermost data: base is the offset of the decoder's data in it
// and path the templates around it.
func (d *Decoder) fault(base int, path Path) *SyntaxError {
	if d.err == nil {
		return nil
	}
	e := *d.err
	e.Offset += base
	e.Path = slices.Clone(path)
	return &e
}

// tooDeep is the fault of the template the decoder stands on.
func tooDeep(d *Decoder, base int, path Path) *SyntaxError {
	return &SyntaxError{Offset: base + d.from, Part: "value", Tag: d.tag, Path: slices.Clone(path), Err: ErrTooDeep}
}

// skipPadding returns where the next object at or behind b[i] starts, or len(b).
func skipPadding(b []byte, i int, o *ParseOptions) int {
	for i < len(b) {
		switch {
		case b[i] == 0:
			i++
		case b[i] == 0xFF && o.skipFF():
			end := i + 1
			for end < len(b) && b[end] == 0xFF {
				end++
			}
			if end == i+1 && startsTemplate(b, i, o) {
				return i
			}
			i = end
		default:
			return i
		}
	}
	return i
}

// startsTemplate reports whether a whole object starts at b[i] and the first of its children can be read. It looks no
// further, so that padding costs no more than its length.
func startsTemplate(b []byte, i int, o *ParseOptions) bool {
	_, from, to, fault := readObject(b, i, o.quirks())
	if fault != nil {
		return false
	}
	child := skipPadding(b[:to], from, nil)
	if child == to {
		return true
	}
	_, _, _, fault = readObject(b[:to], child, o.quirks())
	return fault == nil
}
