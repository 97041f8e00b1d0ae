package message

import (
	"strings"
	"time"

	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/layout"
	"github.com/posline/posline/message/internal/wire"
)

// SetPath sets a field or a part of one from text, see Set: "2", "60.3", "55.9F26", "59.A2.02", "header.2". A part that
// is there is replaced where it stands; a new one goes behind the others, or to its place where the layout has an
// order: "55.72[2]" sets the second of equal tags, or adds it where there is one. Parts of a positional layout are set in order, unless the layout fills gaps. The other parts of a header that
// is not there yet are zeros and blanks. Setting a part takes memory, setting a field none.
func (m *Message) SetPath(path, text string) error {
	if number, ok := layout.Number(path); ok {
		return m.Set(number, text)
	}
	return m.setPath(path, func(dst []byte, n *layout.Node) ([]byte, *fault.Fault) {
		return n.AppendFromText(dst, wire.BytesOf(text))
	})
}

// SetPathBytes is SetPath from bytes, see SetBytes.
func (m *Message) SetPathBytes(path string, value []byte) error {
	if number, ok := layout.Number(path); ok {
		return m.SetBytes(number, value)
	}
	return m.setPath(path, func(dst []byte, _ *layout.Node) ([]byte, *fault.Fault) { return append(dst, value...), nil })
}

// SetPathInt is SetPath from a number, see SetInt.
func (m *Message) SetPathInt(path string, value int64) error {
	if number, ok := layout.Number(path); ok {
		return m.SetInt(number, value)
	}
	return m.setPath(path, func(dst []byte, n *layout.Node) ([]byte, *fault.Fault) { return n.AppendFromInt(dst, value) })
}

// SetPathTime is SetPath from a date or time, see SetTime.
func (m *Message) SetPathTime(path string, t time.Time) error {
	if number, ok := layout.Number(path); ok {
		return m.SetTime(number, t)
	}
	return m.setPath(path, func(dst []byte, n *layout.Node) ([]byte, *fault.Fault) { return n.AppendFromTime(dst, t) })
}

func (m *Message) setPath(path string, set func(dst []byte, n *layout.Node) ([]byte, *fault.Fault)) error {
	if m.codec == nil {
		return errNoCodec
	}
	return m.kept(m.edit(path, layout.Edit{Set: set}).Elsewhere())
}

// UnsetPath removes a field or a part of one. It does nothing when the part is absent, and gives the error of Lookup when
// no message can have it; a field goes with its last part. From a positional layout only the last part can be removed.
func (m *Message) UnsetPath(path string) error {
	if m.codec == nil {
		return errNoCodec
	}
	return m.kept(m.edit(path, layout.Edit{Remove: true}).Elsewhere())
}

// UnsetUnknown removes the tags that the spec does not list from a field or part, and from the parts inside it. A message
// keeps them otherwise, so that they are passed on as they came. It does nothing when the path is absent or has no such
// tags, and gives the error of Lookup when no message can have it; a field goes with its last part.
func (m *Message) UnsetUnknown(path string) error {
	if m.codec == nil {
		return errNoCodec
	}
	return m.kept(m.edit(path, layout.Edit{Known: true}).Elsewhere())
}

// edit changes or removes what stands at a path.
func (m *Message) edit(path string, e layout.Edit) *fault.Fault {
	keys := strings.Split(path, ".")
	if keys[0] == headerKey {
		e.Keys = keys[1:]
		return m.editHeader(e)
	}
	number, n, err := m.fieldOf(keys)
	if err != nil || number != 0 && n == nil {
		return err
	}
	e.Keys = keys[1:]
	switch {
	case (e.Known || e.Remove && len(e.Keys) > 0) && !m.Get(path).Present():
		return m.layout.Allows(path)
	case e.Known && number == 0:
		return nil
	case e.Known || len(e.Keys) > 0:
		return m.editInside(number, n, e)
	case e.Remove:
		m.Unset(number)
	}
	return nil
}

func (m *Message) fieldOf(keys []string) (int, *layout.Node, *fault.Fault) {
	number, ok := layout.Number(keys[0])
	if !ok {
		return 0, nil, fault.Of(fault.Unknown, strings.Join(keys, "."), fault.Detail("a path starts with a field number"))
	}
	n := m.node(number)
	if n == nil && (number != 0 || len(keys) > 1) {
		return number, nil, m.undefined(number)
	}
	return number, n, nil
}

func (m *Message) editInside(number int, n *layout.Node, e layout.Edit) *fault.Fault {
	old := m.part(number)
	inside, err := old.Edited((*siblings)(m), n, e)
	if err != nil {
		return err
	}
	if e.Known && string(inside) == string(old.Inside((*siblings)(m))) {
		return nil
	}
	if len(inside) == 0 {
		m.Unset(number)
		return nil
	}
	if n.Decodes() {
		return m.set(n, number, inside)
	}
	coded, err := n.AppendInside(nil, inside, old)
	if err != nil {
		return err
	}
	return m.setWire(number, n, coded)
}

// editHeader changes a part of the header.
func (m *Message) editHeader(e layout.Edit) *fault.Fault {
	i := 0
	if len(e.Keys) > 0 {
		i, _ = layout.Number(e.Keys[0])
	}
	if i < 1 || i > len(m.layout.Header) {
		return fault.Of(fault.Unknown, strings.Join(append([]string{headerKey}, e.Keys...), "."), fault.Detail("the spec has no such part"))
	}
	if e.Remove && len(e.Keys) == 1 {
		return fault.Of(fault.Type, m.layout.Header[i-1].Path, fault.Detail("a header is set or removed whole"))
	}
	header, err := m.wholeHeader()
	if err != nil {
		return err
	}
	var out []byte
	pos := 0
	for k, n := range m.layout.Header {
		s, err := n.Parse(header, pos)
		if err != nil {
			return err
		}
		if coded := header[pos:s.End]; k+1 != i {
			out = append(out, coded...)
		} else if out, err = n.AppendEdited(out, (*siblings)(m), layout.MakePart(n, header, s), e); err != nil {
			return err
		}
		pos = int(s.End)
	}
	return m.setHeader(out)
}

// wholeHeader is the header, or one of empty parts where there is none.
func (m *Message) wholeHeader() ([]byte, *fault.Fault) {
	if len(m.header) > 0 {
		return m.header, nil
	}
	var header []byte
	for _, n := range m.layout.Header {
		var err *fault.Fault
		if header, err = n.AppendEmpty(header); err != nil {
			return nil, err
		}
	}
	return header, nil
}

// setWire sets a field to bytes that parse.
func (m *Message) setWire(number int, n *layout.Node, coded []byte) *fault.Fault {
	s, err := n.Parse(coded, 0)
	if err != nil {
		return err.Elsewhere()
	}
	return m.copyField(number, layout.MakePart(n, coded, s))
}

// copyField takes over a field as it stands on the wire, from a message of the same codec, or its value where the message
// types of the two write it in different ways.
func (m *Message) copyField(number int, p layout.Part) *fault.Fault {
	n := m.node(number)
	if n != p.Node {
		return m.setValue(n, number, p)
	}
	from := uint32(len(m.arena))
	m.arena = append(m.arena, p.Wire()...)
	m.enter(number, wire.Span{Start: from, Content: from + uint32(p.Head()-p.Skip()), End: uint32(len(m.arena)), Units: uint32(p.Units())})
	if n.HasParts() {
		m.settle(number)
	}
	return nil
}
