package message

import (
	"fmt"

	"github.com/posline/posline/spec"
)

// derivation is a compiled spec.Derivation.
type derivation struct {
	from, to pattern
	spec.Derivation
}

func compileDerivations(list []spec.Derivation) []derivation {
	var out []derivation
	for _, d := range list {
		out = append(out, derivation{from: pattern(d.From), to: pattern(d.To), Derivation: d})
	}
	return out
}

// Response makes the answer to a request from the spec's responses: message type, header and the data elements that
// are echoed. The response code and what else the answer says is the caller's to set. The error is ErrType when the
// spec has no response to this message type.
func Response(m *Message) (*Message, error) {
	return m.makeFrom(m.codec.responses, "response")
}

// Reversal makes the message that undoes m from the spec's reversals, the original data elements (field 90) included
// where the spec asks for them. The reason, and times and references of its own, are the caller's to set.
func Reversal(m *Message) (*Message, error) {
	return m.makeFrom(m.codec.reversals, "reversal")
}

// Repeat turns a request or advice into its repeat: the last digit of the message type becomes odd (ISO 8583:1987
// 4.1.3). A repeat stays what it is.
func Repeat(m *Message) error {
	if !m.hasMTI {
		return m.fail(fault(ErrMissing, "0", -1, nil))
	}
	mti := m.mti
	mti[3] |= 1
	return m.SetMTI(string(mti[:]))
}

func (m *Message) makeFrom(list []derivation, what string) (*Message, error) {
	for i := range list {
		if list[i].from.matches(m.typeDigits()) && m.hasMTI {
			return m.follow(&list[i])
		}
	}
	return nil, fault(ErrType, "0", -1, fmt.Errorf("the spec has no %s to %s", what, m.MTI()))
}

func (m *Message) follow(d *derivation) (*Message, error) {
	out := m.codec.New()
	var mti [4]byte
	for i := range mti {
		if mti[i] = d.to[i]; mti[i] == 'x' {
			mti[i] = m.mti[i]
		}
	}
	if err := out.SetMTI(string(mti[:])); err != nil {
		return nil, err
	}
	header := append([]byte(nil), m.header...)
	for _, s := range d.SwapHeader {
		swapBytes(header, s)
	}
	if len(header) > 0 || len(m.codec.header) > 0 {
		if err := out.SetHeader(header); err != nil {
			return nil, err
		}
	}
	for _, number := range d.Echo {
		if v := m.Field(number); v.Present() {
			out.copyField(number, v)
		}
	}
	if d.Original != 0 {
		if err := out.Set(d.Original, m.originalData()); err != nil {
			return nil, err
		}
	}
	return out, out.Err()
}

func swapBytes(header []byte, s spec.Swap) {
	if s.A+s.Bytes > len(header) || s.B+s.Bytes > len(header) {
		return
	}
	for i := range s.Bytes {
		header[s.A+i], header[s.B+i] = header[s.B+i], header[s.A+i]
	}
}

// copyField takes over a field as it stands on the wire, from a message of the same codec.
func (m *Message) copyField(number int, v Value) {
	n := m.node(number)
	if n != v.node {
		m.set(n, number, v.Bytes()) // written otherwise in this message type; a failure is kept in m
		return
	}
	from := uint32(len(m.arena))
	m.arena = append(m.arena, v.wire...)
	m.enter(number, span{start: from, content: from + uint32(v.head), end: uint32(len(m.arena)), units: uint32(v.units)})
	m.derive(n, v.content(), v.units)
}

// originalData is ISO 8583:1987 field 90: message type, STAN, transmission date and time, acquirer and forwarder,
// absent ones zero.
func (m *Message) originalData() string {
	out := []byte(m.MTI())
	for _, part := range []struct{ number, width int }{{11, 6}, {7, 10}, {32, 11}, {33, 11}} {
		text := m.Field(part.number).Text()
		for range part.width - len(text) {
			out = append(out, '0')
		}
		out = append(out, text...)
	}
	return string(out)
}
