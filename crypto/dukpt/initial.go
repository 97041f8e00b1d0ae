package dukpt

import (
	"encoding/binary"
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/internal/des"
	"github.com/posline/posline/internal/keymaterial"
)

// Initial derives the initial key of a device (IPEK, IK) from a base derivation key: a Triple DES key with a 10-byte
// number (X9.24-1 annex A), an AES key with a 12-byte one (X9.24-3 section 6.3.2). The counter is ignored. The initial
// key may leave as far as the base key may; see InitialExportable. Errors: ErrKSN when key and number do not go
// together, crypto.ErrUsage, crypto.ErrDestroyed.
func Initial(bdk crypto.BDK, ksn KSN) (crypto.InitialKey, error) {
	m, err := bdk.Open(keymaterial.Grant(), crypto.OpDerive)
	if err != nil {
		return crypto.InitialKey{}, err
	}
	defer m.Release()
	if err := match(bdk.Key(), ksn); err != nil {
		return crypto.InitialKey{}, err
	}
	a := crypto.Attributes{
		Usage: crypto.UsageInitialKey, Algorithm: bdk.Attributes().Algorithm,
		Mode: crypto.ModeDerive, Export: bdk.Attributes().Export,
	}
	if a.Export == crypto.NonExportable && bdk.Permits(keymaterial.InitialExports) {
		a.Export = crypto.Exportable
	}
	var key [32]byte
	defer clear(key[:])
	n := 16
	if ksn.IsAES() {
		n = bdk.Bits() / 8
		deriveAES(m.Block(), key[:n], initialData(ksn, n))
	} else {
		left, right := initialTDES(m.Block().(*des.Cipher), ksn)
		binary.BigEndian.PutUint64(key[:], left)
		binary.BigEndian.PutUint64(key[8:], right)
	}
	k, err := bdk.Derive(keymaterial.Grant(), a, key[:n])
	if err != nil {
		return crypto.InitialKey{}, err
	}
	return crypto.NewInitialKey(k)
}

// match checks that key and number are of the same kind.
func match(k crypto.Key, ksn KSN) error {
	switch a := k.Attributes().Algorithm; {
	case a == crypto.TDES && ksn.length == tdesLength && k.Bits() >= 128, a == crypto.AES && ksn.IsAES():
		return nil
	default:
		return fmt.Errorf("%w: %d bytes for a key of algorithm %s", ErrKSN, ksn.length, a)
	}
}

// variantC0 is the schedule of C0C0C0C000000000, the mask that X9.24-1 annex A puts on each half of a key.
var variantC0 = func() (s des.Schedule) {
	s.Expand(0xc0c0c0c0_00000000)
	return s
}()

// matchKind is match for one kind of DUKPT: that of numbers of the length.
func matchKind(k crypto.Key, ksn KSN, length uint8) error {
	if ksn.length != length {
		return fmt.Errorf("%w: %d bytes instead of %d", ErrKSN, ksn.length, length)
	}
	return match(k, ksn)
}

// initialTDES derives both halves of the initial key: the left eight bytes of the device's number encrypted under the
// base key, and under the base key with its parts masked.
func initialTDES(bdk *des.Cipher, ksn KSN) (left, right uint64) {
	device := ksn.Device()
	number := binary.BigEndian.Uint64(device.bytes[:])
	var masked des.Cipher
	masked.InitVariant(bdk, &variantC0)
	defer masked.Wipe()
	return bdk.EncryptBlock(number), masked.EncryptBlock(number)
}
