package crypto_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
)

func TestAttributesText(t *testing.T) {
	for _, text := range []string{"P0TE00E", "B0TX12S", "D0AN00N", "M3TC00E", "K1AB00N", "99T900S", "B1TX00S", "P04B00E", "10AEc1N"} {
		a, err := crypto.ParseAttributes(text)
		require.NoError(t, err, text)
		require.Equal(t, text, a.String())
		encoded, err := json.Marshal(a)
		require.NoError(t, err)
		var back crypto.Attributes
		require.NoError(t, json.Unmarshal(encoded, &back))
		require.Equal(t, a, back)
	}
	for _, text := range []string{
		"", "P0TE00", "P0TE00EE", "Q0TE00E", "00TE00E", "P0XE00E", "P0TZ00E", "P0TE00X", "P0TE0-E", "P0TC00E", "M3TB00E",
		"B0TE00E", "P0\x00E00E",
	} {
		_, err := crypto.ParseAttributes(text)
		require.ErrorIs(t, err, crypto.ErrAttributes, "%q", text)
	}
	require.Panics(t, func() { crypto.MustAttributes("nothing") })
	require.Equal(t, "????00?", crypto.Attributes{}.String())
}

func TestUsage(t *testing.T) {
	u, err := crypto.ParseUsage("P0")
	require.NoError(t, err)
	require.Equal(t, crypto.UsagePIN, u)
	for _, text := range []string{"", "P", "P00", "ZZ", "09"} {
		_, err := crypto.ParseUsage(text)
		require.ErrorIs(t, err, crypto.ErrAttributes)
	}
}

// TestModeAllows spells out the table of modes of use against the operations.
func TestModeAllows(t *testing.T) {
	operations := []crypto.Operation{
		crypto.OpEncrypt, crypto.OpDecrypt, crypto.OpGenerate, crypto.OpVerify, crypto.OpDerive, crypto.OpSign,
	}
	for mode, allowed := range map[crypto.Mode]string{
		'B': "yy....", 'C': "..yy..", 'D': ".y....", 'E': "y.....", 'G': "..y...", 'N': "yyyyyy", 'S': ".....y",
		'T': ".y...y", 'V': "...y..", 'X': "....y.", 'Y': "....y.", '1': "......", 0: "......",
	} {
		for i, op := range operations {
			require.Equal(t, allowed[i] == 'y', mode.Allows(op), "mode %s, %s", mode, op)
		}
	}
}
