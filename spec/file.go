package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxFile is the largest spec file that Parse reads, in bytes.
const MaxFile = 4 << 20

// Parse reads a spec file: one JSON object of the shape of Config. Unknown keys, a second value and files above
// MaxFile are errors; an error names the line and column or the path of the fault.
func Parse(r io.Reader) (*Spec, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("spec file: %w", err)
	}
	if len(text) > MaxFile {
		return nil, fmt.Errorf("spec file: larger than %d bytes", MaxFile)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var c Config
	if err := d.Decode(&c); err != nil {
		return nil, fmt.Errorf("spec file: %s: %w", position(text, faultOffset(err, d.InputOffset())), err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("spec file: %s: more than one value", position(text, d.InputOffset()))
	}
	return New(c)
}

// faultOffset is where err says the fault is, or else where the decoder stopped.
func faultOffset(err error, stopped int64) int64 {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return syntax.Offset
	case errors.As(err, &kind):
		return kind.Offset
	default:
		return stopped
	}
}

func position(text []byte, offset int64) string {
	before := text[:min(int(offset), len(text))]
	line := bytes.Count(before, []byte("\n")) + 1
	return fmt.Sprintf("line %d, column %d", line, len(before)-bytes.LastIndexByte(before, '\n'))
}

// MarshalJSON writes the file form of the spec: what New was given, without the defaults.
func (s *Spec) MarshalJSON() ([]byte, error) { return json.Marshal(s.config) }
