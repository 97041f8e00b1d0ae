package message

import (
	"github.com/posline/posline/spec"
)

// layout is the compiled inside of a field.
type layout struct {
	kind    spec.LayoutKind
	fields  []*node // positional: in order; otherwise in the order of the spec
	byTag   map[string]*node
	byBER   map[uint32]*node
	unknown *node // entries of undeclared tags; nil refuses them
	lead    *node
	fill    bool

	tagCoding   spec.Encoding
	tagSize     int // bytes on the wire
	tagDigits   int
	lengthFirst bool
	countsTag   bool

	bitmap bitmapForm
	path   string

	// shortest is the least maximum of a BERTLV layout in which any bytes are a value and none has parts; 0 where more
	// must be checked. Shorter values need no look at their definition.
	shortest int

	// sizes tells, for a positional layout of plain digits, which numbers of digits end with a part; nil where more
	// must be checked.
	sizes []bool
}

// entry is one part of a field, found by a walk over the field's inside.
type entry struct {
	node  *node
	start int // of the whole entry: of the tag, or the length before it
	tag   int // offset of the tag's bytes; equal to tagEnd where there is no tag
	end   int // of the tag's bytes

	record int // of a Repeated layout, from 1; 0 otherwise
	span   span
}

// walk goes over the inside of a field part by part.
type walk struct {
	layout  *layout
	buf     []byte
	pos     int
	index   int // positional: next field; bitmapped: next bit
	record  int
	lead    bool // the lead field has been passed
	present [3]uint64
}

func (l *layout) walk(buf []byte) walk { return walk{layout: l, buf: buf, lead: l.lead == nil} }

// next returns the next part; ok is false at the end.
func (w *walk) next() (e entry, ok bool, err *Error) {
	if !w.lead {
		w.lead = true
		if n := w.layout.lead; w.pos < len(w.buf) && n.startsHere(w.buf[w.pos]) {
			return w.plain(n)
		}
	}
	switch w.layout.kind {
	case spec.Positional:
		return w.positional()
	case spec.Repeated:
		return w.repeated()
	case spec.BERTLV:
		return w.ber()
	case spec.Tagged:
		return w.tagged()
	default:
		return w.bitmapped()
	}
}

// plain parses a part without a tag at the present position.
func (w *walk) plain(n *node) (entry, bool, *Error) {
	s, err := n.parse(w.buf, w.pos)
	if err != nil {
		return entry{}, false, err
	}
	e := entry{node: n, start: w.pos, tag: w.pos, end: w.pos, record: w.record, span: s}
	w.pos = int(s.end)
	return e, true, nil
}

func (w *walk) positional() (entry, bool, *Error) {
	for w.pos < len(w.buf) {
		if w.index == len(w.layout.fields) {
			return entry{}, false, fault(ErrTrailing, w.layout.path, w.pos, nil)
		}
		n := w.layout.fields[w.index]
		w.index++
		if n.startsHere(w.buf[w.pos]) {
			return w.plain(n)
		}
	}
	return entry{}, false, nil
}

// startsHere tells whether a subfield that may be left out is there, by its first character.
func (n *node) startsHere(c byte) bool {
	first := n.field.StartsWith
	if first == "" {
		return true
	}
	c = n.latin1(c)
	for i := range len(first) {
		if first[i] == c {
			return true
		}
	}
	return false
}

func (w *walk) repeated() (entry, bool, *Error) {
	if w.pos == len(w.buf) && w.index%len(w.layout.fields) == 0 {
		return entry{}, false, nil
	}
	i := w.index % len(w.layout.fields)
	w.record = w.index/len(w.layout.fields) + 1
	w.index++
	return w.plain(w.layout.fields[i])
}

func (w *walk) ber() (entry, bool, *Error) {
	for w.pos < len(w.buf) && w.buf[w.pos] == 0 {
		w.pos++ // EMV Book 3, annex B1: zero bytes may stand between data objects
	}
	if w.pos == len(w.buf) {
		return entry{}, false, nil
	}
	size := berTagSize(w.buf[w.pos:])
	if size == 0 {
		return entry{}, false, fault(ErrTag, w.layout.path, w.pos, nil)
	}
	e := entry{start: w.pos, tag: w.pos, end: w.pos + size}
	var key uint32
	for _, c := range w.buf[e.tag:e.end] {
		key = key<<8 | uint32(c)
	}
	e.node = w.layout.byBER[key]
	if e.node == nil {
		e.node = w.layout.unknown
	}
	return w.value(e)
}

// value parses length and value behind the tag of e.
func (w *walk) value(e entry) (entry, bool, *Error) {
	s, err := e.node.parse(w.buf, e.end)
	if err != nil {
		err.Path = w.layout.path + "." + w.layout.keyText(w.buf[e.tag:e.end])
		return entry{}, false, err
	}
	e.span = s
	w.pos = int(s.end)
	return e, true, nil
}

// berTagSize returns the size of the BER tag at the start of b, 1 to 4; 0 if there is none.
func berTagSize(b []byte) int {
	if len(b) > 0 && b[0]&0x1F != 0x1F {
		return 1
	}
	for i := 1; i < len(b) && i < 4; i++ {
		if b[i]&0x80 == 0 {
			return i + 1
		}
	}
	return 0
}

func (w *walk) tagged() (entry, bool, *Error) {
	l := w.layout
	if w.pos == len(w.buf) {
		return entry{}, false, nil
	}
	e := entry{start: w.pos, tag: w.pos}
	if l.lengthFirst {
		return w.lengthFirst(e)
	}
	e.end = w.pos + l.tagSize
	if e.end > len(w.buf) {
		return entry{}, false, fault(ErrTruncated, l.path, w.pos, detail("in a tag"))
	}
	var err *Error
	if e.node, err = l.lookup(w.buf[e.tag:e.end], w.pos); err != nil {
		return entry{}, false, err
	}
	return w.value(e)
}

