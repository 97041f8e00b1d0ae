package wire

// Class is a set of character classes, one bit each.
type Class uint8

// The classes. Text contents are sets of the first three; Digit, Track, Any and Hex also stand alone as the content of
// numbers, track data, binary data and hexadecimal digits.
const (
	Letter Class = 1 << iota
	Digit
	Special
	Blank
	Track // the code set of ISO/IEC 7813 and the letters that stand for nibbles
	Any   // every byte
	Hex   // hexadecimal digits
	Seven // ASCII, control characters included
)

// classes are the classes of every byte.
var classes = makeClasses()

func makeClasses() (t [256]Class) {
	for c := range t {
		t[c] = Any
		if c < 0x80 {
			t[c] |= Seven
		}
	}
	for c := byte(0x20); c < 0x7F; c++ {
		switch {
		case c >= '0' && c <= '9':
			t[c] |= Digit | Track | Hex
		case c >= 'A' && c <= 'F':
			t[c] |= Letter | Track | Hex
		case c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z':
			t[c] |= Letter
		case c == ' ':
			t[c] |= Blank
		default:
			t[c] |= Special
		}
		if c > '9' && c <= '?' {
			t[c] |= Track // the track code set of ISO/IEC 7813 is 30 to 3F
		}
	}
	return t
}

// FirstOutside returns the position of the first byte of b that is in none of the Classes, or -1.
func FirstOutside(b []byte, allowed Class) int {
	for i, c := range b {
		if classes[c]&allowed == 0 {
			return i
		}
	}
	return -1
}

// Has tells whether a byte is in one of the classes.
func (c Class) Has(b byte) bool { return classes[b]&c != 0 }
