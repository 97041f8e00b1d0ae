package dukpt

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"math/bits"
	"sync"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// KeyType is the kind of a working key of AES DUKPT. X9.24-3 table 2.
type KeyType uint8

// The key types of X9.24-3 table 2 with their lengths.
const (
	AES128 KeyType = iota + 1
	AES192
	AES256
	TDES2   // double-length Triple DES
	TDES3   // triple-length Triple DES
	HMAC128 // HMAC with a key of 128 bits
	HMAC192
	HMAC256
)

// String returns the name, as in "AES-128".
func (kt KeyType) String() string {
	names := [...]string{"none", "AES-128", "AES-192", "AES-256", "2TDEA", "3TDEA", "HMAC-128", "HMAC-192", "HMAC-256"}
	if int(kt) >= len(names) {
		return "unknown"
	}
	return names[kt]
}

// forms holds, for each key type, the code and the number of bits in the derivation data, the strength that must not
// exceed the initial key's, and the algorithm of the key.
var forms = [...]struct {
	code, bits, strength uint16
	algorithm            crypto.Algorithm
}{
	AES128:  {2, 128, 128, crypto.AES},
	AES192:  {3, 192, 192, crypto.AES},
	AES256:  {4, 256, 256, crypto.AES},
	TDES2:   {0, 128, 80, crypto.TDES},
	TDES3:   {1, 192, 112, crypto.TDES},
	HMAC128: {5, 128, 128, crypto.HMAC},
	HMAC192: {5, 192, 192, crypto.HMAC},
	HMAC256: {5, 256, 256, crypto.HMAC},
}

// Key usage indicators of the derivation data (X9.24-3 table 1).
const (
	usageKEK        = 0x0002
	usagePIN        = 0x1000
	usageMAC        = 0x2000 // + direction
	usageData       = 0x3000 // + direction
	usageDerivation = 0x8000
	usageInitial    = 0x8001
)

// updateCounter is the counter that stands for the key update; no transaction has it.
const updateCounter = 0xffffffff

// derivationData is the block encrypted to derive a key (X9.24-3 table 3).
type derivationData [16]byte

func newData(usage uint16, t KeyType) derivationData {
	d := derivationData{0: 1, 1: 1}
	binary.BigEndian.PutUint16(d[2:], usage)
	binary.BigEndian.PutUint16(d[4:], forms[t].code)
	binary.BigEndian.PutUint16(d[6:], forms[t].bits)
	return d
}

// initialData is for the initial key of n bytes: it holds the whole device number.
func initialData(ksn KSN, n int) derivationData {
	d := newData(usageInitial, sameType(n))
	copy(d[8:], ksn.bytes[:8])
	return d
}

// transactionData is for everything below the initial key: the second half of the device number, and the counter.
func transactionData(usage uint16, t KeyType, ksn KSN, counter uint32) derivationData {
	d := newData(usage, t)
	copy(d[8:12], ksn.bytes[4:8])
	binary.BigEndian.PutUint32(d[12:], counter)
	return d
}

// sameType returns the AES key type of n bytes.
func sameType(n int) KeyType { return AES128 + KeyType(n-16)/8 }

// cipherOf makes a cipher of a key whose length is that of another AES key.
func cipherOf(key []byte) cipher.Block {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("dukpt: bug: " + err.Error())
	}
	return block
}

// deriveAES fills key with the derivation data encrypted, one block after the other, the last one cut.
func deriveAES(block cipher.Block, key []byte, d derivationData) {
	var out [16]byte
	for len(key) > 0 {
		block.Encrypt(out[:], d[:])
		key = key[copy(key, out[:]):]
		d[1]++
	}
	clear(out[:])
}

// AES is one transaction of AES DUKPT (X9.24-3). The zero AES is ready for Derive and may be reused. It is safe for
// concurrent use, though one transaction at a time is in it.
type AES struct {
	mutex sync.Mutex
	// reach is a closure so that nothing that prints by reflection sees the key.
	reach func() *aesState
}

