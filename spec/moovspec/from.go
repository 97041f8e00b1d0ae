//go:build amd64 || arm64

package moovspec

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/field"

	"github.com/posline/posline/spec"
)

// Warning is what one of the two languages says and the other cannot, or says in another way.
type Warning struct {
	Path    string // "48.3", "1" for the bitmap, "" for the whole
	Problem string
}

// String returns path and problem.
func (w Warning) String() string {
	if w.Path == "" {
		return w.Problem
	}
	return w.Path + ": " + w.Problem
}

const (
	maxDepth  = 8    // of composites in composites, as in spec.New
	maxFields = 8192 // of all fields together, as in spec.New
)

// From makes a spec of a moov spec. A message has the same bytes in both, apart from the defects that the package
// comment lists; each thing that cannot be carried over is a Warning with its path. The moov spec is only read.
//
// A data element or part without encoding or prefix is left out, with a Warning: moov has no use for it either. So are
// the parts behind one in a composite without tags and bitmap, which moov does not get to, and such a composite as a whole
// where it is always read to its end. The error joins one *spec.Error for each field whose extent on the wire cannot be
// told, since its encoding or prefix is of the caller's own making.
func From(ms *iso8583.MessageSpec) (*spec.Spec, []Warning, error) {
	if ms == nil {
		return nil, nil, errors.New("moovspec: no spec")
	}
	im := &importer{masks: shippedMasks()}
	c := spec.Config{Name: cmp.Or(ms.Name, "moov"), Encoding: spec.ASCII}
	numbers := slices.Sorted(maps.Keys(ms.Fields))
	highest := 0
	c.Bitmap, highest = im.messageBitmap(ms.Fields[1], numbers)
	c.Fields = append(c.Fields, im.messageType(ms.Fields[0])...)
	for _, number := range numbers {
		if number != 0 && number != 1 {
			c.Fields = append(c.Fields, im.dataElement(number, highest, ms.Fields[number])...)
		}
	}
	c.Ignored = im.ignored
	if err := errors.Join(im.faults...); err != nil {
		return nil, im.warnings, fmt.Errorf("moovspec %q: %w", c.Name, err)
	}
	s, err := spec.New(c)
	if err != nil {
		return nil, im.warnings, fmt.Errorf("moovspec: %w", err)
	}
	return s, im.warnings, nil
}

// importer collects what From finds.
type importer struct {
	warnings []Warning
	faults   []error
	fields   int
	ignored  []int
	bitmaps  int // how many may follow one another, each announced by the one before; 0 where none is announced
	masks    map[int]spec.Mask
}

func (im *importer) warn(path, format string, args ...any) {
	im.warnings = append(im.warnings, Warning{Path: path, Problem: fmt.Sprintf(format, args...)})
}

func (im *importer) fault(path, format string, args ...any) {
	im.faults = append(im.faults, &spec.Error{Path: path, Problem: fmt.Sprintf(format, args...)})
}

// shippedMasks are the masks that ISO 8583:1987 gives its data elements here; moov's specs have none.
func shippedMasks() map[int]spec.Mask {
	masks := map[int]spec.Mask{}
	for _, f := range spec.ISO8583v1987ASCII().Config().Fields {
		masks[f.Number] = f.Mask
	}
	return masks
}

// isNil tells whether there is no field, or none that could be asked for its spec.
func isNil(f field.Field) bool {
	if f == nil {
		return true
	}
	v := reflect.ValueOf(f)
	return v.Kind() == reflect.Pointer && v.IsNil() || f.Spec() == nil
}

// dataElement returns the field of a data element; nothing where no message of moov's could carry it.
func (im *importer) dataElement(number, highest int, f field.Field) []spec.Field {
	path := strconv.Itoa(number)
	switch {
	case number < 0 || number > highest:
		im.warn(path, "the bitmaps announce 2 to %d: left out", highest)
		return nil
	case im.announces(number):
		im.warn(path, "this bit announces a bitmap: what it is set to is dropped, as moov does")
		im.ignored = append(im.ignored, number)
		return nil
	}
	out, ok := im.field(path, f, 0)
	if !ok {
		return nil
	}
	out.Number = number
	if out.Mask == spec.MaskDefault {
		out.Mask = im.masks[number]
	}
	return []spec.Field{out}
}

// unusable says what a field lacks that moov cannot do without, so that no message of a program can have it; "" where it
// lacks nothing.
func unusable(f field.Field) string {
	if isNil(f) {
		return "there is no field"
	}
	s := f.Spec()
	_, composite := f.(*field.Composite)
	switch ownCode := s.Packer != nil || s.Unpacker != nil; {
	case ownCode:
		return ""
	case s.Pref == nil && kindOf(f) != bits:
		return "has no prefix"
	case s.Enc == nil && !composite:
		return "has no encoding"
	}
	return ""
}

// field returns the definition of any field but the message type and the bitmap; ok is false for one that is left out,
// with a warning.
func (im *importer) field(path string, f field.Field, depth int) (out spec.Field, ok bool) {
	if lacks := unusable(f); lacks != "" {
		im.warn(path, "%s, moov can neither write nor read it: left out", lacks)
		return spec.Field{}, false
	}
	im.fields++
	if im.fields > maxFields || depth > maxDepth {
		if im.fields == maxFields+1 || im.fields <= maxFields {
			im.fault(path, "more than %d fields, or deeper than %d", maxFields, maxDepth)
		}
		return spec.Field{}, true
	}
	if _, ok := f.(*field.Composite); ok {
		return im.composite(path, f.Spec(), depth)
	}
	return im.leaf(path, kindOf(f), f.Spec()), true
}
