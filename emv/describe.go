package emv

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// DescribeOptions are how Describe prints. The zero value, and nil, print in English and masked, with the built-in
// dictionary and the RID found in the data.
type DescribeOptions struct {
	Dictionary *Dictionary
	Context    Context // the zero value takes the RID from an AID in the data
	Language   Language

	// Clear prints card numbers, tracks, names and values of unknown tags as they are. The output then must not reach a
	// log.
	Clear bool
}

// Describe prints data objects, field 55 or a card response, as a tree with their names, their decoded values and the
// bits that are set. Values the dictionary calls sensitive are masked, and those of tags it does not know hidden, unless
// the options say otherwise. It prints what can be read of faulty data and returns the fault, a *SyntaxError; any other
// error is w's.
func Describe(w io.Writer, d TLV, o *DescribeOptions) error {
	p := printer{w: w}
	if o != nil {
		p.DescribeOptions = *o
	}
	if p.Context == (Context{}) {
		p.Context.RID = ridIn(d)
	}
	p.currency = currencyIn(d)
	fault := p.level(d, 0, nil)
	if p.err != nil {
		return p.err
	}
	if fault != nil {
		return fault
	}
	return nil
}

// ridIn returns the RID of the first AID in the data. A directory's name, "2PAY.SYS.DDF01", is none: registered AIDs
// start with A or D (ISO/IEC 7816-5).
func ridIn(d TLV) RID {
	for _, t := range []Tag{0x84, 0x4F, 0x9F06} {
		aid, _ := d.Lookup(t)
		if rid := RIDOf(aid); rid[0]>>4 == 0xA || rid[0]>>4 == 0xD {
			return rid
		}
	}
	return RID{}
}

// currencyIn returns the currency of the transaction, or else that of the application.
func currencyIn(d TLV) Currency {
	for _, t := range []Tag{0x5F2A, 0x9F42} {
		v, _ := d.Lookup(t)
		if code, err := ParseN(v); err == nil && len(v) == 2 {
			c, _ := CurrencyByCode(uint16(code))
			return c
		}
	}
	return Currency{}
}

// printer prints a tree. It remembers the first error of its writer.
type printer struct {
	DescribeOptions
	w        io.Writer
	currency Currency
	err      error
}

func (p *printer) line(depth int, parts ...string) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, "%s%s\n", strings.Repeat("  ", depth), strings.Join(parts, ""))
	}
}

// level prints the objects of one level and returns the first fault in it or below.
func (p *printer) level(d TLV, base int, path Path) *SyntaxError {
	var first *SyntaxError
	dec := NewDecoder(d, nil)
	for p.err == nil && dec.Next() {
		fault := p.object(dec.Tag(), dec.Value(), base+dec.Offset(), path)
		if first == nil {
			first = fault
		}
	}
	if fault := dec.fault(base, path); fault != nil {
		p.line(len(path), "! ", fault.Error())
		if first == nil {
			first = fault
		}
	}
	return first
}

// object prints one object and what is in it.
func (p *printer) object(t Tag, v Value, offset int, path Path) *SyntaxError {
	e, known := p.Dictionary.find(t, p.Context, len(v)) // hidden when not known
	name := e.In(p.Language)
	if !known {
		name = text{"unknown tag", "未知标签"}.in(p.Language)
	}
	depth := len(path)
	if t.Constructed() && depth+1 < maxDepth && v.TLV().wellFormed() {
		p.line(depth, t.String(), " ", name)
		return p.level(v.TLV(), offset, append(path, t))
	}
	if t.Constructed() {
		e.Sensitivity = Hidden // a template nothing can be read from may hold anything
	}
	m := p.meaning(e, v)
	p.line(depth, t.String(), " ", name, ": ", p.shown(e.Sensitivity, v), m.text)
	for _, line := range m.lines {
		p.line(depth+2, line)
	}
	return nil
}

// shown returns the value in hexadecimal, as far as it may be shown; masked values are worded by meaning.
func (p *printer) shown(s Sensitivity, v Value) string {
	if s == Public || p.Clear {
		return nibbles(v)
	}
	unit := text{" bytes", "字节"}
	if len(v) == 1 {
		unit.en = " byte"
	}
	return "[" + strconv.Itoa(len(v)) + unit.in(p.Language) + "]"
}

// meaning is what a value says: a text behind it and lines below it.
type meaning struct {
	text  string
	lines []string
}

// meaning words a value; nothing when there is nothing to say about it.
func (p *printer) meaning(e entry, v Value) meaning {
	if e.Sensitivity != Public && !p.Clear {
		return inParentheses(p.masked(e.Sensitivity, v))
	}
	if m, ok := p.decode(e.Tag, e.Scheme, v); ok {
		return m
	}
	if lines, ok := p.list(e.kind, v); ok {
		return meaning{lines: lines}
	}
	return inParentheses(p.plain(e.kind, v))
}

func inParentheses(s string) meaning {
	if s == "" {
		return meaning{}
	}
	return meaning{text: " (" + s + ")"}
}

// masked words a sensitive value as far as it may be shown; a value of another shape than expected not at all.
func (p *printer) masked(s Sensitivity, v Value) string {
	switch s {
	case MaskPAN:
		if pan, err := ParseCN(v); err == nil {
			return maskPAN(pan)
		}
	case MaskTrack:
		if t, err := ParseTrack2(v); err == nil {
			return t.Masked()
		}
		if t, err := ParseTrack1(v); err == nil {
			return t.Masked()
		}
	case MaskScript:
		return ScriptCommand(v).Text(p.Language)
	}
	return ""
}
