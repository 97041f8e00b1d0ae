package emv

import (
	"iter"
)

// TLV is zero or more data objects one after the other, as they stand on the wire: field 55, a record, the value of a
// template. It is a view: nothing is decoded before it is asked for, and the values it gives share its memory and live
// as long as it does. Order, duplicates, unknown tags and padding stay as they are.
//
// The methods of TLV read strictly (EMV Book 3 Annex B): 00 octets between objects are padding, a length may be longer
// than it needs to be, and everything else is a fault, at which they stop as at the end. Validate tells the two apart;
// a Decoder reports faults as it goes and knows the quirks of ParseOptions.
type TLV []byte

// Value is the value of a data object. It shares the memory of the TLV it was found in, and its capacity ends with it.
type Value []byte

// TLV returns the value as data objects: the inside of a template.
func (v Value) TLV() TLV { return TLV(v) }

// maxDepth is how many templates may stand inside each other. The deepest real data has five.
const maxDepth = 16

// All iterates over the objects of this level in their order. It stops at the first fault.
func (d TLV) All() iter.Seq2[Tag, Value] {
	return func(yield func(Tag, Value) bool) {
		for i := 0; ; {
			t, from, n := short(d, i)
			to := from + n
			if n < 0 {
				if t, from, to = scan(d, i); to < 0 {
					return
				}
			}
			if !yield(t, Value(d[from:to:to])) {
				return
			}
			i = to
		}
	}
}

// Get returns the first object of this level that has the tag. An empty value is a value: the second result tells.
func (d TLV) Get(tag Tag) (Value, bool) {
	for i := 0; ; {
		t, from, n := short(d, i)
		to := from + n
		if n < 0 {
			if t, from, to = scan(d, i); to < 0 {
				return nil, false
			}
		}
		if t == tag {
			return Value(d[from:to:to]), true
		}
		i = to
	}
}

// GetAll iterates over the values of every object of this level that has the tag.
func (d TLV) GetAll(tag Tag) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		for t, v := range d.All() {
			if t == tag && !yield(v) {
				return
			}
		}
	}
}

// Find follows a path of tags downwards, from a template into its children, and returns the first object at its end.
// Where a template is repeated and the first one does not hold the rest of the path, it tries the next.
func (d TLV) Find(path ...Tag) (Value, bool) {
	if len(path) == 0 {
		return nil, false
	}
	if len(path) == 1 {
		return d.Get(path[0])
	}
	for t, v := range d.All() {
		if t != path[0] {
			continue
		}
		if found, ok := v.TLV().Find(path[1:]...); ok {
			return found, true
		}
	}
	return nil, false
}

// Lookup returns the first object that has the tag at any depth, in the order of Walk.
func (d TLV) Lookup(tag Tag) (Value, bool) { return d.lookup(tag, 1) }

func (d TLV) lookup(tag Tag, depth int) (Value, bool) {
	for t, v := range d.All() {
		if t == tag {
			return v, true
		}
		if !t.Constructed() || depth == maxDepth || !v.TLV().wellFormed() {
			continue
		}
		if found, ok := v.TLV().lookup(tag, depth+1); ok {
			return found, true
		}
	}
	return nil, false
}

// Walk iterates over the objects of every depth, a template before what it holds. The path of each ends with its own
// tag and is valid until the next step. A template whose value is not made of data objects is given as it is, and the
// walk goes on behind it.
func (d TLV) Walk() iter.Seq2[Path, Value] {
	return func(yield func(Path, Value) bool) {
		var path [maxDepth]Tag
		d.walk(path[:0], yield)
	}
}

func (d TLV) walk(path Path, yield func(Path, Value) bool) bool {
	for t, v := range d.All() {
		here := append(path, t)
		if !yield(here, v) {
			return false
		}
		if t.Constructed() && len(here) < maxDepth && v.TLV().wellFormed() && !v.TLV().walk(here, yield) {
			return false
		}
	}
	return true
}

// wellFormed reports whether the data is whole objects to its end, without looking into templates.
func (d TLV) wellFormed() bool {
	i := 0
	for {
		_, from, to := scan(d, i)
		if to < 0 {
			return from == len(d)
		}
		i = to
	}
}

// Validate reads all of the data, templates included, and returns the first fault as a *SyntaxError. Options may be
// nil.
func (d TLV) Validate(o *ParseOptions) error {
	if fault := validate(d, 0, o, nil); fault != nil {
		return fault
	}
	return nil
}

// validate reads the data that starts at offset base inside the templates of the path.
func validate(b []byte, base int, o *ParseOptions, path Path) *SyntaxError {
	d := NewDecoder(b, o)
	for d.Next() {
		if !d.tag.Constructed() || o.opaque(d.tag) {
			continue
		}
		if len(path)+1 >= o.maxDepth() {
			return tooDeep(&d, base, path)
		}
		if fault := validate(d.Value(), base+d.from, o, append(path, d.tag)); fault != nil {
			return fault
		}
	}
	return d.fault(base, path)
}

// Next cuts the first object off b: its tag, its value and what follows it. At the end of the data, where at most
// padding is left, the tag is 0 and rest is empty. An error is a *SyntaxError with the offset in b.
func Next(b []byte) (t Tag, v Value, rest []byte, err error) {
	t, from, to := scan(b, 0)
	switch {
	case to >= 0:
		return t, b[from:to:to], b[to:], nil
	case from == len(b):
		return 0, nil, b[len(b):], nil
	}
	_, _, _, fault := readObject(b, from, quirks{})
	return 0, nil, b, fault
}
