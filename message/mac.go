package message

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/layout"
	"github.com/posline/posline/message/internal/wire"
)

// MACFunc appends the message authentication code of data to dst, as append does: what it returns starts with dst. It
// must not keep the slices. The Append method of a crypto/mac.MAC is one.
type MACFunc func(dst, data []byte) ([]byte, error)

// VerifyFunc checks a received message authentication code over data, in constant time; it returns an error when they
// do not belong together.
type VerifyFunc func(data, mac []byte) error

// AppendPackMAC packs the message with a message authentication code: field 64, or field 128 when the message has
// fields beyond 64. What mac gets is the message from the message type to the last byte before that field, its bit
// set in the bitmap and no header (ISO 9807; the UnionPay terminal does the same). A code longer than the field is
// cut to the field's size; one that is too short for it is ErrTooShort, never filled up. The field is set in the message
// too.
//
// A message that AppendPack would refuse, after a failed Set say, is not signed: mac is not called. When mac fails, panics or
// returns no code for dst, dst comes back as it was and the field is not there, so that the message can be signed again.
func (m *Message) AppendPackMAC(dst []byte, mac MACFunc) ([]byte, error) {
	switch {
	case m.codec == nil:
		return dst, errNoCodec
	case m.err != nil:
		return dst, m.err
	}
	number := m.macField()
	n := m.node(number)
	if n == nil {
		return dst, m.fail(undefined(number))
	}
	var zeros [64]byte
	if n.Content != wire.Any { // a code in characters
		for i := range zeros {
			zeros[i] = '0'
		}
	}
	if err := m.set(n, number, zeros[:min(n.Max, len(zeros))]); err != nil {
		return dst, m.fail(err)
	}
	done := false
	defer func() {
		if !done { // also when mac panics: zeros are no code
			m.Unset(number)
		}
	}()
	signed, err := m.appendSigned(dst, n, number, mac)
	if err != nil {
		return dst, err
	}
	done = true
	return signed, nil
}

// appendSigned packs the message, whose code n is set to zeros, with its code.
func (m *Message) appendSigned(dst []byte, n *layout.Node, number int, mac MACFunc) ([]byte, error) {
	if err := m.packable(); err != nil {
		return nil, err
	}
	room := m.part(number)
	packed := slices.Grow(m.appendFields(m.appendFront(dst), number), len(room.Wire()))
	out, err := mac(packed, packed[len(dst)+len(m.header):])
	if err != nil {
		return nil, asError(fault.Of(fault.Missing, n.Path, err))
	}
	if !bytes.HasPrefix(out, packed) {
		return nil, asError(fault.Of(fault.Type, n.Path, fault.Detail("the MAC function returned something else than the bytes it was given with a code behind them")))
	}
	code := out[len(packed):]
	if err := wholeCode(n, code); err != nil {
		return nil, asError(err)
	}
	if err := m.set(n, number, code[:min(len(code), n.Max)]); err != nil {
		return nil, m.fail(err)
	}
	p := m.part(number)
	return append(packed, p.Wire()...), nil
}

// wholeCode refuses a code that does not fill its field: what Set fills up with would pass for a code.
func wholeCode(n *layout.Node, code []byte) *fault.Fault {
	least := n.Max
	if n.Ending != wire.EndFixed {
		least = max(n.Min, 1)
	}
	if len(code) < least {
		return fault.Of(fault.TooShort, n.Path, fault.Lengths{What: "length and minimum of the code:", Got: len(code), Want: least})
	}
	return nil
}

// VerifyMAC checks the message authentication code of a message just as it was received. The error is ErrMissing when
// there is no code or the message was not unpacked, and whatever verify returns.
func (m *Message) VerifyMAC(verify VerifyFunc) error {
	number := m.macField()
	if m.err != nil {
		return m.err
	}
	if !m.Has(number) || m.touched || len(m.image) == 0 {
		return asError(fault.Of(fault.Missing, strconv.Itoa(number), fault.Detail("no received code")))
	}
	s := m.spans[number]
	covered := m.image[len(m.header):s.Start]
	if n := m.node(number); n.Plain && !n.Packed && n.Head == 0 {
		return verify(covered, m.image[s.Start:s.End]) // the code as it lies there
	}
	return verify(covered, m.Field(number).Bytes())
}

// macField is the last field of the last bitmap.
func (m *Message) macField() int {
	if m.present[1]|m.present[2] != 0 {
		return 128
	}
	return 64
}
