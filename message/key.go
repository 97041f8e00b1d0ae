package message

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/posline/posline/message/internal/layout"
	"github.com/posline/posline/message/internal/wire"
)

// What a frame is to a KeyFunc. The numbers are those of package connection's Kind constants.
const (
	KeyOther    uint8 = 0 // neither: an MTI whose function digit the standard reserves (8, 9)
	KeyRequest  uint8 = 1 // expects an answer: an even function digit (0100, 0420, 0800)
	KeyResponse uint8 = 2 // answers a request: an odd function digit (0110, 0430, 0810)
)

// KeyFunc returns a function that reads from the bytes of a message what its answer has in common with it: version,
// class and function group of the message type, then the values of the given data elements, such as 11 and 41. Package
// connection matches answers with requests by it.
//
// The function digits of a request and its response are one group, and the origin digit is left out: 0200, 0201 and
// 0210 have one key, which differs from that of 0220 and of 0400. A value counts just as it stands, so one with
// trailing blanks differs from one without, and an absent field differs from every value. The key is exact: up to 32
// bytes are kept verbatim, each field with one byte for its length; more are folded by SHA-256, of which 248 bits are
// kept.
//
// The function reads with a Scanner's checks and limits: only the given fields are checked, and a malformed one, or a
// field before them that cannot be passed, is an *Error. A field that the spec does not have makes every call fail
// with ErrUnknown. The function keeps no reference to the frame, may be called concurrently, and does not allocate
// unless the values are longer than 450 bytes together.
func KeyFunc(codec *Codec, numbers ...int) func(frame []byte) (key [32]byte, kind uint8, err error) {
	k, err := newKeying(codec, numbers)
	if err != nil {
		return func([]byte) ([32]byte, uint8, error) { return [32]byte{}, KeyOther, err }
	}
	return k.key
}

// keying is what a key is made from.
type keying struct {
	codec   *Codec
	numbers []int // ascending
}

func newKeying(codec *Codec, numbers []int) (*keying, error) {
	if codec == nil || codec.compiled == nil {
		return nil, errNoCodec
	}
	known := codec.compiled.Fields
	for _, number := range numbers {
		if number < 1 || number >= len(known) || known[number] == nil {
			return nil, errorOf(undefined(number))
		}
	}
	k := &keying{codec: codec}
	for number := range known {
		if slices.Contains(numbers, number) {
			k.numbers = append(k.numbers, number)
		}
	}
	return k, nil
}

func (k *keying) key(frame []byte) (key [32]byte, kind uint8, err error) {
	var c layout.Cursor
	if fail := c.Begin(k.codec.compiled, frame, nil); fail != nil {
		return key, KeyOther, errorOf(fail)
	}
	var buf [512]byte
	text := append(buf[:0], c.MTI[0], c.MTI[1], functionGroup(c.MTI[2]))
	for _, number := range k.numbers {
		n, at, fail := c.Seek(number)
		if fail != nil {
			return key, KeyOther, errorOf(fail)
		}
		text = appendKeyPart(text, n, frame, at)
	}
	return foldKey(text), kindOf(c.MTI[2]), nil
}

// kindOf tells what an MTI's function digit makes of a message (ISO 8583:2003, 5.2.1.3).
func kindOf(function byte) uint8 {
	switch {
	case function >= '8':
		return KeyOther
	case function&1 == 0:
		return KeyRequest
	default:
		return KeyResponse
	}
}

// functionGroup is the function digit of the request of an exchange. Digits are 0x30 to 0x39, so the lowest bit is
// that of the digit.
func functionGroup(function byte) byte {
	if function >= '8' {
		return function
	}
	return function &^ 1
}

// appendKeyPart appends a value so that no other sequence of values looks the same: 0 for an absent field, else its
// length plus one in one byte or, from 254 on, 255 and the length in four bytes.
func appendKeyPart(dst []byte, n *layout.Node, frame []byte, at wire.Span) []byte {
	if n == nil {
		return append(dst, 0)
	}
	mark := len(dst)
	dst = append(dst, 0)
	dst = n.AppendValue(dst, frame[at.Content:int(at.Content)+n.WireSize(int(at.Units))], int(at.Units))
	size := len(dst) - mark - 1
	if size < 254 {
		dst[mark] = byte(size + 1)
		return dst
	}
	dst[mark] = 255
	dst = append(dst, 0, 0, 0, 0)
	copy(dst[mark+5:], dst[mark+1:])
	binary.BigEndian.PutUint32(dst[mark+1:], uint32(size))
	return dst
}

// foldKey keeps what fits and digests the rest. The first byte keeps the two apart: a verbatim key starts with a
// digit.
func foldKey(text []byte) (key [32]byte) {
	if len(text) <= len(key) {
		copy(key[:], text)
		return key
	}
	key = sha256.Sum256(text)
	key[0] = 0xFF
	return key
}
