package layout

import (
	"slices"
	"strconv"
	"strings"

	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/wire"
	"github.com/posline/posline/spec"
)

// Definitions returns the key of a data element as it stands in paths and every definition it has, 0 being the message
// type; none for a field that the spec lacks.
func (c *Compiled) Definitions(key string) (string, []*Node) {
	number, err := strconv.Atoi(key)
	switch {
	case err != nil || number < 0 || number >= len(c.Fields):
		return key, nil
	case number == 0:
		return "0", []*Node{MessageType}
	case c.Fields[number] == nil:
		return key, nil
	}
	n := c.Fields[number]
	nodes := []*Node{n}
	for _, f := range n.ByMTI {
		nodes = append(nodes, f.Node)
	}
	return strconv.Itoa(number), nodes
}

// PartOf is Define, for the lead part too.
func (l *Layout) PartOf(key string) (*Node, []byte, *fault.Fault) {
	if l.Lead != nil && key == "0" {
		return l.Lead, nil, nil
	}
	return l.Define(key)
}

// Definition returns the key of a part as it stands in paths and its definition, nil if the layout has none. Keys are
// taken as struct tags have them: a number with leading zeros, a tag in lower case or shorter than it is written.
func (l *Layout) Definition(key string) (string, *Node) {
	if l.Lead != nil && key == "0" {
		return key, l.Lead
	}
	if !l.HasTags() {
		if number, err := strconv.Atoi(key); err == nil {
			key = strconv.Itoa(number)
		}
	} else if l.binaryTags() {
		key = strings.ToUpper(key)
	}
	if l.Kind == spec.Tagged {
		key = l.filledUp(key)
	}
	n, _, err := l.Define(key)
	if err != nil {
		return key, nil
	}
	return key, n
}

// filledUp returns the tag of the spec that a shorter key stands for: "1" for "001", "A" for "A ". moov's structs have
// such keys where its spec pads tags.
func (l *Layout) filledUp(key string) string {
	missing := 2*l.tagDigits - len(key)
	if l.tagCoding != wire.Raw {
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

// HasTags tells whether the layout's parts are named by tags, which may be repeated.
func (l *Layout) HasTags() bool { return l.Kind == spec.Tagged || l.Kind == spec.BERTLV }

// TagsLead tells whether every part of the layout is a tag, its length and its value, in this order.
func (l *Layout) TagsLead() bool { return l.HasTags() && l.Lead == nil && !l.lengthFirst }

// Lists tells whether the spec lists a tag.
func (l *Layout) Lists(tag string) bool { return tag != "" && l.HasTags() && l.byTag[tag] != nil }

// binaryTags tells whether tags stand in paths as hexadecimal.
func (l *Layout) binaryTags() bool {
	return l.Kind == spec.BERTLV || l.tagCoding == wire.Raw || l.tagCoding == wire.BCD
}

// Layouts returns every layout that a field may have.
func (n *Node) Layouts() []*Layout {
	var out []*Layout
	for i := range n.Cases {
		if l := n.Cases[i].Layout; l != nil {
			out = append(out, l)
		}
	}
	if n.Layout != nil {
		out = append(out, n.Layout)
	}
	return out
}

// DependsOn tells whether a layout in the field depends on a data element.
func (n *Node) DependsOn(number string) bool {
	for i := range n.Cases {
		if path := n.Cases[i].Path; path != nil && path[0] == number {
			return true
		}
	}
	return slices.ContainsFunc(n.Layouts(), func(l *Layout) bool {
		return slices.ContainsFunc(l.Fields, func(part *Node) bool { return part.DependsOn(number) })
	})
}
