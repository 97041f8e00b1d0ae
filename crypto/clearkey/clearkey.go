// Package clearkey is the one door through which clear key bytes go into a crypto.Key and out of it.
//
// A program that keeps its keys in key blocks, in a key store or in an HSM never imports it, and a reviewer finds every
// place where clear keys are handled by searching for its import path. [Import] and [Combine] are the names to begin
// with: whole keys for tests and simulators, components as key custodians bring them.
//
// What it does not do: wrapping (crypto/keyblock) and storage (crypto/keystore).
//
// # Security
//
// Whoever holds clear bytes holds the key. The slices passed in are copied, not wiped: clear them after use. Go can
// not promise that no copy stays in memory. Components must come from different people and must each be as long as
// the key.
package clearkey

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"slices"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// Import makes a key from its clear bytes, which it copies. Errors are those of crypto.NewKey: ErrAttributes,
// ErrKeyLength, ErrWeakKey, ErrParity, ErrFIPS, ErrNoCipher. Attributes are those of X9.143.
func Import(a crypto.Attributes, key []byte, options ...crypto.Option) (crypto.Key, error) {
	return crypto.NewKey(keymaterial.Grant(), a, key, options...)
}

// Export returns a copy of the key's clear bytes. A key that is not crypto.Sensitive is crypto.ErrExport: 'E' lets a key
// out in a key block only (X9.143 table 6). So is one that an option such as crypto.CarriesOnly or pinblock.OffsetMethod binds:
// it would come back without.
func Export(k crypto.Key) ([]byte, error) {
	m, err := k.OpenToLeave(keymaterial.Grant(), keymaterial.Bare)
	if err != nil {
		return nil, err
	}
	defer m.Release()
	return append([]byte(nil), m.Bytes()...), nil
}

// Combine makes a key from two to nine components of the same length by xor (X9.24-1 full-length components). The
// components are read only. Another number of components, or unequal lengths, are crypto.ErrKeyLength. Some of them
// whose xor is zero are crypto.ErrWeakKey: one was entered twice, or chosen to cancel the others out. A component of
// zeros does not count, so that two must be left; nor do parity bits of DES. The other errors are those of Import.
func Combine(a crypto.Attributes, components [][]byte, options ...crypto.Option) (crypto.Key, error) {
	return combine(a, components, func(key []byte) (crypto.Key, error) { return Import(a, key, options...) })
}

func combine(a crypto.Attributes, components [][]byte, newKey func([]byte) (crypto.Key, error)) (crypto.Key, error) {
	if len(components) < minimumComponents || len(components) > maximumComponents {
		return crypto.Key{}, crypto.ErrKeyLength
	}
	for _, c := range components {
		if len(c) != len(components[0]) {
			return crypto.Key{}, crypto.ErrKeyLength
		}
	}
	ignored := byte(0)
	if a.Algorithm == crypto.DES || a.Algorithm == crypto.TDES {
		ignored = 1
	}
	components = slices.DeleteFunc(slices.Clone(components), func(c []byte) bool { return isZero(c, ignored) })
	if len(components) < minimumComponents {
		return crypto.Key{}, crypto.ErrWeakKey
	}
	key := make([]byte, len(components[0]))
	defer clear(key)
	for some := 1; some < 1<<len(components); some++ { // the last round takes them all
		clear(key)
		for i, c := range components {
			if some>>i&1 == 1 {
				subtle.XORBytes(key, key, c)
			}
		}
		if isZero(key, ignored) {
			return crypto.Key{}, crypto.ErrWeakKey
		}
	}
	return newKey(key)
}

// isZero reports whether all bits are zero but those ignored in every byte.
func isZero(bytes []byte, ignored byte) bool {
	var all byte
	for _, b := range bytes {
		all |= b &^ ignored
	}
	return all == 0
}

// The number of components of one key.
const (
	minimumComponents = 2
	maximumComponents = 9
)

// CombineKeys is Combine for components that are keys themselves, as they come from key blocks: their versions are "c1"
// to "c9", all different (X9.143 table 5), and what the key is for is what the components are for, usage, algorithm, mode
// and exportability alike, without the version, with what options said of them, which must be alike too. Anything else is
// crypto.ErrAttributes. Options that add to that are crypto.ErrUsage.
func CombineKeys(components []crypto.Key, options ...crypto.Option) (crypto.Key, error) {
	if len(components) < minimumComponents {
		return crypto.Key{}, crypto.ErrKeyLength
	}
	a := components[0].Attributes()
	versions := map[string]bool{}
	var parts [][]byte
	for _, k := range components {
		m, err := k.Unguarded(keymaterial.Grant())
		if err != nil {
			return crypto.Key{}, err
		}
		defer m.Release()
		own := k.Attributes()
		if !own.Component() || versions[own.Version] {
			return crypto.Key{}, fmt.Errorf("%w: not a component, or the same one twice", crypto.ErrAttributes)
		}
		versions[own.Version] = true
		if a.Version = own.Version; a != own || !k.SameRules(components[0]) {
			return crypto.Key{}, fmt.Errorf("%w: components of different keys", crypto.ErrAttributes)
		}
		parts = append(parts, m.Bytes())
	}
	a.Version = ""
	return combine(a, parts, func(key []byte) (crypto.Key, error) {
		return crypto.Receive(keymaterial.Grant(), crypto.Arrival{Of: components[0]}, a, key, options...)
	})
}

// Split returns n random components, 2 to 9, whose xor is the key (X9.24-1). Errors are those of Export, and
// crypto.ErrUnsupported for another n.
func Split(k crypto.Key, n int) ([][]byte, error) {
	if n < minimumComponents || n > maximumComponents {
		return nil, crypto.ErrUnsupported
	}
	last, err := Export(k)
	if err != nil {
		return nil, err
	}
	components := make([][]byte, n)
	for i := range n - 1 {
		components[i] = make([]byte, len(last))
		rand.Read(components[i])
		subtle.XORBytes(last, last, components[i])
	}
	components[n-1] = last
	return components, nil
}

// CheckValue returns the check value of a component, so that a custodian can confirm what was typed: legacy, n bytes.
// The component may be weak as a key; that says nothing about the key it becomes a part of. X9.24-1 annex A.
func CheckValue(algorithm crypto.Algorithm, component []byte, n int, options ...crypto.Option) ([]byte, error) {
	a := crypto.Attributes{
		Usage: crypto.UsageKEK, Algorithm: algorithm, Mode: crypto.ModeEncrypt, Export: crypto.NonExportable,
	}
	k, err := Import(a, component, slices.Concat(options, []crypto.Option{crypto.AllowWeak})...)
	if err != nil {
		return nil, err
	}
	defer k.Destroy()
	return k.KCV(crypto.KCVLegacy, n)
}
