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
