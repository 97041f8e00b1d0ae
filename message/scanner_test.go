package message

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message/internal/layout"
	"github.com/posline/posline/spec"
)

func TestScannerReadsWhatUnpackReads(t *testing.T) {
	for _, f := range allFrames(t) {
		codec := codecFor(t, f.spec)
		m, s := codec.New(), codec.Scanner()
		require.NoError(t, m.Unpack(f.wire))
		require.NoError(t, s.Reset(f.wire))
		require.Equal(t, m.MTI(), s.MTI())
		require.Equal(t, m.Header(), s.Header())
		for number := 1; number < 130; number++ { // every field in one pass
			got, err := s.Field(number)
			require.NoError(t, err, "%s field %d", f.name, number)
			want := m.Field(number)
			require.Equal(t, want.Present(), got.Present())
			require.Equal(t, want.Bytes(), got.Bytes(), "%s field %d", f.name, number)
			require.Equal(t, want.Wire(), got.Wire())

			require.NoError(t, s.Reset(f.wire)) // that field alone
			got, err = s.Field(number)
			require.NoError(t, err)
			require.Equal(t, want.Bytes(), got.Bytes(), "%s field %d", f.name, number)
			require.NoError(t, s.Reset(f.wire))
			for again := 1; again <= number; again++ {
				_, err := s.Field(again)
				require.NoError(t, err)
			}
		}
	}
}

func TestScannerReadsParts(t *testing.T) {
	c := codecFor(t, "unionpay-pos")
	for _, f := range unionPayFrames(t) {
		if f.spec != "unionpay-pos" {
			continue
		}
		m, s := c.New(), c.Scanner()
		require.NoError(t, m.Unpack(f.wire))
		require.NoError(t, s.Reset(f.wire))
		_, err := s.Field(55)
		require.NoError(t, err)
		v, err := s.Field(60)
		require.NoError(t, err)
		require.Equal(t, m.Get("60.2").Text(), v.Get("2").Text())
	}
}

func TestScannerPassesOverContentButNotOverLengths(t *testing.T) {
	_, m := build(t, spec.ISO8583v1987ASCII())
	wire, err := m.Pack()
	require.NoError(t, err)
	require.NoError(t, m.Unpack(wire))
	s := m.Codec().Scanner()

	broken := append([]byte(nil), wire...)
	broken[m.spans[4].Content] = 'x'
	require.NoError(t, s.Reset(broken))
	v, err := s.Field(11)
	require.NoError(t, err, "field 4 is passed over")
	require.True(t, v.Equal("000123"))
	require.NoError(t, s.Reset(broken))
	_, err = s.Field(4)
	require.ErrorIs(t, err, ErrDigit, "field 4 is what was asked for")
	_, again := s.Field(11)
	require.Equal(t, err, again)

	length := append([]byte(nil), wire...)
	length[m.spans[2].Start] = 'x'
	require.NoError(t, s.Reset(length))
	_, err = s.Field(11)
	require.ErrorIs(t, err, ErrLength)

	for size := range len(wire) { // ends anywhere
		err := s.Reset(wire[:size])
		if err == nil {
			_, err = s.Field(49)
		}
		require.ErrorIs(t, err, ErrTruncated, size)
	}
}

func TestScannerAscends(t *testing.T) {
	_, m := build(t, spec.ISO8583v1987Binary())
	wire, err := m.Pack()
	require.NoError(t, err)
	for _, second := range []int{11, 10, 2, 0, -1} {
		s := m.Codec().Scanner()
		require.NoError(t, s.Reset(wire))
		_, err = s.Field(11)
		require.NoError(t, err)
		_, err = s.Field(second)
		require.ErrorIs(t, err, ErrType, second)
	}
	s := m.Codec().Scanner()
	require.NoError(t, s.Reset(wire))
	v, err := s.Field(1000)
	require.NoError(t, err)
	require.False(t, v.Present())
}

