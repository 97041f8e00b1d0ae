package message

import (
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/jsontree"
)

// ReadJSON makes m the message that JSON text in the clear describes, see AppendJSON. The keys may be in any order;
// entries of a field with tags are written in the order of theirs. A value shorter than a fixed length is padded as
// Set does; in the last place of a value that may end inside its last part it is ErrTooShort, unless the field is in "raw"
// as well. A field's "raw" is taken if it decodes to the field's value, and refused otherwise.
//
// The error is an *Error that names the field, or tells the place in text that is no JSON. m is then as it was.
func (f TextForm) ReadJSON(m *Message, text []byte) error {
	if m.codec == nil {
		return errNoCodec
	}
	given, err := jsontree.Parse(text)
	if refused, ok := err.(jsontree.Refused); ok {
		return errorOf(refused.Fault)
	}
	if err != nil {
		return err
	}
	f.CardDataInClear = true
	wire, raw, bad := f.assemble(m.codec, &given)
	if bad != nil {
		return errorOf(bad)
	}
	built := m.codec.New()
	if err := built.Unpack(wire); err != nil {
		bad := *err.(*Error) // what Unpack returns
		bad.Offset = -1
		return &bad
	}
	held := f.document(built)
	if bad := isDocument(&given, &held, raw); bad != nil {
		return errorOf(bad)
	}
	return m.Unpack(wire)
}

// isDocument checks that the JSON given describes what the message built from it holds: the same keys with values of
// the same shape, and equal ones where raw bytes were given too.
func isDocument(t, held *jsontree.Tree, raw map[string][]byte) *fault.Fault {
	for i, key := range t.Keys {
		if key == rawKey {
			continue
		}
		other, ok := held.Member(key)
		if !ok {
			return fault.Of(fault.Unknown, key, fault.Detail("is not in the message that the other fields make"))
		}
		_, exact := raw[key]
		if err := t.Items[i].Differs(&other, key, exact); err != nil {
			return err
		}
	}
	for _, key := range held.Keys {
		if _, ok := t.Member(key); !ok && key != rawKey {
			return fault.Of(fault.Missing, key, fault.Detail("is in the message but not in the JSON"))
		}
	}
	return nil
}

// rawBytes reads the object "raw": field number to bytes.
func rawBytes(t *jsontree.Tree) (map[string][]byte, *fault.Fault) {
	object, ok := t.Member(rawKey)
	if !ok {
		return nil, nil
	}
	if object.Kind != jsontree.Object {
		return nil, fault.Of(fault.Type, rawKey, fault.Detail("an object is needed"))
	}
	raw := map[string][]byte{}
	for i, key := range object.Keys {
		b, err := hex.DecodeString(object.Items[i].Text)
		if object.Items[i].Kind != jsontree.Text || err != nil {
			return nil, fault.Of(fault.Type, jsontree.JoinPath(rawKey, key), fault.Detail("hexadecimal text is needed"))
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
