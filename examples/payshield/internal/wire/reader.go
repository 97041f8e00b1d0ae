package wire

// A Reader reads the fields of a message, whose bytes are hostile: it never reads beyond them and what it returns is no
// longer than they are. A field that is not as asked for is a fault that stays; then every field is empty, and Valid is
// false.
type Reader struct {
	b      []byte
	ebcdic bool
	fault  bool
}

// NewReader reads b, which stays the caller's, with its text in EBCDIC if so asked.
func NewReader(b []byte, ebcdic bool) *Reader { return &Reader{b: b, ebcdic: ebcdic} }

// Valid reports whether every field so far was as asked for.
func (r *Reader) Valid() bool { return !r.fault }

// Fail makes what was read a fault, for rules of the caller's.
func (r *Reader) Fail() { r.fault, r.b = true, nil }

// Left returns how many bytes were not read yet.
func (r *Reader) Left() int { return len(r.b) }

// Raw returns the next n bytes as they are; they are part of the message.
func (r *Reader) Raw(n int) []byte {
	if r.fault || n < 0 || n > len(r.b) {
		r.Fail()
		return nil
	}
	out := r.b[:n:n]
	r.b = r.b[n:]
	return out
}

// Text returns the next n characters, all of them printable.
func (r *Reader) Text(n int) string { return r.text(n, printable) }

// Digits returns the next n characters, decimal digits.
func (r *Reader) Digits(n int) string { return r.text(n, decimal) }

// Hex returns the next n characters, upper-case hexadecimal digits.
func (r *Reader) Hex(n int) string { return r.text(n, hexadecimal) }

func (r *Reader) text(n int, legal func(byte) bool) string {
	raw := r.Raw(n)
	out := make([]byte, len(raw))
	for i, c := range raw {
		out[i] = r.ascii(c)
		if !legal(out[i]) {
			r.Fail()
			clear(out)
			return ""
		}
	}
	return string(out)
}

// HexBytes returns n bytes that are written as 2n hexadecimal digits, or nil.
func (r *Reader) HexBytes(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.Fail()
		return nil
	}
	text := r.Hex(2 * n)
	if r.fault {
		return nil
	}
	out := make([]byte, n)
	for i := range out {
		out[i] = Nibble(text[2*i])<<4 | Nibble(text[2*i+1])
	}
	return out
}

// Decimal returns a number of n digits.
func (r *Reader) Decimal(n int) (v int) {
	for _, c := range []byte(r.Digits(n)) {
		v = v*10 + int(c-'0')
	}
	return v
}

// HexNumber returns a number of n hexadecimal digits.
func (r *Reader) HexNumber(n int) (v int) {
	for _, c := range []byte(r.Hex(n)) {
		v = v<<4 | int(Nibble(c))
	}
	return v
}

// Until returns the characters before the mark, at most the given number of them, and takes the mark too.
func (r *Reader) Until(mark byte, most int) string {
	for n := range min(most+1, len(r.b)) {
		if r.ascii(r.b[n]) == mark {
			text := r.Text(n)
			r.Raw(1)
			return text
		}
	}
	r.Fail()
	return ""
}

// Next returns the next character without taking it, 0 at the end.
func (r *Reader) Next() byte {
	if len(r.b) == 0 {
		return 0
	}
	return r.ascii(r.b[0])
}

// NextRaw returns the next byte as it is without taking it, 0 at the end.
func (r *Reader) NextRaw() byte {
	if len(r.b) == 0 {
		return 0
	}
	return r.b[0]
}

// Take takes the next character if it is the mark, and says whether it was.
func (r *Reader) Take(mark byte) bool {
	if r.Next() != mark || len(r.b) == 0 {
		return false
	}
	r.b = r.b[1:]
	return true
}

func (r *Reader) ascii(c byte) byte {
	if r.ebcdic {
		return toASCII[c]
	}
	return c
}

func printable(c byte) bool { return ' ' <= c && c < 0x7F }
func decimal(c byte) bool   { return '0' <= c && c <= '9' }
func hexadecimal(c byte) bool {
	return decimal(c) || 'A' <= c && c <= 'F'
}

// Nibble returns the value of a hexadecimal digit.
func Nibble(c byte) byte {
	switch {
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return c - '0'
}
