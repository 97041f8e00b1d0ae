package dukpt_test

import (
	"crypto/fips140"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/dukpt"
	"github.com/posline/posline/internal/fipstest"
)

// Where FIPS 140 mode is enforced, a base key that was made around it gives no keys: each way ends in the error.
func TestNoKeysUnderFIPS(t *testing.T) {
	if !fipstest.Enforced(t) {
		return
	}
	ksn := parse(t, tdesDevice).WithCounter(1)
	var base crypto.BDK
	var ik crypto.InitialKey
	fips140.WithoutEnforcement(func() {
		base = bdk(t, crypto.TDES, testBDK, dukpt.AllowSingleDES, dukpt.AllowLegacyData)
		ik = initialKey(t, crypto.TDES, testBDK)
	})
	var tx dukpt.TDES
	var sx dukpt.SingleDES
	require.NoError(t, tx.DeriveFromBDK(base, ksn))
	require.NoError(t, sx.Derive(base, ksn))
	for name, err := range map[string]error{
		"initial key": fail(dukpt.Initial(base, ksn)), "terminal": fail(dukpt.NewTDESTerminal(ik, ksn)),
		"PIN": fail(tx.PIN()), "MAC": fail(tx.MAC(dukpt.Request, crypto.UsageMAC3)), "data": fail(tx.Data(dukpt.Request)),
		"legacy data": fail(tx.LegacyData()), "single DES": fail(sx.PIN()),
	} {
		require.ErrorIs(t, err, crypto.ErrFIPS, name)
	}
}
