package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// suite is the tests of one package, each measured alone when the first mutant needs them.
type suite struct {
	path, dir string
	proves    []string // the packages that it proves
	measured  bool
	tests     []*test // quickest first
	building  time.Duration
}

// test is one top-level test, example or fuzz target with its seeds.
type test struct {
	name    string
	took    time.Duration
	covered map[string][]block // by "importpath/file.go": the blocks that it runs
}

// suites are the packages whose tests count, and which of them prove which package.
type suites struct {
	tree    *tree
	o       *options
	folder  string // for binaries and profiles
	byPath  map[string]*suite
	proving map[*sourcePackage][]*suite // a package's own tests first
	blocks  map[string][]block          // every block of the packages under test, by file
	schemas int                         // how many were built
}

func newSuites(ctx context.Context, t *tree, o *options, folder string) (*suites, error) {
	s := &suites{tree: t, o: o, folder: folder, byPath: make(map[string]*suite),
		proving: make(map[*sourcePackage][]*suite), blocks: make(map[string][]block)}
	var further []string
	if len(o.tests) > 0 {
		_, patterns, err := locate(o.tests)
		if err != nil {
			return nil, err
		}
		listed, err := t.list(ctx, patterns...)
		if err != nil {
			return nil, err
		}
		for _, l := range listed {
			further = append(further, l.ImportPath)
		}
	}
	for _, pkg := range t.packages {
		provers := []string{pkg.path}
		if parent, ok := parentOfInternal(pkg.path); ok {
			provers = append(provers, parent)
		}
		for _, prover := range append(provers, further...) {
			if err := s.prove(ctx, pkg, prover); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// parentOfInternal returns the package whose tests prove an internal one: the folder that holds "internal".
func parentOfInternal(importPath string) (string, bool) {
	for at := importPath; at != "." && at != "/"; at = path.Dir(at) {
		if path.Base(at) == "internal" {
			return path.Dir(at), true
		}
	}
	return "", false
}

// prove adds the tests of the package at path to those that prove pkg. A package that does not exist or has no tests
// adds none.
func (s *suites) prove(ctx context.Context, pkg *sourcePackage, path string) error {
	known, ok := s.byPath[path]
	if !ok {
		listed, err := s.tree.list(ctx, "-e", path)
		if err != nil {
			return err
		}
		if len(listed) == 1 && len(listed[0].TestGoFiles)+len(listed[0].XTestGoFiles) > 0 {
			known = &suite{path: path, dir: listed[0].Dir}
		}
		s.byPath[path] = known
	}
	if known != nil && !slices.Contains(s.proving[pkg], known) {
		s.proving[pkg] = append(s.proving[pkg], known)
		known.proves = append(known.proves, pkg.path)
	}
	return nil
}

// measure finds the tests of a suite, sees all of them pass, and notes what each covers and how long it takes.
func (s *suites) measure(ctx context.Context, u *suite, p *progress) error {
	if u.measured {
		return nil
	}
	u.measured = true
	p.show("building the tests of %s", u.path)
	plain, covering := filepath.Join(s.folder, "plain.test"), filepath.Join(s.folder, "cover.test")
	if out, err := s.build(ctx, u, plain, ""); err != nil {
		return fmt.Errorf("the tests of %s do not build: %s", u.path, out)
	}
	start := time.Now()
	if out, err := s.build(ctx, u, covering, "", "-cover", "-covermode=set", "-coverpkg="+strings.Join(u.proves, ",")); err != nil {
		return fmt.Errorf("the tests of %s do not build with coverage: %s", u.path, out)
	}
	u.building = time.Since(start)
	took, err := s.passes(ctx, u, plain)
	if err != nil {
		return err
	}
	names, err := s.command(ctx, u, covering, "-test.list=.").Output()
	if err != nil {
		return fmt.Errorf("%s: %w", u.path, err)
	}
	for _, name := range regexp.MustCompile(`(?m)^(Test|Example|Fuzz)\w*$`).FindAllString(string(names), -1) {
		if _, ran := took[name]; !ran {
			continue // left out by -skip
		}
		p.show("measuring %s %s", u.path, name)
		t, err := s.cover(ctx, u, covering, name)
		if err != nil {
			return err
		}
		t.took = max(t.took, took[name])
		u.tests = append(u.tests, t)
	}
	slices.SortStableFunc(u.tests, func(a, b *test) int { return int(a.took - b.took) })
	return nil
}

var passed = regexp.MustCompile(`(?m)^--- (?:PASS|SKIP): (\S+) \(([\d.]+)s\)`)

// passes runs the whole suite without a mutant and returns how long each test took.
func (s *suites) passes(ctx context.Context, u *suite, binary string) (map[string]time.Duration, error) {
	out, err := s.command(ctx, u, binary, "-test.v").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("the tests of %s fail without a mutant: %w\n%s", u.path, err, tail(out))
	}
	took := make(map[string]time.Duration)
	for _, m := range passed.FindAllSubmatch(out, -1) {
		seconds, _ := strconv.ParseFloat(string(m[2]), 64)
		took[string(m[1])] = time.Duration(seconds * float64(time.Second))
	}
	return took, nil
}

// tail returns the end of a program's output.
func tail(out []byte) []byte { return out[max(0, len(out)-4000):] }

// cover runs one test alone. Its result does not count: an allocation count, say, differs with coverage.
func (s *suites) cover(ctx context.Context, u *suite, binary, name string) (*test, error) {
	profile := filepath.Join(s.folder, "profile")
	os.Remove(profile)
	start := time.Now()
	s.command(ctx, u, binary, "-test.run=^"+name+"$", "-test.coverprofile="+profile).Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	t := &test{name: name, took: time.Since(start)}
	b, err := os.ReadFile(profile)
	if err != nil {
		return nil, fmt.Errorf("%s %s leaves no coverage: %w", u.path, name, err)
	}
	all, covered := parseProfile(b)
	t.covered = covered
	for file, blocks := range all {
		if s.blocks[file] == nil {
			s.blocks[file] = blocks
		}
	}
	return t, nil
}

// build makes a test binary of a suite, with an overlay where one is given.
func (s *suites) build(ctx context.Context, u *suite, binary, overlay string, flags ...string) ([]byte, error) {
	args := []string{"test", "-c", "-vet=off", "-ldflags=-s -w", "-tags=" + s.tree.tags, "-o", binary}
	if overlay != "" {
		args = append(args, "-overlay="+overlay)
	}
	return s.tree.command(ctx, append(append(args, flags...), u.path)...).CombinedOutput()
}

// command prepares a run of a suite's binary as go test runs it: in the package's folder, no input. Its memory is bounded,
// so that a mutant that never stops allocating ends, and it is killed with all it started.
func (s *suites) command(ctx context.Context, u *suite, binary string, args ...string) *exec.Cmd {
	args = append([]string{"-c", `ulimit -v 8000000 2>/dev/null; exec "$0" "$@"`, binary, "-test.paniconexit0"}, args...)
	if s.o.skip != "" {
		args = append(args, "-test.skip="+s.o.skip)
	}
	if s.o.short {
		args = append(args, "-test.short")
	}
	cmd := exec.CommandContext(ctx, "sh", args...)
	cmd.Dir = u.dir
	ownGroup(cmd)
	return cmd
}

// covering returns the tests of the suite that run the place of the mutant, quickest first. Outside functions there is
// no coverage, and every test counts. A place in no block, such as a case's expression, counts as run by whatever runs
// some of its function.
func (s *suites) covering(u *suite, m *mutant) []*test {
	if !m.inBody {
		return u.tests
	}
	file := path.Join(m.file.pkg.path, filepath.Base(m.file.path))
	at := position(m.file.source, m.start)
	reached := func(b block) bool {
		return !b.start.before(position(m.file.source, m.funcStart)) && !position(m.file.source, m.funcEnd).before(b.start)
	}
	if inner, ok := innermost(s.blocks[file], at); ok {
		reached = func(b block) bool { return b == inner }
	}
	var tests []*test
	for _, t := range u.tests {
		if slices.ContainsFunc(t.covered[file], reached) {
			tests = append(tests, t)
		}
	}
	return tests
}

// position returns where an offset is, as profiles count: lines and bytes from 1.
func position(source []byte, offset int) point {
	lineStart := 1 + bytes.LastIndexByte(source[:offset], '\n')
	return point{1 + bytes.Count(source[:offset], []byte("\n")), 1 + offset - lineStart}
}
