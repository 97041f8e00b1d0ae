package message

import (
	"fmt"

	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/layout"
	"github.com/posline/posline/spec"
)

// derivation is a compiled spec.Derivation.
type derivation struct {
	from, to layout.Pattern
	spec.Derivation
}

func compileDerivations(list []spec.Derivation) []derivation {
	var out []derivation
	for _, d := range list {
		out = append(out, derivation{from: layout.Pattern(d.From), to: layout.Pattern(d.To), Derivation: d})
	}
	return out
}

// Response makes the answer to a request from the spec's responses: message type, header and the data elements that
// are echoed. The response code and what else the answer says is the caller's to set. The error is ErrType when the
// spec has no response to this message type.
func Response(m *Message) (*Message, error) { return m.made(ResponseInto) }

// Reversal makes the message that undoes m from the spec's reversals, the original data elements (field 90) included
// where the spec asks for them. The reason, and times and references of its own, are the caller's to set.
func Reversal(m *Message) (*Message, error) { return m.made(ReversalInto) }

// ResponseInto is Response into a message that is there already, whose memory it uses again. dst is reset first; it must
// be of the codec of m and another message than m.
func ResponseInto(dst, m *Message) error { return m.makeInto(dst, "response") }

// ReversalInto is Reversal into a message that is there already, see ResponseInto.
func ReversalInto(dst, m *Message) error { return m.makeInto(dst, "reversal") }

// Repeat turns a request or advice into its repeat: the last digit of the message type becomes odd (ISO 8583:1987
// 4.1.3). A repeat stays what it is.
func Repeat(m *Message) error {
	if !m.hasMTI {
		return m.fail(fault.Of(fault.Missing, "0", nil))
	}
	mti := m.mti
	mti[3] |= 1
	return m.SetMTI(string(mti[:]))
}

// made is one of the two in a new message.
func (m *Message) made(into func(dst, m *Message) error) (*Message, error) {
	if m.codec == nil {
		return nil, errNoCodec
	}
	out := m.codec.New()
	if err := into(out, m); err != nil {
		return nil, err
	}
	return out, nil
}

func (m *Message) makeInto(dst *Message, what string) error {
	if m.codec == nil || dst.codec == nil {
		return errNoCodec
	}
	list := m.codec.responses
	if what == "reversal" {
		list = m.codec.reversals
	}
	if dst.codec != m.codec || dst == m {
		return errorOf(fault.Of(fault.Type, "", fault.Detail("a "+what+" is made into another message of the same codec")))
	}
	for i := range list {
		if m.hasMTI && list[i].from.Matches(m.typeDigits()) {
			dst.Reset()
			return dst.kept(dst.follow(m, &list[i]))
		}
	}
	return errorOf(fault.Of(fault.Type, "0", fmt.Errorf("the spec has no %s to %s", what, m.MTI())))
}

// follow sets what a derivation takes from m.
func (m *Message) follow(from *Message, d *derivation) *fault.Fault {
	var mti [4]byte
	for i := range mti {
		if mti[i] = d.to[i]; mti[i] == 'x' {
			mti[i] = from.mti[i]
		}
	}
	if err := m.setMTI(mti[:]); err != nil {
		return err
	}
	m.header = append(m.header[:0], from.header...)
	for _, s := range d.SwapHeader {
		swapBytes(m.header, s)
	}
	if err := m.setHeader(m.header); err != nil {
		return err
	}
	for _, number := range d.Echo {
		if p := from.part(number); p.Present() {
			if err := m.copyField(number, p); err != nil {
				return err
			}
		}
	}
	if d.Original == 0 {
		return nil
	}
	var buf [64]byte
	return m.setText(d.Original, from.appendOriginalData(buf[:0]))
}

func swapBytes(header []byte, s spec.Swap) {
	if s.A+s.Bytes > len(header) || s.B+s.Bytes > len(header) {
		return
	}
	for i := range s.Bytes {
		header[s.A+i], header[s.B+i] = header[s.B+i], header[s.A+i]
	}
}

// appendOriginalData appends ISO 8583:1987 field 90: message type, STAN, transmission date and time, acquirer and
// forwarder, absent ones zero.
func (m *Message) appendOriginalData(dst []byte) []byte {
	dst = append(dst, m.typeDigits()...)
	for _, part := range [...]struct{ number, width int }{{11, 6}, {7, 10}, {32, 11}, {33, 11}} {
		var buf [64]byte
		text := m.Field(part.number).AppendText(buf[:0])
		for range part.width - len(text) {
			dst = append(dst, '0')
		}
		dst = append(dst, text...)
	}
	return dst
}
