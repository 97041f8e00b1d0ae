package main

import (
	"bytes"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/posline/posline/emv"
)

// emvValues are the names for values of one tag. Any other tag goes by its hexadecimal digits.
var emvValues = map[string]emv.Tag{
	"aip": 0x82, "afl": 0x94, "arc": 0x8A, "auc": 0x9F07, "cid": 0x9F27, "ctq": 0x9F6C, "cvm": 0x8E, "cvm-results": 0x9F34,
	"dol": 0x9F38, "iad": 0x9F10, "terminal-capabilities": 0x9F33, "terminal-type": 0x9F35, "track2": 0x57, "tsi": 0x9B,
	"ttq": 0x9F66, "tvr": 0x95,
}

var emvCommand = command{
	name: "emv", args: "[KIND [FILE...]]", about: "show chip data, QR codes and pay codes in words",
	more: `  iso8583 emv tvr < tvr.hex
  iso8583 emv -lang zh tlv chip.hex

KIND is tlv (field 55, the default) or response (a card's, with its status word), from a dump; qr (a merchant's or
consumer's QR code, or a pay code) from text; or a value alone, by its tag or its name: ` + strings.Join(emvNames(), ", ") + `.`,
	setup: setupEMV,
}

func setupEMV(c *console, flags *flag.FlagSet) func([]string) error {
	e := &chipReader{console: c, kind: "tlv"}
	flags.StringVar(&e.language, "lang", "en", "`language`, en or zh")
	e.registerClear(flags)
	flags.BoolVar(&e.lines, "lines", false, "one input a line")
	return e.run
}

// chipReader is the command emv at work.
type chipReader struct {
	*console
	options
	language string
	kind     string
	tag      emv.Tag // of the value, where the kind is one
	describe emv.DescribeOptions
	shown    int
}

// run shows chip data and QR codes. What is wrong is reported, and the next one follows.
func (e *chipReader) run(files []string) error {
	switch e.language {
	case "en":
	case "zh":
		e.describe.Language = emv.Chinese
	default:
		return usageError{fmt.Errorf("no language %q: en or zh", e.language)}
	}
	e.describe.Clear = e.clear
	if len(files) > 0 {
		e.kind, files = strings.ToLower(files[0]), files[1:]
	}
	if err := e.findTag(); err != nil {
		return err
	}
	return e.pieces(files, e.lines, func(p piece) error {
		if e.shown > 0 {
			fmt.Fprintln(e.stdout)
		}
		e.shown++
		return e.piece(p)
	})
}

// findTag finds the tag for a kind of value.
func (e *chipReader) findTag() error {
	if slices.Contains([]string{"tlv", "response", "qr"}, e.kind) {
		return nil
	}
	var ok bool
	if e.tag, ok = emvValues[e.kind]; ok {
		return nil
	}
	var err error
	if e.tag, err = emv.ParseTag(e.kind); err != nil {
		return usageError{fmt.Errorf("no kind %q of chip data: tlv, response, qr, %s, or a tag", e.kind, strings.Join(emvNames(), ", "))}
	}
	return nil
}

func emvNames() []string {
	var names []string
	for name := range emvValues {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// piece shows one input. The error is one of writing.
func (e *chipReader) piece(p piece) error {
	var out bytes.Buffer
	err := e.show(&out, p)
	if err != nil {
		e.fault(placeOf(p, err), err)
	}
	_, err = e.stdout.Write(out.Bytes())
	return err
}

// show writes what can be read of an input and returns what is wrong with it.
func (e *chipReader) show(out *bytes.Buffer, p piece) error {
	if e.kind == "qr" {
		return e.qr(out, string(bytes.TrimSpace(p.text)))
	}
	data, err := p.bytes()
	switch {
	case err != nil:
		return err
	case e.kind == "tlv":
		return emv.Describe(out, data, &e.describe)
	case e.kind == "response":
		return e.response(out, data)
	}
	return emv.Describe(out, emv.AppendTLV(nil, e.tag, data), &e.describe)
}

// response shows what a card answered to a command, its status word behind the data.
func (e *chipReader) response(out *bytes.Buffer, data []byte) error {
	objects, status, err := emv.SplitResponse(data)
	if err != nil {
		return err
	}
	err = emv.Describe(out, objects, &e.describe)
	fmt.Fprintln(out, strings.TrimSpace(fmt.Sprintf("%04X %s", uint16(status), status.Text(e.describe.Language))))
	return err
}
