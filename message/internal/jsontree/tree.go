// Package jsontree reads and writes JSON values as messages use them: strings, objects whose keys keep their order, and
// arrays.
package jsontree

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

	"github.com/posline/posline/message/internal/fault"
)

// Kind is what a Tree is.
type Kind uint8

const (
	Text Kind = iota
	Object
	Array
)

// Tree is a JSON value as messages use them: a string, an object whose keys keep their order, or an array.
type Tree struct {
	Kind  Kind
	Text  string
	Keys  []string // of an object
	Items []Tree   // of an array, or the values of the keys
}

// Member returns the value of a key.
func (t *Tree) Member(key string) (value Tree, ok bool) {
	if i := slices.Index(t.Keys, key); i >= 0 {
		return t.Items[i], true
	}
	return Tree{}, false
}

// Add appends a member to an object; the key must be new.
func (t *Tree) Add(key string, value Tree) {
	t.Keys, t.Items = append(t.Keys, key), append(t.Items, value)
}

// AppendTo appends the JSON text of the tree.
func (t *Tree) AppendTo(dst []byte) []byte {
	switch t.Kind {
	case Text:
		return AppendQuoted(dst, t.Text)
	case Object:
		dst = append(dst, '{')
	default:
		dst = append(dst, '[')
	}
	for i := range t.Items {
		if i > 0 {
			dst = append(dst, ',')
		}
		if t.Kind == Object {
			dst = append(AppendQuoted(dst, t.Keys[i]), ':')
		}
		dst = t.Items[i].AppendTo(dst)
	}
	if t.Kind == Object {
		return append(dst, '}')
	}
	return append(dst, ']')
}

// AppendQuoted appends a JSON string (RFC 8259, 7). The text is valid UTF-8.
func AppendQuoted(dst []byte, text string) []byte {
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

// Refused is the error for a well-formed text that is no message.
type Refused struct{ Fault *fault.Fault }

// Error implements error. Package message makes an error of its own of the fault.
func (r Refused) Error() string { return "message: JSON text is no message at " + r.Fault.Path }

// maxDepth bounds how deep objects and arrays nest. Layouts nest less deep.
const maxDepth = 64

// Parse reads the JSON text of a message: strings, objects without repeated keys, and arrays. The error is a Refused, or
// tells the place in text that is no JSON.
func Parse(text []byte) (Tree, error) {
	if !utf8.Valid(text) {
		return Tree{}, errors.New("message: JSON text is not valid UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	t, err := parseTree(d, "", 0)
	if err != nil {
		return Tree{}, err
	}
	if t.Kind != Object {
		return Tree{}, Refused{fault.Of(fault.Type, "", fault.Detail("a JSON message is an object"))}
	}
	if _, err := d.Token(); err != io.EOF {
		return Tree{}, fmt.Errorf("message: JSON text goes on behind the message at byte %d", d.InputOffset())
	}
	return t, nil
}

func parseTree(d *json.Decoder, path string, depth int) (Tree, error) {
	token, err := d.Token()
	if err != nil {
		return Tree{}, syntaxError(d, err)
	}
	if depth > maxDepth {
		return Tree{}, Refused{fault.Of(fault.TooLong, path, fault.Detail("nested too deep"))}
	}
	switch token := token.(type) {
	case string:
		return Tree{Kind: Text, Text: token}, nil
	case json.Delim:
		if token == '[' {
			return parseArray(d, path, depth)
		}
		return parseObject(d, path, depth)
	default:
		return Tree{}, Refused{fault.Of(fault.Type, path, fault.Detail("a value is a JSON string, an object or an array"))}
	}
}

func parseArray(d *json.Decoder, path string, depth int) (Tree, error) {
	t := Tree{Kind: Array}
	for d.More() {
		item, err := parseTree(d, path+"["+strconv.Itoa(len(t.Items)+1)+"]", depth+1)
		if err != nil {
			return Tree{}, err
		}
		t.Items = append(t.Items, item)
	}
	if _, err := d.Token(); err != nil {
		return Tree{}, syntaxError(d, err)
	}
	return t, nil
}

func parseObject(d *json.Decoder, path string, depth int) (Tree, error) {
	t := Tree{Kind: Object}
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return Tree{}, syntaxError(d, err)
		}
		key := token.(string) // the decoder takes nothing else for a key
		at := JoinPath(path, key)
		if seen[key] {
			return Tree{}, Refused{fault.Of(fault.Forbidden, at, fault.Detail("the key is there twice"))}
		}
		seen[key] = true
		item, err := parseTree(d, at, depth+1)
		if err != nil {
			return Tree{}, err
		}
		t.Add(key, item)
	}
	if _, err := d.Token(); err != nil {
		return Tree{}, syntaxError(d, err)
	}
	return t, nil
}

func syntaxError(d *json.Decoder, err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("message: JSON text at byte %d: %w", d.InputOffset(), err)
}

// JoinPath appends a key from outside to a path. No message has keys above eight characters; a longer one is cut, so that
// data that got into the place of a key does not get into an error.
func JoinPath(path, key string) string {
	if len(key) > 8 {
		key = strings.ToValidUTF8(key[:8], "") + "…"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// Differs returns the path at which a given tree is not what a message holds, and what is wrong there; nil if they
// agree. The order of keys does not count. With exact the texts must be equal, otherwise only the shape counts.
func (t *Tree) Differs(held *Tree, path string, exact bool) *fault.Fault {
	switch {
	case t.Kind != held.Kind:
		return fault.Of(fault.Type, path, fault.Detail(held.Kind.Want()))
	case t.Kind == Text:
		if exact && t.Text != held.Text {
			return fault.Of(fault.Value, path, fault.Detail("raw does not decode to the value"))
		}
		return nil
	case t.Kind == Object:
		return t.membersDiffer(held, path, exact)
	case len(t.Items) != len(held.Items):
		return fault.Of(fault.Type, path, fault.Lengths{What: "elements given, in the message:", Got: len(t.Items), Want: len(held.Items)})
	}
	for i := range t.Items {
		if err := t.Items[i].Differs(&held.Items[i], path+"["+strconv.Itoa(i+1)+"]", exact); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tree) membersDiffer(held *Tree, path string, exact bool) *fault.Fault {
	at := make(map[string]int, len(held.Keys))
	for i, key := range held.Keys {
		at[key] = i
	}
	for i, key := range t.Keys {
		j, ok := at[key]
		if !ok {
			return fault.Of(fault.Unknown, JoinPath(path, key), fault.Detail("is not in the message that the other fields make"))
		}
		if err := t.Items[i].Differs(&held.Items[j], JoinPath(path, key), exact); err != nil {
			return err
		}
		delete(at, key)
	}
	for key := range at {
		return fault.Of(fault.Missing, JoinPath(path, key), fault.Detail("is in the message but not in the JSON"))
	}
	return nil
}

// Want says what a value must be.
func (k Kind) Want() string {
	switch k {
	case Object:
		return "the value has parts here: an object is needed"
	case Array:
		return "the value is repeated here: an array is needed"
	default:
		return "the value has no parts here: a string is needed"
	}
}
