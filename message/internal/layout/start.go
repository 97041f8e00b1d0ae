package layout

import "github.com/posline/posline/message/internal/wire"

// Start is how the messages of one kind start: header, message type and bitmaps. Those of one line mostly start alike,
// so whoever reads many keeps the start of the last one: comparing a few bytes then replaces reading them. The zero
// Start opens nothing.
type Start struct {
	wire []byte

	Front    int     // bytes before the message type
	BitmapAt uint32  // where the bitmaps start
	Bitmaps  int     // how many those are
	MTI      [4]byte // in ASCII
	Shape    *Shape  // of the message; nil where there is none, and the Start opens nothing
}

// Opens tells whether a message starts in this way.
func (s *Start) Opens(b []byte) bool {
	return s.Shape != nil && len(b) >= len(s.wire) && !wire.Oversize(len(b)) && string(b[:len(s.wire)]) == string(s.wire)
}

// Size is the number of bytes of the start, where the first field stands.
func (s *Start) Size() int { return len(s.wire) }

// Keep gives s the bytes of a start, and reuses the memory of s.
func (s *Start) Keep(wire []byte) { s.wire = append(s.wire[:0], wire...) }

// Wipe forgets the start and overwrites its bytes.
func (s *Start) Wipe() {
	clear(s.wire[:cap(s.wire)])
	*s = Start{wire: s.wire[:0]}
}
