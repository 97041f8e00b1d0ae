package keyblock

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Block is one optional block of a header: a two-character identifier and its data as text. Data of every length up
// to what a key block holds is kept as it is; how the length was written is not. X9.143 section 6.3.6.
type Block struct {
	ID   string
	Data string
}

// padding is the identifier of the block that fills the header up to the cipher's block size.
const padding = "PB"

// What options said about a key beyond its attributes (crypto.CarriesOnly, pinblock.OffsetMethod and others) goes with it in
// an optional block of this module's own: X9.143 leaves identifiers of two digits to private agreement. Others pass it over.
const (
	rulesID     = "70"
	rulesPrefix = "POSLINE "
)

// isRules reports whether the block is this module's.
func (b Block) isRules() bool { return b.ID == rulesID && strings.HasPrefix(b.Data, rulesPrefix) }

// rules returns what the header says about the key beyond its attributes.
func (h *Header) rules() string {
	if b, _ := h.Optional(rulesID); b.isRules() {
		return strings.TrimPrefix(b.Data, rulesPrefix)
	}
	return ""
}

// The short form has a length of two hexadecimal digits, the extended one "00", the number of digits and the length.
const (
	shortBlock    = 4
	extendedBlock = 10
	longestShort  = 255
)

// parseBlock reads the optional block at the front of text and returns its length.
func parseBlock(text []byte) (Block, int, error) {
	if len(text) < shortBlock {
		return Block{}, 0, errors.New("truncated optional block")
	}
	id := string(text[:2])
	if !alphanumeric(id[0]) || !alphanumeric(id[1]) {
		return Block{}, 0, errors.New("optional block identifier")
	}
	fault := errors.New("length of optional block " + id)
	n, ok := hexadecimal(text[2:4])
	if !ok {
		return Block{}, 0, fault
	}
	head := shortBlock
	if n == 0 {
		digits, ok := extendedDigits(text)
		if !ok || len(text) < 6+digits {
			return Block{}, 0, fault
		}
		if n, ok = hexadecimal(text[6 : 6+digits]); !ok {
			return Block{}, 0, fault
		}
		head = 6 + digits
	}
	if n < head || n > len(text) {
		return Block{}, 0, fault
	}
	data := text[head:n]
	for _, c := range data {
		if c < ' ' || c > '~' {
			return Block{}, 0, errors.New("character in optional block " + id)
		}
	}
	return Block{id, string(data)}, n, nil
}

// extendedDigits returns how many digits the extended length has. The field counts the bytes the digits stand for,
// "02" for four digits (X9.143 section 8.5); some systems count the digits, "04".
func extendedDigits(text []byte) (int, bool) {
	if len(text) < 6 {
		return 0, false
	}
	switch string(text[4:6]) {
	case "01":
		return 2, true
	case "02", "04":
		return 4, true
	}
	return 0, false
}

// length is the length of the block in characters.
func (b Block) length() int {
	if n := shortBlock + len(b.Data); n <= longestShort {
		return n
	}
	return extendedBlock + len(b.Data)
}

func (b Block) append(dst []byte) []byte {
	if n := b.length(); n <= longestShort {
		return fmt.Appendf(dst, "%s%02X%s", b.ID, n, b.Data)
	}
	return fmt.Appendf(dst, "%s0002%04X%s", b.ID, b.length(), b.Data)
}

// writable reports whether the block can stand in a header.
func (b Block) writable(legacy bool) bool {
	if len(b.ID) != 2 || !alphanumeric(b.ID[0]) || !alphanumeric(b.ID[1]) {
		return false
	}
	for i := range len(b.Data) {
		if b.Data[i] < ' ' || b.Data[i] > '~' {
			return false
		}
	}
	return legacy || b.Check() == nil
}

func hexadecimal(text []byte) (int, bool) {
	if notHex(text) >= 0 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text), 16, 16)
	return int(n), err == nil
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}
