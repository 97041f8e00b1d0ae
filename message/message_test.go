package message

import (
	"testing"

	"github.com/posline/posline/spec"
	"github.com/stretchr/testify/require"
)

var sample = map[int]string{2: "4761739001010119", 3: "000000", 4: "000000001999", 7: "1123063015", 11: "000123", 12: "063015", 13: "1123",
	14: "2812", 18: "5411", 22: "051", 25: "00", 32: "12345678901", 35: "4761739001010119D28122011234567890", 37: "632706000123", 41: "TERM0001",
	42: "MERCHANT0000001", 43: "POSLINE COFFEE        SHANGHAI      CN", 49: "156"}

func build(t testing.TB, s *spec.Spec) (*Codec, *Message) {
	c, err := Compile(s)
	require.NoError(t, err)
	m := c.New()
	require.NoError(t, m.SetMTI("0200"))
	for n := 2; n <= 128; n++ {
		if v, ok := sample[n]; ok {
			require.NoError(t, m.Set(n, v))
		}
	}
	return c, m
}

func TestRoundTrip(t *testing.T) {
	for _, s := range []*spec.Spec{spec.ISO8583v1987ASCII(), spec.ISO8583v1987Binary()} {
		c, m := build(t, s)
		wire, err := m.Pack()
		require.NoError(t, err)
		back := c.New()
		require.NoError(t, back.Unpack(wire))
		for n, v := range sample {
			require.Equal(t, m.Field(n).Text(), back.Field(n).Text(), n)
			if n != 43 {
				require.Equal(t, v, back.Field(n).Text(), n)
			}
		}
	}
}

func BenchmarkCodec(b *testing.B) {
	for name, s := range map[string]*spec.Spec{"ascii": spec.ISO8583v1987ASCII(), "binary": spec.ISO8583v1987Binary()} {
		c, m := build(b, s)
		wire, _ := m.Pack()
		b.Run("unpack/"+name, func(b *testing.B) {
			b.ReportAllocs()
			back := c.New()
			for b.Loop() {
				if err := back.Unpack(wire); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("pack/"+name, func(b *testing.B) {
			b.ReportAllocs()
			buf := make([]byte, 0, 1000)
			for b.Loop() {
				m.AppendPack(buf)
			}
		})
		numbers := []int{}
		for n := 2; n <= 128; n++ {
			if _, ok := sample[n]; ok {
				numbers = append(numbers, n)
			}
		}
		b.Run("build+pack/"+name, func(b *testing.B) {
			b.ReportAllocs()
			buf := make([]byte, 0, 1000)
			values := make([]string, 129)
			for n, v := range sample {
				values[n] = v
			}
			for b.Loop() {
				m.Reset()
				m.SetMTI("0200")
				for _, n := range numbers {
					m.Set(n, values[n])
				}
				if _, err := m.AppendPack(buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
