package dukpt

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"sync"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/internal/des"
	"github.com/posline/posline/internal/keymaterial"
)

// Direction says for which way a MAC or data key is. X9.24-1 annex A, X9.24-3 table 1.
type Direction uint8

// The directions. With Triple DES, BothWays is Request (X9.24-1); with AES it is a key of its own (X9.24-3).
const (
	Request  Direction = iota // from the device to the host
	Response                  // from the host to the device
	BothWays
)

// check refuses what is no direction.
func (d Direction) check() error {
	if d > BothWays {
		return fmt.Errorf("%w: no direction of a key", crypto.ErrUnsupported)
	}
	return nil
}

// Masks of the working keys (X9.24-1 table A-1), the same on both halves.
const (
	maskPIN          = 0x00000000_000000ff
	maskMACRequest   = 0x00000000_0000ff00
	maskMACResponse  = 0x00000000_ff000000
	maskDataRequest  = 0x00000000_00ff0000
	maskDataResponse = 0x000000ff_00000000
)

// TDES is one transaction of Triple DES DUKPT (X9.24-1). The zero TDES is ready for Derive and may be reused for one
// transaction after the other without allocating. It is safe for concurrent use, though one transaction at a time is in
// it.
type TDES struct {
	mutex sync.Mutex
	// reach is a closure so that nothing that prints by reflection sees the key.
	reach func() *tdesState
}

type tdesState struct {
	parent      crypto.Key // whose options the working keys inherit
	left, right uint64     // the transaction key
	ready       bool
}

// state needs the lock.
func (t *TDES) state() *tdesState {
	if t.reach == nil {
		s := new(tdesState)
		t.reach = func() *tdesState { return s }
	}
	return t.reach()
}

// Derive derives the transaction key of the number from the device's initial key. Errors: ErrKSN for a number without a
// transaction key or of AES, crypto.ErrUsage, crypto.ErrDestroyed. It allocates the first time only.
func (t *TDES) Derive(ik crypto.InitialKey, ksn KSN) error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	s := t.state()
	s.ready = false
	if err := ksn.Valid(); err != nil {
		return err
	}
	m, err := ik.Open(keymaterial.Grant(), crypto.OpDerive)
	if err != nil {
		return err
	}
	defer m.Release()
	if err := matchKind(ik.Key(), ksn, tdesLength); err != nil {
		return err
	}
	if ik.Bits() != 128 {
		return crypto.ErrKeyLength
	}
	key := m.Bytes()
	s.finish(ik.Key(), ksn, binary.BigEndian.Uint64(key), binary.BigEndian.Uint64(key[8:]), formOf(ik.Key()))
	return nil
}

// DeriveFromBDK does Initial and Derive in one, without making a key of the initial key.
func (t *TDES) DeriveFromBDK(bdk crypto.BDK, ksn KSN) error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	s := t.state()
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
	left, right := initialTDES(m.Block().(*des.Cipher), ksn)
	s.finish(bdk.Key(), ksn, left, right, formOf(bdk.Key()))
	return nil
}

func (s *tdesState) finish(parent crypto.Key, ksn KSN, left, right uint64, form des.Form) {
	s.parent = parent
	s.left, s.right = walk(form, left, right, ksn.register(), ksn.Counter())
	s.ready = true
}

func formOf(k crypto.Key) des.Form {
	if k.TableDES() {
		return des.Table
	}
	return des.ConstantTime
}

// walk goes from the initial key to the transaction key, one non-reversible step for each counter bit set, highest
// first (X9.24-1 A.3).
func walk(form des.Form, left, right, register uint64, counter uint32) (uint64, uint64) {
	for counter != 0 {
		bit := uint32(1) << (31 - bits.LeadingZeros32(counter))
		counter &^= bit
		register |= uint64(bit)
		left, right = step(form, left, right, register)
	}
	return left, right
}

// step is the non-reversible key generation process: the register goes through each half of the key, masked and not.
// The masked half needs no schedule of its own, because schedules are linear.
func step(form des.Form, left, right, register uint64) (uint64, uint64) {
	const mask = 0xc0c0c0c0_00000000
	var k, masked des.Schedule
	form.Expand(&k, left)
	masked.Xor(&k, &variantC0)
	newRight, newLeft := form.EncryptTwo(&k, &masked, register^right, register^right^mask)
	return newLeft ^ right ^ mask, newRight ^ right
}

