// Package cmac is CMAC (NIST SP 800-38B, ISO 9797-1:2011 MAC algorithm 5) over any cipher.Block of 8 or 16 bytes. The
// key check values of package crypto, the MACs and the key derivations of the packages below it share it.
package cmac

import (
	"crypto/cipher"
	"crypto/subtle"
)

// MaximumBlockSize is the largest block size supported, in bytes.
const MaximumBlockSize = 16

// Subkeys are K1 and K2, the second from MaximumBlockSize on.
type Subkeys [2 * MaximumBlockSize]byte

// Init derives the subkeys. It costs one block.
func (s *Subkeys) Init(block cipher.Block) {
	n := block.BlockSize()
	k1, k2 := s[:n], s[MaximumBlockSize:][:n]
	clear(k1)
	block.Encrypt(k1, k1)
	double(k1, k1)
	double(k2, k1)
}

// double multiplies by x in GF(2^(8*len(src))) in constant time.
func double(dst, src []byte) {
	polynomial := byte(0x87)
	if len(src) == 8 {
		polynomial = 0x1b
	}
	var carry byte
	for i := len(src) - 1; i >= 0; i-- {
		b := src[i]
		dst[i] = b<<1 | carry
		carry = b >> 7
	}
	dst[len(src)-1] ^= -carry & polynomial
}

// Finish xors the last part of the message, padded if it is shorter than a block, and the subkey that goes with it into
// the chain. One more block of the cipher makes the MAC of it.
func (s *Subkeys) Finish(chain, last []byte) {
	n := len(chain)
	subtle.XORBytes(chain, chain, last)
	if len(last) == n {
		subtle.XORBytes(chain, chain, s[:n])
		return
	}
	chain[len(last)] ^= 0x80
	subtle.XORBytes(chain, chain, s[MaximumBlockSize:][:n])
}

// Sum computes the whole CMAC of a message into mac, which is one block long.
func Sum(block cipher.Block, mac, message []byte) {
	var s Subkeys
	defer clear(s[:])
	s.Init(block)
	n := block.BlockSize()
	mac = mac[:n]
	clear(mac)
	for len(message) > n {
		subtle.XORBytes(mac, mac, message[:n])
		block.Encrypt(mac, mac)
		message = message[n:]
	}
	s.Finish(mac, message)
	block.Encrypt(mac, mac)
}
