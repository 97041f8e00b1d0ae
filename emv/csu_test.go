package emv

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCSU holds the bits an issuer writes into tag 91. EMV Book 3 Annex C10.
func TestCSU(t *testing.T) {
	var c CSU
	c.Set(CSUApproved)
	c.Set(CSUUpdatePINTries)
	require.NoError(t, c.SetPINTries(3))
	c.SetCounters(CountersToZero)
	require.Equal(t, CSU{0x03, 0x92, 0, 0}, c)
	require.Equal(t, 3, c.PINTries())
	require.Equal(t, CountersToZero, c.Counters())
	require.True(t, c.Has(CSUApproved))
	c.Clear(CSUApproved)
	c.Set(CSUCardBlock)
	c.Set(CSUApplicationBlock)
	c.Set(CSUGoOnlineNext)
	c.Set(CSUByProxy)
	c.Set(CSUProprietaryData)
	c.SetCounters(CountersAdd)
	require.Equal(t, CSU{0x83, 0x7F, 0, 0}, c)
	require.ErrorIs(t, c.SetPINTries(16), ErrDigits)
	require.ErrorIs(t, c.SetPINTries(-1), ErrDigits)
	require.NoError(t, c.SetPINTries(15))
	require.Equal(t, CSU{0x8F, 0x7F, 0, 0}, c)
	got, err := ParseCSU([]byte{0x8F, 0x7F, 0, 0})
	require.NoError(t, err)
	require.Equal(t, c, got)
	_, err = ParseCSU([]byte{1, 2, 3})
	require.ErrorIs(t, err, ErrLength)
	var bits []string
	for b := range (CSU{0x80, 0xFC}).Bits() {
		bits = append(bits, fmt.Sprint(b))
	}
	require.Equal(t, []string{
		"proprietary authentication data follow", "issuer approves the transaction", "block the card", "block the application",
		"set the PIN try counter", "go online with the next transaction", "made by a proxy for the issuer",
	}, bits)
	require.Equal(t, "reset the counters to zero", CountersToZero.String())
}

func TestCSUOfNoTries(t *testing.T) {
	c := CSU{0x0F}
	require.NoError(t, c.SetPINTries(0))
	require.Equal(t, CSU{0, 0x10}, c, "0 blocks the PIN")
	require.Equal(t, 0, c.PINTries())
}
