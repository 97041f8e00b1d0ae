package message

import (
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/posline/posline/spec"
)

// structTag is what `iso8583:"2,keepzero"` says.
type structTag struct {
	key      string
	keepZero bool
	skip     bool
}

// parseStructTag reads the tag of a Go field. index goes before iso8583, as moov has it.
func parseStructTag(tag reflect.StructTag) (structTag, error) {
	text := tag.Get("index")
	if text == "" {
		text = tag.Get("iso8583")
	}
	if text == "-" {
		return structTag{skip: true}, nil
	}
	key, options, _ := strings.Cut(text, ",")
	out := structTag{key: key}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "":
		case "keepzero":
			out.keepZero = true
		default:
			return out, errors.New("unknown option " + strconv.Quote(option) + " in the struct tag")
		}
	}
	return out, nil
}

// scope is where the keys of a struct are looked up: among the data elements, or in the layouts that a field may have.
type scope struct {
	codec   *Codec
	layouts []*layout
	path    string // with its dot
}

// find returns a key as it stands in paths and every definition it may mean.
func (s *scope) find(key string) (string, []*node) {
	if s.codec != nil {
		return s.codec.definitions(key)
	}
	canonical := key
	var nodes []*node
	for _, l := range s.layouts {
		if k, n := l.definition(key); n != nil && (len(nodes) == 0 || k == canonical) {
			canonical, nodes = k, append(nodes, n)
		}
	}
	return canonical, nodes
}

// definitions returns the definitions of a data element, 0 being the message type.
func (c *Codec) definitions(key string) (string, []*node) {
	number, err := strconv.Atoi(key)
	switch {
	case err != nil || number < 0 || number >= len(c.fields):
		return key, nil
	case number == 0:
		return "0", []*node{messageType}
	case c.fields[number] == nil:
		return key, nil
	}
	n := c.fields[number]
	nodes := []*node{n}
	for _, f := range n.byMTI {
		nodes = append(nodes, f.node)
	}
	return strconv.Itoa(number), nodes
}

// messageType is the message type as a value of its own, whatever its encoding in the spec.
var messageType = compileField(&spec.Field{Name: "Message type indicator", Format: "n 4", Min: 4, Encoding: spec.ASCII,
	Pad: spec.Pad{Side: spec.Left, Char: "0"}, Separator: "D"}, "0")

// definition returns the key of a part as it stands in paths and its definition, nil if the layout has none.
func (l *layout) definition(key string) (string, *node) {
	if l.lead != nil && key == "0" {
		return key, l.lead
	}
	if l.kind != spec.Tagged && l.kind != spec.BERTLV {
		if number, err := strconv.Atoi(key); err == nil {
			key = strconv.Itoa(number)
		}
	} else if l.binaryTags() {
		key = strings.ToUpper(key)
	}
	if l.kind == spec.Tagged {
		key = l.filledUp(key)
	}
	n, _, err := l.define(key)
	if err != nil {
		return key, nil
	}
	return key, n
}

// filledUp returns the tag of the spec that a shorter key stands for: "1" for "001", "A" for "A ". moov's structs have
// such keys where its spec pads tags.
func (l *layout) filledUp(key string) string {
	missing := 2*l.tagDigits - len(key)
	if l.tagCoding != spec.Raw {
		missing = l.tagDigits - len(key)
	}
	if missing <= 0 {
		return key
	}
	blanks := strings.Repeat(" ", missing)
	for _, full := range []string{strings.Repeat("0", missing) + key, key + blanks, blanks + key} {
		if l.byTag[full] != nil {
			return full
		}
	}
	return key
}

// binaryTags tells whether tags stand in paths as hexadecimal.
func (l *layout) binaryTags() bool {
	return l.kind == spec.BERTLV || l.tagCoding == spec.Raw || l.tagCoding == spec.BCD
}

// keyInName returns the key in the name of a Go field without a tag: F2, F9F02. Names that only start with F, such as
// Fee, are not bound.
func (s *scope) keyInName(name string) (string, bool) {
	key, ok := strings.CutPrefix(name, "F")
	if !ok || key == "" {
		return "", false
	}
	if allDigits([]byte(key)) {
		return key, true
	}
	if s.codec != nil {
		return "", false
	}
	for _, l := range s.layouts {
		if n := l.byTag[key]; n != nil && l.tagSpelled(key) {
			return key, true
		}
	}
	return key, strings.ContainsAny(key, "0123456789") && strings.Trim(key, "0123456789ABCDEF") == ""
}

// tagSpelled tells whether the layout's parts are named by tags at all.
func (l *layout) tagSpelled(key string) bool {
	return key != "" && (l.kind == spec.Tagged || l.kind == spec.BERTLV)
}

// tagged tells whether the parts have tags, which may be repeated.
func (s *scope) tagged() bool {
	return slices.ContainsFunc(s.layouts, func(l *layout) bool { return l.kind == spec.Tagged || l.kind == spec.BERTLV })
}

// turn orders the data elements so that each is set after those it is written by: the message type first, fields
// whose parts depend on other fields last.
func (s *scope) turn(b *binding) int {
	switch {
	case s.codec == nil:
		return 0
	case b.number == 0:
		return 0
	case b.parts == nil:
		return 1
	}
	_, nodes := s.codec.definitions(b.key)
	for _, n := range nodes {
		if slices.ContainsFunc(n.cases, func(c choice) bool { return c.path != nil }) {
			return 3
		}
	}
	return 2
}

// innerLayouts returns the layouts that fields may have, the repeated ones or the others.
func innerLayouts(nodes []*node, repeated bool) []*layout {
	var out []*layout
	add := func(l *layout) {
		if l != nil && (l.kind == spec.Repeated) == repeated {
			out = append(out, l)
		}
	}
	for _, n := range nodes {
		for i := range n.cases {
			add(n.cases[i].layout)
		}
		add(n.layout)
	}
	return out
}
