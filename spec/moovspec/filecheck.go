//go:build amd64 || arm64

package moovspec

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/moov-io/iso8583/specs"

	"github.com/posline/posline/spec"
)

// fileChecker goes over a file before moov does. It returns what moov is to see: known keys only, in moov's spelling.
type fileChecker struct {
	warnings []Warning
	faults   []error
	fields   int
}

func (c *fileChecker) fault(path, format string, args ...any) {
	c.faults = append(c.faults, &spec.Error{Path: path, Problem: fmt.Sprintf(format, args...)})
}

func (c *fileChecker) warn(path, format string, args ...any) {
	c.warnings = append(c.warnings, Warning{Path: path, Problem: fmt.Sprintf(format, args...)})
}

// object is a JSON object whose known keys have been found.
type object map[string]any

// keys finds the known keys in v, in any case as encoding/json does.
func (c *fileChecker) keys(path string, v any, known ...string) object {
	given, ok := v.(map[string]any)
	if !ok {
		c.fault(path, "is no object")
		return object{}
	}
	out := object{}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		i := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, key) })
		switch {
		case i < 0:
			c.warn(path, "moov does not know the key %.40q and passes it over", key)
		case out[known[i]] != nil:
			c.fault(path, "key %.40q stands there twice", key)
		case given[key] != nil:
			out[known[i]] = given[key]
		}
	}
	return out
}

// text makes the value of a key text, where there is one.
func (c *fileChecker) text(path string, o object, key string) string {
	switch v := o[key].(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		o[key] = v.String()
		return v.String()
	default:
		c.fault(path, "%s is no text", key)
		return ""
	}
}

func (c *fileChecker) boolean(path string, o object, key string) bool {
	b, ok := o[key].(bool)
	if o[key] != nil && !ok {
		c.fault(path, "%s is neither true nor false", key)
	}
	return b
}

// length checks a length before moov allocates as much.
func (c *fileChecker) length(path string, o object, longest int) int {
	if o["length"] == nil {
		return 0
	}
	number, _ := o["length"].(json.Number)
	n, err := strconv.Atoi(number.String())
	if err != nil || n < 0 || n > longest {
		c.fault(path, "the length is not a number from 0 to %d", longest)
		return 0
	}
	return n
}

func (c *fileChecker) file(v any) object {
	o := c.keys("", v, "name", "fields")
	c.text("", o, "name")
	fields, ok := o["fields"].(map[string]any)
	if !ok || len(fields) == 0 {
		c.fault("fields", "there are none")
		return o
	}
	sound := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if n, err := strconv.Atoi(key); err != nil || strconv.Itoa(n) != key {
			c.fault(key, "is no field number")
			continue
		}
		sound[key] = c.field(key, fields[key], 0)
	}
	o["fields"] = sound
	return o
}

const maxBitmap = 24 // bytes; more are not carried over

func (c *fileChecker) field(path string, v any, depth int) object {
	if c.fields++; c.fields > maxFields || depth > maxDepth {
		if c.fields <= maxFields+1 {
			c.fault(path, "more than %d fields, or deeper than %d", maxFields, maxDepth)
		}
		return nil
	}
	o := c.keys(path, v, "type", "length", "description", "enc", "prefix", "padding", "tag", "subfields", "bitmap", "disableAutoExpand")
	for _, key := range []string{"description", "enc", "prefix"} {
		c.text(path, o, key)
	}
	c.boolean(path, o, "disableAutoExpand")
	kind := c.text(path, o, "type")
	longest := spec.MaxLength
	if kind == "Bitmap" {
		longest = maxBitmap
	}
	c.length(path, o, longest)
	if o["padding"] != nil {
		o["padding"] = c.padding(path, o["padding"])
	}
	c.inside(path, o, kind, depth)
	return o
}

// padding checks a padding, which moov passes over where it does not understand it.
func (c *fileChecker) padding(path string, v any) object {
	o := c.keys(path, v, "type", "pad")
	kind, pad := c.text(path, o, "type"), c.text(path, o, "pad")
	if specs.PaddersExtToInt[kind] == nil {
		c.warn(path, "moov does not know the padding %.40q and passes it over", kind)
	} else if kind != "None" && utf8.RuneCountInString(pad) != 1 {
		c.warn(path, "padding that is no single character: moov passes it over")
	}
	return o
}

// inside checks the parts of a field. moov panics on composites that are not as they must be.
func (c *fileChecker) inside(path string, o object, kind string, depth int) {
	subfields, ok := o["subfields"].(map[string]any)
	if o["subfields"] != nil && !ok {
		c.fault(path, "subfields are no object")
	}
	if len(subfields) == 0 {
		if kind == "Composite" {
			c.fault(path, "a composite has subfields")
		}
		return
	}
	if kind != "Composite" {
		c.fault(path, "only a composite has subfields")
	}
	if pad, ok := o["padding"].(object); ok && pad["type"] != "None" {
		c.fault(path, "a composite has no padding")
	}
	switch {
	case (o["tag"] == nil) == (o["bitmap"] == nil):
		c.fault(path, "a composite has a tag or a bitmap")
	case o["tag"] != nil:
		o["tag"] = c.tag(path, o["tag"])
	default:
		o["bitmap"] = c.bitmap(path, o["bitmap"], subfields, depth)
	}
	sound := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(subfields)) {
		sound[key] = c.field(path+"."+key, subfields[key], depth+1)
	}
	o["subfields"] = sound
}

func (c *fileChecker) tag(path string, v any) object {
	o := c.keys(path, v, "length", "enc", "padding", "sort", "skipUnknownTLVTags", "storeUnknownTLVTags", "prefUnknownTLV")
	length := c.length(path, o, spec.MaxLength)
	c.text(path, o, "prefUnknownTLV")
	c.boolean(path, o, "skipUnknownTLVTags")
	c.boolean(path, o, "storeUnknownTLVTags")
	if o["padding"] != nil {
		o["padding"] = c.padding(path, o["padding"])
	}
	if enc := c.text(path, o, "enc"); enc != "" && specs.EncodingsExtToInt[enc] == nil {
		c.fault(path, "the encoding %.40q of tags is unknown: moov would take it for none", enc)
	} else if enc == "" && length > 0 {
		c.fault(path, "tags of %d have no encoding", length)
	}
	if order := c.text(path, o, "sort"); specs.SortExtToInt[order] == nil {
		c.fault(path, "the sort function %.40q of tags is unknown", order)
	}
	return o
}

func (c *fileChecker) bitmap(path string, v any, subfields map[string]any, depth int) object {
	o := c.field(path, v, depth+1)
	if o == nil {
		return o
	}
	c.length(path, o, maxBitmap)
	if on, _ := o["disableAutoExpand"].(bool); !on {
		c.fault(path, "the bitmap of a composite has disableAutoExpand")
	}
	for key := range subfields {
		if n, err := strconv.Atoi(key); err != nil || n <= 0 {
			c.fault(path+"."+key, "is no number of a bit")
		}
	}
	return o
}
