package structs

import (
	"encoding"
	"reflect"
	"time"
	"unsafe"

	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/layout"
	"github.com/posline/posline/message/internal/wire"
)

// setLeaf sets a Go value, which is addressable, to what v holds.
func setLeaf(p layout.Part, h *holder, rv reflect.Value, r *reading) *fault.Fault {
	if !suits(p.Node, h) {
		return unsuited(p.Node, h.goType)
	}
	switch h.form {
	case asString:
		var buf [256]byte
		if text := r.appendText(buf[:0], p, h); rv.String() != string(text) {
			rv.SetString(unsafe.String(unsafe.SliceData(r.keep(text)), len(text))) // nothing writes to what is kept
		}
	case asInt, asUint:
		return setNumber(p, h.form, rv)
	case asBool:
		var buf [8]byte
		switch string(p.AppendText(buf[:0])) {
		case "0":
			rv.SetBool(false)
		case "1":
			rv.SetBool(true)
		default:
			return refusal(p, fault.Value)
		}
	case asBytes:
		r.setBytes(p, h, rv)
	case asArray:
		var buf [256]byte
		value := p.Append(buf[:0])
		if len(value) != rv.Len() {
			return refusal(p, fault.Type)
		}
		copy(rv.Bytes(), value)
	case asTime:
		t, err := p.Time(r.ref)
		if err != nil {
			return err
		}
		*rv.Addr().Interface().(*time.Time) = t
	case asText:
		if err := rv.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText(r.appendText(nil, p, h)); err != nil {
			return fault.Of(fault.Value, p.Node.Path, refused{err})
		}
	default:
		return r.setForeign(p, h, rv.Addr().Interface().(foreign))
	}
	return nil
}

func (r *reading) setForeign(p layout.Part, h *holder, f foreign) *fault.Fault {
	switch f := f.(type) {
	case foreignNumber:
		return setForeignNumber(p, f)
	case foreignText:
		if p.Node.Content == wire.Any {
			f.SetValue(string(p.AppendText(nil)))
			return nil
		}
	}
	value := p.Append(nil)
	if p.Node.Content != wire.Any {
		value = r.appendText(value[:0], p, h)
	}
	if err := f.SetBytes(value); err != nil {
		return fault.Of(fault.Value, p.Node.Path, refused{err})
	}
	return nil
}

// setForeignNumber reads an empty value as zero, as moov does.
func setForeignNumber(p layout.Part, f foreignNumber) *fault.Fault {
	if p.Units() == 0 && p.Node.Content != wire.Any {
		f.SetValue(0)
		return nil
	}
	x, err := p.Node.Int64(p.Content(), p.Units())
	if err != nil {
		return err
	}
	f.SetValue(x)
	return nil
}

func setNumber(p layout.Part, form goForm, rv reflect.Value) *fault.Fault {
	if form == asInt {
		x, err := p.Node.Int64(p.Content(), p.Units())
		switch {
		case err != nil:
			return err
		case rv.OverflowInt(x):
			return refusal(p, fault.TooLong)
		}
		rv.SetInt(x)
		return nil
	}
	magnitude, negative, err := p.Node.Magnitude(p.Content(), p.Units())
	switch {
	case err != nil:
		return err
	case negative && magnitude != 0 || rv.OverflowUint(magnitude):
		return refusal(p, fault.TooLong)
	}
	rv.SetUint(magnitude)
	return nil
}

func refusal(p layout.Part, kind fault.Kind) *fault.Fault {
	return fault.Of(kind, p.Node.Path, nil)
}

// appendText appends the text of a value, without its padding where that is wanted.
func (r *reading) appendText(dst []byte, p layout.Part, h *holder) []byte {
	if r.Trim || h.trim {
		return p.AppendUnpadded(dst)
	}
	return p.AppendText(dst)
}

// setBytes sets a slice of bytes, in its own memory where that is large enough.
func (r *reading) setBytes(p layout.Part, h *holder, rv reflect.Value) {
	var buf [256]byte
	var value []byte
	if p.Node.Content == wire.Any {
		value = p.Append(buf[:0])
	} else {
		value = r.appendText(buf[:0], p, h)
	}
	if own := rv.Bytes(); own != nil && cap(own) >= len(value) {
		rv.SetBytes(append(own[:0], value...))
		return
	}
	rv.SetBytes(r.keep(value))
}
