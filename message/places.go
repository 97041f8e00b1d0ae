package message

import "strconv"

// place is a stretch of the packed message: a header part, the message type, the bitmaps, a data element.
type place struct {
	at, size int
	key      string // "header.1", "0" for the message type, "1" for bitmaps
	value    Value  // of a header part or data element
	bitmap   bool
}

// places yields the stretches of the message in wire order, as far as it is decoded.
func (m *Message) places() func(yield func(place) bool) {
	return func(yield func(place) bool) {
		if m.codec == nil {
			return
		}
		at := 0
		next := func(p place) bool {
			p.at = at
			at += p.size
			return yield(p)
		}
		for i := range m.headerParts() {
			v := m.HeaderPart(i)
			if !next(place{size: len(v.wire), key: "header." + strconv.Itoa(i), value: v}) {
				return
			}
		}
		if m.hasMTI && !next(place{size: m.codec.mti.wireSize(4), key: "0"}) {
			return
		}
		if bitmaps := m.frontBitmaps(); len(bitmaps) > 0 && !next(place{size: len(bitmaps), key: "1", bitmap: true}) {
			return
		}
		for number := range fieldBits(&m.present) {
			p := place{key: strconv.Itoa(number)}
			if p.bitmap = number == m.codec.bitmap.tertiary; p.bitmap {
				p.size = m.codec.bitmap.wireSize()
			} else {
				p.value = m.Field(number)
				p.size = len(p.value.wire)
			}
			if !next(p) {
				return
			}
		}
	}
}

// frontBitmaps are the bitmaps in front of the fields: as they were received, also where Unpack failed behind them, or
// as an edited message has them; nil where Unpack did not get to them.
func (m *Message) frontBitmaps() []byte {
	if m.touched {
		return m.appendBitmaps(nil)
	}
	return m.image[m.bitmapAt:m.bitmapTo]
}
