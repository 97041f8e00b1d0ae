package message

import (
	"testing"

	"github.com/posline/posline/spec"
	"github.com/stretchr/testify/require"
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
	broken[m.spans[4].content] = 'x'
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
	length[m.spans[2].start] = 'x'
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
			var along, plain cursor
			if along.begin(c, one.wire[:cut], nil) != nil {
				continue
			}
			require.Nil(t, plain.begin(c, one.wire[:cut], nil))
			require.NotNil(t, along.shape)
			plain.shape = nil
			for _, number := range []int{3, 4, 11, 12, 41, 55, 62, 64} {
				n, at, err := along.seek(number)
				wantNode, want, wantErr := plain.seek(number)
				require.Equal(t, wantErr, err, "%s cut to %d bytes, field %d", one.name, cut, number)
				require.True(t, n == wantNode && at == want, "%s cut to %d bytes, field %d", one.name, cut, number)
				if err != nil {
					break
				}
			}
		}
	}
}