type aesState struct {
	parent crypto.Key
	ksn    KSN
	key    [32]byte          // the derivation key of the transaction
	size   int               // its length in bytes; 0 before Derive
	data   [2]derivationData // for the two blocks of a key
}

// state needs the lock.
func (t *AES) state() *aesState {
	if t.reach == nil {
		s := new(aesState)
		t.reach = func() *aesState { return s }
	}
	return t.reach()
}

// Derive derives the transaction of the number from the device's initial key. Errors: ErrKSN for a number without a
// transaction key or of Triple DES, crypto.ErrUsage, crypto.ErrDestroyed.
func (t *AES) Derive(ik crypto.InitialKey, ksn KSN) error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	s := t.state()
	s.wipe()
	if err := ksn.Valid(); err != nil {
		return err
	}
	m, err := ik.Open(keymaterial.Grant(), crypto.OpDerive)
	if err != nil {
		return err
	}
	defer m.Release()
	if err := matchKind(ik.Key(), ksn, aesLength); err != nil {
		return err
	}
	s.walk(ik.Key(), m.Block(), ksn)
	return nil
}

// DeriveFromBDK does Initial and Derive in one, without making a key of the initial key.
func (t *AES) DeriveFromBDK(bdk crypto.BDK, ksn KSN) error {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	s := t.state()
	s.wipe()
	if err := ksn.Valid(); err != nil {
		return err
	}
	m, err := bdk.Open(keymaterial.Grant(), crypto.OpDerive)
	if err != nil {
		return err
	}
	defer m.Release()
	if err := matchKind(bdk.Key(), ksn, aesLength); err != nil {
		return err
	}
	var ik [32]byte
	defer clear(ik[:])
	n := bdk.Bits() / 8
	deriveAES(m.Block(), ik[:n], initialData(ksn, n))
	s.walk(bdk.Key(), cipherOf(ik[:n]), ksn)
	return nil
}

// walk goes from the initial key to the derivation key of the transaction, one step for each counter bit set, highest
// first (X9.24-3 6.3.3). Blocks are encrypted straight into the key: its length in whole blocks is at most 32 bytes,
// and the cipher made of the key before has its own copy.
func (s *aesState) walk(parent crypto.Key, block cipher.Block, ksn KSN) {
	n := parent.Bits() / 8
	s.data[0] = transactionData(usageDerivation, sameType(n), ksn, 0)
	s.data[1] = s.data[0]
	s.data[1][1] = 2
	rest := s.nextBit(ksn.Counter())
	for {
		block.Encrypt(s.key[:16], s.data[0][:])
		if n > 16 {
			block.Encrypt(s.key[16:], s.data[1][:])
		}
		if rest == 0 {
			break
		}
		rest = s.nextBit(rest)
		block = cipherOf(s.key[:n])
	}
	clear(s.key[n:])
	s.parent, s.ksn, s.size = parent, ksn, n
}

// nextBit moves the highest bit of rest into the counter of the derivation data and returns what is left. It comes
// before the key schedule it does not depend on, so that the processor has the data ready by then.
func (s *aesState) nextBit(rest uint32) uint32 {
	bit := uint32(1) << (31 - bits.LeadingZeros32(rest))
	for i := range s.data {
		counter := s.data[i][12:]
		binary.BigEndian.PutUint32(counter, binary.BigEndian.Uint32(counter)|bit)
	}
	return rest &^ bit
}

func (s *aesState) wipe() {
	clear(s.key[:])
	s.size = 0
}

// Wipe forgets the transaction.
func (t *AES) Wipe() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.reach != nil {
		t.reach().wipe()
	}
}

// PIN returns the key PIN blocks are encrypted under: usage P0. Errors of the working keys: crypto.ErrNoKey before
// Derive, crypto.ErrWeakKey for a key stronger than the initial key (X9.24-3 6.1), crypto.ErrUnsupported for a key type
// that makes no sense.
func (t *AES) PIN(kt KeyType) (crypto.PINKey, error) {
	k, err := t.working(usagePIN, kt, crypto.UsagePIN, crypto.ModeEncryptDecrypt)
	if err != nil {
		return crypto.PINKey{}, err
	}
	return crypto.NewPINKey(k)
}

