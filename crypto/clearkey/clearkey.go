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
	"slices"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// Import makes a key from its clear bytes, which it copies. Errors are those of crypto.NewKey: ErrAttributes,
// ErrKeyLength, ErrWeakKey, ErrParity, ErrFIPS, ErrNoCipher.
func Import(a crypto.Attributes, key []byte, options ...crypto.Option) (crypto.Key, error) {
	return crypto.NewKey(keymaterial.Grant(), a, key, options...)
}

// Export returns a copy of the key's clear bytes. Keys that are not exportable are crypto.ErrExport.
func Export(k crypto.Key) ([]byte, error) {
	m, err := k.Unguarded(keymaterial.Grant())
	if err != nil {
		return nil, err
	}
	defer m.Release()
	if k.Attributes().Export == crypto.NonExportable {
		return nil, crypto.ErrExport
	}
	return append([]byte(nil), m.Bytes()...), nil
}

// Combine makes a key from two or more components of the same length by xor (X9.24-1 full-length components). The
// components are read only. Fewer than two components, or unequal lengths, are crypto.ErrKeyLength; the other errors
// are those of Import.
func Combine(a crypto.Attributes, components [][]byte, options ...crypto.Option) (crypto.Key, error) {
	if len(components) < 2 {
		return crypto.Key{}, crypto.ErrKeyLength
	}
	key := make([]byte, len(components[0]))
	defer clear(key)
	for _, c := range components {
		if len(c) != len(key) {
			return crypto.Key{}, crypto.ErrKeyLength
		}
		subtle.XORBytes(key, key, c)
	}
	return Import(a, key, options...)
}

// Split returns n random components, 2 to 9, whose xor is the key. Errors are those of Export, and crypto.ErrUnsupported
// for another n.
func Split(k crypto.Key, n int) ([][]byte, error) {
	if n < 2 || n > 9 {
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
// The component may be weak as a key; that says nothing about the key it becomes a part of.
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
