// Package dump gets the bytes back out of what people have of them: hexadecimal in every usual form, the listings of xxd,
// hexdump, od, tcpdump and Wireshark, what tshark prints of a conversation, or the bytes themselves.
//
// Start with NewReader. Detect tells the form from the first bytes of an input.
package dump

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Form is how bytes are written.
type Form uint8

// The forms. Auto is for NewReader, which then takes what Detect finds.
const (
	Auto    Form = iota
	Hex          // digits; white space, 0x and , : ; - between them do not count
	Listing      // offset, digits, perhaps the characters: xxd, hexdump, od, tcpdump, Wireshark
	Fields       // what tshark -T fields prints: a stream's number, more if need be, and the payload, with tabs between
	Array        // a list of numbers, as programs have it: 0x30, 48 or -104, with casts and comments
	Escaped      // a string with \x or octal escapes
	Log          // lines with a long run of digits among other things, such as times and JSON
	Base64       // in one line or several
	Text         // the characters themselves, line ends around them left out
	Raw          // the bytes themselves
)

var names = []string{"auto", "hex", "listing", "tshark", "array", "escaped", "log", "base64", "text", "raw"}

// Names lists the names of the forms.
func Names() []string { return slices.Clone(names) }

// String returns the name of the form.
func (f Form) String() string {
	if int(f) < len(names) {
		return names[f]
	}
	return fmt.Sprintf("Form(%d)", uint8(f))
}

// FormByName is the other way round.
func FormByName(name string) (Form, error) {
	i := slices.Index(names, name)
	if i < 0 {
		return Auto, fmt.Errorf("no input form %q; there are %s", name, strings.Join(names, ", "))
	}
	return Form(i), nil
}

// Part is bytes that stand together in an input.
type Part struct {
	// Stream tells apart what was said in different conversations, or in the two directions of one.
	Stream string

	// Line is where the bytes begin, counted from 1; 0 in a raw input.
	Line int

	// Start is set on the first bytes of a packet, a listing or a line of text.
	Start bool

	// Bytes are valid until the next Part.
	Bytes []byte
}

// Error is something in an input that is not of its form.
type Error struct {
	Line, Column int
	Offset       int64 // bytes before it: in the input, or in the line where lines are messages
	Says         string
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Says)
}

const (
	// headSize is how much of an input Detect is given.
	headSize = 16 << 10

	// maxLine bounds a line, and an input that is taken as a whole.
	maxLine = 64 << 20

	// chunk is how much a Part holds of an input without lines.
	chunk = 32 << 10
)

// Reader reads an input part by part.
type Reader struct {
	src  *bufio.Reader
	form Form
	next func() (Part, error)

	buffer []byte // what Part.Bytes are in
	text   []byte // a line
	line   int
	offset int64 // bytes read so far
	column int   // of the last character of the line before

	passed  int   // lines of a log without bytes
	pairsAt int   // the column where those of one began that were in pairs; 0 for none
	starts  []int // where in buffer the lists of a program begin
	columns columns
	listing listing
	pushed  *Part // a row that was read too early

	half bool // a digit stands alone at the end of the last line
	high byte // which

	// Lines is set before the first Next where a line is a message: a byte then does not go over its end.
	Lines bool
}

// NewReader returns a Reader of r. With Auto it looks at the first bytes at once.
func NewReader(r io.Reader, form Form) *Reader {
	d := &Reader{src: bufio.NewReaderSize(r, headSize), form: form}
	head := d.head()
	if c, ok := charsetOf(head); ok && form != Raw {
		d.src = c.reader(d.src)
		head = d.head()
	}
	if form == Auto {
		forms, err := Detect(head)
		if err != nil {
			d.next = func() (Part, error) { return Part{}, err }
			return d
		}
		d.form = forms[0]
	}
	switch d.form {
	case Hex:
		d.next = d.hexLine
	case Listing:
		d.listing.notation = notationOf(string(head))
		d.next = d.packets
	case Fields:
		d.next = d.fieldsLine
	case Array:
		d.next = d.whole(d.array)
	case Escaped:
		d.next = d.whole(d.escaped)
	case Log:
		d.next = d.logLine
	case Base64:
		d.next = d.base64Line
	case Text:
		d.next = d.textLine
	default:
		d.next = d.raw
	}
	return d
}

