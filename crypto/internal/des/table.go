package des

import "math/bits"

// tableFeistel is f by lookup: secret bits choose where memory is read.
func tableFeistel(half, odd, even uint32) uint32 {
	u := bits.RotateLeft32(half, -4) ^ odd
	v := half ^ even
	return spread[0][u>>24&63] ^ spread[2][u>>16&63] ^ spread[4][u>>8&63] ^ spread[6][u&63] ^
		spread[1][v>>24&63] ^ spread[3][v>>16&63] ^ spread[5][v>>8&63] ^ spread[7][v&63]
}

// tableRounds runs the sixteen rounds and gives the halves already swapped, ready for the final permutation or for
// the next key of a triple.
func tableRounds(k *Schedule, left, right uint32) (uint32, uint32) {
	for i := 0; i < len(k); i += 4 {
		left ^= tableFeistel(right, k[i], k[i+1])
		right ^= tableFeistel(left, k[i+2], k[i+3])
	}
	return right, left
}

// tableRoundsBackwards takes the round keys in the other order, which is decryption.
func tableRoundsBackwards(k *Schedule, left, right uint32) (uint32, uint32) {
	for i := len(k) - 4; i >= 0; i -= 4 {
		left ^= tableFeistel(right, k[i+2], k[i+3])
		right ^= tableFeistel(left, k[i], k[i+1])
	}
	return right, left
}

// choice2 gives, for each group of seven bits of C and then of D, its share of both words of a round's key: PC-2 is
// linear, so that the shares xored together are the key.
var choice2 = makeChoice2()

func makeChoice2() (table [8][128]uint64) {
	for group := range table {
		for bit := range 7 {
			half := uint64(1) << (7*(3-group%4) + bit)
			odd, even := roundKeyWords(half, 0)
			if group >= 4 {
				odd, even = roundKeyWords(0, half)
			}
			for i := range 1 << bit {
				table[group][1<<bit|i] = table[group][i] ^ (odd&0xffffffff<<32 | even&0xffffffff)
			}
		}
	}
	return table
}

// ExpandTable computes the same schedule as Expand, twice as fast, with lookups that depend on the key.
func (s *Schedule) ExpandTable(key uint64) {
	c64, d64 := permutedChoice1(key)
	c, d := uint32(c64), uint32(d64)
	for r, shift := range shifts {
		// Masking the counts spares the compiler the case of a shift beyond the word.
		x, y := c<<(shift&31)|c>>((28-shift)&31), d<<(shift&31)|d>>((28-shift)&31)
		words := choice2[0][x>>21&127] ^ choice2[1][x>>14&127] ^ choice2[2][x>>7&127] ^ choice2[3][x&127] ^
			choice2[4][y>>21&127] ^ choice2[5][y>>14&127] ^ choice2[6][y>>7&127] ^ choice2[7][y&127]
		s[2*r], s[2*r+1] = uint32(words>>32), uint32(words)
	}
}
