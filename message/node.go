package message

import (
	"github.com/posline/posline/spec"
)

// ending is how the end of a value is found.
type ending uint8

const (
	endFixed  ending = iota // the format says
	endPrefix               // a length prefix says
	endRest                 // the surroundings end
	endMark                 // a terminator follows
)

// check is how the content of a value is checked.
type check uint8

const (
	checkNothing   check = iota // any byte
	checkDigits                 // ASCII digits
	checkPrintable              // ASCII blank to tilde
	checkTrack                  // ASCII track data
	checkClass                  // ASCII characters of some classes
	checkBCD                    // decimal nibbles
	checkNibbles                // any nibble: z and h in BCD
	checkHex                    // hexadecimal characters
	checkHexText                // hexadecimal characters that stand for characters of some classes
	checkSeven                  // ASCII, control characters included
	checkPage                   // EBCDIC characters of some classes
	checkZoned                  // EBCDIC digits, signed in the last zone
)

// node is a compiled field: a spec.Field with everything worked out that does not depend on a message. What packing
// and unpacking need comes first, to lie in one cache line.
type node struct {
	plain   bool // nothing but an optional prefix and content: no sign, mark, reserve or unusual unit
	packed  bool // a plain field that is not written as its bytes are: digits or hexadecimal pairs
	framed  bool // other definitions hold for some message types
	sign    bool
	reserve bool // the content area always has its full size
	left    bool // an odd digit stands left, the filler right

	anyFiller bool
	filler    byte
	ending    ending
	check     check
	content   spec.Content
	coding    spec.Encoding
	classes   uint8 // what a text value may hold
	derived   int16 // slot of the decoded value that the layout works on, or -1

	min    int // in units: digits, characters or bytes
	max    int
	size   int // content bytes of a value of max units
	head   int // bytes of the length prefix of a plain field
	prefix prefix

	page      *codePage // for EBCDIC
	layout    *layout
	cases     []choice
	depends   bool // some layout inside is chosen by other fields or the message type
	byMTI     []framing
	signs     string
	mark      string // the terminator
	padSide   spec.Side
	padChar   byte
	padTo     int
	separator byte

	path   string // "55.9F26"
	key    string // the last element of path
	name   string
	number int
	mask   spec.Mask
	field  *spec.Field // resolved; for what is rarely asked
}

// framing is another definition of a field for some message types.
type framing struct {
	mti  pattern
	node *node
}

// choice is a layout under conditions.
type choice struct {
	mti    pattern
	path   []string
	values []string
	size   int
	layout *layout
}

// pattern is a message type in which x stands for any digit; empty matches all.
type pattern string

