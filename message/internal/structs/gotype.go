package structs

import (
	"encoding"
	"reflect"
	"time"
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