// lengthFirst parses an entry whose length stands before its tag.
func (w *walk) lengthFirst(e entry) (entry, bool, *Error) {
	l := w.layout
	count, head, err := l.unknown.prefix.read(w.buf, w.pos)
	if err != nil {
		err.Path = l.path
		return entry{}, false, err
	}
	e.tag = w.pos + head
	e.end = e.tag + l.tagSize
	if l.countsTag {
		count -= l.tagSize
	}
	if count < 0 || e.end > len(w.buf) || count > len(w.buf)-e.end {
		return entry{}, false, fault(ErrTruncated, l.path, w.pos, detail("in an entry"))
	}
	if e.node, err = l.lookup(w.buf[e.tag:e.end], e.tag); err != nil {
		return entry{}, false, err
	}
	units := e.node.unitsIn(count)
	content := w.buf[e.end : e.end+count]
	if units < e.node.min || units > e.node.max || !e.node.valid(content, units) {
		bad := e.node.explain(content, e.end, units)
		if units < e.node.min || units > e.node.max {
			bad = fault(ErrTooLong, e.node.path, e.end, nil)
		}
		return entry{}, false, bad
	}
	e.span = span{start: uint32(e.start), content: uint32(e.end), end: uint32(e.end + count), units: uint32(units)}
	w.pos = e.end + count
	return e, true, nil
}

// lookup returns the node of a tag.
func (l *layout) lookup(tag []byte, at int) (*node, *Error) {
	for i, c := range tag {
		if l.tagCoding != spec.Raw && l.tagCoding != spec.BCD && classes[l.tagChar(c)]&(classLetter|classDigit|classSpecial|classBlank) == 0 {
			return nil, fault(ErrTag, l.path, at+i, nil)
		}
	}
	var text [16]byte
	if n := l.byTag[string(l.appendKey(text[:0], tag))]; n != nil {
		return n, nil
	}
	if l.unknown == nil {
		return nil, fault(ErrUnknown, l.path, at, detail("tag is not in the spec"))
	}
	return l.unknown, nil
}

func (l *layout) tagChar(c byte) byte {
	if p := codePages[l.tagCoding]; p != nil {
		return p.toLatin1[c]
	}
	return c
}

// appendKey appends a tag as it stands in paths.
func (l *layout) appendKey(dst, tag []byte) []byte {
	if l.kind == spec.BERTLV || l.tagCoding == spec.Raw || l.tagCoding == spec.BCD {
		nibbles := 2 * len(tag)
		skip := 0
		if l.tagCoding == spec.BCD {
			skip = nibbles - l.tagDigits
		}
		for i := skip; i < nibbles; i++ {
			dst = append(dst, hexChar(tag[i/2]>>(4*(1-i&1))&15, spec.HexASCII))
		}
		return dst
	}
	for _, c := range tag {
		dst = append(dst, l.tagChar(c))
	}
	return dst
}

func (l *layout) keyText(tag []byte) string { return string(l.appendKey(nil, tag)) }

// appendTag appends a tag given as it stands in paths; ok is false if it is no tag of this layout.
func (l *layout) appendTag(dst []byte, key string) (out []byte, ok bool) {
	switch {
	case l.kind == spec.BERTLV || l.tagCoding == spec.Raw || l.tagCoding == spec.BCD:
		if l.tagCoding == spec.BCD && len(key)%2 == 1 {
			key = "0" + key
		}
		start := len(dst)
		if dst, ok = appendHex(dst, []byte(key)); !ok {
			return dst, false
		}
		tag := dst[start:]
		return dst, len(tag) == l.tagSize || l.kind == spec.BERTLV && berTagSize(tag) == len(tag)
	case len(key) != l.tagSize:
		return dst, false
	}
	for _, c := range []byte(key) {
		if p := codePages[l.tagCoding]; p != nil {
			c = p.fromLatin1[c]
		}
		dst = append(dst, c)
	}
	return dst, true
}

// appendHex appends the bytes that hexadecimal text stands for; ok is false if it is none.
func appendHex(dst, text []byte) (out []byte, ok bool) {
	if len(text)%2 != 0 {
		return dst, false
	}
	for i := 0; i < len(text); i += 2 {
		high, low := hexDigit(text[i], spec.HexASCII), hexDigit(text[i+1], spec.HexASCII)
		if high|low > 15 {
			return dst, false
		}
		dst = append(dst, high<<4|low)
	}
	return dst, true
}

func (w *walk) bitmapped() (entry, bool, *Error) {
	form := &w.layout.bitmap
	if w.index == 0 {
		if w.pos == len(w.buf) {
			return entry{}, false, nil // an empty field has no parts
		}
		size, _, err := form.read(w.buf, w.pos, &w.present)
		if err != nil {
			err.Path = w.layout.path
			return entry{}, false, err
		}
		w.pos += size
	}
	for w.index++; w.index <= form.highest(); w.index++ {
		if w.present[(w.index-1)/64]>>(63-(w.index-1)%64)&1 == 0 {
			continue
		}
		for _, n := range w.layout.fields {
			if n.number == w.index {
				return w.plain(n)
			}
		}
		return entry{}, false, fault(ErrUnknown, w.layout.path, w.pos, lengths{"bit and highest bit:", w.index, form.highest()})
	}
	if w.pos < len(w.buf) {
		return entry{}, false, fault(ErrTrailing, w.layout.path, w.pos, nil)
	}
	return entry{}, false, nil
}
