package message

import (
	"bytes"
	"strconv"

	"github.com/posline/posline/message/internal/jsontree"
	"github.com/posline/posline/message/internal/wire"
	"github.com/posline/posline/spec"
)

// The keys of a JSON message that are not field numbers.
const (
	headerKey = "header"
	rawKey    = "raw"
)

// bitmapKey is the key of the bitmaps in raw. Bit 1 stands for a bitmap, save in a format where it is a field.
func (c *Codec) bitmapKey() string {
	if c.compiled.Fields[1] != nil {
		return "bitmap"
	}
	return "1"
}

// MarshalJSON implements json.Marshaler: the message for logs, masked as String is. It cannot be read back; see
// TextForm.AppendJSON for the form that can.
func (m Message) MarshalJSON() ([]byte, error) { return TextForm{}.AppendJSON(nil, &m) }

// UnmarshalJSON implements json.Unmarshaler: it makes the message from its JSON in the clear, see TextForm.ReadJSON.
func (m *Message) UnmarshalJSON(text []byte) error { return TextForm{}.ReadJSON(m, text) }

// AppendJSON appends the message as one JSON object with its keys in wire order: "header" in upper-case hexadecimal,
// "0" for the message type, then the data elements by number. Text and digits are strings, text outside ASCII where
// the field's character set maps it without loss; binary data, and text that does not map, is upper-case hexadecimal.
// A value with parts is an object by subfield number or tag, a repeated tag an array, repeated records an array of
// objects.
//
// With CardDataInClear nothing of the message is lost: a field whose wire form is not what packing its JSON value
// gives (a filler nibble, a length that is not the shortest, tags that do not ascend) is also in the object "raw", by
// number, with the whole field in hexadecimal; bitmaps that are not the ones the fields need stand there under "1".
// ReadJSON gives back the same bytes. A message with an error is then refused with that error. Without
// CardDataInClear values are masked as by Value.AppendMasked, and there is no "raw".
func (f TextForm) AppendJSON(dst []byte, m *Message) ([]byte, error) {
	if f.CardDataInClear && m.codec == nil {
		return dst, errNoCodec
	}
	if f.CardDataInClear && m.err != nil {
		return dst, m.err
	}
	t := f.document(m)
	return t.AppendTo(dst), nil
}

// document makes the JSON form of a message.
func (f TextForm) document(m *Message) jsontree.Tree {
	doc, raw := jsontree.Tree{Kind: jsontree.Object}, jsontree.Tree{Kind: jsontree.Object}
	if m.codec == nil {
		return doc
	}
	if len(m.header) > 0 {
		doc.Add(headerKey, jsontree.Tree{Text: f.headerText(m)})
	}
	if m.hasMTI {
		doc.Add("0", jsontree.Tree{Text: m.MTI()})
	}
	canonical := m.layout.Bitmap.Append(nil, &m.present, m.layout.Bitmap.Needed(&m.present))
	if bitmaps := m.appendBitmaps(nil); !bytes.Equal(bitmaps, canonical) {
		raw.Add(m.codec.bitmapKey(), hexTree(bitmaps))
	}
	for number := range wire.Bits(&m.present) {
		key := strconv.Itoa(number)
		if number == m.layout.Bitmap.Tertiary {
			if wire := m.tertiaryWire(nil); m.present[2] == 0 || !bytes.Equal(wire, m.layout.Bitmap.AppendOne(nil, m.present[2])) {
				raw.Add(key, hexTree(wire))
			}
			continue
		}
		v := m.Field(number)
		t := f.tree(v)
		doc.Add(key, t)
		if f.CardDataInClear && !f.packsTo(v, t) {
			raw.Add(key, hexTree(v.part.Wire()))
		}
	}
	if f.CardDataInClear && len(raw.Keys) > 0 {
		doc.Add(rawKey, raw)
	}
	return doc
}

func hexTree(b []byte) jsontree.Tree { return jsontree.Tree{Text: string(wire.AppendUpperHex(nil, b))} }

// packsTo tells whether packing the JSON value afresh, tags ascending, gives the wire form of the field.
func (f TextForm) packsTo(v Value, t jsontree.Tree) bool {
	wire, err := jsonPacker{form: f, message: v.message, ascending: true}.appendField(nil, v.part.Node, t)
	return err == nil && bytes.Equal(wire, v.part.Wire())
}

// headerText is the header in hexadecimal; its size alone where a part of it may not be shown.
func (f TextForm) headerText(m *Message) string {
	if !f.CardDataInClear {
		for i := range m.headerParts() {
			if v := m.HeaderPart(i); !f.showsAll(v) {
				return "<" + strconv.Itoa(len(m.header)) + " bytes>"
			}
		}
	}
	return string(wire.AppendUpperHex(nil, m.header))
}

// showsAll tells whether nothing of a value is masked.
func (f TextForm) showsAll(v Value) bool {
	if !v.HasParts() {
		clear := TextForm{CardDataInClear: true, GBK: f.GBK}
		return bytes.Equal(f.appendLeaf(nil, v), clear.appendLeaf(nil, v))
	}
	for _, part := range v.Parts() {
		if !f.showsAll(part) {
			return false
		}
	}
	return true
}

// tertiaryWire is the third bitmap of a format that carries it as a data element, as it stands in the message; that of an
// edited one takes memory.
func (m *Message) tertiaryWire(memory []byte) []byte {
	if m.touched {
		return m.layout.Bitmap.AppendOne(memory, m.present[2])
	}
	at := m.bitmapTo
	for number := range wire.Bits(&m.present) {
		if number >= m.layout.Bitmap.Tertiary {
			break
		}
		at = m.spans[number].End
	}
	return m.image[at : int(at)+m.layout.Bitmap.WireSize()]
}

// tree makes the JSON form of a value.
func (f TextForm) tree(v Value) jsontree.Tree {
	l := v.layout()
	switch {
	case l == nil && f.CardDataInClear:
		text, _ := f.appendClear(nil, v) // text in hexadecimal packs to something else, so that raw has its bytes
		return jsontree.Tree{Text: string(text)}
	case l == nil:
		return jsontree.Tree{Text: string(f.appendLeaf(nil, v))}
	case l.Kind == spec.Repeated:
		return f.records(v)
	}
	t := jsontree.Tree{Kind: jsontree.Object}
	at, repeated := map[string]int{}, map[string]bool{}
	for key, part := range v.Parts() {
		item := f.tree(part)
		i, again := at[key]
		switch {
		case !again:
			at[key] = len(t.Keys)
			t.Add(key, item)
		case !repeated[key]:
			repeated[key] = true
			t.Items[i] = jsontree.Tree{Kind: jsontree.Array, Items: []jsontree.Tree{t.Items[i], item}}
		default:
			t.Items[i].Items = append(t.Items[i].Items, item)
		}
	}
	return t
}

// records makes the JSON form of a repeated layout: an array with an object for each record.
func (f TextForm) records(v Value) jsontree.Tree {
	t := jsontree.Tree{Kind: jsontree.Array}
	for e, part := range v.entries() {
		if e.Record > len(t.Items) {
			t.Items = append(t.Items, jsontree.Tree{Kind: jsontree.Object})
		}
		t.Items[e.Record-1].Add(part.Key(), f.tree(part))
	}
	return t
}
