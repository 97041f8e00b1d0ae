package message

import (
	"math/bits"
	"strconv"
)

// Scanner reads a few fields of a message from its bytes, in ascending order, without unpacking the rest:
//
//	s := codec.Scanner()
//	err := s.Reset(wire)
//	stan, err := s.Field(11)
//	terminal, err := s.Field(41)
//
// What it returns is checked as Unpack checks it, parts included. What it passes over is only measured: lengths must
// be right, content may be anything, and behind the last field it was asked for it looks at nothing. Use it to route
// or match a message, and Unpack to accept one.
//
// It does not allocate once it has seen a message of the size. It is for one goroutine at a time.
type Scanner struct {
	message *Message // holds what has been read, over the bytes of the frame
	cursor  cursor
	err     *Error
}

// Scanner returns a Scanner without a message; Reset gives it one.
func (c *Codec) Scanner() *Scanner { return &Scanner{message: c.New()} }

// Reset starts on the bytes of another message, without a length header, and reads header, message type and bitmaps.
// The bytes must not change for as long as the scanner or a Value from it is in use; earlier Values are no longer
// valid. The error is an *Error, and every call of Field then returns it.
func (s *Scanner) Reset(wire []byte) error {
	if s.message == nil {
		return errNoCodec
	}
	m := s.message
	m.Reset()
	m.image, m.foreign = wire[:len(wire):len(wire)], true
	if s.err = s.cursor.begin(m.codec, m.image, m.shape); s.err != nil {
		return s.err
	}
	m.shape = s.cursor.shape
	m.mti, m.hasMTI = s.cursor.mti, true
	m.header = append(m.header, wire[:s.cursor.header]...)
	return nil
}

// MTI returns the message type indicator, four digits.
func (s *Scanner) MTI() string {
	if s.message == nil {
		return ""
	}
	return s.message.MTI()
}

// Header returns the bytes before the message type indicator; they are valid until the next Reset.
func (s *Scanner) Header() []byte {
	if s.message == nil {
		return nil
	}
	return s.message.Header()
}

// Field moves to a data element and returns it; one that is absent, or that the spec does not have, is a Value that is
// not Present. Numbers must ascend from call to call. A Value is valid until the next Reset. Where the spec chooses
// the parts of a field by the value of another one, that other one counts as absent unless Field has returned it
// before.
//
// The error is an *Error: ErrType for a number that does not ascend, and what Unpack reports for a field that cannot
// be passed or, when it is the one asked for, is not right in itself. After an error every call returns it.
func (s *Scanner) Field(number int) (Value, error) {
	if s.message == nil {
		return Value{}, errNoCodec
	}
	if s.err != nil {
		return Value{}, s.err
	}
	n, at, err := s.cursor.seek(number)
	if err == nil && n != nil {
		return s.accept(n, number, at)
	}
	if err != nil {
		s.err = err
		return Value{}, err
	}
	return Value{message: s.message, node: s.message.node(number)}, nil
}

// accept makes a field that was found part of the message and checks its parts.
func (s *Scanner) accept(n *node, number int, at span) (Value, error) {
	m := s.message
	w, bit := bitOf(number)
	m.present[w] |= bit
	m.spans[number] = at
	m.derive(n, m.image[at.content:int(at.content)+n.wireSize(int(at.units))], int(at.units))
	v := m.Field(number)
	if n.hasParts() {
		if err := v.checkInside(int(at.content)); err != nil {
			s.err = err
			return Value{}, err
		}
	}
	return v, nil
}

// cursor stands between two data elements of a packed message.
type cursor struct {
	codec  *Codec
	buf    []byte
	pos    int
	header int // size of the bytes before the message type
	mti    [4]byte
	words  [3]uint64 // what the bitmaps announce; without a shape, what of it has not been passed
	next   int       // the lowest number that may be asked for

	shape *shape // of the message, nil if it is not known
	step  int    // of the shape, where pos is
}

// begin reads the front of a message, whose shape may be the one given.
func (c *cursor) begin(codec *Codec, wire []byte, likely *shape) *Error {
	c.codec, c.buf, c.pos, c.next, c.step = codec, wire, 0, 1, 0
	if len(wire) > maxImage {
		return fault(ErrTooLong, "", 0, nil)
	}
	for _, n := range codec.header {
		s, err := n.parse(wire, c.pos)
		if err != nil {
			return err
		}
		c.pos = int(s.end)
	}
	c.header = c.pos
	s, err := codec.mti.parse(wire, c.pos)
	if err != nil {
		return err
	}
	codec.mti.appendValue(c.mti[:0], wire[s.content:s.end], len(c.mti))
	c.pos = int(s.end)
	if likely != nil && likely.starts(wire[c.pos:]) {
		c.pos += len(likely.wire)
		c.words, c.shape = likely.words, likely
		return nil
	}
	size, count, err := codec.bitmap.read(wire, c.pos, &c.words)
	if err != nil {
		err.Path = "1"
		return err
	}
	if c.shape = codec.shapes.find(&c.words); c.shape == nil {
		c.shape = codec.guess(&c.words, string(wire[c.pos:c.pos+size]), count)
	}
	c.pos += size
	return nil
}