// Wipe forgets the transaction key.
func (t *TDES) Wipe() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.reach != nil {
		s := t.reach()
		s.left, s.right, s.ready = 0, 0, false
	}
}

// PIN returns the key PIN blocks are encrypted under: usage P0. Before Derive it is crypto.ErrNoKey, as for the others.
func (t *TDES) PIN() (crypto.PINKey, error) {
	k, err := t.working(maskPIN, crypto.UsagePIN, crypto.ModeEncryptDecrypt)
	if err != nil {
		return crypto.PINKey{}, err
	}
	return crypto.NewPINKey(k)
}

// MAC returns a MAC key for the algorithm the usage stands for: crypto.UsageMAC3 for the retail MAC, which is what
// X9.24-1 has in mind, crypto.UsageCMAC and others where the parties agreed on them.
func (t *TDES) MAC(d Direction, usage crypto.Usage) (crypto.MACKey, error) {
	mask := uint64(maskMACRequest)
	if d == Response {
		mask = maskMACResponse
	}
	if err := d.check(); err != nil {
		return crypto.MACKey{}, err
	}
	k, err := t.working(mask, usage, crypto.ModeGenerateVerify)
	if err != nil {
		return crypto.MACKey{}, err
	}
	return crypto.NewMACKey(k)
}

// Data returns a data encryption key: usage D0. The masked transaction key is encrypted under itself, half by half.
func (t *TDES) Data(d Direction) (crypto.DataKey, error) {
	if err := d.check(); err != nil {
		return crypto.DataKey{}, err
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	s := t.state()
	if !s.ready {
		return crypto.DataKey{}, crypto.ErrNoKey
	}
	mask := uint64(maskDataRequest)
	if d == Response {
		mask = maskDataResponse
	}
	var key [16]byte
	defer clear(key[:])
	binary.BigEndian.PutUint64(key[:], s.left^mask)
	binary.BigEndian.PutUint64(key[8:], s.right^mask)
	var c des.Cipher
	c.Init(key[:], formOf(s.parent))
	defer c.Wipe()
	c.Encrypt(key[:8], key[:8])
	c.Encrypt(key[8:], key[8:])
	k, err := s.derive(key[:], crypto.UsageData, crypto.ModeEncryptDecrypt)
	if err != nil {
		return crypto.DataKey{}, err
	}
	return crypto.NewDataKey(k)
}

// LegacyData returns the PIN key as a data key. Some card readers encrypt track data under the PIN key, against X9.24-1.
// A base key without AllowLegacyData is crypto.ErrUsage: under it PIN blocks could be decrypted as data.
func (t *TDES) LegacyData() (crypto.DataKey, error) {
	if err := t.legacy(); err != nil {
		return crypto.DataKey{}, err
	}
	k, err := t.working(maskPIN, crypto.UsageData, crypto.ModeEncryptDecrypt)
	if err != nil {
		return crypto.DataKey{}, err
	}
	return crypto.NewDataKey(k)
}

func (t *TDES) legacy() error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	s := t.state()
	switch {
	case !s.ready:
		return crypto.ErrNoKey
	case !s.parent.Permits(keymaterial.LegacyData):
		return &crypto.UsageError{Key: s.parent.Attributes(), Want: "legacy data keys, without dukpt.AllowLegacyData"}
	}
	return nil
}

func (t *TDES) working(mask uint64, usage crypto.Usage, mode crypto.Mode) (crypto.Key, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	s := t.state()
	if !s.ready {
		return crypto.Key{}, crypto.ErrNoKey
	}
	var key [16]byte
	defer clear(key[:])
	binary.BigEndian.PutUint64(key[:], s.left^mask)
	binary.BigEndian.PutUint64(key[8:], s.right^mask)
	return s.derive(key[:], usage, mode)
}

func (s *tdesState) derive(key []byte, usage crypto.Usage, mode crypto.Mode) (crypto.Key, error) {
	a := crypto.Attributes{Usage: usage, Algorithm: crypto.TDES, Mode: mode, Export: crypto.NonExportable}
	return s.parent.Derive(keymaterial.Grant(), a, key)
}
