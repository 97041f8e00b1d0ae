package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/posline/posline/examples/iso8583/internal/dump"
)

// headSize is how much of an input is looked at to tell its form.
const headSize = 16 << 10

// open returns a reader of an input. Where it may have several forms, such as digits that are bytes in hexadecimal or
// the characters of a message, the first one counts by which the first message can be read.
func (w wireReader) open(name string, r io.Reader) (*dump.Reader, dump.Form) {
	if w.options.form != dump.Auto || w.options.codec == nil {
		in := dump.NewReader(r, w.options.form)
		return in, in.Form()
	}
	src := bufio.NewReaderSize(r, headSize)
	head, _ := src.Peek(headSize) // a fault comes again when it is its turn
	forms, err := dump.Detect(head)
	if err != nil || len(forms) == 1 {
		in := dump.NewReader(src, dump.Auto)
		return in, in.Form()
	}
	form := forms[0]
	if !w.opens(head, form) {
		for _, other := range forms[1:] {
			if w.opens(head, other) {
				form = other
				w.console.note("%s is read as %s, since no message is in it as %s; -input %s reads it so all the same", inputName(name), form, forms[0], forms[0])
				break
			}
		}
	}
	return dump.NewReader(src, form), form
}

var errEnough = errors.New("enough was read")

// opens tells whether the first message of an input can be read in a form.
func (w wireReader) opens(head []byte, form dump.Form) (opens bool) {
	m := w.options.codec.New()
	defer m.Wipe()
	probe := wireReader{console: &console{stderr: io.Discard}, options: w.options,
		use: func(_ piece, wire []byte) error {
			opens = m.Unpack(wire) == nil
			return errEnough
		},
		refused: func(piece, error) error { return errEnough },
	}
	in := dump.NewReader(bytes.NewReader(head), form)
	probe.cutUp("", in) // whatever stopped it
	return opens
}
