package dukpt

import (
	"encoding/binary"
	"sync"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// A TDESTerminal is the device side of Triple DES DUKPT: the 21 future-key registers of X9.24-1 annex A. It is safe for
// concurrent use: no two calls get the same transaction. The zero value has no keys: crypto.ErrNoKey.
type TDESTerminal struct {
	reach func() *terminal
}

// An AESTerminal is the device side of AES DUKPT: the 32 intermediate derivation key registers of X9.24-3 section 6.5.
// It is safe for concurrent use: no two calls get the same transaction. The zero value has no keys: crypto.ErrNoKey.
type AESTerminal struct {
	reach func() *terminal
}

type terminal struct {
	mutex     sync.Mutex
	registers registers
	step      stepper
	initial   crypto.Key // zeros instead of the initial key, with its options and whether it leaves; working keys inherit them
}

// NewTDESTerminal loads the registers from the initial key, which the device should then forget. The counter of the
// number is ignored: the first transaction has counter 1 (X9.24-1 annex A). Errors: ErrKSN, crypto.ErrUsage, crypto.ErrDestroyed.
func NewTDESTerminal(ik crypto.InitialKey, ksn KSN) (*TDESTerminal, error) {
	t, err := load(ik, ksn, tdesLength, tdesCounter, tdesStepper(ik.Key()))
	if err != nil {
		return nil, err
	}
	return &TDESTerminal{func() *terminal { return t }}, nil
}

// NewAESTerminal loads the registers from the initial key, which the device should then forget. The counter of the
// number is ignored. X9.24-3 section 6.5. Errors: ErrKSN, crypto.ErrUsage, crypto.ErrDestroyed.
func NewAESTerminal(ik crypto.InitialKey, ksn KSN) (*AESTerminal, error) {
	t, err := load(ik, ksn, aesLength, aesCounter, aesStep)
	if err != nil {
		return nil, err
	}
	return &AESTerminal{func() *terminal { return t }}, nil
}

func load(ik crypto.InitialKey, ksn KSN, length uint8, counter int, step stepper) (*terminal, error) {
	m, err := ik.Open(keymaterial.Grant(), crypto.OpDerive)
	if err != nil {
		return nil, err
	}
	defer m.Release()
	if err := matchKind(ik.Key(), ksn, length); err != nil {
		return nil, err
	}
	if length == tdesLength && ik.Bits() != 128 {
		return nil, crypto.ErrKeyLength
	}
	t := &terminal{step: step}
	if t.initial, err = emptied(ik.Key()); err != nil {
		return nil, err
	}
	t.registers.load(m.Bytes(), ksn, counter, step)
	return t, nil
}

// emptied makes a key of zeros with the options, the exportability and the length of the initial key, so that the terminal
// need not keep that.
func emptied(ik crypto.Key) (crypto.Key, error) {
	a := crypto.Attributes{
		Usage: crypto.UsageInitialKey, Algorithm: ik.Attributes().Algorithm,
		Mode: crypto.ModeDerive, Export: ik.Attributes().Export,
	}
	return ik.Emptied(keymaterial.Grant(), a)
}

func tdesStepper(options crypto.Key) stepper {
	form := formOf(options)
	return func(child, parent []byte, ksn KSN, counter uint32) {
		left, right := halves(parent)
		left, right = step(form, left, right, ksn.register()|uint64(counter))
		binary.BigEndian.PutUint64(child, left)
		binary.BigEndian.PutUint64(child[8:], right)
	}
}

func aesStep(child, parent []byte, ksn KSN, counter uint32) {
	deriveAES(cipherOf(parent), child, transactionData(usageDerivation, sameType(len(child)), ksn, counter))
}

// Next makes the next transaction: it fills tx, forgets the keys that could tell it later, and returns the key serial
// number to send. A device whose state has to survive a loss of power uses NextSealed instead, or the same transaction
// comes again. After the last transaction it is ErrExhausted. X9.24-1 annex A.
func (t *TDESTerminal) Next(tx *TDES) (KSN, error) {
	ksn, _, err := t.next(tx, nil, nil)
	return ksn, err
}

// NextSealed is Next for a device that keeps its state: it appends the state after the transaction, sealed as by Seal, to
// dst. Write that where it lasts before anything encrypted under the transaction leaves the device; of calls at the same
// time the state with the highest number must be the one that stays. When sealing fails the transaction is not made.
func (t *TDESTerminal) NextSealed(tx *TDES, dst []byte, key crypto.KEK) (KSN, []byte, error) {
	return t.next(tx, dst, &key)
}

func (t *TDESTerminal) next(tx *TDES, dst []byte, seal *crypto.KEK) (KSN, []byte, error) {
	if t.reach == nil {
		return KSN{}, dst, crypto.ErrNoKey
	}
	var key [16]byte
	defer clear(key[:])
	s := t.reach()
	ksn, dst, err := s.next(key[:], dst, seal)
	if err != nil {
		return ksn, dst, err
	}
	tx.mutex.Lock()
	defer tx.mutex.Unlock()
	x := tx.state()
	x.left, x.right = halves(key[:])
	x.parent, x.ready = s.initial, true
	return ksn, dst, nil
}

// Next makes the next transaction, as TDESTerminal.Next does. X9.24-3 section 6.5.
func (t *AESTerminal) Next(tx *AES) (KSN, error) {
	ksn, _, err := t.next(tx, nil, nil)
	return ksn, err
}

// NextSealed makes the next transaction and seals the state, as TDESTerminal.NextSealed does.
func (t *AESTerminal) NextSealed(tx *AES, dst []byte, key crypto.KEK) (KSN, []byte, error) {
	return t.next(tx, dst, &key)
}

func (t *AESTerminal) next(tx *AES, dst []byte, seal *crypto.KEK) (KSN, []byte, error) {
	if t.reach == nil {
		return KSN{}, dst, crypto.ErrNoKey
	}
	var key [32]byte
	defer clear(key[:])
	s := t.reach()
	ksn, dst, err := s.next(key[:], dst, seal)
	if err != nil {
		return ksn, dst, err
	}
	tx.mutex.Lock()
	defer tx.mutex.Unlock()
	x := tx.state()
	x.wipe()
	x.key, x.parent, x.ksn, x.size = key, s.initial, ksn, s.initial.Bits()/8
	return ksn, dst, nil
}

// next moves on to the next transaction, copies its key, and seals the state behind it if asked.
func (s *terminal) next(key, dst []byte, seal *crypto.KEK) (KSN, []byte, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.registers.size == 0 {
		return KSN{}, dst, crypto.ErrNoKey
	}
	if seal == nil {
		ksn, err := s.registers.next(key[:s.registers.size], s.step)
		return ksn, dst, err
	}
	after := s.registers
	defer after.wipe()
	ksn, err := after.next(key[:after.size], s.step)
	if err != nil {
		return ksn, dst, err
	}
	sealed, err := s.seal(&after, dst, *seal)
	if err != nil {
		clear(key)
		return KSN{}, dst, err
	}
	s.registers = after
	return ksn, sealed, nil
}

// KSN returns the number of the transaction made last; its counter is zero before the first. X9.24-1 section 7.
func (t *TDESTerminal) KSN() KSN { return ksnOf(t.reach) }

// KSN returns the number of the transaction made last; its counter is zero before the first. X9.24-3 section 6.1.
func (t *AESTerminal) KSN() KSN { return ksnOf(t.reach) }

func ksnOf(reach func() *terminal) KSN {
	if reach == nil {
		return KSN{}
	}
	s := reach()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.registers.ksn
}

// Wipe forgets all keys.
func (t *TDESTerminal) Wipe() { wipeTerminal(t.reach) }

// Wipe forgets all keys.
func (t *AESTerminal) Wipe() { wipeTerminal(t.reach) }

func wipeTerminal(reach func() *terminal) {
	if reach == nil {
		return
	}
	s := reach()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.registers.wipe()
}
