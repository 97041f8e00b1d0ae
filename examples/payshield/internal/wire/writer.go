package wire

// A Writer builds the fields of a message. What cannot be written is a fault that stays; see Valid. The zero Writer
// writes ASCII.
type Writer struct {
	b      []byte
	ebcdic bool
	fault  bool
}

// NewWriter returns a Writer that appends to dst, text in EBCDIC if so asked.
func NewWriter(dst []byte, ebcdic bool) *Writer { return &Writer{b: dst, ebcdic: ebcdic} }

// Bytes returns what was written, behind what the Writer was given.
func (w *Writer) Bytes() []byte { return w.b }

// Valid reports whether everything could be written.
func (w *Writer) Valid() bool { return !w.fault }

// Text writes characters.
func (w *Writer) Text(parts ...string) {
	for _, s := range parts {
		for i := range len(s) {
			w.character(s[i])
		}
	}
}

func (w *Writer) character(c byte) {
	w.fault = w.fault || !printable(c)
	if w.ebcdic {
		c = toEBCDIC[c]
		w.fault = w.fault || c == 0
	}
	w.b = append(w.b, c)
}

// Raw writes bytes as they are.
func (w *Writer) Raw(b []byte) { w.b = append(w.b, b...) }

// Control writes one byte that is a character in every character set, such as the mark of the trailer.
func (w *Writer) Control(c byte) { w.b = append(w.b, c) }

// Hex writes bytes as upper-case hexadecimal digits.
func (w *Writer) Hex(b []byte) {
	for _, c := range b {
		w.character(upper[c>>4])
		w.character(upper[c&15])
	}
}

const upper = "0123456789ABCDEF"

// Decimal writes a number in n digits; one that does not fit is a fault.
func (w *Writer) Decimal(v, n int) { w.number(v, n, 10) }

// HexNumber writes a number in n hexadecimal digits; one that does not fit is a fault.
func (w *Writer) HexNumber(v, n int) { w.number(v, n, 16) }

func (w *Writer) number(v, n, base int) {
	if v < 0 {
		w.fault, v = true, 0
	}
	digits := make([]byte, n)
	for i := n - 1; i >= 0; i-- {
		digits[i] = upper[v%base]
		v /= base
	}
	w.fault = w.fault || v != 0
	for _, c := range digits {
		w.character(c)
	}
}
