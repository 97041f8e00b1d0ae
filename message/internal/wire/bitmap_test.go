package wire

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message/internal/fault"
)

// Bitmaps of every form are read as they were written.
func TestBitmapsThereAndBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 12))
	for range 2000 {
		f := Bitmap{Coding: []Coding{Raw, HexASCII, HexEBCDIC}[rng.IntN(3)], Bytes: 8, Max: 1 + rng.IntN(3), Plain: rng.IntN(4) == 0}
		if f.Plain || rng.IntN(3) == 0 {
			f.Bytes = 1 + rng.IntN(8)
		}
		if f.Bytes != 8 {
			f.Max = 1
		}
		var words [3]uint64
		for i := range f.Max {
			words[i] = rng.Uint64() << (64 - 8*f.Bytes)
			if !f.Plain {
				words[i] &^= FirstBit
			}
		}
		count := f.Needed(&words)
		if f.Plain {
			require.Equal(t, f.Max, count)
		}
		coded := f.Append([]byte{1, 2}, &words, count)
		require.Len(t, coded, 2+count*f.WireSize())
		var got [3]uint64
		size, n, err := f.Read(coded, 2, &got)
		require.Nil(t, err, "%+v", f)
		require.Equal(t, words, got, "%+v", f)
		require.Equal(t, []int{len(coded) - 2, count}, []int{size, n})
		for cut := 2; cut < len(coded); cut++ {
			_, _, err := f.Read(coded[:cut], 2, &got)
			require.NotNil(t, err)
			require.Equal(t, fault.Truncated, err.Kind)
		}
	}
}

func TestBitmapsNeeded(t *testing.T) {
	f := Bitmap{Coding: Raw, Bytes: 8, Max: 3}
	for _, c := range []struct {
		words [3]uint64
		want  int
	}{{[3]uint64{1}, 1}, {[3]uint64{0, 1}, 2}, {[3]uint64{1, 0, 1}, 3}, {[3]uint64{}, 1}} {
		require.Equal(t, c.want, f.Needed(&c.words))
	}
	f.Tertiary = 65
	require.Equal(t, 2, f.Needed(&[3]uint64{0, 0, 1}), "the third stands in a data element")
	require.Equal(t, 2, f.InFront())
	f.Absent = true
	require.Zero(t, f.Needed(&[3]uint64{1}))
}

func TestBitmapFaults(t *testing.T) {
	var words [3]uint64
	one := Bitmap{Coding: Raw, Bytes: 8, Max: 1}
	_, _, err := one.Read([]byte{0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0, &words)
	require.NotNil(t, err)
	require.Equal(t, fault.Bitmap, err.Kind)
	text := Bitmap{Coding: HexASCII, Bytes: 2, Max: 1, Plain: true}
	_, _, err = text.Read([]byte("  80G0"), 2, &words)
	require.NotNil(t, err)
	require.Equal(t, fault.Bitmap, err.Kind)
	require.Equal(t, 4, err.Offset)
	size, count, err := text.Read([]byte("80a0"), 0, &words)
	require.Nil(t, err)
	require.Equal(t, []int{4, 1}, []int{size, count})
	require.Equal(t, [3]uint64{0x80A0 << 48}, words)
	absent := Bitmap{Absent: true, All: [3]uint64{7}}
	size, count, err = absent.Read(nil, 0, &words)
	require.Nil(t, err)
	require.Equal(t, []int{0, 0}, []int{size, count})
	require.Equal(t, absent.All, words)
}

func TestBits(t *testing.T) {
	words := [3]uint64{FirstBit | 1, 1 << 62, 1}
	require.Equal(t, []int{1, 64, 66, 192}, slices.Collect(Bits(&words)))
	for number := range Bits(&words) {
		require.Equal(t, 1, number)
		break
	}
	for number := 1; number <= 192; number++ {
		w, bit := BitOf(number)
		one := [3]uint64{}
		one[w] = bit
		require.Equal(t, []int{number}, slices.Collect(Bits(&one)))
	}
}

func TestHex(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	text := AppendUpperHex(nil, all)
	require.Equal(t, "FEFF", string(text[508:]))
	back, ok := AppendHex([]byte("x"), text)
	require.True(t, ok)
	require.Equal(t, append([]byte("x"), all...), back)
	require.Equal(t, append([]byte("ab"), text...), Hexed(append([]byte("ab"), all...), 2))
	for _, bad := range []string{"0", "0G", "G0", " 0"} {
		_, ok := AppendHex(nil, []byte(bad))
		require.False(t, ok, bad)
	}
	for i := range byte(16) {
		require.Equal(t, i, HexDigit(HexChar(i, HexEBCDIC), HexEBCDIC))
		require.Equal(t, i, HexDigit(HexChar(i, HexASCII), HexASCII))
	}
	require.Equal(t, "ab", string(BytesOf("ab")))
}
