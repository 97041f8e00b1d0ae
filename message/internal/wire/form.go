package wire

import "github.com/posline/posline/message/internal/fault"

// MaxImage bounds the size of a message, so that positions fit in 32 bits everywhere.
const MaxImage = 1 << 30

// Oversize tells whether a message of so many bytes is too long.
func Oversize(size int) bool { return size > MaxImage }

// Ending is how the end of a value is found.
type Ending uint8

// The endings.
const (
	EndFixed  Ending = iota // the form says
	EndPrefix               // a length prefix says
	EndRest                 // the surroundings end
	EndMark                 // a terminator follows
)

// Text is how the content of a value is turned into text.
type Text uint8

// The ways.
const (
	TextOther  Text = iota
	TextAsIs        // it is text
	TextDigits      // from packed digits
)

// Form is how a value is written: what it is made of, in which coding, and how its end is found. Lengths are in units:
// digits, characters or bytes. What packing and unpacking need comes first, to lie in one cache line.
type Form struct {
	Text    Text // how the value is turned into text
	Plain   bool // nothing but an optional prefix and content: no sign, mark, reserve, page or unusual unit
	Packed  bool // a plain value that is not written as its bytes are: digits or hexadecimal pairs
	Signed  bool // a sign stands in front and is not counted
	Reserve bool // the content area always has its full size
	Left    bool // an odd digit stands left, the filler right

	AnyFiller bool // any filler nibble is read
	Filler    byte // the one that is written
	Ending    Ending
	Check     Check
	Content   Class
	Coding    Coding
	Classes   Class // what a text value may hold

	Min    int
	Max    int
	Size   int // content bytes of a value of Max units
	Head   int // bytes of the length prefix of a plain value
	signs  int // bytes of the sign
	halves int // half bytes of a unit
	Prefix Prefix

	Page      *CodePage // for EBCDIC text
	Signs     string    // the sign characters
	Mark      string    // the terminator
	PadSide   Side
	PadChar   byte
	PadTo     int  // length that short variable values are filled up to; 0 for none
	Separator byte // what nibble D of packed track data reads as

	Path     string // what faults call the value: "55.9F26"
	Notation string // of the content, for faults: "ans"
}

// Complete works out what follows from the other members.
func (f *Form) Complete() {
	f.measure()
	f.Check = f.checkOf()
	f.Size = f.WireSize(f.Max)
	f.Plain = !f.Signed && !f.Reserve && f.PadTo <= f.Min && f.Page == nil && f.Coding != Zoned &&
		(f.Ending == EndFixed || f.Ending == EndPrefix && f.Prefix.Unit == OwnUnit && !f.Prefix.Inclusive && f.Prefix.Coding != BER)
	f.Packed = f.Decodes()
	switch {
	case f.Plain && !f.Packed && f.Content != Any:
		f.Text = TextAsIs
	case f.Plain && f.Coding == BCD && f.Content != Track:
		f.Text = TextDigits
	}
	f.Head = 0
	if f.Ending == EndPrefix {
		f.Head = f.Prefix.Size
	}
}

// Decodes tells whether the parts of a value are found in the decoded value instead of the content on the wire.
func (f *Form) Decodes() bool {
	return f.Coding == BCD || f.Coding == HexASCII || f.Coding == HexEBCDIC
}

// IsText tells whether the content is letters, digits, specials or a combination of them.
func (f *Form) IsText() bool { return f.Content&(Letter|Digit|Special) != 0 }

// WireSize is the number of content bytes of a value of so many units.
func (f *Form) WireSize(units int) int { return f.signs + (units*f.halves+1)>>1 }

// measure works out what WireSize goes by.
func (f *Form) measure() {
	f.signs, f.halves = 0, 2
	switch f.Coding {
	case BCD:
		f.halves = 1
	case HexASCII, HexEBCDIC:
		f.halves = 4
	}
	if f.Signed {
		f.signs = 1
	}
}

// Span is where a field stands in a buffer.
type Span struct {
	Start   uint32 // of the length prefix
	Content uint32 // of the value
	End     uint32 // of the field: behind the value, its reserved area and its terminator
	Units   uint32 // length of the value in digits, characters or bytes
}

// Parse finds the field that starts at pos in buf and checks all of it.
func (f *Form) Parse(buf []byte, pos int) (Span, *fault.Fault) {
	if f.Plain {
		content, units, size := pos, f.Max, f.Size
		if f.Ending == EndPrefix {
			if units = f.Prefix.Quick(buf, pos); units < f.Min || units > f.Max {
				return f.parseAny(buf, pos)
			}
			content += f.Prefix.Size
			size = f.WireSize(units)
		}
		if end := content + size; end <= len(buf) && f.ValidContent(buf[content:end], units) {
			return Span{Start: uint32(pos), Content: uint32(content), End: uint32(end), Units: uint32(units)}, nil
		}
	}
	return f.parseAny(buf, pos)
}

