//go:build amd64 || arm64

package moovspec_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/field"
	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec/moovspec"
)

// Structs of random types, as programs for moov have them, give the same bytes in both libraries, and get the same
// values out of them.
func TestRandomStructs(t *testing.T) {
	leaves := 0
	for i := range *messages / perSpec {
		g := generator{rand.New(rand.NewPCG(*seed, 4<<32+uint64(i)))}
		ms, elements := g.message()
		s, warnings, err := moovspec.From(ms)
		require.NoError(t, err)
		if strings.Contains(fmt.Sprint(warnings), "in hexadecimal here") {
			continue // tags of other names
		}
		codec := message.MustCompile(s)
		b := g.structOf(elements)
		for range perSpec / 5 {
			in := reflect.New(b.goType)
			in.Elem().Field(0).SetString("0200")
			g.fill(b, in.Elem())
			n, fault := marshalBoth(ms, codec, b, in)
			require.Empty(t, fault, "-seed %d, spec %d", *seed, i)
			leaves += n
		}
	}
	t.Logf("%d values", leaves)
	require.NotZero(t, leaves)
}

// bound is a struct type for some elements. Its first field is the message type in the outermost struct.
type bound struct {
	goType reflect.Type
	first  int // Go field of the first element
	leaves []*element
	inside []*bound // of composites; nil for leaves
}

func (g generator) structOf(elements []*element) *bound {
	b := g.partsOf(elements, true)
	return b
}

func (g generator) partsOf(elements []*element, message bool) *bound {
	b := &bound{}
	var fields []reflect.StructField
	if message {
		b.first = 1
		fields = append(fields, reflect.StructField{Name: "MTI", Type: reflect.TypeFor[string](), Tag: `iso8583:"0"`})
	}
	for i, e := range elements {
		f := reflect.StructField{Name: "X" + strconv.Itoa(i), Tag: reflect.StructTag(fmt.Sprintf(`%s:"%s"`, pick(g, "index", "iso8583"), e.key))}
		var inside *bound
		if len(e.parts) > 0 {
			inside = g.partsOf(e.parts, false)
			f.Type = reflect.PointerTo(inside.goType)
		} else {
			f.Type = g.goType(e)
		}
		fields = append(fields, f)
		b.leaves, b.inside = append(b.leaves, e), append(b.inside, inside)
	}
	b.goType = reflect.StructOf(fields)
	return b
}

// goType is a type that moov takes for a leaf.
func (g generator) goType(e *element) reflect.Type {
	text, number, octets := reflect.TypeFor[string](), reflect.TypeFor[int64](), reflect.TypeFor[[]byte]()
	own := reflect.TypeOf(e.moov)
	switch e.moov.(type) {
	case *field.String:
		return pick(g, own, text, reflect.PointerTo(text))
	case *field.Numeric:
		return pick(g, own, number, reflect.PointerTo(number), text)
	case *field.Binary:
		return pick(g, own, octets, reflect.PointerTo(octets), text)
	case *field.Hex:
		return pick(g, own, text, reflect.PointerTo(text), octets)
	default:
		return own
	}
}

// fill sets the fields of a struct, those of a positional composite without gaps.
func (g generator) fill(b *bound, rv reflect.Value) {
	upTo := 1 + g.IntN(max(1, len(b.leaves)))
	for i, e := range b.leaves {
		all := b.first == 1 || e.needed
		if i >= upTo && !all {
			return
		}
		f := rv.Field(b.first + i)
		if inside := b.inside[i]; inside != nil {
			f.Set(reflect.New(inside.goType))
			g.fill(inside, f.Elem())
			continue
		}
		value := g.value(e)
		for len(value) == 0 { // a Go value of nothing is skipped
			value = g.value(e)
		}
		setGo(e, f, value)
	}
}

// setGo sets a Go value of a type of goType's.
func setGo(e *element, rv reflect.Value, value []byte) {
	if rv.Type() == reflect.TypeOf(e.moov) {
		rv.Set(reflect.ValueOf(valueOf(e, value)))
		return
	}
	if rv.Kind() == reflect.Pointer {
		rv.Set(reflect.New(rv.Type().Elem()))
		rv = rv.Elem()
	}
	switch rv.Kind() {
	case reflect.Int64:
		n, _ := strconv.ParseInt(string(value), 10, 64)
		rv.SetInt(n)
	case reflect.Slice:
		rv.SetBytes(value)
	default:
		if isOctets(e) {
			value = fmt.Appendf(nil, "%X", value)
		}
		rv.SetString(string(value))
	}
}

func isOctets(e *element) bool {
	switch e.moov.(type) {
	case *field.Binary, *field.Hex:
		return true
	}
	return false
}

// marshalBoth returns the number of values that it has compared, and what differs.
func marshalBoth(ms *iso8583.MessageSpec, codec *message.Codec, b *bound, in reflect.Value) (int, string) {
	theirs, ours := iso8583.NewMessage(ms), codec.New()
	if err := theirs.Marshal(in.Interface()); err != nil {
		return 0, "moov: " + err.Error()
	}
	want, there := theirs.Pack()
	here := message.Marshal(ours, in.Interface())
	if there != nil && here != nil {
		return 0, "" // too long for a composite
	}
	got, err := ours.Pack()
	if there != nil || here != nil || err != nil {
		return 0, fmt.Sprintf("moov: %v, ours: %v %v", there, here, err)
	}
	if !bytes.Equal(want, got) {
		return 0, fmt.Sprintf("other bytes:\n%X\n%X", want, got)
	}
	theirs, ours = iso8583.NewMessage(ms), codec.New()
	moovs, posline := reflect.New(b.goType), reflect.New(b.goType)
	for _, err := range []error{theirs.Unpack(got), theirs.Unmarshal(moovs.Interface()), ours.Unpack(got), message.Unmarshal(ours, posline.Interface())} {
		if err != nil {
			return 0, err.Error()
		}
	}
	return b.compare(moovs.Elem(), posline.Elem())
}

func (b *bound) compare(theirs, ours reflect.Value) (leaves int, fault string) {
	for i, e := range b.leaves {
		there, here := theirs.Field(b.first+i), ours.Field(b.first+i)
		if there.Kind() == reflect.Pointer && (there.IsNil() || here.IsNil()) {
			if there.IsNil() != here.IsNil() {
				return leaves, e.key + " is there in one only"
			}
			continue
		}
		if inside := b.inside[i]; inside != nil {
			n, fault := inside.compare(there.Elem(), here.Elem())
			if leaves += n; fault != "" {
				return leaves, e.key + "." + fault
			}
			continue
		}
		want, got := unpadded(e, goBytes(e, there)), unpadded(e, goBytes(e, here))
		if leaves++; got != want && !(here.IsZero() && there.IsZero()) {
			return leaves, fmt.Sprintf("%s is %q in moov, %q here", e.key, want, got)
		}
	}
	return leaves, ""
}

// goBytes is the value of a Go value: the characters, or the bytes.
func goBytes(e *element, rv reflect.Value) []byte {
	if f, ok := rv.Interface().(field.Field); ok {
		value, _ := f.Bytes()
		if e.hex {
			value, _ = hex.DecodeString(string(value))
		}
		return value
	}
	if rv.Kind() == reflect.Pointer {
		rv = rv.Elem()
	}
	switch rv.Kind() {
	case reflect.Int64:
		return strconv.AppendInt(nil, rv.Int(), 10)
	case reflect.Slice:
		return rv.Bytes()
	}
	value := []byte(rv.String())
	if isOctets(e) || e.hex {
		value, _ = hex.DecodeString(rv.String())
	}
	return value
}
