package message

import (
	"slices"
	"strconv"
	"strings"

	"github.com/posline/posline/spec"
)

// SetPath sets a field or a part of one from text, see Set: "2", "60.3", "55.9F26", "59.A2.02". A part that is there is
// replaced where it stands; a new one goes behind the others, or to its place where the layout has an order. Parts of
// a positional layout are set in order, unless the layout fills gaps.
func (m *Message) SetPath(path, text string) error {
	keys := strings.Split(path, ".")
	number, n, err := m.fieldOf(keys)
	if err != nil {
		return m.fail(err)
	}
	if len(keys) == 1 {
		return m.Set(number, text)
	}
	return m.setInside(number, n, edit{keys: keys[1:], text: text})
}

// UnsetPath removes a field or a part of one. It does nothing when the part is absent; a field goes with its last
// part. From a positional layout only the last part can be removed.
func (m *Message) UnsetPath(path string) error {
	keys := strings.Split(path, ".")
	number, n, err := m.fieldOf(keys)
	if err != nil {
		return m.fail(err)
	}
	if len(keys) == 1 {
		m.Unset(number)
		return nil
	}
	if !m.Get(path).Present() {
		return nil
	}
	return m.setInside(number, n, edit{keys: keys[1:], remove: true})
}

func (m *Message) fieldOf(keys []string) (int, *node, *Error) {
	number, err := strconv.Atoi(keys[0])
	if err != nil {
		return 0, nil, fault(ErrUnknown, strings.Join(keys, "."), -1, detail("a path starts with a field number"))
	}
	n := m.node(number)
	if n == nil && (number != 0 || len(keys) > 1) {
		return 0, nil, m.undefined(number)
	}
	return number, n, nil
}

// edit is a change of one part: where, below the value at hand, and what.
type edit struct {
	keys   []string
	text   string
	remove bool
}

func (m *Message) setInside(number int, n *node, e edit) error {
	v := m.Field(number)
	inside, err := v.edited(n, e)
	if err != nil {
		return m.fail(err)
	}
	if len(inside) == 0 {
		m.Unset(number)
		return nil
	}
	if n.decodes() {
		return m.set(n, number, inside)
	}
	wire, err := n.appendInside(nil, inside, v)
	if err != nil {
		return m.fail(err)
	}
	return m.setWire(number, n, wire)
}

// setWire sets a field to bytes that parse.
func (m *Message) setWire(number int, n *node, wire []byte) error {
	s, err := n.parse(wire, 0)
	if err != nil {
		err.Offset = -1
		return m.fail(err)
	}
	m.copyField(number, Value{message: m, node: n, wire: wire, head: int(s.content), units: int(s.units)})
	return nil
}

// edited returns the inside of a value after an edit. n is the definition of the value, which may be absent.
func (v Value) edited(n *node, e edit) ([]byte, *Error) {
	l := v.layout()
	if !v.Present() {
		l = n.layoutOf(v.message)
	}
	inside, err := v.editedParts(n, l, e)
	if err != nil || e.remove {
		return inside, err
	}
	return n.filled(l, inside)
}

// editedParts is edited for the layout that holds.
func (v Value) editedParts(n *node, l *layout, e edit) ([]byte, *Error) {
	var inside []byte
	if v.Present() {
		inside = v.inside()
	}
	if l == nil {
		return nil, fault(ErrUnknown, n.path+"."+strings.Join(e.keys, "."), -1, detail("the field has no parts"))
	}
	key, index := splitIndex(e.keys[0])
	entries, err := l.collect(inside)
	if err != nil {
		return nil, err
	}
	for i, found := range entries {
		if found.key != key || found.record != 0 && found.record != index {
			continue
		}
		if found.record == 0 && index > 1 {
			index--
			continue
		}
		return v.replace(l, inside, entries, i, e)
	}
	if e.remove {
		return inside, nil
	}
	return v.insert(l, inside, entries, key, e)
}

// layoutOf is the layout that an absent field gets, before its size is known.
func (n *node) layoutOf(m *Message) *layout {
	for i := range n.cases {
		c := n.cases[i]
		c.size = 0
		if (Value{message: m, node: n}).fits(&c) {
			return c.layout
		}
	}
	return n.layout
}

// found is an entry with its key.
type found struct {
	entry
	key string
}

func (l *layout) collect(inside []byte) ([]found, *Error) {
	var all []found
	for w := l.walk(inside); ; {
		e, ok, err := w.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			return all, nil
		}
		key := e.node.key
		if e.tag < e.end {
			key = l.keyText(inside[e.tag:e.end])
		}
		all = append(all, found{entry: e, key: key})
	}
}

