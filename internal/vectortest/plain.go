package vectortest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Plain is a vector whose parts the test itself decodes.
type Plain struct {
	ID            string
	Source, Note  string
	Input, Expect json.RawMessage
}

// RunPlain gives each case of the files of testdata/vectors to the function named after the file, and logs the counts.
func RunPlain(t *testing.T, kinds map[string]func(t *testing.T, c Plain)) {
	Files(t, kinds, func(t *testing.T, file string, check func(*testing.T, Plain)) {
		name, cases := filepath.Base(file), ReadPlain(t, file)
		t.Run(name, func(t *testing.T) {
			for _, c := range cases {
				t.Run(c.ID, func(t *testing.T) { check(t, c) })
			}
		})
		logCounts(t, file, len(cases), nil)
	})
}

// ReadPlain reads the cases of a file, of which there must be one at least.
func ReadPlain(t testing.TB, file string) []Plain {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err == nil, "%v", err)
	var content struct{ Cases []Plain }
	err = json.Unmarshal(text, &content)
	must(t, err == nil && len(content.Cases) > 0, "%s: no cases (%v)", file, err)
	return content.Cases
}

// Strict decodes a part of a case. A key that v lacks is a failure: it could change what the case means.
func Strict(t testing.TB, text json.RawMessage, v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	must(t, err == nil, "%v", err)
}