func TestScannerPassesReservedAndTerminatedFields(t *testing.T) {
	s, err := spec.New(spec.Config{Name: "ends", Fields: []spec.Field{
		{Number: 2, Format: "ans..20", Reserve: true},
		{Number: 3, Format: "ans..20", Terminator: ";"},
		{Number: 11, Format: "n 6"},
	}})
	require.NoError(t, err)
	m := MustCompile(s).New()
	require.NoError(t, m.SetMTI("0200"))
	for number, text := range map[int]string{2: "abc", 3: "de", 11: "000123"} {
		require.NoError(t, m.Set(number, text))
	}
	wire, err := m.Pack()
	require.NoError(t, err)
	scanner := m.Codec().Scanner()
	require.NoError(t, scanner.Reset(wire))
	v, err := scanner.Field(11)
	require.NoError(t, err)
	require.Equal(t, "000123", v.Text())
}

func TestScannerWithoutACodec(t *testing.T) {
	var s Scanner
	require.Error(t, s.Reset([]byte("0200")))
	_, err := s.Field(2)
	require.Error(t, err)
	require.Empty(t, s.MTI())
	require.Empty(t, s.Header())
}

func TestScannerAllocations(t *testing.T) {
	for _, f := range allFrames(t) {
		s := codecFor(t, f.spec).Scanner()
		require.Zero(t, testing.AllocsPerRun(20, func() {
			if s.Reset(f.wire) != nil {
				t.Fatal("reset")
			}
			for _, number := range [...]int{3, 11, 41, 60} {
				if v, err := s.Field(number); err != nil || v.Equal("?") {
					t.Fatal(err)
				}
			}
		}), f.name)
	}
}

func FuzzScanner(f *testing.F) {
	for _, one := range unionPayFrames(f)[:8] {
		f.Add(one.wire, uint8(11), uint8(60))
	}
	c := codecFor(f, "unionpay-pos")
	key := KeyFunc(c, 11, 41)
	f.Fuzz(func(t *testing.T, wire []byte, first, second uint8) {
		m, s := c.New(), c.Scanner()
		whole := m.Unpack(wire)
		err := s.Reset(wire)
		for _, number := range [...]uint8{first, second} {
			if err == nil {
				var v Value
				v, err = s.Field(int(number))
				if err == nil && whole == nil {
					require.Equal(t, m.Field(int(number)).Bytes(), v.Bytes())
				}
				v.Text()
				for _, part := range v.Parts() {
					part.Text()
				}
			}
		}
		if whole == nil && 0 < first && first < second {
			require.NoError(t, err, "what unpacks can be scanned")
		}
		_, _, keyError := key(wire)
		if whole == nil {
			require.NoError(t, keyError)
		}
	})
}

func BenchmarkScanner(b *testing.B) {
	for name, sp := range map[string]*spec.Spec{"ascii": spec.ISO8583v1987ASCII(), "binary": spec.ISO8583v1987Binary()} {
		_, m := build(b, sp)
		wire, err := m.Pack()
		require.NoError(b, err)
		b.Run("3-fields/"+name, func(b *testing.B) {
			b.ReportAllocs()
			s := m.Codec().Scanner()
			for b.Loop() {
				s.Reset(wire)
				s.Field(11)
				s.Field(37)
				s.Field(41)
			}
		})
		b.Run("key/"+name, func(b *testing.B) {
			b.ReportAllocs()
			key := KeyFunc(m.Codec(), 11, 41)
			for b.Loop() {
				key(wire)
			}
		})
	}
}

