package clearing

import (
	"encoding/binary"
	"fmt"
)

// Form is how records lie in a file.
type Form uint8

// The forms.
const (
	Auto    Form = iota // a Reader tells by the first blocks; a Writer refuses it
	VBS                 // one record behind the other, each after its length
	Blocked             // the same in 1014-byte blocks
)

// String returns the name of the form.
func (f Form) String() string {
	switch f {
	case Auto:
		return "auto"
	case VBS:
		return "vbs"
	case Blocked:
		return "1014-byte blocks"
	default:
		return fmt.Sprintf("Form(%d)", uint8(f))
	}
}

// detectSize is how much of a file Detect is given by a Reader: enough for chance not to put blanks, which are fill bytes
// in EBCDIC, where the blocks would end.
const detectSize = 8 * blockSize

// Detect tells the form from the first bytes of a file, one block at least where the file has as many. It is Blocked
// where every block ends with two fill bytes, unless the lengths of the records only make sense without blocks. Where
// only some do, it is Blocked if the lengths only make sense with blocks, or if most do and the lengths make sense in
// neither way: the fault is then one of the fill, and a Reader tells it.
func Detect(head []byte) Form { return detect(head, DefaultMaxRecord, false) }

// detect is Detect for records of up to limit bytes. With all, head is the whole file: one that is not made of blocks is
// none of Blocked where the lengths of the records make sense without them.
func detect(head []byte, limit int, all bool) Form {
	var data []byte
	blocks, filled := 0, 0 // filled are those that end with fill bytes
	for at := 0; at+blockSize <= len(head); at += blockSize {
		blocks++
		if head[at+blockData] == fill && head[at+blockData+1] == fill {
			filled++
		}
		data = append(data, head[at:at+blockData]...)
	}
	inRow, inBlocks := plausible(head, limit), plausible(data, limit)
	switch {
	case filled == 0, inRow && !inBlocks, inRow && all && len(head)%blockSize != 0:
		return VBS
	case filled == blocks, inBlocks && !inRow, !inBlocks && 2*filled > blocks:
		return Blocked
	default:
		return VBS
	}
}

// plausible tells whether the lengths in the first bytes of a VBS file follow one another as those of records would.
func plausible(head []byte, limit int) bool {
	for len(head) >= lengthSize {
		length := binary.BigEndian.Uint32(head)
		switch {
		case length == 0 || length == fillLength:
			return true
		case uint64(length) > uint64(limit):
			return false
		}
		head = head[min(lengthSize+int64(length), int64(len(head))):]
	}
	return true
}
