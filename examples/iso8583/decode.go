package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/posline/posline/examples/iso8583/internal/dump"
	"github.com/posline/posline/message"
	"github.com/posline/posline/message/clearing"
)

var decodeCommand = command{
	name: "decode", args: "[FILE...]", about: "show messages, field by field",
	more: `  iso8583 decode -spec unionpay-pos -frame binary2 capture.hex
  iso8583 decode -spec example-mastercard-ipm-ebcdic -frame clearing -json T112.ipm

With -frame the input is any number of messages, each with its length header, or the records of a clearing file; with
-lines each line, or each packet of a listing or capture, is a message; without both the input is one. What cannot be
read is told, with the place, and the next message follows. iso8583 guess finds the flags for an input. Where -input names
the form, messages are shown as they come:

  tshark -l -i eth0 -Y 'tcp.payload' -T fields -e tcp.stream -e tcp.srcport -e tcp.payload |
    iso8583 decode -spec unionpay-pos -frame binary2 -input tshark`,
	setup: setupDecode,
}

func setupDecode(c *console, flags *flag.FlagSet) func([]string) error {
	o := &options{}
	o.registerSpec(flags)
	o.registerFrame(flags, true)
	o.registerInput(flags)
	o.registerClear(flags)
	flags.BoolVar(&o.json, "json", false, "write one JSON object a line")
	return func(files []string) error { return c.decode(o, files) }
}

// decode shows messages. One that is wrong is reported, and the next one follows.
func (c *console) decode(o *options, files []string) error {
	if err := o.load(c); err != nil {
		return err
	}
	c.buffered()
	d := newDecoder(c, o)
	err := c.inputs(files, func(name string, r io.Reader) error {
		return wireReader{console: c, options: o, use: d.show, refused: d.refused, partial: true}.read(name, r)
	})
	return c.flushed(err)
}

func newDecoder(c *console, o *options) *decoder {
	return &decoder{console: c, options: o, message: o.codec.New(), form: o.text()}
}

type decoder struct {
	*console
	*options
	message *message.Message
	form    message.TextForm
	wire    []byte // of the message
	out     []byte // what goes out in one write
	shown   int
}

// show writes one message. The error is one of writing.
func (d *decoder) show(p piece, wire []byte) error {
	d.wire = wire
	return d.print(p, d.message.Unpack(wire))
}

// print writes the message as far as it could be read; err is what stopped it.
func (d *decoder) print(p piece, err error) error {
	if d.json {
		if err == nil {
			d.out, err = d.form.AppendJSON(d.out[:0], d.message)
		}
		if err != nil {
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
	return d.write(d.appendDump(append(d.out, '\n')))
}

// longestDump is how many bytes are shown of a message that cannot be read.
const longestDump = 4096

// appendDump appends the bytes of a message that cannot be read, or the first of them.
func (d *decoder) appendDump(dst []byte) []byte {
	wire := d.wire
	if len(wire) <= longestDump {
		return d.form.AppendHexDump(dst, d.message)
	}
	first := d.codec.New()
	defer first.Wipe()
	first.Unpack(wire[:longestDump]) // it has the same fault, or is cut off
	dst = d.form.AppendHexDump(dst, first)
	return fmt.Appendf(dst, "and %d bytes more\n", len(wire)-longestDump)
}

func (d *decoder) write(b []byte) error {
	_, err := d.stdout.Write(b)
	return err
}

// refused reports what cannot be decoded: with -json as an object in the output, otherwise as an error.
func (d *decoder) refused(p piece, err error) error {
	if !d.json {
		d.fault(placeOf(p, err), err)
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
	Offset  int64  `json:"offset"`
	Message string `json:"message"`
}

func explain(err error) failure {
	f := failure{Kind: "error", Offset: -1, Message: err.Error()}
	var fault *message.Error
	var digits *dump.Error
	var frame *frameError
	var record *clearing.Error
	switch {
	case errors.As(err, &fault):
		f.Kind, f.Path, f.Offset = fault.Kind.Error(), fault.Path, int64(fault.Offset)
	case errors.As(err, &digits):
		f.Kind, f.Offset = "bad hexadecimal", digits.Offset
	case errors.As(err, &frame):
		f.Kind, f.Offset = "bad frame", frame.offset
	case errors.As(err, &record):
		f.Kind, f.Offset = "bad clearing file", record.Offset
	}
	return f
}
