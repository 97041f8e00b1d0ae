package payshield

import (
	"fmt"

	"github.com/posline/posline/crypto"
)

// KeyType is the type of a key under a variant local master key: a variant and the code of a pair of master keys, three
// characters. KeyBlock stands in its place for keys in key blocks.
type KeyType string

// The key types.
const (
	ZMK   KeyType = "000" // zone master key: key encryption
	ZPK   KeyType = "001" // zone PIN key
	TPK   KeyType = "002" // terminal PIN key; terminal master keys and PIN verification keys have the same type
	TMK   KeyType = "002"
	PVK   KeyType = "002"
	TPK2  KeyType = "70D" // terminal PIN key, kept apart as PCI wants it
	TMK2  KeyType = "80D" // terminal master key, kept apart
	IKEY  KeyType = "302" // initial key of a DUKPT terminal
	CVK   KeyType = "402"
	TAK   KeyType = "003" // terminal authentication key: MAC
	ZAK   KeyType = "008" // zone authentication key: MAC
	BDK   KeyType = "009"
	MKAC  KeyType = "109" // issuer master key: application cryptograms
	MKSMI KeyType = "209" // issuer master key: integrity of scripts
	MKSMC KeyType = "309" // issuer master key: confidentiality of scripts
	MKDAC KeyType = "409"
	MKDN  KeyType = "509"
	ZEK   KeyType = "00A" // zone encryption key: data
	DEK   KeyType = "00B"
	TEK   KeyType = "30B"

	KeyBlock KeyType = "FFF"
)

// usages are what keys of a type are for. The first type of a usage in typeOrder is what Generate makes and Import takes.
var usages = map[KeyType][]crypto.Usage{
	ZMK:   {crypto.UsageKEK, crypto.UsageKBPK},
	ZPK:   {crypto.UsagePIN},
	TPK:   {crypto.UsagePIN, crypto.UsagePVK3624, crypto.UsagePVKVisa, crypto.UsagePVKOther, crypto.UsageKEK, crypto.UsageKBPK},
	TPK2:  {crypto.UsagePIN},
	TMK2:  {crypto.UsageKEK, crypto.UsageKBPK},
	IKEY:  {crypto.UsageInitialKey},
	CVK:   {crypto.UsageCVK},
	TAK:   {crypto.UsageMAC3, crypto.UsageMAC1, crypto.UsageMACISO16609},
	ZAK:   {crypto.UsageMAC3, crypto.UsageMAC1, crypto.UsageMACISO16609},
	BDK:   {crypto.UsageBDK},
	MKAC:  {crypto.UsageEMVCryptogram},
	MKSMI: {crypto.UsageEMVIntegrity},
	MKSMC: {crypto.UsageEMVEncryption},
	MKDAC: {crypto.UsageEMVDataCode},
	MKDN:  {crypto.UsageEMVDynamic},
	ZEK:   {crypto.UsageData},
	DEK:   {crypto.UsageData},
	TEK:   {crypto.UsageData},
}

var typeOrder = []KeyType{ZMK, ZPK, PVK, IKEY, CVK, TAK, BDK, MKAC, MKSMI, MKSMC, MKDAC, MKDN, ZEK}

// Serves reports whether keys of the type are for the usage; those of a type that is not known never are.
func (t KeyType) Serves(u crypto.Usage) bool {
	if t == KeyBlock {
		return true
	}
	for _, own := range usages[t] {
		if own == u {
			return true
		}
	}
	return false
}

// KeyTypeOf returns the type that keys of a usage have unless somebody chooses another: ZPK for PIN keys, TAK for MAC
// keys. crypto.ErrUnsupported: there is none.
func KeyTypeOf(u crypto.Usage) (KeyType, error) {
	for _, t := range typeOrder {
		if t.Serves(u) {
			return t, nil
		}
	}
	return "", fmt.Errorf("%w: the device has no key type for usage %s", crypto.ErrUnsupported, u)
}
