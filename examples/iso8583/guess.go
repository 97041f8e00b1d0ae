package main

import (
	"bytes"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/posline/posline/examples/iso8583/internal/dump"
)

var guessCommand = command{
	name: "guess", args: "[FILE...]", about: "find out which spec and length header an input has",
	more: `  iso8583 guess capture.hex
  iso8583 guess -spec acquirer.xml -spec iso8583-1987-ascii capture.hex

Every spec, built-in or example, with its variants is tried on every way to cut the input into messages: all of it, its
lines or packets, each length header, clearing files, and a header of any size before the message type. The result is a
line for each spec, the best one first, and the decode command that reads the input with it. It is "certain" where
everything is read, no value makes no sense, the message repays more than a hundred bits of what it might have been, and
no other spec comes near; "likely" where one comes near, or the message is short; "possible" where there is little to tell
it by; "in part" where messages are damaged or cut off, and the spec reads the others or their beginnings. The first 256
messages of the first MiB count.`,
	setup: setupGuess,
}

func setupGuess(c *console, flags *flag.FlagSet) func([]string) error {
	g := &guesser{console: c}
	flags.Func("spec", specUsage+"; may be repeated (default all there are)", func(name string) error {
		g.specs = append(g.specs, name)
		return nil
	})
	g.registerFrame(flags, true)
	g.registerInput(flags)
	return g.guess
}

// guesser is the command guess at work.
type guesser struct {
	*console
	options
	specs []string
	files []string

	candidates []*candidate
	divisions  []division
	fault      error // why an input could not be read in any form
}

// maxSample bounds what is looked at of an input.
const maxSample = 1 << 20

// guess ranks specs by how well they read the messages of the input.
func (g *guesser) guess(files []string) error {
	g.files = files
	if err := g.loadForms(); err != nil {
		return err
	}
	if len(g.specs) == 0 {
		g.specs = specNames()
	}
	kept := g.candidates != nil
	if !kept {
		if err := g.loadCandidates(); err != nil {
			return err
		}
	}
	if err := g.inputs(files, g.divide); err != nil {
		return err
	}
	g.divisions = slices.DeleteFunc(g.divisions, func(d division) bool { return len(d.messages) == 0 })
	if len(g.divisions) == 0 {
		g.console.fault("", g.fault)
		return nil
	}
	var all []hypothesis
	for _, one := range g.candidates {
		all = append(all, g.best(one))
		if !kept {
			clear(one.made) // some hundred specs take much memory
		}
	}
	return g.ranking(all)
}

// divide finds the ways to cut an input into messages.
func (g *guesser) divide(name string, r io.Reader) error {
	sample, err := io.ReadAll(io.LimitReader(r, maxSample))
	switch {
	case err != nil:
		return err
	case len(bytes.TrimSpace(sample)) == 0:
		g.refuse(name, errNoMessage)
		return nil
	}
	forms := []dump.Form{g.form}
	if g.form == dump.Auto {
		if forms, err = dump.Detect(sample[:min(len(sample), 16<<10)]); err != nil {
			g.refuse(name, err)
			return nil
		}
	}
	for _, form := range forms {
		parts, err := readParts(sample, form)
		if err != nil {
			g.refuse(name, err)
			continue
		}
		for _, d := range divisionsOf(parts, form, &g.options) {
			d.named = form != forms[0]
			g.add(d)
		}
	}
	return nil
}

// refuse keeps why an input could not be read, if it is the first.
func (g *guesser) refuse(name string, err error) {
	if g.fault == nil {
		g.fault = fmt.Errorf("%s: %w", inputName(name), err)
	}
}

// add puts the messages of another input to those of the same division.
func (g *guesser) add(d division) {
	i := slices.IndexFunc(g.divisions, func(have division) bool { return have.form == d.form && have.flags == d.flags })
	if i < 0 {
		g.divisions = append(g.divisions, d)
		return
	}
	g.divisions[i].messages = append(g.divisions[i].messages, d.messages...)
	g.divisions[i].whole = g.divisions[i].whole && d.whole
}

// best is the hypothesis by which a candidate reads the input best.
func (g *guesser) best(one *candidate) hypothesis {
	var best hypothesis
	for _, d := range g.divisions {
		if d.unclosed && !one.clears() {
			continue
		}
		for _, v := range one.variants(d.messages[0].wire) {
			if h := test(v, d); best.variant == nil || better(h, best) < 0 {
				best = h
			}
		}
	}
	best.candidate = one
	return best
}

// better orders hypotheses, the best one first.
func better(a, b hypothesis) int { return -cmp.Compare(a.score(), b.score()) }

// ranking writes the hypotheses, the best one first, and how to read the input by it.
func (g *guesser) ranking(all []hypothesis) error {
	slices.SortStableFunc(all, better)
	var table bytes.Buffer
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for i, h := range all {
		others := slices.Concat(all[:i], all[i+1:])
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", h.variant.name, h.division.flags, h.sureness(others), h.how(), h.why())
	}
	w.Flush()
	var out bytes.Buffer
	for row := range bytes.Lines(table.Bytes()) {
		fmt.Fprintf(&out, "%s\n", bytes.TrimRight(row, " \n"))
	}
	best := all[0]
	if best.read > 0 || best.bits >= bitsPerFault {
		fmt.Fprintf(&out, "\niso8583 decode %s\n", g.arguments(best))
	}
	if _, err := g.stdout.Write(out.Bytes()); err != nil {
		return err
	}
	if !best.complete() {
		g.console.fault("", errors.New("no spec reads all of the input"))
	}
	return nil
}

// arguments are those of the decode command that reads the input.
func (g *guesser) arguments(h hypothesis) string {
	words := []string{"-spec", quoted(h.variant.name)}
	if h.division.flags != "" {
		words = append(words, h.division.flags)
	}
	switch {
	case h.division.named:
		words = append(words, "-input", h.division.form.String())
	case g.reading != "auto":
		words = append(words, "-input", g.reading)
	}
	if slices.ContainsFunc(g.files, func(name string) bool { return len(name) > 1 && name[0] == '-' }) {
		words = append(words, "--")
	}
	for _, name := range g.files {
		words = append(words, quoted(name))
	}
	return strings.Join(words, " ")
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	if strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+=:,@%") == "" {
		return word
	}
	if printable(word) != word {
		return escaped(word)
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
