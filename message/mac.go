package message

import "strconv"

// MACFunc computes the message authentication code of data. The slice is valid during the call only.
type MACFunc func(data []byte) (mac []byte, err error)

// VerifyFunc checks a received message authentication code over data, in constant time; it returns an error when they
// do not belong together.
type VerifyFunc func(data, mac []byte) error

// AppendPackMAC packs the message with a message authentication code: field 64, or field 128 when the message has
// fields beyond 64. What mac gets is the message from the message type to the last byte before that field, its bit
// set in the bitmap and no header (ISO 9807; the UnionPay terminal does the same). A code longer than the field is
// cut to the field's size. The field is set in the message too.
func (m *Message) AppendPackMAC(dst []byte, mac MACFunc) ([]byte, error) {
	number := m.macField()
	n := m.node(number)
	if n == nil {
		return dst, m.fail(m.undefined(number))
	}
	if err := m.SetBytes(number, make([]byte, n.max)); err != nil {
		return dst, err
	}
	if err := m.packable(); err != nil {
		return dst, err
	}
	from := len(dst)
	packed := m.appendFields(m.appendFront(dst), number)
	code, err := mac(packed[from+len(m.header):])
	if err != nil {
		m.Unset(number)
		return dst, fault(ErrMissing, strconv.Itoa(number), -1, err)
	}
	if err := m.SetBytes(number, code[:min(len(code), n.max)]); err != nil {
		return dst, err
	}
	return append(packed, m.Field(number).wire...), nil
}

// VerifyMAC checks the message authentication code of a message just as it was received. The error is ErrMissing when
// there is no code or the message was not unpacked, and whatever verify returns.
func (m *Message) VerifyMAC(verify VerifyFunc) error {
	number := m.macField()
	if m.err != nil {
		return m.err
	}
	if !m.Has(number) || m.touched || len(m.image) == 0 {
		return fault(ErrMissing, strconv.Itoa(number), -1, detail("no received code"))
	}
	s := m.spans[number]
	return verify(m.image[len(m.header):s.start], m.Field(number).Bytes())
}

// macField is the last field of the last bitmap.
func (m *Message) macField() int {
	if m.present[1]|m.present[2] != 0 {
		return 128
	}
	return 64
}
