package message

import (
	"bytes"
	"encoding"
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/posline/posline/spec"
)

// goForm is how a Go type holds one value; 0 is a type that cannot.
type goForm uint8

const (
	_ goForm = iota
	asString
	asInt
	asUint
	asBool
	asBytes
	asArray
	asTime
	asText    // encoding.TextMarshaler and TextUnmarshaler
	asForeign // the field types of moov-io/iso8583
	asStruct  // parts
)

// foreign is what the leaf field types of moov-io/iso8583 have in common: the bytes of the value, without length or
// encoding.
type foreign interface {
	Bytes() ([]byte, error)
	SetBytes(value []byte) error
	String() (string, error)
}

// foreignText is moov's String, and its Hex, which holds hexadecimal.
type foreignText interface {
	Value() string
	SetValue(text string)
}

// foreignNumber is moov's Numeric.
type foreignNumber interface {
	Value() int64
	SetValue(number int64)
}

var (
	timeType        = reflect.TypeFor[time.Time]()
	textMarshaler   = reflect.TypeFor[encoding.TextMarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	foreignType     = reflect.TypeFor[foreign]()
)

// asOf tells how a type that is no pointer holds a value.
func goFormOf(t reflect.Type) goForm {
	pointer := reflect.PointerTo(t)
	switch {
	case t == timeType:
		return asTime
	case pointer.Implements(foreignType) && t.Kind() == reflect.Struct:
		if _, composite := pointer.MethodByName("GetSubfields"); composite {
			return 0 // holds its parts by its own spec; a struct takes its place
		}
		return asForeign
	case pointer.Implements(textMarshaler) && pointer.Implements(textUnmarshaler) && t.Kind() != reflect.Interface:
		return asText
	}
	switch t.Kind() {
	case reflect.String:
		return asString
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return asInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return asUint
	case reflect.Bool:
		return asBool
	case reflect.Struct:
		return asStruct
	case reflect.Slice, reflect.Array:
		if t.Elem().Kind() != reflect.Uint8 {
			return 0
		}
		if t.Kind() == reflect.Array {
			return asArray
		}
		return asBytes
	}
	return 0
}

// suits tells whether a field can be held in that way.
func (n *node) suits(h *holder) bool {
	switch h.form {
	case asInt, asUint:
		return n.content&spec.ContentN != 0
	case asBool:
		return n.content&spec.ContentN != 0 && n.max == 1 && !n.sign
	case asArray:
		size := h.goType.Len()
		if n.sign {
			size--
		}
		return n.min <= size && size <= n.max
	case asTime:
		_, ok := parseNotation(n.field.Time)
		return ok
	}
	return h.form != asStruct
}

// unsuited is the error for a value that another type or layout of this message would hold.
func (n *node) unsuited(t reflect.Type) *Error {
	return fault(ErrType, n.path, -1, detail("a Go "+t.String()+" cannot hold it in this message"))
}

// refused is an error of code outside this package, whose text may quote card data: it stays out of ours.
type refused struct{ error }

func (refused) Error() string   { return "its Go type refuses the value" }
func (r refused) Unwrap() error { return r.error }

// appendLeaf appends the value that a Go value holds: the characters of text and digits, the bytes of b. rv is
// addressable.
func (n *node) appendLeaf(dst []byte, h *holder, rv reflect.Value) ([]byte, *Error) {
	if !n.suits(h) {
		return dst, n.unsuited(h.goType)
	}
	switch h.form {
	case asString:
		return n.appendGoText(dst, rv.String())
	case asInt:
		x := rv.Int()
		return n.appendNumber(dst, uint64(max(x, -x)), x < 0)
	case asUint:
		return n.appendNumber(dst, rv.Uint(), false)
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
			return dst, fault(ErrValue, n.path, -1, detail("the zero time"))
		}
		return n.appendTime(dst, t)
	case asText:
		text, err := rv.Addr().Interface().(encoding.TextMarshaler).MarshalText()
		if err != nil {
			return dst, fault(ErrValue, n.path, -1, refused{err})
		}
		return n.appendGoText(dst, string(text))
	default:
		return n.appendForeign(dst, rv.Addr().Interface().(foreign))
	}
}

// appendGoText appends a value given as text, see Set.
func (n *node) appendGoText(dst []byte, text string) ([]byte, *Error) {
	if n.content != spec.ContentB {
		return append(dst, text...), nil
	}
	dst, ok := appendHex(dst, bytesOf(text))
	if !ok {
		return dst, fault(ErrDigit, n.path, -1, detail("binary data is set as hexadecimal text"))
	}
	return dst, nil
}

// appendNumber appends a number, with the sign that the field has.
func (n *node) appendNumber(dst []byte, magnitude uint64, negative bool) ([]byte, *Error) {
	var buf [20]byte
	digits := strconv.AppendUint(buf[:0], magnitude, 10)
	switch {
	case n.sign:
		plus, minus := byte('C'), byte('D')
		if strings.IndexByte(n.signs, minus) < 0 {
			plus, minus = '+', '-'
		}
		if negative {
			plus = minus
		}
		dst = append(dst, plus)
		for range n.min - len(digits) {
			dst = append(dst, '0')
		}
	case negative && n.coding == spec.ZonedEBCDIC:
		dst = append(dst, '-')
	case negative:
		return dst, fault(ErrType, n.path, -1, detail("a negative number needs a sign"))
	}
	return append(dst, digits...), nil
}

