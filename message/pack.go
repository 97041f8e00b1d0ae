package message

import (
	"bytes"
	"math/bits"
	"strconv"
)

// AppendPack appends the message as it goes on the wire, without a length header. What was unpacked and not changed
// comes out byte for byte; see the package comment for what an edit changes. It does not change the message.
//
// The error is an *Error: the first failed Set, a missing message type, parts that do not fit their field's layout.
func (m *Message) AppendPack(dst []byte) ([]byte, error) {
	if m.err != nil {
		return dst, m.err
	}
	if !m.touched && m.hasMTI {
		return append(dst, m.image...), nil
	}
	if err := m.packable(); err != nil {
		return dst, err
	}
	return m.appendFields(m.appendFront(dst), 0), nil
}

// Pack returns the message in new memory, see AppendPack.
func (m *Message) Pack() ([]byte, error) { return m.AppendPack(nil) }

// AppendBinary implements encoding.BinaryAppender: it is AppendPack.
func (m *Message) AppendBinary(dst []byte) ([]byte, error) { return m.AppendPack(dst) }

// MarshalBinary implements encoding.BinaryMarshaler: it is Pack.
func (m *Message) MarshalBinary() ([]byte, error) { return m.AppendPack(nil) }

// packable checks what Set could not: that there is a message type and a header, and that the parts of edited fields
// fit the layout that holds in this message.
func (m *Message) packable() error {
	if m.codec == nil {
		return errNoCodec
	}
	if !m.hasMTI {
		return fault(ErrMissing, "0", -1, detail("no message type"))
	}
	if len(m.header) == 0 && len(m.codec.header) > 0 {
		return fault(ErrMissing, "header", -1, nil)
	}
	if m.codec.bitmap.absent {
		if gap := m.gap(); gap != 0 {
			return fault(ErrMissing, strconv.Itoa(gap), -1, detail("without a bitmap the fields before the last one must be there"))
		}
	}
	parted := m.codec.parted
	for w := range parted {
		parted[w] &= m.present[w]
	}
	if parted[0]|parted[1]|parted[2] == 0 {
		return nil
	}
	for number := range fieldBits(&parted) {
		if w, bit := bitOf(number); m.edited[w]&bit == 0 && !m.node(number).depends {
			continue // checked when it was unpacked
		}
		if err := m.Field(number).checkInside(0); err != nil {
			err.Offset = -1
			return err
		}
	}
	return nil
}

// gap is the first data element of the spec that is missing before one that is there; 0 for none.
func (m *Message) gap() int {
	missing := 0
	for number := range fieldBits(&m.codec.bitmap.all) {
		switch {
		case !m.Has(number) && missing == 0:
			missing = number
		case m.Has(number) && missing != 0:
			return missing
		}
	}
	return 0
}

// appendFront appends header, message type and bitmaps.
func (m *Message) appendFront(dst []byte) []byte {
	dst = append(dst, m.header...)
	dst = m.codec.mti.appendContent(dst, m.mti[:], 0)
	return m.appendBitmaps(dst)
}

// appendBitmaps appends the bitmaps in front of the fields. Hexadecimal digits that say the same as the received ones
// stay in the received case.
func (m *Message) appendBitmaps(dst []byte) []byte {
	f := &m.codec.bitmap
	from := len(dst)
	dst = f.append(dst, &m.present, max(m.bitmaps, f.needed(&m.present)))
	received := m.image[m.bitmapAt:m.bitmapTo]
	if bytes.Equal(received, dst[from:]) {
		return dst
	}
	for i := range min(len(received), len(dst)-from) {
		if c := &dst[from+i]; f.wireSize() != f.bytes && hexDigit(received[i], f.coding) == hexDigit(*c, f.coding) {
			*c = received[i]
		}
	}
	return dst
}

// appendFields appends the data elements, all of them or those below a number. Fields that lie side by side in one
// buffer are copied in one go.
func (m *Message) appendFields(dst []byte, below int) []byte {
	if m.built > 0 && below == 0 && m.codec.bitmap.tertiary == 0 {
		return append(dst, m.arena...)
	}
	var run []byte // the buffer that the pending stretch is in
	var from, to uint32
	editing, spans := false, m.spans
	tertiary := m.codec.bitmap.tertiary
	for w, word := range m.present {
		for word != 0 {
			zeros := bits.LeadingZeros64(word)
			bit := uint64(firstBit) >> zeros
			word &^= bit
			number := 64*w + zeros + 1
			if below != 0 && number >= below {
				return append(dst, run[from:to]...)
			}
			if number == tertiary {
				dst = append(dst, run[from:to]...)
				run, from, to, editing = nil, 0, 0, false // no field of the image starts at 0
				dst = m.codec.bitmap.appendOne(dst, m.present[2])
				continue
			}
			s := &spans[number]
			edited := m.edited[w]&bit != 0
			if edited == editing && s.start == to {
				to = s.end
				continue
			}
			dst = append(dst, run[from:to]...)
			if run = m.image; edited {
				run = m.arena
			}
			from, to, editing = s.start, s.end, edited
		}
	}
	return append(dst, run[from:to]...)
}
