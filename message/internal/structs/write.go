package structs

import (
	"encoding"
	"reflect"
	"time"

	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/layout"
	"github.com/posline/posline/message/internal/wire"
)

// suits tells whether a field can be held in that way.
func suits(n *layout.Node, h *holder) bool {
	switch h.form {
	case asInt, asUint:
		return n.Content != wire.Any
	case asBool:
		return n.Content&wire.Digit != 0 && n.Max == 1 && !n.Signed
	case asArray:
		size := h.goType.Len()
		if n.Signed {
			size--
		}
		return n.Min <= size && size <= n.Max
	case asTime:
		return n.HasTime()
	}
	return h.form != asStruct
}

// isText tells whether a Go value is the characters of a value, not a number or a time. rv is addressable.
func (h *holder) isText(rv reflect.Value) bool {
	switch h.form {
	case asString, asBytes, asText:
		return true
	case asForeign:
		_, number := rv.Addr().Interface().(foreignNumber)
		return !number
	}
	return false
}

// unsuited is the error for a value that another type or layout of this message would hold.
func unsuited(n *layout.Node, t reflect.Type) *fault.Fault {
	return fault.Of(fault.Type, n.Path, fault.Detail("a Go "+t.String()+" cannot hold it in this message"))
}

// refused is an error of code outside this package, whose text may quote card data: it stays out of ours.
type refused struct{ error }

func (refused) Error() string   { return "its Go type refuses the value" }
func (r refused) Unwrap() error { return r.error }

// appendLeaf appends the value that a Go value holds: the characters of text and digits, the bytes of b. rv is
// addressable.
func appendLeaf(dst []byte, n *layout.Node, h *holder, rv reflect.Value) ([]byte, *fault.Fault) {
	if !suits(n, h) {
		return dst, unsuited(n, h.goType)
	}
	switch h.form {
	case asString:
		return n.AppendFromText(dst, wire.BytesOf(rv.String()))
	case asInt:
		return n.AppendFromInt(dst, rv.Int())
	case asUint:
		return n.AppendFromNumber(dst, rv.Uint(), false)
	case asBool:
		if rv.Bool() {
			return append(dst, '1'), nil
		}
		return append(dst, '0'), nil
	case asBytes, asArray:
		return append(dst, rv.Bytes()...), nil
	case asTime:
		t := *rv.Addr().Interface().(*time.Time)
		if t.IsZero() {
			return dst, fault.Of(fault.Value, n.Path, fault.Detail("the zero time"))
		}
		return n.AppendFromTime(dst, t)
	case asText:
		text, err := rv.Addr().Interface().(encoding.TextMarshaler).MarshalText()
		if err != nil {
			return dst, fault.Of(fault.Value, n.Path, refused{err})
		}
		return n.AppendFromText(dst, text)
	default:
		return appendForeign(dst, n, rv.Addr().Interface().(foreign))
	}
}

// appendForeign takes moov's values as moov does: the bytes of the value for text and for b, where a String holds
// hexadecimal.
func appendForeign(dst []byte, n *layout.Node, f foreign) ([]byte, *fault.Fault) {
	switch f := f.(type) {
	case foreignNumber:
		return n.AppendFromInt(dst, f.Value())
	case foreignText:
		if n.Content != wire.Any {
			break
		}
		value, ok := wire.AppendHex(dst, wire.BytesOf(f.Value()))
		if !ok {
			return dst, fault.Of(fault.Value, n.Path, fault.Detail("binary data is set as hexadecimal text"))
		}
		return value, nil
	}
	value, err := f.Bytes()
	if err != nil {
		return dst, fault.Of(fault.Value, n.Path, refused{err})
	}
	return append(dst, value...), nil
}
