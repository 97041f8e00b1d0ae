package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

// options are the flags that decode and encode share.
type options struct {
	spec, frame string
	json, lines bool
	clear       bool // decode only

	codec   *message.Codec
	framing connection.Framing // nil for none
	chip    chipFields
	files   []string
}

const specUsage = "built-in `spec`, with variants as NAME+VARIANT, or spec file: JSON, jPOS XML or moov JSON"

var frameUsage = "length header around each message, by `name`: " + strings.Join(connection.FramingNames(), ", ")

// register adds the flags of everything that reads or writes messages.
func (o *options) register(flags *flag.FlagSet) {
	flags.StringVar(&o.spec, "spec", "", specUsage)
	flags.StringVar(&o.frame, "frame", "", frameUsage)
}

// parseOptions reads the flags of decode or encode.
func (c *console) parseOptions(command string, args []string) (*options, error) {
	o := &options{}
	flags := c.flagSet(command)
	o.register(flags)
	flags.BoolVar(&o.lines, "lines", false, "one message a line")
	if command == "decode" {
		flags.BoolVar(&o.json, "json", false, "write one JSON object a line")
		flags.BoolVar(&o.clear, "clear", false, "show card data in the clear")
	} else {
		flags.BoolVar(&o.json, "json", true, "read JSON, the one form there is")
	}
	if err := parse(flags, args); err != nil {
		return nil, err
	}
	o.files = flags.Args()
	if o.spec == "" {
		return nil, usageError{fmt.Errorf("%s needs -spec: a file, or one of %s", command, strings.Join(spec.BuiltInNames(), ", "))}
	}
	if command == "encode" && !o.json {
		return nil, usageError{errors.New("encode reads JSON only")}
	}
	return o, o.load(c)
}

// load finds spec and framing.
func (o *options) load(c *console) error {
	s, err := c.loadSpec(o.spec)
	if err != nil {
		return err
	}
	o.chip = chipFieldsOf(s)
	if o.codec, err = message.Compile(s); err != nil {
		return err
	}
	if o.frame != "" {
		if o.framing, err = connection.FramingByName(o.frame); err != nil {
			return usageError{err}
		}
	}
	return nil
}

func (c *console) flagSet(command string) *flag.FlagSet {
	flags := flag.NewFlagSet("iso8583 "+command, flag.ContinueOnError)
	flags.SetOutput(c.stderr)
	return flags
}

// parse reads flags; the flag package has told what is wrong with them.
func parse(flags *flag.FlagSet, args []string) error {
	err := flags.Parse(args)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		return usageError{err}
	}
	return err
}

// form is how messages are shown.
func (o *options) form() message.TextForm {
	return message.TextForm{CardDataInClear: o.clear, GBK: gbk{}, Words: chipWords{o.chip, o.clear}}
}
