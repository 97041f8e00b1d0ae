package layout

import (
	"bytes"
	"slices"
	"strings"

	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/wire"
	"github.com/posline/posline/spec"
)

// Edit is a change of one part: where, below the value at hand, and what.
type Edit struct {
	Keys   []string
	Remove bool
	Known  bool                                             // removes what the spec does not list
	Set    func(dst []byte, n *Node) ([]byte, *fault.Fault) // appends the new value of a part that n defines
}

// AppendEdited appends what n defines, which is p now, after an edit whose first key names p itself.
func (n *Node) AppendEdited(dst []byte, fields Fields, p Part, e Edit) ([]byte, *fault.Fault) {
	coded, err := p.rewritten(fields, n, e)
	return append(dst, coded...), err
}

// Edited returns the inside of a value after an edit. n is the definition of the value, which may be absent.
func (p *Part) Edited(fields Fields, n *Node, e Edit) ([]byte, *fault.Fault) {
	if e.Known && len(e.Keys) == 0 {
		return p.Known(fields)
	}
	l := p.Layout(fields)
	if !p.Present() {
		l = n.LayoutUnsized(fields)
	}
	inside, err := p.editedParts(fields, n, l, e)
	if err != nil || e.Remove || e.Known {
		return inside, err
	}
	return n.Filled(l, inside)
}

// editedParts is edited for the layout that holds.
func (p *Part) editedParts(fields Fields, n *Node, l *Layout, e Edit) ([]byte, *fault.Fault) {
	var inside []byte
	if p.Present() {
		inside = p.Inside(fields)
	}
	if l == nil {
		return nil, fault.Of(fault.Unknown, n.Path+"."+strings.Join(e.Keys, "."), fault.Detail("the field has no parts"))
	}
	key, index := SplitIndex(e.Keys[0])
	key = l.Name(key)
	if !l.Occurs(key, index) {
		return nil, fault.Of(fault.Unknown, n.Path+"."+e.Keys[0], fault.Detail("the part can be there only once"))
	}
	entries, err := l.Collect(inside)
	if err != nil {
		return nil, err
	}
	for i, found := range entries {
		if found.Key != key || found.Record != 0 && found.Record != index {
			continue
		}
		if found.Record == 0 && index > 1 {
			index--
			continue
		}
		return p.replace(fields, l, inside, entries, i, e)
	}
	if e.Remove {
		return inside, nil
	}
	if index > 1 && l.HasTags() {
		return nil, fault.Of(fault.Missing, n.Path+"."+e.Keys[0], fault.Detail("those of the same tag before it are set first"))
	}
	return p.insert(fields, l, inside, entries, key, e)
}

// Found is an entry with its key.
type Found struct {
	Entry
	Key string
}

// Collect returns the parts of the inside of a field.
func (l *Layout) Collect(inside []byte) ([]Found, *fault.Fault) {
	var all []Found
	for w := l.Walk(inside); ; {
		e, ok, err := w.Next()
		if err != nil {
			return nil, err
		}
		if !ok {
			return all, nil
		}
		key := e.Node.Key
		if e.Tag < e.End {
			key = l.KeyText(inside[e.Tag:e.End])
		}
		all = append(all, Found{Entry: e, Key: key})
	}
}

// replace returns the inside with Entry i changed or removed.
func (p *Part) replace(fields Fields, l *Layout, inside []byte, entries []Found, i int, e Edit) ([]byte, *fault.Fault) {
	at := entries[i]
	part := l.Part(at.Entry, inside)
	if e.Remove && len(e.Keys) == 1 {
		return l.without(inside, entries, i)
	}
	if e.Known && !at.Node.HasParts() {
		return inside, nil
	}
	if at.Node.whole != nil {
		if value, err := part.setAlike(e); err != nil || value {
			return inside, err
		}
		at.Node = at.Node.whole
	}
	coded, err := part.rewritten(fields, at.Node, e)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(inside[:at.Start])
	if out, err = l.AppendEntry(out, at.Node, inside[at.Tag:at.End], coded); err != nil {
		return nil, err
	}
	return append(out, inside[at.Span.End:]...), nil
}

