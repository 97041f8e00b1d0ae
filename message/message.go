package message

import "errors"

// Message is one ISO 8583 message. It owns its memory and reuses it from one Unpack or Reset to the next; make it with
// Codec.New. Reads never change it, so any number of goroutines may read, pack and print one Message at a time when
// none of them sets or unpacks.
type Message struct {
	codec  *Codec
	fields []*node // the codec's, one step nearer

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
	bitmaps  int       // bitmaps in front of the fields, at least
	present  [3]uint64 // data elements by bit
	edited   [3]uint64 // of these, the ones in arena
	spans    []span    // by field number
	shape    *shape    // of the last message, likely that of the next

	derived []byte // decoded values whose parts are read
	slots   []part // where each slot's value is in derived

	err error
}

// part is a stretch of derived, with the room it may grow into.
type part struct{ from, to, room uint32 }

// New returns an empty message.
func (c *Codec) New() *Message {
	return &Message{codec: c, fields: c.fields, spans: make([]span, len(c.fields)), slots: make([]part, c.slots)}
}

var errNoCodec = errors.New("message: made without a Codec")

// Codec returns the codec that made the message.
func (m *Message) Codec() *Codec { return m.codec }

// Reset empties the message and keeps its memory.
func (m *Message) Reset() {
	if m.foreign {
		m.image = nil
	}
	m.image, m.arena, m.derived, m.header = m.image[:0], m.arena[:0], m.derived[:0], m.header[:0]
	m.foreign, m.touched, m.hasMTI = false, false, false
	m.dead, m.built, m.bitmaps, m.bitmapAt, m.bitmapTo = 0, 0, 0, 0, 0
	m.present, m.edited = [3]uint64{}, [3]uint64{}
	clear(m.slots)
	m.err = nil
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
	m.mti = [4]byte{}
	m.Reset()
}

// Err returns the first error of Set and its kin, or the error of the last Unpack. While it is not nil the message
// does not pack; Reset clears it.
func (m *Message) Err() error { return m.err }

// fail keeps the first error and returns err.
func (m *Message) fail(err *Error) error {
	if m.err == nil {
		m.err = err
	}
	return err
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
	if len(mti) != 4 || !allDigits([]byte(mti)) {
		return m.fail(fault(ErrDigit, "0", -1, detail("a message type is four digits")))
	}
	previous, had := m.mti, m.hasMTI
	m.touched = m.touched || !had || string(previous[:]) != mti
	copy(m.mti[:], mti)
	m.hasMTI = true
	if !had {
		return nil // no field that is written by message type can be there yet
	}
	for number := range fieldBits(&m.present) {
		n := m.codec.fields[number]
		if n != nil && n.framed && n.forMTI(previous[:]) != n.forMTI(m.mti[:]) {
			return m.fail(fault(ErrType, n.path, -1, detail("is written otherwise in the new message type: set the type first")))
		}
	}
	return nil
}

// Header returns the bytes before the message type indicator. They belong to the message and are valid until it
// changes.
func (m *Message) Header() []byte { return m.header[:len(m.header):len(m.header)] }

// SetHeader sets the bytes before the message type indicator; it must have the spec's form.
func (m *Message) SetHeader(header []byte) error {
	pos := 0
	for _, n := range m.codec.header {
		s, err := n.parse(header, pos)
		if err != nil {
			err.Offset = -1
			return m.fail(err)
		}
		pos = int(s.end)
	}
	if pos != len(header) {
		return m.fail(fault(ErrTooLong, "header", -1, lengths{"length and maximum:", len(header), pos}))
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
	w, bit := bitOf(number)
	return m.present[w]&bit != 0
}

// Numbers yields the numbers of the data elements that are present, ascending.
func (m *Message) Numbers() func(yield func(int) bool) { return fieldBits(&m.present) }

// buffer is where the span of a present field points into.
func (m *Message) buffer(number int) []byte {
	w, bit := bitOf(number)
	if m.edited[w]&bit != 0 {
		return m.arena
	}
	return m.image
}

// node returns the definition of a data element in this message, nil if the spec has none.
func (m *Message) node(number int) *node {
	if uint(number) >= uint(len(m.fields)) {
		return nil
	}
	n := m.fields[number]
	if n != nil && n.framed {
		return n.forMTI(m.typeDigits())
	}
	return n
}

// derive keeps the decoded value of a field whose parts are read from it.
func (m *Message) derive(n *node, content []byte, units int) {
	if n.derived < 0 {
		return
	}
	slot := &m.slots[n.derived]
	if need := uint32(units) + 1; slot.room < need {
		slot.from, slot.room = uint32(len(m.derived)), need
		m.derived = append(m.derived, make([]byte, need)...)
	}
	value := n.appendValue(m.derived[slot.from:slot.from:slot.from+slot.room], content, units)
	slot.to = slot.from + uint32(len(value))
}
