package wire

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// soundByHand is Objects.Sound, object by object: 82 is two bytes of digits, 9F02 is for a walk.
func soundByHand(b []byte, longest int) bool {
	for len(b) > 0 {
		if b[0] == 0 {
			b = b[1:]
			continue
		}
		tag := 1
		if b[0]&0x1F == 0x1F {
			for tag = 2; tag <= 4; tag++ {
				if tag > len(b) {
					return false
				}
				if b[tag-1]&0x80 == 0 {
					break
				}
			}
			if tag > 4 {
				return false
			}
		}
		name := b[:tag]
		b = b[tag:]
		if len(b) == 0 {
			return false
		}
		size := int(b[0])
		b = b[1:]
		if size&0x80 != 0 {
			n := size & 0x7F
			if n == 0 || n > 4 || n > len(b) {
				return false
			}
			size = 0
			for _, c := range b[:n] {
				size = min(size, 1<<20)<<8 | int(c)
			}
			b = b[n:]
		}
		if size > len(b) {
			return false
		}
		switch value := b[:size]; {
		case string(name) == "\x82":
			if size != 2 || value[0]>>4 > 9 || value[0]&15 > 9 || value[1]>>4 > 9 || value[1]&15 > 9 {
				return false
			}
		case string(name) == "\x9F\x02":
			return false
		case size > longest:
			return false
		}
		b = b[size:]
	}
	return true
}

func TestSoundObjects(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 12))
	verdicts := map[bool]int{}
	for range 40_000 {
		var b []byte
		for range rng.IntN(5) {
			switch rng.IntN(8) {
			case 0:
				b = append(b, 0)
			case 1:
				b = append(b, 0x9F, byte(rng.IntN(256)))
			case 3:
				b = append(b, 0x82, 2, byte(rng.IntN(256)), byte(rng.IntN(160)))
				continue
			case 4:
				b = append(b, 0x9F, 0x82>>rng.IntN(2)&0x7F|2)
			case 2:
				b = append(b, 0xDF, 0x80|byte(rng.IntN(128)), byte(rng.IntN(128)))
			default:
				b = append(b, byte(rng.IntN(256)))
			}
			n := rng.IntN(12)
			switch rng.IntN(5) {
			case 0:
				b = append(b, 0x81)
			case 1:
				b = append(b, 0x82, 0)
			}
			b = append(b, byte(n))
			for range n - rng.IntN(4)/3 {
				b = append(b, byte(rng.IntN(256)))
			}
		}
		longest := 8 + rng.IntN(6)
		want := soundByHand(b, longest)
		require.Equal(t, want, objects(longest).Sound(b), "% X, longest %d", b, longest)
		verdicts[want]++
	}
	require.Greater(t, verdicts[true], 2_000)
	require.Greater(t, verdicts[false], 2_000)
}

func TestBERLengths(t *testing.T) {
	for _, count := range []int{0, 1, 127, 128, 255, 256, 65535, 65536, 1<<24 - 1} {
		coded := AppendBERLength(nil, count)
		got, size, err := ReadBERLength(append([]byte{9}, coded...), 1)
		require.Nil(t, err)
		require.Equal(t, []int{count, len(coded)}, []int{got, size})
	}
	require.Equal(t, []byte{0x7F}, AppendBERLength(nil, 127))
	require.Equal(t, []byte{0x81, 0x80}, AppendBERLength(nil, 128))
	require.Equal(t, []byte{0x81, 0xFF}, AppendBERLength(nil, 255))
	require.Equal(t, []byte{0x82, 0x01, 0x00}, AppendBERLength(nil, 256))
	require.Equal(t, []byte{0x82, 0xFF, 0xFF}, AppendBERLength(nil, 65535))
	require.Equal(t, []byte{0x83, 0x01, 0x00, 0x00}, AppendBERLength(nil, 65536))
	for _, c := range []struct {
		tag  string
		size int
	}{{"\x82", 1}, {"\x9F\x02", 2}, {"\x9F\x82\x01", 3}, {"\x9F\x82\x83\x01", 4}, {"\x9F\x82\x83\x84\x01", 0}, {"\x9F", 0}, {"\x9F\x82", 0}, {"", 0}} {
		require.Equal(t, c.size, BERTagSize([]byte(c.tag)), "% X", c.tag)
	}
}

// objects has a special object of four digits, 82, and one that only a walk can judge, 9F02.
func objects(longest int) *Objects {
	o := &Objects{Longest: longest}
	four := &Form{Content: Digit, Classes: Digit, Coding: BCD, Min: 4, Max: 4, Filler: 15, Ending: EndPrefix, Prefix: NewPrefix(BER, 0, Bytes, false)}
	four.Complete()
	o.Special(0x9F02, nil)
	o.Special(0x82, four)
	return o
}
