package message

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// Whatever sets a number that the spec ignores does nothing, and everything else takes it for the unknown field it is.
func TestIgnoredNumbers(t *testing.T) {
	fields := []spec.Field{{Number: 2, Format: "n..19"}, {Number: 130, Format: "n 1"}}
	codec := MustCompile(spec.MustNew(spec.Config{Name: "ignores", Fields: fields, Ignored: []int{1, 65, 192}}))
	other := MustCompile(spec.MustNew(spec.Config{Name: "has", Fields: []spec.Field{{Number: 2, Format: "n..19"}, {Number: 65, Format: "n 1"}}})).New()
	require.NoError(t, other.Set(65, "1"))
	m := codec.New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.Set(2, "42"))
	before := packed(t, m)
	sets := map[string]func(number int) error{
		"Set":      func(number int) error { return m.Set(number, "1") },
		"SetBytes": func(number int) error { return m.SetBytes(number, []byte("1")) },
		"SetInt":   func(number int) error { return m.SetInt(number, 1) },
		"SetTime":  func(number int) error { return m.SetTime(number, time.Now()) },
	}
	for name, set := range sets {
		for _, number := range []int{1, 65, 192} {
			require.NoError(t, set(number), "%s %d", name, number)
			require.False(t, m.Has(number))
		}
		for _, number := range []int{-1, 64, 66, 191, 193} {
			require.ErrorIs(t, set(number), ErrUnknown, "%s %d", name, number)
			m.ClearErr()
		}
	}
	for _, path := range []string{"65", "65.1"} {
		require.NoError(t, m.SetPath(path, "1"))
		require.NoError(t, m.SetPathInt(path, 1))
		require.NoError(t, m.UnsetPath(path))
	}
	require.NoError(t, m.CopyFields(other, 65))
	require.NoError(t, m.CopyFields(m.Clone(), 65, 2))
	require.ErrorIs(t, m.CopyFields(other, 66), ErrUnknown)
	m.ClearErr()
	require.NoError(t, Marshal(m, struct {
		Settlement string `iso8583:"65"`
		F192       int
	}{"1", 1}))
	require.ErrorIs(t, Marshal(m, struct{ F66 string }{"1"}), ErrUnknown)
	m.ClearErr()
	m.Unset(65)
	require.Equal(t, before, packed(t, m))

	back := codec.New()
	require.ErrorIs(t, back.UnmarshalJSON([]byte(`{"0":"0200","65":"1"}`)), ErrUnknown, "which describes a whole message")
	require.ErrorIs(t, back.UnmarshalJSON([]byte(`{"0":"0200","66":"1"}`)), ErrUnknown)
	_, err := m.Lookup("65")
	require.ErrorIs(t, err, ErrUnknown)
	require.ErrorIs(t, back.Unpack([]byte("0200"+"8000000000000000"+"0000000000000001")), ErrUnknown, "of 128, which is not ignored")
}
