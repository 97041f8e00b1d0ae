package layout

import (
	"math/bits"
	"strconv"

	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/wire"
)

// Cursor stands between two data elements of a packed message.
type Cursor struct {
	compiled *Compiled
	buf      []byte
	pos      int
	words    [3]uint64 // without a shape: what the bitmaps announce and has not been passed
	next     int       // the lowest number that may be asked for
	step     int       // of the shape, where pos is

	Front int     // size of the bytes before the message type
	MTI   [4]byte // in ASCII
	Shape *Shape  // of the message, nil if it is not known
}

// Begin reads the front of a message, whose shape may be the one given.
func (c *Cursor) Begin(compiled *Compiled, buf []byte, likely *Shape) *fault.Fault {
	c.compiled, c.buf, c.pos, c.next, c.step = compiled, buf, 0, 1, 0
	if wire.Oversize(len(buf)) {
		return fault.New(fault.TooLong, "", 0, nil)
	}
	var err *fault.Fault
	if c.Front, c.pos, err = compiled.ParseFront(buf, c.MTI[:0]); err != nil {
		return err
	}
	if likely != nil && likely.Starts(buf[c.pos:]) {
		c.pos += len(likely.Wire)
		c.Shape = likely
		return nil
	}
	size, count, err := compiled.Bitmap.Read(buf, c.pos, &c.words)
	if err != nil {
		err.Path = "1"
		return err
	}
	if c.Shape = compiled.Shapes.Find(&c.words); c.Shape == nil && compiled.knowsAll(&c.words) {
		c.Shape = compiled.Learn(&c.words, buf[c.pos:c.pos+size], count)
	}
	c.pos += size
	return nil
}

// Again is Begin for a message that opens as the one before, which opened with start: all that Begin reads is the same.
func (c *Cursor) Again(buf []byte, start *Start) {
	c.buf, c.pos, c.next, c.step, c.Shape = buf, len(start.wire), 1, 0, start.Shape
}

// Started makes start how the message started, of which no field has been passed.
func (c *Cursor) Started(start *Start) {
	start.Keep(c.buf[:c.pos])
	start.Shape = c.Shape
}

// Leap is Seek for the usual case that takes the least: a plain field of fixed length with no parts, behind fields that
// a shape knows, with nothing wrong on the way. It returns the field and where its content is; n is nil, and the cursor
// where it was, in every other case, which is then Seek's.
func (c *Cursor) Leap(number int) (n *Node, from, to int) {
	s := c.Shape
	if s == nil || uint(number) >= uint(len(s.places)) || number < c.next {
		return nil, 0, 0
	}
	place := &s.places[number]
	if n = place.fixed; n == nil {
		return nil, 0, 0
	}
	pos, i := c.pos, c.step
	for ; i < int(place.step); i++ {
		r := &s.steps[i]
		if r.field == nil {
			pos += r.size
			continue
		}
		f := &r.field.Form
		units := f.Prefix.Quick(c.buf, pos)
		if !r.prefixed || units < f.Min || units > f.Max {
			return nil, 0, 0
		}
		pos += f.Head + f.WireSize(units)
	}
	if s.steps[i].size > len(c.buf)-pos {
		return nil, 0, 0
	}
	from = pos + int(place.offset)
	to = from + n.Size
	if !n.ValidContent(c.buf[from:to], n.Max) {
		return nil, 0, 0
	}
	c.pos, c.step, c.next = pos, i, number+1
	return n, from, to
}

// Seek passes the data elements below number and returns the one with that number, checked; n is nil when there is
// none.
func (c *Cursor) Seek(number int) (n *Node, at wire.Span, err *fault.Fault) {
	if number < c.next {
		return nil, wire.Span{}, fault.New(fault.Type, strconv.Itoa(number), c.pos, fault.Detail("a scanner reads fields in ascending order"))
	}
	c.next = number + 1
	if c.Shape != nil {
		return c.seekShape(number)
	}
	return c.seekField(number)
}

