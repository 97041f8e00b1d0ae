package oda

import (
	"crypto/rand"
)

// EncipherPIN enciphers a PIN for offline verification by the card (VERIFY with P2 88): the plaintext PIN block of EMV
// Book 3 table 24, which is ISO 9564-1 format 2, and the challenge the card gave, filled up with random bytes. The key is
// the card's for PIN encipherment (9F2D) or, where it has none, that of its certificate 9F46. ErrKey: not a key. The
// caller clears the block. EMV Book 2 7.2.
func EncipherPIN(key PublicKey, block, challenge [8]byte) ([]byte, error) {
	if err := key.Validate(); err != nil {
		return nil, &Error{"PIN encipherment", err}
	}
	random := make([]byte, len(key.Modulus)-pinFixed)
	rand.Read(random)
	enciphered, err := encipherPIN(key, block, challenge, random)
	if err != nil {
		return nil, &Error{"PIN encipherment", err}
	}
	return enciphered, nil
}

const (
	pinHeader = 0x7F
	pinFixed  = 1 + 8 + 8
)

func encipherPIN(key PublicKey, block, challenge [8]byte, random []byte) ([]byte, error) {
	plain := plainPIN(block, challenge, random)
	defer clear(plain)
	return key.apply(plain)
}

// plainPIN is what is enciphered. Its header keeps it below every modulus, whose first bit is set.
func plainPIN(block, challenge [8]byte, random []byte) []byte {
	plain := append(make([]byte, 0, pinFixed+len(random)), pinHeader)
	plain = append(append(plain, block[:]...), challenge[:]...)
	return append(plain, random...)
}

// DecipherPIN is the card's side: it returns the PIN block in an enciphered PIN. ErrFormat, in an *Error, stands for
// everything that can be wrong, another challenge among it.
func (k KeyPair) DecipherPIN(enciphered []byte, challenge [8]byte) (block [8]byte, err error) {
	plain, err := k.apply(enciphered)
	if err != nil || len(plain) < pinFixed || plain[0] != pinHeader || [8]byte(plain[9:]) != challenge {
		return block, &Error{"PIN encipherment", ErrFormat}
	}
	defer clear(plain)
	return [8]byte(plain[1:]), nil
}
