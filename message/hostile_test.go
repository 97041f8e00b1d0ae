package message

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// hostileFrames are messages of which each has another bitmap.
func hostileFrames(t testing.TB, c *Codec, n int) [][]byte {
	rng := rand.New(rand.NewPCG(12, 3))
	numbers := []int{2, 3, 4, 7, 12, 13, 14, 18, 22, 25, 32, 37, 38, 39, 41, 42, 49}
	seen := map[int]bool{}
	var frames [][]byte
	for len(frames) < n {
		bits := rng.IntN(1 << len(numbers))
		if seen[bits] {
			continue
		}
		seen[bits] = true
		m := c.New()
		require.NoError(t, m.SetMTI("0200"))
		require.NoError(t, m.Set(11, "000001"))
		for i, number := range numbers {
			if bits>>i&1 == 1 {
				require.NoError(t, m.Set(number, "12"))
			}
		}
		frames = append(frames, packed(t, m))
	}
	return frames
}

// After a peer has sent every bitmap it could think of, nothing allocates more than before: neither for the next new
// bitmap nor for honest messages, which are read by their shape again before long.
func TestNoAllocationsAfterAHostilePeer(t *testing.T) {
	c := MustCompile(spec.ISO8583v1987ASCII())
	frames := hostileFrames(t, c, 6000)
	m, scanner, key := c.New(), c.Scanner(), KeyFunc(c, 11, 41)
	for _, wire := range frames[:3000] {
		require.NoError(t, m.Unpack(wire))
	}
	type one struct {
		STAN string `iso8583:"11"`
	}
	var out one
	text := make([]byte, 0, 1<<14)
	for what, f := range map[string]func([]byte) error{
		"Unpack": m.Unpack,
		"edit": func(wire []byte) error {
			if err := m.Unpack(wire); err != nil {
				return err
			}
			return m.Set(11, "654321")
		},
		"Scanner": func(wire []byte) error {
			if err := scanner.Reset(wire); err != nil {
				return err
			}
			_, err := scanner.Field(11)
			return err
		},
		"KeyFunc": func(wire []byte) error {
			_, _, err := key(wire)
			return err
		},
		"Unmarshal": func(wire []byte) error {
			if err := m.Unpack(wire); err != nil {
				return err
			}
			return Unmarshal(m, &out)
		},
		"printing": func(wire []byte) error {
			text = m.AppendMasked(TextForm{}.AppendDescription(text[:0], m))
			return m.Unpack(wire)
		},
	} {
		next := 3000
		require.Zero(t, testing.AllocsPerRun(2000, func() {
			if err := f(frames[next]); err != nil {
				t.Fatal(err)
			}
			next++
		}), "%s of a new bitmap each time", what)
		honest := frames[5999]
		require.Zero(t, testing.AllocsPerRun(2000, func() {
			if err := f(honest); err != nil {
				t.Fatal(err)
			}
		}), "%s of an honest message", what)
		require.NoError(t, m.Unpack(honest))
		require.NotNil(t, m.shape, "%s: the honest message has its shape", what)
	}
	in := one{"000001"}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		m.Reset()
		if Marshal(m, &in) != nil {
			t.Fatal(m.Err())
		}
	}))
}

// A message beyond what positions can count is refused before anything of it is read. Its bytes are never touched, so
// that they take no memory.
func TestMessagesBeyondAGigabyte(t *testing.T) {
	if strconv.IntSize == 32 || underRace {
		t.Skip("no room for it")
	}
	codec := codecFor(t, "iso8583-1987-ascii")
	huge := make([]byte, 1<<30+1)
	m := codec.New()
	require.ErrorIs(t, m.UnpackAliasing(huge), ErrTooLong)
	require.ErrorIs(t, m.Err(), ErrTooLong)
	_, err := m.Pack()
	require.ErrorIs(t, err, ErrTooLong)
	require.ErrorIs(t, codec.Scanner().Reset(huge), ErrTooLong)
}
