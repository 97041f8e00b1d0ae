package message

import (
	"reflect"
	"slices"
	"strconv"
)

// StructError is the cause of an *Error from Marshal or Unmarshal: which field of the Go struct it is about.
type StructError struct {
	Field string // "Sale.Card.PAN"
	Cause error  // nil where the kind of the *Error says it all
}

// Error implements error.
func (e *StructError) Error() string {
	if e.Cause == nil {
		return e.Field
	}
	return e.Field + ": " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *StructError) Unwrap() error { return e.Cause }

// plan is how the fields of a Go struct and those of a message, or the parts of a field, belong together.
type plan struct {
	bindings []binding
	byKey    map[string]int
}

// binding is one Go field with its counterpart.
type binding struct {
	name     string // Go path
	index    []int  // through embedded structs
	key      string
	path     string
	number   int // of a data element
	keepZero bool
	repeats  repetition
	holder
}

// repetition is what the elements of a slice stand for.
type repetition uint8

const (
	once    repetition = iota // no slice
	tags                      // equal tags
	records                   // records of a repeated layout
)

// holder is how one Go value, or one element of a slice, holds a value.
type holder struct {
	form    goForm
	pointer bool
	goType  reflect.Type // without the pointer
	parts   *plan        // of asStruct
}

// planned is what is known of a Go type.
type planned struct {
	plan *plan
	err  *Error
}

// planFor returns the plan of a struct type. It is made once for every type.
func (c *Codec) planFor(t reflect.Type) (*plan, *Error) {
	known, ok := c.plans.Load(t)
	if !ok {
		made := &planned{}
		made.plan, made.err = newPlan(t, t.Name(), &scope{codec: c})
		known, _ = c.plans.LoadOrStore(t, made)
	}
	if err := known.(*planned).err; err != nil {
		fresh := *err
		return nil, &fresh
	}
	return known.(*planned).plan, nil
}

func newPlan(t reflect.Type, name string, s *scope) (*plan, *Error) {
	p := &plan{byKey: map[string]int{}}
	if err := p.collect(t, name, nil, s, []reflect.Type{t}); err != nil {
		return nil, err
	}
	if s.codec == nil && len(p.bindings) > maxParts {
		return nil, p.bindings[maxParts].misuse(ErrType, "the struct has more than "+strconv.Itoa(maxParts)+" parts")
	}
	slices.SortStableFunc(p.bindings, func(a, b binding) int { return s.turn(&a) - s.turn(&b) })
	for i := range p.bindings {
		b := &p.bindings[i]
		if other, ok := p.byKey[b.key]; ok {
			return nil, b.misuse(ErrType, "is the same field as "+p.bindings[other].name)
		}
		p.byKey[b.key] = i
	}
	return p, nil
}

// collect adds the bindings of a struct. chain holds it and the structs it is embedded in.
func (p *plan) collect(t reflect.Type, name string, index []int, s *scope, chain []reflect.Type) *Error {
	for i := range t.NumField() {
		f := t.Field(i)
		b := binding{name: name + "." + f.Name, index: append(slices.Clone(index), i)}
		tag, err := parseStructTag(f.Tag)
		if err != nil {
			return b.misuse(ErrType, err.Error())
		}
		b.keepZero = tag.keepZero
		if inner := embedded(f.Type); tag.key == "" && !tag.skip && f.Anonymous && inner != nil {
			if err := p.embed(f, inner, &b, s, chain); err != nil {
				return err
			}
			continue
		}
		var nodes []*node
		switch {
		case tag.skip || tag.key == "" && !f.IsExported():
			continue
		case tag.key != "":
			b.key, nodes = s.find(tag.key)
		default:
			var bound bool
			if tag.key, bound = s.keyInName(f.Name); !bound {
				continue
			}
			b.key, nodes = s.find(tag.key)
		}
		b.path = s.path + tag.key
		switch {
		case len(nodes) == 0:
			return b.misuse(ErrUnknown, "the spec has no such field")
		case !f.IsExported():
			return b.misuse(ErrType, "is not exported")
		}
		if err := b.bind(f.Type, nodes, s); err != nil {
			return err
		}
		p.bindings = append(p.bindings, b)
	}
	return nil
}

