package des

import "math/bits"

// constantFeistel is f without a lookup: each output bit of an S-box is its 64-bit truth table, rotated by the six
// input bits. Rotations use the low six bits of their count only, so the bits above the box's own do no harm.
func constantFeistel(half, odd, even uint32) uint32 {
	u := bits.RotateLeft32(half, -4) ^ odd
	v := half ^ even
	return box(&truth[0], &truthMask[0], u>>24) | box(&truth[2], &truthMask[2], u>>16) |
		box(&truth[4], &truthMask[4], u>>8) | box(&truth[6], &truthMask[6], u) |
		box(&truth[1], &truthMask[1], v>>24) | box(&truth[3], &truthMask[3], v>>16) |
		box(&truth[5], &truthMask[5], v>>8) | box(&truth[7], &truthMask[7], v)
}

func box(tables, masks *[4]uint64, input uint32) uint32 {
	n := -int(input)
	return uint32(bits.RotateLeft64(tables[0], n)&masks[0] | bits.RotateLeft64(tables[1], n)&masks[1] |
		bits.RotateLeft64(tables[2], n)&masks[2] | bits.RotateLeft64(tables[3], n)&masks[3])
}

func constantRounds(k *Schedule, left, right uint32) (uint32, uint32) {
	for i := 0; i < len(k); i += 4 {
		left ^= constantFeistel(right, k[i], k[i+1])
		right ^= constantFeistel(left, k[i+2], k[i+3])
	}
	return right, left
}

func constantRoundsBackwards(k *Schedule, left, right uint32) (uint32, uint32) {
	for i := len(k) - 4; i >= 0; i -= 4 {
		left ^= constantFeistel(right, k[i+2], k[i+3])
		right ^= constantFeistel(left, k[i], k[i+1])
	}
	return right, left
}
