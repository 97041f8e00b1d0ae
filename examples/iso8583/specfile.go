package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/posline/posline/spec"
	"github.com/posline/posline/spec/jposxml"
)

// loadSpec returns a built-in spec or that of a file, and says in a line when the file holds what the spec does not do.
func (c *console) loadSpec(name string) (*spec.Spec, error) {
	s, warnings, err := readSpec(name)
	switch {
	case err != nil || len(warnings) == 0:
	case len(warnings) == 1:
		c.note("%s: %s", name, warnings[0])
	default:
		c.note("%s: %s (and %d more: iso8583 spec check)", name, warnings[0], len(warnings)-1)
	}
	return s, err
}

// readSpec returns a built-in spec or that of a file. warnings are what the file says and the spec does not do.
func readSpec(name string) (s *spec.Spec, warnings []string, err error) {
	base, _, _ := strings.Cut(name, "+")
	if slices.Contains(spec.BuiltInNames(), base) {
		s, err = spec.BuiltIn(name)
		return s, nil, err
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, nil, fmt.Errorf("spec %q is neither built in (%s) nor a file: %w", name, strings.Join(spec.BuiltInNames(), ", "), err)
	}
	defer file.Close()
	if s, warnings, err = parseSpec(file, specName(name)); err != nil {
		return nil, warnings, fmt.Errorf("%s: %w", name, err)
	}
	return s, warnings, nil
}

// specName is the name of a spec whose file has none.
func specName(file string) string {
	name := filepath.Base(file)
	return strings.TrimSuffix(name, filepath.Ext(name))
}

// parseSpec reads a spec file in any form, told by its content: our JSON, the XML of jPOS, the JSON of moov-io/iso8583.
func parseSpec(r io.Reader, name string) (s *spec.Spec, warnings []string, err error) {
	text, err := io.ReadAll(io.LimitReader(bufio.NewReader(r), spec.MaxFile+1))
	if err != nil {
		return nil, nil, err
	}
	switch {
	case isXML(text):
		var found []jposxml.Warning
		s, found, err = jposxml.Parse(bytes.NewReader(text), jposxml.WithName(name))
		for _, w := range found {
			warnings = append(warnings, w.String())
		}
	case isMoov(text) && parseMoov != nil:
		s, warnings, err = parseMoov(bytes.NewReader(text))
	case isMoov(text):
		err = errors.New("a spec file of moov-io/iso8583, which this build does not read")
	default:
		s, err = spec.Parse(bytes.NewReader(text))
	}
	return s, warnings, err
}

// parseMoov reads a spec file of moov-io/iso8583. That library does not compile for 32-bit targets, where it is nil.
var parseMoov func(io.Reader) (s *spec.Spec, warnings []string, err error)

// isXML tells XML by its first character; the byte order marks of UTF-16 start no other form.
func isXML(text []byte) bool {
	if bytes.HasPrefix(text, []byte("\xFF\xFE")) || bytes.HasPrefix(text, []byte("\xFE\xFF")) {
		return true
	}
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF")))
	return bytes.HasPrefix(text, []byte("<"))
}

// isMoov tells moov's JSON: its fields are an object by number, ours a list.
func isMoov(text []byte) bool {
	var file struct {
		Fields json.RawMessage `json:"fields"`
	}
	return json.Unmarshal(text, &file) == nil && bytes.HasPrefix(bytes.TrimSpace(file.Fields), []byte("{"))
}
