package message

import (
	"bytes"
	"strconv"

	"github.com/posline/posline/message/internal/layout"
	"github.com/posline/posline/message/internal/mask"
	"github.com/posline/posline/message/internal/wire"
	"github.com/posline/posline/spec"
)

// shownLength is the longest variable value that the default mask shows.
const shownLength = 99

// String returns the value for people and logs, see AppendMasked.
func (v Value) String() string { return string(v.AppendMasked(nil)) }

// AppendMasked appends the value as it may be shown where card data must not appear, by its mask class:
//
//   - spec.MaskNone: as it is, b in hexadecimal.
//   - spec.MaskPAN: the first six and the last four digits; nothing of a number below 13 digits or of other text.
//   - spec.MaskTrack: the PAN of the track in the same way; all hidden where it does not parse as a track.
//   - spec.MaskHidden: the size only.
//   - spec.MaskDefault: digits and text of fixed length, or at most 99 long, without what looks like a PAN or a track
//     in them: 13 to 19 digits that pass the Luhn check, in one run or in groups with a blank or a hyphen between them. A
//     number with digits right in front of it or behind it does not look like one. The size only of what is longer,
//     binary or not printable.
//
// A value with parts is shown as its parts, each by its own class: "{1:22 2:000001}".
func (v Value) AppendMasked(dst []byte) []byte { return TextForm{}.AppendValue(dst, v) }

// AppendValue appends a value with its parts on one line: masked as by Value.AppendMasked or, with CardDataInClear, in
// the clear. Nothing is appended for an absent value.
func (f TextForm) AppendValue(dst []byte, v Value) []byte {
	if !v.Present() || v.part.Node == nil {
		return dst
	}
	if l := v.layout(); l != nil {
		return f.appendParts(dst, v, l)
	}
	return f.appendLeaf(dst, v)
}

// appendParts appends a value with parts. Where they are found in what the value decodes to, that is kept in dst in front
// of them, so that it takes no other memory, and they take its place in the end.
func (f TextForm) appendParts(dst []byte, v Value, l *layout.Layout) []byte {
	dst = append(dst, '{')
	from := len(dst)
	var inside []byte
	if n := v.part.Node; n.Decodes() && n.Derived < 0 {
		dst = n.AppendValue(dst, v.part.Content(), v.part.Units())
		inside = dst[from:]
	} else {
		inside = v.part.Inside(v.siblings())
	}
	start := len(dst)
	for w := l.Walk(inside); ; {
		e, ok, err := w.Next()
		if !ok || err != nil {
			break
		}
		if len(dst) > start {
			dst = append(dst, ' ')
		}
		part := Value{v.message, l.Part(e, inside)}
		dst = f.AppendValue(append(part.part.AppendKey(dst), ':'), part)
	}
	if start > from {
		clear(inside) // in memory that dst may have left since
		end := from + copy(dst[from:], dst[start:])
		clear(dst[end:])
		dst = dst[:end]
	}
	return append(dst, '}')
}

// appendLeaf appends a value without parts, on one line. It is masked where it stands.
func (f TextForm) appendLeaf(dst []byte, v Value) []byte {
	n, from := v.part.Node, len(dst)
	long := n.Ending != wire.EndFixed && v.part.Units() > shownLength
	if !f.CardDataInClear && (n.Mask == spec.MaskHidden || n.Mask == spec.MaskDefault && (n.Content == wire.Any || long)) {
		return appendSize(dst, v)
	}
	dst, exact := f.appendClear(dst, v)
	switch {
	case f.CardDataInClear || n.Mask == spec.MaskNone:
		return onOneLine(dst, from)
	case n.Mask == spec.MaskPAN || n.Mask == spec.MaskTrack:
		return f.appendCard(dst[:from], v, dst[from:])
	case n.Mask == spec.MaskDefault && exact:
		dst = onOneLine(dst, from)
		if mask.LongDigits(dst[from:]) { // few values
			return mask.AppendWithout(dst[:from], dst[from:], n.Ending == wire.EndFixed, f.bin())
		}
		return dst
	}
	clear(dst[from:])
	return appendSize(dst[:from], v)
}

// bin is how much of the front of a card number is shown.
func (f TextForm) bin() mask.BIN {
	if f.LongBIN {
		return mask.LongBIN
	}
	return mask.ShortBIN
}

// AppendPAN appends a card number as it may be shown where card data must not appear: the first six digits, eight with
// LongBIN, and the last four; stars for a number below 13 digits or for other text. CardDataInClear does not count.
func (f TextForm) AppendPAN(dst []byte, pan string) []byte {
	return mask.AppendPAN(dst, wire.BytesOf(pan), f.bin())
}

// MaskPAN returns a card number as it may be shown, "622202******1234", see TextForm.AppendPAN.
func MaskPAN(pan string) string { return string(TextForm{}.AppendPAN(nil, pan)) }

// appendCard appends the text of a card number or a track, masked. The bytes of b hold digits, with F behind an odd number
// of them (EMV Book 3, 4.3, format cn).
func (f TextForm) appendCard(dst []byte, v Value, text []byte) []byte {
	if v.part.Node.Content == wire.Any {
		text = bytes.TrimRight(text, "F")
	}
	if v.part.Node.Mask == spec.MaskPAN {
		return mask.AppendPAN(dst, text, f.bin())
	}
	return mask.AppendTrack(dst, text, v.part.Node.Separator, f.bin())
}

// appendSize appends what is known of a hidden value: "<8 bytes>".
func appendSize(dst []byte, v Value) []byte {
	unit := " bytes>"
	switch {
	case v.part.Node.Content == wire.Digit || v.part.Node.Content == wire.Track || v.part.Node.Content == wire.Hex:
		unit = " digits>"
	case v.part.Node.Content != wire.Any:
		unit = " characters>"
	}
	return append(strconv.AppendInt(append(dst, '<'), int64(v.part.Units()), 10), unit...)
}
