package message

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/posline/posline/spec"
)

// TextForm is how messages are shown to people and exchanged as JSON. Its zero value masks card data by the spec's
// classes, which is what every printing method of Message and Value does.
type TextForm struct {
	// CardDataInClear shows everything: card numbers, tracks, PIN blocks. It is for a person who may see them, never
	// for a log.
	CardDataInClear bool

	// GBK converts the text of fields that the spec declares as GBK (spec.CharsetGBK); the package has no table of it.
	// With nil such text is a string where it is ASCII and upper-case hexadecimal otherwise.
	GBK Charset

	// Words has words for the table of AppendDescription that the package does not have, such as those of chip data; nil
	// for none.
	Words Words
}

// Words puts the parts of a field into words for people.
type Words interface {
	// PartMeanings returns for each part of a field, in wire order, the lines of the table's last column, which take a
	// row each. It is asked about every field with parts, by its path, and has to mask what it repeats. Where it says
	// nothing the package's own words stay.
	PartMeanings(path string, field Value) [][]string
}

// Charset converts text between a character set and UTF-8. A conversion that is not exact may return anything: it is
// only used where Encode gives back what Decode was given.
type Charset interface {
	Decode(text []byte) (string, error)
	Encode(text string) ([]byte, error)
}

// clearText returns the value of a leaf in the clear. exact is false for text that its character set does not map
// without loss; it is then in upper-case hexadecimal, as the bytes of b always are.
func (f TextForm) clearText(v Value) (text string, exact bool) {
	value := v.Bytes()
	if v.node.content == spec.ContentB {
		return string(appendUpperHex(nil, value)), true
	}
	if text, ok := f.decode(v.node.field.Charset, value); ok {
		return text, true
	}
	return string(appendUpperHex(nil, value)), false
}

// decode returns text in UTF-8; ok is false where a character set does not map it without loss.
func (f TextForm) decode(set spec.Charset, text []byte) (out string, ok bool) {
	if allPrintable(text) {
		return string(text), true
	}
	switch set {
	case spec.CharsetLatin1:
		var b strings.Builder
		for _, c := range text {
			b.WriteRune(rune(c))
		}
		return b.String(), true
	case spec.CharsetUTF8, spec.CharsetASCII7:
		return string(text), utf8.Valid(text)
	case spec.CharsetGBK:
		if f.GBK == nil {
			return "", false
		}
		out, err := f.GBK.Decode(text)
		if err != nil || !utf8.ValidString(out) {
			return "", false
		}
		back, err := f.GBK.Encode(out)
		return out, err == nil && string(back) == string(text)
	default:
		return "", false
	}
}

// encode is the reverse of decode.
func (f TextForm) encode(set spec.Charset, text string) (out []byte, ok bool) {
	if allPrintable([]byte(text)) {
		return []byte(text), true
	}
	switch set {
	case spec.CharsetLatin1:
		for _, r := range text {
			if r > 0xFF {
				return nil, false
			}
			out = append(out, byte(r))
		}
		return out, true
	case spec.CharsetUTF8, spec.CharsetASCII7:
		return []byte(text), true
	case spec.CharsetGBK:
		if f.GBK == nil {
			return nil, false
		}
		out, err := f.GBK.Encode(text)
		return out, err == nil
	default:
		return nil, false
	}
}

// onOneLine makes text safe to print: control characters, which could forge lines or drive a terminal, and formatting
// characters, which could reorder a line, become a question mark.
func onOneLine(text string) string {
	if allPrintable(bytesOf(text)) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if r != ' ' && !unicode.IsGraphic(r) {
			return '?'
		}
		return r
	}, text)
}
