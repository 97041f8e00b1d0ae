package spec

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

// full is a Config in which every slice and pointer leads somewhere.
func full() Config {
	leaf := func(number int) Field {
		return Field{Number: number, Format: "b 8", Values: []string{"1"}, Presence: []Presence{{MTI: "0200"}}}
	}
	entry := Field{Tag: "9A", Format: "b..9", Values: []string{"1"}}
	layout := func() *Layout {
		lead, unknown := leaf(0), Field{Format: "b..9", Values: []string{"2"}}
		return &Layout{Kind: BERTLV, Fields: []Field{entry}, Lead: &lead, Unknown: &unknown}
	}
	f := Field{Number: 2, Format: "b..9", Values: []string{"1"}, Presence: []Presence{{MTI: "0200"}}, Layout: layout(),
		Cases: []Case{{Path: "3", Values: []string{"1"}, Layout: layout()}}}
	f.ByMTI = []Framing{{MTI: "0200", Field: Field{Format: "b..9", Values: []string{"1"}, Layout: layout()}}}
	return Config{Name: "full", Header: []Field{leaf(1)}, Fields: []Field{f, leaf(3)},
		Responses: []Derivation{{From: "0200", To: "0210", Echo: []int{2}, SwapHeader: []Swap{{0, 0, 1}}}},
		Reversals: []Derivation{{From: "0200", To: "0400", Echo: []int{2}, SwapHeader: []Swap{{0, 0, 1}}}}}
}

// memory lists where the slices and pointers of a value lead.
func memory(v reflect.Value, path string, at map[uintptr]string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			at[v.Pointer()] = path
			memory(v.Elem(), path, at)
		}
	case reflect.Slice:
		if v.Len() > 0 {
			at[v.Pointer()] = path
		}
		for i := range v.Len() {
			memory(v.Index(i), path, at)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			memory(v.Field(i), path+"."+v.Type().Field(i).Name, at)
		}
	}
}

// What goes into a Spec and what comes out of it share no memory with it, at any depth.
func TestSpecSharesNoMemory(t *testing.T) {
	given := full()
	s, err := New(given)
	require.NoError(t, err)
	configs := map[string]Config{"given": given, "Config": s.Config(), "Config again": s.Config(), "Resolved": s.Resolved(), "Resolved again": s.Resolved()}
	seen := make(map[uintptr]string)
	for name, c := range configs {
		own := make(map[uintptr]string)
		memory(reflect.ValueOf(c), name, own)
		require.Greater(t, len(own), 20, name)
		for at, path := range own {
			require.Empty(t, seen[at], "shared by %s", path)
			seen[at] = path
		}
	}
	inside := make(map[uintptr]string)
	memory(reflect.ValueOf(s.config), "config", inside)
	memory(reflect.ValueOf(s.resolved), "resolved", inside)
	for at, path := range inside {
		require.Empty(t, seen[at], "%s is shared", path)
	}
	require.Equal(t, given, s.Config())
}

// What an override gives replaces the base's, what it leaves out stays.
func TestDeriveReplacesWhatIsGiven(t *testing.T) {
	s := MustNew(full())
	same, err := s.Derive(Config{})
	require.NoError(t, err)
	require.Equal(t, s.Config(), same.Config())

	override := Config{Name: "other", Encoding: BCD, Prefix: Prefix{Digits: 3}, Header: []Field{{Number: 1, Format: "b 16"}}, Bitmap: Bitmap{Max: 2},
		Responses: []Derivation{{From: "0800", To: "0810"}}, Reversals: []Derivation{}}
	d, err := s.Derive(override)
	require.NoError(t, err)
	got := d.Config()
	require.Equal(t, "other", d.Name())
	require.Equal(t, override.Header, got.Header)
	require.Equal(t, override.Responses, got.Responses)
	require.Empty(t, got.Reversals)
	require.Equal(t, []any{BCD, Prefix{Digits: 3}, Bitmap{Max: 2}}, []any{got.Encoding, got.Prefix, got.Bitmap})
	require.Equal(t, s.Config().Fields, got.Fields)

	require.Panics(t, func() { MustNew(Config{}) })
	require.Panics(t, func() { s.Without(2, 3) }, "nothing is left")
	require.Panics(t, func() { s.Without(3) }, "a case of field 2 looks at it")
	require.Len(t, s.Without(9).Config().Fields, 2)
	require.Equal(t, 3, s.Without(2, 9).Config().Fields[0].Number)
}
