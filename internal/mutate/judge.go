package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

type outcome int

const (
	caught outcome = iota + 1
	timedOut
	survived
	notCovered
	notCompiled
	notTried
)

func (o outcome) String() string {
	return [...]string{"?", "caught", "timeout", "survived", "not covered", "not compiled", "not tried"}[o]
}

// verdict is what became of a mutant.
type verdict struct {
	*mutant
	outcome outcome
}

const (
	// patienceFactor times what a test took, and options.patience, may pass before a mutant counts as hanging: the machine
	// may be busy.
	patienceFactor = 5
	// Tests run several to a process, as many as take this long together, so that a quick one that fails ends the
	// trial before a slow one begins.
	batchTime = 500 * time.Millisecond
)

// judgeAll draws mutants and tries them, package by package. One that does not compile, although it type-checks, is not
// counted: the next one drawn takes its place. When the time is up, those that are left are not tried.
func judgeAll(ctx context.Context, t *tree, d *draw, o *options, p *progress) ([]verdict, error) {
	folder, err := os.MkdirTemp("", "mutate-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	defer p.clear()
	s, err := newSuites(ctx, t, o, folder)
	if err != nil {
		return nil, err
	}
	var verdicts []verdict
	for missing := o.n; missing > 0; {
		drawn := d.take(missing)
		if len(drawn) == 0 {
			break
		}
		for _, mutants := range byPackage(drawn) {
			judged, err := s.judge(ctx, mutants, p)
			if err != nil {
				return nil, err
			}
			for _, v := range judged {
				if v.outcome != notCompiled {
					verdicts = append(verdicts, v)
					missing--
				}
			}
		}
	}
	return verdicts, nil
}

// byPackage divides mutants, in the order in which their packages first come; within a package they are ordered by place.
func byPackage(mutants []*mutant) [][]*mutant {
	var groups [][]*mutant
	at := make(map[*sourcePackage]int)
	for _, m := range mutants {
		i, ok := at[m.file.pkg]
		if !ok {
			i = len(groups)
			at[m.file.pkg] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], m)
	}
	for _, group := range groups {
		slices.SortStableFunc(group, func(a, b *mutant) int {
			return cmp.Or(strings.Compare(a.file.path, b.file.path), cmp.Compare(a.start, b.start))
		})
	}
	return groups
}

// judge tries mutants of one package, some at the same time.
func (s *suites) judge(ctx context.Context, mutants []*mutant, p *progress) ([]verdict, error) {
	verdicts, faults := make([]verdict, len(mutants)), make([]error, s.o.parallel)
	for i, m := range mutants {
		verdicts[i] = verdict{m, notTried}
	}
	for _, u := range s.proving[mutants[0].file.pkg] {
		if s.o.late() {
			return verdicts, nil
		}
		if err := s.measure(ctx, u, p); err != nil {
			return nil, err
		}
	}
	schemas := make(map[*suite]*schema)
	for _, u := range s.proving[mutants[0].file.pkg] {
		c, err := s.newSchema(ctx, u, mutants, p)
		if err != nil {
			return nil, err
		}
		schemas[u] = c
	}
	next := make(chan int)
	var workers sync.WaitGroup
	for w := range s.o.parallel {
		workers.Go(func() {
			for i := range next {
				outcome, err := s.try(ctx, mutants[i], schemas, fmt.Sprint(w))
				if err != nil {
					faults[w] = err
				}
				verdicts[i].outcome = outcome
				p.judged(outcome)
			}
		})
	}
	for i := range mutants {
		if ctx.Err() != nil || s.o.late() {
			break
		}
		next <- i
	}
	close(next)
	workers.Wait()
	return verdicts, errors.Join(append(faults, ctx.Err())...)
}

// try runs the tests that reach a mutant until one fails: in the schema of their suite first, then, those that the schema
// leaves, in a build of this mutant alone.
func (s *suites) try(ctx context.Context, m *mutant, schemas map[*suite]*schema, worker string) (outcome, error) {
	result := notCovered
	for _, u := range s.proving[m.file.pkg] {
		tests := s.covering(u, m)
		if len(tests) == 0 {
			continue
		}
		b, judges, rest := schemas[u].together(m, tests)
		result = s.run(ctx, u, judges, b)
		if result == survived && len(rest) > 0 {
			alone, compiles, err := s.buildAlone(ctx, u, m, worker)
			if err != nil || !compiles {
				return notCompiled, errors.Join(err, ctx.Err())
			}
			result = s.run(ctx, u, rest, alone)
		}
		if result != survived {
			break
		}
	}
	return result, ctx.Err()
}

// buildAlone makes a test binary with one mutant in it.
func (s *suites) buildAlone(ctx context.Context, u *suite, m *mutant, worker string) (b build, compiles bool, err error) {
	b = build{binary: filepath.Join(s.folder, "mutant-"+worker+".test"), overlay: filepath.Join(s.folder, "overlay-"+worker+".json")}
	if err := writeOverlay(b.overlay, map[string][]byte{m.file.path: m.source()}); err != nil {
		return b, false, err
	}
	_, refused := s.build(ctx, u, b.binary, b.overlay)
	return b, refused == nil, nil
}

// run runs the tests in batches, quickest first. The tests may start the go command themselves: it sees the mutant too.
func (s *suites) run(ctx context.Context, u *suite, tests []*test, b build) outcome {
	for len(tests) > 0 {
		n := 1
		for n < len(tests) && duration(tests[:n+1]) <= batchTime {
			n++
		}
		batch := tests[:n]
		tests = tests[n:]
		limited, stop := context.WithTimeout(ctx, s.o.patience+patienceFactor*duration(batch))
		cmd := s.command(limited, u, b.binary, "-test.failfast", "-test.run="+only(batch))
		cmd.Env = b.environment()
		err := cmd.Run()
		late := limited.Err() != nil
		stop()
		switch {
		case late:
			return timedOut
		case err != nil:
			return caught
		}
	}
	return survived
}

// environment returns what the binary's tests find around them.
func (b build) environment() []string {
	return append(os.Environ(), strings.TrimSpace("GOFLAGS="+os.Getenv("GOFLAGS")+" -overlay="+b.overlay), fmt.Sprintf("%s=%d", awakeVariable, b.awake))
}

// duration returns how long the tests took without a mutant.
func duration(tests []*test) time.Duration {
	var sum time.Duration
	for _, t := range tests {
		sum += t.took
	}
	return sum
}

// only returns the pattern that runs the tests and no others.
func only(tests []*test) string {
	names := make([]string, len(tests))
	for i, t := range tests {
		names[i] = t.name
	}
	return "^(" + strings.Join(names, "|") + ")$"
}
