package message

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/spec"
)

// likenessFrames are frames of one spec with what a start that is kept could get wrong: other headers, types and
// bitmaps, damage, cuts and bytes left over, and every frame twice and more in a row.
func likenessFrames(t *testing.T, name string, rng *rand.Rand) [][]byte {
	var whole, list [][]byte
	for _, f := range allFrames(t) {
		if f.spec == name {
			whole = append(whole, f.wire)
		}
	}
	require.NotEmpty(t, whole, name)
	for range 300 {
		wire := append([]byte(nil), whole[rng.IntN(len(whole))]...)
		for range rng.IntN(3) { // most of the damage in front
			wire[rng.IntN(min(len(wire), 1+rng.IntN(40)))] ^= byte(1 << rng.IntN(8))
		}
		switch rng.IntN(6) {
		case 0:
			wire = wire[:rng.IntN(len(wire)+1)]
		case 1:
			wire = append(wire, '0')
		}
		for range 1 + rng.IntN(3) {
			list = append(list, wire)
		}
	}
	return list
}

// What a message or a scanner keeps of the one before it must not show.
func TestReuseDoesNotShow(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 5))
	for _, name := range []string{"iso8583-1987-ascii", "iso8583-1987-binary", "unionpay-pos"} {
		codec := codecFor(t, name)
		reused, scanner := codec.New(), codec.Scanner()
		good := 0
		for i, wire := range likenessFrames(t, name, rng) {
			if i%7 == 0 {
				reused.SetMTI("0100") // of which the next must not know
			}
			fresh, again := codec.New(), codec.Scanner()
			want, got := fresh.Unpack(wire), reused.Unpack(wire)
			require.Equal(t, want, got, "%s, message %d", name, i)
			require.Equal(t, fresh.MTI(), reused.MTI())
			require.Equal(t, string(fresh.Header()), string(reused.Header()))
			require.Equal(t, fresh.present, reused.present)
			for number := range fresh.Numbers() {
				require.Equal(t, fresh.Field(number).Wire(), reused.Field(number).Wire(), "%s, message %d, field %d", name, i, number)
			}
			if want == nil {
				good++
				require.NoError(t, fresh.SetMTI("0410"))
				require.NoError(t, reused.SetMTI("0410"))
				require.Equal(t, packed(t, fresh), packed(t, reused), "%s, message %d", name, i)
			}

			require.Equal(t, again.Reset(wire), scanner.Reset(wire), "%s, message %d", name, i)
			require.Equal(t, again.MTI(), scanner.MTI())
			require.Equal(t, string(again.Header()), string(scanner.Header()))
			for _, number := range []int{2, 4, 11, 37, 41, 60, 64} {
				want, wantErr := again.Field(number)
				got, gotErr := scanner.Field(number)
				require.Equal(t, wantErr, gotErr, "%s, message %d, field %d", name, i, number)
				require.Equal(t, want.Wire(), got.Wire())
			}
		}
		require.Greater(t, good, 50, name)
	}
}

func TestWipeForgetsTheStart(t *testing.T) {
	f := unionPayFrames(t)[0]
	m := codecFor(t, f.spec).New()
	for range 3 {
		require.NoError(t, m.Unpack(f.wire))
	}
	require.True(t, m.start.Opens(f.wire))
	m.Wipe()
	require.False(t, m.start.Opens(f.wire))
	require.NoError(t, m.Unpack(f.wire))
}

// The places of decoded values are those of one message: what stood where in the one before says nothing.
func TestDecodedValuesOfAMessageBefore(t *testing.T) {
	parts := &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Format: "n 2"}, {Number: 2, Format: "n.9"}}}
	codec := MustCompile(spec.MustNew(spec.Config{Name: "decoded", Encoding: spec.BCD, Fields: []spec.Field{
		{Number: 60, Format: "n...30", Layout: parts}, {Number: 61, Format: "n...30", Layout: parts}, {Number: 62, Format: "n...30", Layout: parts}}}))
	m := codec.New()
	rng := rand.New(rand.NewPCG(9, 60))
	for range 200 {
		fresh := codec.New()
		require.NoError(t, fresh.SetMTI("0200"))
		want := map[int]string{}
		for number := 60; number <= 62; number++ {
			if rng.IntN(2) == 0 {
				want[number] = strconv.Itoa(10 + rng.IntN(90))
				require.NoError(t, fresh.Set(number, want[number]+"512345"))
			}
		}
		require.NoError(t, m.Unpack(packed(t, fresh)))
		for number, first := range want {
			require.Equal(t, first, m.Field(number).Sub(1).Text(), number)
			require.Equal(t, "12345", m.Field(number).Sub(2).Text(), number)
		}
	}
}

// What parts are decoded to takes no more memory from message to message, however their lengths change.
func TestDecodedPartsStayBounded(t *testing.T) {
	codec := MustCompile(spec.MustNew(spec.Config{Name: "decoded", Encoding: spec.BCD, Fields: []spec.Field{{Number: 60, Format: "n...999",
		Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{{Number: 1, Format: "n 2"}, {Number: 2, Format: "n...997", ToEnd: true}}}}}}))
	m, scanner, sender := codec.New(), codec.Scanner(), codec.New()
	for size := 2; size <= 999; size++ {
		sender.Reset()
		require.NoError(t, sender.SetMTI("0200"))
		require.NoError(t, sender.Set(60, strings.Repeat("5", size)))
		wire := packed(t, sender)
		require.NoError(t, m.Unpack(wire))
		require.NoError(t, scanner.Reset(wire))
		v, err := scanner.Field(60)
		require.NoError(t, err)
		require.Equal(t, "55", v.Sub(1).Text())
	}
	require.LessOrEqual(t, len(m.derived), 1000)
	require.LessOrEqual(t, len(scanner.message.derived), 1000)
}
