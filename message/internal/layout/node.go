// Package layout holds a compiled spec: nodes, the layouts inside them, walking and checking and editing what is inside,
// and the shapes of messages. It knows no message. Where a layout depends on another field, the message's data elements
// come in as Fields.
package layout

import (
	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/wire"
	"github.com/posline/posline/spec"
)

// Node is a compiled field: a spec.Field with everything worked out that does not depend on a message.
type Node struct {
	Framed  bool  // other definitions hold for some message types
	Depends bool  // some layout inside is chosen by other fields or the message type
	parted  bool  // some layout may apply
	Simple  bool  // plain, without parts, whatever the message type
	Derived int16 // slot of the decoded value that the layout works on, or -1

	wire.Form // what is asked first lies before it, in one cache line

	Layout *Layout
	Cases  []Case
	cut    *Node   // the last part of a value that ends inside it, where the layout allows that
	whole  *Node   // of a cut: the part as its format has it
	tags   *Layout // of entries with tags that the spec does not list: the layout that reads them

	ByMTI  []Framing
	Key    string // the last element of Path
	Name   string
	Number int
	Mask   spec.Mask
	Field  *spec.Field // resolved; for what is rarely asked
}

// Framing is another definition of a field for some message types.
type Framing struct {
	mti  Pattern
	Node *Node
}

// Case is a layout under conditions.
type Case struct {
	mti    Pattern
	Path   []string // of another field; nil for none
	values []string // what that field must hold
	Size   int      // bytes of the inside; 0 for any
	Layout *Layout  // nil where the value has no parts
}

// Pattern is a message type in which x stands for any digit; empty matches all.
type Pattern string

// Matches tells whether a message type fits the pattern.
func (p Pattern) Matches(mti []byte) bool {
	if p == "" {
		return true
	}
	if len(mti) != len(p) {
		return false
	}
	for i := range len(p) {
		if p[i] != 'x' && p[i] != mti[i] {
			return false
		}
	}
	return true
}

// ForMTI returns the definition that holds for a message type.
func (n *Node) ForMTI(mti []byte) *Node {
	for i := range n.ByMTI {
		if n.ByMTI[i].mti.Matches(mti) {
			return n.ByMTI[i].Node
		}
	}
	return n
}

// HasParts tells whether some layout may apply.
func (n *Node) HasParts() bool { return n.parted }

// startsHere tells whether a subfield that may be left out is there, by its first character.
func (n *Node) startsHere(c byte) bool {
	first := n.Field.StartsWith
	if first == "" {
		return true
	}
	c = n.Latin1(c)
	for i := range len(first) {
		if first[i] == c {
			return true
		}
	}
	return false
}

// Is tells whether n is a definition or what stands for it where a value ends inside the part.
func (n *Node) Is(whole *Node) bool { return n == whole || n.whole == whole && whole != nil }

// Cuts tells whether a value could, in the last place of its layout, be the part cut short as well as one to be padded.
func (n *Node) Cuts(value []byte) bool {
	size := n.Max
	if n.Signed {
		size++
	}
	return n.cut != nil && len(value) > 0 && len(value) < size
}

// Uncertain is the error for a value of which Cuts tells so, in the last place.
func (n *Node) Uncertain() *fault.Fault {
	return fault.Of(fault.TooShort, n.Path, fault.Detail("the field may end inside this part: give all its characters, or set the field as a whole"))
}

// Laid is the definition of a part that takes so many bytes: n, or what stands for it where the part is cut short.
func (n *Node) Laid(size int) *Node {
	if n.cut != nil && size < n.Size {
		return n.cut
	}
	return n
}
