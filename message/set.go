package message

import (
	"strconv"
	"unsafe"

	"github.com/posline/posline/spec"
)

// Set sets a data element from text: the characters of text and digits, hexadecimal for b. A value shorter than a
// fixed length is padded as the spec says. It encodes and checks at once; the first error is also kept, so that a
// message with a failed Set never packs.
func (m *Message) Set(number int, text string) error {
	n := m.node(number)
	if n != nil && n.content == spec.ContentB {
		return m.setHex(n, number, text)
	}
	return m.set(n, number, bytesOf(text))
}

// SetBytes sets a data element from bytes: those of b, or the characters of text and digits. The bytes are copied.
func (m *Message) SetBytes(number int, value []byte) error {
	return m.set(m.node(number), number, value)
}

// SetInt sets a numeric data element, zero-filled to a fixed length. A negative number needs x+n, where the sign is
// written C or D, or a signed encoding.
func (m *Message) SetInt(number int, value int64) error {
	var buf [24]byte
	n := m.node(number)
	digits := strconv.AppendInt(buf[:1], value, 10)
	if value < 0 {
		digits = append(buf[:1], digits[2:]...)
	}
	switch {
	case n == nil:
	case n.sign:
		buf[0] = 'C'
		if value < 0 {
			buf[0] = 'D'
		}
		return m.setSigned(n, number, digits)
	case value < 0 && n.coding == spec.ZonedEBCDIC:
		buf[0] = '-'
		return m.set(n, number, digits)
	case value < 0:
		return m.fail(fault(ErrType, n.path, -1, detail("a negative number needs a sign")))
	}
	return m.set(n, number, digits[1:])
}

// setSigned zero-fills the digits behind a sign before setting them.
func (m *Message) setSigned(n *node, number int, signed []byte) error {
	var buf [64]byte
	value := append(buf[:0], signed[0])
	for range n.min - (len(signed) - 1) {
		value = append(value, '0')
	}
	return m.set(n, number, append(value, signed[1:]...))
}

func (m *Message) setHex(n *node, number int, text string) error {
	var buf [512]byte
	value, ok := appendHex(buf[:0], bytesOf(text))
	if !ok {
		return m.fail(fault(ErrDigit, n.path, -1, detail("binary data is set as hexadecimal text")))
	}
	return m.set(n, number, value)
}

// set encodes a value into the arena. n is the definition of the field, nil if the spec has none.
func (m *Message) set(n *node, number int, value []byte) error {
	if n == nil {
		if number == 0 {
			return m.SetMTI(string(value))
		}
		return m.fail(m.undefined(number))
	}
	if n.framed || !n.takes(value) {
		return m.setAny(n, number, value)
	}
	arena := m.arena
	from := len(arena)
	if n.head > 0 {
		arena = n.prefix.appendQuick(arena, len(value))
	}
	if n.packed {
		arena = n.appendPackedPlain(arena, value)
	} else {
		arena = append(arena, value...)
	}
	m.arena = arena
	s := span{start: uint32(from), content: uint32(from + n.head), end: uint32(len(arena)), units: uint32(len(value))}
	if w, bit := bitOf(number); number > m.built && m.built >= 0 && w < 2 { // as enter does, for a field set in order
		m.built = number
		m.present[w] |= bit
		m.edited[w] |= bit
		m.touched = true
		m.spans[number] = s
	} else {
		m.enter(number, s)
	}
	if n.derived >= 0 {
		m.derive(n, m.Field(number).content(), len(value))
	}
	return nil
}

// setAny is set for every form of field and for wrong values.
func (m *Message) setAny(n *node, number int, value []byte) error {
	if n.framed && !m.hasMTI {
		return m.fail(fault(ErrType, n.path, -1, detail("is written by message type: set the type first")))
	}
	from := len(m.arena)
	arena, err := n.appendWire(m.arena, value)
	if err != nil {
		return m.fail(err)
	}
	m.arena = arena
	head := 0
	if n.ending == endPrefix {
		if head = n.prefix.size; head == 0 {
			_, head, _ = readBERLength(m.arena, from)
		}
	}
	units := n.unitsSet(value)
	m.enter(number, span{start: uint32(from), content: uint32(from + head), end: uint32(len(m.arena)), units: units})
	if n.derived >= 0 {
		m.derive(n, m.Field(number).content(), int(units))
	}
	return nil
}

// enter records where a field stands in the arena.
func (m *Message) enter(number int, s span) {
	w, bit := bitOf(number)
	if number > m.built && m.built >= 0 {
		m.built = number
	} else {
		m.replace(number, w, bit)
	}
	m.present[w] |= bit
	m.edited[w] |= bit
	m.touched = true
	m.spans[number] = s
	if tertiary := m.codec.bitmap.tertiary; w == 2 && tertiary != 0 {
		word, announces := bitOf(tertiary)
		m.present[word] |= announces
	}
	if m.dead > 4096 && m.dead > len(m.arena)/2 {
		m.compact()
	}
}

// replace records that a field is set out of order, perhaps for the second time.
func (m *Message) replace(number, w int, bit uint64) {
	m.built = -1
	if m.edited[w]&bit == 0 {
		return
	}
	m.edited[w] &^= bit
	m.dead += int(m.spans[number].end - m.spans[number].start)
}

func (m *Message) undefined(number int) *Error {
	return fault(ErrUnknown, strconv.Itoa(number), -1, detail("the spec has no such field"))
}

// unitsSet is the length of a value that has been encoded, padding included.
func (n *node) unitsSet(value []byte) uint32 {
	units := len(value)
	if n.sign {
		units--
	}
	if n.coding == spec.ZonedEBCDIC && units > 0 && value[0] == '-' {
		units--
	}
	return uint32(units + n.padding(units))
}

// compact rewrites the arena without the values that were replaced, so that setting a field again and again does not
// make it grow.
func (m *Message) compact() {
	fresh := make([]byte, 0, cap(m.arena))
	for number := range fieldBits(&m.edited) {
		s := &m.spans[number]
		from := uint32(len(fresh))
		fresh = append(fresh, m.arena[s.start:s.end]...)
		s.content, s.end, s.start = from+s.content-s.start, uint32(len(fresh)), from
	}
	clear(m.arena)
	m.arena, m.dead = fresh, 0
}

// Unset removes a data element; it does nothing when the element is absent.
func (m *Message) Unset(number int) {
	if number < 1 || !m.Has(number) {
		return
	}
	w, bit := bitOf(number)
	m.replace(number, w, bit)
	m.present[w] &^= bit
	m.touched = true
	if tertiary := m.codec.bitmap.tertiary; w == 2 && tertiary != 0 && m.present[2] == 0 {
		m.Unset(tertiary)
	}
	if w > 0 && m.present[w] == 0 {
		m.bitmaps = 0 // the bitmap goes with its last field
	}
}

// bytesOf reads a string as bytes without copying. The bytes must not be written to or kept.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
