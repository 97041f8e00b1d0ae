package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// runOn runs the program with a command line and returns what it prints.
func runOn(t *testing.T, args ...string) (string, error) {
	t.Helper()
	o, err := parseOptions(args, io.Discard)
	require.NoError(t, err)
	o.patience = 3 * time.Second
	var out bytes.Buffer
	err = run(t.Context(), o, &out, io.Discard)
	return out.String(), err
}

// Every mutant of the fixture, and what becomes of it.
func TestFixture(t *testing.T) {
	out, err := runOn(t, "testdata/fixture", "-n", "1000", "-v", "-p", "2", "-min", "60")
	require.NoError(t, err, out)
	got := make(map[string]string)
	for _, m := range regexp.MustCompile(`(?m)^([a-z ]+) internal/mutate/testdata/fixture/fixture.go:\d+\n(.*)\n- .*\n\+ (.*)$`).FindAllStringSubmatch(out, -1) {
		got[m[2]+": "+m[3]] = m[1]
	}
	require.Equal(t, map[string]string{
		"Full boundary: func Full(n int) bool { return n > 10 }":         "caught",
		"Full comparison: func Full(n int) bool { return n < 10 }":       "caught",
		"Full constant: func Full(n int) bool { return n >= 11 }":        "caught",
		"Full constant: func Full(n int) bool { return n >= 9 }":         "caught",
		"Loose boundary: func Loose(n int) bool { return n > 10 }":       "survived",
		"Loose comparison: func Loose(n int) bool { return n < 10 }":     "caught",
		"Loose constant: func Loose(n int) bool { return n >= 11 }":      "survived",
		"Loose constant: func Loose(n int) bool { return n >= 9 }":       "survived",
		"Untested arithmetic: func Untested(n int) int { return n - 1 }": "not covered",
		"Untested constant: func Untested(n int) int { return n + 2 }":   "not covered",
		"Untested constant: func Untested(n int) int { return n + 0 }":   "not covered",
		"Sum constant: sum := 1":                                         "caught",
		"Sum constant: sum := -1":                                        "caught",
		"Sum constant: for i := -1; i < n; i++ {":                        "caught",
		"Sum boundary: for i := 0; i <= n; i++ {":                        "caught",
		"Sum comparison: for i := 0; i >= n; i++ {":                      "caught",
		"Sum increment: for i := 0; i < n; i-- {":                        "timeout",
		"Sum arithmetic: sum -= i":                                       "caught",
		"Sum remove: ":                                                   "caught",
	}, got)
	require.Contains(t, out, "19 mutants of seed 1: caught 13 (1 of them by a timeout), survived 3, not covered 3; 1 are listed as equivalent\nscore 68.4 %\n")
}

func TestScoreBelowMinimum(t *testing.T) {
	_, err := runOn(t, "testdata/fixture", "-n", "1000", "-skip", "Sum|Full|Loose")
	require.ErrorIs(t, err, errBelowMinimum)
}

func TestNothingIsTriedWhenTheTimeIsUp(t *testing.T) {
	out, err := runOn(t, "testdata/fixture", "-n", "4", "-budget", "1ns")
	require.NoError(t, err)
	require.Contains(t, out, "4 mutants were not tried: the time was up\n0 mutants of seed 1")
}

func TestFailingTestsAreNoProof(t *testing.T) {
	_, err := runOn(t, "testdata/failing")
	require.ErrorContains(t, err, "testdata/failing fail without a mutant")
	require.ErrorContains(t, err, "not one")
}

func TestSeedDecidesTheDraw(t *testing.T) {
	first, err := runOn(t, "testdata/fixture", "-list", "-n", "8", "-seed", "7")
	require.NoError(t, err)
	again, err := runOn(t, "testdata/fixture", "-list", "-n", "8", "-seed", "7")
	require.NoError(t, err)
	other, err := runOn(t, "testdata/fixture", "-list", "-n", "8", "-seed", "8")
	require.NoError(t, err)
	require.Equal(t, 8, strings.Count(first, "\n+ "))
	require.Equal(t, first, again)
	require.NotEqual(t, first, other)
}

func TestFlagsMayFollowPackages(t *testing.T) {
	o, err := parseOptions([]string{"spec", "-n", "7", "./crypto/...", "-seed", "9", "-tests", "message,emv", "-internal"}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, []string{"spec", "./crypto/..."}, o.packages)
	require.Equal(t, []string{"message", "emv"}, o.tests)
	require.Equal(t, 7, o.n)
	require.Equal(t, uint64(9), o.seed)
	require.True(t, o.internal)
	require.Equal(t, 90.0, o.min)
	_, err = parseOptions([]string{"-n", "7"}, io.Discard)
	require.Error(t, err, "without a package")
}

