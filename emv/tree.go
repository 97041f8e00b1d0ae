package emv

import (
	"bytes"
	"slices"
)

// Object is a data object of an editable tree. A template holds Children and no Value; everything else holds a Value.
// The Tag 0 stands for padding between objects, and the Value is then that padding.
//
// An Object that Parse returned remembers how its length was written, so that a tree nobody changed is written byte
// for byte as it was read. A changed one keeps that form as long as the new length fits it.
type Object struct {
	Tag      Tag
	Value    []byte
	Children Tree

	length lengthForm
}

// Tree is the objects of one level in their order.
type Tree []Object

// lengthForm is how a length was written: 0 in the shortest form, 1 to 3 in the long form with so many octets, or
// literally.
type lengthForm int8

const literalForm lengthForm = -1

// Parse reads b into a tree that owns its memory. Templates are read to the bottom, so a fault anywhere is an error, a
// *SyntaxError; ParseOptions.Opaque names tags to leave unread. Options may be nil.
func Parse(b []byte, o *ParseOptions) (Tree, error) {
	tree, fault := parse(bytes.Clone(b), 0, o, nil)
	if fault != nil {
		return nil, fault
	}
	return tree, nil
}

func parse(b []byte, base int, o *ParseOptions, path Path) (Tree, *SyntaxError) {
	var tree Tree
	d := NewDecoder(b, o)
	for end := 0; ; end = d.to {
		more := d.Next()
		if d.err != nil {
			return nil, d.fault(base, path)
		}
		if start := skipPadding(b, end, o); start > end {
			tree = append(tree, Object{Value: b[end:start:start]})
			end = start
		}
		if !more {
			return tree, nil
		}
		object := Object{Tag: d.tag, Value: d.Value(), length: formOf(d.from-end-d.tag.Len(), len(d.Value()), o)}
		if d.tag.Constructed() && !o.opaque(d.tag) {
			if len(path)+1 >= o.maxDepth() {
				return nil, tooDeep(&d, base, path)
			}
			children, fault := parse(d.Value(), base+d.from, o, append(path, d.tag))
			if fault != nil {
				return nil, fault
			}
			object.Value, object.Children = nil, children
		}
		tree = append(tree, object)
	}
}

// formOf tells the form of a length n that took so many octets.
func formOf(octets, n int, o *ParseOptions) lengthForm {
	switch {
	case o != nil && o.LiteralLength && n >= 0x80:
		return literalForm
	case octets == 1 || n >= 0x80 && octets == 1+octetsOf(n):
		return 0
	}
	return lengthForm(octets - 1)
}

// append appends the length n in this form, or in the shortest when it does not fit.
func (f lengthForm) append(dst []byte, n int) []byte {
	switch {
	case f == literalForm && n < 0x100:
		return append(dst, byte(n))
	case f > 0 && octetsOf(n) <= int(f):
		return appendLongLength(dst, n, int(f))
	}
	return appendLength(dst, n)
}

// Append appends the objects of the tree to dst.
func (tree Tree) Append(dst []byte) []byte {
	for _, o := range tree {
		dst = o.Append(dst)
	}
	return dst
}

// Append appends the object to dst.
func (o Object) Append(dst []byte) []byte {
	if o.Tag == 0 {
		return append(dst, o.Value...)
	}
	dst = o.length.append(o.Tag.Append(dst), o.size())
	if o.Children != nil {
		return o.Children.Append(dst)
	}
	return append(dst, o.Value...)
}

// size returns the number of bytes of the object's value.
func (o Object) size() int {
	if o.Children == nil {
		return len(o.Value)
	}
	n := 0
	for _, child := range o.Children {
		n += child.total()
	}
	return n
}

// total returns the number of bytes of the whole object.
func (o Object) total() int {
	n := o.size()
	if o.Tag == 0 {
		return n
	}
	var length [5]byte
	return o.Tag.Len() + len(o.length.append(length[:0], n)) + n
}

// Find follows a path of tags from this level downwards and returns the first object at its end, to be changed in
// place; nil when there is none. Like TLV.Find it tries every repetition of a template.
func (tree Tree) Find(path ...Tag) *Object {
	if len(path) == 0 {
		return nil
	}
	for i := range tree {
		switch {
		case tree[i].Tag != path[0]:
		case len(path) == 1:
			return &tree[i]
		default:
			if found := tree[i].Children.Find(path[1:]...); found != nil {
				return found
			}
		}
	}
	return nil
}

// Set gives the first object of this level with the tag a new value, or appends such an object. The tree keeps v.
func (tree *Tree) Set(t Tag, v []byte) {
	if o := tree.Find(t); o != nil {
		o.Value, o.Children = v, nil
		return
	}
	*tree = append(*tree, Object{Tag: t, Value: v})
}

// Delete takes every object of this level with the tag out and returns how many there were.
func (tree *Tree) Delete(t Tag) int {
	before := len(*tree)
	*tree = slices.DeleteFunc(*tree, func(o Object) bool { return o.Tag == t })
	return before - len(*tree)
}
