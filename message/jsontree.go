package message

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonKind is what a jsonTree is.
type jsonKind uint8

const (
	jsonText jsonKind = iota
	jsonObject
	jsonArray
)

// jsonTree is a JSON value as messages use them: a string, an object whose keys keep their order, or an array.
type jsonTree struct {
	kind  jsonKind
	text  string
	keys  []string   // of an object
	items []jsonTree // of an array, or the values of the keys
}

// member returns the value of a key.
func (t *jsonTree) member(key string) (value jsonTree, ok bool) {
	if i := slices.Index(t.keys, key); i >= 0 {
		return t.items[i], true
	}
	return jsonTree{}, false
}

// add appends a member to an object; the key must be new.
func (t *jsonTree) add(key string, value jsonTree) {
	t.keys, t.items = append(t.keys, key), append(t.items, value)
}

// appendTo appends the JSON text of the tree.
func (t *jsonTree) appendTo(dst []byte) []byte {
	switch t.kind {
	case jsonText:
		return appendQuoted(dst, t.text)
	case jsonObject:
		dst = append(dst, '{')
	default:
		dst = append(dst, '[')
	}
	for i := range t.items {
		if i > 0 {
			dst = append(dst, ',')
		}
		if t.kind == jsonObject {
			dst = append(appendQuoted(dst, t.keys[i]), ':')
		}
		dst = t.items[i].appendTo(dst)
	}
	if t.kind == jsonObject {
		return append(dst, '}')
	}
	return append(dst, ']')
}

// appendQuoted appends a JSON string (RFC 8259, 7). The text is valid UTF-8.
func appendQuoted(dst []byte, text string) []byte {
	dst = append(dst, '"')
	for _, c := range []byte(text) {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20 || c == 0x7F:
			dst = fmt.Appendf(dst, `\u%04x`, c)
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// maxJSONDepth bounds how deep objects and arrays nest. Layouts nest less deep.
const maxJSONDepth = 64

// parseJSON reads the JSON text of a message: strings, objects without repeated keys, and arrays.
func parseJSON(text []byte) (jsonTree, error) {
	if !utf8.Valid(text) {
		return jsonTree{}, errors.New("message: JSON text is not valid UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	t, err := parseTree(d, "", 0)
	if err != nil {
		return jsonTree{}, err
	}
	if t.kind != jsonObject {
		return jsonTree{}, fault(ErrType, "", -1, detail("a JSON message is an object"))
	}
	if _, err := d.Token(); err != io.EOF {
		return jsonTree{}, fmt.Errorf("message: JSON text goes on behind the message at byte %d", d.InputOffset())
	}
	return t, nil
}

func parseTree(d *json.Decoder, path string, depth int) (jsonTree, error) {
	token, err := d.Token()
	if err != nil {
		return jsonTree{}, syntaxError(d, err)
	}
	if depth > maxJSONDepth {
		return jsonTree{}, fault(ErrTooLong, path, -1, detail("nested too deep"))
	}
	switch token := token.(type) {
	case string:
		return jsonTree{kind: jsonText, text: token}, nil
	case json.Delim:
		if token == '[' {
			return parseArray(d, path, depth)
		}
		return parseObject(d, path, depth)
	default:
		return jsonTree{}, fault(ErrType, path, -1, detail("a value is a JSON string, an object or an array"))
	}
}

func parseArray(d *json.Decoder, path string, depth int) (jsonTree, error) {
	t := jsonTree{kind: jsonArray}
	for d.More() {
		item, err := parseTree(d, path+"["+strconv.Itoa(len(t.items)+1)+"]", depth+1)
		if err != nil {
			return jsonTree{}, err
		}
		t.items = append(t.items, item)
	}
	if _, err := d.Token(); err != nil {
		return jsonTree{}, syntaxError(d, err)
	}
	return t, nil
}

func parseObject(d *json.Decoder, path string, depth int) (jsonTree, error) {
	t := jsonTree{kind: jsonObject}
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return jsonTree{}, syntaxError(d, err)
		}
		key := token.(string) // the decoder takes nothing else for a key
		at := joinPath(path, key)
		if seen[key] {
			return jsonTree{}, fault(ErrForbidden, at, -1, detail("the key is there twice"))
		}
		seen[key] = true
		item, err := parseTree(d, at, depth+1)
		if err != nil {
			return jsonTree{}, err
		}
		t.add(key, item)
	}
	if _, err := d.Token(); err != nil {
		return jsonTree{}, syntaxError(d, err)
	}
	return t, nil
}

func syntaxError(d *json.Decoder, err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("message: JSON text at byte %d: %w", d.InputOffset(), err)
}

// joinPath appends a key from outside to a path. No message has keys above eight characters; a longer one is cut, so that
// data that got into the place of a key does not get into an error.
func joinPath(path, key string) string {
	if len(key) > 8 {
		key = strings.ToValidUTF8(key[:8], "") + "…"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// differs returns the path at which a given tree is not what a message holds, and what is wrong there; nil if they
// agree. The order of keys does not count. With exact the texts must be equal, otherwise only the shape counts.
func (t *jsonTree) differs(held *jsonTree, path string, exact bool) *Error {
	switch {
	case t.kind != held.kind:
		return fault(ErrType, path, -1, detail(held.kind.want()))
	case t.kind == jsonText:
		if exact && t.text != held.text {
			return fault(ErrValue, path, -1, detail("raw does not decode to the value"))
		}
		return nil
	case t.kind == jsonObject:
		return t.membersDiffer(held, path, exact)
	case len(t.items) != len(held.items):
		return fault(ErrType, path, -1, lengths{"elements given, in the message:", len(t.items), len(held.items)})
	}
	for i := range t.items {
		if err := t.items[i].differs(&held.items[i], path+"["+strconv.Itoa(i+1)+"]", exact); err != nil {
			return err
		}
	}
	return nil
}

func (t *jsonTree) membersDiffer(held *jsonTree, path string, exact bool) *Error {
	at := make(map[string]int, len(held.keys))
	for i, key := range held.keys {
		at[key] = i
	}
	for i, key := range t.keys {
		j, ok := at[key]
		if !ok {
			return fault(ErrUnknown, joinPath(path, key), -1, detail("is not in the message that the other fields make"))
		}
		if err := t.items[i].differs(&held.items[j], joinPath(path, key), exact); err != nil {
			return err
		}
		delete(at, key)
	}
	for key := range at {
		return fault(ErrMissing, joinPath(path, key), -1, detail("is in the message but not in the JSON"))
	}
	return nil
}

// want says what a value must be.
func (k jsonKind) want() string {
	switch k {
	case jsonObject:
		return "the value has parts here: an object is needed"
	case jsonArray:
		return "the value is repeated here: an array is needed"
	default:
		return "the value has no parts here: a string is needed"
	}
}
