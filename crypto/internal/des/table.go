package des

import "math/bits"

// The table form keeps the halves expanded: the six input bits of S-boxes 1, 3, 5, 7, 2, 4, 6 and 8 in the bytes of a
// word, as in a Schedule. What the S-boxes give comes expanded from the tables, so that a round is one xor with the
// key, eight lookups and their xor. The key of the next round joins the half that is not being computed, which takes
// it off the critical path.

// expand spreads a half into bytes.
func expand(half uint32) uint64 {
	return uint64(bits.RotateLeft32(half, -4)&0x3f3f3f3f)<<32 | uint64(half&0x3f3f3f3f)
}

// compress undoes expand.
func compress(half uint64) uint32 {
	return uint32(half) | uint32(half>>32)&0x0c0c0c0c<<4
}

// spread gives, for each byte of an expanded half from the top, what its S-box and P contribute to the other half,
// expanded. Bytes never exceed 63; the tables are longer so that the compiler sees it.
var spread = makeSpread()

type tables [8][256]uint64

func makeSpread() (table tables) {
	for i, sBox := range [8]int{0, 2, 4, 6, 1, 3, 5, 7} {
		for input := range 64 {
			out := sBoxOutput(sBox, input)
			var half uint32
			for bit := range 4 {
				half |= uint32(out>>(3-bit)&1) << place(sBox, bit)
			}
			table[i][input] = expand(half)
		}
	}
	return table
}

// lookup is f of an expanded half with the round's key already in it, joined with a word that is known earlier. The
// word goes in with the lookups that are done first, which keeps it off the critical path.
func lookup(t *tables, x, with uint64) uint64 {
	return (with ^ (t[0][uint8(x>>56)] ^ t[1][uint8(x>>48)]) ^ (t[2][uint8(x>>40)] ^ t[3][uint8(x>>32)])) ^
		((t[4][uint8(x>>24)] ^ t[5][uint8(x>>16)]) ^ (t[6][uint8(x>>8)] ^ t[7][uint8(x)]))
}

// tableRounds runs the sixteen rounds on expanded halves and gives them already swapped. The tables come as an
// argument because the compiler then addresses them from one register.
func tableRounds(t *tables, k *Schedule, left, right uint64) (uint64, uint64) {
	x := right ^ k[0]
	for i := 0; i < len(k)-2; i += 2 {
		x = lookup(t, x, left^k[i+1])
		left = x ^ k[i+1]
		x = lookup(t, x, right^k[i+2])
		right = x ^ k[i+2]
	}
	left = lookup(t, x, left)
	return lookup(t, left^k[15], right), left
}

// tableRoundsBackwards takes the round keys in the other order, which is decryption.
func tableRoundsBackwards(t *tables, k *Schedule, left, right uint64) (uint64, uint64) {
	x := right ^ k[15]
	for i := len(k) - 2; i > 0; i -= 2 {
		x = lookup(t, x, left^k[i])
		left = x ^ k[i]
		x = lookup(t, x, right^k[i-1])
		right = x ^ k[i-1]
	}
	left = lookup(t, x, left)
	return lookup(t, left^k[0], right), left
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
		s[r] = choice2[0][x>>21&127] ^ choice2[1][x>>14&127] ^ choice2[2][x>>7&127] ^ choice2[3][x&127] ^
			choice2[4][y>>21&127] ^ choice2[5][y>>14&127] ^ choice2[6][y>>7&127] ^ choice2[7][y&127]
	}
}
