package message

import (
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/jsontree"
	"github.com/posline/posline/message/internal/layout"
	"github.com/posline/posline/message/internal/wire"
	"github.com/posline/posline/spec"
)

// assemble packs the message that a JSON document describes. raw is what the document gives as bytes.
func (f TextForm) assemble(c *Codec, doc *jsontree.Tree) (wire []byte, raw map[string][]byte, err *fault.Fault) {
	if raw, err = rawBytes(doc); err != nil {
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
	node   *layout.Node
	value  jsontree.Tree
}

// front reads message type and header.
func (a *assembly) front(doc *jsontree.Tree) *fault.Fault {
	mti, ok := doc.Member("0")
	if !ok {
		return fault.Of(fault.Missing, "0", fault.Detail("no message type"))
	}
	if mti.Kind != jsontree.Text {
		return fault.Of(fault.Type, "0", fault.Detail(jsontree.Text.Want()))
	}
	if err := a.message.setMTI(wire.BytesOf(mti.Text)); err != nil {
		return err
	}
	header, ok := doc.Member(headerKey)
	switch {
	case !ok && len(a.message.layout.Header) == 0:
		return nil
	case !ok:
		return fault.Of(fault.Missing, headerKey, nil)
	}
	bytes, err := hex.DecodeString(header.Text)
	if header.Kind != jsontree.Text || err != nil {
		return fault.Of(fault.Type, headerKey, fault.Detail("hexadecimal text is needed"))
	}
	return a.message.setHeader(bytes)
}

// fields puts the data elements into the message, those first on which the layouts of others depend.
func (a *assembly) fields(doc *jsontree.Tree) *fault.Fault {
	for i, key := range doc.Keys {
		if key == headerKey || key == rawKey || key == "0" {
			continue
		}
		number, ok := fieldNumber(key)
		n := a.message.node(number)
		if !ok || n == nil || number == a.message.layout.Bitmap.Tertiary {
			return fault.Of(fault.Unknown, jsontree.JoinPath("", key), fault.Detail("the spec has no such field"))
		}
		a.pending = append(a.pending, pendingField{number, n, doc.Items[i]})
	}
	for key := range a.raw {
		if _, ok := doc.Member(key); !ok && !a.rawBitmap(key) {
			return fault.Of(fault.Unknown, jsontree.JoinPath(rawKey, key), fault.Detail("raw bytes without a value"))
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
	return key == a.message.codec.bitmapKey() || key == strconv.Itoa(a.message.layout.Bitmap.Tertiary) && key != "0"
}

// ready tells whether no field that is still to come decides about the layout of p.
func (a *assembly) ready(p pendingField) bool {
	return !slices.ContainsFunc(a.pending, func(other pendingField) bool {
		return other.number != p.number && p.node.DependsOn(strconv.Itoa(other.number))
	})
}

// put packs one data element.
func (a *assembly) put(p pendingField) *fault.Fault {
	coded, given := a.raw[strconv.Itoa(p.number)]
	if !given {
		var err *fault.Fault
		if coded, err = a.packer.appendField(nil, p.node, p.value); err != nil {
			return err
		}
	} else if s, err := p.node.Parse(coded, 0); err != nil || int(s.End) != len(coded) {
		return fault.Of(fault.Value, jsontree.JoinPath(rawKey, strconv.Itoa(p.number)), fault.Detail("is not the field's wire form"))
	}
	return a.message.setWire(p.number, p.node, coded)
}

// pack writes the message, with the bitmaps that raw gives.
func (a *assembly) pack() ([]byte, *fault.Fault) {
	m := a.message
	third := strconv.Itoa(m.layout.Bitmap.Tertiary)
	rawThird, given := a.raw[third]
	if tertiary := m.layout.Bitmap.Tertiary; tertiary != 0 && (given || m.present[2] != 0) {
		w, bit := wire.BitOf(tertiary)
		m.present[w] |= bit
	}
	coded := m.layout.MTI.AppendContent(slices.Clone(m.header), m.mti[:], 0)
	if bitmaps, ok := a.raw[m.codec.bitmapKey()]; ok {
		coded = append(coded, bitmaps...)
	} else {
		coded = m.appendBitmaps(coded)
	}
	front := len(coded)
	coded = m.appendFields(coded, 0)
	if given && third != "0" {
		if len(rawThird) != m.layout.Bitmap.WireSize() {
			return nil, fault.Of(fault.Bitmap, jsontree.JoinPath(rawKey, third), nil)
		}
		before := m.appendFields(nil, m.layout.Bitmap.Tertiary)
		copy(coded[front+len(before):], rawThird)
	}
	return coded, nil
}

// jsonPacker packs JSON values into the wire form of fields.
type jsonPacker struct {
	form      TextForm
	message   *Message // layouts depend on
	ascending bool     // write tags in ascending order of their text, whatever the order of keys
}

// appendField appends a field as packing its JSON value gives it.
func (p jsonPacker) appendField(dst []byte, n *layout.Node, value jsontree.Tree) ([]byte, *fault.Fault) {
	if value.Kind == jsontree.Text {
		bytes, err := p.leaf(n, value.Text)
		if err != nil {
			return dst, err
		}
		return n.AppendWire(dst, bytes)
	}
	inside, err := p.inside(n, value)
	if err != nil {
		return dst, err
	}
	if n.Decodes() {
		return n.AppendWire(dst, inside)
	}
	return n.AppendInside(dst, inside, layout.Part{})
}

// leaf turns a JSON string into the value of a field.
func (p jsonPacker) leaf(n *layout.Node, text string) ([]byte, *fault.Fault) {
	if n.Content == wire.Any {
		value, err := hex.DecodeString(text)
		if err != nil {
			return nil, fault.Of(fault.Digit, n.Path, fault.Detail("binary data is hexadecimal text"))
		}
		return value, nil
	}
	value, ok := p.form.encode(n.Field.Charset, text)
	if !ok {
		return nil, fault.Of(fault.Character, n.Path, fault.Detail("text does not map to character set "+n.Field.Charset.String()))
	}
	return value, nil
}

// inside packs the parts of a value by the layout that holds for them.
func (p jsonPacker) inside(n *layout.Node, value jsontree.Tree) ([]byte, *fault.Fault) {
	refused := fault.Of(fault.Type, n.Path, fault.Detail(jsontree.Text.Want()))
	for i := range n.Cases {
		c := &n.Cases[i]
		if !c.Holds((*siblings)(p.message)) || c.Layout == nil && c.Size != 0 {
			continue
		}
		if c.Layout == nil {
			return nil, refused
		}
		inside, err := p.parts(c.Layout, value)
		if c.Size == 0 || err == nil && len(inside) == c.Size {
			return inside, err
		}
		if err != nil {
			refused = err
		}
	}
	if n.Layout == nil {
		return nil, refused
	}
	return p.parts(n.Layout, value)
}

// parts packs parts by a layout.
func (p jsonPacker) parts(l *layout.Layout, value jsontree.Tree) ([]byte, *fault.Fault) {
	if l.Kind == spec.Repeated {
		return p.records(l, value)
	}
	if value.Kind != jsontree.Object {
		return nil, fault.Of(fault.Type, l.Path, fault.Detail(jsontree.Object.Want()))
	}
	var out []byte
	if l.Lead != nil {
		lead, ok := value.Member("0")
		if !ok && len(value.Keys) > 0 && l.Lead.Field.StartsWith == "" {
			return nil, fault.Of(fault.Missing, l.Path+".0", nil)
		}
		var err *fault.Fault
		if ok {
			if out, err = p.appendField(out, l.Lead, lead); err != nil {
				return nil, err
			}
		}
	}
	switch l.Kind {
	case spec.Positional:
		return p.inOrder(out, l, value, false)
	case spec.Bitmapped:
		return p.announced(out, l, value)
	default:
		return p.entries(out, l, value)
	}
}

func (p jsonPacker) records(l *layout.Layout, value jsontree.Tree) (out []byte, err *fault.Fault) {
	if value.Kind != jsontree.Array {
		return nil, fault.Of(fault.Type, l.Path, fault.Detail(jsontree.Array.Want()))
	}
	for _, record := range value.Items {
		if record.Kind != jsontree.Object {
			return nil, fault.Of(fault.Type, l.Path, fault.Detail("a record is an object"))
		}
		if out, err = p.inOrder(out, l, record, true); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// inOrder appends subfields in the order of the spec; with all none may be absent.
func (p jsonPacker) inOrder(dst []byte, l *layout.Layout, value jsontree.Tree, all bool) (out []byte, err *fault.Fault) {
	left := len(value.Keys)
	if _, ok := value.Member("0"); ok && l.Lead != nil {
		left--
	}
	for _, n := range l.Fields {
		if left == 0 && !all {
			return dst, nil
		}
		part, ok := value.Member(n.Key)
		switch {
		case !ok && n.Field.StartsWith != "" && !all:
			continue
		case !ok:
			return dst, fault.Of(fault.Missing, n.Path, fault.Detail("subfields behind it are there"))
		}
		left--
		if dst, err = p.appendField(dst, n, part); err != nil {
			return dst, err
		}
		if left == 0 && part.Kind == jsontree.Text && p.cuts(n, part.Text) {
			return dst, n.Uncertain()
		}
	}
	if left > 0 {
		return dst, fault.Of(fault.Unknown, l.Path, fault.Detail("a key that is no subfield"))
	}
	return dst, nil
}

// cuts tells whether text could be the last part cut short as well as one to be padded.
func (p jsonPacker) cuts(n *layout.Node, text string) bool {
	value, err := p.leaf(n, text)
	return err == nil && n.Cuts(value)
}

// announced appends a bitmap and the subfields it announces.
func (p jsonPacker) announced(dst []byte, l *layout.Layout, value jsontree.Tree) (out []byte, err *fault.Fault) {
	var words [3]uint64
	var fields []byte
	numbers := slices.SortedFunc(slices.Values(l.Fields), func(a, b *layout.Node) int { return a.Number - b.Number })
	for _, n := range numbers {
		part, ok := value.Member(n.Key)
		if !ok {
			continue
		}
		w, bit := wire.BitOf(n.Number)
		words[w] |= bit
		if fields, err = p.appendField(fields, n, part); err != nil {
			return dst, err
		}
	}
	return append(l.Bitmap.Append(dst, &words, l.Bitmap.Needed(&words)), fields...), nil
}

// entries appends entries with their tags.
func (p jsonPacker) entries(dst []byte, l *layout.Layout, value jsontree.Tree) (out []byte, err *fault.Fault) {
	order := make([]int, 0, len(value.Keys))
	for i, key := range value.Keys {
		if l.Lead == nil || key != "0" {
			order = append(order, i)
		}
	}
	if p.ascending {
		slices.SortFunc(order, func(a, b int) int {
			if value.Keys[a] < value.Keys[b] {
				return -1
			}
			return 1
		})
	}
	for _, i := range order {
		key := value.Keys[i]
		n, tag, err := l.Define(key)
		if err != nil {
			err.Path = jsontree.JoinPath(l.Path, key)
			return dst, err
		}
		occurrences, err := occurrences(n, value.Items[i])
		if err != nil {
			return dst, err
		}
		for _, one := range occurrences {
			var coded []byte
			if coded, err = p.appendField(nil, n, one); err == nil {
				dst, err = l.AppendEntry(dst, n, tag, coded)
			}
			if err != nil {
				if n == l.Unknown {
					err.Path = jsontree.JoinPath(l.Path, key)
				}
				return dst, err
			}
		}
	}
	return dst, nil
}

// occurrences splits the JSON value of a tag into its occurrences: an array stands for two or more of them, unless
// the value is an array by its layout.
func occurrences(n *layout.Node, value jsontree.Tree) ([]jsontree.Tree, *fault.Fault) {
	records := slices.ContainsFunc(n.Layouts(), (*layout.Layout).Repeats)
	if value.Kind != jsontree.Array || records && (len(value.Items) == 0 || value.Items[0].Kind != jsontree.Array) {
		return []jsontree.Tree{value}, nil
	}
	if len(value.Items) < 2 {
		return nil, fault.Of(fault.Type, n.Path, fault.Detail("an array is for a tag that is there twice or more"))
	}
	return value.Items, nil
}
