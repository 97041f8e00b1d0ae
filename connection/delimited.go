package connection

import "bytes"

// STXFraming frames a message between STX and ETX with a check byte, as terminals on serial and modem links do:
//
//	02 [length] message 03 LRC
//
// where LRC is the exclusive or of every byte after STX up to and including ETX.
type STXFraming struct {
	// Counted means that two bytes of packed decimal after STX give the message's length in bytes, so that the
	// message may hold any byte. Without it the first 03 ends the message and a message with a 03 cannot be sent.
	Counted bool

	// Ack answers a good frame with ACK (06) and one with a wrong LRC with NAK (15), which also drops it; a NAK from
	// the peer is an error. Without it a wrong LRC is an error.
	Ack bool

	// Max is the longest message in bytes; 0 means DefaultMaxFrame.
	Max int
}

const (
	stx, etx = 0x02, 0x03
	ack, nak = 0x06, 0x15
)

var (
	ackBytes = []byte{ack}
	nakBytes = []byte{nak}

	_ Framing = STXFraming{}
	_ Framing = TerminatedFraming{}
	_ Framing = DelimitedFraming{}
	_ Framing = WholeReadFraming{}
)

// AppendFrame implements Framing.
func (f STXFraming) AppendFrame(dst, header, body []byte) ([]byte, error) {
	size := len(header) + len(body)
	if err := checkMax(size, f.max()); err != nil {
		return dst, err
	}
	if !f.Counted && (bytes.IndexByte(header, etx) >= 0 || bytes.IndexByte(body, etx) >= 0) {
		return dst, &FramingError{Kind: ErrFrameContent, Length: int64(size)}
	}
	start := len(dst)
	dst = append(dst, stx)
	if f.Counted {
		dst = appendLength(dst, BCD, 2, uint64(size))
	}
	dst = append(append(append(dst, header...), body...), etx)
	return append(dst, lrc(dst[start+1:])), nil
}

// Next implements Framing.
func (f STXFraming) Next(buf []byte) (Cut, error) {
	if len(buf) == 0 {
		return Cut{}, nil
	}
	switch {
	case f.Ack && buf[0] == ack:
		return Cut{Size: 1}, nil
	case f.Ack && buf[0] == nak:
		return Cut{}, &FramingError{Kind: ErrFrameRefused, Length: -1}
	case buf[0] != stx:
		return Cut{}, &FramingError{Kind: ErrFramePrefix, Length: -1, Head: head(buf, 1), Guess: guessProtocol(buf)}
	}
	start, end, err := f.find(buf)
	if err != nil || end < 0 || len(buf) < end+2 {
		return Cut{}, err
	}
	if buf[end] != etx {
		return Cut{}, &FramingError{Kind: ErrFrameTrailer, Length: int64(end - start), Head: head(buf, start)}
	}
	size := end + 2
	if lrc(buf[1:end+1]) != buf[end+1] {
		if f.Ack {
			return Cut{Size: size, Reply: nakBytes}, nil
		}
		return Cut{}, &FramingError{Kind: ErrFrameChecksum, Length: int64(end - start), Head: head(buf, start)}
	}
	cut := Cut{Frame: buf[start:end:end], Size: size}
	if f.Ack {
		cut.Reply = ackBytes
	}
	return cut, nil
}

// find returns where the message starts and where its ETX is or should be; end is -1 if that is not known yet.
func (f STXFraming) find(buf []byte) (start, end int, err error) {
	if f.Counted {
		if len(buf) < 3 {
			return 0, -1, nil
		}
		length, ok := parseLength(buf[1:3], BCD)
		if !ok {
			return 0, 0, &FramingError{Kind: ErrLengthDigits, Length: -1, Head: head(buf, 3)}
		}
		if err := checkMax(int(length), f.max()); err != nil {
			err.Head = head(buf, 3)
			return 0, 0, err
		}
		return 3, 3 + int(length), nil
	}
	end = bytes.IndexByte(buf, etx)
	if end > f.max()+1 || end < 0 && len(buf) > f.max()+1 {
		return 0, 0, &FramingError{Kind: ErrFrameTooLong, Length: -1, Limit: int64(f.max()), Head: head(buf, 1)}
	}
	return 1, end, nil
}

func (f STXFraming) max() int {
	if f.Max > 0 {
		return f.Max
	}
	return DefaultMaxFrame
}

func lrc(b []byte) (sum byte) {
	for _, c := range b {
		sum ^= c
	}
	return sum
}

// checkMax returns an untyped-nil-safe error: its callers fill in Head.
func checkMax(size, limit int) *FramingError {
	if size > limit {
		return &FramingError{Kind: ErrFrameTooLong, Length: int64(size), Limit: int64(limit)}
	}
	return nil
}

