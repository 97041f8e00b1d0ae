package message

import (
	"errors"
	"iter"

	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/layout"
	"github.com/posline/posline/message/internal/structs"
	"github.com/posline/posline/message/internal/wire"
)

// Message is one ISO 8583 message. It owns its memory and reuses it from one Unpack or Reset to the next; make it with
// Codec.New. Reads never change it, so any number of goroutines may read, pack and print one Message at a time when
// none of them sets or unpacks.
type Message struct {
	codec  *Codec
	layout *layout.Compiled // the codec's, one step nearer, as are the fields
	fields []*layout.Node

	image   []byte // the bytes of the last Unpack
	foreign bool   // image belongs to the caller
	arena   []byte // fields set since
	dead    int    // bytes of arena that no field uses any more
	touched bool   // differs from image
	built   int    // last of the fields set in ascending order, so that arena is the body; -1 when it is not

	header   []byte
	mti      [4]byte // in ASCII
	hasMTI   bool
	bitmapAt uint32 // the bitmaps in image, for their own bytes
	bitmapTo uint32
	bitmaps  int           // bitmaps in front of the fields, at least
	present  [3]uint64     // data elements by bit
	edited   [3]uint64     // of these, the ones in arena
	sound    [3]uint64     // of these, the ones whose parts are known to fit, whatever the other fields are
	spans    []wire.Span   // by field number
	shape    *layout.Shape // of the last message, likely that of the next
	start    layout.Start  // of a message before

	derived []byte    // decoded values whose parts are read
	slots   []stretch // where each slot's value is in derived

	writer *structs.Writer // made by the first Marshal

	err    error
	broken bool // err is that of Unpack
}

// stretch is a part of derived, with the room it may grow into.
type stretch struct{ from, to, room uint32 }

// New returns an empty message. That of the zero Codec has no spec: whatever would need one is an error.
func (c *Codec) New() *Message {
	if c.compiled == nil {
		return new(Message)
	}
	return &Message{codec: c, layout: c.compiled, fields: c.compiled.Fields, spans: make([]wire.Span, len(c.compiled.Fields)),
		slots: make([]stretch, c.compiled.Slots)}
}

var errNoCodec = errors.New("message: made without a Codec")

// Codec returns the codec that made the message.
func (m *Message) Codec() *Codec { return m.codec }

// Reset empties the message and keeps its memory.
func (m *Message) Reset() {
	if m.foreign {
		m.image = nil
	}
	m.image = m.image[:0] // one at a time: the compiler then stores no pointer
	m.arena = m.arena[:0]
	m.header = m.header[:0]
	m.foreign, m.touched, m.hasMTI = false, false, false
	m.dead, m.built, m.bitmaps, m.bitmapAt, m.bitmapTo = 0, 0, 0, 0, 0
	m.present, m.edited, m.sound = [3]uint64{}, [3]uint64{}, [3]uint64{}
	if len(m.derived) > 0 {
		m.forgetDerived()
	}
	if m.err != nil {
		m.err, m.broken = nil, false
	}
}

// forgetDerived forgets the decoded values.
func (m *Message) forgetDerived() {
	m.derived = m.derived[:0]
	clear(m.slots)
}

// Wipe empties the message and overwrites the memory it owns, so that no card data stays behind. Bytes given to
// UnpackAliasing are the caller's to clear.
func (m *Message) Wipe() {
	if m.foreign {
		m.image = nil
	}
	for _, b := range [][]byte{m.image, m.arena, m.derived, m.header} {
		clear(b[:cap(b)])
	}
	if m.writer != nil {
		m.writer.Wipe()
	}
	m.start.Wipe()
	m.mti = [4]byte{}
	m.Reset()
}

// Err returns the first error of Set and its kin, or the error of the last Unpack. While it is not nil the message
// does not pack; Reset clears it, and ClearErr clears that of a Set.
func (m *Message) Err() error { return m.err }

// ClearErr forgets the error of a failed Set or its kin, which leaves a field as it was before, so that the message
// packs again; what Marshal or CopyFields had set before it failed stays set. It does nothing about the error of a failed Unpack:
// that message is not whole.
func (m *Message) ClearErr() {
	if !m.broken {
		m.err = nil
	}
}

// fail keeps the first error, and returns that of f.
func (m *Message) fail(f *fault.Fault) error {
	err := errorOf(f)
	if m.err == nil {
		m.err = err
	}
	return err
}

// kept is fail for what may have gone well.
func (m *Message) kept(f *fault.Fault) error {
	if f == nil {
		return nil
	}
	return m.fail(f)
}

// MTI returns the message type indicator, four digits, or "" when there is none.
func (m *Message) MTI() string {
	if !m.hasMTI {
		return ""
	}
	return string(m.mti[:])
}

