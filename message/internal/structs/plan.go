package structs

import (
	"reflect"
	"slices"
	"strconv"
	"sync"

	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/layout"
)

// Misuse is the cause of a fault: which field of the Go struct it is about.
type Misuse struct {
	Field string // "Sale.Card.PAN"
	Cause error  // nil where the kind of the fault says it all
}

// Error implements error.
func (e *Misuse) Error() string { return e.Field }

// plan is how the fields of a Go struct and those of a message, or the parts of a field, belong together.
type plan struct {
	bindings []binding
	byKey    map[string]int
	laid     []laid // for the layouts that it may be written in without ado
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
	trim    bool         // text is read without its padding
	goType  reflect.Type // without the pointer
	parts   *plan        // of asStruct
}

// planned is what is known of a Go type.
type planned struct {
	plan *plan
	err  *fault.Fault
}

// Plans are the plans of Go struct types. The zero value is ready.
type Plans struct{ known sync.Map } // reflect.Type to *planned

// of returns the plan of a struct type. It is made once for every type.
func (p *Plans) of(t reflect.Type, c *layout.Compiled) (*plan, *fault.Fault) {
	known, ok := p.known.Load(t)
	if !ok {
		made := &planned{}
		made.plan, made.err = newPlan(t, t.Name(), &scope{compiled: c})
		known, _ = p.known.LoadOrStore(t, made)
	}
	if err := known.(*planned).err; err != nil {
		fresh := *err
		return nil, &fresh
	}
	return known.(*planned).plan, nil
}

func newPlan(t reflect.Type, name string, s *scope) (*plan, *fault.Fault) {
	p := &plan{byKey: map[string]int{}}
	if err := p.collect(t, name, nil, s, []reflect.Type{t}); err != nil {
		return nil, err
	}
	if s.compiled == nil && len(p.bindings) > maxParts {
		return nil, p.bindings[maxParts].misuse(fault.Type, "the struct has more than "+strconv.Itoa(maxParts)+" parts")
	}
	slices.SortStableFunc(p.bindings, func(a, b binding) int { return s.turn(&a) - s.turn(&b) })
	for i := range p.bindings {
		b := &p.bindings[i]
		if other, ok := p.byKey[b.key]; ok {
			return nil, b.misuse(fault.Type, "is the same field as "+p.bindings[other].name)
		}
		p.byKey[b.key] = i
	}
	p.lay(s.layouts)
	return p, nil
}

// collect adds the bindings of a struct. chain holds it and the structs it is embedded in.
func (p *plan) collect(t reflect.Type, name string, index []int, s *scope, chain []reflect.Type) *fault.Fault {
	for i := range t.NumField() {
		f := t.Field(i)
		b := binding{name: name + "." + f.Name, index: append(slices.Clone(index), i)}
		tag, err := parseStructTag(f.Tag)
		if err != nil {
			return b.misuse(fault.Type, err.Error())
		}
		b.keepZero, b.trim = tag.keepZero, tag.trim
		if inner := embedded(f.Type); tag.key == "" && !tag.skip && f.Anonymous && inner != nil {
			if err := p.embed(f, inner, &b, s, chain); err != nil {
				return err
			}
			continue
		}
		var nodes []*layout.Node
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
		case s.ignores(b.key):
			continue
		case len(nodes) == 0:
			return b.misuse(fault.Unknown, "the spec has no such field")
		case !f.IsExported():
			return b.misuse(fault.Type, "is not exported")
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
func (p *plan) embed(f reflect.StructField, inner reflect.Type, b *binding, s *scope, chain []reflect.Type) *fault.Fault {
	if slices.Contains(chain, inner) {
		return nil
	}
	before := len(p.bindings)
	if err := p.collect(inner, b.name, b.index, s, append(slices.Clone(chain), inner)); err != nil {
		return err
	}
	if len(p.bindings) > before && !f.IsExported() && f.Type.Kind() == reflect.Pointer {
		return b.misuse(fault.Type, "an embedded pointer to an unexported struct cannot be set")
	}
	return nil
}

// misuse is the error for a Go field that cannot be bound.
func (b *binding) misuse(kind fault.Kind, text string) *fault.Fault {
	return fault.Of(kind, b.path, &Misuse{Field: b.name, Cause: fault.Detail(text)})
}

// blame names the Go field in an error of the message.
func (b *binding) blame(err *fault.Fault) *fault.Fault {
	if inner, ok := err.Cause.(*Misuse); ok {
		return fault.Of(err.Kind, err.Path, inner)
	}
	path := err.Path
	if path == "" {
		path = b.path
	}
	return fault.Of(err.Kind, path, &Misuse{Field: b.name, Cause: err.Cause})
}

// bind works out how a Go type holds one of the given fields: several when the field is written otherwise in some
// message types, or is a part of more than one layout.
func (b *binding) bind(t reflect.Type, nodes []*layout.Node, s *scope) *fault.Fault {
	b.number, _ = strconv.Atoi(b.key)
	if t.Kind() != reflect.Slice || goFormOf(t) != 0 {
		return b.hold(t, nodes, innerLayouts(nodes, false))
	}
	if repeated := innerLayouts(nodes, true); len(repeated) > 0 {
		b.repeats = records
		return b.hold(t.Elem(), nil, repeated)
	}
	if !s.tagged() {
		return b.misuse(fault.Type, "a slice needs a field of records or a tag that may be repeated")
	}
	b.repeats = tags
	return b.hold(t.Elem(), nodes, innerLayouts(nodes, false))
}

func (b *binding) hold(t reflect.Type, nodes []*layout.Node, inside []*layout.Layout) *fault.Fault {
	if b.pointer = t.Kind() == reflect.Pointer; b.pointer {
		t = t.Elem()
	}
	b.goType, b.form = t, goFormOf(t)
	switch b.form {
	case 0:
		return b.misuse(fault.Type, "a Go "+t.String()+" cannot hold a field")
	case asStruct:
		if len(inside) == 0 {
			return b.misuse(fault.Type, "a struct needs a field with parts")
		}
		var err *fault.Fault
		b.parts, err = newPlan(t, b.name, &scope{layouts: inside, path: b.path + "."})
		return err
	}
	if !slices.ContainsFunc(nodes, func(n *layout.Node) bool { return suits(n, &b.holder) }) {
		return b.misuse(fault.Type, "a Go "+t.String()+" cannot hold it")
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
