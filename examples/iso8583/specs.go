package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"strings"
	"text/tabwriter"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

var specListCommand = command{
	name: "spec list", about: "list the specs that there are, with their variants",
	more: `NAME+VARIANT+VARIANT is a spec too. NAME+header-N has a header of N bytes before the message type, unionpay-pos+header-N
one of N bytes behind the TPDU.`,
	setup: func(c *console, _ *flag.FlagSet) func([]string) error { return c.specList },
}

var specShowCommand = command{
	name: "spec show", args: "SPEC", about: "show the fields of a spec, or its file form",
	setup: func(c *console, flags *flag.FlagSet) func([]string) error {
		file := flags.Bool("json", false, "write the file form of the spec")
		return func(args []string) error { return c.specShow(*file, args) }
	},
}

var specConvertCommand = command{
	name: "spec convert", args: "SPEC", about: "write the file form of a spec, and as errors what it cannot express",
	more: `  iso8583 spec convert acquirer.xml > acquirer.json`,
	setup: func(c *console, flags *flag.FlagSet) func([]string) error {
		name := flags.String("name", "", "`name` of the new spec")
		return func(args []string) error { return c.specConvert(*name, args) }
	},
}

var specCheckCommand = command{
	name: "spec check", args: "FILE...", about: "check spec files",
	setup: func(c *console, _ *flag.FlagSet) func([]string) error { return c.specCheck },
}

func (c *console) specList(args []string) error {
	if err := noMore(args); err != nil {
		return err
	}
	for _, name := range specNames() {
		s, _, err := readSpec(name)
		if err != nil {
			return err
		}
		line := fmt.Sprintf("%s\t%s\n", name, s.Name())
		for _, variant := range variantNames(name) {
			line += fmt.Sprintf("  +%s\n", variant)
		}
		if _, err := fmt.Fprint(c.stdout, line); err != nil {
			return err
		}
	}
	return nil
}

func (c *console) specShow(file bool, args []string) error {
	if len(args) != 1 {
		return usageError{errors.New("spec show takes one spec")}
	}
	s, err := c.loadSpec(args[0])
	if err != nil {
		return err
	}
	if file {
		return c.specFile(s)
	}
	return c.specTable(s)
}

// specFile writes the file form of a spec.
func (c *console) specFile(s *spec.Spec) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	_, err = c.stdout.Write(append(text, '\n'))
	return err
}

// specConvert writes the file form of a spec in any form, and on the error output what it could not carry over.
func (c *console) specConvert(name string, args []string) error {
	if len(args) != 1 {
		return usageError{errors.New("spec convert takes one spec")}
	}
	s, warnings, err := c.readSpec(args[0])
	c.warn(args[0], warnings)
	if err == nil && name != "" {
		s, err = s.Derive(spec.Config{Name: name})
	}
	if err != nil {
		return err
	}
	return c.specFile(s)
}

// warn tells what a spec file says and the spec does not do.
func (c *console) warn(name string, warnings []string) {
	for _, w := range warnings {
		c.note("%s: %s", name, w)
	}
}

// specTable writes the fields of a spec with everything that the file form leaves to defaults.
func (c *console) specTable(s *spec.Spec) error {
	r := s.Resolved()
	fmt.Fprintf(c.stdout, "%s\n", s.Name())
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "field\tname\tformat\tencoding\tlength\tmask")
	for i, f := range r.Header {
		fieldRows(w, fmt.Sprintf("header.%d", i+1), f)
	}
	for _, f := range r.Fields {
		fieldRows(w, fmt.Sprint(f.Number), f)
	}
	return w.Flush()
}

func fieldRows(w *tabwriter.Writer, path string, f spec.Field) {
	length := ""
	if format, err := spec.ParseFormat(f.Format); err == nil && !format.Fixed() && !f.ToEnd && f.Terminator == "" {
		length = f.Prefix.Encoding.String()
	}
	mask := ""
	if f.Mask != spec.MaskDefault {
		mask = f.Mask.String()
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", path, f.Name, f.Format, f.Encoding, length, mask)
	layoutRows(w, path, f.Layout)
	for _, one := range f.Cases {
		var when []string
		if one.MTI != "" {
			when = append(when, "type "+one.MTI)
		}
		if one.Path != "" {
			when = append(when, "field "+one.Path+" is "+strings.Join(one.Values, " or "))
		}
		if one.Size != 0 {
			when = append(when, fmt.Sprintf("%d bytes long", one.Size))
		}
		fmt.Fprintf(w, "%s\twhen %s\t\t\t\t\n", path, strings.Join(when, ", "))
		layoutRows(w, path, one.Layout)
	}
}

func layoutRows(w *tabwriter.Writer, path string, l *spec.Layout) {
	if l == nil {
		return
	}
	if l.Lead != nil {
		fieldRows(w, path+".0", *l.Lead)
	}
	for _, f := range l.Fields {
		key := f.Tag
		if key == "" {
			key = fmt.Sprint(f.Number)
		}
		fieldRows(w, path+"."+key, f)
	}
	if l.Unknown != nil {
		fieldRows(w, path+".*", *l.Unknown)
	}
}

func (c *console) specCheck(args []string) error {
	if len(args) == 0 {
		return usageError{errors.New("spec check takes one or more files")}
	}
	for _, name := range args {
		s, warnings, err := c.readSpec(name)
		c.warn(name, warnings)
		if err == nil {
			_, err = message.Compile(s)
		}
		if errors.As(err, new(usageError)) || errors.As(err, new(*fs.PathError)) {
			return err
		}
		if err != nil {
			c.fault("", err)
			continue
		}
		if _, err := fmt.Fprintf(c.stdout, "%s: good, %s, %d fields\n", name, s.Name(), len(s.Resolved().Fields)); err != nil {
			return err
		}
	}
	return nil
}
