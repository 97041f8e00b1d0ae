package main

import (
	"encoding/json"
	"errors"

	"github.com/posline/posline/message"
)

// decode shows messages. One that is wrong is reported, and the next one follows.
func (c *console) decode(args []string) error {
	o, err := c.parseOptions("decode", args)
	if err != nil {
		return err
	}
	d := &decoder{console: c, options: o, message: o.codec.New(), form: o.form()}
	return c.pieces(o, d.piece)
}

type decoder struct {
	*console
	*options
	message *message.Message
	form    message.TextForm
	out     []byte // what goes out in one write
	shown   int
}

// piece shows the messages in a piece of the input. The error is one of writing.
func (d *decoder) piece(p piece) error {
	wire, err := p.bytes()
	if err != nil {
		return d.refused(p, err)
	}
	var writing error
	err = frames(d.framing, wire, func(wire []byte) error {
		writing = d.show(p, wire)
		return writing
	})
	if writing != nil || err == nil {
		return writing
	}
	return d.refused(p, err)
}

// show writes one message.
func (d *decoder) show(p piece, wire []byte) error {
	return d.print(p, d.message.Unpack(wire))
}

// print writes the message as far as it could be read; err is what stopped it.
func (d *decoder) print(p piece, err error) error {
	if d.json {
		if err != nil {
			return d.refused(p, err)
		}
		if d.out, err = d.form.AppendJSON(d.out[:0], d.message); err != nil {
			return d.refused(p, err)
		}
		return d.write(append(d.out, '\n'))
	}
	d.out = d.out[:0]
	if d.shown > 0 {
		d.out = append(d.out, '\n')
	}
	d.shown++
	d.out = d.form.AppendDescription(d.out, d.message)
	if err == nil {
		return d.write(d.out)
	}
	d.fault(p.place(), err)
	return d.write(d.form.AppendHexDump(append(d.out, '\n'), d.message))
}

func (d *decoder) write(b []byte) error {
	_, err := d.stdout.Write(b)
	return err
}

// refused reports what cannot be decoded: with -json as an object in the output, otherwise as an error.
func (d *decoder) refused(p piece, err error) error {
	if !d.json {
		place := p.place()
		if errors.As(err, new(*hexError)) {
			place = p.file // the error has the line
		}
		d.fault(place, err)
		return nil
	}
	d.faults++
	line, err := json.Marshal(map[string]failure{"error": explain(err)})
	if err != nil {
		return err
	}
	return d.write(append(line, '\n'))
}

// failure is an error as -json writes it.
type failure struct {
	Kind    string `json:"kind"`
	Path    string `json:"path"`
	Offset  int    `json:"offset"`
	Message string `json:"message"`
}

func explain(err error) failure {
	f := failure{Kind: "error", Offset: -1, Message: err.Error()}
	var fault *message.Error
	var digits *hexError
	var frame *frameError
	switch {
	case errors.As(err, &fault):
		f.Kind, f.Path, f.Offset = fault.Kind.Error(), fault.Path, fault.Offset
	case errors.As(err, &digits):
		f.Kind, f.Offset = "bad hexadecimal", digits.offset
	case errors.As(err, &frame):
		f.Kind, f.Offset = "bad frame", frame.offset
	}
	return f
}
