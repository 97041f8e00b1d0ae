package message

import (
	"strconv"

	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/layout"
	"github.com/posline/posline/message/internal/wire"
)

// Set sets a data element from text: the characters of text and digits, hexadecimal for b. A value shorter than a
// fixed length is padded as the spec says. It encodes and checks at once; the first error is also kept, so that a
// message with a failed Set never packs.
func (m *Message) Set(number int, text string) error {
	if m.codec == nil {
		return errNoCodec
	}
	return m.kept(m.setText(number, wire.BytesOf(text)))
}

func (m *Message) setText(number int, text []byte) *fault.Fault {
	n := m.node(number)
	if n == nil || n.Content != wire.Any {
		return m.set(n, number, text)
	}
	var buf [512]byte
	value, err := n.AppendFromText(buf[:0], text)
	if err != nil {
		return err
	}
	return m.set(n, number, value)
}

// SetBytes sets a data element from bytes: those of b, or the characters of text and digits. The bytes are copied.
func (m *Message) SetBytes(number int, value []byte) error {
	if n := m.next(number); n != nil && n.Takes(value) {
		m.add(n, number, value)
		return nil
	}
	if m.codec == nil {
		return errNoCodec
	}
	if err := m.set(m.node(number), number, value); err != nil {
		return m.fail(err)
	}
	return nil
}

// SetInt sets a numeric data element, zero-filled to a fixed length. A negative number needs x+n, where the sign is
// written C or D, or a signed encoding. Binary data (b) is no number: ErrType.
func (m *Message) SetInt(number int, value int64) error {
	if m.codec == nil {
		return errNoCodec
	}
	return m.kept(m.setInt(number, value))
}

func (m *Message) setInt(number int, value int64) *fault.Fault {
	n := m.node(number)
	if n == nil {
		return m.undefined(number)
	}
	var buf [64]byte
	text, err := n.AppendFromInt(buf[:0], value)
	if err != nil {
		return err
	}
	return m.set(n, number, text)
}

// set encodes a value into the arena. n is the definition of the field, nil if the spec has none.
func (m *Message) set(n *layout.Node, number int, value []byte) *fault.Fault {
	if n == nil {
		if number == 0 {
			return m.setMTI(value)
		}
		return m.undefined(number)
	}
	if n.Framed || !n.Takes(value) {
		return m.setAny(n, number, value)
	}
	if m.next(number) != nil {
		m.add(n, number, value)
		return nil
	}
	m.enter(number, m.appendPlain(n, value))
	if n.HasParts() {
		m.settle(number)
	}
	return nil
}

// next returns the definition of a field that is set behind all others, when that is all there is to it: what is built
// in order takes no looking after. It is nil in every other case.
func (m *Message) next(number int) *layout.Node {
	if m.built < 0 || number <= m.built || number >= len(m.fields) || number > 128 {
		return nil
	}
	if n := m.fields[number]; n != nil && n.Simple {
		return n
	}
	return nil
}

// add writes a value into the arena that a plain field takes as it is, and records it as next.
func (m *Message) add(n *layout.Node, number int, value []byte) {
	arena := m.arena
	from := len(arena)
	if n.Head > 0 {
		arena = n.Prefix.AppendQuick(arena, len(value))
	}
	if n.Packed {
		arena = n.AppendPackedPlain(arena, value)
	} else {
		arena = append(arena, value...)
	}
	m.arena = arena
	s := &m.spans[number]
	s.Start, s.Content, s.End, s.Units = uint32(from), uint32(from+n.Head), uint32(len(arena)), uint32(len(value))
	w, bit := wire.BitOf(number)
	m.present[w] |= bit
	m.edited[w] |= bit
	m.built, m.touched = number, true
}

// appendPlain writes a value that a field takes as it is into the arena.
func (m *Message) appendPlain(n *layout.Node, value []byte) wire.Span {
	arena := m.arena
	from := len(arena)
	if n.Head > 0 {
		arena = n.Prefix.AppendQuick(arena, len(value))
	}
	if n.Packed {
		arena = n.AppendPackedPlain(arena, value)
	} else {
		arena = append(arena, value...)
	}
	m.arena = arena
	return wire.Span{Start: uint32(from), Content: uint32(from + n.Head), End: uint32(len(arena)), Units: uint32(len(value))}
}

// setAny is set for every form of field and for wrong values.
func (m *Message) setAny(n *layout.Node, number int, value []byte) *fault.Fault {
	if n.Framed && !m.hasMTI {
		return fault.Of(fault.Type, n.Path, fault.Detail("is written by message type: set the type first"))
	}
	from := len(m.arena)
	arena, err := n.AppendWire(m.arena, value)
	if err != nil {
		return err
	}
	m.arena = arena
	head := 0
	if n.Ending == wire.EndPrefix {
		if head = n.Prefix.Size; head == 0 {
			_, head, _ = wire.ReadBERLength(m.arena, from)
		}
	}
	units := uint32(n.UnitsSet(value))
	m.enter(number, wire.Span{Start: uint32(from), Content: uint32(from + head), End: uint32(len(m.arena)), Units: units})
	if n.HasParts() {
		m.settle(number)
	}
	return nil
}

// settle keeps what is known of a field with parts once it is set: its decoded value and whether its parts fit.
func (m *Message) settle(number int) {
	p := m.part(number)
	m.derive(p.Node, p.Content(), p.Units())
	w, bit := wire.BitOf(number)
	m.sound[w] &^= bit
	if !p.Node.Depends && p.Node.SoundInside(p.Content(), p.Units()) {
		m.sound[w] |= bit
	}
}

// enter records where a field stands in the arena.
func (m *Message) enter(number int, s wire.Span) {
	w, bit := wire.BitOf(number)
	if number > m.built && m.built >= 0 {
		m.built = number
	} else {
		m.replace(number, w, bit)
	}
	m.present[w] |= bit
	m.edited[w] |= bit
	m.touched = true
	m.spans[number] = s
	if tertiary := m.layout.Bitmap.Tertiary; w == 2 && tertiary != 0 {
		word, announces := wire.BitOf(tertiary)
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
	m.dead += int(m.spans[number].End - m.spans[number].Start)
}

// undefined is what comes of setting a number that is no data element.
func (m *Message) undefined(number int) *fault.Fault {
	if m.layout.Ignores(number) {
		return nil
	}
	return undefined(number)
}

func undefined(number int) *fault.Fault {
	return fault.Of(fault.Unknown, strconv.Itoa(number), fault.Detail("the spec has no such field"))
}

// compact rewrites the arena without the values that were replaced, so that setting a field again and again does not
// make it grow.
func (m *Message) compact() {
	fresh := make([]byte, 0, cap(m.arena))
	for number := range wire.Bits(&m.edited) {
		s := &m.spans[number]
		from := uint32(len(fresh))
		fresh = append(fresh, m.arena[s.Start:s.End]...)
		s.Content, s.End, s.Start = from+s.Content-s.Start, uint32(len(fresh)), from
	}
	clear(m.arena)
	m.arena, m.dead = fresh, 0
}

// Unset removes a data element; it does nothing when the element is absent.
func (m *Message) Unset(number int) {
	if number < 1 || !m.Has(number) {
		return
	}
	w, bit := wire.BitOf(number)
	m.replace(number, w, bit)
	m.present[w] &^= bit
	m.touched = true
	if tertiary := m.layout.Bitmap.Tertiary; w == 2 && tertiary != 0 && m.present[2] == 0 {
		m.Unset(tertiary)
	}
	if w > 0 && m.present[w] == 0 {
		m.bitmaps = 0 // the bitmap goes with its last field
	}
}
