package spec

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Error is one fault of a spec: where, and what is wrong.
type Error struct {
	Path    string // "60.3", "header.1", "bitmap"
	Problem string
}

// Error implements error.
func (e *Error) Error() string { return e.Path + ": " + e.Problem }

const (
	maxDepth  = 8    // of layouts in layouts
	maxFields = 8192 // of all fields of a spec together
)

// checker collects the faults of a Config.
type checker struct {
	faults []error
	fields int
}

// check reports every fault of c at once.
func check(c Config) error {
	k := &checker{}
	if c.Name == "" {
		k.fault("name", "is empty")
	}
	k.family("encoding", c.Encoding)
	d := defaults{family: c.Encoding, prefix: c.Prefix}
	if d.family == EncodingDefault {
		d.family = ASCII
	}
	if d.prefix.Encoding == EncodingDefault {
		d.prefix.Encoding = prefixEncoding(d.family)
	}
	for i, f := range c.Header {
		k.field(d, join("header", strconv.Itoa(i+1)), f, 0)
	}
	k.bitmap("bitmap", d.bitmap(c.Bitmap, c.Fields))
	k.numbered(d, c)
	k.references(c.Fields)
	k.derivations("responses", c.Responses)
	k.derivations("reversals", c.Reversals)
	return errors.Join(k.faults...)
}

func (k *checker) fault(path, format string, args ...any) {
	k.faults = append(k.faults, &Error{Path: path, Problem: fmt.Sprintf(format, args...)})
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func (k *checker) family(path string, e Encoding) {
	if e != EncodingDefault && e != BCD && e != Raw && !e.IsText() {
		k.fault(path, "%s is no family of messages", e)
	}
}

// numbered checks the data elements of a message.
func (k *checker) numbered(d defaults, c Config) {
	if len(c.Fields) == 0 {
		k.fault("fields", "there are none")
	}
	b := d.bitmap(c.Bitmap, c.Fields)
	highest := 8 * b.Bytes * b.Max
	seen := map[int]bool{}
	for _, f := range c.Fields {
		path := strconv.Itoa(f.Number)
		switch {
		case f.Number < 0 || f.Number > highest:
			k.fault(path, "the bitmaps announce 1 to %d", highest)
		case b.announces(f.Number):
			k.fault(path, "the first bit announces the next bitmap")
		case seen[f.Number]:
			k.fault(path, "is defined twice")
		case f.Tag != "":
			k.fault(path, "a data element has no tag")
		}
		seen[f.Number] = true
		if f.Number == 0 {
			k.messageType(d, f)
		}
		k.field(d, path, f, 0)
	}
	for _, number := range c.Ignored {
		if path := strconv.Itoa(number); number < 1 || number > 192 || seen[number] {
			k.fault(path, "is no number that could be ignored")
		}
	}
	if b.TertiaryField != 0 && (b.TertiaryField <= 8*b.Bytes || b.TertiaryField > 16*b.Bytes || seen[b.TertiaryField]) {
		k.fault("bitmap", "the third bitmap cannot be in field %d", b.TertiaryField)
	}
}

// announces tells whether a bit tells that another bitmap follows, so that it is no data element.
func (b Bitmap) announces(number int) bool {
	third := number == 65 && b.Max == 3 && b.TertiaryField == 0
	return (number == 1 || third) && !b.Plain && !b.Absent
}

// references checks that the fields which layouts depend on are there and do not depend on others themselves, so that
// looking one up always ends.
func (k *checker) references(fields []Field) {
	dependent, known := map[string]bool{}, map[string]bool{}
	for _, f := range fields {
		known[strconv.Itoa(f.Number)] = true
		dependent[strconv.Itoa(f.Number)] = slices.ContainsFunc(casePaths(f, 0), func(path string) bool { return path != "" })
	}
	for _, f := range fields {
		for _, path := range casePaths(f, 0) {
			top, _, _ := strings.Cut(path, ".")
			switch at := strconv.Itoa(f.Number); {
			case path == "":
			case !known[top]:
				k.fault(at, "a case looks at field %s, which the spec does not have", path)
			case dependent[top]:
				k.fault(at, "a case looks at field %s, whose layout itself depends on a field", path)
			}
		}
	}
}

// casePaths lists the paths that the cases of f, and of all fields in it, look at.
func casePaths(f Field, depth int) (paths []string) {
	if depth > maxDepth {
		return nil
	}
	layouts := []*Layout{f.Layout}
	for _, c := range f.Cases {
		paths = append(paths, c.Path)
		layouts = append(layouts, c.Layout)
	}
	for _, a := range f.ByMTI {
		paths = append(paths, casePaths(a.Field, depth+1)...)
	}
	for _, l := range layouts {
		if l == nil {
			continue
		}
		inside := slices.Clone(l.Fields)
		for _, special := range []*Field{l.Unknown, l.Lead} {
			if special != nil {
				inside = append(inside, *special)
			}
		}
		for _, sub := range inside {
			paths = append(paths, casePaths(sub, depth+1)...)
		}
	}
	return paths
}

func (k *checker) messageType(d defaults, f Field) {
	format, err := ParseFormat(f.Format)
	if err == nil && (format.Max != 4 || !format.Fixed() || format.Content != ContentN || f.Layout != nil || len(f.Cases)+len(f.ByMTI) > 0) {
		k.fault("0", "the message type is n 4")
	}
}

func (k *checker) bitmap(path string, b Bitmap) {
	switch b.Encoding {
	case Raw, HexASCII, HexEBCDIC:
	default:
		k.fault(path, "a bitmap is not written in %s", b.Encoding)
	}
	if b.Bytes < 1 || b.Bytes > 8 {
		k.fault(path, "a bitmap of %d bytes", b.Bytes)
	}
	if b.Max < 1 || b.Max > 3 {
		k.fault(path, "%d bitmaps", b.Max)
	}
	if b.Min < 0 || b.Min > b.Max || b.Min > 1 && (b.Plain || b.Absent || b.TertiaryField != 0 && b.Min > 2) {
		k.fault(path, "at least %d bitmaps", b.Min)
	}
	if b.Absent && (b.Plain || b.TertiaryField != 0 || b.Bytes != 8) {
		k.fault(path, "a bitmap that is absent has no form")
	}
	if b.Max > 1 && b.Bytes != 8 {
		k.fault(path, "only bitmaps of eight bytes are continued")
	}
}

func (k *checker) derivations(path string, list []Derivation) {
	for i, d := range list {
		at := join(path, strconv.Itoa(i+1))
		if !isPattern(d.From) || !isPattern(d.To) {
			k.fault(at, "from and to are message types such as 02x0")
		}
		for _, s := range d.SwapHeader {
			if s.A < 0 || s.B < 0 || s.Bytes < 1 || s.A > math.MaxInt16 || s.B > math.MaxInt16 || s.Bytes > math.MaxInt16 {
				k.fault(at, "swap of header bytes out of range")
			}
		}
		for _, n := range d.Echo {
			if n < 2 || n > 192 {
				k.fault(at, "echo of field %d", n)
			}
		}
	}
}

// isPattern tells whether s is a message type in which x stands for any digit.
func isPattern(s string) bool {
	return len(s) == 4 && strings.Trim(s, "0123456789x") == ""
}