// replace returns the inside with entry i changed or removed.
func (v Value) replace(l *layout, inside []byte, entries []found, i int, e edit) ([]byte, *Error) {
	at := entries[i]
	part := v.part(at.entry, inside)
	if e.remove && len(e.keys) == 1 {
		return l.without(inside, entries, i)
	}
	wire, err := part.rewritten(at.node, e)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(inside[:at.start])
	if out, err = l.appendEntry(out, at.node, inside[at.tag:at.end], wire); err != nil {
		return nil, err
	}
	return append(out, inside[at.span.end:]...), nil
}

// rewritten returns the wire form of a part after an edit; v is absent for a new part.
func (v Value) rewritten(n *node, e edit) ([]byte, *Error) {
	if len(e.keys) == 1 {
		value := []byte(e.text)
		if n.content == spec.ContentB {
			var ok bool
			if value, ok = appendHex(nil, value); !ok {
				return nil, fault(ErrDigit, n.path, -1, detail("binary data is set as hexadecimal text"))
			}
		}
		return n.appendWire(nil, value)
	}
	e.keys = e.keys[1:]
	inside, err := v.edited(n, e)
	if err != nil {
		return nil, err
	}
	if n.decodes() {
		return n.appendWire(nil, inside)
	}
	return n.appendInside(nil, inside, v)
}

// appendInside appends a field whose content is given as it stands on the wire. A length prefix that is still right
// stays as it was in old.
func (n *node) appendInside(dst, inside []byte, old Value) ([]byte, *Error) {
	units := n.unitsIn(len(inside))
	switch {
	case units > n.max:
		return dst, fault(ErrTooLong, n.path, -1, lengths{"length and maximum:", units, n.max})
	case units < n.min:
		return dst, fault(ErrTooShort, n.path, -1, lengths{"length and minimum:", units, n.min})
	case n.ending == endPrefix && !n.prefix.fits(n.count(units)):
		return dst, fault(ErrTooLong, n.path, -1, detail("the length does not fit its prefix"))
	case !n.valid(inside, units):
		err := n.explain(inside, 0, units)
		err.Offset = -1
		return dst, err
	}
	if n.ending == endPrefix {
		if old.Present() && old.units == units {
			dst = append(dst, old.wire[:old.head]...)
		} else {
			dst = n.prefix.appendTo(dst, n.count(units))
		}
	}
	dst = append(dst, inside...)
	if n.reserve {
		for range n.wireSize(n.max) - len(inside) {
			dst = append(dst, n.wireChar(n.padChar))
		}
	}
	return append(dst, n.mark...), nil
}

// appendEntry appends a part with its tag. wire is length prefix and content.
func (l *layout) appendEntry(dst []byte, n *node, tag, wire []byte) ([]byte, *Error) {
	if !l.lengthFirst {
		return append(append(dst, tag...), wire...), nil
	}
	content := wire
	if n.ending == endPrefix {
		content = wire[n.prefix.size:]
	}
	count := len(content)
	if l.countsTag {
		count += len(tag)
	}
	if !l.unknown.prefix.fits(count) {
		return dst, fault(ErrTooLong, n.path, -1, detail("the length does not fit its prefix"))
	}
	dst = l.unknown.prefix.appendTo(dst, count)
	return append(append(dst, tag...), content...), nil
}

// insert returns the inside with a new part.
func (v Value) insert(l *layout, inside []byte, entries []found, key string, e edit) ([]byte, *Error) {
	n, tag, err := l.partOf(key)
	if err != nil {
		return nil, err
	}
	wire, err := (Value{message: v.message, node: n}).rewritten(n, e)
	if err != nil {
		return nil, err
	}
	if n == l.lead {
		return slices.Concat(wire, inside), nil
	}
	if err := l.led(entries, n); err != nil {
		return nil, err
	}
	switch l.kind {
	case spec.Positional:
		return l.append(inside, entries, n, wire)
	case spec.Bitmapped:
		return l.announce(inside, entries, n, wire)
	case spec.Repeated:
		return nil, fault(ErrType, n.path, -1, detail("records are set whole"))
	}
	return l.appendEntry(slices.Clone(inside), n, tag, wire)
}

// led checks that the lead part is there before a part that is added.
func (l *layout) led(entries []found, n *node) *Error {
	if l.lead == nil || l.lead.field.StartsWith != "" || l.leadSize(entries) > 0 || l.lead.size == 0 && l.lead.ending == endFixed {
		return nil
	}
	return fault(ErrMissing, l.lead.path, -1, detail("the part that leads is set first"))
}

