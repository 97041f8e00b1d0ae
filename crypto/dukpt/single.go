package dukpt

import (
	"encoding/binary"
	"math/bits"
	"sync"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/internal/des"
	"github.com/posline/posline/internal/keymaterial"
)

// SingleDES is one transaction of DUKPT as X9.24-1:1992 had it, with single DES. It is breakable and exists for
// devices still in the field: only its PIN key is supported, under base keys made with AllowSingleDES. The zero value is
// ready for Derive and safe for concurrent use.
type SingleDES struct {
	mutex sync.Mutex
	// reach is a closure so that nothing that prints by reflection sees the key.
	reach func() *singleState
}

type singleState struct {
	parent crypto.Key
	pin    uint64 // the PIN key: the transaction key with its last byte complemented
	form   des.Form
	ready  bool
}

// Derive derives the transaction of the number from a double-length base key. The initial key is the left half of what
// Triple DES DUKPT derives. Errors: ErrKSN, crypto.ErrUsage also for a base key without AllowSingleDES,
// crypto.ErrDestroyed.
func (t *SingleDES) Derive(bdk crypto.BDK, ksn KSN) error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
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
	if err := matchKind(bdk.Key(), ksn, tdesLength); err != nil {
		return err
	}
	if !bdk.Permits(keymaterial.SingleDES) {
		return &crypto.UsageError{Key: bdk.Attributes(), Want: "single DES, without dukpt.AllowSingleDES"}
	}
	s.parent, s.form = bdk.Key(), formOf(bdk.Key())
	key, _ := initialTDES(m.Block().(*des.Cipher), ksn)
	s.pin, s.ready = s.walk(key, ksn)^maskPIN, true
	return nil
}

// walk goes from the initial key to the transaction key, one step for each counter bit set, highest first: the register
// is encrypted under the key, which is xored in before and after.
func (s *singleState) walk(key uint64, ksn KSN) uint64 {
	register := ksn.register()
	for rest := ksn.Counter(); rest != 0; {
		bit := uint32(1) << (31 - bits.LeadingZeros32(rest))
		rest &^= bit
		register |= uint64(bit)
		key = s.encrypt(key, register^key) ^ key
	}
	return key
}

// encrypt encrypts one block under single DES.
func (s *singleState) encrypt(key, block uint64) uint64 {
	var bytes [8]byte
	binary.BigEndian.PutUint64(bytes[:], key)
	var c des.Cipher
	c.Init(bytes[:], s.form)
	defer c.Wipe()
	return c.EncryptBlock(block)
}

// PIN returns the key PIN blocks are encrypted under: usage P0, algorithm DES, its own bytes xored into each block before
// and after the cipher (X9.24-1:1992). Before Derive it is crypto.ErrNoKey.
func (t *SingleDES) PIN() (crypto.PINKey, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.reach == nil || !t.reach().ready {
		return crypto.PINKey{}, crypto.ErrNoKey
	}
	s := t.reach()
	var bytes [8]byte
	defer clear(bytes[:])
	binary.BigEndian.PutUint64(bytes[:], s.pin)
	a := crypto.Attributes{
		Usage: crypto.UsagePIN, Algorithm: crypto.DES, Mode: crypto.ModeEncryptDecrypt, Export: crypto.NonExportable,
	}
	k, err := s.parent.Derive(keymaterial.Grant(), a, bytes[:], whiten)
	if err != nil {
		return crypto.PINKey{}, err
	}
	return crypto.NewPINKey(k)
}

func whiten(o *crypto.KeyOptions) { o.Whiten(keymaterial.Grant()) }

// Wipe forgets the transaction.
func (t *SingleDES) Wipe() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.reach != nil {
		*t.reach() = singleState{}
	}
}
