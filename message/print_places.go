package message

import (
	"strconv"

	"github.com/posline/posline/message/internal/wire"
)

// place is a stretch of the packed message: a header part, the message type, the bitmaps, a data element.
type place struct {
	at, size int
	key      string // "header.1", "0" for the message type, "1" for bitmaps
	value    Value  // of a header part or data element
	bitmap   bool
}

// eachPlace calls f with the stretches of the message in wire order, as far as it is decoded.
func (m *Message) eachPlace(f func(place)) {
	if m.codec == nil {
		return
	}
	at := 0
	next := func(p place) {
		p.at = at
		at += p.size
		f(p)
	}
	for i := range m.layout.Header {
		if v := m.HeaderPart(i + 1); v.Present() {
			next(place{size: len(v.part.Wire()), key: v.part.Node.Path, value: v})
		}
	}
	if m.hasMTI {
		next(place{size: m.layout.MTI.WireSize(len(m.mti)), key: "0"})
	}
	var buf [frontSize]byte
	if bitmaps := m.frontBitmaps(buf[:0]); len(bitmaps) > 0 {
		next(place{size: len(bitmaps), key: "1", bitmap: true})
	}
	for number := range wire.Bits(&m.present) {
		if number == m.layout.Bitmap.Tertiary {
			next(place{size: m.layout.Bitmap.WireSize(), key: strconv.Itoa(number), bitmap: true})
			continue
		}
		v := m.Field(number)
		next(place{size: len(v.part.Wire()), key: v.part.Node.Path, value: v})
	}
}

// frontSize is the most that bitmaps take: three of them in hexadecimal.
const frontSize = 3 * 16

// frontBitmaps are the bitmaps in front of the fields: as they were received, also where Unpack failed behind them, or
// as an edited message has them, which takes memory; empty where Unpack did not get to them.
func (m *Message) frontBitmaps(memory []byte) []byte {
	if m.touched {
		return m.appendBitmaps(memory)
	}
	return m.image[m.bitmapAt:m.bitmapTo]
}