func (p pattern) matches(mti []byte) bool {
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

// forMTI returns the definition that holds for a message type.
func (n *node) forMTI(mti []byte) *node {
	for i := range n.byMTI {
		if n.byMTI[i].mti.matches(mti) {
			return n.byMTI[i].node
		}
	}
	return n
}

// hasParts tells whether some layout may apply.
func (n *node) hasParts() bool { return n.layout != nil || len(n.cases) > 0 }

// wireSize is the number of content bytes of a value of so many units.
func (n *node) wireSize(units int) int {
	switch n.coding {
	case spec.BCD:
		units = (units + 1) / 2
	case spec.HexASCII, spec.HexEBCDIC:
		units *= 2
	}
	if n.sign {
		units++
	}
	return units
}

// span is where a field stands in a buffer.
type span struct {
	start   uint32 // of the length prefix
	content uint32 // of the value
	end     uint32 // of the field: behind the value, its reserved area and its terminator
	units   uint32 // length of the value in digits, characters or bytes
}

// parse finds the field that starts at pos in buf and checks all of it.
func (n *node) parse(buf []byte, pos int) (span, *Error) {
	if n.plain {
		content, units, size := pos, n.max, n.size
		if n.ending == endPrefix {
			if units = n.prefix.quick(buf, pos); units < n.min || units > n.max {
				return n.parseAny(buf, pos)
			}
			content += n.prefix.size
			size = n.wireSize(units)
		}
		if end := content + size; end <= len(buf) && n.validContent(buf[content:end], units) {
			return span{start: uint32(pos), content: uint32(content), end: uint32(end), units: uint32(units)}, nil
		}
	}
	return n.parseAny(buf, pos)
}

// parseAny is parse for every form of field, and for finding out what is wrong with one.
func (n *node) parseAny(buf []byte, pos int) (span, *Error) {
	content, units := pos, n.max
	if n.ending != endFixed {
		var err *Error
		if content, units, err = n.extent(buf, pos); err != nil {
			return span{}, err
		}
	}
	size := n.wireSize(units)
	end := content + size
	if end > len(buf) {
		return span{}, fault(ErrTruncated, n.path, pos, lengths{"bytes left, needed:", len(buf) - content, size})
	}
	if !n.valid(buf[content:end], units) {
		return span{}, n.explain(buf[content:end], content, units)
	}
	s := span{start: uint32(pos), content: uint32(content), end: uint32(end), units: uint32(units)}
	if n.reserve || n.ending == endMark {
		return n.closing(buf, s)
	}
	return s, nil
}

// extent finds where the value of a field that is not fixed starts and how many units it has.
func (n *node) extent(buf []byte, pos int) (content, units int, err *Error) {
	switch n.ending {
	case endPrefix:
		count, head, bad := n.prefix.read(buf, pos)
		if bad != nil {
			bad.Path = n.path
			return 0, 0, bad
		}
		content = pos + head
		if units, err = n.unitsOf(buf, content, count); err != nil {
			return 0, 0, err
		}
	case endRest:
		content, units = pos, min(n.max, n.unitsIn(len(buf)-pos))
	default:
		content = pos
		for units = 0; ; units++ {
			if pos+units+len(n.mark) > len(buf) || units > n.max {
				return 0, 0, fault(ErrTruncated, n.path, pos, detail("no terminator"))
			}
			if string(buf[pos+units:pos+units+len(n.mark)]) == n.mark {
				break
			}
		}
		units = n.unitsIn(units)
	}
	switch {
	case units > n.max:
		return 0, 0, fault(ErrTooLong, n.path, pos, lengths{"length and maximum:", units, n.max})
	case units < n.min:
		return 0, 0, fault(ErrTooShort, n.path, pos, lengths{"length and minimum:", units, n.min})
	}
	return content, units, nil
}

// unitsOf turns the number in a length prefix into units of the value.
func (n *node) unitsOf(buf []byte, content, count int) (int, *Error) {
	if n.prefix.unit == spec.UnitDefault {
		if n.sign {
			count--
		}
		if count < 0 {
			return 0, fault(ErrLength, n.path, content, detail("no room for the sign"))
		}
		return count, nil
	}
	size := count
	if n.prefix.unit == spec.Nibbles {
		if n.coding == spec.BCD {
			return count, nil
		}
		if size%2 != 0 {
			return 0, fault(ErrLength, n.path, content, detail("half a byte"))
		}
		size /= 2
	}
	if n.coding == spec.BCD && size > 0 && content+size <= len(buf) && !n.sign {
		return n.digitsBeside(buf[content:content+size], 2*size), nil
	}
	if (n.coding == spec.HexASCII || n.coding == spec.HexEBCDIC) && size%2 != 0 {
		return 0, fault(ErrLength, n.path, content, detail("half a hexadecimal pair"))
	}
	return n.unitsIn(size), nil
}

// unitsIn is the number of units that so many content bytes hold.
func (n *node) unitsIn(size int) int {
	if n.sign {
		size = max(0, size-1)
	}
	switch n.coding {
	case spec.BCD:
		return 2 * size
	case spec.HexASCII, spec.HexEBCDIC:
		return size / 2
	default:
		return size
	}
}

// digitsBeside counts the digits in whole BCD bytes, where a filler nibble shows that their number is odd.
func (n *node) digitsBeside(b []byte, nibbles int) int {
	edge := b[0] >> 4
	if n.left {
		edge = b[len(b)-1] & 15
	}
	if edge == n.filler {
		return nibbles - 1
	}
	return nibbles
}

// closing extends s over what follows a value: the rest of a reserved area, the terminator.
func (n *node) closing(buf []byte, s span) (span, *Error) {
	if n.ending == endMark {
		s.end += uint32(len(n.mark))
		return s, nil
	}
	end := int(s.content) + n.wireSize(n.max)
	if end > len(buf) {
		return span{}, fault(ErrTruncated, n.path, int(s.start), lengths{"bytes left, needed:", len(buf) - int(s.content), n.wireSize(n.max)})
	}
	s.end = uint32(end)
	return s, nil
}
