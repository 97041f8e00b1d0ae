package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
)

// dumped is a file of testdata/dumps, with what is in it.
type dumped struct {
	File, Kind, Spec, Flags string
	Messages                int
	Fields                  map[string]string // of the first message
}

// What people have is guessed, and the command that guess writes reads it.
func TestDumps(t *testing.T) {
	folder := filepath.Join("testdata", "dumps")
	text, err := os.ReadFile(filepath.Join(folder, "manifest.json"))
	require.NoError(t, err)
	var all []dumped
	require.NoError(t, json.Unmarshal(text, &all))
	files, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, files, len(all)+1, "every file is in the manifest")
	kinds := map[string]int{}
	for _, d := range all {
		kinds[d.Kind]++
		t.Run(d.File, func(t *testing.T) {
			file := filepath.Join(folder, d.File)
			out := guessed(t, allCandidates(t), file)
			words := strings.Fields(out[strings.LastIndex(out, "\niso8583 decode ")+1:])
			want := append([]string{"iso8583", "decode", "-spec", d.Spec}, strings.Fields(d.Flags)...)
			require.Equal(t, append(want, file), words)
			first, _, _ := strings.Cut(out, "\n")
			require.Regexp(t, ` (certain|likely) +reads \d+ of \d+$`, first)

			r := try("", append(words[1:], "-json", "-clear")...)
			require.Equal(t, exitGood, r.status, r.errors)
			lines := strings.Split(strings.TrimSpace(r.out), "\n")
			require.Len(t, lines, d.Messages)
			s, _, err := readSpec(d.Spec)
			require.NoError(t, err)
			m := message.MustCompile(s).New()
			require.NoError(t, message.TextForm{}.ReadJSON(m, []byte(lines[0])))
			require.NotEmpty(t, d.Fields)
			for path, value := range d.Fields {
				require.True(t, fieldValue{path, value}.in(m), "field %s", path)
			}
		})
	}
	require.GreaterOrEqual(t, len(all), 30)
	require.GreaterOrEqual(t, len(kinds), 8)
}

// loaded are all specs: compiling each variant takes most of the time of guess.
var loaded = sync.OnceValues(func() ([]*candidate, error) {
	g := &guesser{specs: specNames()}
	err := g.loadCandidates()
	return g.candidates, err
})

func allCandidates(t *testing.T) []*candidate {
	t.Helper()
	all, err := loaded()
	require.NoError(t, err)
	return all
}

// guessed is what guess writes about a file.
func guessed(t *testing.T, specs []*candidate, file string) string {
	var out bytes.Buffer
	c := &console{stdout: &out, stderr: t.Output(), command: "guess"}
	flags := newFlagSet()
	g := &guesser{console: c, candidates: specs}
	g.registerInput(flags)
	require.NoError(t, g.guess([]string{file}))
	require.Zero(t, c.faults)
	return out.String()
}
