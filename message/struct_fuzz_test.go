package message

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// types a fuzzed struct is made of; the indexes are part of the seeds.
var fuzzTypes = []reflect.Type{
	reflect.TypeFor[string](), reflect.TypeFor[*string](), reflect.TypeFor[int](), reflect.TypeFor[uint8](), reflect.TypeFor[*int64](),
	reflect.TypeFor[bool](), reflect.TypeFor[[]byte](), reflect.TypeFor[[8]byte](), reflect.TypeFor[time.Time](), reflect.TypeFor[*time.Time](),
	reflect.TypeFor[float64](), reflect.TypeFor[any](), reflect.TypeFor[map[string]int](), reflect.TypeFor[chan int](), reflect.TypeFor[func()](),
	reflect.TypeFor[[]string](), reflect.TypeFor[[]record](), reflect.TypeFor[[]*record](), reflect.TypeFor[positional](), reflect.TypeFor[*positional](),
	reflect.TypeFor[*taggedParts](), reflect.TypeFor[chip](), reflect.TypeFor[bitmapped](), reflect.TypeFor[**int](), reflect.TypeFor[[][]byte](),
	reflect.TypeFor[[4]int](), reflect.TypeFor[picky](), reflect.TypeFor[[]roomy](), reflect.TypeFor[complex64](), reflect.TypeFor[struct{}](),
}

// structFrom makes a struct type of bytes: for each field a type, the length of its tag, and the tag. 255 as a type
// starts a struct or slice of structs inside, with the next byte as its size.
func structFrom(data []byte, depth int) (reflect.Type, []byte) {
	var fields []reflect.StructField
	for len(data) >= 2 && len(fields) < 12 {
		kind, size := data[0], int(data[1])%8
		data = data[2:]
		size = min(size, len(data))
		tag := reflect.StructTag(fmt.Sprintf("iso8583:%q", data[:size]))
		data = data[size:]
		f := reflect.StructField{Name: fmt.Sprintf("F%d", 2+len(fields)), Tag: tag, Type: fuzzTypes[int(kind)%len(fuzzTypes)]}
		if kind >= 250 && depth < 4 && len(data) > 0 {
			inner := min(int(data[0]), len(data)-1)
			f.Type, _ = structFrom(data[1:1+inner], depth+1)
			data = data[1+inner:]
			switch kind {
			case 253:
				f.Type = reflect.PointerTo(f.Type)
			case 254:
				f.Type = reflect.SliceOf(f.Type)
			}
		}
		fields = append(fields, f)
	}
	return reflect.StructOf(fields), data
}

// FuzzStructs marshals and unmarshals structs of any type, with any tags: nothing panics, what is wrong with the type
// is found whatever its values are, and what comes out of a message goes back into it without a change.
func FuzzStructs(f *testing.F) {
	c := structSpec(f)
	full := c.New()
	require.NoError(f, Marshal(full, fullRoomy()))
	wire, err := full.Pack()
	require.NoError(f, err)
	seed := func(parts ...any) {
		var b []byte
		for _, p := range parts {
			switch p := p.(type) {
			case int:
				b = append(b, byte(p))
			case string:
				b = append(append(b, byte(len(p))), p...)
			}
		}
		f.Add(b, wire)
	}
	seed(0, "2", 2, "4", 7, "10", 8, "7", 5, "9", 6, "12")
	seed(19, "40", 20, "48", 21, "55", 16, "61", 22, "62", 0, "2,keepzero")
	seed(255, "55", 8, 0, "9F02", 24, "71")
	seed(254, "61", 6, 2, "1", 0, "2", 253, "60", 3, 2, "2")
	seed(10, "2", 11, "3", 23, "4", 27, "-", 0, "999", 0, "a,b")
	plain := codecFor(f, "unionpay-pos")
	for _, frame := range unionPayFrames(f)[:6] {
		f.Add([]byte{255, 2, '6', '0', 6, 2, 1, '1', 0, 1, '2', 0, 2, '1', '1'}, frame.wire)
	}
	f.Fuzz(func(t *testing.T, shape, wire []byte) {
		goType, _ := structFrom(shape, 0)
		for _, codec := range []*Codec{c, plain} {
			zero, empty := reflect.New(goType).Interface(), codec.New()
			marshals, reads := Marshal(empty, zero), Unmarshal(codec.New(), zero)
			if reads != nil {
				require.Equal(t, reads.Error(), marshals.Error(), "a type is refused in both directions")
			}
			m := codec.New()
			if m.Unpack(wire) != nil {
				continue
			}
			v := reflect.New(goType).Interface()
			if UnmarshalAt(m, v, roomyRef) != nil {
				continue
			}
			if Marshal(m, v) != nil {
				continue // a value that its type has normalised need not fit the field again
			}
			again := reflect.New(goType).Interface()
			require.NoError(t, UnmarshalAt(m, again, roomyRef))
			require.Equal(t, v, again)
		}
	})
}
