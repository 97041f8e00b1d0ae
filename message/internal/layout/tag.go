package layout

import (
	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/wire"
	"github.com/posline/posline/spec"
)

// tagClass is what the characters of a tag may be.
const tagClass = wire.Letter | wire.Digit | wire.Special | wire.Blank

// lookup returns the definition of a tag.
func (l *Layout) lookup(tag []byte, at int) (*Node, *fault.Fault) {
	for i, c := range tag {
		if l.tagCoding != wire.Raw && l.tagCoding != wire.BCD && !tagClass.Has(l.tagChar(c)) {
			return nil, fault.New(fault.Tag, l.Path, at+i, nil)
		}
	}
	var text [16]byte
	if n := l.byTag[string(l.appendKey(text[:0], tag))]; n != nil {
		return n, nil
	}
	if l.Unknown == nil {
		return nil, fault.New(fault.Unknown, l.Path, at, fault.Detail("tag is not in the spec"))
	}
	return l.Unknown, nil
}

func (l *Layout) tagChar(c byte) byte {
	if p := l.tagPage; p != nil {
		return p.ToLatin1[c]
	}
	return c
}

// appendKey appends a tag as it stands in paths.
func (l *Layout) appendKey(dst, tag []byte) []byte {
	if l.Kind == spec.BERTLV || l.tagCoding == wire.Raw || l.tagCoding == wire.BCD {
		nibbles := 2 * len(tag)
		skip := 0
		if l.tagCoding == wire.BCD {
			skip = nibbles - l.tagDigits
		}
		for i := skip; i < nibbles; i++ {
			dst = append(dst, wire.HexChar(tag[i/2]>>(4*(1-i&1))&15, wire.HexASCII))
		}
		return dst
	}
	for _, c := range tag {
		dst = append(dst, l.tagChar(c))
	}
	return dst
}

// KeyText returns a tag as it stands in paths.
func (l *Layout) KeyText(tag []byte) string { return string(l.appendKey(nil, tag)) }

// appendTag appends a tag given as it stands in paths; ok is false if it is no tag of this layout, or one that would be
// read under another key.
func (l *Layout) appendTag(dst []byte, key string) (out []byte, ok bool) {
	start := len(dst)
	if dst, ok = l.appendTagBytes(dst, key); !ok {
		return dst, false
	}
	tag := dst[start:]
	if l.Kind == spec.BERTLV {
		ok = wire.BERTagSize(tag) == len(tag) && len(tag) > 0 && tag[0] != 0 // a zero byte is one between objects
	} else {
		ok = len(tag) == l.tagSize
	}
	var buf [64]byte
	return dst, ok && string(l.appendKey(buf[:0], tag)) == key
}

func (l *Layout) appendTagBytes(dst []byte, key string) (out []byte, ok bool) {
	if l.binaryTags() {
		if l.tagCoding == wire.BCD && len(key)%2 == 1 {
			key = "0" + key
		}
		return wire.AppendHex(dst, wire.BytesOf(key))
	}
	for _, c := range wire.BytesOf(key) {
		if !tagClass.Has(c) {
			return dst, false
		}
		if p := l.tagPage; p != nil {
			c = p.FromLatin1[c]
		}
		dst = append(dst, c)
	}
	return dst, true
}
