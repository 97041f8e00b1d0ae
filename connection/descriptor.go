package connection

import (
	"bytes"
	"fmt"
)

// LengthEncoding says how a length header writes its number.
type LengthEncoding uint8

// The encodings in use. The zero value is big-endian binary, by far the most common one.
const (
	BigEndian    LengthEncoding = iota // binary, most significant byte first; Width 1 to 4
	LittleEndian                       // binary, least significant byte first; Width 1 to 4
	BCD                                // packed decimal, two digits a byte; Width 1 to 4
	ASCII                              // ASCII decimal digits; Width 1 to 8
	ASCIIHex                           // ASCII hexadecimal digits, written in lower case; Width 1 to 8
	EBCDIC                             // EBCDIC decimal digits F0 to F9; Width 1 to 8
)

func (e LengthEncoding) String() string {
	if names := [...]string{"big-endian", "little-endian", "BCD", "ASCII", "ASCII hex", "EBCDIC"}; int(e) < len(names) {
		return names[e]
	}
	return fmt.Sprintf("LengthEncoding(%d)", uint8(e))
}

// ZeroPolicy says what a frame without content means.
type ZeroPolicy uint8

// What to do with an empty frame.
const (
	ZeroIgnore  ZeroPolicy = iota // a keep-alive: dropped
	ZeroEcho                      // a keep-alive that is answered with the same bytes
	ZeroDeliver                   // delivered as an empty frame
	ZeroError                     // refused with ErrFrameEmpty
)

// DefaultMaxFrame is the longest frame a Descriptor without a Max takes, in bytes. It is the largest number four
// digits can write, and lies below 12336, which is what two ASCII digits are when read as a binary length: the
// commonest mismatch of framings is seen at the first frame.
const DefaultMaxFrame = 9999

// Descriptor describes a framing that starts with a length header. On the wire a frame is
//
//	Prefix | length | Reserved | header and message | Trailer
//
// and the length's value is len(header and message) + Adjust.
type Descriptor struct {
	Name string // used in String only

	Prefix   []byte         // literal bytes before the length, such as 03 00 of TPKT
	Width    int            // bytes of the length; required
	Encoding LengthEncoding // how the length is written

	// Adjust is what the length counts beyond the content: Width where it counts itself, 1 where it counts a one-byte
	// trailer, negative where it leaves a header out.
	Adjust int

	Reserved    []byte // bytes between length and content, written as they are
	AnyReserved bool   // accept other values of the reserved bytes when reading

	Header  HeaderRule // the header inside the content that comes before the message
	Trailer []byte     // literal bytes after the content, checked

	Zero ZeroPolicy // meaning of a frame without content

	Min int // shortest content in bytes; an empty frame is Zero's business
	Max int // longest content in bytes; 0 means DefaultMaxFrame or what the length can write, if that is less
}

// HeaderRule describes the header between the length and the message. The header is part of the frame: a message
// spec that declares it reads and writes it, and Split separates it for those that do not.
type HeaderRule struct {
	Size int // bytes of a header of fixed length

	// SelfDescribed means that the first byte of the header is its length in bytes, as in the headers of Visa BASE I
	// and of China UnionPay. Size is then the least length accepted.
	SelfDescribed bool

	// Chained means that bit 80 of a header's second byte says that another header follows it (Visa BASE I).
	Chained bool
}

// LengthFraming is the Framing a Descriptor describes. Its methods may be called concurrently.
type LengthFraming struct {
	d     Descriptor
	head  int   // bytes before the content
	limit int64 // the largest value the length can write
}

var (
	_ Framing  = (*LengthFraming)(nil)
	_ Splitter = (*LengthFraming)(nil)
)

