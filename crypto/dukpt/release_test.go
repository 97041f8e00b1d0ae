package dukpt_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/dukpt"
	"github.com/posline/posline/internal/released"
)

// Every derivation gives the base key back, also when it fails.
func TestKeysAreGivenBack(t *testing.T) {
	ksn, aesKSN := parse(t, tdesDevice).WithCounter(1), parse(t, aesDevice).WithCounter(1)
	var tx dukpt.TDES
	var ax dukpt.AES
	var sx dukpt.SingleDES
	for name, use := range map[string]func(b crypto.BDK){
		"Initial":     func(b crypto.BDK) { dukpt.Initial(b, ksn); dukpt.Initial(b, aesKSN); dukpt.Initial(b, dukpt.KSN{}) },
		"Triple DES":  func(b crypto.BDK) { tx.DeriveFromBDK(b, ksn); tx.DeriveFromBDK(b, aesKSN) },
		"AES":         func(b crypto.BDK) { ax.DeriveFromBDK(b, ksn); ax.DeriveFromBDK(b, aesKSN) },
		"single DES":  func(b crypto.BDK) { sx.Derive(b, ksn); sx.Derive(b, aesKSN) },
		"working key": func(b crypto.BDK) { tx.DeriveFromBDK(b, ksn); tx.PIN(); tx.Data(dukpt.Request); tx.LegacyData() },
	} {
		for _, b := range []crypto.BDK{
			bdk(t, crypto.TDES, testBDK), bdk(t, crypto.TDES, testBDK, dukpt.AllowSingleDES, dukpt.AllowLegacyData), bdk(t, crypto.AES, testAESBDK),
		} {
			released.After(t, b.Key(), name, func() { use(b) })
		}
	}
	for name, use := range map[string]func(ik crypto.InitialKey){
		"Triple DES": func(ik crypto.InitialKey) { tx.Derive(ik, ksn); tx.Derive(ik, aesKSN) },
		"AES":        func(ik crypto.InitialKey) { ax.Derive(ik, ksn); ax.Derive(ik, aesKSN) },
		"update key": func(ik crypto.InitialKey) {
			dukpt.UpdateKey(ik, ksn, dukpt.AES128)
			dukpt.UpdateKey(ik, aesKSN, dukpt.AES128)
			dukpt.UpdateKey(ik, aesKSN, 0)
		},
		"terminals": func(ik crypto.InitialKey) {
			dukpt.NewTDESTerminal(ik, ksn)
			dukpt.NewTDESTerminal(ik, aesKSN)
			dukpt.NewAESTerminal(ik, ksn)
			dukpt.NewAESTerminal(ik, aesKSN)
		},
	} {
		for _, ik := range []crypto.InitialKey{initialKey(t, crypto.TDES, testBDK), initialKey(t, crypto.AES, testAESBDK), initialKey(t, crypto.TDES, append(testBDK[:16:16], "\x11\x22\x33\x44\x55\x66\x77\x88"...))} {
			released.After(t, ik.Key(), name, func() { use(ik) })
		}
	}
	terminal := tdesTerminal(t, home.Storable)
	for _, attributes := range []string{"K0AB00N", "K0TB00N", "K0AE00N"} {
		key := kek(t, attributes, testBDK)
		released.After(t, key.Key(), "sealing", func() {
			sealed, err := terminal.Seal(nil, key)
			require.Equal(t, attributes == "K0TB00N", err != nil)
			terminal.NextSealed(&tx, nil, key)
			dukpt.OpenTDESTerminal(sealed, key)
			dukpt.OpenTDESTerminal(nil, key)
			dukpt.OpenAESTerminal(sealed, key)
		})
	}
}

// Initial keys of three parts have no place in DUKPT (X9.24-1 annex A).
func TestInitialKeysHaveTwoParts(t *testing.T) {
	ik := initialKey(t, crypto.TDES, append(testBDK[:16:16], "\x11\x22\x33\x44\x55\x66\x77\x88"...))
	var tx dukpt.TDES
	require.ErrorIs(t, tx.Derive(ik, parse(t, tdesDevice).WithCounter(1)), crypto.ErrKeyLength)
	_, err := dukpt.NewTDESTerminal(ik, parse(t, tdesDevice))
	require.ErrorIs(t, err, crypto.ErrKeyLength)
}
