package message

import (
	"math/bits"
	"strconv"
)

// maxImage bounds the size of a message, so that positions fit in 32 bits everywhere.
const maxImage = 1 << 30

// Unpack reads a message from its bytes, without a length header. It copies wire into memory of its own, which it
// reuses, and checks everything: lengths, digits, character classes, unknown fields and bytes left over.
//
// The error is an *Error. The fields before the fault are then readable, and the message does not pack.
func (m *Message) Unpack(wire []byte) error {
	m.Reset()
	m.image = append(m.image, wire...)
	return m.parse()
}

// UnpackAliasing is Unpack without the copy: the message reads from wire itself, which must not change or be reused
// for as long as the message is in use.
func (m *Message) UnpackAliasing(wire []byte) error {
	m.Reset()
	m.image, m.foreign = wire[:len(wire):len(wire)], true
	return m.parse()
}

// UnmarshalBinary implements encoding.BinaryUnmarshaler: it is Unpack.
func (m *Message) UnmarshalBinary(data []byte) error {
	if m.codec == nil {
		return errNoCodec
	}
	return m.Unpack(data)
}

func (m *Message) parse() error {
	m.built = -1
	if len(m.image) > maxImage {
		return m.fail(fault(ErrTooLong, "", 0, nil))
	}
	pos, err := m.parseFront()
	if err != nil {
		return m.fail(err)
	}
	words := m.present
	if pos, err = m.parseBody(&words, pos); err != nil {
		return m.fail(err)
	}
	if pos != len(m.image) {
		return m.fail(fault(ErrTrailing, "", pos, detail(strconv.Itoa(len(m.image)-pos)+" bytes after the last field")))
	}
	if words[0]&m.codec.parted[0]|words[1]&m.codec.parted[1]|words[2]&m.codec.parted[2] != 0 {
		if err := m.checkParts(); err != nil {
			return m.fail(err)
		}
	}
	return nil
}

// parseFront reads header, message type and bitmaps. The bits are left in m.present.
func (m *Message) parseFront() (int, *Error) {
	buf, pos := m.image, 0
	for _, n := range m.codec.header {
		s, err := n.parse(buf, pos)
		if err != nil {
			return 0, err
		}
		m.derive(n, buf[s.content:int(s.content)+n.wireSize(int(s.units))], int(s.units))
		pos = int(s.end)
	}
	m.header = append(m.header, buf[:pos]...)
	s, err := m.codec.mti.parse(buf, pos)
	if err != nil {
		return 0, err
	}
	m.codec.mti.appendValue(m.mti[:0], buf[s.content:s.end], 4)
	m.hasMTI = true
	pos = int(s.end)
	if known := m.shape; known != nil && known.starts(buf[pos:]) {
		m.present = known.words
		m.bitmaps, m.bitmapAt, m.bitmapTo = known.bitmaps, uint32(pos), uint32(pos+len(known.wire))
		return pos + len(known.wire), nil
	}
	size, count, err := m.codec.bitmap.read(buf, pos, &m.present)
	if err != nil {
		m.present = [3]uint64{}
		err.Path = "1"
		return 0, err
	}
	m.bitmaps, m.bitmapAt, m.bitmapTo = count, uint32(pos), uint32(pos+size)
	return pos + size, nil
}

// parseBody reads the data elements, by the shape of their bitmap where one is known.
func (m *Message) parseBody(words *[3]uint64, pos int) (int, *Error) {
	if m.shape == nil || m.shape.words != *words {
		m.shape = m.codec.shapes.find(words)
	}
	if m.shape != nil {
		if end, ok := m.parseShape(m.shape, pos); ok {
			return end, nil
		}
	}
	m.present = [3]uint64{}
	end, err := m.parseFields(words, pos)
	if err == nil && m.shape == nil && m.codec.bitmap.tertiary == 0 && !m.codec.bitmap.absent {
		m.shape = m.codec.learn(words, string(m.image[m.bitmapAt:m.bitmapTo]), m.bitmaps)
	}
	return end, err
}

// parseFields reads the data elements that words announce.
func (m *Message) parseFields(words *[3]uint64, pos int) (int, *Error) {
	c := m.codec
	for w := range words {
		for word := words[w]; word != 0; {
			if c.bitmap.absent && pos == len(m.image) {
				return pos, nil
			}
			zeros := bits.LeadingZeros64(word)
			bit := uint64(firstBit) >> zeros
			word &^= bit
			number := 64*w + zeros + 1
			if number == c.bitmap.tertiary {
				var err *Error
				if words[2], err = c.bitmap.readOne(m.image, pos); err != nil {
					err.Path = strconv.Itoa(number)
					return 0, err
				}
				pos += c.bitmap.wireSize()
				m.present[w] |= bit
				continue
			}
			n := c.fields[number]
			if n == nil {
				return 0, fault(ErrUnknown, strconv.Itoa(number), pos, detail("the spec has no such field"))
			}
			if n.framed {
				n = n.forMTI(m.mti[:])
			}
			s, err := n.parse(m.image, pos)
			if err != nil {
				return 0, err
			}
			m.spans[number] = s
			m.present[w] |= bit
			pos = int(s.end)
		}
	}
	return pos, nil
}

// checkParts decodes the fields whose parts need it, then checks the inside of every field that has parts. It takes
// two rounds since a layout may depend on a later field.
func (m *Message) checkParts() *Error {
	for number := range fieldBits(&m.present) {
		if n := m.node(number); n != nil && n.derived >= 0 {
			s := m.spans[number]
			m.derive(n, m.buffer(number)[s.content:int(s.content)+n.wireSize(int(s.units))], int(s.units))
		}
	}
	for number := range fieldBits(&m.present) {
		if n := m.node(number); n != nil && n.hasParts() {
			if err := m.Field(number).checkInside(int(m.spans[number].content)); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkInside checks the parts of a value, to any depth. base is the offset of the value in the message, for errors;
// inside a decoded value the offset is that of the value.
func (v Value) checkInside(base int) *Error {
	l := v.layout()
	if l == nil {
		return nil
	}
	inside := v.inside()
	if l.shortest > 0 && l.lead == nil && soundBER(inside, l.shortest) {
		return nil
	}
	if len(inside) < len(l.sizes) && l.sizes[len(inside)] {
		return nil
	}
	w := l.walk(inside)
	decoded := v.node.decodes()
	for {
		e, ok, err := w.next()
		if err != nil {
			if err.Offset = base + err.Offset; decoded {
				err.Offset = base
			}
			return err
		}
		if !ok {
			return nil
		}
		if e.node.hasParts() {
			at := base
			if !decoded {
				at += int(e.span.content)
			}
			if err := v.part(e, inside).checkInside(at); err != nil {
				return err
			}
		}
	}
}

// soundBER tells whether b is BER-TLV data objects whose values are no longer than longest. It is for the good case:
// a walk finds out what is wrong.
func soundBER(b []byte, longest int) bool {
	for len(b) > 0 {
		if b[0] == 0 {
			b = b[1:]
			continue
		}
		tag := berTagSize(b)
		if tag == 0 || tag >= len(b) {
			return false
		}
		size, head := int(b[tag]), tag+1
		if size >= 0x80 {
			count, used, err := readBERLength(b, tag)
			if err != nil {
				return false
			}
			size, head = count, tag+used
		}
		if size > longest || size > len(b)-head {
			return false
		}
		b = b[head+size:]
	}
	return true
}
