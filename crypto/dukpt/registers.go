package dukpt

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"math/bits"

	"github.com/posline/posline/crypto"
)

// registers are the future keys of a device: register n holds the key of the next counter whose lowest bit set is n.
// A key is forgotten when its transaction is made, after the keys below it are computed, so that whoever opens the
// device learns nothing of the past.
type registers struct {
	ksn  KSN // of the transaction made last
	size int // of a key in bytes
	keys [aesCounter][32]byte
}

// A stepper computes the key one counter bit further down.
type stepper func(child, parent []byte, ksn KSN, counter uint32)

// load fills the registers from the initial key.
func (r *registers) load(ik []byte, ksn KSN, bitsOfCounter int, step stepper) {
	r.ksn, r.size = ksn.Device(), len(ik)
	for n := range bitsOfCounter {
		step(r.keys[n][:r.size], ik, r.ksn, 1<<n)
	}
}

// next moves to the next transaction and copies its key.
func (r *registers) next(key []byte, step stepper) (KSN, error) {
	ksn, err := r.ksn.Next()
	if err != nil {
		return ksn, err
	}
	counter := ksn.Counter()
	n := bits.TrailingZeros32(counter)
	copy(key, r.keys[n][:r.size])
	clear(r.keys[n][:])
	if bits.OnesCount32(counter) < ksn.weight() {
		for lower := range n {
			step(r.keys[lower][:r.size], key[:r.size], ksn, counter|1<<lower)
		}
	}
	r.ksn = ksn
	return ksn, nil
}

// stateVersion begins the state of a terminal; sealedAs binds it to what it is.
const (
	stateVersion = 1
	sealedAs     = "posline dukpt terminal state"
)

// seal appends the encrypted state to dst: a random nonce and the sealed registers.
func (r *registers) seal(dst []byte, aead cipher.AEAD) []byte {
	state := []byte{stateVersion, r.ksn.length, byte(r.size)}
	state = r.ksn.Append(state)
	for n := range r.keys {
		state = append(state, r.keys[n][:r.size]...)
	}
	defer clear(state)
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce)
	return aead.Seal(append(dst, nonce...), nonce, state, []byte(sealedAs))
}

// open restores what seal wrote. Every fault is crypto.ErrVerify.
func (r *registers) open(sealed []byte, aead cipher.AEAD, length uint8) error {
	if len(sealed) < aead.NonceSize() {
		return crypto.ErrVerify
	}
	nonce, sealed := sealed[:aead.NonceSize()], sealed[aead.NonceSize():]
	state, err := aead.Open(nil, nonce, sealed, []byte(sealedAs))
	if err != nil {
		return crypto.ErrVerify
	}
	defer clear(state)
	if len(state) < 3 || state[0] != stateVersion || state[1] != length {
		return crypto.ErrVerify
	}
	size := int(state[2])
	sizeFits := size == 16 || length == aesLength && (size == 24 || size == 32)
	if !sizeFits || len(state) != 3+int(length)+len(r.keys)*size {
		return crypto.ErrVerify
	}
	if r.ksn, err = ParseKSN(state[3 : 3+length]); err != nil {
		return crypto.ErrVerify
	}
	r.size = size
	for n := range r.keys {
		copy(r.keys[n][:size], state[3+int(length)+n*size:])
	}
	return nil
}

func (r *registers) wipe() {
	for n := range r.keys {
		clear(r.keys[n][:])
	}
	r.size = 0
}

// halves are the two parts of a Triple DES key.
func halves(key []byte) (left, right uint64) {
	return binary.BigEndian.Uint64(key), binary.BigEndian.Uint64(key[8:])
}
