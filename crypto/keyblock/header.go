package keyblock

import (
	"fmt"
	"strconv"

	"github.com/posline/posline/crypto"
)

// Version is the key block version, the first character of a block. X9.143 section 6.2.
type Version byte

// The versions.
const (
	VersionA Version = 'A' // Triple DES, key variants (TR-31:2005), deprecated
	VersionB Version = 'B' // Triple DES, derived keys (TR-31:2010)
	VersionC Version = 'C' // as A, with another meaning of the header (TR-31:2010), deprecated
	VersionD Version = 'D' // AES in CBC mode (TR-31:2018)
	VersionE Version = 'E' // AES in CTR mode (ISO 20038)
)

// String returns the letter, "?" for no version.
func (v Version) String() string {
	if !v.known() {
		return "?"
	}
	return string(rune(v))
}

func (v Version) known() bool  { return VersionA <= v && v <= VersionE }
func (v Version) legacy() bool { return v == VersionA || v == VersionC }
func (v Version) aes() bool    { return v == VersionD || v == VersionE }

// blockSize is the cipher's block size in bytes.
func (v Version) blockSize() int {
	if v.aes() {
		return 16
	}
	return 8
}

// macSize is the length of the authentication code in bytes.
func (v Version) macSize() int {
	switch {
	case v.legacy():
		return 4
	case v == VersionB:
		return 8
	}
	return 16
}

// payloadUnit is what the length of the encrypted part is a multiple of, in bytes.
func (v Version) payloadUnit() int {
	if v == VersionE {
		return 1
	}
	return v.blockSize()
}

// Context is the key context of X9.143-2022: what the block is for. TR-31 has zeros there.
type Context byte

// The contexts.
const (
	ContextNone     Context = '0'
	ContextStorage  Context = '1'
	ContextExchange Context = '2'
)

// Header is the public part of a key block (X9.143 section 6.2).
type Header struct {
	Version    Version
	Attributes crypto.Attributes
	Context    Context
	Blocks     []Block // optional blocks in their order, the padding block PB among them
}

// Optional returns the first optional block with the two-character identifier.
func (h *Header) Optional(id string) (Block, bool) {
	for _, b := range h.Blocks {
		if b.ID == id {
			return b, true
		}
	}
	return Block{}, false
}

// Lengths in characters.
const (
	fixedHeader   = 16
	maximumLength = 9999
	maximumBlocks = 99
)

// Parse reads the header of a block without a key and checks the lengths of all of it. What it returns is not
// authenticated: only Unwrap can do that. Of the options AllowLegacy and LowerCase count. A fault is a *FormatError.
func Parse(block []byte, o Options) (Header, error) {
	p, err := parse(block, o)
	if err != nil {
		return Header{}, err
	}
	return p.header, nil
}

// parsed is a block taken apart.
type parsed struct {
	header       Header
	text         []byte // of the header
	payload, mac []byte // in hexadecimal
}

func parse(block []byte, o Options) (*parsed, error) {
	h, n, err := parseHeader(block, o.AllowLegacy)
	if err != nil {
		return nil, err
	}
	if length, _ := decimal(block[1:5]); length != len(block) {
		return nil, &FormatError{"length", 1}
	}
	mac := len(block) - 2*h.Version.macSize()
	payload := mac - n
	if payload <= 2*lengthField || payload%(2*h.Version.payloadUnit()) != 0 {
		return nil, &FormatError{"encrypted part", n}
	}
	if at := notHex(block[n:]); at >= 0 && !(o.LowerCase && isHex(block[n:])) {
		return nil, &FormatError{"hexadecimal digit", n + at}
	}
	return &parsed{h, block[:n], block[n:mac], block[mac:]}, nil
}

// parseHeader reads the header at the front of a block and returns its length.
func parseHeader(block []byte, legacy bool) (Header, int, error) {
	if len(block) < fixedHeader {
		return Header{}, 0, &FormatError{"header", len(block)}
	}
	h := Header{Version: Version(block[0]), Context: Context(block[14])}
	if !h.Version.known() {
		return Header{}, 0, &FormatError{"version", 0}
	}
	if _, ok := decimal(block[1:5]); !ok {
		return Header{}, 0, &FormatError{"length", 1}
	}
	var err error
	h.Attributes, err = crypto.ParseAttributes(string(block[5:12]))
	if err != nil && !(legacy && onlyModeIsOdd(h.Attributes)) {
		return Header{}, 0, &FormatError{"key attributes", 5}
	}
	count, ok := decimal(block[12:14])
	if !ok {
		return Header{}, 0, &FormatError{"number of optional blocks", 12}
	}
	if h.Context < ContextNone || h.Context > ContextExchange || block[15] != '0' {
		return Header{}, 0, &FormatError{"reserved field", 14}
	}
	n, err := h.parseBlocks(block, count, legacy)
	return h, n, err
}

// onlyModeIsOdd reports whether the attributes are invalid for no other reason than a mode of use that does not go with
// the usage.
func onlyModeIsOdd(a crypto.Attributes) bool {
	usage, mode := a, a
	usage.Mode = crypto.ModeNoRestriction
	mode.Usage = '1'<<8 | '0' // proprietary, goes with every mode
	return usage.Validate() == nil && mode.Validate() == nil
}

func (h *Header) parseBlocks(block []byte, count int, legacy bool) (int, error) {
	at := fixedHeader
	for i := range count {
		b, n, err := parseBlock(block[at:])
		if err != nil {
			return at, &FormatError{err.Error(), at}
		}
		_, twice := h.Optional(b.ID)
		if twice || b.ID == padding && i != count-1 {
			return at, &FormatError{"order of optional block " + b.ID, at}
		}
		if !legacy && b.Check() != nil {
			return at, &FormatError{"optional block " + b.ID, at}
		}
		h.Blocks = append(h.Blocks, b)
		at += n
	}
	if (at-fixedHeader)%h.Version.blockSize() != 0 {
		return at, &FormatError{"length of the optional blocks", fixedHeader}
	}
	return at, nil
}

// appendHeader writes the header of a block of the given total length.
func (h *Header) appendHeader(dst []byte, length int) []byte {
	dst = fmt.Appendf(dst, "%s%04d%s%02d%c0", h.Version, length, h.Attributes, len(h.Blocks), h.Context)
	for _, b := range h.Blocks {
		dst = b.append(dst)
	}
	return dst
}

func decimal(text []byte) (int, bool) {
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(string(text))
	return n, err == nil
}

// isHex reports whether all characters are hexadecimal digits of either case.
func isHex(text []byte) bool {
	for _, c := range text {
		if (c < '0' || c > '9') && (c < 'A' || c > 'F') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// notHex returns the position of the first character that is not an upper-case hexadecimal digit, -1 if there is none.
func notHex[T string | []byte](text T) int {
	for i := range len(text) {
		if c := text[i]; (c < '0' || c > '9') && (c < 'A' || c > 'F') {
			return i
		}
	}
	return -1
}
