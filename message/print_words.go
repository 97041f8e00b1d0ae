package message

import (
	"github.com/posline/posline/message/internal/wire"
	"github.com/posline/posline/message/internal/words"
	"github.com/posline/posline/spec"
)

// appendMeaning puts the code in a value into words, and appends nothing where there is nothing to say. The data elements
// are those of ISO 8583:1987 as card schemes and UnionPay acquirers use them; subfields of private fields go by their
// name.
func appendMeaning(dst []byte, m *Message, v Value) []byte {
	n := v.part.Node
	if v.part.Units() > 8 || n.Mask == spec.MaskHidden {
		return dst
	}
	top := len(n.Path) == len(n.Key) // no part of a field
	switch n.Number {
	case 3, 22, 25, 39, 70:
	default:
		if top || n.Content == wire.Any {
			return dst
		}
	}
	var buf [16]byte
	text := string(v.AppendText(buf[:0]))
	switch {
	case !top && n.Content != wire.Any:
		return append(dst, words.Parts[n.Name][text]...)
	case n.Number == 3 && len(text) == 6:
		return words.AppendProcessing(dst, text)
	case n.Number == 22 && len(text) == 3:
		return words.AppendEntry(dst, text)
	case n.Number == 25 && len(text) == 2:
		return append(dst, words.Conditions[text]...)
	case n.Number == 39 && len(text) == 2:
		return append(dst, words.Response(m.typeDigits(), text)...)
	case n.Number == 70 && len(text) == 3:
		return append(dst, words.Network[text]...)
	}
	return dst
}
