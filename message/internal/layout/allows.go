package layout

import (
	"strings"

	"github.com/posline/posline/message/internal/fault"
)

// Allows tells what is wrong with a path that no message can have; nil for one that some message may have.
func (c *Compiled) Allows(path string) *fault.Fault {
	keys := strings.Split(path, ".")
	unknown := fault.Of(fault.Unknown, path, fault.Detail("the spec has no such field"))
	if keys[0] == "header" {
		if len(keys) == 1 {
			return unknown
		}
		i, ok := Number(keys[1])
		if !ok || i < 1 || i > len(c.Header) {
			return unknown
		}
		return allows([]*Node{c.Header[i-1]}, keys[2:])
	}
	if _, ok := Number(keys[0]); !ok {
		return unknown
	}
	_, nodes := c.Definitions(keys[0])
	if len(nodes) == 0 {
		return unknown
	}
	return allows(nodes, keys[1:])
}

// allows tells what is wrong with a path below fields of these definitions.
func allows(nodes []*Node, keys []string) *fault.Fault {
	if len(keys) == 0 {
		return nil
	}
	key, index := SplitIndex(keys[0])
	var below []*Node
	refused := fault.Of(fault.Type, nodes[0].Path, fault.Detail("the field has no parts"))
	for _, n := range nodes {
		for _, l := range n.Layouts() {
			part, _, err := l.PartOf(key)
			if err != nil {
				refused = err
				continue
			}
			if !l.Occurs(key, index) {
				refused = fault.Of(fault.Unknown, part.Path, fault.Detail("the part can be there only once"))
				continue
			}
			below = append(below, part)
		}
	}
	if len(below) == 0 {
		return refused
	}
	return allows(below, keys[1:])
}
