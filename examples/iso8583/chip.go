package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

// chipFields are the paths of the fields that hold BER-TLV, which is chip data as package emv reads it.
type chipFields map[string]bool

func chipFieldsOf(s *spec.Spec) chipFields {
	found := make(chipFields)
	for _, f := range s.Resolved().Fields {
		found.add(fmt.Sprint(f.Number), f)
	}
	return found
}

func (c chipFields) add(path string, f spec.Field) {
	layouts := []*spec.Layout{f.Layout}
	for _, one := range f.Cases {
		layouts = append(layouts, one.Layout)
	}
	for _, l := range layouts {
		if l == nil {
			continue
		}
		if l.Kind == spec.BERTLV {
			c[path] = true
			continue // emv reads all that is below
		}
		for _, sub := range l.Fields {
			key := sub.Tag
			if key == "" {
				key = fmt.Sprint(sub.Number)
			}
			c.add(path+"."+key, sub)
		}
	}
}

// chipWords is the message.Words of chip data: for each object its name, what its value says and the bits that are set.
// What the spec masks in the message is only named.
type chipWords struct {
	fields chipFields
	clear  bool
}

func (c chipWords) PartMeanings(path string, field message.Value) [][]string {
	if !c.fields[path] {
		return nil
	}
	var tree bytes.Buffer
	_ = emv.Describe(&tree, field.Bytes(), &emv.DescribeOptions{Clear: c.clear}) // a fault shows as a line of the tree
	objects := objectLines(tree.String())
	var words [][]string
	for _, part := range field.Parts() {
		if len(words) == len(objects) {
			break
		}
		words = append(words, c.withoutValue(objects[len(words)], part))
	}
	return words
}

// objectLines cuts a tree of emv.Describe into the lines of each object at its top: what lies below is indented.
func objectLines(tree string) [][]string {
	var objects [][]string
	for line := range strings.Lines(tree) {
		line = strings.TrimRight(line, "\n")
		switch {
		case !strings.HasPrefix(line, " "):
			objects = append(objects, []string{line})
		case len(objects) > 0:
			last := len(objects) - 1
			objects[last] = append(objects[last], strings.TrimPrefix(line, "    "))
		}
	}
	return objects
}

// withoutValue leaves out of an object's lines what the table shows anyway, tag and value.
func (c chipWords) withoutValue(lines []string, part message.Value) []string {
	head := strings.TrimPrefix(lines[0], part.Key()+" ")
	name, says, _ := strings.Cut(head, ": ")
	if !c.clear && part.String() != part.Text() {
		return []string{name}
	}
	if says = strings.TrimPrefix(says, part.Text()); says != "" {
		name += " " + strings.TrimSpace(says)
	}
	return append([]string{name}, lines[1:]...)
}