// setAlike tells whether an edit sets a part without parts to the value that it has.
func (p *Part) setAlike(e Edit) (bool, *fault.Fault) {
	if len(e.Keys) > 1 {
		return false, nil
	}
	value, err := e.Set(nil, p.Node)
	return err == nil && string(value) == string(p.Append(nil)), err
}

// rewritten returns the wire form of a part after an edit; p is absent for a new part.
func (p *Part) rewritten(fields Fields, n *Node, e Edit) ([]byte, *fault.Fault) {
	if len(e.Keys) == 1 && !e.Known {
		value, err := e.Set(nil, n)
		if err != nil {
			return nil, err
		}
		return n.AppendWire(nil, value)
	}
	e.Keys = e.Keys[1:]
	inside, err := p.Edited(fields, n, e)
	if err != nil {
		return nil, err
	}
	if e.Known && bytes.Equal(inside, p.Inside(fields)) {
		return p.Wire(), nil
	}
	return n.coded(inside, *p)
}

// coded returns a value, which is old now, whose parts are inside.
func (n *Node) coded(inside []byte, old Part) ([]byte, *fault.Fault) {
	if n.Decodes() {
		return n.AppendWire(nil, inside)
	}
	return n.AppendInside(nil, inside, old)
}

// AppendInside appends a field whose content is given as it stands on the wire. A length prefix that is still right
// stays as it was in old.
func (n *Node) AppendInside(dst, inside []byte, old Part) ([]byte, *fault.Fault) {
	units := n.UnitsIn(len(inside))
	switch {
	case units > n.Max:
		return dst, fault.Of(fault.TooLong, n.Path, fault.Lengths{What: "length and maximum:", Got: units, Want: n.Max})
	case units < n.Min:
		return dst, fault.Of(fault.TooShort, n.Path, fault.Lengths{What: "length and minimum:", Got: units, Want: n.Min})
	case n.Ending == wire.EndPrefix && !n.Prefix.Fits(n.Count(units)):
		return dst, fault.Of(fault.TooLong, n.Path, fault.Detail("the length does not fit its prefix"))
	case !n.Valid(inside, units):
		return dst, n.Explain(inside, 0, units).Elsewhere()
	}
	if n.Ending == wire.EndPrefix {
		if old.Present() && old.Units() == units {
			dst = append(dst, old.Prefix()...)
		} else {
			dst = n.Prefix.AppendTo(dst, n.Count(units))
		}
	}
	dst = append(dst, inside...)
	if n.Reserve {
		for range n.WireSize(n.Max) - len(inside) {
			dst = append(dst, n.WireChar(n.PadChar))
		}
	}
	return append(dst, n.Mark...), nil
}

// AppendEntry appends a part with its tag. coded is length prefix and content.
func (l *Layout) AppendEntry(dst []byte, n *Node, tag, coded []byte) ([]byte, *fault.Fault) {
	if !l.lengthFirst {
		return append(append(dst, tag...), coded...), nil
	}
	content := coded
	if n.Ending == wire.EndPrefix {
		content = coded[n.Prefix.Size:]
	}
	count := len(content)
	if l.countsTag {
		count += len(tag)
	}
	if !l.Unknown.Prefix.Fits(count) {
		return dst, fault.Of(fault.TooLong, n.Path, fault.Detail("the length does not fit its prefix"))
	}
	dst = l.Unknown.Prefix.AppendTo(dst, count)
	return append(append(dst, tag...), content...), nil
}

// insert returns the inside with a new part.
func (p *Part) insert(fields Fields, l *Layout, inside []byte, entries []Found, key string, e Edit) ([]byte, *fault.Fault) {
	n, tag, err := l.PartOf(key)
	if err != nil {
		return nil, err
	}
	coded, err := (&Part{}).rewritten(fields, n, e)
	if err != nil {
		return nil, err
	}
	if n == l.Lead {
		return slices.Concat(coded, inside), nil
	}
	if err := l.Led(entries, n); err != nil {
		return nil, err
	}
	switch l.Kind {
	case spec.Positional:
		return l.AppendPositional(inside, entries, n, coded)
	case spec.Bitmapped:
		return l.announce(inside, entries, n, coded)
	case spec.Repeated:
		return nil, fault.Of(fault.Type, n.Path, fault.Detail("records are set whole"))
	}
	return l.Added(inside, entries, n, tag, coded)
}

