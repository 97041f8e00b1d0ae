package des

// A Form is how blocks are computed.
type Form uint8

const (
	ConstantTime Form = iota // no secret-dependent memory access or branch; the default
	Table                    // table lookups, two to four times faster, open to cache timing
)

// Expand computes the schedule of a key, its first byte on top, in the way of the form.
func (f Form) Expand(s *Schedule, key uint64) {
	if f == Table {
		s.ExpandTable(key)
		return
	}
	s.Expand(key)
}

// enter takes a block through the initial permutation into the halves as the form keeps them. It is linear: entering
// the xor of two blocks gives the xor of what they give alone.
func (f Form) enter(block uint64) (left, right uint64) {
	l, r := initialPermutation(block)
	if f == Table {
		return expand(l), expand(r)
	}
	return uint64(l), uint64(r)
}

// leave undoes enter.
func (f Form) leave(left, right uint64) uint64 {
	if f == Table {
		return finalPermutation(compress(left), compress(right))
	}
	return finalPermutation(uint32(left), uint32(right))
}

// encrypt runs the sixteen rounds and gives the halves already swapped, ready to leave or for the next key of a triple.
func (f Form) encrypt(k *Schedule, left, right uint64) (uint64, uint64) {
	if f == Table {
		return tableRounds(&spread, k, left, right)
	}
	l, r := constantRounds(k, uint32(left), uint32(right))
	return uint64(l), uint64(r)
}

// decrypt is encrypt with the round keys in the other order.
func (f Form) decrypt(k *Schedule, left, right uint64) (uint64, uint64) {
	if f == Table {
		return tableRoundsBackwards(&spread, k, left, right)
	}
	l, r := constantRoundsBackwards(k, uint32(left), uint32(right))
	return uint64(l), uint64(r)
}

// EncryptTwo encrypts two blocks under two schedules at once. In the table form the two run interleaved: while one
// waits for its lookups the other computes, which makes a pair take little longer than one block.
func (f Form) EncryptTwo(k1, k2 *Schedule, block1, block2 uint64) (uint64, uint64) {
	l1, r1 := f.enter(block1)
	l2, r2 := f.enter(block2)
	if f == Table {
		for i := 0; i < len(k1); i += 2 {
			l1 = lookup(&spread, r1^k1[i], l1)
			l2 = lookup(&spread, r2^k2[i], l2)
			r1 = lookup(&spread, l1^k1[i+1], r1)
			r2 = lookup(&spread, l2^k2[i+1], r2)
		}
		return f.leave(r1, l1), f.leave(r2, l2)
	}
	l1, r1 = f.encrypt(k1, l1, r1)
	l2, r2 = f.encrypt(k2, l2, r2)
	return f.leave(l1, r1), f.leave(l2, r2)
}
