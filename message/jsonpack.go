package message

import (
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/posline/posline/spec"
)

// assemble packs the message that a JSON document describes. raw is what the document gives as bytes.
func (f TextForm) assemble(c *Codec, doc *jsonTree) (wire []byte, raw map[string][]byte, err *Error) {
	if raw, err = doc.rawBytes(); err != nil {
		return nil, nil, err
	}
	a := assembly{message: c.New(), raw: raw, packer: jsonPacker{form: f}}
	a.packer.message = a.message
	if err = a.front(doc); err == nil {
		err = a.fields(doc)
	}
	if err == nil {
		wire, err = a.pack()
	}
	return wire, raw, err
}

// assembly is a message on the way from JSON to bytes.
type assembly struct {
	message *Message // what has been read so far; layouts of other fields depend on it
	raw     map[string][]byte
	packer  jsonPacker
	pending []pendingField
}

type pendingField struct {
	number int
	node   *node
	value  jsonTree
}

// front reads message type and header.
func (a *assembly) front(doc *jsonTree) *Error {
	mti, ok := doc.member("0")
	if !ok {
		return fault(ErrMissing, "0", -1, detail("no message type"))
	}
	if mti.kind != jsonText {
		return fault(ErrType, "0", -1, detail(jsonText.want()))
	}
	if a.message.SetMTI(mti.text) != nil {
		return a.message.err.(*Error)
	}
	header, ok := doc.member(headerKey)
	switch {
	case !ok && len(a.message.codec.header) == 0:
		return nil
	case !ok:
		return fault(ErrMissing, headerKey, -1, nil)
	}
	bytes, err := hex.DecodeString(header.text)
	if header.kind != jsonText || err != nil {
		return fault(ErrType, headerKey, -1, detail("hexadecimal text is needed"))
	}
	if a.message.SetHeader(bytes) != nil {
		return a.message.err.(*Error)
	}
	return nil
}

// fields puts the data elements into the message, those first on which the layouts of others depend.
func (a *assembly) fields(doc *jsonTree) *Error {
	for i, key := range doc.keys {
		if key == headerKey || key == rawKey || key == "0" {
			continue
		}
		number, ok := fieldNumber(key)
		n := a.message.node(number)
		if !ok || n == nil || number == a.message.codec.bitmap.tertiary {
			return fault(ErrUnknown, joinPath("", key), -1, detail("the spec has no such field"))
		}
		a.pending = append(a.pending, pendingField{number, n, doc.items[i]})
	}
	for key := range a.raw {
		if _, ok := doc.member(key); !ok && !a.rawBitmap(key) {
			return fault(ErrUnknown, joinPath(rawKey, key), -1, detail("raw bytes without a value"))
		}
	}
	for len(a.pending) > 0 {
		next := max(0, slices.IndexFunc(a.pending, a.ready))
		p := a.pending[next]
		a.pending = slices.Delete(a.pending, next, next+1)
		if err := a.put(p); err != nil {
			return err
		}
	}
	return nil
}

// rawBitmap tells whether a key of raw is that of a bitmap.
func (a *assembly) rawBitmap(key string) bool {
	return key == a.message.codec.bitmapKey() || key == strconv.Itoa(a.message.codec.bitmap.tertiary) && key != "0"
}

// ready tells whether no field that is still to come decides about the layout of p.
func (a *assembly) ready(p pendingField) bool {
	return !slices.ContainsFunc(a.pending, func(other pendingField) bool {
		return other.number != p.number && p.node.dependsOn(strconv.Itoa(other.number))
	})
}

// dependsOn tells whether a layout in the field depends on a data element.
func (n *node) dependsOn(number string) bool {
	layouts := []*layout{n.layout}
	for i := range n.cases {
		if path := n.cases[i].path; path != nil && path[0] == number {
			return true
		}
		layouts = append(layouts, n.cases[i].layout)
	}
	for _, l := range layouts {
		if l != nil && slices.ContainsFunc(l.fields, func(part *node) bool { return part.dependsOn(number) }) {
			return true
		}
	}
	return false
}

