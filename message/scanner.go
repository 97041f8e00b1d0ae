package message

import (
	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/layout"
	"github.com/posline/posline/message/internal/wire"
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
	cursor  layout.Cursor
	start   layout.Start // of the last message that had a shape
	err     error
}

// Scanner returns a Scanner without a message; Reset gives it one.
func (c *Codec) Scanner() *Scanner { return &Scanner{message: c.New()} }

// Reset starts on the bytes of another message, without a length header, and reads header, message type and bitmaps.
// The bytes must not change for as long as the scanner or a Value from it is in use; earlier Values are no longer
// valid. The error is an *Error, and every call of Field then returns it.
func (s *Scanner) Reset(wire []byte) error {
	if s.message == nil || s.message.codec == nil {
		return errNoCodec
	}
	m := s.message
	m.image, m.present = wire[:len(wire):len(wire)], [3]uint64{}
	if len(m.derived) > 0 {
		m.forgetDerived()
	}
	if s.start.Opens(m.image) {
		s.err = nil
		s.cursor.Again(m.image, &s.start)
		return nil
	}
	return s.begin()
}

// begin is Reset for a message that does not start as the one before.
func (s *Scanner) begin() error {
	m, likely := s.message, s.start.Shape
	s.start.Shape, m.hasMTI = nil, false
	if s.err = asError(s.cursor.Begin(m.layout, m.image, likely)); s.err != nil {
		return s.err
	}
	m.mti, m.hasMTI = s.cursor.MTI, true
	s.cursor.Started(&s.start)
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
	if !s.message.hasMTI || s.cursor.Front == 0 {
		return nil
	}
	return s.message.image[:s.cursor.Front:s.cursor.Front]
}

// Field moves to a data element and returns it; one that is absent, or that the spec does not have, is a Value that is
// not Present. Numbers must ascend from call to call. A Value is valid until the next Reset. Where the spec chooses
// the parts of a field by the value of another one, that other one counts as absent unless Field has returned it
// before.
//
// The error is an *Error: ErrType for a number that does not ascend, and what Unpack reports for a field that cannot
// be passed or, when it is the one asked for, is not right in itself. After an error every call returns it.
func (s *Scanner) Field(number int) (v Value, err error) {
	if s.err != nil {
		return Value{}, s.err
	}
	n, from, to := s.cursor.Leap(number)
	if n == nil {
		return s.seek(number)
	}
	m := s.message
	if m.layout.Depends { // some layout may ask for this field
		w, bit := wire.BitOf(number)
		m.present[w] |= bit
		m.spans[number] = wire.Span{Start: uint32(from), Content: uint32(from), End: uint32(to), Units: uint32(n.Max)}
	}
	v.message = m
	v.part.SetFixed(n, m.image[from:to])
	return v, nil
}

// seek is Field in the cases that the cursor does not leap over.
func (s *Scanner) seek(number int) (Value, error) {
	if s.message == nil || s.message.codec == nil {
		return Value{}, errNoCodec
	}
	n, at, err := s.cursor.Seek(number)
	if err == nil && n != nil {
		return s.accept(n, number, at)
	}
	if err != nil {
		return Value{}, s.fail(err)
	}
	return Value{s.message, layout.Part{Node: s.message.node(number)}}, nil
}

// accept makes a field that was found part of the message and checks its parts.
func (s *Scanner) accept(n *layout.Node, number int, at wire.Span) (v Value, err error) {
	m := s.message
	w, bit := wire.BitOf(number)
	m.present[w] |= bit
	m.spans[number] = at
	v.message = m
	v.part.Set(n, m.image, &m.spans[number]) // in place: a Part that is made and copied costs more than finding it
	if n.HasParts() {
		m.derive(n, v.part.Content(), v.part.Units())
		if err := v.part.Check(v.siblings(), int(at.Content)); err != nil {
			return Value{}, s.fail(err)
		}
	}
	return v, nil
}

// fail makes every later call return the error of f.
func (s *Scanner) fail(f *fault.Fault) error {
	s.err = errorOf(f)
	return s.err
}
