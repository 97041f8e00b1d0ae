package main

import (
	"bytes"
	"encoding/hex"

	"github.com/posline/posline/message"
)

// encode packs messages given as JSON. It writes all of them or, if one is wrong, none.
func (c *console) encode(args []string) error {
	o, err := c.parseOptions("encode", args)
	if err != nil {
		return err
	}
	e := &encoder{console: c, options: o, message: o.codec.New(), form: message.TextForm{GBK: gbk{}}}
	if err := c.pieces(o, e.piece); err != nil || c.faults > 0 {
		return err
	}
	_, err = c.stdout.Write(e.out)
	return err
}

type encoder struct {
	*console
	*options
	message *message.Message
	form    message.TextForm
	out     []byte
}

// piece packs the JSON objects in a piece of the input.
func (e *encoder) piece(p piece) error {
	return e.objects(p, func(one piece) error {
		if err := e.pack(one.text); err != nil {
			e.fault(one.place(), err)
		}
		return nil
	})
}

// pack appends one message in hexadecimal to the output.
func (e *encoder) pack(text []byte) error {
	if err := e.form.ReadJSON(e.message, text); err != nil {
		return err
	}
	wire, err := e.message.Pack()
	if err != nil {
		return err
	}
	if e.framing != nil {
		if wire, err = e.framing.AppendFrame(nil, nil, wire); err != nil {
			return err
		}
	}
	e.out = append(hexUpper(e.out, wire), '\n')
	return nil
}

func hexUpper(dst, b []byte) []byte {
	start := len(dst)
	dst = hex.AppendEncode(dst, b)
	copy(dst[start:], bytes.ToUpper(dst[start:]))
	return dst
}
