package main

import (
	"encoding/hex"
	"errors"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/mac"
	"github.com/posline/posline/message"
)

// workKeys are the keys of a day: one for PINs, one for message authentication codes.
type workKeys struct {
	pin crypto.PINKey
	mac *mac.MAC
}

// workingKeys is what a master key carries here: keys for PINs and for MACs. Nobody unwraps a PIN key as a data key, which
// would decrypt the PINs.
var workingKeys = crypto.CarriesOnly(crypto.UsagePIN, crypto.UsageMAC1)

func newWorkKeys(pin, code crypto.Key) (*workKeys, error) {
	pinKey, err := crypto.NewPINKey(pin)
	if err != nil {
		return nil, err
	}
	macKey, err := crypto.NewMACKey(code)
	if err != nil {
		return nil, err
	}
	m, err := mac.UnionPay(macKey)
	return &workKeys{pinKey, m}, err
}

// sign is a message.MACFunc.
func (k *workKeys) sign(dst, data []byte) ([]byte, error) { return k.mac.Append(dst, data) }

// appendWrapped appends a key under the master key, zeros, and its check value, as field 62 of a sign-in answer has it.
func appendWrapped(dst []byte, master crypto.KEK, scheme crypto.VariantScheme, key crypto.Key, zeros int) ([]byte, error) {
	dst, err := crypto.AppendWrapVariant(dst, master, scheme, 0, key)
	if err != nil {
		return nil, err
	}
	check, err := key.KCV(crypto.KCVLegacy, 4)
	return append(append(dst, make([]byte, zeros)...), check...), err
}

// unwrap is the other way round. A key whose check value differs must not be used.
func unwrap(master crypto.KEK, scheme crypto.VariantScheme, wrapped, check message.Value, size int, attributes string) (crypto.Key, error) {
	key, err := crypto.UnwrapVariant(master, scheme, 0, wrapped.Bytes()[:min(size, wrapped.Len())], crypto.MustAttributes(attributes))
	if err != nil {
		return key, err
	}
	return key, key.CheckKCV(crypto.KCVLegacy, check.Bytes())
}

// knownMaster is a master key that somebody else has too. Clear keys are for tests: others come in parts, from custodians.
func knownMaster(text string) (master crypto.KEK, err error) {
	clear, err := hex.DecodeString(text)
	if err != nil || len(clear) != 16 {
		return master, errors.New("-master is 32 hexadecimal digits")
	}
	key, err := clearkey.Import(crypto.MustAttributes("K0TB00N"), clear, workingKeys)
	if err != nil {
		return master, err
	}
	return crypto.NewKEK(key)
}
