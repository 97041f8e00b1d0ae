package layout

import (
	"slices"

	"github.com/posline/posline/message/internal/wire"
)

// Shape is what is known about the messages with one bitmap: where fields of fixed length lie side by side, they are
// checked in one go and their places are known beforehand. It saves time and decides nothing: when a shape finds
// anything amiss, the message is parsed field by field.
type Shape struct {
	Words   [3]uint64
	Wire    string // the bitmaps as they were when the shape was learned: most often the next ones are the same
	Bitmaps int    // how many those are
	Parted  []int  // the fields with parts

	steps  []step
	places []place // by number
	used   used
}

// step is a run of fixed fields, or one field of another kind.
type step struct {
	field    *Node // nil for a run
	prefixed bool  // the field is plain, with a length prefix, whatever the message type
	number   int   // of the field, or of the last one of the run
	size     int   // bytes of the run

	checks []wire.Window
	spans  []placed
}

// placed is a field of a run, its span relative to the start of the run.
type placed struct {
	number int
	span   wire.Span
}

// place is where a data element stands: in which step, and how far behind its start. For one that is absent it is the
// step that what is behind it stands in.
type place struct {
	step   int16
	offset int16 // -1 for one that is absent
	fixed  *Node // of a field in a run that has no parts; nil for any other
}

// shape works out the shape of a bitmap all of whose fields the spec has.
func (c *Compiled) shape(words *[3]uint64) *Shape {
	s := &Shape{Words: *words, places: make([]place, len(c.Fields))}
	numbers := slices.Collect(wire.Bits(words))
	s.steps = make([]step, 0, len(numbers))
	spans := make([]placed, 0, len(numbers)) // of all runs
	windows := make([]wire.Window, 0, 3*len(numbers))
	for _, number := range numbers {
		n := c.Fields[number]
		last := len(s.steps) - 1
		if inRun := n.Plain && !n.Framed && n.Ending == wire.EndFixed && n.Size < 256; !inRun || last < 0 || s.steps[last].field != nil {
			s.steps = append(s.steps, step{})
			last++
			if !inRun {
				s.steps[last].field, s.steps[last].number = n, number
				s.steps[last].prefixed = n.Plain && !n.Framed && n.Ending == wire.EndPrefix
				s.places[number] = place{step: int16(last)}
				continue
			}
		}
		r := &s.steps[last]
		from, to := uint32(r.size), uint32(r.size+n.Size)
		s.places[number] = place{step: int16(last), offset: int16(r.size)}
		if !n.HasParts() {
			s.places[number].fixed = n
		}
		spans = append(spans, placed{number: number, span: wire.Span{Start: from, Content: from, End: to, Units: uint32(n.Max)}})
		r.spans = spans[len(spans)-len(r.spans)-1:]
		r.size, r.number = int(to), number
	}
	s.placeAbsent(words)
	s.Parted = c.PartedOf(words)
	for i := range s.steps {
		if r := &s.steps[i]; r.field == nil {
			from := len(windows)
			for _, p := range r.spans {
				windows = c.Fields[p.number].AppendWindows(windows, from, int(p.span.Start), r.size)
			}
			r.checks = wire.MergeWindows(windows[from:])
			windows = windows[:from+len(r.checks)]
		}
	}
	return s
}

// PartedOf are the fields of a bitmap that have parts, in some message types at least.
func (c *Compiled) PartedOf(words *[3]uint64) (list []int) {
	parted := [3]uint64{words[0] & c.Parted[0], words[1] & c.Parted[1], words[2] & c.Parted[2]}
	for number := range wire.Bits(&parted) {
		list = append(list, number)
	}
	return list
}

// placeAbsent fills in the places of the data elements that are not there.
func (s *Shape) placeAbsent(words *[3]uint64) {
	at := 0
	for number := 1; number < len(s.places); number++ {
		for at < len(s.steps) && s.steps[at].number < number {
			at++
		}
		if w, bit := wire.BitOf(number); words[w]&bit == 0 {
			s.places[number] = place{step: int16(at), offset: -1}
		}
	}
}

// Starts tells whether b starts with the bitmaps the shape was learned from.
func (s *Shape) Starts(b []byte) bool {
	return len(b) >= len(s.Wire) && string(b[:len(s.Wire)]) == s.Wire
}

// Parse finds and checks the fields of a message of the shape, which start at pos; ok is false when anything is amiss.
func (s *Shape) Parse(buf []byte, pos int, mti []byte, spans []wire.Span) (end int, ok bool) {
	for i := range s.steps {
		r := &s.steps[i]
		if r.prefixed {
			f := &r.field.Form
			units := f.Prefix.Quick(buf, pos)
			content := pos + f.Head
			end := content + f.WireSize(units)
			if units < f.Min || units > f.Max || end > len(buf) || !f.ValidContent(buf[content:end], units) {
				return 0, false
			}
			spans[r.number] = wire.Span{Start: uint32(pos), Content: uint32(content), End: uint32(end), Units: uint32(units)}
			pos = end
			continue
		}
		if r.field != nil {
			n := r.field
			if n.Framed {
				n = n.ForMTI(mti)
			}
			found, err := n.Parse(buf, pos)
			if err != nil {
				return 0, false
			}
			spans[r.number] = found
			pos = int(found.End)
			continue
		}
		if r.size > len(buf)-pos || !wire.Sound(r.checks, buf[pos:pos+r.size]) {
			return 0, false
		}
		base := uint32(pos)
		for j := range r.spans {
			p := &r.spans[j]
			start := base + p.span.Start // of the content too: a fixed field has no prefix
			spans[p.number] = wire.Span{Start: start, Content: start, End: base + p.span.End, Units: p.span.Units}
		}
		pos += r.size
	}
	return pos, true
}
