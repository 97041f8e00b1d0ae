package message

import (
	"bytes"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/posline/posline/spec"
)

// The keys of a JSON message that are not field numbers.
const (
	headerKey = "header"
	rawKey    = "raw"
)

// bitmapKey is the key of the bitmaps in raw. Bit 1 stands for a bitmap, save in a format where it is a field.
func (c *Codec) bitmapKey() string {
	if c.fields[1] != nil {
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
	return t.appendTo(dst), nil
}

// document makes the JSON form of a message.
func (f TextForm) document(m *Message) jsonTree {
	doc, raw := jsonTree{kind: jsonObject}, jsonTree{kind: jsonObject}
	if m.codec == nil {
		return doc
	}
	if len(m.header) > 0 {
		doc.add(headerKey, jsonTree{text: f.headerText(m)})
	}
	if m.hasMTI {
		doc.add("0", jsonTree{text: m.MTI()})
	}
	canonical := m.codec.bitmap.append(nil, &m.present, m.codec.bitmap.needed(&m.present))
	if bitmaps := m.appendBitmaps(nil); !bytes.Equal(bitmaps, canonical) {
		raw.add(m.codec.bitmapKey(), hexTree(bitmaps))
	}
	for number := range fieldBits(&m.present) {
		key := strconv.Itoa(number)
		if number == m.codec.bitmap.tertiary {
			if wire := m.tertiaryWire(); m.present[2] == 0 || !bytes.Equal(wire, m.codec.bitmap.appendOne(nil, m.present[2])) {
				raw.add(key, hexTree(wire))
			}
			continue
		}
		v := m.Field(number)
		t, exact := f.tree(v)
		doc.add(key, t)
		if f.CardDataInClear && !(exact && f.packsTo(v, t)) {
			raw.add(key, hexTree(v.wire))
		}
	}
	if f.CardDataInClear && len(raw.keys) > 0 {
		doc.add(rawKey, raw)
	}
	return doc
}

func hexTree(b []byte) jsonTree { return jsonTree{text: string(appendUpperHex(nil, b))} }

// packsTo tells whether packing the JSON value afresh, tags ascending, gives the wire form of the field.
func (f TextForm) packsTo(v Value, t jsonTree) bool {
	wire, err := jsonPacker{form: f, message: v.message, ascending: true}.appendField(nil, v.node, t)
	return err == nil && bytes.Equal(wire, v.wire)
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
	return string(appendUpperHex(nil, m.header))
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

// tertiaryWire is the third bitmap of a format that carries it as a data element, as it stands in the message.
func (m *Message) tertiaryWire() []byte {
	if m.touched {
		return m.codec.bitmap.appendOne(nil, m.present[2])
	}
	at := m.bitmapTo
	for number := range fieldBits(&m.present) {
		if number >= m.codec.bitmap.tertiary {
			break
		}
		at = m.spans[number].end
	}
	return m.image[at : int(at)+m.codec.bitmap.wireSize()]
}

// tree makes the JSON form of a value. exact is false if the value cannot be packed from it.
func (f TextForm) tree(v Value) (t jsonTree, exact bool) {
	l := v.layout()
	if l == nil {
		if !f.CardDataInClear {
			return jsonTree{text: string(f.appendLeaf(nil, v))}, true
		}
		text, exact := f.clearText(v)
		return jsonTree{text: text}, exact
	}
	if l.kind == spec.Repeated {
		return f.records(v)
	}
	t, exact = jsonTree{kind: jsonObject}, true
	at, repeated := map[string]int{}, map[string]bool{}
	for key, part := range v.Parts() {
		item, ok := f.tree(part)
		exact = exact && ok
		i, again := at[key]
		switch {
		case !again:
			at[key] = len(t.keys)
			t.add(key, item)
		case !repeated[key]:
			repeated[key] = true
			t.items[i] = jsonTree{kind: jsonArray, items: []jsonTree{t.items[i], item}}
		default:
			t.items[i].items = append(t.items[i].items, item)
		}
	}
	return t, exact
}

// records makes the JSON form of a repeated layout: an array with an object for each record.
func (f TextForm) records(v Value) (t jsonTree, exact bool) {
	t, exact = jsonTree{kind: jsonArray}, true
	for e, part := range v.entries() {
		if e.record > len(t.items) {
			t.items = append(t.items, jsonTree{kind: jsonObject})
		}
		item, ok := f.tree(part)
		exact = exact && ok
		t.items[e.record-1].add(part.Key(), item)
	}
	return t, exact
}

// ReadJSON makes m the message that JSON text in the clear describes, see AppendJSON. The keys may be in any order;
// entries of a field with tags are written in the order of theirs. A value shorter than a fixed length is padded as
// Set does. A field's "raw" is taken if it decodes to the field's value, and refused otherwise.
//
// The error is an *Error that names the field, or tells the place in text that is no JSON. m is then as it was.
func (f TextForm) ReadJSON(m *Message, text []byte) error {
	if m.codec == nil {
		return errNoCodec
	}
	given, err := parseJSON(text)
	if err != nil {
		return err
	}
	f.CardDataInClear = true
	wire, raw, bad := f.assemble(m.codec, &given)
	if bad != nil {
		return bad
	}
	built := m.codec.New()
	if err := built.Unpack(wire); err != nil {
		bad := *err.(*Error) // what Unpack returns
		bad.Offset = -1
		return &bad
	}
	held := f.document(built)
	if bad := given.isDocument(&held, raw); bad != nil {
		return bad
	}
	return m.Unpack(wire)
}

// isDocument checks that the JSON given describes what the message built from it holds: the same keys with values of
// the same shape, and equal ones where raw bytes were given too.
func (t *jsonTree) isDocument(held *jsonTree, raw map[string][]byte) *Error {
	for i, key := range t.keys {
		if key == rawKey {
			continue
		}
		other, ok := held.member(key)
		if !ok {
			return fault(ErrUnknown, key, -1, detail("is not in the message that the other fields make"))
		}
		_, exact := raw[key]
		if err := t.items[i].differs(&other, key, exact); err != nil {
			return err
		}
	}
	for _, key := range held.keys {
		if _, ok := t.member(key); !ok && key != rawKey {
			return fault(ErrMissing, key, -1, detail("is in the message but not in the JSON"))
		}
	}
	return nil
}

// rawBytes reads the object "raw": field number to bytes.
func (t *jsonTree) rawBytes() (map[string][]byte, *Error) {
	object, ok := t.member(rawKey)
	if !ok {
		return nil, nil
	}
	if object.kind != jsonObject {
		return nil, fault(ErrType, rawKey, -1, detail("an object is needed"))
	}
	raw := map[string][]byte{}
	for i, key := range object.keys {
		b, err := hex.DecodeString(object.items[i].text)
		if object.items[i].kind != jsonText || err != nil {
			return nil, fault(ErrType, joinPath(rawKey, key), -1, detail("hexadecimal text is needed"))
		}
		raw[key] = b
	}
	return raw, nil
}

// fieldNumber reads the key of a data element.
func fieldNumber(key string) (int, bool) {
	number, err := strconv.Atoi(key)
	return number, err == nil && number > 0 && !strings.HasPrefix(key, "+") && key[0] != '0'
}
