package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

// guess ranks specs by how well they read the messages of the input.
func (c *console) guess(args []string) error {
	o := &options{}
	var names []string
	flags := c.flagSet("guess")
	flags.Func("spec", specUsage+"; may be repeated (default all built-in ones)", func(name string) error {
		names = append(names, name)
		return nil
	})
	flags.StringVar(&o.frame, "frame", "", frameUsage)
	flags.BoolVar(&o.lines, "lines", false, "one message a line")
	if err := parse(flags, args); err != nil {
		return err
	}
	o.files = flags.Args()
	if len(names) == 0 {
		names = spec.BuiltInNames()
	}
	candidates, err := c.candidates(names)
	if err != nil {
		return err
	}
	if o.frame != "" {
		if o.framing, err = connection.FramingByName(o.frame); err != nil {
			return usageError{err}
		}
	}
	if err := c.pieces(o, func(p piece) error {
		wire, err := p.bytes()
		if err == nil {
			err = frames(o.framing, wire, func(wire []byte) error {
				for _, one := range candidates {
					one.try(p, wire)
				}
				return nil
			})
		}
		if err != nil {
			c.fault(p.place(), err)
		}
		return nil
	}); err != nil {
		return err
	}
	return c.ranking(candidates)
}

func (c *console) candidates(names []string) ([]*candidate, error) {
	var all []*candidate
	for _, name := range names {
		s, err := c.loadSpec(name)
		if err != nil {
			return nil, err
		}
		codec, err := message.Compile(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, &candidate{name: name, spec: s, message: codec.New()})
	}
	return all, nil
}

// candidate is a spec and how it fared.
type candidate struct {
	name    string
	spec    *spec.Spec
	message *message.Message

	messages int
	read     int     // messages that were read to their end
	share    float64 // of the bytes, read before a fault, summed up over the messages
	doubts   int     // values that are read and make no sense
	why      string  // the first fault or, where there is none, the first doubt
	doubt    string
}

// try reads a message.
func (g *candidate) try(p piece, wire []byte) {
	g.messages++
	err := g.message.Unpack(wire)
	if err == nil {
		g.read++
		g.share++
		g.suspect(p)
		return
	}
	var fault *message.Error
	if errors.As(err, &fault) && fault.Offset > 0 && len(wire) > 0 {
		g.share += float64(min(fault.Offset, len(wire)-1)) / float64(len(wire))
	}
	if g.why == "" {
		g.why = at(p, err.Error())
	}
}

// suspect looks for values that a message of another format would rather have.
func (g *candidate) suspect(p piece) {
	doubt := func(what string) {
		if g.doubts++; g.doubt == "" {
			g.doubt = at(p, what)
		}
	}
	if want, ok := edition(g.name); ok && g.message.MTI()[0] != want {
		doubt("message type " + g.message.MTI() + " is of another edition of the standard")
	}
	for _, f := range g.spec.Config().Fields {
		if f.Time == "" || !g.message.Has(f.Number) {
			continue
		}
		v := g.message.Field(f.Number)
		if _, err := v.Time(time.Now()); err != nil && strings.Trim(v.Text(), "0") != "" {
			doubt(fmt.Sprintf("field %d is no %s", f.Number, f.Time))
		}
	}
	if err := g.message.Validate(); err != nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		doubt(first)
	}
}

// edition is the first digit of the message types of a built-in spec.
func edition(name string) (digit byte, ok bool) {
	for year, digit := range map[string]byte{"1987": '0', "1993": '1', "2003": '2'} {
		if strings.HasPrefix(name, "iso8583-"+year) {
			return digit, true
		}
	}
	return 0, false
}

func at(p piece, what string) string {
	if place := p.place(); place != "" {
		return place + ": " + what
	}
	return what
}

// ranking writes the candidates, the best one first. It is an error when none reads everything.
func (c *console) ranking(all []*candidate) error {
	slices.SortStableFunc(all, func(a, b *candidate) int {
		return cmp.Or(cmp.Compare(b.read, a.read), cmp.Compare(b.share, a.share), cmp.Compare(a.doubts, b.doubts))
	})
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, g := range all {
		how := fmt.Sprintf("reads %d of %d", g.read, g.messages)
		why := g.why
		if g.read == g.messages {
			why = g.doubt
			if why != "" {
				why = "in doubt: " + why
			}
		} else {
			how += fmt.Sprintf(", %.0f %% of the bytes", 100*g.share/float64(g.messages))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", g.name, how, why)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(all) > 0 && all[0].read < all[0].messages {
		return errors.New("no spec reads all of the input")
	}
	return nil
}