// head is the start of the input: as much as Detect is given where the form is to be found, and otherwise what has come, as
// more may take its time.
func (d *Reader) head() []byte {
	size := headSize
	if d.form != Auto {
		d.src.Peek(1)
		size = d.src.Buffered()
	}
	head, _ := d.src.Peek(size) // a fault comes again when it is its turn
	return head
}

// Form returns the form of the input; Auto for one that is refused.
func (d *Reader) Form() Form { return d.form }

// Size returns how many bytes of messages were read so far.
func (d *Reader) Size() int64 { return d.offset }

// Passed returns how many lines of a log were passed over so far, as they have no bytes.
func (d *Reader) Passed() int { return d.passed }

// Next returns the next part; io.EOF ends the input. The error is an *Error where the input is not of its form. Where
// lines are messages it may be called again, for the next one.
func (d *Reader) Next() (Part, error) {
	for {
		p, err := d.next()
		if err != nil || len(p.Bytes) > 0 {
			d.offset += int64(len(p.Bytes))
			return p, err
		}
	}
}

// scan reads a line into d.text, without its end. io.EOF tells that there is none.
func (d *Reader) scan() error {
	d.text = d.text[:0]
	for {
		part, err := d.src.ReadSlice('\n')
		d.text = append(d.text, part...)
		switch {
		case err == bufio.ErrBufferFull && len(d.text) <= maxLine:
			continue
		case err == bufio.ErrBufferFull:
			return fmt.Errorf("line %d: longer than %d bytes", d.line+1, maxLine)
		case err == io.EOF && len(d.text) > 0, err == nil:
			d.line++
			d.text = bytes.TrimRight(d.text, "\r\n")
			return nil
		}
		return err
	}
}

func (d *Reader) fault(column int, says string) error {
	d.half = false // what follows begins anew
	offset := int64(len(d.buffer))
	if !d.Lines {
		offset += d.offset
	}
	return &Error{Line: d.line, Column: column, Offset: offset, Says: says}
}

// raw returns bytes as they are.
func (d *Reader) raw() (Part, error) {
	if cap(d.buffer) < chunk {
		d.buffer = make([]byte, chunk)
	}
	n, err := d.src.Read(d.buffer[:chunk])
	if n > 0 {
		err = nil // it comes again
	}
	return Part{Start: d.offset == 0, Bytes: d.buffer[:n]}, err
}

// textLine returns a line as it is.
func (d *Reader) textLine() (Part, error) {
	if err := d.scan(); err != nil {
		return Part{}, err
	}
	return Part{Line: d.line, Start: true, Bytes: d.text}, nil
}

// whole makes a next of what reads an input in one go.
func (d *Reader) whole(read func(text []byte) error) func() (Part, error) {
	return func() (Part, error) {
		if len(d.starts) == 0 {
			text, err := io.ReadAll(io.LimitReader(d.src, maxLine+1))
			switch {
			case err != nil:
				return Part{}, err
			case len(text) == 0:
				return Part{}, io.EOF
			case len(text) > maxLine:
				return Part{}, fmt.Errorf("an input of this form may have %d bytes", maxLine)
			}
			if err := read(text); err != nil {
				return Part{}, err
			}
		}
		from, to := d.starts[0], len(d.buffer)
		if d.starts = d.starts[1:]; len(d.starts) > 0 {
			to = d.starts[0]
		}
		return Part{Line: 1, Start: true, Bytes: d.buffer[from:to]}, nil
	}
}
