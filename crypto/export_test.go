package crypto

import (
	"crypto/aes"
	"crypto/cipher"
)

// AppendWrapBytes and UnwrapBytes show key wrap over any bytes to the tests, whose vectors are not all keys.
func AppendWrapBytes(kek, key []byte, padded bool) ([]byte, error) {
	return appendWrap(nil, block(kek), key, padded)
}

func UnwrapBytes(kek, wrapped []byte, padded bool) ([]byte, error) {
	return unwrap(block(kek), wrapped, padded)
}

func block(kek []byte) cipher.Block {
	b, err := aes.NewCipher(kek)
	if err != nil {
		panic(err)
	}
	return b
}

// CheckPadding looks at what KWP has in front of a key and behind it, decrypted.
func CheckPadding(unwrapped []byte) (n, ok int) { return checkPadding(unwrapped) }

// Watched is a key that tells when it is looked at.
func Watched(k Key, look func()) Key {
	return Key{func() *core { look(); return k.reach() }}
}
