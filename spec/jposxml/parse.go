package jposxml

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/posline/posline/spec"
)

// Parse reads a jPOS packager file. The warnings are in the order of the file. The error joins one *Error for each
// fault found; there is then no spec, and the warnings tell what else was noticed.
func Parse(r io.Reader, options ...Option) (*spec.Spec, []Warning, error) {
	im := &importer{name: "jPOS packager", lines: map[string]int{}}
	for _, set := range options {
		set(im)
	}
	root, err := document(r, func(line int, problem string) {
		im.warnings = append(im.warnings, Warning{Line: line, Problem: problem})
	})
	if err != nil {
		return nil, im.warnings, fmt.Errorf("jPOS packager: %w", err)
	}
	config := im.message(root)
	slices.SortStableFunc(im.warnings, func(a, b Warning) int { return cmp.Compare(a.Line, b.Line) })
	if len(im.faults) > 0 {
		return nil, im.warnings, fmt.Errorf("jPOS packager: %w", errors.Join(im.faults...))
	}
	if !im.verbose {
		config = brief(config)
	}
	s, err := spec.New(config)
	if err != nil {
		return nil, im.warnings, fmt.Errorf("jPOS packager: %w", im.located(err))
	}
	return s, im.warnings, nil
}

// Option changes how a file is read.
type Option func(*importer)

// WithName names the spec; a packager file has no name of its own.
func WithName(name string) Option { return func(im *importer) { im.name = name } }

// WithClasses maps field packager classes that jPOS does not have. fields is asked about each of them; it returns the
// field, without number and name, and whether it knows the class. What the field leaves open follows the encoding of
// the message type.
func WithClasses(fields func(Element) (field spec.Field, ok bool)) Option {
	return func(im *importer) { im.classes = fields }
}

// WithPackagers maps packagers of composite fields that jPOS does not have. layouts returns the inside of the field,
// nil for one without parts, and whether it knows the packager.
func WithPackagers(layouts func(Element) (layout *spec.Layout, ok bool)) Option {
	return func(im *importer) { im.packagers = layouts }
}

// WithTags tells the tags that a tag mapper class gives to the subfields of a field. Without it the tag of a subfield
// is its number, filled with zeros on the left.
func WithTags(tags func(mapper string, field, subfield int) (tag string, ok bool)) Option {
	return func(im *importer) { im.tags = tags }
}

// Element is a field of a file, for those who map classes of their own.
type Element struct {
	Line       int
	Path       string // of the field: "48.1"
	ID         int
	Class      string
	Packager   string            // of a composite
	Length     int               // characters, digits or bytes
	Attributes map[string]string // all of them, as they stand in the file
}

// importer makes a spec of a document.
type importer struct {
	name      string
	classes   func(Element) (spec.Field, bool)
	packagers func(Element) (*spec.Layout, bool)
	tags      func(mapper string, field, subfield int) (string, bool)

	verbose bool // defaults are written out

	warnings []Warning
	faults   []error
	lines    map[string]int // of fields, by path
}

func (im *importer) warn(e *element, path, format string, args ...any) {
	im.warnings = append(im.warnings, Warning{Line: e.line, Path: path, Problem: fmt.Sprintf(format, args...)})
}

func (im *importer) fault(e *element, path, format string, args ...any) {
	im.faults = append(im.faults, &Error{Line: e.line, Path: path, Problem: fmt.Sprintf(format, args...)})
}

// located gives the faults that package spec has found their lines.
func (im *importer) located(err error) error {
	joined, ok := errors.Unwrap(err).(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	var faults []error
	for _, one := range joined.Unwrap() {
		var fault *spec.Error
		if !errors.As(one, &fault) {
			faults = append(faults, one)
			continue
		}
		faults = append(faults, &Error{Line: im.line(fault.Path), Path: fault.Path, Problem: fault.Problem})
	}
	return errors.Join(faults...)
}

// line is where the field of a path stands, or else the one around it.
func (im *importer) line(path string) int {
	for path != "" {
		if line, ok := im.lines[path]; ok {
			return line
		}
		i := strings.LastIndexByte(path, '.')
		path = path[:max(i, 0)]
	}
	return 0
}