// put packs one data element.
func (a *assembly) put(p pendingField) *Error {
	wire, given := a.raw[strconv.Itoa(p.number)]
	if !given {
		var err *Error
		if wire, err = a.packer.appendField(nil, p.node, p.value); err != nil {
			return err
		}
	} else if s, err := p.node.parse(wire, 0); err != nil || int(s.end) != len(wire) {
		return fault(ErrValue, joinPath(rawKey, strconv.Itoa(p.number)), -1, detail("is not the field's wire form"))
	}
	if err := a.message.setWire(p.number, p.node, wire); err != nil {
		return err.(*Error)
	}
	return nil
}

// pack writes the message, with the bitmaps that raw gives.
func (a *assembly) pack() ([]byte, *Error) {
	m := a.message
	third := strconv.Itoa(m.codec.bitmap.tertiary)
	rawThird, given := a.raw[third]
	if tertiary := m.codec.bitmap.tertiary; tertiary != 0 && (given || m.present[2] != 0) {
		w, bit := bitOf(tertiary)
		m.present[w] |= bit
	}
	wire := m.codec.mti.appendContent(slices.Clone(m.header), m.mti[:], 0)
	if bitmaps, ok := a.raw[m.codec.bitmapKey()]; ok {
		wire = append(wire, bitmaps...)
	} else {
		wire = m.appendBitmaps(wire)
	}
	front := len(wire)
	wire = m.appendFields(wire, 0)
	if given && third != "0" {
		if len(rawThird) != m.codec.bitmap.wireSize() {
			return nil, fault(ErrBitmap, joinPath(rawKey, third), -1, nil)
		}
		before := m.appendFields(nil, m.codec.bitmap.tertiary)
		copy(wire[front+len(before):], rawThird)
	}
	return wire, nil
}

// jsonPacker packs JSON values into the wire form of fields.
type jsonPacker struct {
	form      TextForm
	message   *Message // layouts depend on
	ascending bool     // write tags in ascending order of their text, whatever the order of keys
}

// appendField appends a field as packing its JSON value gives it.
func (p jsonPacker) appendField(dst []byte, n *node, value jsonTree) ([]byte, *Error) {
	if value.kind == jsonText {
		bytes, err := p.leaf(n, value.text)
		if err != nil {
			return dst, err
		}
		return n.appendWire(dst, bytes)
	}
	inside, err := p.inside(n, value)
	if err != nil {
		return dst, err
	}
	if n.decodes() {
		return n.appendWire(dst, inside)
	}
	return n.appendInside(dst, inside, Value{})
}

// leaf turns a JSON string into the value of a field.
func (p jsonPacker) leaf(n *node, text string) ([]byte, *Error) {
	if n.content == spec.ContentB {
		value, err := hex.DecodeString(text)
		if err != nil {
			return nil, fault(ErrDigit, n.path, -1, detail("binary data is hexadecimal text"))
		}
		return value, nil
	}
	value, ok := p.form.encode(n.field.Charset, text)
	if !ok {
		return nil, fault(ErrCharacter, n.path, -1, detail("text does not map to character set "+n.field.Charset.String()))
	}
	return value, nil
}

// inside packs the parts of a value by the layout that holds for them.
func (p jsonPacker) inside(n *node, value jsonTree) ([]byte, *Error) {
	refused := fault(ErrType, n.path, -1, detail(jsonText.want()))
	for i := range n.cases {
		c := n.cases[i]
		size := c.size
		c.size = 0
		if !(Value{message: p.message, node: n}).fits(&c) || c.layout == nil && size != 0 {
			continue
		}
		if c.layout == nil {
			return nil, refused
		}
		inside, err := p.parts(c.layout, value)
		if size == 0 || err == nil && len(inside) == size {
			return inside, err
		}
		if err != nil {
			refused = err
		}
	}
	if n.layout == nil {
		return nil, refused
	}
	return p.parts(n.layout, value)
}

// parts packs parts by a layout.
func (p jsonPacker) parts(l *layout, value jsonTree) ([]byte, *Error) {
	if l.kind == spec.Repeated {
		return p.records(l, value)
	}
	if value.kind != jsonObject {
		return nil, fault(ErrType, l.path, -1, detail(jsonObject.want()))
	}
	var out []byte
	if l.lead != nil {
		lead, ok := value.member("0")
		if !ok && len(value.keys) > 0 && l.lead.field.StartsWith == "" {
			return nil, fault(ErrMissing, l.path+".0", -1, nil)
		}
		var err *Error
		if ok {
			if out, err = p.appendField(out, l.lead, lead); err != nil {
				return nil, err
			}
		}
	}
	switch l.kind {
	case spec.Positional:
		return p.inOrder(out, l, value, false)
	case spec.Bitmapped:
		return p.announced(out, l, value)
	default:
		return p.entries(out, l, value)
	}
}

