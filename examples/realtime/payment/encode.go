package payment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
)

// ErrEncoding is the error of bytes that are not the encoding of a row.
var ErrEncoding = errors.New("payment: not the encoding of a row")

// AppendBinary appends the canonical encoding of the row: equal rows have equal bytes, and different rows different ones.
// It is the fields in their order, numbers as varints, texts with their length before them.
func (r *Row) AppendBinary(dst []byte) ([]byte, error) {
	return appendValue(dst, reflect.ValueOf(r).Elem()), nil
}

// AppendBinary appends the canonical encoding of the flight.
func (f *Flight) AppendBinary(dst []byte) ([]byte, error) {
	return appendValue(dst, reflect.ValueOf(f).Elem()), nil
}

// appendValue covers what rows and flights are made of: texts, numbers, truth values and structures of them.
func appendValue(dst []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			dst = appendValue(dst, v.Field(i))
		}
		return dst
	case reflect.String:
		dst = binary.AppendUvarint(dst, uint64(v.Len()))
		return append(dst, v.String()...)
	case reflect.Bool:
		if v.Bool() {
			return append(dst, 1)
		}
		return append(dst, 0)
	case reflect.Uint8, reflect.Uint32:
		return binary.AppendUvarint(dst, v.Uint())
	}
	return binary.AppendVarint(dst, v.Int())
}

// UnmarshalBinary reads the encoding of a row, and nothing else: not even another encoding of the same numbers.
func (r *Row) UnmarshalBinary(data []byte) error {
	var row Row
	rest, ok := readValue(data, reflect.ValueOf(&row).Elem())
	if !ok || len(rest) > 0 {
		return fmt.Errorf("%w: %d bytes from offset %d", ErrEncoding, len(rest), len(data)-len(rest))
	}
	if again, _ := row.AppendBinary(nil); string(again) != string(data) {
		return fmt.Errorf("%w: a number is longer than need be", ErrEncoding)
	}
	*r = row
	return nil
}

func readValue(data []byte, v reflect.Value) (rest []byte, ok bool) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if data, ok = readValue(data, v.Field(i)); !ok {
				return data, false
			}
		}
		return data, true
	case reflect.String:
		size, n := binary.Uvarint(data)
		if n <= 0 || size > uint64(len(data)-n) {
			return data, false
		}
		v.SetString(string(data[n : n+int(size)]))
		return data[n+int(size):], true
	case reflect.Uint8, reflect.Uint32:
		number, n := binary.Uvarint(data)
		if n <= 0 || v.OverflowUint(number) {
			return data, false
		}
		v.SetUint(number)
		return data[n:], true
	}
	number, n := binary.Varint(data)
	if n <= 0 || v.OverflowInt(number) {
		return data, false
	}
	v.SetInt(number)
	return data[n:], true
}
