package message

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// numberSpec has numbers in every form that a format writes them in.
func numberSpec(t testing.TB) *Codec {
	s, err := spec.New(spec.Config{Name: "numbers", Encoding: spec.BCD, Fields: []spec.Field{
		{Number: 0, Format: "n 4"},
		{Number: 2, Name: "variable", Format: "n..20"},
		{Number: 3, Name: "fixed", Format: "n 20", Encoding: spec.ASCII},
		{Number: 4, Name: "signed", Format: "x+n 20", Encoding: spec.ASCII},
		{Number: 5, Name: "plus and minus", Format: "x+n 20", Signs: "+-", Encoding: spec.ASCII},
		{Number: 6, Name: "zoned", Format: "n 20", Encoding: spec.ZonedEBCDIC},
		{Number: 7, Name: "text", Format: "ans 24"},
		{Number: 8, Name: "text from the left", Format: "an 24", Pad: spec.Pad{Side: spec.Left, Char: " "}},
		{Number: 9, Name: "EBCDIC", Format: "n 20", Encoding: spec.EBCDIC1047},
		{Number: 10, Name: "short", Format: "n 3"},
		{Number: 11, Name: "binary", Format: "b 64"},
	}})
	require.NoError(t, err)
	return MustCompile(s)
}

// What SetInt takes, Int64 gives back, and so does a Go number in a struct; both refuse the same.
func TestNumbersThereAndBack(t *testing.T) {
	m := numberSpec(t).New()
	numbers := []int64{0, 1, -1, 9, 10, -10, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, math.MinInt64 + 1}
	rng := rand.New(rand.NewPCG(12, 1))
	for range 300 {
		numbers = append(numbers, rng.Int64()>>rng.IntN(63), -rng.Int64()>>rng.IntN(63))
	}
	for _, x := range numbers {
		for number := 2; number <= 10; number++ {
			m.Reset()
			require.NoError(t, m.SetMTI("0200"))
			err := m.SetInt(number, x)
			switch {
			case x < 0 && number != 4 && number != 5 && number != 6:
				require.ErrorIs(t, err, ErrType, "field %d, %d", number, x)
				continue
			case number == 10 && x > 999:
				require.ErrorIs(t, err, ErrTooLong, "%d", x)
				continue
			}
			require.NoError(t, err, "field %d, %d", number, x)
			back := numberSpec(t).New()
			require.NoError(t, back.Unpack(packed(t, m)))
			got, err := back.Field(number).Int64()
			require.NoError(t, err, "field %d, %d", number, x)
			require.Equal(t, x, got, "field %d", number)
			require.Equal(t, x, throughStruct(t, back, number), "field %d", number)
		}
	}
}

// throughStruct reads a field as an int64 of a struct.
func throughStruct(t *testing.T, m *Message, number int) int64 {
	t.Helper()
	var s struct{ F2, F3, F4, F5, F6, F7, F8, F9, F10 int64 }
	require.NoError(t, Unmarshal(m, &s))
	return []int64{s.F2, s.F3, s.F4, s.F5, s.F6, s.F7, s.F8, s.F9, s.F10}[number-2]
}

// Value.Int64 and the numbers of a struct are one parser: they agree over every text, the refused ones too.
func TestOneParserOfNumbers(t *testing.T) {
	for _, c := range []struct {
		number int
		text   string
		want   int64
		kind   Kind // 0 for a number
	}{
		{7, "12", 12, 0}, {7, "  12", 12, 0}, {7, "-12", -12, 0}, {7, " -12 ", -12, 0}, {7, "1 2", 0, ErrType}, {7, "", 0, ErrType},
		{7, "- 12", 0, ErrType}, {7, "--1", 0, ErrType}, {7, "+1", 0, ErrType}, {7, "1.5", 0, ErrType}, {7, "-", 0, ErrType}, {7, "1-", 0, ErrType},
		{7, "9223372036854775807", math.MaxInt64, 0}, {7, "9223372036854775808", 0, ErrTooLong},
		{7, "-9223372036854775808", math.MinInt64, 0}, {7, "-9223372036854775809", 0, ErrTooLong},
		{7, "18446744073709551615", 0, ErrTooLong}, {7, "18446744073709551616", 0, ErrTooLong}, {7, "99999999999999999999999", 0, ErrTooLong},
		{7, "-0", 0, 0}, {2, "00000000000000000001", 1, 0}, {2, "", 0, ErrType},
		{4, "C12", 12, 0}, {4, "C00000000000000000012", 12, 0}, {4, "D00000000000000000012", -12, 0},
		{5, "-00000000000000000012", -12, 0}, {5, "+00000000000000000012", 12, 0},
		{8, "7", 7, 0},
	} {
		m := numberSpec(t).New()
		require.NoError(t, m.SetMTI("0200"))
		if err := m.Set(c.number, c.text); err != nil {
			require.ErrorIs(t, err, c.kind, "field %d %q", c.number, c.text)
			continue
		}
		got, err := m.Field(c.number).Int64()
		var s struct{ F2, F4, F5, F7, F8 int64 }
		bound := Unmarshal(m, &s)
		if c.kind != 0 {
			require.ErrorIs(t, err, c.kind, "field %d %q", c.number, c.text)
			require.ErrorIs(t, bound, c.kind, "field %d %q", c.number, c.text)
			continue
		}
		require.NoError(t, err, "field %d %q", c.number, c.text)
		require.NoError(t, bound)
		require.Equal(t, c.want, got, "field %d %q", c.number, c.text)
		require.Equal(t, c.want, map[int]int64{2: s.F2, 4: s.F4, 5: s.F5, 7: s.F7, 8: s.F8}[c.number])
	}
}

