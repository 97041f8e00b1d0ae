package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/posline/posline/spec"
	"github.com/posline/posline/spec/jposxml"
)

// loadSpec returns a built-in spec or that of a file, and says in a line when the file holds what the spec does not do.
func (c *console) loadSpec(name string) (*spec.Spec, error) {
	s, warnings, err := c.readSpec(name)
	switch {
	case err != nil || len(warnings) == 0:
	case len(warnings) == 1:
		c.note("%s: %s", name, warnings[0])
	default:
		c.note("%s: %s (and %d more: iso8583 spec check)", name, warnings[0], len(warnings)-1)
	}
	return s, err
}

// readSpec is readSpec, and reads the standard input for "-".
func (c *console) readSpec(name string) (s *spec.Spec, warnings []string, err error) {
	if name != "-" {
		return readSpec(name)
	}
	in, err := c.standardInput()
	if err != nil {
		return nil, nil, err
	}
	if s, warnings, err = parseSpec(in, inputName("")); err != nil {
		err = fmt.Errorf("%s: %w", inputName(""), err)
	}
	return s, warnings, err
}

// readSpec returns a built-in spec or that of a file. warnings are what the file says and the spec does not do.
func readSpec(name string) (s *spec.Spec, warnings []string, err error) {
	base, _, _ := strings.Cut(name, "+")
	if before, size, ok := headerOf(name); ok && len(spec.VariantNames(base)) == 0 {
		if s, warnings, err = readSpec(before); err != nil {
			return nil, warnings, err
		}
		s, err = s.Derive(spec.Config{Name: fmt.Sprintf("%s, header of %d bytes", s.Name(), size),
			Header: []spec.Field{{Number: 1, Name: "Header", Format: fmt.Sprintf("b %d", 8*size), Encoding: spec.Raw}}})
		return s, warnings, err
	}
	if slices.Contains(spec.BuiltInNames(), base) {
		if s, err = spec.BuiltIn(name); err != nil {
			err = usageError{err}
		}
		return s, nil, err
	}
	if slices.Contains(spec.ExampleNames(), base) {
		if s, err = spec.Example(name); err != nil {
			err = usageError{err}
		}
		return s, nil, err
	}
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, usageError{fmt.Errorf("no spec and no file is called %q; iso8583 spec list lists the specs", name)}
	}
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	if s, warnings, err = parseSpec(file, specName(name)); err != nil {
		return nil, warnings, fmt.Errorf("%s: %w", name, err)
	}
	return s, warnings, nil
}

// variantNames lists what may stand behind the + of a shipped spec's name.
func variantNames(base string) []string {
	names := spec.VariantNames(base)
	if _, err := spec.Example(base + noHeader); err == nil {
		names = append(names, noHeader[1:])
	}
	return names
}

const noHeader = "+no-header"

// headerOf takes +header-N off a name.
func headerOf(name string) (before string, size int, ok bool) {
	before, last, ok := cutLast(name, "+")
	digits, isHeader := strings.CutPrefix(last, "header-")
	size, err := strconv.Atoi(digits)
	return before, size, ok && isHeader && err == nil && size > 0 && size <= 255
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
