package dukpt

import (
	"crypto/cipher"
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

// stateVersion begins the state of a terminal; sealedAs binds it to what it is. After it come the lengths of the number and of
// a key in a byte each, whether the initial key was Sensitive, and its rules behind their length in two bytes; version 1, which
// is still read, did without these two. Then come the number and the registers.
const (
	stateVersion, oldVersion = 2, 1

	stateHead, oldHead = 6, 3
	sealedAs           = "posline dukpt terminal state"
	maximumRules       = 0xffff
)

// kept is what of the initial key goes with the registers.
type kept struct {
	sensitive bool
	rules     string // as crypto.Key.Rules has them
}

// seal appends the encrypted state to dst. The AEAD makes its own nonces.
func (r *registers) seal(dst []byte, aead cipher.AEAD, k kept) []byte {
	size := stateHead + len(k.rules) + aesLength + len(r.keys)*r.size
	state := make([]byte, 0, size) // all at once: growing would leave copies of keys behind
	state = append(state, stateVersion, r.ksn.length, byte(r.size), 0)
	if k.sensitive {
		state[3] = 1
	}
	state = binary.BigEndian.AppendUint16(state, uint16(len(k.rules)))
	state = r.ksn.Append(append(state, k.rules...))
	for n := range r.keys {
		state = append(state, r.keys[n][:r.size]...)
	}
	defer clear(state)
	return aead.Seal(dst, nil, state, []byte(sealedAs))
}

// open restores what seal wrote. Every fault is crypto.ErrVerify.
func (r *registers) open(sealed []byte, aead cipher.AEAD, length uint8) (kept, error) {
	state, err := aead.Open(nil, nil, sealed, []byte(sealedAs))
	if err != nil {
		return kept{}, crypto.ErrVerify
	}
	defer clear(state)
	k, head := parseHead(state)
	if head == 0 || state[1] != length {
		return kept{}, crypto.ErrVerify
	}
	size, body := int(state[2]), state[head:]
	sizeFits := size == 16 || length == aesLength && (size == 24 || size == 32)
	if !sizeFits || len(body) != int(length)+len(r.keys)*size {
		return kept{}, crypto.ErrVerify
	}
	if r.ksn, err = ParseKSN(body[:length]); err != nil {
		return kept{}, crypto.ErrVerify
	}
	r.size = size
	for n := range r.keys {
		copy(r.keys[n][:size], body[int(length)+n*size:])
	}
	return k, nil
}

// parseHead reads a state up to the number; a head of no length is none.
func parseHead(state []byte) (k kept, head int) {
	switch {
	case len(state) >= oldHead && state[0] == oldVersion:
		return k, oldHead
	case len(state) < stateHead || state[0] != stateVersion || state[3] > 1:
		return k, 0
	}
	head = stateHead + int(binary.BigEndian.Uint16(state[4:]))
	if len(state) < head {
		return k, 0
	}
	return kept{state[3] == 1, string(state[stateHead:head])}, head
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