// embedded returns the struct that a field without a name stands for; nil if it is none.
func embedded(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return t
}

// embed adds the bindings of an embedded struct. One inside itself says nothing new.
func (p *plan) embed(f reflect.StructField, inner reflect.Type, b *binding, s *scope, chain []reflect.Type) *Error {
	if slices.Contains(chain, inner) {
		return nil
	}
	before := len(p.bindings)
	if err := p.collect(inner, b.name, b.index, s, append(slices.Clone(chain), inner)); err != nil {
		return err
	}
	if len(p.bindings) > before && !f.IsExported() && f.Type.Kind() == reflect.Pointer {
		return b.misuse(ErrType, "an embedded pointer to an unexported struct cannot be set")
	}
	return nil
}

// misuse is the error for a Go field that cannot be bound.
func (b *binding) misuse(kind Kind, text string) *Error {
	return fault(kind, b.path, -1, &StructError{Field: b.name, Cause: detail(text)})
}

// blame names the Go field in an error of the message.
func (b *binding) blame(err *Error) *Error {
	if inner, ok := err.Cause.(*StructError); ok {
		return &Error{Kind: err.Kind, Path: err.Path, Offset: -1, Cause: inner}
	}
	path := err.Path
	if path == "" {
		path = b.path
	}
	return &Error{Kind: err.Kind, Path: path, Offset: -1, Cause: &StructError{Field: b.name, Cause: err.Cause}}
}

// bind works out how a Go type holds one of the given fields: several when the field is written otherwise in some
// message types, or is a part of more than one layout.
func (b *binding) bind(t reflect.Type, nodes []*node, s *scope) *Error {
	b.number, _ = strconv.Atoi(b.key)
	if t.Kind() != reflect.Slice || goFormOf(t) != 0 {
		return b.hold(t, nodes, innerLayouts(nodes, false))
	}
	if repeated := innerLayouts(nodes, true); len(repeated) > 0 {
		b.repeats = records
		return b.hold(t.Elem(), nil, repeated)
	}
	if !s.tagged() {
		return b.misuse(ErrType, "a slice needs a field of records or a tag that may be repeated")
	}
	b.repeats = tags
	return b.hold(t.Elem(), nodes, innerLayouts(nodes, false))
}

func (b *binding) hold(t reflect.Type, nodes []*node, inside []*layout) *Error {
	if b.pointer = t.Kind() == reflect.Pointer; b.pointer {
		t = t.Elem()
	}
	b.goType, b.form = t, goFormOf(t)
	switch b.form {
	case 0:
		return b.misuse(ErrType, "a Go "+t.String()+" cannot hold a field")
	case asStruct:
		if len(inside) == 0 {
			return b.misuse(ErrType, "a struct needs a field with parts")
		}
		var err *Error
		b.parts, err = newPlan(t, b.name, &scope{layouts: inside, path: b.path + "."})
		return err
	}
	if !slices.ContainsFunc(nodes, func(n *node) bool { return n.suits(&b.holder) }) {
		return b.misuse(ErrType, "a Go "+t.String()+" cannot hold it")
	}
	return nil
}

// value walks to the Go field. With make it makes embedded pointers that are nil, without it ends there.
func (b *binding) value(rv reflect.Value, make bool) (reflect.Value, bool) {
	for i, at := range b.index {
		if i > 0 && rv.Kind() == reflect.Pointer {
			if rv.IsNil() {
				if !make {
					return reflect.Value{}, false
				}
				rv.Set(reflect.New(rv.Type().Elem()))
			}
			rv = rv.Elem()
		}
		rv = rv.Field(at)
	}
	return rv, true
}
