package dukpt

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/internal/des"
	"github.com/posline/posline/internal/keymaterial"
)

// DerivationKey shows a transaction's own key to the tests.
func DerivationKey(t *AES) []byte { s := t.state(); return append([]byte{}, s.key[:s.size]...) }

// UpdateDerivationKey computes the step between the initial key and the update key.
func UpdateDerivationKey(t *testing.T, ik crypto.InitialKey, ksn KSN) []byte {
	m, err := ik.Open(keymaterial.Grant(), crypto.OpDerive)
	require.NoError(t, err)
	defer m.Release()
	var s aesState
	s.walk(ik.Key(), m.Block(), ksn.WithCounter(updateCounter))
	return s.key[:s.size]
}

// SameTDES compares two transactions.
func SameTDES(a, b *TDES) bool {
	x, y := a.state(), b.state()
	return x.ready && y.ready && x.left == y.left && x.right == y.right
}

// Registers are the future keys of a terminal, as they stand.
func Registers(reach func() *terminal) [][]byte {
	r := &reach().registers
	var all [][]byte
	for n := range r.keys {
		all = append(all, r.keys[n][:])
	}
	return all
}

// RegistersOfTDES and RegistersOfAES are Registers by the terminal's type.
func RegistersOfTDES(t *TDESTerminal) [][]byte { return Registers(t.reach) }
func RegistersOfAES(t *AESTerminal) [][]byte   { return Registers(t.reach) }

// TransactionKey is what a transaction of Triple DES derives its keys from, and a look at all that it holds.
func TransactionKey(t *TDES) (left, right uint64) { s := t.state(); return s.left, s.right }

// InTables reports whether derivations under a key look tables up that the key chooses.
func InTables(k crypto.Key) bool { return formOf(k) == des.Table }
