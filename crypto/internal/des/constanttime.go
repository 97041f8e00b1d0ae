package des

import "math/bits"

// constantFeistel is f without a lookup: each output bit of an S-box is its 64-bit truth table, rotated by the six
// input bits. Rotations use the low six bits of their count only, so the bits above the box's own do no harm. The masks
// are the places the bits go to, written out so that they are part of the instructions: loading them would cost as
// much as the tables themselves.
func constantFeistel(half uint32, key uint64) uint32 {
	u := bits.RotateLeft32(half, -4) ^ uint32(key>>32)
	v := half ^ uint32(key)
	s1 := turn(0, 0, u>>24)&0x01000000 | turn(0, 1, u>>24)&0x00010000 | turn(0, 2, u>>24)&0x00000400 | turn(0, 3, u>>24)&0x00000004
	s2 := turn(1, 0, v>>24)&0x00100000 | turn(1, 1, v>>24)&0x00000020 | turn(1, 2, v>>24)&0x80000000 | turn(1, 3, v>>24)&0x00008000
	s3 := turn(2, 0, u>>16)&0x00000200 | turn(2, 1, u>>16)&0x00020000 | turn(2, 2, u>>16)&0x00000008 | turn(2, 3, u>>16)&0x08000000
	s4 := turn(3, 0, v>>16)&0x00000080 | turn(3, 1, v>>16)&0x00002000 | turn(3, 2, v>>16)&0x00800000 | turn(3, 3, v>>16)&0x00000001
	s5 := turn(4, 0, u>>8)&0x02000000 | turn(4, 1, u>>8)&0x00080000 | turn(4, 2, u>>8)&0x00000100 | turn(4, 3, u>>8)&0x40000000
	s6 := turn(5, 0, v>>8)&0x20000000 | turn(5, 1, v>>8)&0x00000010 | turn(5, 2, v>>8)&0x00400000 | turn(5, 3, v>>8)&0x00004000
	s7 := turn(6, 0, u)&0x00000002 | turn(6, 1, u)&0x00200000 | turn(6, 2, u)&0x00000800 | turn(6, 3, u)&0x04000000
	s8 := turn(7, 0, v)&0x10000000 | turn(7, 1, v)&0x00000040 | turn(7, 2, v)&0x00040000 | turn(7, 3, v)&0x00001000
	return ((s1 | s2) | (s3 | s4)) | ((s5 | s6) | (s7 | s8))
}

// turn brings the answer of a box's truth table for an input to its place.
func turn(box, bit int, input uint32) uint32 {
	return uint32(bits.RotateLeft64(truth[box][bit], -int(input)))
}

// constantRounds runs the sixteen rounds and gives the halves already swapped, ready for the final permutation or for
// the next key of a triple.
func constantRounds(k *Schedule, left, right uint32) (uint32, uint32) {
	for i := 0; i < len(k); i += 2 {
		left ^= constantFeistel(right, k[i])
		right ^= constantFeistel(left, k[i+1])
	}
	return right, left
}

// constantRoundsBackwards takes the round keys in the other order, which is decryption.
func constantRoundsBackwards(k *Schedule, left, right uint32) (uint32, uint32) {
	for i := len(k) - 2; i >= 0; i -= 2 {
		left ^= constantFeistel(right, k[i+1])
		right ^= constantFeistel(left, k[i])
	}
	return right, left
}
