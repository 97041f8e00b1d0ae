package wire

// blockLength is the longest Thales key block, or TR-31 block, that is read, in characters.
const blockLength = 9999

// Key reads a key in any of its forms: a scheme letter with its hexadecimal digits, a key block behind its letter S or R,
// a key in the device's user storage (K and three digits), and digits alone. Those may be 16 or 32: a pair is read where
// the field is for pairs.
func (r *Reader) Key(pair bool) string {
	c := r.Next()
	switch c {
	case 'Z':
		return r.Text(1) + r.Hex(16)
	case 'U', 'X':
		return r.scheme(32)
	case 'T', 'Y':
		return r.scheme(48)
	case 'S', 'R':
		return r.block()
	case 'K':
		return r.Text(1) + r.Digits(3)
	}
	if pair {
		return r.Hex(32)
	}
	return r.Hex(16)
}

// scheme reads a letter with digits, or with an index into user storage.
func (r *Reader) scheme(digits int) string {
	letter := r.Text(1)
	if r.Next() == 'K' {
		return letter + r.Text(1) + r.Digits(3)
	}
	return letter + r.Hex(digits)
}

// block reads a key block: its letter, its version and four digits that count everything behind the letter.
func (r *Reader) block() string {
	start := r.Text(6)
	n := 0
	if r.fault {
		return ""
	}
	for _, c := range []byte(start[2:]) {
		if !decimal(c) {
			r.Fail()
			return ""
		}
		n = n*10 + int(c-'0')
	}
	if n < 16 || n > blockLength {
		r.Fail()
		return ""
	}
	rest := r.Text(n - 5)
	if r.fault {
		return ""
	}
	return start + rest
}

// IsKey reports whether a text is one key in one of its forms, no more and no less.
func IsKey(text string) bool {
	for _, pair := range []bool{false, true} {
		r := NewReader([]byte(text), false)
		if r.Key(pair); r.Valid() && r.Left() == 0 {
			return true
		}
	}
	return false
}
