package emv

import "iter"

// DOL is a data object list: tags with lengths, by which a card says what data it wants in one row, without tags (tags
// 8C, 8D, 9F38, 9F49, 97, 9F4F). EMV Book 3 section 5.4.
type DOL []byte

// DefaultDDOL is the DDOL of a terminal for cards that have none: the unpredictable number.
var DefaultDDOL = DOL{0x9F, 0x37, 0x04}

// next reads the first entry: its tag, its length and how many octets the entry has.
func (d DOL) next() (t Tag, length, octets int, fault *SyntaxError) {
	t, at, err := readTag(d, 0, quirks{})
	switch {
	case err != nil:
		return 0, 0, 0, &SyntaxError{Part: "tag", Err: err}
	case at >= len(d):
		return 0, 0, 0, &SyntaxError{Offset: at, Part: "length", Tag: t, Err: ErrTruncated}
	}
	return t, int(d[at]), at + 1, nil
}

// Entries iterates over the tags and lengths in their order. A length is one octet, 0 to 255. It stops before an entry
// that is cut off; Len tells.
func (d DOL) Entries() iter.Seq2[Tag, int] {
	return func(yield func(Tag, int) bool) {
		for len(d) > 0 {
			t, length, octets, fault := d.next()
			if fault != nil || !yield(t, length) {
				return
			}
			d = d[octets:]
		}
	}
}

// Len returns how many bytes of data the list asks for, or a *SyntaxError when it is not made of whole entries.
func (d DOL) Len() (int, error) {
	total, at := 0, 0
	for at < len(d) {
		_, length, octets, fault := d[at:].next()
		if fault != nil {
			fault.Offset += at
			return 0, fault
		}
		total += length
		at += octets
	}
	return total, nil
}

// AppendData appends the data the list asks for: the values get returns, each brought to the length asked for. Numbers
// (format n) keep their low digits and get zeros before them, everything else keeps its beginning and gets padding
// behind it, F digits in format cn and 00 otherwise. What get does not have, and whole templates, are 00. The formats are
// those of the dictionary, which may be nil. A faulty list is an error and leaves dst as it was.
func (d DOL) AppendData(dst []byte, get func(Tag) ([]byte, bool), dict *Dictionary) ([]byte, error) {
	if _, err := d.Len(); err != nil {
		return dst, err
	}
	for t, length := range d.Entries() {
		v, ok := get(t)
		if !ok || t.Constructed() {
			v = nil
		}
		dst = appendFitted(dst, v, length, formatOf(dict, t, v))
	}
	return dst, nil
}

func formatOf(dict *Dictionary, t Tag, v []byte) Format {
	if v == nil {
		return FormatB
	}
	info, _ := dict.Lookup(t, Context{})
	return info.Format
}

// appendFitted appends the value cut or padded to the length.
func appendFitted(dst, v []byte, length int, f Format) []byte {
	missing := max(length-len(v), 0)
	switch f {
	case FormatN:
		return append(appendRepeated(dst, 0, missing), v[max(len(v)-length, 0):]...)
	case FormatCN:
		return appendRepeated(append(dst, v[:min(len(v), length)]...), 0xFF, missing)
	}
	return appendRepeated(append(dst, v[:min(len(v), length)]...), 0, missing)
}

func appendRepeated(dst []byte, c byte, n int) []byte {
	for range n {
		dst = append(dst, c)
	}
	return dst
}

// Split gives the data a list asked for back its tags, without copying. It returns a *SyntaxError for a faulty list and
// ErrLength, in a *ValueError, for data that is not exactly as long as the list asks.
func (d DOL) Split(data []byte) (iter.Seq2[Tag, Value], error) {
	n, err := d.Len()
	if err != nil {
		return nil, err
	}
	if n != len(data) {
		return nil, &ValueError{Err: ErrLength}
	}
	return func(yield func(Tag, Value) bool) {
		rest := data
		for t, length := range d.Entries() {
			if !yield(t, Value(rest[:length:length])) {
				return
			}
			rest = rest[length:]
		}
	}, nil
}

// Has reports whether the list asks for the tag. A DDOL without 9F37 makes dynamic data authentication fail.
func (d DOL) Has(tag Tag) bool {
	for t := range d.Entries() {
		if t == tag {
			return true
		}
	}
	return false
}
