// Package vectortest runs the published vectors in a package's testdata: every file, every case, every key of a case.
package vectortest

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

// A Case is one vector. Reading a key of its inputs or of what it expects counts as having dealt with it; keys nobody
// read fail the case, because a vector of an unknown kind must not pass for one that was checked.
type Case struct {
	t      *testing.T
	source string
	groups [2]map[string]any // inputs, expect
	read   [2]map[string]bool
	skip   string
}

const (
	inputs = 0
	expect = 1
)

// Run reads every file of testdata/vectors and gives each case to the function named after the file. It logs the counts.
func Run(t *testing.T, kinds map[string]func(t *testing.T, c *Case)) {
	Files(t, kinds, runFile)
}

func runFile(t *testing.T, file string, check func(*testing.T, *Case)) {
	text, err := os.ReadFile(file)
	must(t, err == nil, "%v", err)
	var cases []struct {
		Source         string
		Inputs, Expect map[string]any
	}
	err = json.Unmarshal(text, &cases)
	must(t, err == nil, "%s: %v", file, err)
	must(t, len(cases) > 0, "%s: no cases", file)
	skipped := map[string]int{}
	for i, vector := range cases {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			c := &Case{t: t, source: vector.Source, groups: [2]map[string]any{vector.Inputs, vector.Expect}}
			c.read[inputs], c.read[expect] = map[string]bool{}, map[string]bool{}
			defer func() {
				if t.Failed() {
					t.Logf("case %d: %s", i, vector.Source)
				}
			}()
			must(t, len(vector.Expect) > 0, "case %d expects nothing", i)
			check(t, c)
			if c.skip != "" {
				skipped[c.skip]++
				return
			}
			for group, name := range []string{"input", "expectation"} {
				for key := range c.groups[group] {
					must(t, c.read[group][key], "%s %q is of a kind unknown here", name, key)
				}
			}
		})
	}
	logCounts(t, file, len(cases), skipped)
}

func logCounts(t *testing.T, file string, n int, skipped map[string]int) {
	total := 0
	var reasons []string
	for reason, count := range skipped {
		total += count
		reasons = append(reasons, reason)
	}
	sort.Strings(reasons)
	why := "nothing left out"
	if total > 0 {
		why = strings.Join(reasons, "; ")
	}
	t.Logf("%s: %d cases, %d skipped (%s)", filepath.Base(file), n, total, why)
}

// Source returns where the vector comes from.
func (c *Case) Source() string { return c.source }

// Skip leaves the case out, with a reason that the log shows.
func (c *Case) Skip(why string) { c.skip = why }

// Has reports whether the case has an input, without counting it as read.
func (c *Case) Has(key string) bool { _, ok := c.groups[inputs][key]; return ok }

// Expects reports whether the case expects something of that name, without counting it as read.
func (c *Case) Expects(key string) bool { _, ok := c.groups[expect][key]; return ok }

// Ignore counts keys as read that only explain.
func (c *Case) Ignore(keys ...string) {
	for _, key := range keys {
		c.read[inputs][key], c.read[expect][key] = true, true
	}
}

// Text returns an input that is a string; "" when it is absent or null.
func (c *Case) Text(key string) string { return text(c.t, c.value(inputs, key)) }

// Hex returns an input written in hex; nil when it is absent or null.
func (c *Case) Hex(key string) []byte { return unhex(c.t, key, c.Text(key)) }

// Int returns an input that is a number, also one written in a string; 0 when it is absent.
func (c *Case) Int(key string) int {
	switch v := c.value(inputs, key).(type) {
	case nil:
		return 0
	case float64:
		return int(v)
	default:
		c.t.Fatalf("%s: not a number", key)
		return 0
	}
}

// Bool returns an input that is true or false; false when it is absent.
func (c *Case) Bool(key string) bool { v, _ := c.value(inputs, key).(bool); return v }

// List returns an input that is a list of strings.
func (c *Case) List(key string) []string {
	items, ok := c.value(inputs, key).([]any)
	must(c.t, ok, "%s: not a list", key)
	var out []string
	for _, item := range items {
		out = append(out, text(c.t, item))
	}
	return out
}

// WantText returns an expected string.
func (c *Case) WantText(key string) string { return text(c.t, c.value(expect, key)) }

// WantHex returns an expected value written in hex.
func (c *Case) WantHex(key string) []byte { return unhex(c.t, key, c.WantText(key)) }

// WantAny returns an expected value as JSON has it.
func (c *Case) WantAny(key string) any { return c.value(expect, key) }

func (c *Case) value(group int, key string) any {
	c.read[group][key] = true
	return c.groups[group][key]
}

func text(t *testing.T, v any) string {
	if v == nil {
		return ""
	}
	s, ok := v.(string)
	must(t, ok, "not a string: %v", v)
	return s
}

func unhex(t *testing.T, key, s string) []byte {
	b, err := hex.DecodeString(s)
	must(t, err == nil, "%s: not hex", key)
	return b
}

func must(t testing.TB, ok bool, format string, args ...any) {
	t.Helper()
	if !ok {
		t.Fatalf(format, args...)
	}
}