// TerminatedFraming ends a frame with a literal and has no length: BASE24 over X.25 (03), XML text (the closing
// tag). Content that holds the terminator cannot be carried and is refused when sending; there is no escaping.
type TerminatedFraming struct {
	End  []byte // the literal; required
	Keep bool   // the terminator is part of the content, as a closing tag is
	Max  int    // longest content in bytes; 0 means DefaultMaxFrame
}

// AppendFrame implements Framing.
func (f TerminatedFraming) AppendFrame(dst, header, body []byte) ([]byte, error) {
	size := len(header) + len(body)
	if err := checkMax(size, f.max()); err != nil {
		return dst, err
	}
	start := len(dst)
	dst = append(append(dst, header...), body...)
	content := dst[start:]
	if f.Keep {
		content = bytes.TrimSuffix(content, f.End)
	}
	if len(f.End) == 0 || bytes.Contains(content, f.End) {
		return dst[:start], &FramingError{Kind: ErrFrameContent, Length: int64(size)}
	}
	if f.Keep && len(content) < size {
		return dst, nil
	}
	return append(dst, f.End...), nil
}

// Next implements Framing.
func (f TerminatedFraming) Next(buf []byte) (Cut, error) {
	if len(f.End) == 0 {
		return Cut{}, &FramingError{Kind: ErrFrameContent, Length: -1}
	}
	i := bytes.Index(buf, f.End)
	limit := f.max()
	if f.Keep {
		limit -= len(f.End)
	}
	if i > limit || i < 0 && len(buf) > limit+len(f.End)-1 {
		return Cut{}, &FramingError{Kind: ErrFrameTooLong, Length: -1, Limit: int64(f.max())}
	}
	if i < 0 {
		return Cut{}, nil
	}
	size := i + len(f.End)
	if f.Keep {
		return Cut{Frame: buf[:size:size], Size: size}, nil
	}
	return Cut{Frame: buf[:i:i], Size: size}, nil
}

func (f TerminatedFraming) max() int {
	if f.Max > 0 {
		return f.Max
	}
	return DefaultMaxFrame
}

// DelimitedFraming has nothing around the messages: a function tells from the bytes where a message ends, as an
// unpacker that works on a stream does.
type DelimitedFraming struct {
	// Length returns how many bytes the message at the start of buf takes, or 0 if it cannot tell yet. Required.
	Length func(buf []byte) (int, error)

	// Max is the longest message in bytes; 0 means DefaultMaxFrame.
	Max int
}

// AppendFrame implements Framing.
func (f DelimitedFraming) AppendFrame(dst, header, body []byte) ([]byte, error) {
	if err := checkMax(len(header)+len(body), f.max()); err != nil {
		return dst, err
	}
	return append(append(dst, header...), body...), nil
}

// Next implements Framing.
func (f DelimitedFraming) Next(buf []byte) (Cut, error) {
	if len(buf) == 0 {
		return Cut{}, nil
	}
	n, err := f.Length(buf)
	if err != nil {
		return Cut{}, &FramingError{Kind: ErrFrameContent, Length: -1, Guess: guessProtocol(buf)}
	}
	if n > f.max() || n < 0 || n == 0 && len(buf) >= f.max() {
		return Cut{}, &FramingError{Kind: ErrFrameTooLong, Length: int64(max(n, -1)), Limit: int64(f.max())}
	}
	if n == 0 || len(buf) < n {
		return Cut{}, nil
	}
	return Cut{Frame: buf[:n:n], Size: n}, nil
}

func (f DelimitedFraming) max() int {
	if f.Max > 0 {
		return f.Max
	}
	return DefaultMaxFrame
}

// WholeReadFraming takes whatever one read returned as one frame. It suits packet links that a gateway made into a
// stream (X.25) and one message per connection; over plain TCP a long message may arrive in two reads and be torn.
type WholeReadFraming struct {
	Max int // longest message in bytes; 0 means DefaultMaxFrame
}

// AppendFrame implements Framing.
func (f WholeReadFraming) AppendFrame(dst, header, body []byte) ([]byte, error) {
	if err := checkMax(len(header)+len(body), f.max()); err != nil {
		return dst, err
	}
	return append(append(dst, header...), body...), nil
}

// Next implements Framing.
func (f WholeReadFraming) Next(buf []byte) (Cut, error) {
	if err := checkMax(len(buf), f.max()); err != nil {
		return Cut{}, err
	}
	if len(buf) == 0 {
		return Cut{}, nil
	}
	return Cut{Frame: buf[:len(buf):len(buf)], Size: len(buf)}, nil
}

func (f WholeReadFraming) max() int {
	if f.Max > 0 {
		return f.Max
	}
	return DefaultMaxFrame
}
