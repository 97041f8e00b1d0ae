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
func parseBlock(text []byte) (b Block, length int, err error) {
	if len(text) < shortBlock {
		return b, length, errors.New("truncated optional block")
	}
	id := string(text[:2])
	if !alphanumeric(id[0]) || !alphanumeric(id[1]) {
		return b, length, errors.New("optional block identifier")
	}
	head, n, ok := blockLength(text)
	if !ok || n < head || n > len(text) {
		return b, length, errors.New("length of optional block " + id)
	}
	data := text[head:n]
	for _, c := range data {
		if c < ' ' || c > '~' {
			return b, length, errors.New("character in optional block " + id)
		}
	}
	return Block{id, string(data)}, n, nil
}

// blockLength reads how long the block is and how much of that comes before its data.
func blockLength(text []byte) (head, n int, ok bool) {
	n, ok = hexadecimal(text[2:shortBlock])
	if !ok || n > 0 {
		return shortBlock, n, ok
	}
	digits, ok := extendedDigits(text)
	head = 6 + digits
	if !ok || len(text) < head {
		return head, n, false
	}
	n, ok = hexadecimal(text[6:head])
	return head, n, ok
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