// parseAny is parse for every form of field, and for finding out what is wrong with one.
func (f *Form) parseAny(buf []byte, pos int) (Span, *fault.Fault) {
	content, units := pos, f.Max
	if f.Ending != EndFixed {
		var err *fault.Fault
		if content, units, err = f.Extent(buf, pos); err != nil {
			return Span{}, err
		}
	}
	size := f.WireSize(units)
	end := content + size
	if end > len(buf) {
		return Span{}, fault.New(fault.Truncated, f.Path, pos, fault.Lengths{What: "bytes left, needed:", Got: len(buf) - content, Want: size})
	}
	if !f.Valid(buf[content:end], units) {
		return Span{}, f.Explain(buf[content:end], content, units)
	}
	s := Span{Start: uint32(pos), Content: uint32(content), End: uint32(end), Units: uint32(units)}
	if f.Reserve || f.Ending == EndMark {
		return f.Closing(buf, s)
	}
	return s, nil
}

// Extent finds where the value of a field that is not fixed starts and how many units it has.
func (f *Form) Extent(buf []byte, pos int) (content, units int, err *fault.Fault) {
	switch f.Ending {
	case EndPrefix:
		count, head, bad := f.Prefix.Read(buf, pos)
		if bad != nil {
			bad.Path = f.Path
			return 0, 0, bad
		}
		content = pos + head
		if units, err = f.unitsOf(buf, content, count); err != nil {
			return 0, 0, err
		}
	case EndRest:
		content, units = pos, min(f.Max, f.UnitsIn(len(buf)-pos))
	default:
		content = pos
		for units = 0; ; units++ {
			if pos+units+len(f.Mark) > len(buf) || units > f.Max {
				return 0, 0, fault.New(fault.Truncated, f.Path, pos, fault.Detail("no terminator"))
			}
			if string(buf[pos+units:pos+units+len(f.Mark)]) == f.Mark {
				break
			}
		}
		units = f.UnitsIn(units)
	}
	switch {
	case units > f.Max:
		return 0, 0, fault.New(fault.TooLong, f.Path, pos, fault.Lengths{What: "length and maximum:", Got: units, Want: f.Max})
	case units < f.Min:
		return 0, 0, fault.New(fault.TooShort, f.Path, pos, fault.Lengths{What: "length and minimum:", Got: units, Want: f.Min})
	}
	return content, units, nil
}

// unitsOf turns the number in a length prefix into units of the value.
func (f *Form) unitsOf(buf []byte, content, count int) (int, *fault.Fault) {
	if f.Prefix.Unit == OwnUnit {
		if f.Signed {
			count--
		}
		if count < 0 {
			return 0, fault.New(fault.Length, f.Path, content, fault.Detail("no room for the sign"))
		}
		return count, nil
	}
	size := count
	if f.Prefix.Unit == Nibbles {
		if f.Coding == BCD {
			return count, nil
		}
		if size%2 != 0 {
			return 0, fault.New(fault.Length, f.Path, content, fault.Detail("half a byte"))
		}
		size /= 2
	}
	if f.Coding == BCD && size > 0 && content+size <= len(buf) && !f.Signed {
		return f.digitsBeside(buf[content:content+size], 2*size), nil
	}
	if (f.Coding == HexASCII || f.Coding == HexEBCDIC) && size%2 != 0 {
		return 0, fault.New(fault.Length, f.Path, content, fault.Detail("half a hexadecimal pair"))
	}
	return f.UnitsIn(size), nil
}

// UnitsIn is the number of units that so many content bytes hold.
func (f *Form) UnitsIn(size int) int {
	if f.Signed {
		size = max(0, size-1)
	}
	switch f.Coding {
	case BCD:
		return 2 * size
	case HexASCII, HexEBCDIC:
		return size / 2
	default:
		return size
	}
}

// digitsBeside counts the digits in whole BCD bytes, where a filler nibble shows that their number is odd.
func (f *Form) digitsBeside(b []byte, nibbles int) int {
	edge := b[0] >> 4
	if f.Left {
		edge = b[len(b)-1] & 15
	}
	if edge == f.Filler {
		return nibbles - 1
	}
	return nibbles
}

// Closing extends s over what follows a value: the rest of a reserved area, the terminator.
func (f *Form) Closing(buf []byte, s Span) (Span, *fault.Fault) {
	if f.Ending == EndMark {
		s.End += uint32(len(f.Mark))
		return s, nil
	}
	end := int(s.Content) + f.WireSize(f.Max)
	if end > len(buf) {
		return Span{}, fault.New(fault.Truncated, f.Path, int(s.Start), fault.Lengths{What: "bytes left, needed:", Got: len(buf) - int(s.Content), Want: f.WireSize(f.Max)})
	}
	s.End = uint32(end)
	return s, nil
}