func TestParentOfInternal(t *testing.T) {
	for path, want := range map[string]string{
		"m/crypto/internal/des": "m/crypto", "m/crypto/internal/des/table": "m/crypto", "m/a/internal/b/internal/c": "m/a/internal/b",
		"m/crypto": "", "m/internals/des": "",
	} {
		parent, ok := parentOfInternal(path)
		require.Equal(t, want, parent, path)
		require.Equal(t, want != "", ok, path)
	}
}

// A module of its own: an internal package that the parent's tests prove, changed after a commit.
func TestChangedLinesOfAnInternalPackage(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	git := func(args ...string) {
		out, err := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...).CombinedOutput()
		require.NoError(t, err, string(out))
	}
	write("go.mod", "module example.com/m\n\ngo 1.26\n")
	write("parent/parent.go", "package parent\n\nimport \"example.com/m/parent/internal/inner\"\n\nfunc Add(a, b int) int { return inner.Add(a, b) }\n")
	write("parent/parent_test.go", "package parent\n\nimport \"testing\"\n\nfunc TestAdd(t *testing.T) {\n\tif Add(1, 2) != 3 || Add(2, 2) != 4 {\n\t\tt.Fail()\n\t}\n}\n")
	write("parent/internal/inner/inner.go", "package inner\n\nfunc Add(a, b int) int {\n\tif a == b {\n\t\treturn 2 * a\n\t}\n\treturn b + a\n}\n")
	git("init", "-q")
	git("add", ".")
	git("commit", "-qm", "before")
	write("parent/internal/inner/inner.go", "package inner\n\nfunc Add(a, b int) int {\n\tif a == b {\n\t\treturn 2 * a\n\t}\n\treturn a + b\n}\n")
	t.Chdir(dir)

	out, err := runOn(t, "-changed", "HEAD", "-v")
	require.NoError(t, err, out)
	require.Contains(t, out, "caught parent/internal/inner/inner.go:7\nAdd arithmetic\n- return a + b\n+ return a - b\n")
	require.Contains(t, out, "1 mutants of seed 1")

	out, err = runOn(t, "parent", "-internal", "-list")
	require.NoError(t, err, out)
	require.Contains(t, out, "parent/internal/inner/inner.go:5\nAdd arithmetic\n- return 2 * a\n+ return 2 / a\n")

	git("commit", "-qam", "after")
	out, err = runOn(t, "-changed", "HEAD")
	require.NoError(t, err)
	require.Equal(t, "no package has changed lines\n", out)
}

func TestDiffLines(t *testing.T) {
	set := parseDiff("/m", []byte("+++ b/a/x.go\n@@ -1,2 +3 @@ func\n+x\n@@ -9 +10,3 @@\n+y\n@@ -20,2 +22,0 @@\n--- a/gone.go\n+++ /dev/null\n@@ -1,2 +0,0 @@\n"))
	require.Equal(t, lineSet{"/m/a/x.go": {{3, 3}, {10, 12}}}, set)
}

func TestInnermostBlock(t *testing.T) {
	all, ran := parseProfile([]byte("mode: set\nm/a.go:3.2,9.3 2 1\nm/a.go:4.10,6.3 1 0\nm/b.go:1.1,2.2 1 1\n"))
	require.Len(t, all["m/a.go"], 2)
	require.Len(t, ran["m/a.go"], 1)
	inner, ok := innermost(all["m/a.go"], point{5, 1})
	require.True(t, ok)
	require.Equal(t, block{point{4, 10}, point{6, 3}}, inner)
	outer, ok := innermost(all["m/a.go"], point{6, 3})
	require.True(t, ok, "a block ends before its end")
	require.Equal(t, block{point{3, 2}, point{9, 3}}, outer)
	_, ok = innermost(all["m/a.go"], point{9, 4})
	require.False(t, ok)
}

func TestInterruptedRunEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := run(ctx, &options{packages: []string{"testdata/fixture"}, n: 5, parallel: 1}, io.Discard, io.Discard)
	require.Error(t, err)
}

// TestByChance holds that a small sample below the share asked for is let pass, and a large one is not.
func TestByChance(t *testing.T) {
	require.True(t, byChance(4, 8, 0.8), "5.6 %")
	require.True(t, byChance(3, 8, 0.8), "1.04 %")
	require.False(t, byChance(2, 8, 0.8), "0.12 %")
	require.True(t, byChance(42, 60, 0.8))
	require.False(t, byChance(38, 60, 0.8))
	require.True(t, byChance(40, 60, 0.8), "1.07 %")
	require.False(t, byChance(39, 60, 0.8), "0.48 %")
	require.False(t, byChance(0, 5, 0.8))
	require.True(t, byChance(0, 1, 0.8))
	require.True(t, byChance(60, 60, 0.8))
	require.False(t, byChance(59, 60, 1))
}
