package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWorse(t *testing.T) {
	base := Result{OursNS: 10, Allocs: 2, Bytes: 100, VsPeer: 8, CPUVsPeer: 0.6}
	for _, c := range []struct {
		name   string
		change func(r *Result)
		want   []string
	}{
		{"the same", func(r *Result) {}, nil},
		{"an allocation more", func(r *Result) { r.Allocs = 3 }, []string{"3 allocations, 2 in the file"}},
		{"an allocation less", func(r *Result) { r.Allocs = 1 }, nil},
		{"more bytes in as many allocations", func(r *Result) { r.Bytes = 1000 }, nil},
		{"more than half as fast", func(r *Result) { r.VsPeer = 4.01 }, nil},
		{"half as fast", func(r *Result) { r.VsPeer = 4 }, []string{"4.00 times the peer's speed, 8.00 in the file"}},
		{"less than twice the processor time", func(r *Result) { r.CPUVsPeer = 1.19 }, nil},
		{"twice the processor time", func(r *Result) { r.CPUVsPeer = 1.2 }, []string{"1.20 of the peer's processor time, 0.60 in the file"}},
		{"all at once", func(r *Result) { r.Allocs, r.VsPeer = 9, 1 }, []string{"9 allocations, 2 in the file", "1.00 times the peer's speed, 8.00 in the file"}},
	} {
		r := base
		c.change(&r)
		require.Equal(t, c.want, worse(r, base), c.name)
	}

	memory := Result{Bytes: 5000}
	require.Empty(t, worse(Result{Bytes: 5500}, memory))
	require.Equal(t, []string{"5501 bytes, 5000 in the file"}, worse(Result{Bytes: 5501}, memory))
	require.Empty(t, worse(Result{OursNS: 99}, Result{OursNS: 1}), "times alone mean nothing")
}

// A check of two cases: one allocates what the file does not allow, one is not there.
func TestCheck(t *testing.T) {
	var kept []byte
	allocating := func() (Variants, error) {
		return Variants{Ours: func(n int) {
			for range n {
				kept = make([]byte, 64)
			}
		}}, nil
	}
	known, unknown := Case{"known", allocating}, Case{"unknown", allocating}

	var out bytes.Buffer
	require.NoError(t, check([]Case{known}, map[string]Result{"known": {OursNS: 1, Allocs: 1}}, &out))
	require.Equal(t, "1 cases are as good as the file\n", out.String())

	out.Reset()
	err := check([]Case{known, unknown}, map[string]Result{"known": {OursNS: 1, Allocs: 0}}, &out)
	require.EqualError(t, err, "2 of 2 cases are worse than the file")
	require.Equal(t, "known: 1 allocations, 0 in the file\nunknown: not in the file: add the line that -json prints\n", out.String())
	require.Len(t, kept, 64)
}

func TestReadBaseline(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lines")
	require.NoError(t, os.WriteFile(file, []byte("{\"case\":\"a\",\"vs_peer\":2.5}\n{\"case\":\"b\",\"allocs\":3}\n"), 0o600))
	lines, err := readBaseline(file)
	require.NoError(t, err)
	require.Equal(t, map[string]Result{"a": {Case: "a", VsPeer: 2.5}, "b": {Case: "b", Allocs: 3}}, lines)

	require.NoError(t, os.WriteFile(file, []byte("{\"case\":\"a\"\n"), 0o600))
	_, err = readBaseline(file)
	require.ErrorContains(t, err, file)
	_, err = readBaseline(file + "-none")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// The committed file has a line for every case and for nothing else. Write a new case's line with
//
//	go run ./benchmarks -json -case NAME >> benchmarks/baseline.jsonl
func TestBaselineHasEveryCase(t *testing.T) {
	lines, err := readBaseline("baseline.jsonl")
	require.NoError(t, err)
	for _, c := range cases() {
		_, ok := lines[c.Name]
		require.True(t, ok, "no line for this case: go run ./benchmarks -json -case '^%s$' >> benchmarks/baseline.jsonl", c.Name)
		delete(lines, c.Name)
	}
	require.Empty(t, lines, "lines of cases that are gone")
}

// TestNoCase: a name that no case has is a mistake, not a success.
func TestNoCase(t *testing.T) {
	require.ErrorContains(t, run(false, true, "conection/", "baseline.jsonl"), "conection/")
	require.ErrorContains(t, run(false, true, "conection/", ""), "conection/")
}