// Added returns the inside with a new tagged part: behind the others or, in a layout with an order, behind its like, else
// before the first part whose place is behind its own.
func (l *Layout) Added(inside []byte, entries []Found, n *Node, tag, coded []byte) ([]byte, *fault.Fault) {
	at := len(inside)
	if place := slices.Index(l.Fields, n); l.Ordered && place >= 0 {
		for _, e := range slices.Backward(entries) {
			switch other := slices.Index(l.Fields, e.Node); {
			case other > place:
				at = e.Start
				continue
			case other == place:
				at = int(e.Span.End)
			default:
				continue
			}
			break
		}
	}
	out, err := l.AppendEntry(slices.Clone(inside[:at]), n, tag, coded)
	return append(out, inside[at:]...), err
}

// Led checks that the lead part is there before a part that is added.
func (l *Layout) Led(entries []Found, n *Node) *fault.Fault {
	if l.Lead == nil || l.Lead.Field.StartsWith != "" || l.LeadSize(entries) > 0 || l.Lead.Size == 0 && l.Lead.Ending == wire.EndFixed {
		return nil
	}
	return fault.Of(fault.Missing, l.Lead.Path, fault.Detail("the part that leads is set first"))
}

// Define returns the definition of a part that is not there yet, with its tag bytes.
func (l *Layout) Define(key string) (*Node, []byte, *fault.Fault) {
	key = l.Name(key)
	path := l.Path + "." + key
	if l.Kind != spec.Tagged && l.Kind != spec.BERTLV {
		for _, n := range l.Fields {
			if n.Key == key {
				return n, nil, nil
			}
		}
		return nil, nil, fault.Of(fault.Unknown, path, fault.Detail("the spec has no such part"))
	}
	tag, ok := l.appendTag(nil, key)
	if !ok {
		return nil, nil, fault.Of(fault.Tag, path, nil)
	}
	if n := l.byTag[key]; n != nil {
		return n, tag, nil
	}
	if l.Unknown == nil {
		return nil, nil, fault.Of(fault.Unknown, path, fault.Detail("tag is not in the spec"))
	}
	return l.Unknown, tag, nil
}

// AppendPositional adds a positional part behind the others, with empty values for the ones left out where the layout says so.
func (l *Layout) AppendPositional(inside []byte, entries []Found, n *Node, coded []byte) ([]byte, *fault.Fault) {
	out := slices.Clone(inside)
	next := 0
	if len(entries) > 0 {
		last := entries[len(entries)-1].Node
		if last.whole != nil {
			return nil, fault.Of(fault.Truncated, last.Path, fault.Detail("the part before it is set whole first"))
		}
		next = slices.Index(l.Fields, last) + 1
	}
	at := slices.Index(l.Fields, n)
	for ; next < at; next++ {
		gap := l.Fields[next]
		if gap.Field.StartsWith != "" || gap.Ending == wire.EndFixed && gap.Size == 0 {
			continue
		}
		if !l.fill {
			return nil, fault.Of(fault.Missing, gap.Path, fault.Detail("parts before it are set first"))
		}
		var err *fault.Fault
		if out, err = gap.AppendEmpty(out); err != nil {
			return nil, err
		}
	}
	if next > at {
		return nil, fault.Of(fault.Type, n.Path, fault.Detail("parts behind it are there already"))
	}
	return append(out, coded...), nil
}

// AppendEmpty appends the empty value of a part: zeros, blanks, zero length.
func (n *Node) AppendEmpty(dst []byte) ([]byte, *fault.Fault) {
	if n.Layout != nil && n.Layout.Kind == spec.Positional {
		return n.appendEmptyParts(dst)
	}
	var empty []byte
	if n.PadSide == wire.Neither {
		empty = make([]byte, n.Min)
	}
	return n.AppendWire(dst, empty)
}

