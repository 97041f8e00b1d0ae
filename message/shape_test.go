package message

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message/internal/layout"
	"github.com/posline/posline/message/internal/wire"
	"github.com/posline/posline/spec"
)

// A shape takes every message of its bitmap that the long way takes, and finds the fields in the same places: what it
// refused would only be slower, and nobody would see it.
func TestShapesTakeWhatFieldsDo(t *testing.T) {
	for _, f := range allFrames(t) {
		requireShape(t, codecFor(t, f.spec), f.wire)
	}
	rng := rand.New(rand.NewPCG(12, 8))
	for _, name := range []string{"iso8583-1987-ascii", "iso8583-1987-binary", "iso8583-1993-ascii", "unionpay-pos+no-header"} {
		codec := codecFor(t, name)
		for range 200 {
			m := codec.New()
			require.NoError(t, m.SetMTI("0200"))
			for number := range m.fields {
				if n := m.node(number); n != nil && !n.HasParts() && rng.IntN(8) == 0 {
					m.Set(number, extreme(n, rng))
					m.ClearErr()
				}
			}
			requireShape(t, codec, packed(t, m))
		}
	}
}

// extreme is a value of the shortest or the longest length of a field.
func extreme(n *layout.Node, rng *rand.Rand) string {
	size, char := n.Min, "7"
	if rng.IntN(2) == 0 {
		size = min(n.Max, 999)
	}
	if n.Content == wire.Any {
		char = "7F"
	}
	return strings.Repeat(char, size)
}

func requireShape(t *testing.T, codec *Codec, wire []byte) {
	t.Helper()
	long := codec.New()
	long.image = wire
	pos, err := long.parseFront()
	require.Nil(t, err)
	words := long.present
	long.present = [3]uint64{}
	end, err := long.parseFields(&words, pos)
	require.Nil(t, err)
	require.Equal(t, len(wire), end)

	shape := codec.compiled.Shapes.Find(&words)
	if shape == nil {
		shape = codec.compiled.Learn(&words, wire[long.bitmapAt:long.bitmapTo], long.bitmaps)
	}
	if shape == nil {
		return // a third bitmap, or no room
	}
	short := codec.New()
	end, ok := shape.Parse(wire, pos, long.mti[:], short.spans)
	require.True(t, ok)
	require.Equal(t, len(wire), end)
	require.Equal(t, long.spans, short.spans)
	for cut := pos; cut < len(wire); cut += 1 + len(wire)/20 {
		_, ok := shape.Parse(wire[:cut], pos, long.mti[:], short.spans)
		require.False(t, ok)
	}
}

// A message that starts as the one before is read along its start, whatever stands in it.
func TestStartsAreKept(t *testing.T) {
	for _, f := range allFrames(t) {
		m := codecFor(t, f.spec).New()
		for range 2 {
			require.NoError(t, m.Unpack(f.wire))
		}
		if m.shape == nil {
			continue
		}
		require.True(t, m.start.Opens(f.wire), f.name)
		m.Reset()
		m.image = append(m.image, f.wire...)
		require.True(t, m.parseAlike(), f.name)
		require.Equal(t, f.wire, packed(t, m))

		if Repeat(m) != nil { // one of the same shape that starts otherwise
			continue
		}
		repeat := packed(t, m)
		for range 2 {
			require.NoError(t, m.Unpack(repeat))
		}
		require.True(t, m.start.Opens(repeat), f.name)
	}
}

// What stood before a bad message type is there to be looked at.
func TestHeaderBeforeABadMessageType(t *testing.T) {
	f := unionPayFrames(t)[0]
	good := unpacked(t, f)
	header := string(good.Header())
	bad := append([]byte(nil), f.wire...)
	bad[len(header)] |= 0xF0
	m := good.Codec().New()
	require.ErrorIs(t, m.Unpack(bad), ErrDigit)
	require.Equal(t, header, string(m.Header()))
	require.Equal(t, good.HeaderPart(2).Text(), m.HeaderPart(2).Text())
}

// A part written in packed digits whose own parts are edited is packed again.
func TestEditInsideAPackedPart(t *testing.T) {
	digits := spec.Field{Tag: "01", Format: "n..10", Encoding: spec.BCD, Layout: &spec.Layout{Kind: spec.Positional, Fields: []spec.Field{
		{Number: 1, Format: "n 2"}, {Number: 2, Format: "n 4"}}}}
	m := specOf(spec.Field{Number: 48, Format: "b...99", Layout: &spec.Layout{Kind: spec.Tagged, Tag: spec.TagFormat{Encoding: spec.ASCII, Digits: 2},
		Fields: []spec.Field{digits, {Tag: "02", Format: "an..9", Encoding: spec.ASCII}}}}).New()
	require.NoError(t, m.SetMTI("0200"))
	require.NoError(t, m.SetPath("48.01", "123456"))
	require.NoError(t, m.SetPath("48.02", "AB"))
	require.NoError(t, m.SetPath("48.01.2", "9999"))
	require.Equal(t, "129999", m.Get("48.01").Text())
	require.Equal(t, "AB", m.Get("48.02").Text())
	back := unpackedFrom(t, m)
	require.Equal(t, "9999", back.Get("48.01.2").Text())
	require.Contains(t, string(back.Field(48).Bytes()), "\x12\x99\x99")
}

// A part behind a bitmap goes before the first that has a higher number.
func TestInsertBehindABitmap(t *testing.T) {
	var parts []spec.Field
	for number := 1; number <= 8; number++ {
		parts = append(parts, spec.Field{Number: number, Format: "n 1"})
	}
	m := specOf(spec.Field{Number: 48, Format: "b...99", Layout: &spec.Layout{Kind: spec.Bitmapped, Encoding: spec.ASCII,
		Bitmap: spec.Bitmap{Encoding: spec.Raw, Bytes: 1, Plain: true}, Fields: parts}}).New()
	require.NoError(t, m.SetMTI("0200"))
	for _, number := range []string{"2", "7", "5", "8", "3", "1"} {
		require.NoError(t, m.SetPath("48."+number, number))
	}
	require.Equal(t, "\xEB123578", string(m.Field(48).Bytes()))
	require.NoError(t, m.UnsetPath("48.5"))
	require.Equal(t, "\xE312378", string(m.Field(48).Bytes()))
}
