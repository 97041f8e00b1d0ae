package dukpt

import (
	"fmt"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// Purpose says which of a transaction's keys a Reference is. X9.24-1 table A-1, X9.24-3 table 1.
type Purpose uint8

// The purposes. X9.24-1 table A-1, X9.24-3 table 1.
const (
	ForPIN Purpose = iota + 1
	ForMAC
	ForData
)

// A Reference is a key of one transaction, as software providers and adaptors of hardware security modules take it where
// they take a crypto.KeyRef: pinblock.Encrypted.Key, the key of a crypto.MACer or crypto.Encrypter. Software derives the key
// for the call and destroys it; an adaptor sends base key and number along. Whether the number was seen before is for a
// Window to say. It is comparable if Base is. X9.24-1, X9.24-3.
type Reference struct {
	// Base is the base derivation key, or the device's initial key: for software a crypto.BDK, crypto.InitialKey or
	// crypto.Key, for an adaptor a reference of its own.
	Base crypto.KeyRef
	KSN  KSN

	Purpose   Purpose
	Direction Direction // of MACs and data

	// Type is the type of an AES DUKPT key; 0 is AES128. Triple DES DUKPT has one type, and takes 0.
	Type KeyType

	// MAC is what a MAC key is used with; 0 is the retail MAC for Triple DES, CMAC for AES and HMAC for HMAC keys.
	MAC crypto.Usage
}

var _ crypto.Deriver = Reference{}

// Attributes says what the key is for; a Reference that makes no sense has the zero Attributes. X9.143 section 6.2.
func (r Reference) Attributes() crypto.Attributes {
	a := crypto.Attributes{Usage: r.usage(), Mode: crypto.ModeEncryptDecrypt, Algorithm: r.algorithm(), Export: crypto.NonExportable}
	if r.Purpose == ForMAC {
		a.Mode = crypto.ModeGenerateVerify
	}
	if a.Usage == 0 || a.Algorithm == 0 {
		return crypto.Attributes{}
	}
	return a
}

func (r Reference) algorithm() crypto.Algorithm {
	switch t := r.keyType(); {
	case !r.KSN.IsAES() && r.Type == 0:
		return crypto.TDES
	case r.KSN.IsAES() && int(t) < len(forms):
		return forms[t].algorithm
	}
	return 0
}

func (r Reference) keyType() KeyType {
	if r.Type == 0 {
		return AES128
	}
	return r.Type
}

func (r Reference) usage() crypto.Usage {
	switch {
	case r.Purpose == ForPIN:
		return crypto.UsagePIN
	case r.Purpose == ForData:
		return crypto.UsageData
	case r.Purpose != ForMAC:
		return 0
	case r.MAC != 0:
		return r.MAC
	}
	switch r.algorithm() {
	case crypto.AES:
		return crypto.UsageCMAC
	case crypto.HMAC:
		return crypto.UsageHMAC
	}
	return crypto.UsageMAC3
}

// DeriveKey returns the key, for whoever may reach key material; he destroys it. Errors: crypto.ErrKeyRef for a base of
// another provider, crypto.ErrUnsupported for a Reference that makes no sense, ErrKSN, and those of TDES and AES.
func (r Reference) DeriveKey(token keymaterial.Token) (crypto.Key, error) {
	if !token.Granted() {
		return crypto.Key{}, crypto.ErrUsage
	}
	if r.Attributes() == (crypto.Attributes{}) {
		return crypto.Key{}, fmt.Errorf("%w: no key of a transaction", crypto.ErrUnsupported)
	}
	if r.KSN.IsAES() {
		return r.deriveAES()
	}
	return r.deriveTDES()
}

// A transaction is TDES or AES.
type transaction interface {
	Derive(crypto.InitialKey, KSN) error
	DeriveFromBDK(crypto.BDK, KSN) error
}

func (r Reference) derive(t transaction) error {
	switch base := r.Base.(type) {
	case crypto.BDK:
		return t.DeriveFromBDK(base, r.KSN)
	case crypto.InitialKey:
		return t.Derive(base, r.KSN)
	case crypto.Key:
		if initial, err := crypto.NewInitialKey(base); err == nil {
			return t.Derive(initial, r.KSN)
		}
		bdk, err := crypto.NewBDK(base)
		if err != nil {
			return err
		}
		return t.DeriveFromBDK(bdk, r.KSN)
	}
	return crypto.ErrKeyRef
}

func (r Reference) deriveTDES() (crypto.Key, error) {
	var t TDES
	defer t.Wipe()
	if err := r.derive(&t); err != nil {
		return crypto.Key{}, err
	}
	switch r.Purpose {
	case ForPIN:
		return untyped(t.PIN())
	case ForMAC:
		return untyped(t.MAC(r.Direction, r.usage()))
	}
	return untyped(t.Data(r.Direction))
}

func (r Reference) deriveAES() (crypto.Key, error) {
	var t AES
	defer t.Wipe()
	if err := r.derive(&t); err != nil {
		return crypto.Key{}, err
	}
	switch r.Purpose {
	case ForPIN:
		return untyped(t.PIN(r.keyType()))
	case ForMAC:
		return untyped(t.MAC(r.Direction, r.keyType(), r.usage()))
	}
	return untyped(t.Data(r.Direction, r.keyType()))
}

func untyped[K interface{ Key() crypto.Key }](k K, err error) (crypto.Key, error) {
	if err != nil {
		return crypto.Key{}, err
	}
	return k.Key(), nil
}
