package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"
)

// report prints what survived and the score, and tells whether that is enough.
func report(out io.Writer, d *draw, verdicts []verdict, o *options) error {
	counts := make(map[outcome]int)
	for _, v := range verdicts {
		counts[v.outcome]++
		if o.verbose || v.outcome == survived || v.outcome == notCovered {
			fmt.Fprintln(out, describe(d.tree, v))
		}
	}
	unused := 0
	for _, e := range d.equivalents {
		if !e.used {
			unused++
			fmt.Fprintf(out, "%s:%d: no such mutant: %s: - %s: + %s\n", relative(d.tree, e.file), e.line, e.place, e.before, e.after)
		}
	}
	if n := counts[notTried]; n > 0 {
		fmt.Fprintf(out, "%d mutants were not tried: the time was up\n", n)
	}
	tried := len(verdicts) - counts[notTried]
	stopped := counts[caught] + counts[timedOut]
	score := 100.0
	if tried > 0 {
		score = 100 * float64(stopped) / float64(tried)
	}
	fmt.Fprintf(out, "%d mutants of seed %d: caught %d (%d of them by a timeout), survived %d, not covered %d; %d are listed as equivalent\nscore %.1f %%\n",
		tried, o.seed, stopped, counts[timedOut], counts[survived], counts[notCovered], len(d.equivalents), score)
	switch {
	case unused > 0:
		return errUnusedEquivalent
	case score < o.min && !(o.sure && byChance(stopped, tried, o.min/100)):
		return fmt.Errorf("%w of %g %%", errBelowMinimum, o.min)
	}
	return nil
}

// byChance reports whether a sample of so many mutants, of which so few were stopped, is to be expected once in a hundred
// runs or more often when the tests stop that share of all mutants.
func byChance(stopped, tried int, share float64) bool {
	if share >= 1 {
		return false
	}
	term := math.Pow(1-share, float64(tried)) // the chance that none is stopped, then one, and so on
	sum := term
	for k := range stopped {
		term *= float64(tried-k) / float64(k+1) * share / (1 - share)
		sum += term
	}
	return sum >= 0.01
}

// describe prints a verdict: its place, then the mutant as the file of equivalents wants it.
func describe(t *tree, v verdict) string {
	line, _ := v.lines()
	return fmt.Sprintf("%s %s:%d\n%s", v.outcome, relative(t, v.file.path), line, v.mutant)
}

func relative(t *tree, path string) string {
	if rel, err := filepath.Rel(t.root, path); err == nil {
		return filepath.ToSlash(rel)
	}
	return path
}

// progress shows on a terminal how far a run is; elsewhere it is silent.
type progress struct {
	mu     sync.Mutex
	w      io.Writer
	silent bool
	counts map[outcome]int
	done   int
	of     int
}

func newProgress(w io.Writer, of int) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, silent: !ok || !isTerminal(f), counts: make(map[outcome]int), of: of}
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (p *progress) show(format string, args ...any) {
	if !p.silent {
		fmt.Fprintf(p.w, "\r\x1b[K"+format, args...)
	}
}

func (p *progress) judged(o outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts[o]++
	p.done++
	p.show("%d of %d: caught %d, timeouts %d, survived %d, not covered %d", p.done, p.of,
		p.counts[caught], p.counts[timedOut], p.counts[survived], p.counts[notCovered])
}

func (p *progress) clear() { p.show("") }
