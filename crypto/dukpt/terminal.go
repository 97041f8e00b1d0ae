package dukpt

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// A TDESTerminal is the device side of Triple DES DUKPT: the 21 future-key registers of X9.24-1 annex A. It belongs to
// one goroutine. The zero value has no keys: crypto.ErrNoKey.
type TDESTerminal struct {
	reach func() *terminal
}

// An AESTerminal is the device side of AES DUKPT: the 32 intermediate derivation key registers of X9.24-3. It belongs
// to one goroutine. The zero value has no keys: crypto.ErrNoKey.
type AESTerminal struct {
	reach func() *terminal
}

type terminal struct {
	registers registers
	options   crypto.Key // holds no secret; working keys inherit its options
}

// NewTDESTerminal loads the registers from the initial key, which the device should then forget. The counter of the
// number is ignored: the first transaction has counter 1. Errors: ErrKSN, crypto.ErrUsage, crypto.ErrDestroyed.
func NewTDESTerminal(ik crypto.InitialKey, ksn KSN) (*TDESTerminal, error) {
	t, err := load(ik, ksn, tdesLength, tdesCounter, tdesStepper(ik.Key()))
	if err != nil {
		return nil, err
	}
	return &TDESTerminal{func() *terminal { return t }}, nil
}

// NewAESTerminal loads the registers from the initial key, which the device should then forget. The counter of the
// number is ignored. Errors: ErrKSN, crypto.ErrUsage, crypto.ErrDestroyed.
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
	if err := match(ik.Key(), ksn); err != nil {
		return nil, err
	}
	if ksn.length != length {
		return nil, ErrKSN
	}
	if length == tdesLength && ik.Bits() != 128 {
		return nil, crypto.ErrKeyLength
	}
	t := new(terminal)
	if t.options, err = optionsOf(ik.Key()); err != nil {
		return nil, err
	}
	t.registers.load(m.Bytes(), ksn, counter, step)
	return t, nil
}

// optionsOf makes a key of zeros with the options of k, so that the terminal need not keep k itself.
func optionsOf(k crypto.Key) (crypto.Key, error) {
	a := crypto.Attributes{
		Usage: crypto.UsageInitialKey, Algorithm: k.Attributes().Algorithm,
		Mode: crypto.ModeDerive, Export: crypto.NonExportable,
	}
	return k.Derive(keymaterial.Grant(), a, make([]byte, 16))
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
	block, err := aes.NewCipher(parent)
	if err != nil {
		panic("dukpt: bug: " + err.Error())
	}
	deriveAES(block, child, transactionData(usageDerivation, sameType(len(child)), ksn, counter))
}

// Next makes the next transaction: it fills tx, forgets the keys that could tell it later, and returns the key serial
// number to send. The state must be sealed before the transaction is used when it has to survive a loss of power.
// After the last transaction it is ErrExhausted.
func (t *TDESTerminal) Next(tx *TDES) (KSN, error) {
	if t.reach == nil || t.reach().registers.size == 0 {
		return KSN{}, crypto.ErrNoKey
	}
	s := t.reach()
	var key [16]byte
	defer clear(key[:])
	ksn, err := s.registers.next(key[:], tdesStepper(s.options))
	if err != nil {
		return ksn, err
	}
	x := tx.state()
	x.left, x.right = halves(key[:])
	x.parent, x.ready = s.options, true
	return ksn, nil
}

// Next makes the next transaction, as TDESTerminal.Next does.
func (t *AESTerminal) Next(tx *AES) (KSN, error) {
	if t.reach == nil || t.reach().registers.size == 0 {
		return KSN{}, crypto.ErrNoKey
	}
	s, x := t.reach(), tx.state()
	x.wipe()
	ksn, err := s.registers.next(x.key[:s.registers.size], aesStep)
	if err != nil {
		return ksn, err
	}
	x.parent, x.ksn, x.size = s.options, ksn, s.registers.size
	return ksn, nil
}

// KSN returns the number of the transaction made last; its counter is zero before the first.
func (t *TDESTerminal) KSN() KSN { return ksnOf(t.reach) }

// KSN returns the number of the transaction made last; its counter is zero before the first.
func (t *AESTerminal) KSN() KSN { return ksnOf(t.reach) }

func ksnOf(reach func() *terminal) KSN {
	if reach == nil {
		return KSN{}
	}
	return reach().registers.ksn
}

// Seal appends the state, encrypted and authenticated, to dst. A state that is sealed once and restored twice makes the
// same transactions twice: keep only the last, and count on the storage not to bring an older one back.
func (t *TDESTerminal) Seal(dst []byte, aead cipher.AEAD) ([]byte, error) {
	return sealTerminal(t.reach, dst, aead)
}

// Seal appends the state, as TDESTerminal.Seal does.
func (t *AESTerminal) Seal(dst []byte, aead cipher.AEAD) ([]byte, error) {
	return sealTerminal(t.reach, dst, aead)
}

func sealTerminal(reach func() *terminal, dst []byte, aead cipher.AEAD) ([]byte, error) {
	if reach == nil || reach().registers.size == 0 {
		return dst, crypto.ErrNoKey
	}
	return reach().registers.seal(dst, aead), nil
}

// OpenTDESTerminal restores a sealed state. Whatever is wrong with it is crypto.ErrVerify.
func OpenTDESTerminal(sealed []byte, aead cipher.AEAD, options ...crypto.Option) (*TDESTerminal, error) {
	t, err := openTerminal(sealed, aead, tdesLength, crypto.TDES, options)
	if err != nil {
		return nil, err
	}
	return &TDESTerminal{func() *terminal { return t }}, nil
}

// OpenAESTerminal restores a sealed state. Whatever is wrong with it is crypto.ErrVerify.
func OpenAESTerminal(sealed []byte, aead cipher.AEAD, options ...crypto.Option) (*AESTerminal, error) {
	t, err := openTerminal(sealed, aead, aesLength, crypto.AES, options)
	if err != nil {
		return nil, err
	}
	return &AESTerminal{func() *terminal { return t }}, nil
}

func openTerminal(sealed []byte, aead cipher.AEAD, length uint8, a crypto.Algorithm, options []crypto.Option) (*terminal, error) {
	attributes := crypto.Attributes{
		Usage: crypto.UsageInitialKey, Algorithm: a, Mode: crypto.ModeDerive, Export: crypto.NonExportable,
	}
	zeros, err := crypto.NewKey(keymaterial.Grant(), attributes, make([]byte, 16),
		append(options[:len(options):len(options)], crypto.AllowWeak)...)
	if err != nil {
		return nil, err
	}
	t := &terminal{options: zeros}
	if err := t.registers.open(sealed, aead, length); err != nil {
		return nil, err
	}
	return t, nil
}

// Wipe forgets all keys.
func (t *TDESTerminal) Wipe() { wipeTerminal(t.reach) }

// Wipe forgets all keys.
func (t *AESTerminal) Wipe() { wipeTerminal(t.reach) }

func wipeTerminal(reach func() *terminal) {
	if reach != nil {
		reach().registers.wipe()
	}
}