// MAC returns a MAC key for the algorithm the usage stands for: crypto.UsageCMAC for AES, crypto.UsageHMAC for HMAC,
// any of M0 to M8 for Triple DES.
func (t *AES) MAC(d Direction, kt KeyType, usage crypto.Usage) (crypto.MACKey, error) {
	if err := d.check(); err != nil {
		return crypto.MACKey{}, err
	}
	k, err := t.working(usageMAC+uint16(d), kt, usage, crypto.ModeGenerateVerify)
	if err != nil {
		return crypto.MACKey{}, err
	}
	return crypto.NewMACKey(k)
}

// Data returns a data encryption key: usage D0.
func (t *AES) Data(d Direction, kt KeyType) (crypto.DataKey, error) {
	if err := d.check(); err != nil {
		return crypto.DataKey{}, err
	}
	k, err := t.working(usageData+uint16(d), kt, crypto.UsageData, crypto.ModeEncryptDecrypt)
	if err != nil {
		return crypto.DataKey{}, err
	}
	return crypto.NewDataKey(k)
}

// KEK returns a key encryption key: usage K0.
func (t *AES) KEK(kt KeyType) (crypto.KEK, error) {
	k, err := t.working(usageKEK, kt, crypto.UsageKEK, crypto.ModeEncryptDecrypt)
	if err != nil {
		return crypto.KEK{}, err
	}
	return crypto.NewKEK(k)
}

func (t *AES) working(usage uint16, kt KeyType, u crypto.Usage, mode crypto.Mode) (crypto.Key, error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	s := t.state()
	if s.size == 0 {
		return crypto.Key{}, crypto.ErrNoKey
	}
	return derive(s.parent, s.key[:s.size], transactionData(usage, kt.known(), s.ksn, s.ksn.Counter()), kt, u, mode)
}

// known replaces key types without an entry, which derive refuses.
func (kt KeyType) known() KeyType {
	if kt == 0 || int(kt) >= len(forms) {
		return AES128
	}
	return kt
}

func derive(parent crypto.Key, from []byte, d derivationData, kt KeyType, u crypto.Usage, mode crypto.Mode) (crypto.Key, error) {
	f := forms[kt.known()]
	switch {
	case kt != kt.known(), f.algorithm == crypto.HMAC && u != crypto.UsageHMAC, f.algorithm != crypto.HMAC && u == crypto.UsageHMAC:
		return crypto.Key{}, fmt.Errorf("%w: key type %s for usage %s", crypto.ErrUnsupported, kt, u)
	case int(f.strength) > 8*len(from):
		return crypto.Key{}, fmt.Errorf("%w: a working key stronger than the initial key", crypto.ErrWeakKey)
	}
	var key [32]byte
	defer clear(key[:])
	n := int(f.bits) / 8
	deriveAES(cipherOf(from), key[:n], d)
	a := crypto.Attributes{Usage: u, Algorithm: f.algorithm, Mode: mode, Export: crypto.NonExportable}
	return parent.Derive(keymaterial.Grant(), a, key[:n])
}

// UpdateKey derives the key under which a new initial key goes to the device (X9.24-3 6.4, DUKPT update key): a
// key encryption key.
func UpdateKey(ik crypto.InitialKey, ksn KSN, kt KeyType) (crypto.KEK, error) {
	m, err := ik.Open(keymaterial.Grant(), crypto.OpDerive)
	if err != nil {
		return crypto.KEK{}, err
	}
	defer m.Release()
	if err := matchKind(ik.Key(), ksn, aesLength); err != nil {
		return crypto.KEK{}, err
	}
	var s aesState
	defer s.wipe()
	s.walk(ik.Key(), m.Block(), ksn.WithCounter(updateCounter))
	d := transactionData(usageKEK, kt.known(), ksn, updateCounter)
	k, err := derive(ik.Key(), s.key[:s.size], d, kt, crypto.UsageKEK, crypto.ModeEncryptDecrypt)
	if err != nil {
		return crypto.KEK{}, err
	}
	return crypto.NewKEK(k)
}
