package message

import (
	"encoding/hex"
	"fmt"
)

// HexDump returns a hex dump of the message with card data masked, see TextForm.AppendHexDump.
func (m Message) HexDump() string { return string(TextForm{}.AppendHexDump(nil, &m)) }

// AppendHexDump appends a dump of the bytes that were unpacked, or of what the message packs to once it has been
// changed: sixteen a line, with offset and ASCII. Every byte of a value of which something is masked is written **,
// and so is what Unpack could not decode. A message that neither came from bytes nor packs gives nothing.
func (f TextForm) AppendHexDump(dst []byte, m *Message) []byte {
	wire := m.image
	if m.touched {
		wire, _ = m.AppendPack(nil)
	}
	shown := make([]bool, len(wire))
	m.eachPlace(func(p place) {
		switch {
		case p.at+p.size > len(wire):
		case p.value.Present():
			f.markShown(shown[p.at:], p.value)
		default:
			mark(shown[p.at : p.at+p.size])
		}
	})
	if f.CardDataInClear {
		mark(shown)
	}
	for at := 0; at < len(wire); at += 16 {
		end := min(at+16, len(wire))
		dst = appendDumpLine(dst, at, wire[at:end], shown[at:end])
	}
	return dst
}

func mark(shown []bool) {
	for i := range shown {
		shown[i] = true
	}
}

// markShown marks the bytes of v that may be shown; shown starts where v starts.
func (f TextForm) markShown(shown []bool, v Value) {
	mark(shown[:len(v.part.Prefix())])
	l := v.layout()
	if l == nil || v.part.Node.Decodes() {
		if f.showsAll(v) {
			mark(shown[:len(v.part.Wire())])
		}
		return
	}
	for e, part := range v.entries() {
		inside := shown[len(v.part.Prefix()):]
		mark(inside[e.Start:e.Span.Start])
		f.markShown(inside[e.Span.Start:], part)
	}
}

func appendDumpLine(dst []byte, at int, wire []byte, shown []bool) []byte {
	dst = fmt.Appendf(dst, "%08x ", at)
	for i := range 16 {
		switch {
		case i >= len(wire):
			dst = append(dst, "   "...)
		case shown[i]:
			dst = append(dst, ' ')
			dst = hex.AppendEncode(dst, wire[i:i+1])
		default:
			dst = append(dst, " **"...)
		}
	}
	dst = append(dst, "  |"...)
	for i, c := range wire {
		switch {
		case !shown[i]:
			c = '*'
		case c < ' ' || c > '~':
			c = '.'
		}
		dst = append(dst, c)
	}
	return append(dst, "|\n"...)
}
