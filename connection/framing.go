package connection

import (
	"errors"
	"fmt"
	"strings"
)

// Framing puts frames on a byte stream and finds them again. It works on buffers, never on a reader, so that one
// read may hold many frames and one write may carry them. Implementations hold no state of a stream and are safe
// for concurrent use.
type Framing interface {
	// AppendFrame appends to dst the wire form of one frame whose content is header followed by body; either may be
	// empty. On error dst comes back unchanged. A frame outside the framing's limits gives a *FramingError. It is called
	// with the connection's lock held: it must be quick and must not call methods of a Conn.
	AppendFrame(dst, header, body []byte) ([]byte, error)

	// Next looks for one frame at the start of buf, which it must not change or keep. A Cut of Size 0 asks for more
	// bytes. An error means that the stream cannot be followed any further; it is a *FramingError. Next must refuse
	// a frame beyond its limit as soon as its length shows, and never allocate what a length merely claims.
	Next(buf []byte) (Cut, error)
}

// Cut is what Next found at the start of a buffer.
type Cut struct {
	// Frame is the content: everything the length counts, a TPDU or another counted header included. It is part of
	// the buffer unless the framing had to transform it. Frame is nil where there is nothing to deliver: a
	// keep-alive, an acknowledgement.
	Frame []byte

	// Size is how many bytes of the buffer this step used; 0 means that the frame is not complete yet.
	// More bytes than the buffer has end the connection.
	Size int

	// Reply is what the framing itself answers at once: an echoed keep-alive, an ACK. It may be part of the buffer.
	Reply []byte
}

// Splitter is a Framing that knows which leading bytes of a frame are a header (TPDU, BASE I, ISO literal) and which
// are the message.
type Splitter interface {
	// Split returns the two parts of a frame as Next delivered it; both are parts of frame.
	Split(frame []byte) (header, message []byte, err error)
}

// The kinds of a FramingError; test for them with errors.Is.
var (
	ErrFrameTooLong  = errors.New("frame longer than the limit")
	ErrFrameTooShort = errors.New("frame shorter than the limit")
	ErrFrameEmpty    = errors.New("empty frame")
	ErrLengthDigits  = errors.New("length is not made of the expected digits")
	ErrFramePrefix   = errors.New("bytes before the length are not the expected ones")
	ErrFrameReserved = errors.New("reserved bytes after the length are not the expected ones")
	ErrFrameHeader   = errors.New("header inside the frame is malformed")
	ErrFrameTrailer  = errors.New("frame does not end with the expected bytes")
	ErrFrameChecksum = errors.New("frame checksum is wrong")
	ErrFrameRefused  = errors.New("peer refused a frame (NAK)")
	ErrFrameContent  = errors.New("frame content cannot be carried by this framing")
)

// FramingError tells why a stream could not be followed, or why a frame could not be put on it.
type FramingError struct {
	Kind   error  // one of the Err… values above
	Length int64  // the length the wire claimed, or that of the frame to send; -1 if there is none
	Limit  int64  // the limit it broke; 0 if the kind has none
	Head   []byte // a copy of the first bytes, at most 32 and never beyond the length header; nil when sending
	Guess  string // what the peer may be speaking instead; empty when nothing fits
}

func (e *FramingError) Error() string {
	var b strings.Builder
	b.WriteString("framing: ")
	b.WriteString(e.Kind.Error())
	if e.Length >= 0 {
		fmt.Fprintf(&b, ", length %d", e.Length)
	}
	if e.Limit > 0 {
		fmt.Fprintf(&b, ", limit %d", e.Limit)
	}
	if len(e.Head) > 0 {
		fmt.Fprintf(&b, ", header % X", e.Head)
	}
	if e.Guess != "" {
		b.WriteString("; ")
		b.WriteString(e.Guess)
	}
	return b.String()
}

// Unwrap returns the kind.
func (e *FramingError) Unwrap() error { return e.Kind }

// maxHead bounds the bytes a FramingError shows.
const maxHead = 32

// head copies the part of buf that belongs to a header of n bytes.
func head(buf []byte, n int) []byte {
	return append([]byte(nil), buf[:min(n, len(buf), maxHead)]...)
}
