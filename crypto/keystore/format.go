package keystore

import (
	"crypto/rand"
	"encoding/binary"
	"slices"
	"unicode/utf8"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// The file is a header in clear, which the seal authenticates, and the sealed entries:
//
//	magic 8 | derivation 1 | passes 4 | memory 4 | lanes 1 | salt 16 | version 8 | nonce 24 | sealed entries
//
// An entry is the length of the name 1, the name, the attributes as text 7, the length of the rules 2, the rules
// (crypto.Key.Rules), the length of the key 2, the key. Numbers are big endian. Entries stand in the order of their names.
const magic = "posline2"

// oldMagic begins a file whose entries have no rules. It is read; what is written is of the new form.
const oldMagic = "posline1"

const (
	headerSize     = 8 + 1 + 4 + 4 + 1 + 16 + 8 + 24
	attributes     = 7
	maximumName    = 255
	maximumRules   = 0xffff
	maximumFile    = 16 << 20
	maximumEntries = maximumFile - headerSize - chacha20poly1305.Overhead
)

type fileHeader struct {
	old        bool // as it was read
	derivation derivation
	cost       Cost
	salt       [16]byte
	version    uint64
	nonce      [chacha20poly1305.NonceSizeX]byte
}

func (h *fileHeader) append(dst []byte) []byte {
	dst = append(dst, magic...)
	dst = append(dst, byte(h.derivation))
	dst = binary.BigEndian.AppendUint32(dst, h.cost.Passes)
	dst = binary.BigEndian.AppendUint32(dst, h.cost.MemoryKiB)
	dst = append(dst, h.cost.Lanes)
	dst = append(dst, h.salt[:]...)
	dst = binary.BigEndian.AppendUint64(dst, h.version)
	return append(dst, h.nonce[:]...)
}

// parse reads a header and checks it before anything is done with it.
func (h *fileHeader) parse(file []byte) error {
	if len(file) < headerSize || len(file) > maximumFile || string(file[:8]) != magic && string(file[:8]) != oldMagic {
		return ErrSealed
	}
	h.old = string(file[:8]) == oldMagic
	h.derivation = derivation(file[8])
	h.cost = Cost{binary.BigEndian.Uint32(file[9:]), binary.BigEndian.Uint32(file[13:]), file[17]}
	copy(h.salt[:], file[18:])
	h.version = binary.BigEndian.Uint64(file[34:])
	copy(h.nonce[:], file[42:])
	switch {
	case h.derivation == none && h.cost == (Cost{}):
	case h.derivation == argon2id && h.cost.bounded():
	default:
		return ErrSealed
	}
	return nil
}

// seal appends the file to dst under a fresh nonce.
func (h *fileHeader) seal(dst []byte, key *[32]byte, entries []byte) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return dst, crypto.ErrFIPS
	}
	rand.Read(h.nonce[:])
	header := h.append(nil)
	return aead.Seal(append(dst, header...), h.nonce[:], entries, header), nil
}

// open returns the entries of a file whose header was parsed.
func (h *fileHeader) open(key *[32]byte, file []byte) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		return nil, crypto.ErrFIPS
	}
	entries, err := aead.Open(nil, h.nonce[:], file[headerSize:], file[:headerSize])
	if err != nil {
		return nil, ErrSealed
	}
	return entries, nil
}

// entrySize is the length of an entry in bytes.
func entrySize(name string, k crypto.Key, home crypto.Home) int {
	return 1 + len(name) + attributes + 2 + len(k.Rules(home)) + 2 + k.Bits()/8
}

// appendEntry writes a key.
func appendEntry(dst []byte, name string, k crypto.Key, home crypto.Home) ([]byte, error) {
	m, err := k.OpenToStay(keymaterial.Grant(), home)
	if err != nil {
		return dst, err
	}
	defer m.Release()
	rules := k.Rules(home)
	if len(rules) > maximumRules {
		return dst, ErrFull
	}
	dst = append(dst, byte(len(name)))
	dst = append(dst, name...)
	dst = append(dst, k.Attributes().String()...)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(rules)))
	dst = append(dst, rules...)
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(m.Bytes())))
	return append(dst, m.Bytes()...), nil
}

// parseEntries reads all keys of authentic entries. Keys are made with what they once were admitted with, and may be
// stored again.
func (h *fileHeader) parseEntries(entries []byte, options []crypto.Option, home crypto.Home) (map[string]crypto.Key, error) {
	options = append(slices.Clip(options), crypto.AllowWeak, crypto.AnyMode)
	keys := map[string]crypto.Key{}
	for len(entries) > 0 {
		name, rest, ok := cut(entries[1:], int(entries[0]))
		if !ok || !validName(string(name)) {
			return nil, ErrSealed
		}
		text, rest, ok := cut(rest, attributes)
		if !ok {
			return nil, ErrSealed
		}
		var rules []byte
		if !h.old {
			if rules, rest, ok = cutCounted(rest); !ok {
				return nil, ErrSealed
			}
		}
		bytes, rest, ok := cutCounted(rest)
		if !ok {
			return nil, ErrSealed
		}
		a, _ := crypto.ParseAttributes(string(text)) // Receive checks them
		k, err := crypto.Receive(keymaterial.Grant(), crypto.Arrival{Rules: string(rules), Home: home}, a, bytes, options...)
		if err != nil {
			return nil, err
		}
		keys[string(name)], entries = k, rest
	}
	return keys, nil
}

// cutCounted cuts off what follows its length in two bytes.
func cutCounted(b []byte) (front, rest []byte, ok bool) {
	if len(b) < 2 {
		return nil, nil, false
	}
	return cut(b[2:], int(binary.BigEndian.Uint16(b)))
}

func cut(b []byte, n int) (front, rest []byte, ok bool) {
	if n > len(b) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}

func validName(name string) bool {
	return 1 <= len(name) && len(name) <= maximumName && utf8.ValidString(name)
}
