package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// build is a test binary with one mutant awake in it. The overlay is for tests that start the go command themselves.
type build struct {
	binary, overlay string
	awake           int // the mutant's number in a schema, 0 where the binary has no other mutant
}

// schema is a test binary with many mutants of one package in it, none of them awake unless the environment says so.
// A mutant costs a run of it then, not a compilation and a link of its own.
type schema struct {
	build
	numbers map[*mutant]int
	fit     map[string]bool // the tests that pass while no mutant is awake: what others say proves nothing
}

// together returns the build in which the mutant is awake and the tests that can judge it there; the rest need a build
// with the mutant alone.
func (c *schema) together(m *mutant, tests []*test) (b build, judges, rest []*test) {
	if c == nil || c.numbers[m] == 0 {
		return build{}, nil, tests
	}
	for _, t := range tests {
		if c.fit[t.name] {
			judges = append(judges, t)
		} else {
			rest = append(rest, t)
		}
	}
	return build{c.binary, c.overlay, c.numbers[m]}, judges, rest
}

// newSchema builds the suite's tests with all mutants in it that have a host, and runs those that reach one while no
// mutant is awake. It returns nil where that costs more than it saves, or where the clones do not compile for a reason
// that cannot be laid on one mutant.
func (s *suites) newSchema(ctx context.Context, u *suite, mutants []*mutant, p *progress) (*schema, error) {
	var hosted []*mutant
	reached := make(map[*test]bool)
	for _, m := range mutants {
		tests := s.covering(u, m)
		if len(tests) == 0 || m.host() == nil {
			continue
		}
		hosted = append(hosted, m)
		for _, t := range tests {
			reached[t] = true
		}
	}
	tests := slices.DeleteFunc(slices.Clone(u.tests), func(t *test) bool { return !reached[t] })
	if s.o.alone || duration(tests) > time.Duration(len(hosted)-1)*u.building {
		return nil, nil
	}
	s.schemas++
	c := &schema{build: build{binary: filepath.Join(s.folder, fmt.Sprintf("schema-%d.test", s.schemas))}, fit: make(map[string]bool)}
	for len(hosted) > 0 {
		p.show("building %d mutants into the tests of %s", len(hosted), u.path)
		if err := s.writeSchema(c, hosted); err != nil {
			return nil, err
		}
		out, err := s.build(ctx, u, c.binary, c.overlay)
		if err == nil {
			return c, s.findFit(ctx, u, c, tests)
		}
		before := len(hosted)
		if hosted = c.blameless(hosted, out); ctx.Err() != nil || len(hosted) == before {
			break
		}
	}
	return nil, ctx.Err()
}

// writeSchema numbers the mutants and writes the overlay with their clones.
func (s *suites) writeSchema(c *schema, mutants []*mutant) error {
	folder := filepath.Join(s.folder, fmt.Sprint("schema-", s.schemas))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	c.numbers = make(map[*mutant]int)
	byFile := make(map[*sourceFile][]*mutant)
	for i, m := range mutants {
		c.numbers[m] = i + 1
		byFile[m.file] = append(byFile[m.file], m)
	}
	pkg := mutants[0].file.pkg
	files := map[string][]byte{filepath.Join(pkg.dir, "mutant_awake.go"): fmt.Appendf(nil, awakeSource, pkg.types.Name())}
	for file, mutants := range byFile {
		files[file.path] = file.graft(mutants, c.numbers)
	}
	c.overlay = filepath.Join(folder, "overlay.json")
	return writeOverlay(c.overlay, files)
}

// writeOverlay writes the files that stand in for those of the tree, beside the overlay that says so.
func writeOverlay(overlay string, files map[string][]byte) error {
	replace := make(map[string]string)
	for path, source := range files {
		to := fmt.Sprintf("%s-%d.go", overlay, len(replace))
		if err := os.WriteFile(to, source, 0o600); err != nil {
			return err
		}
		replace[path] = to
	}
	b, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		return err
	}
	return os.WriteFile(overlay, b, 0o600)
}

var complaint = regexp.MustCompile(`(?m)\bmutant(\d+)\.go:\d+`)

// blameless leaves out the mutants whose clones the compiler complains of: alone they are seen not to compile.
func (c *schema) blameless(mutants []*mutant, complaints []byte) []*mutant {
	blamed := make(map[int]bool)
	for _, match := range complaint.FindAllSubmatch(complaints, -1) {
		number, _ := strconv.Atoi(string(match[1]))
		blamed[number] = true
	}
	return slices.DeleteFunc(slices.Clone(mutants), func(m *mutant) bool { return blamed[c.numbers[m]] })
}

// findFit sees which of the tests pass while no mutant is awake. Some may not: clones change what the compiler inlines,
// and with it how often memory is allocated.
func (s *suites) findFit(ctx context.Context, u *suite, c *schema, tests []*test) error {
	limited, stop := context.WithTimeout(ctx, s.o.patience+patienceFactor*duration(tests))
	defer stop()
	cmd := s.command(limited, u, c.binary, "-test.v", "-test.run="+only(tests))
	cmd.Env = c.environment()
	out, _ := cmd.CombinedOutput() // a test that it does not say passed is not fit
	for _, match := range passed.FindAllSubmatch(out, -1) {
		c.fit[string(match[1])] = true
	}
	return ctx.Err()
}
