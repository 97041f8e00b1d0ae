package message

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/posline/posline/message/internal/wire"
	"github.com/posline/posline/spec"
)

// TextForm is how messages are shown to people and exchanged as JSON. Its zero value masks card data by the spec's
// classes, which is what every printing method of Message and Value does.
type TextForm struct {
	// CardDataInClear shows everything: card numbers, tracks, PIN blocks. It is for a person who may see them, never
	// for a log.
	CardDataInClear bool

	// LongBIN shows the first eight digits of a card number of 16 digits or more, instead of the first six, where the
	// issuer's identification number has eight (ISO/IEC 7812-1:2017, PCI DSS 3.4.1).
	LongBIN bool

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
	// nothing the package's own words stay. The field is valid until PartMeanings returns.
	PartMeanings(path string, field Value) [][]string
}

// Charset converts text between a character set and UTF-8. A conversion that is not exact may return anything: it is
// only used where Encode gives back what Decode was given.
type Charset interface {
	Decode(text []byte) (string, error)
	Encode(text string) ([]byte, error)
}

// appendClear appends the value of a leaf in the clear. exact is false for text that its character set does not map
// without loss; it is then in upper-case hexadecimal, as the bytes of b always are.
func (f TextForm) appendClear(dst []byte, v Value) (out []byte, exact bool) {
	n, from := v.part.Node, len(dst)
	dst = v.AppendText(dst)
	if n.Content == wire.Any || wire.AllPrintable(dst[from:]) {
		return dst, true
	}
	text := dst[from:]
	switch n.Field.Charset {
	case spec.CharsetLatin1:
		return fromLatin1(dst, from), true
	case spec.CharsetUTF8, spec.CharsetASCII7:
		if utf8.Valid(text) {
			return dst, true
		}
	case spec.CharsetGBK:
		if f.GBK == nil {
			break
		}
		if out, ok := f.fromGBK(bytes.Clone(text)); ok { // a Charset may keep what it gets
			return append(dst[:from], out...), true
		}
	}
	return wire.Hexed(dst, from), false
}

// fromLatin1 makes UTF-8 of what dst holds from an index on, from its end so that nothing is written over.
func fromLatin1(dst []byte, from int) []byte {
	read := len(dst)
	for _, c := range dst[from:] {
		if c >= utf8.RuneSelf {
			dst = append(dst, 0)
		}
	}
	for write := len(dst); write > read; {
		read--
		r := rune(dst[read])
		write -= utf8.RuneLen(r)
		utf8.EncodeRune(dst[write:], r)
	}
	return dst
}

// fromGBK returns text in UTF-8; ok is false where it is not mapped without loss.
func (f TextForm) fromGBK(text []byte) (out string, ok bool) {
	want := string(text)
	out, err := f.GBK.Decode(text)
	if err != nil || !utf8.ValidString(out) {
		return "", false
	}
	back, err := f.GBK.Encode(out)
	return out, err == nil && string(back) == want
}

// encode is the reverse of appendClear, for text.
func (f TextForm) encode(set spec.Charset, text string) (out []byte, ok bool) {
	if wire.AllPrintable([]byte(text)) {
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

// onOneLine makes what dst holds from an index on safe to print: control characters, which could forge lines or drive a
// terminal, and formatting characters, which could reorder a line, become a question mark, as does what is no UTF-8.
func onOneLine(dst []byte, from int) []byte {
	if wire.AllPrintable(dst[from:]) {
		return dst
	}
	out := dst[:from]
	for text := dst[from:]; len(text) > 0; {
		r, size := utf8.DecodeRune(text)
		if strconv.IsGraphic(r) && (r != utf8.RuneError || size > 1) {
			out = append(out, text[:size]...)
		} else {
			out = append(out, '?')
		}
		text = text[size:]
	}
	clear(dst[len(out):])
	return out
}
