package connection

import "encoding/binary"

// RBPFraming is the framing of the RBP protocol: a message travels in one or more fragments, each
//
//	D0 4A  length (2 bytes, big-endian)  flags (00 00 last, 01 00 more follow)  part of the message
//
// It sends one fragment a message. A message received in several is assembled into memory of its own.
type RBPFraming struct {
	Max int // longest message in bytes; 0 means DefaultMaxFrame
}

const (
	rbpHead         = 6
	rbpFirst        = 0xD0
	rbpSecond       = 0x4A
	rbpLast         = 0x0000
	rbpMore         = 0x0100
	rbpMaxFragments = 64 // what a message is cut into has no use for more
)

var _ Framing = RBPFraming{}

// AppendFrame implements Framing.
func (f RBPFraming) AppendFrame(dst, header, body []byte) ([]byte, error) {
	size := len(header) + len(body)
	if err := checkMax(size, min(f.max(), 0xFFFF)); err != nil {
		return dst, err
	}
	dst = append(dst, rbpFirst, rbpSecond)
	dst = binary.BigEndian.AppendUint16(dst, uint16(size))
	dst = binary.BigEndian.AppendUint16(dst, rbpLast)
	return append(append(dst, header...), body...), nil
}

// Next implements Framing.
func (f RBPFraming) Next(buf []byte) (Cut, error) {
	size, at := 0, 0
	for fragments := 1; ; fragments++ {
		length, more, err := rbpFragment(buf[at:])
		if err != nil || length < 0 {
			return Cut{}, err
		}
		if size += length; size > f.max() || fragments > rbpMaxFragments {
			return Cut{}, &FramingError{Kind: ErrFrameTooLong, Length: int64(size), Limit: int64(f.max()), Head: head(buf, rbpHead)}
		}
		if at += rbpHead + length; at > len(buf) {
			return Cut{}, nil
		}
		if !more && fragments == 1 {
			if size == 0 {
				return Cut{Size: at}, nil
			}
			return Cut{Frame: buf[rbpHead:at:at], Size: at}, nil
		}
		if !more {
			return Cut{Frame: rbpAssemble(buf[:at], size), Size: at}, nil
		}
	}
}

// rbpFragment reads one fragment's head; length is -1 if it is not complete.
func rbpFragment(buf []byte) (length int, more bool, err error) {
	if len(buf) > 0 && buf[0] != rbpFirst || len(buf) > 1 && buf[1] != rbpSecond {
		return 0, false, &FramingError{Kind: ErrFramePrefix, Length: -1, Head: head(buf, 2), Guess: guessProtocol(buf)}
	}
	if len(buf) < rbpHead {
		return -1, false, nil
	}
	length = int(binary.BigEndian.Uint16(buf[2:]))
	flags := binary.BigEndian.Uint16(buf[4:])
	if flags != rbpLast && flags != rbpMore {
		return 0, false, &FramingError{Kind: ErrFrameReserved, Length: int64(length), Head: head(buf, rbpHead)}
	}
	return length, flags == rbpMore, nil
}

func rbpAssemble(buf []byte, size int) []byte {
	message := make([]byte, 0, size)
	for len(buf) > 0 {
		end := rbpHead + int(binary.BigEndian.Uint16(buf[2:]))
		message = append(message, buf[rbpHead:end]...)
		buf = buf[end:]
	}
	return message
}

func (f RBPFraming) max() int {
	if f.Max > 0 {
		return f.Max
	}
	return DefaultMaxFrame
}
