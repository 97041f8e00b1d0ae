package message

import (
	"math/bits"
	"strconv"

	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/wire"
)

// Unpack reads a message from its bytes, without a length header. It copies wire into memory of its own, which it
// reuses, and checks everything: lengths, digits, character classes, unknown fields and bytes left over.
//
// The error is an *Error. The fields before the fault are then readable, and the message does not pack.
func (m *Message) Unpack(wire []byte) error {
	if m.codec == nil {
		return errNoCodec
	}
	m.Reset()
	m.image = append(m.image, wire...)
	return m.parse()
}

// UnpackAliasing is Unpack without the copy: the message reads from wire itself, which must not change or be reused
// for as long as the message is in use.
func (m *Message) UnpackAliasing(wire []byte) error {
	if m.codec == nil {
		return errNoCodec
	}
	m.Reset()
	m.image, m.foreign = wire[:len(wire):len(wire)], true
	return m.parse()
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler: it is Unpack.
func (m *Message) UnmarshalBinary(data []byte) error { return m.Unpack(data) }

func (m *Message) parse() error {
	m.built = -1
	if m.start.Opens(m.image) && m.parseAlike() {
		return nil
	}
	return m.parseAnew()
}

// parseAlike reads a message that starts as one before and has the same shape; it is false, and m empty again, when
// anything is amiss.
func (m *Message) parseAlike() bool {
	start := &m.start
	if start.Front > 0 {
		m.header = append(m.header, m.image[:start.Front]...)
	}
	m.mti, m.hasMTI = start.MTI, true
	m.shape, m.present, m.bitmaps = start.Shape, start.Shape.Words, start.Bitmaps
	m.bitmapAt, m.bitmapTo = start.BitmapAt, uint32(start.Size())
	if end, ok := m.shape.Parse(m.image, start.Size(), m.mti[:], m.spans); ok && end == len(m.image) && m.checkParts(m.shape.Parted) == nil {
		return true
	}
	m.header, m.present = m.header[:0], [3]uint64{}
	m.forgetDerived()
	m.hasMTI = false
	return false
}

// parseAnew reads a message of which nothing is known.
func (m *Message) parseAnew() error {
	if wire.Oversize(len(m.image)) {
		return m.breaks(fault.New(fault.TooLong, "", 0, nil))
	}
	before := m.shape
	pos, err := m.parseFront()
	if err == nil {
		words := m.present
		pos, err = m.parseBody(&words, pos)
	}
	switch {
	case err != nil:
	case pos != len(m.image):
		err = fault.New(fault.Trailing, "", pos, fault.Detail(strconv.Itoa(len(m.image)-pos)+" bytes after the last field"))
	case m.shape != nil:
		err = m.checkParts(m.shape.Parted)
	default:
		err = m.checkParts(m.layout.PartedOf(&m.present))
	}
	if err != nil {
		return m.breaks(err)
	}
	if before == m.shape && before != nil { // the second in a row
		start := &m.start
		start.Keep(m.image[:m.bitmapTo])
		start.Front, start.BitmapAt, start.Bitmaps, start.MTI, start.Shape = len(m.header), m.bitmapAt, m.bitmaps, m.mti, m.shape
	}
	return nil
}

// breaks keeps an error that leaves the message in pieces.
func (m *Message) breaks(f *fault.Fault) error {
	m.broken = true
	return m.fail(f)
}

// parseFront reads header, message type and bitmaps. The bits are left in m.present.
func (m *Message) parseFront() (int, *fault.Fault) {
	buf := m.image
	front, pos, err := m.layout.ParseFront(buf, m.mti[:0])
	m.header = append(m.header, buf[:front]...)
	if err != nil {
		return 0, err
	}
	m.hasMTI = true
	if known := m.shape; known != nil && known.Starts(buf[pos:]) {
		m.present = known.Words
		m.bitmaps, m.bitmapAt, m.bitmapTo = known.Bitmaps, uint32(pos), uint32(pos+len(known.Wire))
		return pos + len(known.Wire), nil
	}
	size, count, err := m.layout.Bitmap.Read(buf, pos, &m.present)
	if err != nil {
		m.present = [3]uint64{}
		err.Path = "1"
		return 0, err
	}
	m.bitmaps, m.bitmapAt, m.bitmapTo = count, uint32(pos), uint32(pos+size)
	return pos + size, nil
}

// parseBody reads the data elements, by the shape of their bitmap where one is known.
func (m *Message) parseBody(words *[3]uint64, pos int) (int, *fault.Fault) {
	if m.shape == nil || m.shape.Words != *words {
		m.shape = m.layout.Shapes.Find(words)
	}
	if m.shape != nil {
		if end, ok := m.shape.Parse(m.image, pos, m.mti[:], m.spans); ok {
			return end, nil
		}
	}
	m.present = [3]uint64{}
	end, err := m.parseFields(words, pos)
	if err == nil && m.shape == nil {
		m.shape = m.layout.Learn(words, m.image[m.bitmapAt:m.bitmapTo], m.bitmaps)
	}
	return end, err
}

// parseFields reads the data elements that words announce.
func (m *Message) parseFields(words *[3]uint64, pos int) (int, *fault.Fault) {
	bitmap := &m.layout.Bitmap
	for w := range words {
		for word := words[w]; word != 0; {
			if bitmap.Absent && pos == len(m.image) {
				return pos, nil
			}
			zeros := bits.LeadingZeros64(word)
			bit := uint64(wire.FirstBit) >> zeros
			word &^= bit
			number := 64*w + zeros + 1
			if number == bitmap.Tertiary {
				var err *fault.Fault
				if words[2], err = bitmap.ReadOne(m.image, pos); err != nil {
					err.Path = strconv.Itoa(number)
					return 0, err
				}
				pos += bitmap.WireSize()
				m.present[w] |= bit
				continue
			}
			n := m.fields[number]
			if n == nil {
				return 0, fault.New(fault.Unknown, strconv.Itoa(number), pos, fault.Detail("the spec has no such field"))
			}
			if n.Framed {
				n = n.ForMTI(m.mti[:])
			}
			s, err := n.Parse(m.image, pos)
			if err != nil {
				return 0, err
			}
			m.spans[number] = s
			m.present[w] |= bit
			pos = int(s.End)
		}
	}
	return pos, nil
}

// checkParts decodes the fields whose parts need it, then checks the inside of every field that has parts. It takes
// two rounds since a layout may depend on a later field.
func (m *Message) checkParts(numbers []int) *fault.Fault {
	for _, number := range numbers {
		if n := m.node(number); n.Derived >= 0 {
			s := &m.spans[number]
			m.derive(n, m.image[s.Content:int(s.Content)+n.WireSize(int(s.Units))], int(s.Units))
		}
	}
	for _, number := range numbers {
		n, s := m.node(number), &m.spans[number]
		if n.SoundInside(m.image[s.Content:int(s.Content)+n.WireSize(int(s.Units))], int(s.Units)) {
			continue
		}
		p := m.part(number)
		if err := p.Check((*siblings)(m), int(s.Content)); err != nil {
			return err
		}
	}
	return nil
}
