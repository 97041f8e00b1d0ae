package des

import "math/bits"

// initialPermutation is IP, with both halves rotated left by one: that way the six input bits of each S-box lie side
// by side in a half, and no expansion is left to do in the rounds.
func initialPermutation(block uint64) (left, right uint32) {
	left, right = uint32(block>>32), uint32(block)
	t := (left>>4 ^ right) & 0x0f0f0f0f
	right ^= t
	left ^= t << 4
	t = (left>>16 ^ right) & 0x0000ffff
	right ^= t
	left ^= t << 16
	t = (right>>2 ^ left) & 0x33333333
	left ^= t
	right ^= t << 2
	t = (right>>8 ^ left) & 0x00ff00ff
	left ^= t
	right ^= t << 8
	right = bits.RotateLeft32(right, 1)
	t = (left ^ right) & 0xaaaaaaaa
	right ^= t
	left ^= t
	left = bits.RotateLeft32(left, 1)
	return left, right
}

// finalPermutation undoes initialPermutation.
func finalPermutation(left, right uint32) uint64 {
	left = bits.RotateLeft32(left, -1)
	t := (left ^ right) & 0xaaaaaaaa
	right ^= t
	left ^= t
	right = bits.RotateLeft32(right, -1)
	t = (right>>8 ^ left) & 0x00ff00ff
	left ^= t
	right ^= t << 8
	t = (right>>2 ^ left) & 0x33333333
	left ^= t
	right ^= t << 2
	t = (left>>16 ^ right) & 0x0000ffff
	right ^= t
	left ^= t << 16
	t = (left>>4 ^ right) & 0x0f0f0f0f
	right ^= t
	left ^= t << 4
	return uint64(left)<<32 | uint64(right)
}
