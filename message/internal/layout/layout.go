package layout

import (
	"github.com/posline/posline/message/internal/wire"
	"github.com/posline/posline/spec"
)

// Layout is the compiled inside of a field.
type Layout struct {
	Kind    spec.LayoutKind
	Fields  []*Node // positional: in order; otherwise in the order of the spec
	Unknown *Node   // entries of undeclared tags; nil refuses them
	Lead    *Node
	Bitmap  wire.Bitmap
	Path    string
	Ordered bool // a part that is added goes to its place among Fields

	byTag map[string]*Node
	byBER map[uint32]*Node
	fill  bool // missing parts before the last one are written as empty values
	short bool // the value may end inside its last part

	tagCoding   wire.Coding
	tagPage     *wire.CodePage
	tagSize     int // bytes on the wire
	tagDigits   int
	lengthFirst bool
	countsTag   bool

	// objects judges the inside of a BERTLV layout; nil where a walk must.
	objects *wire.Objects

	// sizes tells, for a positional layout of plain digits, which numbers of digits end with a part; nil where more
	// must be checked.
	sizes []bool
}
