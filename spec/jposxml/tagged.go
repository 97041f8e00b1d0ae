package jposxml

import (
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/posline/posline/spec"
)

// taggedForm is how a packager of tagged subfields writes them.
type taggedForm struct {
	tag         spec.TagFormat
	lengthFirst bool

	lead       bool   // subfield 0 stands first, without a tag
	leadStarts string // and is there only when it starts with one of these
}

// tagged makes subfields with tags that are their numbers. How tags are written is told by the classes of the
// subfields, and by the packager where they do not say.
func (p *parts) tagged(form taggedForm) *spec.Layout {
	l := &spec.Layout{Kind: spec.Tagged}
	entries := p.members
	if form.lead && len(entries) > 0 && entries[0].id == 0 && !entries[0].writesTag() {
		lead := &entries[0]
		entries = entries[1:]
		if lead.usable() {
			f := p.build(lead, p.depth)
			if form.leadStarts != "" {
				f.StartsWith = form.leadStarts
			}
			l.Lead = &f
		}
	}
	form = p.formOf(entries, form)
	l.Tag, l.LengthFirst, l.CountsTag = form.tag, form.lengthFirst, form.lengthFirst
	for i := range entries {
		m := &entries[i]
		if !m.usable() {
			continue
		}
		tag := padded(m.id, form.tag.Digits)
		if len(tag) != form.tag.Digits {
			p.warn(m.element, m.path, "the number is longer than a tag of %d digits: it is left out", form.tag.Digits)
			continue
		}
		f := p.build(m, p.depth)
		f.Tag = tag
		l.Fields = append(l.Fields, f)
	}
	return p.complete(l, form)
}

// formOf looks up how the classes of the subfields write their tags.
func (p *parts) formOf(entries []member, form taggedForm) taggedForm {
	told := false
	for i := range entries {
		m := &entries[i]
		c := m.class
		if !m.usable() || c.tag.Digits == 0 {
			continue
		}
		if told && (c.tag != form.tag || c.lengthFirst != form.lengthFirst) {
			p.warn(m.element, m.path, "its tag is written in another way than those before it: it is read as they are")
			continue
		}
		form.tag, form.lengthFirst, told = c.tag, c.lengthFirst, true
	}
	return form
}

// complete checks that there is something in the layout, and describes any entry where the length comes first.
func (p *parts) complete(l *spec.Layout, form taggedForm) *spec.Layout {
	if len(l.Fields) == 0 && l.Unknown == nil {
		p.warn(p.owner.element, p.owner.path, "has no subfields: it is read as one value")
		return nil
	}
	if form.lengthFirst && l.Unknown == nil {
		prefix := l.Fields[0].Prefix
		limit := 1
		for range prefix.Digits {
			limit *= 10
		}
		l.Unknown = &spec.Field{Format: variableFormat("b", max(1, limit-1-form.tag.Digits)), Encoding: raw, Prefix: prefix, Mask: spec.MaskHidden}
	}
	return l
}

func padded(id, digits int) string {
	text := strconv.Itoa(id)
	return strings.Repeat("0", max(0, digits-len(text))) + text
}

// mapped makes subfields whose tags a Java class knows.
func (p *parts) mapped() *spec.Layout {
	e, path := p.owner.element, p.owner.path
	form := p.formOf(p.members, taggedForm{tag: spec.TagFormat{Encoding: ascii, Digits: 2}, lengthFirst: p.flag(e, path, "swapTagAndLen", false)})
	form.tag.Digits = p.number(e, path, "tagSize", form.tag.Digits, false)
	digits := p.number(e, path, "lenSize", p.lengthDigits(), false)
	if form.tag.Digits < 1 || form.tag.Digits > 8 || digits < 1 || digits > 6 {
		p.fault(e, path, "tags of %d and lengths of %d characters", form.tag.Digits, digits)
		return nil
	}
	other := variable("ans", ascii, ascii, digits)
	l := &spec.Layout{Kind: spec.Tagged, Tag: form.tag, LengthFirst: form.lengthFirst,
		Unknown: &spec.Field{Format: variableFormat("ans", other.limit), Encoding: ascii, Charset: spec.CharsetLatin1,
			Prefix: spec.Prefix{Encoding: ascii, Digits: digits}}}
	mapper, unmapped := strings.TrimSpace(e.attributes["tagMapper"]), false
	for i := range p.members {
		m := &p.members[i]
		if !m.usable() {
			continue
		}
		tag, ok := "", false
		if p.importer.tags != nil {
			tag, ok = p.importer.tags(mapper, p.owner.id, m.id)
		}
		if !ok {
			tag, unmapped = padded(m.id, form.tag.Digits), true
		}
		f := p.build(m, p.depth)
		f.Tag = tag
		l.Fields = append(l.Fields, f)
	}
	if unmapped {
		p.warn(e, path, "what tag mapper %s does is not known: tags are the numbers of the subfields, others are kept", mapper)
	}
	return l
}

// lengthDigits is the width of the length prefixes of the subfields.
func (p *parts) lengthDigits() int {
	for i := range p.members {
		if c := p.members[i].class; p.members[i].usable() && c.digits > 0 {
			return c.digits
		}
	}
	return 3
}

// sequence makes subfields whose tags are their tokens, behind those that have none.
func (p *parts) sequence(coding spec.Encoding) *spec.Layout {
	l := &spec.Layout{Kind: spec.Tagged}
	var front []spec.Field
	var tokens []*member
	for i := range p.members {
		switch m := &p.members[i]; {
		case !m.usable():
			p.warn(m.element, m.path, "cannot be read, nor what follows it: field %s is read as one value", p.owner.path)
			return nil
		case m.class.byToken:
			tokens = append(tokens, m)
		case len(tokens) == 0:
			front = append(front, p.build(m, p.depth))
		default:
			p.warn(m.element, m.path, "a subfield without a tag behind those with one: it is left out")
		}
	}
	l.Lead = p.joined(front)
	size := len(strings.TrimSpace(p.owner.attributes["token"]))
	if size == 0 && len(tokens) > 0 {
		size = len(tokens[0].attributes["token"])
	}
	l.Tag = spec.TagFormat{Encoding: coding, Digits: size}
	if coding == raw {
		l.Tag.Digits = size / 2
	}
	for _, m := range tokens {
		p.token(l, m, size)
	}
	return p.complete(l, taggedForm{})
}

// token adds the entry that has a token for its tag; one of # alone is for all other tags.
func (p *parts) token(l *spec.Layout, m *member, size int) {
	token := strings.TrimSpace(m.attributes["token"])
	f := p.build(m, p.depth)
	switch {
	case token == "":
		p.fault(m.element, m.path, `attribute "token" is missing`)
		return
	case strings.Trim(token, "#") == "":
		l.Unknown = &f
		return
	case len(token) != size:
		p.fault(m.element, m.path, "token %q is not %d characters long as the tags are", token, size)
		return
	case l.Tag.Encoding == raw:
		b, err := hex.DecodeString(token)
		if err != nil {
			p.fault(m.element, m.path, "token %q is not hexadecimal", token)
			return
		}
		token = strings.ToUpper(hex.EncodeToString(b))
	}
	f.Tag = token
	l.Fields = append(l.Fields, f)
}
