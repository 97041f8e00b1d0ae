package connection

import "bytes"

// Guesser is a Framing that can say, from the bytes of a stream it cannot follow or of a frame that stays
// incomplete, what the peer may be speaking instead.
type Guesser interface {
	// Guess returns a short sentence or "". It looks at the start of buf and repeats none of its content.
	Guess(buf []byte) string
}

// Guess implements Guesser for the mismatches that people meet: another length encoding, a length that counts
// itself or does not, TLS or HTTP on the port, no length header at all.
func (f *LengthFraming) Guess(buf []byte) string {
	if len(buf) < 2 {
		return ""
	}
	if g := guessProtocol(buf); g != "" {
		return g
	}
	if g := f.guessSelfCount(buf); g != "" {
		return g
	}
	for _, other := range []struct {
		encoding LengthEncoding
		width    int
		guess    string
	}{
		{ASCII, 4, "the first four bytes are ASCII digits: the peer may send a four-digit ASCII length (ascii4)"},
		{EBCDIC, 4, "the first four bytes are EBCDIC digits: the peer may send a four-digit EBCDIC length (ebcdic4)"},
		{BigEndian, 2, "the first two bytes fit a big-endian length (binary2)"},
		{BigEndian, 4, "the first four bytes fit a big-endian length (binary4)"},
		{LittleEndian, 2, "the first two bytes fit a little-endian length (binary2-le)"},
		{BCD, 2, "the first two bytes fit a packed decimal length (bcd2)"},
		{ASCIIHex, 4, "the first four bytes fit an ASCII hexadecimal length (hex4)"},
	} {
		if other.encoding == f.d.Encoding && other.width == f.d.Width || len(buf) < other.width {
			continue
		}
		length, ok := parseLength(buf[:other.width], other.encoding)
		if !ok || length == 0 {
			continue
		}
		digits := other.encoding == ASCII || other.encoding == EBCDIC
		fits := length == uint64(len(buf)-other.width) || length == uint64(len(buf))
		if fits || digits && f.d.Encoding != other.encoding {
			return other.guess
		}
	}
	return guessBare(buf)
}

// guessSelfCount sees a length that would fit the bytes at hand if it did, or did not, count itself.
func (f *LengthFraming) guessSelfCount(buf []byte) string {
	end := len(f.d.Prefix) + f.d.Width
	if len(buf) < end {
		return ""
	}
	length, ok := parseLength(buf[len(f.d.Prefix):end], f.d.Encoding)
	if !ok || length == 0 {
		return ""
	}
	switch {
	case f.d.Adjust == 0 && length == uint64(len(buf)):
		return "the length fits what has arrived if it counts itself: the peer may send an inclusive length"
	case f.d.Adjust == f.d.Width && length+uint64(f.d.Width) == uint64(len(buf)):
		return "the length fits what has arrived if it does not count itself: the peer may send a plain length"
	}
	return ""
}

func guessProtocol(buf []byte) string {
	switch {
	case len(buf) >= 3 && (buf[0] == 0x16 || buf[0] == 0x15) && buf[1] == 3 && buf[2] <= 4:
		return "the peer speaks TLS"
	case bytes.HasPrefix(buf, []byte("GET ")), bytes.HasPrefix(buf, []byte("POST ")), bytes.HasPrefix(buf, []byte("HTTP")):
		return "the peer speaks HTTP"
	case bytes.HasPrefix(buf, []byte("SSH-")):
		return "the peer speaks SSH"
	}
	return ""
}

// guessBare recognises a message without a length header in front of it.
func guessBare(buf []byte) string {
	switch {
	case bytes.HasPrefix(buf, []byte("ISO")):
		return "the stream starts with the literal ISO: there may be no length header, or one inside the ISO header (powercard)"
	case buf[0] == 0x60 && len(buf) >= 5:
		return "the stream starts like a TPDU: the peer may send no length header"
	case buf[0] == 0x02:
		return "the stream starts with STX: the peer may use STX and ETX (stx)"
	}
	return ""
}
