package crypto

import (
	"crypto/subtle"
	"fmt"

	"github.com/posline/posline/internal/keymaterial"
)

// This file decides for every operation of the module whether a key may leave. Exportability 'E' lets it out in a key
// block only, 'S' in any form, 'N' in none (X9.143 table 6). What may be kept at home is decided in home.go.

// OpenToLeave opens a key that is to leave; Release must follow. Only packages of this module can call it. Errors:
// ErrExport, ErrNoKey, ErrDestroyed.
func (k Key) OpenToLeave(token keymaterial.Token, by keymaterial.Exit) (*keymaterial.Material, error) {
	m, err := k.Unguarded(token)
	if err != nil {
		return nil, err
	}
	if !k.mayLeave(by) {
		m.Release()
		return nil, ErrExport
	}
	return m, nil
}

func (k Key) mayLeave(by keymaterial.Exit) bool {
	switch export := k.Attributes().Export; by {
	case keymaterial.KeyBlock:
		return export == Exportable || export == Sensitive
	case keymaterial.WeakBlock:
		return export == Sensitive
	}
	return k.Attributes().Export == Sensitive && !k.core().rules.bound() // rules can only go along in a key block
}

// CheckWrapping reports whether the key may be wrapped under another one: an ErrWeakKey when that is the same key or is
// weaker. Only packages of this module can call it. X9.24-1 section 7.
func (k Key) CheckWrapping(token keymaterial.Token, under Key) error {
	same, err := k.SameBytes(token, under)
	switch {
	case err != nil:
		return err
	case same:
		return fmt.Errorf("%w: a key wrapped under itself", ErrWeakKey)
	case under.Strength() < k.Strength():
		return fmt.Errorf("%w: the wrapping key is weaker than the key", ErrWeakKey)
	}
	return nil
}

// SameBytes reports whether both are the same key whatever their attributes. Parity bits of DES do not count, nor
// whether a double-length key is written long. Only packages of this module can call it.
func (k Key) SameBytes(token keymaterial.Token, other Key) (bool, error) {
	a, err := k.Unguarded(token)
	if err != nil {
		return false, err
	}
	defer a.Release()
	b, err := other.Unguarded(token)
	if err != nil {
		return false, err
	}
	defer b.Release()
	x, y := a.Bytes(), b.Bytes()
	if subtle.ConstantTimeCompare(x, y) == 1 {
		return true, nil
	}
	if !isDES(k.Attributes().Algorithm) || !isDES(other.Attributes().Algorithm) {
		return false, nil
	}
	var p, q [24]byte
	defer clear(p[:])
	defer clear(q[:])
	writeLong(&p, x)
	writeLong(&q, y)
	return subtle.ConstantTimeCompare(p[:], q[:]) == 1, nil
}

// writeLong writes a DES key of any length as a triple-length one, without parity.
func writeLong(dst *[24]byte, key []byte) {
	for i := range dst {
		dst[i] = key[i%len(key)] & 0xfe
	}
}

func isDES(a Algorithm) bool { return a == DES || a == TDES }