// typeDigits returns the message type without copying; empty when there is none.
func (m *Message) typeDigits() []byte {
	if !m.hasMTI {
		return nil
	}
	return m.mti[:]
}

// SetMTI sets the message type indicator, four digits.
func (m *Message) SetMTI(mti string) error {
	if m.codec == nil {
		return errNoCodec
	}
	return m.kept(m.setMTI(wire.BytesOf(mti)))
}

func (m *Message) setMTI(mti []byte) *fault.Fault {
	if len(mti) != len(m.mti) || !wire.AllDigits(mti) {
		return fault.Of(fault.Digit, "0", fault.Detail("a message type is four digits"))
	}
	if m.hasMTI { // no field that is written by message type can be there before
		for number := range wire.Bits(&m.present) {
			n := m.fields[number]
			if n != nil && n.Framed && n.ForMTI(m.mti[:]) != n.ForMTI(mti) {
				return fault.Of(fault.Type, n.Path, fault.Detail("is written otherwise in the new message type: set the type first"))
			}
		}
	}
	m.touched = m.touched || !m.hasMTI || string(m.mti[:]) != string(mti)
	copy(m.mti[:], mti)
	m.hasMTI = true
	return nil
}

// Header returns the bytes before the message type indicator. They belong to the message and are valid until it
// changes.
func (m *Message) Header() []byte { return m.header[:len(m.header):len(m.header)] }

// SetHeader sets the bytes before the message type indicator; it must have the spec's form.
func (m *Message) SetHeader(header []byte) error {
	if m.codec == nil {
		return errNoCodec
	}
	return m.kept(m.setHeader(header))
}

func (m *Message) setHeader(header []byte) *fault.Fault {
	pos := 0
	for _, n := range m.layout.Header {
		s, err := n.Parse(header, pos)
		if err != nil {
			return err.Elsewhere()
		}
		pos = int(s.End)
	}
	if pos != len(header) {
		return fault.Of(fault.TooLong, "header", fault.Lengths{What: "length and maximum:", Got: len(header), Want: pos})
	}
	m.touched = true
	m.header = append(m.header[:0], header...)
	return nil
}

// Has tells whether a data element is present; 0 is the message type indicator.
func (m *Message) Has(number int) bool {
	if number == 0 {
		return m.hasMTI
	}
	if number < 1 || number >= len(m.spans) {
		return false
	}
	w, bit := wire.BitOf(number)
	return m.present[w]&bit != 0
}

// Numbers yields the numbers of the data elements that are present, ascending.
func (m *Message) Numbers() iter.Seq[int] { return wire.Bits(&m.present) }

// node returns the definition of a data element in this message, nil if the spec has none.
func (m *Message) node(number int) *layout.Node {
	if uint(number) >= uint(len(m.fields)) {
		return nil
	}
	n := m.fields[number]
	if n != nil && n.Framed {
		return n.ForMTI(m.typeDigits())
	}
	return n
}

// derive keeps the decoded value of a field whose parts are read from it.
func (m *Message) derive(n *layout.Node, content []byte, units int) {
	if n.Derived < 0 {
		return
	}
	slot := &m.slots[n.Derived]
	if need := uint32(units) + 1; slot.room < need {
		slot.from, slot.room = uint32(len(m.derived)), need
		m.derived = append(m.derived, make([]byte, need)...)
	}
	value := n.AppendValue(m.derived[slot.from:slot.from:slot.from+slot.room], content, units)
	slot.to = slot.from + uint32(len(value))
}

// siblings is a message as the layouts of its fields see it.
type siblings Message

// MessageType implements layout.Fields.
func (s *siblings) MessageType() []byte { return (*Message)(s).typeDigits() }

// Field implements layout.Fields.
func (s *siblings) Field(number int) layout.Part { return (*Message)(s).part(number) }

// Decoded implements layout.Fields.
func (s *siblings) Decoded(n *layout.Node) []byte {
	slot := s.slots[n.Derived]
	return s.derived[slot.from:slot.to]
}

// part returns a data element; an absent one, or one the spec does not have, is not Present.
func (m *Message) part(number int) (p layout.Part) {
	m.locate(number, &p)
	return p
}

// locate makes p, which is absent, a data element.
func (m *Message) locate(number int, p *layout.Part) {
	if uint(number) >= uint(len(m.fields)) {
		return
	}
	n := m.fields[number]
	if n != nil && n.Framed {
		n = n.ForMTI(m.typeDigits())
	}
	p.Node = n
	if n == nil {
		if number == 0 && m.hasMTI {
			*p = layout.Type(m.mti[:])
		}
		return
	}
	w, bit := wire.BitOf(number)
	if m.present[w]&bit == 0 {
		return
	}
	buf := m.image
	if m.edited[w]&bit != 0 {
		buf = m.arena
	}
	p.Set(n, buf, &m.spans[number])
}