func (p jsonPacker) records(l *layout, value jsonTree) (out []byte, err *Error) {
	if value.kind != jsonArray {
		return nil, fault(ErrType, l.path, -1, detail(jsonArray.want()))
	}
	for _, record := range value.items {
		if record.kind != jsonObject {
			return nil, fault(ErrType, l.path, -1, detail("a record is an object"))
		}
		if out, err = p.inOrder(out, l, record, true); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// inOrder appends subfields in the order of the spec; with all none may be absent.
func (p jsonPacker) inOrder(dst []byte, l *layout, value jsonTree, all bool) (out []byte, err *Error) {
	left := len(value.keys)
	if _, ok := value.member("0"); ok && l.lead != nil {
		left--
	}
	for _, n := range l.fields {
		if left == 0 && !all {
			return dst, nil
		}
		part, ok := value.member(n.key)
		switch {
		case !ok && n.field.StartsWith != "" && !all:
			continue
		case !ok:
			return dst, fault(ErrMissing, n.path, -1, detail("subfields behind it are there"))
		}
		left--
		if dst, err = p.appendField(dst, n, part); err != nil {
			return dst, err
		}
	}
	if left > 0 {
		return dst, fault(ErrUnknown, l.path, -1, detail("a key that is no subfield"))
	}
	return dst, nil
}

// announced appends a bitmap and the subfields it announces.
func (p jsonPacker) announced(dst []byte, l *layout, value jsonTree) (out []byte, err *Error) {
	var words [3]uint64
	var fields []byte
	numbers := slices.SortedFunc(slices.Values(l.fields), func(a, b *node) int { return a.number - b.number })
	for _, n := range numbers {
		part, ok := value.member(n.key)
		if !ok {
			continue
		}
		w, bit := bitOf(n.number)
		words[w] |= bit
		if fields, err = p.appendField(fields, n, part); err != nil {
			return dst, err
		}
	}
	return append(l.bitmap.append(dst, &words, l.bitmap.needed(&words)), fields...), nil
}

// entries appends entries with their tags.
func (p jsonPacker) entries(dst []byte, l *layout, value jsonTree) (out []byte, err *Error) {
	order := make([]int, 0, len(value.keys))
	for i, key := range value.keys {
		if l.lead == nil || key != "0" {
			order = append(order, i)
		}
	}
	if p.ascending {
		slices.SortFunc(order, func(a, b int) int {
			if value.keys[a] < value.keys[b] {
				return -1
			}
			return 1
		})
	}
	for _, i := range order {
		key := value.keys[i]
		n, tag, err := l.define(key)
		if err != nil {
			err.Path = joinPath(l.path, key)
			return dst, err
		}
		occurrences, err := n.occurrences(value.items[i])
		if err != nil {
			return dst, err
		}
		for _, one := range occurrences {
			var wire []byte
			if wire, err = p.appendField(nil, n, one); err == nil {
				dst, err = l.appendEntry(dst, n, tag, wire)
			}
			if err != nil {
				if n == l.unknown {
					err.Path = joinPath(l.path, key)
				}
				return dst, err
			}
		}
	}
	return dst, nil
}

// occurrences splits the JSON value of a tag into its occurrences: an array stands for two or more of them, unless
// the value is an array by its layout.
func (n *node) occurrences(value jsonTree) ([]jsonTree, *Error) {
	layouts := []*layout{n.layout}
	for i := range n.cases {
		layouts = append(layouts, n.cases[i].layout)
	}
	records := slices.ContainsFunc(layouts, func(l *layout) bool { return l != nil && l.kind == spec.Repeated })
	if value.kind != jsonArray || records && (len(value.items) == 0 || value.items[0].kind != jsonArray) {
		return []jsonTree{value}, nil
	}
	if len(value.items) < 2 {
		return nil, fault(ErrType, n.path, -1, detail("an array is for a tag that is there twice or more"))
	}
	return value.items, nil
}
