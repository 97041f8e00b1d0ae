package message

import (
	"bytes"
	"math/bits"
	"strconv"

	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/wire"
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

// AppendBody appends what follows the message type: bitmaps and data elements, as AppendPack has them. It needs neither
// message type nor header: both may travel in some envelope of their own. What it appends is no message, and Unpack does
// not read it.
func (m *Message) AppendBody(dst []byte) ([]byte, error) {
	if m.err != nil {
		return dst, m.err
	}
	if err := m.fieldsPackable(); err != nil {
		return dst, err
	}
	return m.appendFields(m.appendBitmaps(dst), 0), nil
}

// Pack returns the message in new memory, see AppendPack.
func (m *Message) Pack() ([]byte, error) { return m.AppendPack(nil) }

// AppendBinary implements encoding.BinaryAppender: it is AppendPack.
func (m *Message) AppendBinary(dst []byte) ([]byte, error) { return m.AppendPack(dst) }

// MarshalBinary implements encoding.BinaryMarshaler: it is Pack.
func (m *Message) MarshalBinary() ([]byte, error) { return m.AppendPack(nil) }

// packable checks what Set could not: that there is a message type and a header, and fieldsPackable.
func (m *Message) packable() error {
	switch {
	case m.codec == nil:
		return errNoCodec
	case !m.hasMTI:
		return errorOf(fault.Of(fault.Missing, "0", fault.Detail("no message type")))
	case len(m.header) == 0 && len(m.layout.Header) > 0:
		return errorOf(fault.Of(fault.Missing, "header", nil))
	}
	return m.fieldsPackable()
}

// fieldsPackable checks that the parts of edited fields fit the layout that holds in this message.
func (m *Message) fieldsPackable() error {
	if m.codec == nil {
		return errNoCodec
	}
	if m.layout.Bitmap.Absent {
		if gap := m.gap(); gap != 0 {
			return errorOf(fault.Of(fault.Missing, strconv.Itoa(gap), fault.Detail("without a bitmap the fields before the last one must be there")))
		}
	}
	parted := m.layout.Parted
	for w := range parted {
		parted[w] &= m.present[w]
	}
	if parted[0]|parted[1]|parted[2] == 0 {
		return nil
	}
	for number := range wire.Bits(&parted) {
		if w, bit := wire.BitOf(number); m.edited[w]&m.sound[w]&bit != 0 || m.edited[w]&bit == 0 && !m.node(number).Depends {
			continue // checked when it was set or unpacked
		}
		p := m.part(number)
		if err := p.Check((*siblings)(m), 0); err != nil {
			return errorOf(err.Elsewhere())
		}
	}
	return nil
}

// gap is the first data element of the spec that is missing before one that is there; 0 for none.
func (m *Message) gap() int {
	missing := 0
	for number := range wire.Bits(&m.layout.Bitmap.All) {
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
	if len(m.header) > 0 {
		dst = append(dst, m.header...)
	}
	if t := m.layout.MTI; t.Plain && !t.Packed {
		dst = append(dst, m.mti[:]...)
	} else {
		dst = t.AppendContent(dst, m.mti[:], 0)
	}
	return m.appendBitmaps(dst)
}

// appendBitmaps appends the bitmaps in front of the fields. Hexadecimal digits that say the same as the received ones
// stay in the received case.
func (m *Message) appendBitmaps(dst []byte) []byte {
	f := &m.layout.Bitmap
	from := len(dst)
	dst = f.Append(dst, &m.present, max(m.bitmaps, f.Needed(&m.present)))
	received := m.image[m.bitmapAt:m.bitmapTo]
	if bytes.Equal(received, dst[from:]) {
		return dst
	}
	for i := range min(len(received), len(dst)-from) {
		if c := &dst[from+i]; f.WireSize() != f.Bytes && wire.HexDigit(received[i], f.Coding) == wire.HexDigit(*c, f.Coding) {
			*c = received[i]
		}
	}
	return dst
}

// appendFields appends the data elements, all of them or those below a number. Fields that lie side by side in one
// buffer are copied in one go.
func (m *Message) appendFields(dst []byte, below int) []byte {
	if m.built > 0 && below == 0 && m.layout.Bitmap.Tertiary == 0 {
		return append(dst, m.arena...)
	}
	var run []byte // the buffer that the pending stretch is in
	var from, to uint32
	editing, spans := false, m.spans
	tertiary := m.layout.Bitmap.Tertiary
	for w, word := range m.present {
		for word != 0 {
			zeros := bits.LeadingZeros64(word)
			bit := uint64(wire.FirstBit) >> zeros
			word &^= bit
			number := 64*w + zeros + 1
			if below != 0 && number >= below {
				return append(dst, run[from:to]...)
			}
			if number == tertiary {
				dst = append(dst, run[from:to]...)
				run, from, to, editing = nil, 0, 0, false // no field of the image starts at 0
				dst = m.layout.Bitmap.AppendOne(dst, m.present[2])
				continue
			}
			s := &spans[number]
			edited := m.edited[w]&bit != 0
			if edited == editing && s.Start == to {
				to = s.End
				continue
			}
			dst = append(dst, run[from:to]...)
			if run = m.image; edited {
				run = m.arena
			}
			from, to, editing = s.Start, s.End, edited
		}
	}
	return append(dst, run[from:to]...)
}
