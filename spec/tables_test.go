package spec

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the tables of the built-in specs anew")

// The built-in specs as tables, in the order and the notation of the standards' own: number, format, name, then
// whatever else is set. A change of a shipped spec is a change of what is on the wire: it shows here, and is written
// anew with
//
//	go test ./spec -run TestBuiltInTables -update
func TestBuiltInTables(t *testing.T) {
	for _, base := range BuiltInNames() {
		s, err := BuiltIn(base)
		require.NoError(t, err)
		lines := table(t, s)
		requireTable(t, base, lines)
		for _, variant := range VariantNames(base) {
			s, err := BuiltIn(base + "+" + variant)
			require.NoError(t, err)
			changed := table(t, s)
			requireTable(t, base+"+"+variant, append(without("- ", lines, changed), without("+ ", changed, lines)...))
		}
	}
}

// without returns the lines of a that b lacks, each behind a sign.
func without(sign string, a, b []string) []string {
	var lines []string
	for _, line := range a {
		if !slices.Contains(b, line) {
			lines = append(lines, sign+line)
		}
	}
	return lines
}

func requireTable(t *testing.T, name string, lines []string) {
	t.Helper()
	file := filepath.Join("testdata", "tables", name+".txt")
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got, name)
}

// table lists all that a spec says, a line a field.
func table(t *testing.T, s *Spec) []string {
	c := s.Config()
	var lines []string
	for _, f := range c.Header {
		lines = append(lines, rows(t, "header.", f)...)
	}
	for _, f := range c.Fields {
		lines = append(lines, rows(t, "", f)...)
	}
	rest := c
	rest.Header, rest.Fields, rest.Responses, rest.Reversals = nil, nil, nil, nil
	lines = append([]string{asJSON(t, rest)}, lines...)
	for _, d := range c.Responses {
		lines = append(lines, "response "+asJSON(t, d))
	}
	for _, d := range c.Reversals {
		lines = append(lines, "reversal "+asJSON(t, d))
	}
	return lines
}

// rows lists a field and, below it, its parts.
func rows(t *testing.T, path string, f Field) []string {
	key := f.Tag
	if key == "" {
		key = strconv.Itoa(f.Number)
	}
	path += key
	rest := f
	rest.Number, rest.Tag, rest.Name, rest.Format, rest.Layout, rest.Cases, rest.ByMTI = 0, "", "", "", nil, nil, nil
	line := fmt.Sprintf("%s\t%s\t%s", path, f.Format, f.Name)
	if more := asJSON(t, rest); more != "{}" {
		line += "\t" + more
	}
	lines := append([]string{line}, layoutRows(t, path, f.Layout)...)
	for i, c := range f.Cases {
		at := fmt.Sprintf("%s(case %d)", path, i+1)
		condition := c
		condition.Layout = nil
		lines = append(lines, at+"\t"+asJSON(t, condition))
		lines = append(lines, layoutRows(t, at, c.Layout)...)
	}
	for _, a := range f.ByMTI {
		lines = append(lines, rows(t, path+"("+a.MTI+") ", a.Field)...)
	}
	return lines
}

func layoutRows(t *testing.T, path string, l *Layout) []string {
	if l == nil {
		return nil
	}
	rest := *l
	rest.Fields, rest.Lead, rest.Unknown = nil, nil, nil
	lines := []string{path + "\tlayout " + asJSON(t, rest)}
	if l.Lead != nil {
		lines = append(lines, rows(t, path+".lead ", *l.Lead)...)
	}
	for _, f := range l.Fields {
		lines = append(lines, rows(t, path+".", f)...)
	}
	if l.Unknown != nil {
		lines = append(lines, rows(t, path+".unknown ", *l.Unknown)...)
	}
	return lines
}

func asJSON(t *testing.T, v any) string {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}
