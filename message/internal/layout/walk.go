package layout

import (
	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/wire"
	"github.com/posline/posline/spec"
)

// Entry is one part of a field, found by a walk over the field's inside.
type Entry struct {
	Node  *Node
	Start int // of the whole entry: of the tag, or the length before it
	Tag   int // offset of the tag's bytes; equal to End where there is no tag
	End   int // of the tag's bytes

	Record int // of a Repeated layout, from 1; 0 otherwise
	Span   wire.Span
}

// Walk goes over the inside of a field part by part.
type Walk struct {
	layout  *Layout
	buf     []byte
	pos     int
	index   int // positional: next field; bitmapped: next bit
	record  int
	lead    bool // the lead field has been passed
	present [3]uint64
}

// Walk starts a walk over the inside of a field with the layout.
func (l *Layout) Walk(buf []byte) Walk { return Walk{layout: l, buf: buf, lead: l.Lead == nil} }

// Next returns the next part; ok is false at the end.
func (w *Walk) Next() (e Entry, ok bool, err *fault.Fault) {
	if !w.lead {
		w.lead = true
		if n := w.layout.Lead; w.pos < len(w.buf) && n.startsHere(w.buf[w.pos]) {
			return w.plain(n)
		}
	}
	switch w.layout.Kind {
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
func (w *Walk) plain(n *Node) (Entry, bool, *fault.Fault) {
	s, err := n.Parse(w.buf, w.pos)
	if err != nil {
		return Entry{}, false, err
	}
	e := Entry{Node: n, Start: w.pos, Tag: w.pos, End: w.pos, Record: w.record, Span: s}
	w.pos = int(s.End)
	return e, true, nil
}

func (w *Walk) positional() (Entry, bool, *fault.Fault) {
	for w.pos < len(w.buf) {
		if w.index == len(w.layout.Fields) {
			return Entry{}, false, fault.New(fault.Trailing, w.layout.Path, w.pos, nil)
		}
		n := w.layout.Fields[w.index]
		w.index++
		if !n.startsHere(w.buf[w.pos]) {
			continue
		}
		if n.cut != nil && len(w.buf)-w.pos < n.Size {
			n = n.cut
		}
		return w.plain(n)
	}
	return Entry{}, false, nil
}

func (w *Walk) repeated() (Entry, bool, *fault.Fault) {
	if w.pos == len(w.buf) && w.index%len(w.layout.Fields) == 0 {
		return Entry{}, false, nil
	}
	i := w.index % len(w.layout.Fields)
	w.record = w.index/len(w.layout.Fields) + 1
	w.index++
	return w.plain(w.layout.Fields[i])
}

func (w *Walk) ber() (Entry, bool, *fault.Fault) {
	for w.pos < len(w.buf) && w.buf[w.pos] == 0 {
		w.pos++ // EMV Book 3, annex B1: zero bytes may stand between data objects
	}
	if w.pos == len(w.buf) {
		return Entry{}, false, nil
	}
	size := wire.BERTagSize(w.buf[w.pos:])
	if size == 0 {
		return Entry{}, false, fault.New(fault.Tag, w.layout.Path, w.pos, nil)
	}
	e := Entry{Start: w.pos, Tag: w.pos, End: w.pos + size}
	var key uint32
	for _, c := range w.buf[e.Tag:e.End] {
		key = key<<8 | uint32(c)
	}
	e.Node = w.layout.byBER[key]
	if e.Node == nil {
		e.Node = w.layout.Unknown
	}
	return w.value(e)
}

// value parses length and value behind the tag of e.
func (w *Walk) value(e Entry) (Entry, bool, *fault.Fault) {
	s, err := e.Node.Parse(w.buf, e.End)
	if err != nil {
		err.Path = w.layout.Path + "." + w.layout.KeyText(w.buf[e.Tag:e.End])
		return Entry{}, false, err
	}
	e.Span = s
	w.pos = int(s.End)
	return e, true, nil
}

func (w *Walk) tagged() (Entry, bool, *fault.Fault) {
	l := w.layout
	if w.pos == len(w.buf) {
		return Entry{}, false, nil
	}
	e := Entry{Start: w.pos, Tag: w.pos}
	if l.lengthFirst {
		return w.lengthFirst(e)
	}
	e.End = w.pos + l.tagSize
	if e.End > len(w.buf) {
		return Entry{}, false, fault.New(fault.Truncated, l.Path, w.pos, fault.Detail("in a tag"))
	}
	var err *fault.Fault
	if e.Node, err = l.lookup(w.buf[e.Tag:e.End], w.pos); err != nil {
		return Entry{}, false, err
	}
	return w.value(e)
}

// lengthFirst parses an entry whose length stands before its tag.
func (w *Walk) lengthFirst(e Entry) (Entry, bool, *fault.Fault) {
	l := w.layout
	count, head, err := l.Unknown.Prefix.Read(w.buf, w.pos)
	if err != nil {
		err.Path = l.Path
		return Entry{}, false, err
	}
	e.Tag = w.pos + head
	e.End = e.Tag + l.tagSize
	if l.countsTag {
		count -= l.tagSize
	}
	if count < 0 || e.End > len(w.buf) || count > len(w.buf)-e.End {
		return Entry{}, false, fault.New(fault.Truncated, l.Path, w.pos, fault.Detail("in an entry"))
	}
	if e.Node, err = l.lookup(w.buf[e.Tag:e.End], e.Tag); err != nil {
		return Entry{}, false, err
	}
	units := e.Node.UnitsIn(count)
	content := w.buf[e.End : e.End+count]
	switch {
	case units < e.Node.Min || units > e.Node.Max:
		return Entry{}, false, fault.New(fault.TooLong, e.Node.Path, e.End, nil)
	case e.Node.WireSize(units) != count:
		return Entry{}, false, fault.New(fault.Length, e.Node.Path, e.End, fault.Detail("half a value"))
	case !e.Node.Valid(content, units):
		return Entry{}, false, e.Node.Explain(content, e.End, units)
	}
	e.Span = wire.Span{Start: uint32(e.Start), Content: uint32(e.End), End: uint32(e.End + count), Units: uint32(units)}
	w.pos = e.End + count
	return e, true, nil
}

func (w *Walk) bitmapped() (Entry, bool, *fault.Fault) {
	form := &w.layout.Bitmap
	if w.index == 0 {
		if w.pos == len(w.buf) {
			return Entry{}, false, nil // an empty field has no parts
		}
		size, _, err := form.Read(w.buf, w.pos, &w.present)
		if err != nil {
			err.Path = w.layout.Path
			return Entry{}, false, err
		}
		w.pos += size
	}
	for w.index++; w.index <= form.Highest(); w.index++ {
		if w.present[(w.index-1)/64]>>(63-(w.index-1)%64)&1 == 0 {
			continue
		}
		for _, n := range w.layout.Fields {
			if n.Number == w.index {
				return w.plain(n)
			}
		}
		return Entry{}, false, fault.New(fault.Unknown, w.layout.Path, w.pos, fault.Lengths{What: "bit and highest bit:", Got: w.index, Want: form.Highest()})
	}
	if w.pos < len(w.buf) {
		return Entry{}, false, fault.New(fault.Trailing, w.layout.Path, w.pos, nil)
	}
	return Entry{}, false, nil
}