// seek passes the data elements below number and returns the one with that number, checked; n is nil when there is
// none.
func (c *cursor) seek(number int) (n *node, at span, err *Error) {
	if number < c.next {
		return nil, span{}, fault(ErrType, strconv.Itoa(number), c.pos, detail("a scanner reads fields in ascending order"))
	}
	c.next = number + 1
	if c.shape != nil {
		return c.seekShape(number)
	}
	return c.seekField(number)
}

// seekShape is seek along a shape. A run of fixed fields is passed in one go, or entered.
func (c *cursor) seekShape(number int) (n *node, at span, err *Error) {
	for ; c.step < len(c.shape.steps); c.step++ {
		r := &c.shape.steps[c.step]
		if r.field == nil {
			if r.size > len(c.buf)-c.pos {
				c.leaveShape(r.spans[0].number)
				return c.seekField(number)
			}
			if r.spans[len(r.spans)-1].number < number {
				c.pos += r.size
				continue
			}
			if start, ok := r.find(number); ok {
				n = c.codec.fields[number]
				at, err = n.parse(c.buf, c.pos+start)
			}
			return n, at, err
		}
		if r.number > number {
			return nil, span{}, nil
		}
		n := r.field
		if n.framed {
			n = n.forMTI(c.mti[:])
		}
		if r.number == number {
			at, err := n.parse(c.buf, c.pos)
			c.pos = int(at.end)
			c.step++
			return n, at, err
		}
		if err := c.pass(n); err != nil {
			return nil, span{}, err
		}
	}
	return nil, span{}, nil
}

// leaveShape goes on field by field, from the field with the given number on.
func (c *cursor) leaveShape(number int) {
	c.shape = nil
	for w := range c.words {
		switch passed := number - 1 - 64*w; {
		case passed >= 64:
			c.words[w] = 0
		case passed > 0:
			c.words[w] &= ^uint64(0) >> passed
		}
	}
}

// seekField is seek field by field.
func (c *cursor) seekField(number int) (n *node, at span, err *Error) {
	for w := range c.words {
		for c.words[w] != 0 {
			if c.codec.bitmap.absent && c.pos == len(c.buf) {
				return nil, span{}, nil
			}
			zeros := bits.LeadingZeros64(c.words[w])
			found := 64*w + zeros + 1
			if found > number {
				return nil, span{}, nil
			}
			c.words[w] &^= firstBit >> zeros
			if found == c.codec.bitmap.tertiary {
				if err := c.tertiary(found); err != nil {
					return nil, span{}, err
				}
				continue
			}
			n := c.codec.fields[found]
			if n == nil {
				return nil, span{}, fault(ErrUnknown, strconv.Itoa(found), c.pos, detail("the spec has no such field"))
			}
			if n.framed {
				n = n.forMTI(c.mti[:])
			}
			if found == number {
				at, err := n.parse(c.buf, c.pos)
				c.pos = int(at.end)
				return n, at, err
			}
			if err := c.pass(n); err != nil {
				return nil, span{}, err
			}
		}
	}
	return nil, span{}, nil
}

// tertiary reads the bitmap that stands in a data element.
func (c *cursor) tertiary(number int) (err *Error) {
	if c.words[2], err = c.codec.bitmap.readOne(c.buf, c.pos); err != nil {
		err.Path = strconv.Itoa(number)
		return err
	}
	c.pos += c.codec.bitmap.wireSize()
	return nil
}

// pass goes behind a data element without looking at its content.
func (c *cursor) pass(n *node) *Error {
	if n.plain {
		end := c.pos + n.size
		if n.ending == endPrefix {
			units := n.prefix.quick(c.buf, c.pos)
			if units < n.min || units > n.max {
				return c.passAny(n)
			}
			end = c.pos + n.head + n.wireSize(units)
		}
		if end <= len(c.buf) {
			c.pos = end
			return nil
		}
	}
	return c.passAny(n)
}

// passAny is pass for every form of field, and for finding out what is wrong with one.
func (c *cursor) passAny(n *node) *Error {
	content, units := c.pos, n.max
	if n.ending != endFixed {
		var err *Error
		if content, units, err = n.extent(c.buf, c.pos); err != nil {
			return err
		}
	}
	end := content + n.wireSize(units)
	if end > len(c.buf) {
		return fault(ErrTruncated, n.path, c.pos, lengths{"bytes left, needed:", len(c.buf) - content, n.wireSize(units)})
	}
	s := span{start: uint32(c.pos), content: uint32(content), end: uint32(end), units: uint32(units)}
	if n.reserve || n.ending == endMark {
		var err *Error
		if s, err = n.closing(c.buf, s); err != nil {
			return err
		}
	}
	c.pos = int(s.end)
	return nil
}