// TestScannerAlongShape reads damaged messages with what the codec has learned about their bitmap and without: places
// and errors are the same.
func TestScannerAlongShape(t *testing.T) {
	for _, one := range unionPayFrames(t)[:12] {
		c := codecFor(t, "unionpay-pos")
		if c.New().Unpack(one.wire) != nil {
			continue
		}
		for cut := range len(one.wire) + 1 {
			var along, plain layout.Cursor
			if along.Begin(c.compiled, one.wire[:cut], nil) != nil {
				continue
			}
			require.Nil(t, plain.Begin(c.compiled, one.wire[:cut], nil))
			require.NotNil(t, along.Shape)
			plain.Shape = nil
			for _, number := range []int{3, 4, 11, 12, 41, 55, 62, 64} {
				n, at, err := along.Seek(number)
				wantNode, want, wantErr := plain.Seek(number)
				require.Equal(t, wantErr, err, "%s cut to %d bytes, field %d", one.name, cut, number)
				require.True(t, n == wantNode && at == want, "%s cut to %d bytes, field %d", one.name, cut, number)
				if err != nil {
					break
				}
			}
		}
	}
}

// What the scanner has returned counts for the layouts of later fields, of whatever form it is.
func TestScannerRemembersForLayouts(t *testing.T) {
	two := []spec.Field{{Number: 1, Format: "n 2"}, {Number: 2, Format: "n 2"}}
	codec := specOf(
		spec.Field{Number: 3, Format: "an..9"}, spec.Field{Number: 4, Format: "an 1"},
		spec.Field{Number: 48, Format: "ans...99", Cases: []spec.Case{{Path: "3", Values: []string{"A"}, Layout: &spec.Layout{Kind: spec.Positional, Fields: two}}}},
		spec.Field{Number: 49, Format: "ans...99", Cases: []spec.Case{{Path: "4", Values: []string{"A"}, Layout: &spec.Layout{Kind: spec.Positional, Fields: two}}}})
	m := codec.New()
	require.NoError(t, m.SetMTI("0200"))
	for number, text := range map[int]string{3: "A", 4: "A", 48: "1234", 49: "5678"} {
		require.NoError(t, m.Set(number, text))
	}
	wire := packed(t, m)
	for range 3 { // without a shape, with one, and starting alike
		s := codec.Scanner()
		for range 2 {
			require.NoError(t, s.Reset(wire))
			for _, number := range []int{3, 4} {
				v, err := s.Field(number)
				require.NoError(t, err)
				require.Equal(t, "A", v.Text())
			}
			for number, want := range []string{48: "34", 49: "78"} {
				if number < 48 {
					continue
				}
				v, err := s.Field(number)
				require.NoError(t, err)
				require.Equal(t, want, v.Sub(2).Text(), number)
			}
			require.NoError(t, s.Reset(wire))
			v, err := s.Field(48)
			require.NoError(t, err)
			require.False(t, v.HasParts(), "field 3 was not asked for")
		}
	}
}

// The parts of a field of fixed length are checked by the scanner wherever the field stands.
func TestScannerChecksPartsOfFixedFields(t *testing.T) {
	codec := specOf(spec.Field{Number: 3, Format: "n 6"}, spec.Field{Number: 4, Format: "an 4", Layout: &spec.Layout{Kind: spec.Positional,
		Fields: []spec.Field{{Number: 1, Format: "n 2"}, {Number: 2, Format: "an 2"}}}}, spec.Field{Number: 5, Format: "n 2"})
	m := codec.New()
	require.NoError(t, m.SetMTI("0200"))
	for number, text := range map[int]string{3: "000000", 4: "12AB", 5: "77"} {
		require.NoError(t, m.Set(number, text))
	}
	wire := packed(t, m)
	s := codec.Scanner()
	for range 3 {
		require.NoError(t, s.Reset(wire))
		v, err := s.Field(4)
		require.NoError(t, err)
		require.Equal(t, "AB", v.Sub(2).Text())
	}
	bad := []byte(strings.Replace(string(wire), "12AB", "1XAB", 1))
	require.NoError(t, s.Reset(bad))
	_, err := s.Field(4)
	require.ErrorIs(t, err, ErrDigit)
	require.ErrorContains(t, err, "4.1")
}
