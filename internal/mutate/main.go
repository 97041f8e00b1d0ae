// Command mutate tells how much of a package its tests prove: it changes the source in one place at a time, runs the
// tests that reach the place, and counts the changes they notice. .ci/mutate starts it.
//
//	.ci/mutate PKG... -n 200 -seed 1
//
// The tree is never touched: mutants reach the compiler as an overlay, as many as can be in one build. The same seed draws the same mutants from the
// same source.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// options are what the command line says.
type options struct {
	packages []string // import paths, folders or patterns
	n        int      // mutants to draw
	seed     uint64
	min      float64  // the lowest score that passes, in percent
	sure     bool     // a score that may be low by chance passes too
	tests    []string // further packages whose tests count
	internal bool     // draw from the internal packages below each package too
	changed  string   // a commit: draw only from lines changed since
	tags     string
	skip     string // tests left out, a pattern as for go test -skip
	short    bool
	alone    bool // build every mutant alone
	parallel int
	patience time.Duration // a test may take this much longer, plus five times its usual time, before it counts as hanging
	deadline time.Time     // no mutant is tried later; zero means never
	list     bool
	verbose  bool
}

var errBelowMinimum = errors.New("the score is below the minimum")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM) // so that no test outlives it
	defer stop()
	o, err := parseOptions(os.Args[1:], os.Stderr)
	if err != nil {
		os.Exit(2)
	}
	err = run(ctx, o, os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, errBelowMinimum), errors.Is(err, errUnusedEquivalent):
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(2)
	}
}

// parseOptions reads the command line. Flags may stand before, between and after packages.
func parseOptions(args []string, messages io.Writer) (*options, error) {
	o := &options{patience: 10 * time.Second}
	flags := flag.NewFlagSet("mutate", flag.ContinueOnError)
	flags.SetOutput(messages)
	flags.Usage = func() {
		fmt.Fprintln(messages, "usage: mutate PKG... [flags]; without PKG, -changed takes every package that has changed lines")
		flags.PrintDefaults()
	}
	flags.IntVar(&o.n, "n", 200, "mutants to draw")
	flags.Uint64Var(&o.seed, "seed", 1, "which mutants to draw")
	flags.Float64Var(&o.min, "min", 90, "exit with 1 when the score, in percent, is below this")
	flags.BoolVar(&o.sure, "sure", false, "with -min: only when a sample of this size is that bad less than once in a hundred runs by chance")
	flags.BoolVar(&o.internal, "internal", false, "draw from the internal packages below each PKG too")
	flags.StringVar(&o.changed, "changed", "", "draw only from lines changed since this commit")
	flags.StringVar(&o.tags, "tags", "", "build tags")
	flags.StringVar(&o.skip, "skip", "", "leave out the tests that match, as go test -skip does")
	flags.BoolVar(&o.short, "short", false, "run tests with -short")
	flags.BoolVar(&o.alone, "alone", false, "build every mutant alone: slower, the verdicts are the same")
	flags.IntVar(&o.parallel, "p", 1, "mutants tried at the same time")
	flags.Func("budget", "try no further mutant after this time: 5m",
		func(s string) error {
			d, err := time.ParseDuration(s)
			o.deadline = time.Now().Add(d)
			return err
		})
	flags.BoolVar(&o.list, "list", false, "print the drawn mutants and run nothing")
	flags.BoolVar(&o.verbose, "v", false, "print the caught mutants too")
	flags.Func("tests", "packages, separated by commas, whose tests count besides a package's own; the parent's always count for an internal package",
		func(s string) error { o.tests = append(o.tests, strings.Split(s, ",")...); return nil })
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		args = flags.Args()
		for len(args) > 0 && !strings.HasPrefix(args[0], "-") {
			o.packages = append(o.packages, args[0])
			args = args[1:]
		}
	}
	if len(o.packages) == 0 && o.changed == "" {
		flags.Usage()
		return nil, errors.New("no package")
	}
	return o, nil
}

// late tells whether the time is up.
func (o *options) late() bool { return !o.deadline.IsZero() && time.Now().After(o.deadline) }

// run draws, judges and reports.
func run(ctx context.Context, o *options, out, messages io.Writer) error {
	t, err := openTree(ctx, o)
	if err != nil {
		return err
	}
	if len(t.packages) == 0 {
		fmt.Fprintln(out, "no package has changed lines")
		return nil
	}
	d, err := newDraw(ctx, t, o)
	if err != nil {
		return err
	}
	if o.list {
		for _, m := range d.take(o.n) {
			line, _ := m.lines()
			fmt.Fprintf(out, "%s:%d\n%s\n", relative(t, m.file.path), line, m)
		}
		return nil
	}
	verdicts, err := judgeAll(ctx, t, d, o, newProgress(messages, o.n))
	if err != nil {
		return err
	}
	return report(out, d, verdicts, o)
}
