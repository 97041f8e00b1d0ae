package simulator

import (
	"crypto/des"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/examples/payshield"
)

// pairs of keys in a local master key, 00-01 to 38-39.
const pairs = 20

// LMK is a local master key of the variant kind: twenty pairs of DES keys, each for keys of some types. A type that shares
// its pair with others has a variant of it. The zero LMK is none. It prints nothing of itself.
type LMK struct{ keys *[pairs][16]byte }

// testPairs is the published test key.
const testPairs = "01010101010101017902CD1FD36EF8BA 20202020202020203131313131313131 40404040404040405151515151515151 " +
	"61616161616161617070707070707070 80808080808080809191919191919191 A1A1A1A1A1A1A1A1B0B0B0B0B0B0B0B0 " +
	"C1C1010101010101D0D0010101010101 E0E0010101010101F1F1010101010101 1C587F1C13924FEF0101010101010101 " +
	"01010101010101010101010101010101 02020202020202020404040404040404 07070707070707071010101010101010 " +
	"13131313131313131515151515151515 16161616161616161919191919191919 1A1A1A1A1A1A1A1A1C1C1C1C1C1C1C1C " +
	"23232323232323232525252525252525 26262626262626262929292929292929 2A2A2A2A2A2A2A2A2C2C2C2C2C2C2C2C " +
	"2F2F2F2F2F2F2F2F3131313131313131 01010101010101010101010101010101"

// TestLMK returns the test key that everybody knows. A client refuses a device with it unless told otherwise.
func TestLMK() LMK {
	var keys [][]byte
	for text := range strings.FieldsSeq(testPairs) {
		key, _ := hex.DecodeString(text)
		keys = append(keys, key)
	}
	l, _ := NewLMK(keys)
	return l
}

// NewLMK makes a local master key of its twenty pairs, of 16 bytes each, which it copies: crypto.ErrKeyLength for others.
func NewLMK(keys [][]byte) (LMK, error) {
	l := LMK{new([pairs][16]byte)}
	if len(keys) != pairs {
		return LMK{}, crypto.ErrKeyLength
	}
	for i, key := range keys {
		if copy(l.keys[i][:], key); len(key) != 16 {
			return LMK{}, crypto.ErrKeyLength
		}
	}
	return l, nil
}

// Format prints nothing of the key, whatever the verb.
func (LMK) Format(f fmt.State, _ rune) { fmt.Fprint(f, "LMK(hidden)") }

// CheckValue returns 16 hexadecimal digits: zeros encrypted under the exclusive or of all pairs. Real devices have a way of
// their own.
func (l LMK) CheckValue() string {
	var sum [16]byte
	for _, pair := range l.keys {
		for i := range sum {
			sum[i] ^= pair[i]
		}
	}
	return strings.ToUpper(hex.EncodeToString(checkValue(sum[:])))
}

// places are the pairs that types of keys are encrypted under, by the last two characters of the type.
var places = map[string]int{
	"00": 2, "01": 3, "02": 7, "03": 8, "06": 11, "08": 13, "09": 14, "0A": 15, "0B": 16, "0C": 17, "0D": 18,
}

// variants are what variants 1 to 9 of a pair xor into its first byte.
var variants = [...]byte{0, 0xA6, 0x5A, 0x6A, 0xDE, 0x2B, 0x50, 0x74, 0x9C, 0xFA}

// Wrap encrypts a clear key of a type in a scheme ('Z', 'U', 'T', 'X', 'Y') in place.
func (l LMK) Wrap(kind payshield.KeyType, scheme byte, key []byte) error {
	master, variant, err := l.place(kind)
	if err != nil {
		return err
	}
	return crypt(master, variant, scheme, key, true)
}

// Unwrap decrypts what Wrap encrypted, in place. A wrong type gives a wrong key.
func (l LMK) Unwrap(kind payshield.KeyType, scheme byte, key []byte) error {
	master, variant, err := l.place(kind)
	if err != nil {
		return err
	}
	return crypt(master, variant, scheme, key, false)
}

func (l LMK) place(kind payshield.KeyType) ([]byte, byte, error) {
	if len(kind) != 3 || kind[0] < '0' || kind[0] > '9' || l.keys == nil {
		return nil, 0, fault("04")
	}
	at, known := places[string(kind[1:])]
	if !known {
		return nil, 0, fault("04")
	}
	return l.keys[at][:], variants[kind[0]-'0'], nil
}

// schemeLengths are the bytes of a key in a scheme.
var schemeLengths = map[byte]int{'Z': 8, 'U': 16, 'X': 16, 'T': 24, 'Y': 24}

// halves are what the schemes of Thales xor into the second half of the master key, for each part of a key.
var halves = map[byte][]byte{'U': {0xA6, 0x5A}, 'T': {0x6A, 0xDE, 0x2B}}

// crypt encrypts or decrypts a key in place under a master key, a local or a zone's, of 8, 16 or 24 bytes.
func crypt(master []byte, variant, scheme byte, key []byte, encrypt bool) error {
	if n, known := schemeLengths[scheme]; !known {
		return fault("26")
	} else if n != len(key) {
		return fault("27")
	}
	own := append([]byte(nil), master...)
	defer clear(own)
	for part := 0; part < len(key); part += 8 {
		copy(own, master)
		own[0] ^= variant
		if half := halves[scheme]; half != nil {
			if len(own) < 16 {
				return fault("27")
			}
			own[8] ^= half[part/8]
		}
		block(own, key[part:part+8], encrypt)
	}
	return nil
}

// block encrypts or decrypts eight bytes in place under a key of 8, 16 or 24.
func block(key, b []byte, encrypt bool) {
	var triple [24]byte
	defer clear(triple[:])
	for i := range triple {
		triple[i] = key[i%len(key)]
	}
	c, _ := des.NewTripleDESCipher(triple[:]) // the length is right
	if encrypt {
		c.Encrypt(b, b)
	} else {
		c.Decrypt(b, b)
	}
}

// checkValue returns zeros encrypted under a key of 8, 16 or 24 bytes.
func checkValue(key []byte) []byte {
	zeros := make([]byte, 8)
	block(key, zeros, true)
	return zeros
}