// define returns the definition of a part that is not there yet, with its tag bytes.
func (l *layout) define(key string) (*node, []byte, *Error) {
	path := l.path + "." + key
	if l.kind != spec.Tagged && l.kind != spec.BERTLV {
		for _, n := range l.fields {
			if n.key == key {
				return n, nil, nil
			}
		}
		return nil, nil, fault(ErrUnknown, path, -1, detail("the spec has no such part"))
	}
	tag, ok := l.appendTag(nil, key)
	if !ok {
		return nil, nil, fault(ErrTag, path, -1, nil)
	}
	if n := l.byTag[key]; n != nil {
		return n, tag, nil
	}
	if l.unknown == nil {
		return nil, nil, fault(ErrUnknown, path, -1, detail("tag is not in the spec"))
	}
	return l.unknown, tag, nil
}

// append adds a positional part behind the others, with empty values for the ones left out where the layout says so.
func (l *layout) append(inside []byte, entries []found, n *node, wire []byte) ([]byte, *Error) {
	out := slices.Clone(inside)
	next := 0
	if len(entries) > 0 {
		next = slices.Index(l.fields, entries[len(entries)-1].node) + 1
	}
	at := slices.Index(l.fields, n)
	for ; next < at; next++ {
		gap := l.fields[next]
		if gap.field.StartsWith != "" || gap.ending == endFixed && gap.size == 0 {
			continue
		}
		if !l.fill {
			return nil, fault(ErrMissing, gap.path, -1, detail("parts before it are set first"))
		}
		var err *Error
		if out, err = gap.appendEmpty(out); err != nil {
			return nil, err
		}
	}
	if next > at {
		return nil, fault(ErrType, n.path, -1, detail("parts behind it are there already"))
	}
	return append(out, wire...), nil
}

// appendEmpty appends the empty value of a part: zeros, blanks, zero length.
func (n *node) appendEmpty(dst []byte) ([]byte, *Error) {
	var empty []byte
	if n.padSide == spec.Neither {
		empty = make([]byte, n.min)
	}
	return n.appendWire(dst, empty)
}

// filled appends empty parts to the inside of a field that must be longer, where the layout fills gaps.
func (n *node) filled(l *layout, inside []byte) ([]byte, *Error) {
	if l == nil || l.kind != spec.Positional || !l.fill || !n.short(inside) {
		return inside, nil
	}
	entries, err := l.collect(inside)
	if err != nil {
		return nil, err
	}
	next := 0
	if len(entries) > 0 {
		next = slices.Index(l.fields, entries[len(entries)-1].node) + 1
	}
	out := slices.Clone(inside)
	for ; next < len(l.fields) && n.short(out); next++ {
		if l.fields[next].field.StartsWith == "" {
			if out, err = l.fields[next].appendEmpty(out); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// short tells whether parts do not make up the shortest value of the field.
func (n *node) short(inside []byte) bool {
	if n.decodes() {
		return len(inside) < n.min
	}
	return n.unitsIn(len(inside)) < n.min
}

// announce adds a part of a bitmapped layout in its place and sets its bit.
func (l *layout) announce(inside []byte, entries []found, n *node, wire []byte) ([]byte, *Error) {
	var words [3]uint64
	lead, size, count := l.leadSize(entries), 0, 1
	if len(inside) > lead {
		var err *Error
		if size, count, err = l.bitmap.read(inside, lead, &words); err != nil {
			return nil, err
		}
	}
	w, bit := bitOf(n.number)
	words[w] |= bit
	out := l.bitmap.append(slices.Clone(inside[:lead]), &words, max(count, l.bitmap.needed(&words)))
	at := len(inside)
	for _, e := range entries {
		if e.node.number > n.number && e.node != l.lead {
			at = e.start
			break
		}
	}
	out = append(out, inside[lead+size:at]...)
	out = append(out, wire...)
	return append(out, inside[at:]...), nil
}

// leadSize is the size of the lead part among entries.
func (l *layout) leadSize(entries []found) int {
	if len(entries) > 0 && l.lead != nil && entries[0].node == l.lead {
		return int(entries[0].span.end)
	}
	return 0
}

// without returns the inside without entry i.
func (l *layout) without(inside []byte, entries []found, i int) ([]byte, *Error) {
	e := entries[i]
	if (l.kind == spec.Positional || l.kind == spec.Repeated) && i != len(entries)-1 && e.node.field.StartsWith == "" {
		return nil, fault(ErrType, e.node.path, -1, detail("only the last part can be removed"))
	}
	rest := slices.Concat(inside[:e.start], inside[e.span.end:])
	if l.kind != spec.Bitmapped {
		return rest, nil
	}
	if len(entries) == 1 {
		return nil, nil
	}
	if e.node == l.lead {
		return rest, nil
	}
	var words [3]uint64
	lead := l.leadSize(entries)
	size, count, err := l.bitmap.read(inside, lead, &words)
	if err != nil {
		return nil, err
	}
	w, bit := bitOf(e.node.number)
	words[w] &^= bit
	return append(l.bitmap.append(slices.Clone(inside[:lead]), &words, count), rest[lead+size:]...), nil
}
