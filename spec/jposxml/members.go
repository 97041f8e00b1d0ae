package jposxml

import (
	"slices"
	"strconv"
	"strings"

	"github.com/posline/posline/spec"
)

// member is a field of a packager or composite.
type member struct {
	*element
	id    int
	path  string
	class class
	known bool       // the class is one of jPOS, or named like one
	field spec.Field // of a class that a hook knows
	given bool       // field is set
}

// members returns the fields inside an element by ascending number.
func (im *importer) members(e *element, path string) []member {
	var out []member
	for _, child := range e.children {
		switch child.name {
		case "isofield", "isofieldpackager":
			m, ok := im.member(child, path)
			if !ok {
				continue
			}
			if child.name == "isofield" {
				im.insideField(&m)
			}
			if i := slices.IndexFunc(out, func(other member) bool { return other.id == m.id }); i >= 0 {
				im.warn(child, m.path, "is defined again: the later definition counts, as in jPOS")
				out = slices.Delete(out, i, i+1)
			}
			out = append(out, m)
		default:
			im.beside(child, path)
		}
	}
	slices.SortFunc(out, func(a, b member) int { return a.id - b.id })
	return out
}

// insideField warns about the elements inside a field that has no subfields.
func (im *importer) insideField(m *member) {
	for _, child := range m.children {
		im.beside(child, m.path)
	}
}

// beside warns about an element that is no field.
func (im *importer) beside(e *element, path string) {
	switch {
	case strings.HasSuffix(e.name, "validator"):
		im.warn(e, path, "validators are not carried over")
	case e.name != "property":
		im.warn(e, path, "element %q is not known here", e.name)
	}
}

// member reads what every field has: number and class.
func (im *importer) member(e *element, path string) (member, bool) {
	faults := len(im.faults)
	m := member{element: e, id: im.number(e, path, "id", -1, true)}
	if len(im.faults) > faults {
		return m, false
	}
	m.path = strconv.Itoa(m.id)
	if path != "" {
		m.path = path + "." + m.path
	}
	im.lines[m.path] = e.line
	name := e.className()
	if name == "" {
		im.fault(e, m.path, `attribute "class" is missing`)
		return m, false
	}
	m.class, m.known = classes[shortName(name)]
	if !m.known && im.classes != nil {
		m.field, m.given = im.classes(e.exported(m.path))
	}
	if !m.known && !m.given {
		m.class, m.known = im.alike(e, m.path, name)
	}
	switch {
	case m.known:
		im.unknownAttributes(e, m.path)
	case !m.given:
		im.warn(e, m.path, "class %s is not one of jPOS: the field is left out, messages that have it are refused", name)
	}
	return m, true
}

// alike finds the class that is meant by one that jPOS does not have: named by mistake, or of the same name in another
// package.
func (im *importer) alike(e *element, path, name string) (class, bool) {
	simple := simpleName(name)
	if meant, ok := misnamed[simple]; ok {
		im.warn(e, path, "jPOS has no class %s: %s is used", name, meant)
		return classes[meant], true
	}
	for _, pkg := range []string{"", "tlv.packager.", "packager."} {
		if c, ok := classes[pkg+simple]; ok {
			im.warn(e, path, "class %s is taken for the one of jPOS named %s", name, simple)
			return c, true
		}
	}
	return class{}, false
}

// usable tells whether the field can be in a spec at all.
func (m *member) usable() bool {
	return m.given || m.known && m.class.kind != kindUnused && m.class.kind != kindBitmap
}

// writesTag tells whether the class puts a tag beside the value, so that it stands in composites of tags alone.
func (m *member) writesTag() bool { return m.known && (m.class.tag.Digits > 0 || m.class.byToken) }

func (m *member) isBitmap() bool { return m.known && m.class.kind == kindBitmap }

// build makes the field of a member, with all inside it.
func (im *importer) build(m *member, depth int) spec.Field {
	f := m.field
	if !m.given {
		f = im.field(m.element, m.path, m.class)
	}
	f.Name = m.label()
	if m.name == "isofieldpackager" {
		im.composite(m, &f, depth)
	}
	f.Mask = maskOf(m, f, depth)
	return f
}