// seekShape is Seek along a shape, which knows in which step the element stands. Runs of fixed fields are passed in one
// go.
func (c *Cursor) seekShape(number int) (n *Node, at wire.Span, err *fault.Fault) {
	place := place{step: int16(len(c.Shape.steps)), offset: -1} // behind all
	if number < len(c.Shape.places) {
		place = c.Shape.places[number]
	}
	for c.step < int(place.step) {
		r := &c.Shape.steps[c.step]
		if r.field == nil {
			if r.size > len(c.buf)-c.pos {
				c.leaveShape(r.spans[0].number)
				return c.seekField(number)
			}
			c.pos += r.size
			c.step++
			continue
		}
		n := r.field
		if n.Framed {
			n = n.ForMTI(c.MTI[:])
		}
		if err := c.pass(n); err != nil {
			return nil, wire.Span{}, err
		}
		c.step++
	}
	if c.step == len(c.Shape.steps) {
		return nil, wire.Span{}, nil
	}
	r := &c.Shape.steps[c.step]
	if r.field == nil && r.size > len(c.buf)-c.pos {
		c.leaveShape(r.spans[0].number)
		return c.seekField(number)
	}
	if place.offset < 0 {
		return nil, wire.Span{}, nil
	}
	if r.field == nil {
		n = c.compiled.Fields[number]
		at, err = n.Parse(c.buf, c.pos+int(place.offset))
		return n, at, err
	}
	if n = r.field; n.Framed {
		n = n.ForMTI(c.MTI[:])
	}
	at, err = n.Parse(c.buf, c.pos)
	c.pos = int(at.End)
	c.step++
	return n, at, err
}

// leaveShape goes on field by field, from the field with the given number on.
func (c *Cursor) leaveShape(number int) {
	c.words, c.Shape = c.Shape.Words, nil
	for w := range c.words {
		switch passed := number - 1 - 64*w; {
		case passed >= 64:
			c.words[w] = 0
		case passed > 0:
			c.words[w] &= ^uint64(0) >> passed
		}
	}
}

// seekField is Seek field by field.
func (c *Cursor) seekField(number int) (n *Node, at wire.Span, err *fault.Fault) {
	for w := range c.words {
		for c.words[w] != 0 {
			if c.compiled.Bitmap.Absent && c.pos == len(c.buf) {
				return nil, wire.Span{}, nil
			}
			zeros := bits.LeadingZeros64(c.words[w])
			found := 64*w + zeros + 1
			if found > number {
				return nil, wire.Span{}, nil
			}
			c.words[w] &^= wire.FirstBit >> zeros
			if found == c.compiled.Bitmap.Tertiary {
				if err := c.tertiary(found); err != nil {
					return nil, wire.Span{}, err
				}
				continue
			}
			n := c.compiled.Fields[found]
			if n == nil {
				return nil, wire.Span{}, fault.New(fault.Unknown, strconv.Itoa(found), c.pos, fault.Detail("the spec has no such field"))
			}
			if n.Framed {
				n = n.ForMTI(c.MTI[:])
			}
			if found == number {
				at, err := n.Parse(c.buf, c.pos)
				c.pos = int(at.End)
				return n, at, err
			}
			if err := c.pass(n); err != nil {
				return nil, wire.Span{}, err
			}
		}
	}
	return nil, wire.Span{}, nil
}

// tertiary reads the bitmap that stands in a data element.
func (c *Cursor) tertiary(number int) (err *fault.Fault) {
	if c.words[2], err = c.compiled.Bitmap.ReadOne(c.buf, c.pos); err != nil {
		err.Path = strconv.Itoa(number)
		return err
	}
	c.pos += c.compiled.Bitmap.WireSize()
	return nil
}

// pass goes behind a data element without looking at its content.
func (c *Cursor) pass(n *Node) *fault.Fault {
	if n.Plain {
		end := c.pos + n.Size
		if n.Ending == wire.EndPrefix {
			units := n.Prefix.Quick(c.buf, c.pos)
			if units < n.Min || units > n.Max {
				return c.passAny(n)
			}
			end = c.pos + n.Head + n.WireSize(units)
		}
		if end <= len(c.buf) {
			c.pos = end
			return nil
		}
	}
	return c.passAny(n)
}

// passAny is pass for every form of field, and for finding out what is wrong with one.
func (c *Cursor) passAny(n *Node) *fault.Fault {
	content, units := c.pos, n.Max
	if n.Ending != wire.EndFixed {
		var err *fault.Fault
		if content, units, err = n.Extent(c.buf, c.pos); err != nil {
			return err
		}
	}
	end := content + n.WireSize(units)
	if end > len(c.buf) {
		return fault.New(fault.Truncated, n.Path, c.pos, fault.Lengths{What: "bytes left, needed:", Got: len(c.buf) - content, Want: n.WireSize(units)})
	}
	s := wire.Span{Start: uint32(c.pos), Content: uint32(content), End: uint32(end), Units: uint32(units)}
	if n.Reserve || n.Ending == wire.EndMark {
		var err *fault.Fault
		if s, err = n.Closing(c.buf, s); err != nil {
			return err
		}
	}
	c.pos = int(s.End)
	return nil
}
