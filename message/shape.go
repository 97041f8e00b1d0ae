package message

import (
	"maps"
	"sync"
	"sync/atomic"
)

// A shape is what a codec has learned about the messages with one bitmap: where fields of fixed length lie side by
// side, they are checked in one go and their places are known beforehand. It saves time and decides nothing: when a
// shape finds anything amiss, the message is parsed field by field.
type shape struct {
	words   [3]uint64
	wire    string // the bitmaps as they were when the shape was learned: most often the next ones are the same
	bitmaps int    // how many those are
	steps   []step
}

// step is a run of fixed fields, or one field of another kind.
type step struct {
	field  *node // nil for a run
	number int

	size   int // bytes of the run
	checks []stretch
	spans  []placed
}

// stretch is a part of a run that is checked in one way.
type stretch struct {
	check    check
	from, to int
}

// placed is a field of a run, its span relative to the start of the run.
type placed struct {
	number int
	span   span
}

// maxShapes bounds what a codec keeps, whatever bitmaps a peer sends.
const maxShapes = 256

// shapes are a codec's shapes by bitmap.
type shapes struct {
	mutex sync.Mutex // held to add one
	known atomic.Pointer[map[[3]uint64]*shape]
}

func (s *shapes) find(words *[3]uint64) *shape {
	if known := s.known.Load(); known != nil {
		return (*known)[*words]
	}
	return nil
}

// learn adds the shape of a bitmap whose message has been parsed without a fault.
func (c *Codec) learn(words *[3]uint64, wire string, bitmaps int) *shape {
	if known := c.shapes.known.Load(); known != nil && len(*known) >= maxShapes {
		return nil
	}
	c.shapes.mutex.Lock()
	defer c.shapes.mutex.Unlock()
	grown := map[[3]uint64]*shape{}
	if known := c.shapes.known.Load(); known != nil {
		grown = maps.Clone(*known)
	}
	s := c.shapeOf(words)
	s.wire, s.bitmaps = wire, bitmaps
	grown[*words] = s
	c.shapes.known.Store(&grown)
	return s
}

// guess adds the shape of a bitmap before its message has been parsed. Half of the shapes are kept for messages that
// have been.
func (c *Codec) guess(words *[3]uint64, wire string, bitmaps int) *shape {
	if known := c.shapes.known.Load(); known != nil && len(*known) >= maxShapes/2 || c.bitmap.tertiary != 0 || c.bitmap.absent {
		return nil
	}
	for number := range fieldBits(words) {
		if c.fields[number] == nil {
			return nil
		}
	}
	return c.learn(words, wire, bitmaps)
}

func (c *Codec) shapeOf(words *[3]uint64) *shape {
	s := &shape{words: *words}
	for number := range fieldBits(words) {
		n := c.fields[number]
		check, inRun := n.runCheck()
		if !inRun {
			s.steps = append(s.steps, step{field: n, number: number})
			continue
		}
		if last := len(s.steps) - 1; last < 0 || s.steps[last].field != nil {
			s.steps = append(s.steps, step{})
		}
		s.steps[len(s.steps)-1].add(n, number, check)
	}
	return s
}

// runCheck returns how the content of a fixed field is checked together with its neighbours; ok is false for fields
// that cannot be.
func (n *node) runCheck() (c check, ok bool) {
	if !n.plain || n.framed || n.ending != endFixed {
		return 0, false
	}
	switch n.check {
	case checkBCD:
		return checkBCD, n.max%2 == 0
	case checkDigits, checkPrintable, checkSeven, checkNothing:
		return n.check, true
	}
	return 0, false
}

func (r *step) add(n *node, number int, c check) {
	from, to := r.size, r.size+n.size
	r.size = to
	r.spans = append(r.spans, placed{number: number, span: span{start: uint32(from), content: uint32(from), end: uint32(to), units: uint32(n.max)}})
	if last := len(r.checks) - 1; last >= 0 && r.checks[last].check == c && r.checks[last].to == from {
		r.checks[last].to = to
	} else if c != checkNothing {
		r.checks = append(r.checks, stretch{check: c, from: from, to: to})
	}
}

// starts tells whether b starts with the bitmaps the shape was learned from.
func (s *shape) starts(b []byte) bool {
	return len(b) >= len(s.wire) && string(b[:len(s.wire)]) == s.wire
}

// parseShape parses the fields of a known bitmap; ok is false when anything is amiss.
func (m *Message) parseShape(s *shape, pos int) (end int, ok bool) {
	buf, spans := m.image, m.spans
	for i := range s.steps {
		r := &s.steps[i]
		if r.field != nil {
			n := r.field
			if n.framed {
				n = n.forMTI(m.mti[:])
			}
			found, err := n.parse(buf, pos)
			if err != nil {
				return 0, false
			}
			spans[r.number] = found
			pos = int(found.end)
			continue
		}
		if r.size > len(buf)-pos || !r.valid(buf[pos:pos+r.size]) {
			return 0, false
		}
		base := uint32(pos)
		for j := range r.spans {
			p := &r.spans[j]
			start := base + p.span.start // of the content too: a fixed field has no prefix
			spans[p.number] = span{start: start, content: start, end: base + p.span.end, units: p.span.units}
		}
		pos += r.size
	}
	return pos, true
}

// find returns where a field of a run starts in it.
func (r *step) find(number int) (start int, ok bool) {
	for i := range r.spans {
		if r.spans[i].number == number {
			return int(r.spans[i].span.start), true
		}
	}
	return 0, false
}

func (r *step) valid(b []byte) bool {
	for _, s := range r.checks {
		part := b[s.from:s.to]
		good := true
		switch s.check {
		case checkDigits:
			good = allDigits(part)
		case checkPrintable:
			good = allPrintable(part)
		case checkSeven:
			good = allSeven(part)
		case checkBCD:
			good = allBCD(part)
		}
		if !good {
			return false
		}
	}
	return true
}