// appendEmptyParts is AppendEmpty for a part that has parts itself: as many empty ones as its shortest value needs.
func (n *Node) appendEmptyParts(dst []byte) ([]byte, *fault.Fault) {
	var inside []byte
	for _, part := range n.Layout.Fields {
		if !n.short(inside) {
			break
		}
		var err *fault.Fault
		if inside, err = part.AppendEmpty(inside); err != nil {
			return dst, err
		}
	}
	if n.Decodes() {
		return n.AppendWire(dst, inside)
	}
	return n.AppendInside(dst, inside, Part{})
}

// Filled appends empty parts to the inside of a field that must be longer, where the layout fills gaps.
func (n *Node) Filled(l *Layout, inside []byte) ([]byte, *fault.Fault) {
	if l == nil || l.Kind != spec.Positional || !l.fill || !n.short(inside) {
		return inside, nil
	}
	entries, err := l.Collect(inside)
	if err != nil {
		return nil, err
	}
	next := 0
	if len(entries) > 0 {
		next = slices.Index(l.Fields, entries[len(entries)-1].Node) + 1
	}
	out := slices.Clone(inside)
	for ; next < len(l.Fields) && n.short(out); next++ {
		if l.Fields[next].Field.StartsWith == "" {
			if out, err = l.Fields[next].AppendEmpty(out); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// short tells whether parts do not make up the shortest value of the field.
func (n *Node) short(inside []byte) bool {
	if n.Decodes() {
		return len(inside) < n.Min
	}
	return n.UnitsIn(len(inside)) < n.Min
}

// announce adds a part of a bitmapped layout in its place and sets its bit.
func (l *Layout) announce(inside []byte, entries []Found, n *Node, coded []byte) ([]byte, *fault.Fault) {
	var words [3]uint64
	lead, size, count := l.LeadSize(entries), 0, 1
	if len(inside) > lead {
		var err *fault.Fault
		if size, count, err = l.Bitmap.Read(inside, lead, &words); err != nil {
			return nil, err
		}
	}
	w, bit := wire.BitOf(n.Number)
	words[w] |= bit
	out := l.Bitmap.Append(slices.Clone(inside[:lead]), &words, max(count, l.Bitmap.Needed(&words)))
	at := len(inside)
	for _, e := range entries {
		if e.Node.Number > n.Number && e.Node != l.Lead {
			at = e.Start
			break
		}
	}
	out = append(out, inside[lead+size:at]...)
	out = append(out, coded...)
	return append(out, inside[at:]...), nil
}

// LeadSize is the size of the lead part among entries.
func (l *Layout) LeadSize(entries []Found) int {
	if len(entries) > 0 && l.Lead != nil && entries[0].Node == l.Lead {
		return int(entries[0].Span.End)
	}
	return 0
}

// without returns the inside without Entry i.
func (l *Layout) without(inside []byte, entries []Found, i int) ([]byte, *fault.Fault) {
	e := entries[i]
	if (l.Kind == spec.Positional || l.Kind == spec.Repeated) && i != len(entries)-1 && e.Node.Field.StartsWith == "" {
		return nil, fault.Of(fault.Type, e.Node.Path, fault.Detail("only the last part can be removed"))
	}
	rest := slices.Concat(inside[:e.Start], inside[e.Span.End:])
	if l.Kind != spec.Bitmapped {
		return rest, nil
	}
	if len(entries) == 1 {
		return nil, nil
	}
	if e.Node == l.Lead {
		return rest, nil
	}
	var words [3]uint64
	lead := l.LeadSize(entries)
	size, count, err := l.Bitmap.Read(inside, lead, &words)
	if err != nil {
		return nil, err
	}
	w, bit := wire.BitOf(e.Node.Number)
	words[w] &^= bit
	return append(l.Bitmap.Append(slices.Clone(inside[:lead]), &words, count), rest[lead+size:]...), nil
}
