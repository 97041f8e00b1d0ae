package des

// EncryptTwo encrypts two blocks under two schedules at once. In the table form the two run interleaved: while one
// waits for its lookups the other computes, which makes a pair take about 1.2 times as long as one block.
func EncryptTwo(form Form, k1, k2 *Schedule, block1, block2 uint64) (uint64, uint64) {
	l1, r1 := initialPermutation(block1)
	l2, r2 := initialPermutation(block2)
	if form == Table {
		for i := 0; i < len(k1); i += 4 {
			l1 ^= tableFeistel(r1, k1[i], k1[i+1])
			l2 ^= tableFeistel(r2, k2[i], k2[i+1])
			r1 ^= tableFeistel(l1, k1[i+2], k1[i+3])
			r2 ^= tableFeistel(l2, k2[i+2], k2[i+3])
		}
	} else {
		for i := 0; i < len(k1); i += 4 {
			l1 ^= constantFeistel(r1, k1[i], k1[i+1])
			l2 ^= constantFeistel(r2, k2[i], k2[i+1])
			r1 ^= constantFeistel(l1, k1[i+2], k1[i+3])
			r2 ^= constantFeistel(l2, k2[i+2], k2[i+3])
		}
	}
	return finalPermutation(r1, l1), finalPermutation(r2, l2)
}