// appendForeign takes moov's values as moov does: the bytes of the value for text and for b, where a String holds
// hexadecimal.
func (n *node) appendForeign(dst []byte, f foreign) ([]byte, *Error) {
	switch f := f.(type) {
	case foreignNumber:
		if n.content == spec.ContentB {
			return dst, fault(ErrType, n.path, -1, detail("binary data is no number"))
		}
		x := f.Value()
		return n.appendNumber(dst, uint64(max(x, -x)), x < 0)
	case foreignText:
		if n.content != spec.ContentB {
			break
		}
		value, ok := appendHex(dst, bytesOf(f.Value()))
		if !ok {
			return dst, fault(ErrValue, n.path, -1, detail("binary data is set as hexadecimal text"))
		}
		return value, nil
	}
	value, err := f.Bytes()
	if err != nil {
		return dst, fault(ErrValue, n.path, -1, refused{err})
	}
	return append(dst, value...), nil
}

// setLeaf sets a Go value, which is addressable, to what v holds.
func (v Value) setLeaf(h *holder, rv reflect.Value, ref time.Time) *Error {
	if !v.node.suits(h) {
		return v.node.unsuited(h.goType)
	}
	switch h.form {
	case asString:
		var buf [256]byte
		if text := v.AppendText(buf[:0]); rv.String() != string(text) {
			rv.SetString(string(text))
		}
	case asInt, asUint:
		return v.setNumber(h.form, rv)
	case asBool:
		on := v.Equal("1")
		if !on && !v.Equal("0") {
			return v.error(ErrValue)
		}
		rv.SetBool(on)
	case asBytes:
		if rv.IsNil() {
			rv.SetBytes([]byte{})
		}
		rv.SetBytes(v.AppendBytes(rv.Bytes()[:0]))
	case asArray:
		var buf [256]byte
		value := v.AppendBytes(buf[:0])
		if len(value) != rv.Len() {
			return v.error(ErrType)
		}
		copy(rv.Bytes(), value)
	case asTime:
		t, err := v.time(ref)
		if err != nil {
			return err
		}
		*rv.Addr().Interface().(*time.Time) = t
	case asText:
		if err := rv.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText(v.AppendText(nil)); err != nil {
			return fault(ErrValue, v.node.path, -1, refused{err})
		}
	default:
		return v.setForeign(rv.Addr().Interface().(foreign))
	}
	return nil
}

func (v Value) setForeign(f foreign) *Error {
	switch f := f.(type) {
	case foreignNumber:
		if v.node.content == spec.ContentB {
			return v.error(ErrType)
		}
		return v.setForeignNumber(f)
	case foreignText:
		if v.node.content == spec.ContentB {
			f.SetValue(v.Text())
			return nil
		}
	}
	if err := f.SetBytes(v.Bytes()); err != nil {
		return fault(ErrValue, v.node.path, -1, refused{err})
	}
	return nil
}

// setForeignNumber reads an empty value as zero, as moov does.
func (v Value) setForeignNumber(f foreignNumber) *Error {
	if v.units == 0 {
		f.SetValue(0)
		return nil
	}
	magnitude, negative, err := v.number()
	switch {
	case err != nil:
		return err
	case magnitude > math.MaxInt64:
		return v.error(ErrTooLong)
	case negative:
		f.SetValue(-int64(magnitude))
	default:
		f.SetValue(int64(magnitude))
	}
	return nil
}

func (v Value) setNumber(form goForm, rv reflect.Value) *Error {
	magnitude, negative, err := v.number()
	switch {
	case err != nil:
		return err
	case form == asUint:
		if negative && magnitude != 0 || rv.OverflowUint(magnitude) {
			return v.error(ErrTooLong)
		}
		rv.SetUint(magnitude)
		return nil
	case negative && magnitude == 1<<63 && rv.Kind() == reflect.Int64:
		rv.SetInt(math.MinInt64)
		return nil
	case magnitude > math.MaxInt64:
		return v.error(ErrTooLong)
	}
	x := int64(magnitude)
	if negative {
		x = -x
	}
	if rv.OverflowInt(x) {
		return v.error(ErrTooLong)
	}
	rv.SetInt(x)
	return nil
}

var errNoNumber = errors.New("no number")

// number reads the value as a number. Blanks around digits in a text field are padding.
func (v Value) number() (magnitude uint64, negative bool, fail *Error) {
	var buf [64]byte
	text := v.node.appendValue(buf[:0], v.content(), v.units)
	if v.node.content != spec.ContentN {
		text = bytes.Trim(text, " ")
	}
	if len(text) > 0 && (v.node.sign || text[0] == '-') {
		negative, text = text[0] == 'D' || text[0] == '-', text[1:]
	}
	if len(text) == 0 || !allDigits(text) {
		return 0, false, fault(ErrType, v.node.path, -1, errNoNumber)
	}
	for _, c := range text {
		digit := uint64(c - '0')
		if magnitude > (math.MaxUint64-digit)/10 {
			return 0, false, v.error(ErrTooLong)
		}
		magnitude = magnitude*10 + digit
	}
	return magnitude, negative, nil
}
