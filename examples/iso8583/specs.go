package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

// spec lists, shows, converts and checks specs.
func (c *console) spec(args []string) error {
	if len(args) == 0 {
		return usageError{errors.New("spec needs one of list, show, convert, check")}
	}
	switch args[0] {
	case "list":
		return c.specList(args[1:])
	case "show":
		return c.specShow(args[1:])
	case "convert":
		return c.specConvert(args[1:])
	case "check":
		return c.specCheck(args[1:])
	default:
		return usageError{fmt.Errorf("no command spec %q", args[0])}
	}
}

func (c *console) specList(args []string) error {
	if len(args) > 0 {
		return usageError{errors.New("spec list takes nothing more")}
	}
	for _, name := range spec.BuiltInNames() {
		s, err := spec.BuiltIn(name)
		if err != nil {
			return err
		}
		line := fmt.Sprintf("%s\t%s\n", name, s.Name())
		for _, variant := range spec.VariantNames(name) {
			line += fmt.Sprintf("  +%s\n", variant)
		}
		if _, err := fmt.Fprint(c.stdout, line); err != nil {
			return err
		}
	}
	return nil
}

func (c *console) specShow(args []string) error {
	flags := c.flagSet("spec show")
	file := flags.Bool("json", false, "write the file form of the spec")
	if err := parse(flags, args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return usageError{errors.New("spec show takes one spec")}
	}
	s, err := c.loadSpec(flags.Arg(0))
	if err != nil {
		return err
	}
	if *file {
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
func (c *console) specConvert(args []string) error {
	flags := c.flagSet("spec convert")
	name := flags.String("name", "", "name of the spec")
	if err := parse(flags, args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return usageError{errors.New("spec convert takes one spec")}
	}
	s, warnings, err := readSpec(flags.Arg(0))
	c.warn(flags.Arg(0), warnings)
	if err == nil && *name != "" {
		s, err = s.Derive(spec.Config{Name: *name})
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
		s, warnings, err := readSpec(name)
		c.warn(name, warnings)
		if err == nil {
			_, err = message.Compile(s)
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
