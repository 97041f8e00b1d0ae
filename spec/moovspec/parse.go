//go:build amd64 || arm64

package moovspec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/specs"

	"github.com/posline/posline/spec"
)

// MaxFile is the largest spec file that ParseJSON and ParseYAML read, in bytes.
const MaxFile = 4 << 20

// ParseJSON reads a spec file of moov's in JSON, which moov's ImportJSON then makes a spec of, and goes on as From. It
// refuses with an error what moov panics on, or would take gigabytes for, and what moov passes over in silence is a
// Warning: keys it does not know, padding of several characters.
//
// The error joins one *spec.Error, with the path, for each fault of the file.
func ParseJSON(r io.Reader) (*spec.Spec, []Warning, error) {
	text, err := readBounded(r)
	if err != nil {
		return nil, nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, nil, fmt.Errorf("moov spec file: line %d: %w", lineAt(text, err, d.InputOffset()), err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, nil, errors.New("moov spec file: more than one value")
	}
	return fromTree(tree)
}

// ParseYAML is ParseJSON for moov's files in YAML. Subfields may stand under the key "subfields" as well as under
// "subfields:omitempty", which is the one that moov reads and writes.
func ParseYAML(r io.Reader) (*spec.Spec, []Warning, error) {
	text, err := readBounded(r)
	if err != nil {
		return nil, nil, err
	}
	tree, err := yamlTree(text)
	if err != nil {
		return nil, nil, fmt.Errorf("moov spec file: %w", err)
	}
	return fromTree(tree)
}

func readBounded(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("moov spec file: %w", err)
	}
	if len(text) > MaxFile {
		return nil, fmt.Errorf("moov spec file: larger than %d bytes", MaxFile)
	}
	return text, nil
}

// lineAt is the line of a fault in JSON.
func lineAt(text []byte, err error, stopped int64) int {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		stopped = syntax.Offset
	}
	return bytes.Count(text[:min(int(stopped), len(text))], []byte("\n")) + 1
}

// fromTree makes a spec of a file: it checks it, has moov build a spec of it, and imports that.
func fromTree(tree any) (*spec.Spec, []Warning, error) {
	c := &fileChecker{}
	sound := c.file(tree)
	if err := errors.Join(c.faults...); err != nil {
		return nil, c.warnings, fmt.Errorf("moov spec file: %w", err)
	}
	text, err := json.Marshal(sound)
	if err != nil {
		return nil, c.warnings, fmt.Errorf("moov spec file: %w", err)
	}
	ms, err := build(text)
	if err != nil {
		return nil, c.warnings, fmt.Errorf("moov spec file: %w", err)
	}
	s, warnings, err := From(ms)
	return s, append(c.warnings, warnings...), err
}

// build calls moov's builder. fileChecker has refused all that it is known to panic on; whatever it does beyond that
// is an error all the same.
func build(text []byte) (ms *iso8583.MessageSpec, err error) {
	defer func() {
		if r := recover(); r != nil {
			ms, err = nil, fmt.Errorf("moov's builder panics: %v", r)
		}
	}()
	return specs.ImportJSON(text)
}
