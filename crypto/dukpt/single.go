package dukpt

import (
	"encoding/binary"
	"math/bits"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/internal/des"
	"github.com/posline/posline/internal/keymaterial"
)

// SingleDES is one transaction of DUKPT as X9.24-1:1992 had it, with single DES. It is breakable and exists for
// devices still in the field: only its PIN blocks are supported. The zero value is ready for Derive.
type SingleDES struct {
	// reach is a closure so that nothing that prints by reflection sees the key.
	reach func() *singleState
}

type singleState struct {
	pin   uint64 // the PIN key: the transaction key with its last byte complemented
	form  des.Form
	ready bool
}

// Derive derives the transaction of the number from a double-length base key. The initial key is the left half of what
// Triple DES DUKPT derives. Errors: ErrKSN, crypto.ErrUsage, crypto.ErrDestroyed.
func (t *SingleDES) Derive(bdk crypto.BDK, ksn KSN) error {
	if t.reach == nil {
		s := new(singleState)
		t.reach = func() *singleState { return s }
	}
	s := t.reach()
	s.ready = false
	if err := ksn.Valid(); err != nil {
		return err
	}
	m, err := bdk.Open(keymaterial.Grant(), crypto.OpDerive)
	if err != nil {
		return err
	}
	defer m.Release()
	if err := match(bdk.Key(), ksn); err != nil {
		return err
	}
	s.form = formOf(bdk.Key())
	key, _ := initialTDES(m.Block().(*des.Cipher), ksn)
	register := ksn.register()
	for rest := ksn.Counter(); rest != 0; {
		bit := uint32(1) << (31 - bits.LeadingZeros32(rest))
		rest &^= bit
		register |= uint64(bit)
		key = s.encrypt(key, register^key) ^ key
	}
	s.pin, s.ready = key^maskPIN, true
	return nil
}

// encrypt encrypts one block under single DES.
func (s *singleState) encrypt(key, block uint64) uint64 {
	c := s.cipher(key)
	defer c.Wipe()
	return c.EncryptBlock(block)
}

func (s *singleState) cipher(key uint64) *des.Cipher {
	var bytes [8]byte
	binary.BigEndian.PutUint64(bytes[:], key)
	c := new(des.Cipher)
	c.Init(bytes[:], s.form)
	return c
}

// EncryptPINBlock encrypts a clear PIN block of 8 bytes: the key is xored in before and after. Before Derive it is
// crypto.ErrNoKey.
func (t *SingleDES) EncryptPINBlock(block [8]byte) ([8]byte, error) {
	return t.pinBlock(block, (*des.Cipher).EncryptBlock)
}

// DecryptPINBlock undoes EncryptPINBlock.
func (t *SingleDES) DecryptPINBlock(block [8]byte) ([8]byte, error) {
	return t.pinBlock(block, (*des.Cipher).DecryptBlock)
}

func (t *SingleDES) pinBlock(block [8]byte, compute func(*des.Cipher, uint64) uint64) (out [8]byte, err error) {
	if t.reach == nil || !t.reach().ready {
		return out, crypto.ErrNoKey
	}
	s := t.reach()
	c := s.cipher(s.pin)
	defer c.Wipe()
	binary.BigEndian.PutUint64(out[:], compute(c, binary.BigEndian.Uint64(block[:])^s.pin)^s.pin)
	return out, nil
}

// Wipe forgets the transaction.
func (t *SingleDES) Wipe() {
	if t.reach != nil {
		*t.reach() = singleState{}
	}
}
