package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"strconv"

	"github.com/posline/posline/message"
	"github.com/posline/posline/message/clearing"
)

var encodeCommand = command{
	name: "encode", args: "[FILE...]", about: "write messages that are given as JSON",
	more: `  iso8583 encode -spec iso8583-1987-ascii sale.json
  iso8583 decode -spec a.xml -clear -json in.hex | iso8583 encode -spec a.xml

The JSON is what decode -clear -json writes: {"0":"0200","3":"000000","41":"TERM0001","55":{"9F26":"0102030405060708"}}.
One line of hexadecimal is written for each message, with -raw the bytes. With clearing-vbs or clearing-1014 as -frame the
messages are the records of a file. All of them are written or, if one is wrong, none.`,
	setup: setupEncode,
}

func setupEncode(c *console, flags *flag.FlagSet) func([]string) error {
	e := &encoder{console: c}
	e.registerSpec(flags)
	e.registerFrame(flags, true)
	flags.BoolVar(&e.lines, "lines", false, "one message a line: no message goes over the end of one")
	flags.BoolFunc("json", "read JSON: may be left out, as there is no other form", onlyJSON)
	flags.BoolVar(&e.raw, "raw", false, "write bytes in place of hexadecimal")
	return e.encode
}

type encoder struct {
	*console
	options
	raw     bool
	message *message.Message
	form    message.TextForm
	out     bytes.Buffer
	file    *clearing.Writer // nil without a clearing form
}

// encode packs messages given as JSON. It writes all of them or, if one is wrong, none.
func (e *encoder) encode(files []string) error {
	if err := e.load(e.console); err != nil {
		return err
	}
	e.message, e.form = e.codec.New(), message.TextForm{GBK: gbk{}}
	if e.isFile {
		if e.records == clearing.Auto {
			return usageError{errWhichForm}
		}
		e.file = clearing.NewWriter(&e.out, e.records)
	}
	if err := e.pieces(files, e.lines, e.piece); err != nil {
		return err
	}
	if e.faults > 0 {
		e.note("nothing was written")
		return nil
	}
	return e.write()
}

var (
	errNoOtherForm = errors.New("encode reads JSON only")
	errNoObject    = errors.New("no JSON object: encode reads what decode -clear -json writes; iso8583 decode reads the bytes of messages")
	errNotRead     = errors.New("not a message: it tells why decode could not read one")
	errWhichForm   = errors.New("encode writes clearing-vbs or clearing-1014")
)

// onlyJSON is the flag -json, which goes with that of decode.
func onlyJSON(value string) error {
	if on, err := strconv.ParseBool(value); err != nil || !on {
		return errNoOtherForm
	}
	return nil
}

// write writes what was packed.
func (e *encoder) write() error {
	out := e.out.Bytes()
	if e.file != nil {
		if err := e.file.Close(); err != nil {
			return err
		}
		out = e.out.Bytes()
		if !e.raw {
			out = append(hexUpper(nil, out), '\n')
		}
	}
	_, err := e.stdout.Write(out)
	return err
}

// piece packs the JSON objects in a piece of the input.
func (e *encoder) piece(p piece) error {
	if !isJSON(p.text) {
		e.fault(p.place(), errNoObject)
		return nil
	}
	return e.objects(p, func(one piece) error {
		if err := e.pack(one.text); err != nil {
			e.fault(one.place(), err)
		}
		return nil
	})
}

// pack appends one message to the output.
func (e *encoder) pack(text []byte) error {
	var refused struct{ Error *failure }
	if json.Unmarshal(text, &refused) == nil && refused.Error != nil {
		return errNotRead
	}
	if err := e.form.ReadJSON(e.message, text); err != nil {
		return err
	}
	wire, err := e.message.Pack()
	if err != nil {
		return err
	}
	if e.file != nil {
		return e.file.WriteRecord(wire)
	}
	if wire, err = framed(e.framing, wire); err != nil {
		return err
	}
	if !e.raw {
		wire = append(hexUpper(nil, wire), '\n')
	}
	e.out.Write(wire)
	return nil
}

func hexUpper(dst, b []byte) []byte {
	start := len(dst)
	dst = hex.AppendEncode(dst, b)
	copy(dst[start:], bytes.ToUpper(dst[start:]))
	return dst
}
