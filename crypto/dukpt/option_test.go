package dukpt_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/dukpt"
)

// A host with a base key cannot ask for the PIN key as a data key, which would decrypt PIN blocks; whoever made the base
// key can allow it.
func TestLegacyDataIsOptedInAtTheBaseKey(t *testing.T) {
	ksn := parse(t, tdesDevice).WithCounter(8)
	var tx dukpt.TDES
	_, err := tx.LegacyData()
	require.ErrorIs(t, err, crypto.ErrNoKey)
	require.NoError(t, tx.DeriveFromBDK(bdk(t, crypto.TDES, testBDK), ksn))
	_, err = tx.LegacyData()
	require.ErrorIs(t, err, crypto.ErrUsage)
	require.NoError(t, tx.Derive(initialKey(t, crypto.TDES, testBDK), ksn))
	_, err = tx.LegacyData()
	require.ErrorIs(t, err, crypto.ErrUsage)
	_, err = tdesTerminal(t).Next(&tx)
	require.NoError(t, err)
	_, err = tx.LegacyData()
	require.ErrorIs(t, err, crypto.ErrUsage)

	allowed := bdk(t, crypto.TDES, testBDK, dukpt.AllowLegacyData)
	require.NoError(t, tx.DeriveFromBDK(allowed, ksn))
	legacy, err := tx.LegacyData()
	require.NoError(t, err)
	pin, err := tx.PIN()
	require.NoError(t, err)
	require.Equal(t, bytesOf(t, pin.Key()), bytesOf(t, legacy.Key()))
	ik, err := dukpt.Initial(allowed, ksn)
	require.NoError(t, err)
	require.NoError(t, tx.Derive(ik, ksn))
	_, err = tx.LegacyData()
	require.NoError(t, err, "the initial key inherits it")
}

func TestSingleDESIsOptedInAtTheBaseKey(t *testing.T) {
	ksn := parse(t, tdesDevice).WithCounter(8)
	var sx dukpt.SingleDES
	require.ErrorIs(t, sx.Derive(bdk(t, crypto.TDES, testBDK), ksn), crypto.ErrUsage)
	_, err := sx.PIN()
	require.ErrorIs(t, err, crypto.ErrNoKey)
	require.NoError(t, sx.Derive(bdk(t, crypto.TDES, testBDK, dukpt.AllowSingleDES), ksn))
	k, err := sx.PIN()
	require.NoError(t, err)
	require.Equal(t, "P0DB00N", k.Attributes().String())
	sx.Wipe()
	_, err = sx.PIN()
	require.ErrorIs(t, err, crypto.ErrNoKey)
	k.Destroy()
	require.ErrorIs(t, k.Require(crypto.OpEncrypt), crypto.ErrDestroyed)
}

// An initial key opens all transactions of a device, so it leaves as its base key does, unless that was made to load
// devices.
func TestInitialKeysLeaveAsTheirBaseKeyDoes(t *testing.T) {
	for _, c := range []struct {
		attributes string
		options    []crypto.Option
		want       crypto.Exportability
	}{
		{"B0TX00N", nil, crypto.NonExportable},
		{"B0TX00E", nil, crypto.Exportable},
		{"B0TX00S", nil, crypto.Sensitive},
		{"B0TX00N", []crypto.Option{dukpt.InitialExportable}, crypto.Exportable},
		{"B0TX00S", []crypto.Option{dukpt.InitialExportable}, crypto.Sensitive},
	} {
		k, err := clearkey.Import(crypto.MustAttributes(c.attributes), testBDK, c.options...)
		require.NoError(t, err)
		b, err := crypto.NewBDK(k)
		require.NoError(t, err)
		ik, err := dukpt.Initial(b, parse(t, tdesDevice))
		require.NoError(t, err)
		require.Equal(t, c.want, ik.Attributes().Export, c.attributes)
		require.Equal(t, crypto.UsageInitialKey, ik.Attributes().Usage)
	}
}

// What is no direction has no keys: with AES it would be a key of another usage.
func TestDirections(t *testing.T) {
	var tx dukpt.TDES
	var ax dukpt.AES
	require.NoError(t, tx.DeriveFromBDK(bdk(t, crypto.TDES, testBDK), parse(t, tdesDevice).WithCounter(1)))
	require.NoError(t, ax.DeriveFromBDK(bdk(t, crypto.AES, testAESBDK), parse(t, aesDevice).WithCounter(1)))
	for d := dukpt.Request; d < 6; d++ {
		_, macErr := tx.MAC(d, crypto.UsageMAC3)
		_, dataErr := tx.Data(d)
		_, aesMACErr := ax.MAC(d, dukpt.AES128, crypto.UsageCMAC)
		_, aesDataErr := ax.Data(d, dukpt.AES128)
		for _, err := range []error{macErr, dataErr, aesMACErr, aesDataErr} {
			if d <= dukpt.BothWays {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, crypto.ErrUnsupported)
			}
		}
	}
}

func TestKeyTypeNames(t *testing.T) {
	require.Equal(t, "AES-128", dukpt.AES128.String())
	require.Equal(t, "HMAC-256", dukpt.HMAC256.String())
	require.Equal(t, "none", dukpt.KeyType(0).String())
	require.Equal(t, "unknown", dukpt.KeyType(9).String())
}
