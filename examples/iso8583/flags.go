package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/examples/iso8583/internal/dump"
	"github.com/posline/posline/message"
	"github.com/posline/posline/message/clearing"
	"github.com/posline/posline/spec"
)

// options are the flags of everything that reads or writes messages.
type options struct {
	spec, frame, reading string
	json, lines          bool
	clear                bool

	codec   *message.Codec
	framing connection.Framing // nil for none
	records clearing.Form      // of a clearing file, where clearingFile is set
	isFile  bool               // the messages are the records of a clearing file
	form    dump.Form
	chip    chipFields
}

const specUsage = "built-in or example `spec`, with variants as NAME+VARIANT, or spec file: JSON, jPOS XML or moov JSON"

// clearingForms are the names that -frame has for clearing files.
var clearingForms = map[string]clearing.Form{"clearing": clearing.Auto, "clearing-vbs": clearing.VBS, "clearing-1014": clearing.Blocked}

func clearingNames() []string { return []string{"clearing", "clearing-vbs", "clearing-1014"} }

func (o *options) registerSpec(flags *flag.FlagSet) { flags.StringVar(&o.spec, "spec", "", specUsage) }

// registerFrame adds -frame; files adds the forms of clearing files to it.
func (o *options) registerFrame(flags *flag.FlagSet, files bool) {
	about := "length header around each message, by `name`; iso8583 frames lists them"
	if files {
		about = "length header around each message, or form of a clearing file, by `name`; iso8583 frames lists them"
	}
	flags.StringVar(&o.frame, "frame", "", about)
}

func (o *options) registerInput(flags *flag.FlagSet) {
	flags.StringVar(&o.reading, "input", "auto", "`form` of the input: "+strings.Join(dump.Names(), ", "))
	flags.BoolVar(&o.lines, "lines", false, "one message a line or packet")
}

func (o *options) registerClear(flags *flag.FlagSet) {
	flags.BoolVar(&o.clear, "clear", false, "show card data in the clear")
}

// load finds what the flags name.
func (o *options) load(c *console) error {
	if o.spec == "" {
		return usageError{fmt.Errorf("%s needs -spec: a file, or one of %s", c.command, strings.Join(specNames(), ", "))}
	}
	s, err := c.loadSpec(o.spec)
	if err != nil {
		return err
	}
	o.chip = chipFieldsOf(s)
	if o.codec, err = message.Compile(s); err != nil {
		return err
	}
	return o.loadForms()
}

// loadForms finds the framing and the form of the input.
func (o *options) loadForms() (err error) {
	if o.frame != "" {
		if o.records, o.isFile = clearingForms[o.frame]; !o.isFile {
			if o.framing, err = connection.FramingByName(o.frame); err != nil {
				return usageError{err}
			}
		}
	}
	if o.reading != "" {
		if o.form, err = dump.FormByName(o.reading); err != nil {
			return usageError{err}
		}
	}
	if o.lines && o.form == dump.Raw {
		return usageError{errors.New("raw input has no lines")}
	}
	return nil
}

// text is how messages are shown.
func (o *options) text() message.TextForm {
	return message.TextForm{CardDataInClear: o.clear, GBK: gbk{}, Words: chipWords{o.chip, o.clear}}
}

// specNames are the names of built-in and example specs.
func specNames() []string { return slices.Concat(spec.BuiltInNames(), spec.ExampleNames()) }