// NewFraming checks a descriptor and returns its framing. It copies what the descriptor refers to.
func NewFraming(d Descriptor) (*LengthFraming, error) {
	limit, ok := largest(d.Encoding, d.Width)
	if !ok {
		return nil, fmt.Errorf("framing %q: no %v length of %d bytes", d.Name, d.Encoding, d.Width)
	}
	if d.Zero > ZeroError {
		return nil, fmt.Errorf("framing %q: unknown zero policy %d", d.Name, d.Zero)
	}
	if d.Min < 0 || d.Max < 0 || d.Header.Size < 0 {
		return nil, fmt.Errorf("framing %q: negative size", d.Name)
	}
	if d.Header.Chained && !d.Header.SelfDescribed {
		return nil, fmt.Errorf("framing %q: a chained header must describe itself", d.Name)
	}
	room := limit - int64(d.Adjust)
	if d.Max == 0 {
		d.Max = int(max(0, min(DefaultMaxFrame, room)))
	}
	if int64(d.Max) > room || d.Max > maxWireFrame {
		return nil, fmt.Errorf("framing %q: Max %d is more than can be written (%d)", d.Name, d.Max, min(room, maxWireFrame))
	}
	d.Min = max(d.Min, d.Header.Size, -d.Adjust)
	if d.Min > d.Max {
		return nil, fmt.Errorf("framing %q: Min %d is above Max %d", d.Name, d.Min, d.Max)
	}
	d.Prefix, d.Reserved, d.Trailer = bytes.Clone(d.Prefix), bytes.Clone(d.Reserved), bytes.Clone(d.Trailer)
	return &LengthFraming{d: d, head: len(d.Prefix) + d.Width + len(d.Reserved), limit: limit}, nil
}

// maxWireFrame bounds every frame, whatever its length header could write: 16 MiB.
const maxWireFrame = 16 << 20

// MustNewFraming is NewFraming for literals; it panics where NewFraming returns an error.
func MustNewFraming(d Descriptor) *LengthFraming {
	f, err := NewFraming(d)
	if err != nil {
		panic("connection: " + err.Error())
	}
	return f
}

// WithMax returns the same framing with another limit on the content of a frame, in bytes.
func (f *LengthFraming) WithMax(n int) (*LengthFraming, error) {
	d := f.d
	d.Max = n
	return NewFraming(d)
}

// WithZero returns the same framing with another meaning of an empty frame.
func (f *LengthFraming) WithZero(p ZeroPolicy) (*LengthFraming, error) {
	d := f.d
	d.Zero = p
	return NewFraming(d)
}

// Max returns the longest content of a frame in bytes.
func (f *LengthFraming) Max() int { return f.d.Max }

func (f *LengthFraming) String() string { return f.d.Name }

// AppendFrame implements Framing. A frame without header and body is a keep-alive: a length of zero without trailer.
func (f *LengthFraming) AppendFrame(dst, header, body []byte) ([]byte, error) {
	d := &f.d
	size := len(header) + len(body)
	if size == 0 && d.Adjust >= 0 {
		if d.Zero == ZeroError {
			return dst, &FramingError{Kind: ErrFrameEmpty, Length: 0}
		}
		dst = append(dst, d.Prefix...)
		dst = appendLength(dst, d.Encoding, d.Width, 0)
		return append(dst, d.Reserved...), nil
	}
	if err := f.checkSize(int64(size), nil); err != nil {
		return dst, err
	}
	start := len(dst)
	dst = append(dst, d.Prefix...)
	dst = appendLength(dst, d.Encoding, d.Width, uint64(size+d.Adjust))
	dst = append(dst, d.Reserved...)
	dst = append(dst, header...)
	dst = append(dst, body...)
	if d.Header.SelfDescribed {
		if _, _, err := f.Split(dst[start+f.head:]); err != nil {
			return dst[:start], err
		}
	}
	return append(dst, d.Trailer...), nil
}

