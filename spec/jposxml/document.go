package jposxml

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"

	"github.com/posline/posline/spec"
)

// What a file may hold. The largest packager files in use have a few hundred elements, four deep.
const (
	maxElements = 20000
	maxNesting  = 16
)

// element is an XML element with what packager files use of it.
type element struct {
	line       int // where it starts
	name       string
	attributes map[string]string
	children   []*element
}

// document reads the XML of a file. warn is called with what does not stop it.
func document(r io.Reader, warn func(line int, problem string)) (*element, error) {
	text, err := io.ReadAll(io.LimitReader(r, spec.MaxFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > spec.MaxFile {
		return nil, &Error{Problem: fmt.Sprintf("the file is larger than %d bytes", spec.MaxFile)}
	}
	b := builder{decoder: xml.NewDecoder(bytes.NewReader(inUTF8(text)))}
	b.decoder.CharsetReader = func(label string, input io.Reader) (io.Reader, error) {
		return charset(label, input, func(problem string) { warn(1, problem) }), nil
	}
	for {
		line, _ := b.decoder.InputPos()
		token, err := b.decoder.Token()
		if err == io.EOF {
			break
		}
		if err == nil {
			err = b.take(token, line)
		}
		if err != nil {
			return nil, located(err, line)
		}
	}
	if b.root == nil {
		return nil, &Error{Problem: "the file has no XML element"}
	}
	return b.root, nil
}

// located gives an error of the XML decoder its line.
func located(err error, line int) error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	var syntax *xml.SyntaxError
	if errors.As(err, &syntax) {
		return &Error{Line: syntax.Line, Problem: "XML: " + syntax.Msg}
	}
	return &Error{Line: line, Problem: "XML: " + err.Error()}
}

// builder makes elements of tokens.
type builder struct {
	decoder *xml.Decoder
	root    *element
	open    []*element
	count   int

	defaults map[string]map[string]string // of attributes, by element
}

func (b *builder) take(token xml.Token, line int) error {
	switch t := token.(type) {
	case xml.StartElement:
		return b.start(t, line)
	case xml.EndElement:
		b.open = b.open[:len(b.open)-1]
	case xml.Directive:
		if doctype, ok := strings.CutPrefix(string(t), "DOCTYPE"); ok && b.root == nil {
			b.defaults = attributeDefaults(doctype)
		}
	}
	return nil // text and comments say nothing
}

func (b *builder) start(t xml.StartElement, line int) error {
	e := &element{line: line, name: t.Name.Local, attributes: make(map[string]string, len(t.Attr))}
	for _, a := range t.Attr {
		if _, twice := e.attributes[a.Name.Local]; twice {
			return &Error{Line: line, Problem: fmt.Sprintf("attribute %q is given twice", a.Name.Local)}
		}
		e.attributes[a.Name.Local] = a.Value
	}
	for name, value := range b.defaults[e.name] {
		if _, given := e.attributes[name]; !given {
			e.attributes[name] = value
		}
	}
	b.count++
	switch {
	case b.count > maxElements:
		return &Error{Line: line, Problem: fmt.Sprintf("more than %d elements", maxElements)}
	case len(b.open) >= maxNesting:
		return &Error{Line: line, Problem: fmt.Sprintf("elements nest deeper than %d", maxNesting)}
	case len(b.open) > 0:
		parent := b.open[len(b.open)-1]
		parent.children = append(parent.children, e)
	case b.root != nil:
		return &Error{Line: line, Problem: "a second element beside the first"}
	default:
		b.root = e
	}
	b.open = append(b.open, e)
	return nil
}

// inUTF8 drops a byte order mark and turns UTF-16 that starts with one into UTF-8.
func inUTF8(text []byte) []byte {
	if rest, ok := bytes.CutPrefix(text, []byte("\xEF\xBB\xBF")); ok {
		return rest
	}
	var order binary.ByteOrder = binary.BigEndian
	switch {
	case bytes.HasPrefix(text, []byte("\xFE\xFF")):
	case bytes.HasPrefix(text, []byte("\xFF\xFE")):
		order = binary.LittleEndian
	default:
		return text
	}
	var units []uint16
	for text = text[2:]; len(text) >= 2; text = text[2:] {
		units = append(units, order.Uint16(text))
	}
	return []byte(string(utf16.Decode(units)))
}

// charset makes UTF-8 of a declared character set. Only names of fields and comments can hold more than ASCII, so that
// every set that keeps ASCII will do.
func charset(label string, input io.Reader, warn func(problem string)) io.Reader {
	switch strings.ToLower(label) {
	case "utf-16", "utf8":
		return input // it is UTF-8 by now
	case "iso-8859-1", "latin1", "us-ascii", "ascii":
	default:
		warn("names of fields in the character set " + label + " are read as ISO-8859-1")
	}
	return &latin1{in: bufio.NewReader(input)}
}

// latin1 reads ISO-8859-1 as UTF-8.
type latin1 struct {
	in   *bufio.Reader
	half byte // the second byte of a character, 0 for none
}

func (l *latin1) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if l.half != 0 {
			p[n], l.half = l.half, 0
			n++
			continue
		}
		c, err := l.in.ReadByte()
		if err != nil {
			if n > 0 {
				return n, nil
			}
			return 0, err
		}
		if c >= 0x80 {
			l.half = 0x80 | c&0x3F
			c = 0xC0 | c>>6
		}
		p[n] = c
		n++
	}
	return n, nil
}
