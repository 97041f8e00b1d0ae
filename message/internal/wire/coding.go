// Package wire turns bytes into bytes: digits, characters, length prefixes, bitmaps and whole values, between the way they
// stand on the wire and the way they are read. It knows neither specs nor messages.
package wire

// Coding is how a value or a length is written.
type Coding uint8

// The codings.
const (
	ASCII     Coding = iota // one byte a character
	EBCDIC                  // one byte a character, through a code page
	BCD                     // one digit a nibble
	Raw                     // the bytes themselves
	HexASCII                // two hexadecimal characters a byte, in ASCII
	HexEBCDIC               // the same in EBCDIC
	Zoned                   // EBCDIC digits, the sign in the zone of the last one: D for minus
	BER                     // lengths only: those of BER-TLV
	Binary                  // lengths only: an unsigned big-endian number
)

// Side is the side on which short values are padded.
type Side uint8

// The sides.
const (
	Neither Side = iota // a short value is a fault
	Left
	Right
)