// Small and unsigned Go numbers take what they can hold and refuse the rest.
func TestNumbersThatDoNotFit(t *testing.T) {
	m := numberSpec(t).New()
	require.NoError(t, m.SetMTI("0200"))
	for _, c := range []struct {
		text             string
		int8, uint8, u64 bool // fits
	}{
		{"127", true, true, true}, {"128", false, true, true}, {"255", false, true, true}, {"256", false, false, true},
		{"-128", true, false, false}, {"-129", false, false, false}, {"-0", true, true, true},
		{"18446744073709551615", false, false, true}, {"18446744073709551616", false, false, false},
	} {
		require.NoError(t, m.Set(7, c.text))
		for _, one := range []struct {
			v    any
			fits bool
		}{{&struct{ F7 int8 }{}, c.int8}, {&struct{ F7 uint8 }{}, c.uint8}, {&struct{ F7 uint64 }{}, c.u64}} {
			err := Unmarshal(m, one.v)
			if one.fits {
				require.NoError(t, err, "%s into %T", c.text, one.v)
				continue
			}
			require.ErrorIs(t, err, ErrTooLong, "%s into %T", c.text, one.v)
		}
	}
}

func TestBinaryIsNoNumber(t *testing.T) {
	m := numberSpec(t).New()
	require.NoError(t, m.SetBytes(11, []byte("12345678")), "bytes that look like digits")
	_, err := m.Field(11).Int64()
	require.ErrorIs(t, err, ErrType)
	_, err = m.Field(3).Int64()
	require.ErrorIs(t, err, ErrMissing)
	require.ErrorIs(t, err, ErrMissing)
}

// Binary data is no number in any way: what a number would write there, none could read.
func TestBinaryDataIsNoNumber(t *testing.T) {
	m := MustCompile(spec.UnionPayPOS()).New()
	require.NoError(t, m.SetMTI("0200"))
	for _, set := range []func() error{
		func() error { return m.SetInt(52, 12345678) },
		func() error { return m.SetPathInt("52", 12345678) },
		func() error { return m.SetPathInt("55.9F41", 123) },
		func() error { return m.SetPathInt("55.9F7C", -1) },
		func() error { return Marshal(m, struct{ F52 int64 }{12345678}) },
		func() error { return Marshal(m, struct{ F52 uint8 }{1}) },
	} {
		require.ErrorIs(t, set(), ErrType)
		m.ClearErr()
	}
	require.False(t, m.Has(52))
	require.False(t, m.Has(55))
}

// Whatever Int64 reads a Go number in a struct reads, track data and hexadecimal digits included.
func TestNumbersInEveryContent(t *testing.T) {
	m := specOf(spec.Field{Number: 2, Format: "z..19"}, spec.Field{Number: 3, Format: "h..19"}, spec.Field{Number: 4, Format: "a..19"},
		spec.Field{Number: 5, Format: "s..19"}).New()
	require.NoError(t, m.SetMTI("0200"))
	for number := 2; number <= 3; number++ {
		require.NoError(t, m.SetInt(number, 42))
		got, err := m.Field(number).Int64()
		require.NoError(t, err)
		require.EqualValues(t, 42, got)
	}
	var got struct {
		F2 int64
		F3 uint16
	}
	require.NoError(t, Unmarshal(m, &got))
	require.EqualValues(t, 42, got.F2)
	require.EqualValues(t, 42, got.F3)
	again := m.Codec().New()
	require.NoError(t, again.SetMTI("0200"))
	require.NoError(t, Marshal(again, &got))
	require.Equal(t, packed(t, m), packed(t, again))
	require.ErrorIs(t, m.SetInt(4, 42), ErrCharacter)
	m.ClearErr()
	require.ErrorIs(t, Marshal(m, struct{ F4 int }{42}), ErrCharacter)
}