// Next implements Framing.
func (f *LengthFraming) Next(buf []byte) (Cut, error) {
	d := &f.d
	if n := min(len(buf), len(d.Prefix)); n > 0 && !bytes.Equal(buf[:n], d.Prefix[:n]) {
		return Cut{}, f.fault(ErrFramePrefix, -1, buf)
	}
	lengthEnd := len(d.Prefix) + d.Width
	if len(buf) < lengthEnd {
		return Cut{}, nil
	}
	length, ok := parseLength(buf[len(d.Prefix):lengthEnd], d.Encoding)
	if !ok {
		return Cut{}, f.fault(ErrLengthDigits, -1, buf)
	}
	size := int64(length) - int64(d.Adjust)
	keepAlive := size == 0 || length == 0 && d.Adjust > 0
	if !keepAlive {
		if err := f.checkSize(size, buf); err != nil {
			return Cut{}, err
		}
	} else if d.Zero == ZeroError {
		return Cut{}, f.fault(ErrFrameEmpty, 0, buf)
	}
	if len(buf) < f.head {
		return Cut{}, nil
	}
	if !d.AnyReserved && !bytes.Equal(buf[lengthEnd:f.head], d.Reserved) {
		return Cut{}, f.fault(ErrFrameReserved, int64(length), buf)
	}
	if keepAlive {
		return f.keepAlive(buf, length)
	}
	end := f.head + int(size)
	total := end + len(d.Trailer)
	if len(buf) < total {
		return Cut{}, nil
	}
	if len(d.Trailer) > 0 && !bytes.Equal(buf[end:total], d.Trailer) {
		return Cut{}, f.fault(ErrFrameTrailer, int64(length), buf)
	}
	frame := buf[f.head:end:end]
	if d.Header.SelfDescribed {
		if _, _, err := f.Split(frame); err != nil {
			return Cut{}, f.fault(ErrFrameHeader, int64(length), buf)
		}
	}
	return Cut{Frame: frame, Size: total}, nil
}

// keepAlive handles a frame without content. One whose length is not zero, because the length counts itself or the
// trailer, still has its trailer.
func (f *LengthFraming) keepAlive(buf []byte, length uint64) (Cut, error) {
	total := f.head
	if length != 0 {
		total += len(f.d.Trailer)
		if len(buf) < total {
			return Cut{}, nil
		}
		if !bytes.Equal(buf[f.head:total], f.d.Trailer) {
			return Cut{}, f.fault(ErrFrameTrailer, int64(length), buf)
		}
	}
	switch f.d.Zero {
	case ZeroEcho:
		return Cut{Size: total, Reply: buf[:total:total]}, nil
	case ZeroDeliver:
		return Cut{Size: total, Frame: buf[f.head:f.head:f.head]}, nil
	default:
		return Cut{Size: total}, nil
	}
}

// Split implements Splitter: it separates the header that the Descriptor's HeaderRule describes from the message.
func (f *LengthFraming) Split(frame []byte) (header, message []byte, err error) {
	rule := f.d.Header
	if !rule.SelfDescribed {
		if len(frame) < rule.Size {
			return nil, nil, &FramingError{Kind: ErrFrameHeader, Length: int64(len(frame)), Limit: int64(rule.Size)}
		}
		return frame[:rule.Size:rule.Size], frame[rule.Size:], nil
	}
	end := 0
	for more := true; more; {
		rest := frame[end:]
		if len(rest) < 2 || int(rest[0]) < max(rule.Size, 2) || int(rest[0]) > len(rest) {
			return nil, nil, &FramingError{Kind: ErrFrameHeader, Length: int64(len(frame)), Limit: int64(rule.Size)}
		}
		end += int(rest[0])
		more = rule.Chained && rest[1]&0x80 != 0
	}
	return frame[:end:end], frame[end:], nil
}

func (f *LengthFraming) checkSize(size int64, buf []byte) error {
	var e *FramingError
	switch {
	case size < int64(f.d.Min):
		e = &FramingError{Kind: ErrFrameTooShort, Length: size, Limit: int64(f.d.Min)}
	case size > int64(f.d.Max):
		e = &FramingError{Kind: ErrFrameTooLong, Length: size, Limit: int64(f.d.Max)}
	default:
		return nil
	}
	if buf != nil {
		e.Head, e.Guess = head(buf, f.head), f.Guess(buf)
	}
	return e
}

func (f *LengthFraming) fault(kind error, length int64, buf []byte) *FramingError {
	return &FramingError{Kind: kind, Length: length, Head: head(buf, f.head), Guess: f.Guess(buf)}
}

// largest returns the largest number a length of that width writes.
func largest(e LengthEncoding, width int) (int64, bool) {
	digits, base := width, int64(10)
	switch e {
	case BigEndian, LittleEndian:
		digits, base = 2*width, 16
	case BCD:
		digits = 2 * width
	case ASCIIHex:
		base = 16
	case ASCII, EBCDIC:
	default:
		return 0, false
	}
	if width < 1 || digits > 8 {
		return 0, false
	}
	power := int64(1)
	for range digits {
		power *= base
	}
	return power - 1, true
}
