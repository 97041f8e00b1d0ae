package des

import "math/bits"

// BlockSize is the size of a DES block in bytes.
const BlockSize = 8

const rounds = 16

// A Schedule holds the round keys of one single-length key, a word a round, with the six-bit key of one S-box in each
// byte: from the top those of S-boxes 1, 3, 5 and 7, then those of 2, 4, 6 and 8.
type Schedule [rounds]uint64

// shifts holds by how much the key halves have been rotated to the left when a round takes its key.
var shifts = [rounds]uint{1, 2, 4, 6, 8, 10, 12, 14, 15, 17, 19, 21, 23, 25, 27, 28}

// Expand computes the schedule of a key, its first byte on top. Parity bits are ignored. It runs in constant time: the
// key's bits are moved by fixed shifts and masks only.
func (s *Schedule) Expand(key uint64) {
	c, d := permutedChoice1(key)
	for r := 0; r < rounds; r += 2 {
		// Two rounds travel in one 64-bit word, one in each half.
		first, second := shifts[r], shifts[r+1]
		odd, even := roundKeyWords(rotate28(c, first)|rotate28(c, second)<<32, rotate28(d, first)|rotate28(d, second)<<32)
		s[r] = odd<<32 | even&0xffffffff
		s[r+1] = odd&^0xffffffff | even>>32
	}
}

// roundKeyWords is PC-2 for two rounds at once: it gives the words of both keys from the rotated halves.
func roundKeyWords(c, d uint64) (odd, even uint64) {
	left, right := permutedChoice2Left(c), permutedChoice2Right(d)
	odd = left&0xffff0000_ffff0000 | right&0x0000ffff_0000ffff
	even = left&0x0000ffff_0000ffff<<16 | right&0xffff0000_ffff0000>>16
	return odd, even
}

// Xor sets s to the schedule of the xor of two keys whose schedules are a and b.
func (s *Schedule) Xor(a, b *Schedule) {
	for i := range s {
		s[i] = a[i] ^ b[i]
	}
}

// rotate28 rotates a 28-bit half to the left.
func rotate28(half uint64, n uint) uint64 {
	// Masking the counts spares the compiler the case of a shift beyond the word.
	return (half<<(n&63) | half>>((28-n)&63)) & 0x0fffffff
}

// permutedChoice1 is PC-1: it drops the parity bits and splits the rest into the halves C and D. Bit n of a half, in
// the standard's numbering, is at position 28-n.
func permutedChoice1(key uint64) (c, d uint64) {
	// Seen as 8 rows of 8 bits, the key is read column by column, from the last row to the first: once transposed so,
	// PC-1 is a matter of picking bytes. C takes the first three columns and half of the fourth, D the seventh,
	// sixth, fifth and the rest of the fourth; the eighth is parity.
	x := transpose8(key)
	c = x & 0xff000000_00000000 >> 36
	c |= x & 0x00ff0000_00000000 >> 36
	c |= x & 0x0000ff00_00000000 >> 36
	c |= x & 0x000000f0_00000000 >> 36
	d = x & 0x00000000_0000ff00 << 12
	d |= x & 0x00000000_00ff0000 >> 4
	d |= x & 0x00000000_ff000000 >> 20
	d |= x & 0x0000000f_00000000 >> 32
	return c, d
}

// transpose8 mirrors the word, seen as 8 rows of 8 bits, so that row r, column c goes to row c, column 7-r.
func transpose8(x uint64) uint64 {
	// Reversing the rows first turns the plain transposition into the wanted one.
	x = bits.ReverseBytes64(x)
	t := (x ^ x>>7) & 0x00aa00aa_00aa00aa
	x ^= t ^ t<<7
	t = (x ^ x>>14) & 0x0000cccc_0000cccc
	x ^= t ^ t<<14
	t = (x ^ x>>28) & 0x00000000_f0f0f0f0
	return x ^ t ^ t<<28
}

// permutedChoice2Left is the half of PC-2 that reads C, for two rounds at once: it gives the keys of S-boxes 1, 3, 2
// and 4 in the bytes of each 32-bit lane, top to bottom.
func permutedChoice2Left(c uint64) uint64 {
	return c>>26&0x00000001_00000001 |
		c>>17&0x00000010_00000010 |
		c>>14&0x00000002_00000002 |
		c>>12&0x00002400_00002400 |
		c>>10&0x00000100_00000100 |
		c>>7&0x00000020_00000020 |
		c>>6&0x00040004_00040004 |
		c>>4&0x00010000_00010000 |
		c>>2&0x02000800_02000800 |
		c<<1&0x01000000_01000000 |
		c<<2&0x00000208_00000208 |
		c<<3&0x00080000_00080000 |
		c<<10&0x08000000_08000000 |
		c<<11&0x00100000_00100000 |
		c<<12&0x00001000_00001000 |
		c<<15&0x20020000_20020000 |
		c<<16&0x00200000_00200000 |
		c<<17&0x10000000_10000000 |
		c<<22&0x04000000_04000000
}

// permutedChoice2Right is the half of PC-2 that reads D: the keys of S-boxes 6, 8, 5 and 7, top to bottom.
func permutedChoice2Right(d uint64) uint64 {
	return d>>21&0x00000002_00000002 |
		d>>14&0x00000808_00000808 |
		d>>10&0x00020000_00020000 |
		d>>9&0x00000400_00000400 |
		d>>8&0x00010000_00010000 |
		d>>7&0x00000020_00000020 |
		d>>3&0x00000011_00000011 |
		d>>2&0x00042000_00042000 |
		d&0x00000200_00000200 |
		d<<2&0x02000004_02000004 |
		d<<3&0x20000000_20000000 |
		d<<6&0x00100000_00100000 |
		d<<7&0x00000100_00000100 |
		d<<8&0x00001000_00001000 |
		d<<11&0x00200000_00200000 |
		d<<12&0x10000000_10000000 |
		d<<13&0x00080000_00080000 |
		d<<15&0x04000000_04000000 |
		d<<16&0x01000000_01000000 |
		d<<22&0x08000000_08000000
}
