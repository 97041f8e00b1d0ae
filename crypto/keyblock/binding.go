package keyblock

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"

	"github.com/posline/posline/crypto/internal/cmac"
	"github.com/posline/posline/crypto/internal/des"
)

// binding is how a version encrypts the payload and ties it to the header.
type binding struct {
	version      Version
	encrypt, mac cipher.Block
}

// What the derived keys are for (X9.143 tables 25 and 28), and the variants of versions A and C.
const (
	useCBC, useMAC, useCTR     = 0, 1, 2
	variantEncrypt, variantMAC = 'E', 'M'
)

// newBinding derives the two keys of a version from the protection key.
func newBinding(v Version, kbpk []byte, master cipher.Block, form des.Form) *binding {
	if v.legacy() {
		return &binding{v, expand(v, variant(kbpk, variantEncrypt), form), expand(v, variant(kbpk, variantMAC), form)}
	}
	use := uint16(useCBC)
	if v == VersionE {
		use = useCTR
	}
	n := len(kbpk)
	return &binding{v, expand(v, derive(v, master, use, n), form), expand(v, derive(v, master, useMAC, n), form)}
}

// variant xors every byte of the key with a letter (X9.143 section 7.2).
func variant(kbpk []byte, letter byte) []byte {
	key := make([]byte, len(kbpk))
	for i := range key {
		key[i] = kbpk[i] ^ letter
	}
	return key
}

// derive computes a key of the protection key's length: CMACs of a counter, what it is for, its algorithm and its
// length in bits (X9.143 section 7.3).
func derive(v Version, master cipher.Block, use uint16, length int) []byte {
	algorithm := uint16(length/8 - 2) // 0 and 1 for Triple DES of two and three keys, 2 to 4 for AES
	if v.aes() {
		algorithm += 2
	}
	block := v.blockSize()
	key := make([]byte, length+block)
	for at, counter := 0, byte(1); at < length; at, counter = at+block, counter+1 {
		var data [8]byte
		data[0] = counter
		binary.BigEndian.PutUint16(data[1:], use)
		binary.BigEndian.PutUint16(data[4:], algorithm)
		binary.BigEndian.PutUint16(data[6:], uint16(8*length))
		cmac.Sum(master, key[at:at+block], data[:])
	}
	clear(key[length:])
	return key[:length]
}

// expand makes a cipher of a derived key, which has the length of the protection key, and overwrites the key.
func expand(v Version, key []byte, form des.Form) cipher.Block {
	defer clear(key)
	if v.aes() {
		block, err := aes.NewCipher(key)
		if err != nil {
			panic("keyblock: bug: " + err.Error())
		}
		return block
	}
	c := new(des.Cipher)
	c.Init(key, form)
	return c
}

// wipe overwrites what can be reached of the derived keys.
func (b *binding) wipe() {
	for _, c := range []cipher.Block{b.encrypt, b.mac} {
		if w, ok := c.(interface{ Wipe() }); ok {
			w.Wipe()
		}
	}
}

// seal encrypts the payload in place and returns the authentication code.
func (b *binding) seal(header, payload []byte) []byte {
	if b.version.legacy() {
		cipher.NewCBCEncrypter(b.encrypt, header[:b.encrypt.BlockSize()]).CryptBlocks(payload, payload)
		return b.code(header, payload)
	}
	mac := b.code(header, payload)
	if b.version == VersionE {
		cipher.NewCTR(b.encrypt, mac).XORKeyStream(payload, payload)
	} else {
		cipher.NewCBCEncrypter(b.encrypt, mac).CryptBlocks(payload, payload)
	}
	return mac
}

// open decrypts the payload in place and checks the authentication code.
func (b *binding) open(header, payload, mac []byte) error {
	switch {
	case b.version.legacy():
		want := b.code(header, payload)
		cipher.NewCBCDecrypter(b.encrypt, header[:b.encrypt.BlockSize()]).CryptBlocks(payload, payload)
		return same(want, mac)
	case b.version == VersionE:
		cipher.NewCTR(b.encrypt, mac).XORKeyStream(payload, payload)
	default:
		cipher.NewCBCDecrypter(b.encrypt, mac).CryptBlocks(payload, payload)
	}
	return same(b.code(header, payload), mac)
}

func same(want, mac []byte) error {
	if subtle.ConstantTimeCompare(want, mac) != 1 {
		return ErrBlock
	}
	return nil
}

// code computes the authentication code over header and payload: CBC-MAC over the encrypted payload for versions A and
// C, CMAC over the clear one for the others.
func (b *binding) code(header, payload []byte) []byte {
	text := append(append(make([]byte, 0, len(header)+len(payload)), header...), payload...)
	defer clear(text)
	mac := make([]byte, b.mac.BlockSize())
	if !b.version.legacy() {
		cmac.Sum(b.mac, mac, text)
		return mac[:b.version.macSize()]
	}
	for rest := text; len(rest) > 0; rest = rest[len(mac):] {
		subtle.XORBytes(mac, mac, rest[:len(mac)])
		b.mac.Encrypt(mac, mac)
	}
	return mac[:b.version.macSize()]
}
